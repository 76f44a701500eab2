"""How far the arms truly lie apart, learned from tasks whose truth is known."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from scipy.stats import t as student

from regchoose.records.words import Arm
from regchoose.statistics.prior import REFERENCE, Student

DF: dict[Arm, float] = {"none": 1.5, "l1": 2.5, "l2": 2.5}  # heavy tails, chosen beforehand
FEWEST = 20  # tasks from which anything is learned
Record = dict[str, Any]


def learned(records: Sequence[Record]) -> dict[Arm, Student]:
    """Return the distributions of the true differences from Elastic Net, in units of δ: location and scale.

    By maximum likelihood, with the degrees of freedom as they are.
    """
    found: dict[Arm, Student] = {}
    for arm, df in DF.items():
        apart = [(own["truth"][arm] - own["truth"][REFERENCE]) / own["rope"] for own in records]
        _, location, scale = student.fit(np.array(apart), f0=df)
        found[arm] = Student(df, float(location), float(scale))
    return found


def with_priors(records: Sequence[Record]) -> list[Record]:
    """Give each task the prior that the other half of all tasks teaches; none where these are few."""
    halves = [[own for own in records if half_of(own) == half] for half in (0, 1)]
    if min(map(len, halves)) < FEWEST:
        return list(records)
    priors = [learned(half) for half in halves]
    return [{**own, "prior": priors[1 - half_of(own)]} for own in records]


def half_of(record: Record) -> int:
    """Return to which half a task belongs; both hold all kinds of task."""
    half: int = record["law"]["number"] // 6 % 2
    return half


def as_figures(prior: dict[Arm, Student]) -> dict[str, dict[str, float]]:
    """Return a prior as plain numbers."""
    return {arm: asdict(of) for arm, of in prior.items()}
