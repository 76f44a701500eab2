"""What the program says of a record, by each of its rules, and whether that is true."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from regchoose.flowchart.charts import CHARTS
from regchoose.flowchart.walk import find_outcome
from regchoose.records.words import ARMS, Arm, Float
from regchoose.statistics.decide import DIAMONDS, OUTCOME_ARMS, answer, judge
from regchoose.statistics.posterior import DRAWS, Posterior, draw_losses, make_posterior
from regchoose.statistics.prior import ArmPrior, Student, draw_with_prior
from tests.benchmarks.calibration.lines import Record

FOLDS = 5
CHART = CHARTS["which-regularizer"]
BEFORE = {"subsample_possible": "yes", "resources": "yes"}
RULES = ("best", "chart", "audited")


@dataclass(frozen=True)
class Said:
    """What is said of an arm, and what is true.

    Parameters
    ----------
    safe : float
        The stated probability that the arm is within δ of the best.
    regret : float
        True loss of the arm less that of the best, as a share of the loss of predicting nothing.
    right : bool
        Whether the arm is truly within δ of the best.
    """

    arm: Arm
    safe: float
    regret: float
    right: bool


@dataclass(frozen=True)
class Answers:
    """What is said of a task: of every arm, and which arm each rule recommends.

    `best` is the arm of the lowest criterion; `audited` is the chart's outcome if that is firm, else the best
    arm if that is firm, else the arm of the highest `safe`.
    """

    record: Record
    arms: Mapping[Arm, Said]
    rules: Mapping[str, Arm]

    def of(self, rule: str) -> Said:
        """Return what a rule says of its arm."""
        return self.arms[self.rules[rule]]


def answer_record(
    record: Record, differences: Mapping[Arm, Student] | None, *, n_draws: int = DRAWS
) -> Answers:
    """Judge a record as the program does; the prior is of the differences from Elastic Net."""
    posterior, criteria, rope = posterior_of(record), record["criterion"], record["rope"]
    chart = walk_chart({key: answer(posterior, criteria, key, rope=rope) for key in DIAMONDS})
    rng = np.random.default_rng(0)
    if differences is None:
        draws = draw_losses(posterior, rng, n_draws=n_draws)
    else:
        draws = draw_with_prior(ArmPrior(differences, rope), posterior, rng, n_draws=n_draws)
    verdict = judge(
        posterior,
        criteria,
        outcome=chart,
        decide="audited",
        rope=rope,
        walk=lambda answers: walk_chart(dict(answers)),
        losses=draws,
    )
    arms = {arm: _hold(record, arm, verdict.safe_of[arm]) for arm in ARMS}
    rules = {"best": verdict.best_arm, "chart": OUTCOME_ARMS[chart], "audited": verdict.arm}
    return Answers(record, arms, rules)


def posterior_of(record: Record) -> Posterior:
    """Return the posterior of the mean losses, from the cells in which no arm failed."""
    losses = np.array([record["losses"][arm] for arm in ARMS], dtype=float).T
    whole: Float = losses[np.isfinite(losses).all(1)]
    return make_posterior(ARMS, whole, factor=1 / len(losses) + 1 / (FOLDS - 1))


def walk_chart(signs: Mapping[str, str]) -> str:
    """Return the chart's outcome for these answers at the diamonds."""
    return find_outcome(CHART, {**BEFORE, **signs})


def _hold(record: Record, arm: Arm, safe: float) -> Said:
    truth: Mapping[Arm, float] = record["truth"]
    beyond = truth[arm] - min(truth.values())
    return Said(arm, safe, beyond / record["loss_null"], beyond <= record["rope"])
