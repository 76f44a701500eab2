"""What the verdicts of a study would have been at a variance factor, and whether they were right."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from regchoose.flowchart.charts import CHARTS
from regchoose.flowchart.walk import find_outcome
from regchoose.records.words import ARMS, Arm, Float
from regchoose.statistics.decide import DIAMONDS, OUTCOME_ARMS, answer, judge
from regchoose.statistics.posterior import Posterior, compare_arms, make_posterior
from regchoose.statistics.prior import ArmPrior

NADEAU_BENGIO = 1 / 25 + 1 / 4
CHART = CHARTS["which-regularizer"]
BEFORE = {"subsample_possible": "yes", "resources": "yes"}


@dataclass(frozen=True)
class Said:
    """A verdict, held against the truth.

    Parameters
    ----------
    regret : float
        True loss of the arm less that of the best, as a share of the loss of predicting nothing.
    right : bool
        Whether the arm is truly within δ of the best.
    """

    arm: Arm
    safe: float
    probability: float
    certainty: str
    regret: float
    right: bool
    same_outcome: bool  # the chart, walked on the true losses, ends there too


def whole(record: dict[str, Any]) -> Float:
    """Return the losses of the cells in which no arm failed, (c, a)."""
    losses = np.array([record["losses"][arm] for arm in ARMS], dtype=float).T
    return np.asarray(losses[np.isfinite(losses).all(1)])


def posterior_of(record: dict[str, Any], factor: float) -> Posterior:
    """Return the posterior of a record at a variance factor."""
    return make_posterior(ARMS, whole(record), factor=factor)


def walked(signs: dict[str, str]) -> str:
    """Return the chart's outcome for these answers at the diamonds."""
    return find_outcome(CHART, {**BEFORE, **signs})


def said(record: dict[str, Any], *, factor: float, decide: str) -> Said:
    """Judge a record as the program does; with the prior that it has, if any."""
    posterior, rope = posterior_of(record, factor), record["rope"]
    signs: dict[str, str] = {key: answer(posterior, key, rope=rope) for key in DIAMONDS}
    verdict = judge(
        posterior,
        outcome=None if decide == "best" else walked(signs),
        rope=rope,
        walk=lambda answers: walked(dict(answers)),
        rng=np.random.default_rng(record["law"]["number"]),
        prior=ArmPrior(record["prior"], rope) if "prior" in record else None,
    )
    true = {arm: record["truth"][arm] for arm in ARMS}
    return Said(
        verdict.arm,
        verdict.safe,
        verdict.probability,
        verdict.certainty,
        (true[verdict.arm] - min(true.values())) / record["loss_null"],
        true[verdict.arm] <= min(true.values()) + rope,
        verdict.outcome == (_truly_best(true) if decide == "best" else walked(_true_signs(true, rope))),
    )


def _true_signs(true: dict[Arm, float], rope: float) -> dict[str, str]:
    """Answer the diamonds as one who knows the truth: a penalty that gains no more than δ is not needed."""
    needed = {key: rope if b == "none" else 0.0 for key, (_, b) in DIAMONDS.items()}
    return {key: "better" if true[a] < true[b] - needed[key] else "worse" for key, (a, b) in DIAMONDS.items()}


def _truly_best(true: dict[Arm, float]) -> str:
    best = min(ARMS, key=lambda arm: true[arm])
    return next(key for key, arm in OUTCOME_ARMS.items() if arm == best)


def always(record: dict[str, Any], arm: Arm) -> tuple[float, bool]:
    """Return the regret of an arm, and whether it is within δ of the best."""
    lowest = min(record["truth"].values())
    loss = record["truth"][arm]
    return (loss - lowest) / record["loss_null"], loss <= lowest + record["rope"]


def false_alarms(records: Sequence[dict[str, Any]], factors: Sequence[float]) -> tuple[int, int]:
    """Return how often two arms that are truly alike are told apart at 5 %, and how often that was asked.

    Alike: their true losses differ by less than a quarter of δ.
    """
    wrong = asked = 0
    for record, factor in zip(records, factors, strict=True):
        posterior = posterior_of(record, factor)
        for place, a in enumerate(ARMS):
            for b in ARMS[:place]:
                if abs(record["truth"][a] - record["truth"][b]) < record["rope"] / 4:
                    low, high = compare_arms(posterior, a, b, rope=record["rope"]).interval
                    asked += 1
                    wrong += not low <= 0 <= high
    return wrong, asked
