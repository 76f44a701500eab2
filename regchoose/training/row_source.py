"""Rows that are not all in memory: what a final fit asks of them."""

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.floating[Any]]
Pairs = Iterator[tuple[Numbers, Numbers]]


class Rows(Protocol):
    """Encoded rows, of which a part may be held out."""

    @property
    def n_inputs(self) -> int:
        """Inputs, d."""

    def count(self, *, every: bool) -> int:
        """Return the rows that are trained on: all, or those that are not held out."""

    def shuffled(self, *, seed: tuple[int, ...], batch: int, every: bool) -> Pairs:
        """Yield x (batch, d), y (batch,) in an order that the seed alone gives."""

    def in_order(self, part: str) -> Pairs:
        """Yield x (n, d), y (n,) of the rows of a part: "all", "train" or "held out"."""
