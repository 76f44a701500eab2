"""What is trained, what came of it, and what that says."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from regchoose.records.words import Arm, Arrays, Float, Int


@dataclass(frozen=True)
class Cell:
    """One resampling cell: positions within the subsample."""

    fit: Int  # the tuning part's training rows
    inner: Int  # the tuning part's validation rows; with `fit` it makes `train`
    train: Int
    test: Int
    seed: int  # initialization and batch order, shared by all arms


@dataclass(frozen=True)
class Penalties:
    """A list of regularizers, each a point (l1, l2)."""

    l1: Float  # (m,)
    l2: Float  # (m,)

    def __len__(self) -> int:
        return len(self.l1)

    def scaled(self, l1: float, l2: float) -> "Penalties":
        """Return the same points with both strengths multiplied."""
        return Penalties(self.l1 * l1, self.l2 * l2)


@dataclass(frozen=True)
class Trained:
    """What `m` models did in each of `c` cells. Losses are without the penalty."""

    checkpoints: Int  # (t,) epochs
    losses: Mapping[str, Float]  # name of the rows → (c, m, t)
    nonzero_share: Float  # (c, m, t): of the penalized weights
    nonzero_inputs: Float  # (c, m, t): features with any weight
    stationarity: Float  # (c, m): largest violation of the optimality condition at the end
    failed: NDArray[np.bool_]  # (c, m): diverged
    outputs: tuple[Float, ...] | None = None  # a cell's (m, k, n_test) at the captured checkpoint
    note: str = ""
    drawn: tuple[Float, ...] | None = None  # the same of the rows to be drawn: (m, k, g)
    weights: tuple[Float, ...] | None = None  # a cell's (m, w): penalized weights at that checkpoint


class Kept(Protocol):
    """Where blocks of trained models outlast a run. Of other code or libraries it knows nothing."""

    def block(self, key: str) -> tuple[Arrays, str] | None:
        """Return the arrays of a block, and its note; None where it is unknown."""

    def keep_block(self, key: str, arrays: Arrays, note: str) -> None:
        """Store the arrays of a block, and its note."""


@dataclass(frozen=True)
class Comparison:
    """Loss of `a` less that of `b`: negative is better for `a`."""

    a: Arm
    b: Arm
    difference: float
    interval: tuple[float, float]
    better: float
    equivalent: float
    worse: float


@dataclass(frozen=True)
class Verdict:
    """Which arm, and how sure."""

    outcome: str  # key of the chart
    arm: Arm
    certainty: Literal["firm", "leaning", "undecided"]
    probability: float
    safe: float
    safe_of: Mapping[str, float]  # each arm's share of draws within the ROPE of the best
    rope: float
    comparisons: tuple[Comparison, ...]
    best_arm: Arm
