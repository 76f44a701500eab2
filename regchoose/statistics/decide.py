"""From the posterior to an arm of the chart, and how certain that is."""

from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np

from regchoose.records.experiment import LEAST_ROPE, Verdict
from regchoose.records.words import ARMS, Arm, Float, Task
from regchoose.statistics.posterior import Posterior, compare_arms

FIRM, LEANING = 0.95, 0.80  # of `safe`
FIRM_BETWEEN = 0.975  # while another stage may follow: several tests must each be stricter
ESTABLISHED = 0.95  # P(equivalent) from which no regularization stays, since it is free

# The diamonds of the charts: which arm is compared with which.
DIAMONDS: dict[str, tuple[Arm, Arm]] = {
    "elastic_net_vs_baseline": ("elastic_net", "none"),
    "l1_vs_elastic_net": ("l1", "elastic_net"),
    "l2_vs_baseline": ("l2", "none"),
}
OUTCOME_ARMS: dict[str, Arm] = {f"start_{arm}": arm for arm in ARMS}

Walk = Callable[[Mapping[str, str]], str]


def null_loss(task: Task, target: Float, *, n_classes: int) -> float:
    """Return the loss of predicting the class shares, in nats, or the mean of a standardized target."""
    if task == "regression":
        return 1.0
    shares = np.bincount(target.astype(np.int64), minlength=n_classes) / len(target)
    shares = shares[shares > 0]
    return float(-(shares * np.log(shares)).sum())


def region_of_equivalence(loss_null: float, loss_none: float) -> float:
    """Return δ: smaller differences of the loss make no practical difference.

    One percent of what predicting nothing loses, but no more than two percent of what the baseline loses;
    never under 0.2 percent of the former, so that it does not vanish on separable tables.
    """
    return max(LEAST_ROPE * loss_null, min(0.01 * loss_null, 0.02 * loss_none))


def answer(
    posterior: Posterior, criteria: Mapping[Arm, float], diamond: str, *, rope: float
) -> Literal["better", "worse"]:
    """Answer a diamond by the criterion by which each arm's point was chosen: the lower is better.

    Where an arm is established as equivalent to no regularization, that stays: it is free.
    """
    a, b = DIAMONDS[diamond]
    is_lower = criteria[a] < criteria[b]
    return "better" if is_lower and not _is_free_equivalent(posterior, a, b, rope=rope) else "worse"


def _is_free_equivalent(posterior: Posterior, a: Arm, b: Arm, *, rope: float) -> bool:
    """Whether b is no regularization, and a is established as equivalent to it."""
    return b == "none" and compare_arms(posterior, a, b, rope=rope).equivalent >= ESTABLISHED


def judge(
    posterior: Posterior,
    criteria: Mapping[Arm, float],
    *,
    outcome: str,
    decide: Literal["audited", "chart", "best"],
    rope: float,
    walk: Walk,
    firm: float = FIRM,
    losses: Float,
) -> Verdict:
    """Recommend an arm, and judge how certain that is.

    Parameters
    ----------
    criteria : mapping of Arm to float
        By which each arm's point was chosen.
    outcome : str
        The chart's outcome.
    decide : str
        "chart": its arm is recommended; "best": the arm of the lowest criterion; "audited": the first of
        these two that is firm, and if neither is, the arm of the highest `safe`.
    rope : float
        δ.
    walk : callable
        From answers of the diamonds to the key of the outcome.
    firm : float
        The value of `safe` from which the certainty is firm.
    losses : ndarray (draws, a)
        Draws of the arms' mean losses, with what is known before any was seen.

    Returns
    -------
    Verdict
        `safe_of` is for each arm the share of draws in which it is within δ of the best; `safe` that of the
        recommended arm. `probability` is the share of draws in which the chart ends at its outcome, or, where
        the recommendation does not follow the chart, in which its arm is the best.
    """
    best_arm = min(criteria, key=criteria.__getitem__)
    within = losses <= losses.min(1, keepdims=True) + rope
    safe_of: dict[Arm, float] = dict(zip(posterior.arms, within.mean(0).tolist(), strict=True))
    chart_arm = OUTCOME_ARMS[outcome]
    if decide == "audited":
        sure = (own for own in (chart_arm, best_arm) if safe_of.get(own, 0.0) >= firm)
        arm = next(sure, max(safe_of, key=safe_of.__getitem__))
    else:
        arm = chart_arm if decide == "chart" else best_arm
    if arm == chart_arm:
        probability = _share_of_walks(posterior, losses, outcome=outcome, rope=rope, walk=walk)
    else:
        probability = float((losses.argmin(1) == posterior.arms.index(arm)).mean())
    safe = safe_of[arm]
    certainty: Literal["firm", "leaning", "undecided"] = "undecided"
    if safe >= LEANING:
        certainty = "firm" if safe >= firm else "leaning"
    return Verdict(outcome, arm, certainty, probability, safe, safe_of, rope, best_arm)


def _share_of_walks(posterior: Posterior, losses: Float, *, outcome: str, rope: float, walk: Walk) -> float:
    """Share of draws whose walk through the chart ends in `outcome`.

    In a draw the sign of the difference answers a diamond, except where equivalence was established on the
    posterior. The walk to `outcome` meets no diamond whose arm was not trained, so its answer is indifferent.
    """
    answers = np.zeros((len(losses), len(DIAMONDS)), dtype=bool)
    for place, (a, b) in enumerate(DIAMONDS.values()):
        if {a, b} <= set(posterior.arms):
            lower = losses[:, posterior.arms.index(a)] < losses[:, posterior.arms.index(b)]
            answers[:, place] = lower & (not _is_free_equivalent(posterior, a, b, rope=rope))
    patterns, counts = np.unique(answers, axis=0, return_counts=True)
    share = 0
    for pattern, count in zip(patterns, counts, strict=True):
        words = {key: "better" if yes else "worse" for key, yes in zip(DIAMONDS, pattern, strict=True)}
        share += int(count) * (walk(words) == outcome)
    return share / len(losses)
