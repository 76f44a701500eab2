"""The nouns of an experiment: its cells, its penalties, the trained models, and the verdict."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from regchoose.records.words import Arm, Arrays, Float, Int


@dataclass(frozen=True)
class Cell:
    """One resampling cell: positions within the subsample."""

    train: Int
    test: Int
    seed: int  # initialization and batch order, shared by all arms


AS_GOOD, WORSE = 0.80, 0.05  # of `safe`: an arm as good as any, and one that is worse
LEAST_ROPE = 0.002  # of the loss of predicting nothing: δ is never smaller
SPARSE = 0.5  # a fit with a smaller share of nonzero weights counts as sparse


@dataclass(frozen=True)
class Penalties:
    """A list of m regularizers, each a point (l1, l2).

    Parameters
    ----------
    l1, l2 : ndarray (m,)
        Strengths, for the mean loss over the training rows.
    """

    l1: Float
    l2: Float

    @classmethod
    def single(cls, l1: float, l2: float) -> "Penalties":
        """Return a list of one point."""
        return cls(np.array([l1], dtype=np.float64), np.array([l2], dtype=np.float64))

    def __len__(self) -> int:
        return len(self.l1)

    def __getitem__(self, models: Int | NDArray[np.bool_] | slice) -> "Penalties":
        """Return the points with these indices, in that order, or those that a mask selects."""
        return Penalties(self.l1[models], self.l2[models])

    def join(self, other: "Penalties") -> "Penalties":
        """Return the points of both lists."""
        return Penalties(np.concatenate([self.l1, other.l1]), np.concatenate([self.l2, other.l2]))

    @property
    def strength(self) -> Float:
        """l1 + l2 of each point: (m,)."""
        return np.asarray(self.l1 + self.l2)

    @property
    def alpha(self) -> Float:
        """The share of l2 in the strength of each point, 0 where that is zero: (m,)."""
        total = self.strength
        return np.divide(self.l2, total, out=np.zeros(len(total)), where=total > 0)

    def at_rows(
        self, n_rows: int, *, trained_on: int, nonzero_share: float = 1.0, exponent: float | None = None
    ) -> "Penalties":
        """Move the strengths from models trained on `trained_on` rows to models trained on `n_rows` rows.

        With m the first and n the second: l2(n) = l2(m)·m/n and l1(n) = l1(m)·(m/n)^γ, γ being ½ where the
        fit is sparse and 1 where it is dense. For a mean loss, a ridge penalty that stands for a fixed prior
        falls as 1/n; the lasso's best strength in a sparse problem falls as the noise does, 1/√n. At a fixed
        learning rate, batch and number of epochs, AdamW's weight decay moves by m/n too (Wang & Aitchison
        2025, arXiv 2405.13698).

        Parameters
        ----------
        nonzero_share : float
            Share of nonzero weights of the fit, which tells sparse from dense.
        exponent : float, optional
            γ, where it was measured.
        """
        ratio = trained_on / n_rows
        expected = 0.5 if nonzero_share < SPARSE else 1.0
        return Penalties(self.l1 * ratio ** (expected if exponent is None else exponent), self.l2 * ratio)


@dataclass(frozen=True)
class Trained:
    """The results of m models in each of c cells, at t checkpoints. Losses are without the penalty.

    Parameters
    ----------
    checkpoints : ndarray of int (t,)
        Epochs.
    losses : mapping of str to ndarray (c, m, t)
        Mean loss on the rows of each name: "test", and "train" where the cells are watched; "errors" is the
        share of test rows whose class is wrong, where there are several classes.
    nonzero_share : ndarray (c, m, t)
        Of the penalized weights.
    nonzero_inputs : ndarray (c, m, t)
        Features with any weight.
    stationarity : ndarray (c, m)
        Largest violation of the optimality condition at the end.
    failed : ndarray of bool (c, m)
        Diverged.
    captured : mapping of str to tuple of ndarray
        One array a cell: the loss of each test "row", (m, t, n'); and where the cells are watched, the
        "weights", (m, t, w), and the outputs along the curve that is "drawn", (m, t, k, g).
    """

    checkpoints: Int
    losses: Mapping[str, Float]
    nonzero_share: Float
    nonzero_inputs: Float
    stationarity: Float
    failed: NDArray[np.bool_]
    captured: Mapping[str, tuple[Float, ...]]
    note: str = ""


class BlockStore(Protocol):
    """Keeps trained blocks for later runs. It does not know blocks of another code or other libraries."""

    def block(self, key: str) -> tuple[Arrays, str] | None:
        """Return the arrays of a block, and its note; None where it is not stored."""

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
    """The recommended arm, and how certain that is."""

    outcome: str  # key of the chart's outcome, whether it is followed or not
    arm: Arm
    certainty: Literal["firm", "leaning", "undecided"]
    probability: float
    safe: float
    safe_of: Mapping[Arm, float]  # each arm's share of draws within the ROPE of the best
    rope: float
    best_arm: Arm
