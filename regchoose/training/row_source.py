"""Rows that a network is trained on as a whole: in memory, or read anew from a file for every pass."""

from collections.abc import Iterator
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.floating[Any]]
RowBatches = Iterator[tuple[Numbers, Numbers]]
RowPart = Literal["all", "train", "held out"]


class RowSource(Protocol):
    """Encoded rows, of which a part may be held out."""

    @property
    def n_inputs(self) -> int:
        """Inputs, d."""

    @property
    def in_memory(self) -> bool:
        """Whether `in_order` yields each part as one chunk, which may then be kept."""

    def count(self, part: RowPart) -> int:
        """Return the number of rows of a part."""

    def generator(self, seed: int) -> np.random.Generator:
        """Return what draws the initial parameters; called once at the beginning of a training."""

    def shuffled(self, part: RowPart, *, seed: int, epoch: int, batch: int) -> RowBatches:
        """Yield x (batch, d), y (batch,) of a part in a random order; what is left at the end is left out."""

    def in_order(self, part: RowPart) -> RowBatches:
        """Yield chunks x (n, d), y (n,) of a part, in the order of the table."""


class MemoryRows:
    """Arrays in memory, none of them held out.

    The generator that draws the initial parameters goes on to draw the orders of the epochs, as it does for
    the cells of an experiment: a network that is refitted starts and steps as in the experiment. So,
    unlike that of a row file, the order of an epoch depends on the epochs before it, and a training cannot be
    resumed.

    Parameters
    ----------
    x, y : ndarray (n, d), (n,)
    """

    in_memory = True

    def __init__(self, x: Numbers, y: Numbers) -> None:
        self._x, self._y = x, y
        self._rng = np.random.default_rng()

    @property
    def n_inputs(self) -> int:
        """Inputs, d."""
        return int(self._x.shape[1])

    def count(self, part: RowPart) -> int:
        """Return the number of rows."""
        return len(self._y) if part != "held out" else 0

    def generator(self, seed: int) -> np.random.Generator:
        """Return a generator that goes on to draw the orders."""
        self._rng = np.random.default_rng(seed)
        return self._rng

    def shuffled(self, part: RowPart, *, seed: int, epoch: int, batch: int) -> RowBatches:
        """Yield batches of the rows in a fresh order."""
        order = self._rng.permutation(len(self._y))
        for start in range(0, len(order) - batch + 1, batch):
            rows = order[start : start + batch]
            yield self._x[rows], self._y[rows]

    def in_order(self, part: RowPart) -> RowBatches:
        """Yield all rows at once."""
        yield self._x, self._y
