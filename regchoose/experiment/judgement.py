"""The arms that were trained, judged: posterior, verdict, and what the diamonds compare."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from regchoose.experiment.arm_comparison import posterior_of, rope_of, usual_rope
from regchoose.experiment.arms import ArmRun
from regchoose.experiment.calibration import learned_prior
from regchoose.experiment.design import Layout
from regchoose.experiment.gain_by_rows import Growth
from regchoose.experiment.plan import Experiment
from regchoose.records.experiment import Comparison, Verdict
from regchoose.records.subsample import Profile
from regchoose.records.table import Table
from regchoose.records.words import ARMS, Arm
from regchoose.statistics.decide import DIAMONDS, FIRM, judge
from regchoose.statistics.posterior import Posterior, compare
from regchoose.statistics.prior import ArmPrior

Walk = Callable[[Mapping[str, str]], str]


@dataclass(frozen=True)
class Judgement:
    """The arms that were trained, judged.

    Parameters
    ----------
    outcome : str
        Key of the chart's outcome on the estimated losses.
    walk : callable
        Answers of the diamonds → key of the outcome, with the other answers as they were.
    prior : str
        The outcome that prior knowledge, measured on the data, leads to.
    firm : float
        `safe` from which the certainty is firm.
    earlier : tuple of (Layout, Verdict)
        Layout and verdict of earlier stages, on fewer rows.
    last : str
        Why no other stage can follow; empty if one may.
    skipped : tuple of Arm
        Arms that the audit had no time for.
    growth : Growth, optional
        The gain on fewer rows, where the table is larger than what was trained on.
    """

    table: Table
    experiment: Experiment
    arms: Mapping[Arm, ArmRun]
    profile: Profile
    outcome: str
    walk: Walk
    prior: str
    firm: float = FIRM
    earlier: tuple[tuple[Layout, Verdict], ...] = ()
    last: str = ""
    skipped: tuple[Arm, ...] = ()
    growth: Growth | None = None

    @cached_property
    def posterior(self) -> Posterior:
        """What the cells say of the arms' mean losses."""
        return posterior_of(self.arms, self.experiment)

    @cached_property
    def rope(self) -> float:
        """δ: differences up to it make none in practice."""
        return rope_of(self.arms, self.experiment)

    @cached_property
    def verdict(self) -> Verdict:
        """The arm recommended, and how sure that is."""
        settings = self.experiment.settings
        return judge(
            self.posterior,
            outcome=None if settings.decide == "best" else self.outcome,
            rope=self.rope,
            walk=self.walk,
            rng=np.random.default_rng(settings.seed),
            firm=self.firm,
            prior=self.arm_prior,
        )

    @property
    def arm_prior(self) -> ArmPrior | None:
        """How far the arms lie apart before a cell is seen; None where no study of all four tells."""
        if not self.experiment.is_studied or set(self.arms) != set(ARMS):
            return None
        unit = usual_rope(self.arms, self.experiment)
        return learned_prior(unit, loss_null=self.experiment.loss_null)

    @cached_property
    def diamonds(self) -> dict[str, Comparison]:
        """The comparison at each diamond whose arms were trained."""
        return {
            key: compare(self.posterior, a, b, rope=self.rope)
            for key, (a, b) in DIAMONDS.items()
            if {a, b} <= set(self.arms)
        }

    @property
    def matters_at_full_size(self) -> bool:
        """Whether the gain, carried on to all rows, is more than δ; taken so where it was not measured."""
        if self.growth is None:
            return True
        return self.growth.trend.at_full_size * self.loss("none") > self.rope

    def loss(self, arm: Arm) -> float:
        """Return the estimated mean loss of an arm."""
        return float(self.posterior.mean[self.posterior.arms.index(arm)])

    @property
    def stages(self) -> tuple[tuple[Layout, Verdict], ...]:
        """The layout and the verdict of each stage, this one last."""
        return (*self.earlier, (self.experiment.layout, self.verdict))


def judged_by_loss(
    table: Table, experiment: Experiment, arms: Mapping[Arm, ArmRun], profile: Profile
) -> Judgement:
    """Judge the arms of a run that was stopped by their losses: to walk the chart would take the others."""
    posterior = posterior_of(arms, experiment)
    best = f"start_{posterior.arms[int(np.argmin(posterior.mean))]}"
    return Judgement(
        table,
        replace(experiment, settings=replace(experiment.settings, decide="best", audit=False)),
        arms,
        profile,
        best,
        lambda _signs: best,
        best,
        last="the run was stopped",
    )
