"""The judgement of the arms: their posterior, the verdict, and the comparisons at the diamonds."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np

from regchoose.experiment.arms import ArmRun, choose_rope, default_rope, pool_cells
from regchoose.experiment.calibration import learned_prior
from regchoose.experiment.design import Layout
from regchoose.experiment.gain_by_rows import Growth
from regchoose.experiment.plan import Experiment
from regchoose.records.experiment import LEAST_ROPE, Comparison, Verdict
from regchoose.records.subsample import Profile
from regchoose.records.table import Table
from regchoose.records.words import ARMS, Arm
from regchoose.statistics.decide import DIAMONDS, FIRM, Walk, judge
from regchoose.statistics.posterior import Posterior, compare_arms, draw_losses
from regchoose.statistics.prior import ArmPrior, draw_with_prior

Caution = Literal["", "nothing", "leak"]

MUCH_LARGER = 2  # times the rows of a training: from that size on a table's strengths are moved


@dataclass(frozen=True)
class Judgement:
    """The arms that were trained, and what follows from their losses.

    Parameters
    ----------
    outcome : str
        Key of the chart's outcome on the estimated losses.
    walk : callable
        From answers of the diamonds to the key of the outcome; the other answers stay as they were.
    prior_outcome : str
        The outcome to which prior knowledge leads, measured on the data.
    firm : float
        The value of `safe` from which the certainty is firm.
    earlier : tuple of (Layout, Verdict)
        Layout and verdict of earlier stages, on fewer rows.
    ended : str
        Why no other stage can follow; empty if one may.
    skipped : tuple of Arm
        Arms for which the audit had no time.
    growth : Growth, optional
        The gain on fewer rows, where the table is larger than what was trained on.
    """

    table: Table
    experiment: Experiment
    arms: Mapping[Arm, ArmRun]
    profile: Profile
    outcome: str
    walk: Walk
    prior_outcome: str
    firm: float = FIRM
    earlier: tuple[tuple[Layout, Verdict], ...] = ()
    ended: str = ""
    skipped: tuple[Arm, ...] = ()
    growth: Growth | None = None

    @cached_property
    def posterior(self) -> Posterior:
        """The posterior of the arms' mean losses."""
        return pool_cells(self.arms, self.experiment)

    @cached_property
    def rope(self) -> float:
        """δ: smaller differences make no practical difference."""
        return choose_rope(self.arms, self.experiment)

    @cached_property
    def verdict(self) -> Verdict:
        """The recommended arm, and how certain that is."""
        settings, prior = self.experiment.settings, self.arm_prior
        rng = np.random.default_rng(settings.seed)
        verdict = judge(
            self.posterior,
            {arm: run.criterion for arm, run in self.arms.items()},
            outcome=self.outcome,
            decide=settings.decide,
            rope=self.rope,
            walk=self.walk,
            firm=self.firm,
            losses=draw_with_prior(prior, self.posterior, rng) if prior else draw_losses(self.posterior, rng),
        )
        if self.caution and verdict.certainty == "firm":  # of a table that must be mended first
            return replace(verdict, certainty="leaning")
        return verdict

    @property
    def arm_prior(self) -> ArmPrior | None:
        """The prior that the calibration taught; None where its study says nothing of such arms."""
        experiment = self.experiment
        if not experiment.is_tuned or set(self.arms) != set(ARMS):
            return None
        unit = default_rope(self.arms, experiment)
        return learned_prior(experiment.settings.network, experiment.layout, unit=unit)

    @property
    def is_calibrated(self) -> bool:
        """Whether real tables bore out what is said of such an experiment."""
        return self.arm_prior is not None and self.experiment.is_studied

    @cached_property
    def diamonds(self) -> dict[str, Comparison]:
        """The comparison at each diamond whose arms were trained."""
        return {
            key: compare_arms(self.posterior, a, b, rope=self.rope)
            for key, (a, b) in DIAMONDS.items()
            if {a, b} <= set(self.arms)
        }

    @cached_property
    def caution(self) -> Caution:
        """What must be known first: that nothing predicts the target, or that something gives it away.

        Nothing does where no arm beats predicting the mean or the class shares by δ. Where the whole loss is
        no more than the smallest δ, some columns together give the target away.
        """
        lowest, null = min(self.loss(arm) for arm in self.arms), self.experiment.loss_null
        if self.table.leaks or lowest <= LEAST_ROPE * null:
            return "leak"
        return "nothing" if lowest > null - self.rope else ""

    @property
    def is_much_larger(self) -> bool:
        """Whether the table is so much larger than what was trained on that strengths must move."""
        return self.table.n_all >= MUCH_LARGER * self.experiment.rows_train

    @property
    def matters_at_full_size(self) -> bool:
        """Whether the gain, extrapolated to all rows, is more than δ; true where it was not measured."""
        if self.growth is None:
            return True
        return self.growth.trend.at_full_size * self.loss("none") > self.rope

    def loss(self, arm: Arm) -> float:
        """Return the estimated mean loss of an arm, corrected for the choice of its point."""
        return float(self.posterior.mean[self.posterior.arms.index(arm)]) + self.arms[arm].optimism

    @property
    def stages(self) -> tuple[tuple[Layout, Verdict], ...]:
        """The layout and the verdict of each stage, this one last."""
        return (*self.earlier, (self.experiment.layout, self.verdict))


def judge_by_loss(
    table: Table, experiment: Experiment, arms: Mapping[Arm, ArmRun], profile: Profile
) -> Judgement:
    """Judge the arms of a stopped run by their losses alone; the chart would ask for missing arms."""
    best = f"start_{min(arms, key=lambda arm: arms[arm].criterion)}"
    return Judgement(
        table,
        replace(experiment, settings=replace(experiment.settings, decide="best", audit=False)),
        arms,
        profile,
        best,
        lambda _signs: best,
        best,
        ended="the run was stopped",
    )
