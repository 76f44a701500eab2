"""What one thread trains, a block: m models in each of c cells; and what comes of it.

A block depends on the plan alone, not on the machine, so neither threads nor jobs can change a bit.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regchoose.errors import setting
from regchoose.records.words import Float, Int, Task
from regchoose.training.networks.network import Network

USUAL_RATE = 0.003  # Adam's first, unless another is found to be better
SMALLER_RATE = setting("lr") + " with a smaller rate, such as " + setting(lr=0.0003)
RETRY_RATE = 0.1  # of it, for a model that failed
MOST_WEIGHTS = 10_000  # of a model that are captured: enough for a histogram
Rows = NDArray[np.floating[Any]]  # in the precision of the training: double for linear models, else single


@dataclass(frozen=True)
class Schedule:
    """How long and in which steps every model is trained.

    Parameters
    ----------
    epochs : int
        Passes over the rows.
    batch : int
        Rows a step, about: an epoch is cut into equal steps.
    lr : float
        Adam's first rate; it falls to 0 as a cosine.
    checkpoints : ndarray of int, (t,)
        Epochs after which losses are recorded. Training stops at the last one: `epochs`, or an earlier stop.
    """

    epochs: int
    batch: int
    lr: float
    checkpoints: Int

    def steps(self, n_rows: int) -> tuple[int, int]:
        """Return the steps an epoch, and the rows a step, for so many rows."""
        steps = max(1, round(n_rows / self.batch))
        return steps, n_rows // steps

    def stopped(self, checkpoint: int) -> "Schedule":
        """Return the same schedule, broken off at one of its checkpoints, the only one recorded."""
        return replace(self, checkpoints=self.checkpoints[[checkpoint]])

    def halved(self) -> "Schedule":
        """Return the schedule with half the epochs, in which the rate falls twice as fast."""
        epochs = max(1, self.epochs // 2)
        return replace(self, epochs=epochs, checkpoints=_checkpoints(epochs))


def make_schedule(n_rows: int, *, epochs: int, least_steps: int, batch: int, lr: float) -> Schedule:
    """Lengthen the schedule until it has `least_steps` steps on `n_rows` rows; set the checkpoints.

    Checkpoints lie closer at the beginning, where a pass changes most.
    """
    steps, _ = Schedule(epochs, batch, lr, np.array([epochs])).steps(n_rows)
    epochs = max(epochs, ceil(least_steps / steps))
    return Schedule(epochs, batch, lr, _checkpoints(epochs))


def _checkpoints(epochs: int) -> Int:
    return np.unique(np.round(np.geomspace(1, epochs, 24)).astype(np.int64))


@dataclass(frozen=True)
class CellData:
    """Encoded rows of one cell: those trained on, and those the losses are recorded on."""

    x: Rows  # (n, d)
    y: Float  # (n,)
    judged: Mapping[str, tuple[Rows, Float]]  # name → (n', d), (n',)
    seed: int
    drawn: Rows | None = None  # (g, d): rows whose outputs are kept, to draw what was fitted

    @cached_property
    def mark(self) -> bytes:
        """What tells these rows from any others."""
        names = repr((self.seed, list(self.judged), self.drawn is None))
        mark = hashlib.sha256(names.encode())
        judged = [array for pair in self.judged.values() for array in pair]
        for array in (self.x, self.y, *judged, *(() if self.drawn is None else (self.drawn,))):
            mark.update(array_mark(array))
        return mark.digest()


def array_mark(array: NDArray[Any]) -> bytes:
    """Return the mark of an array: its type, shape and numbers."""
    whole = np.ascontiguousarray(array)
    mark = hashlib.sha256(f"{whole.dtype.str} {array.shape} ".encode())
    mark.update(whole.data)
    return mark.digest()


@dataclass(frozen=True)
class BlockResult:
    """Arrays with leading axes (c, m); see `regchoose.records.experiment.Trained`."""

    losses: Mapping[str, Float]
    nonzero_share: Float
    nonzero_inputs: Float
    stationarity: Float
    failed: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
    captured: Mapping[str, tuple[Float, ...]]  # what `Block.capture` asks for: name → a cell's (m, …)
    weights: Float  # (c, m, p) at the end
    note: str = ""

    def repaired(self, cell: int, second: "BlockResult") -> "BlockResult":
        """Return this result with the failed models of a cell replaced by those of a second training."""
        failed = self.failed[cell]

        def mended(own: NDArray[Any], other: NDArray[Any]) -> NDArray[Any]:
            copy = own.copy()
            copy[cell, failed] = other[0]
            return copy

        captured = {}
        for name, kept in self.captured.items():
            own = kept[cell].copy()
            own[failed] = second.captured[name][0]
            captured[name] = (*kept[:cell], own, *kept[cell + 1 :])
        return BlockResult(
            {name: mended(losses, second.losses[name]) for name, losses in self.losses.items()},
            mended(self.nonzero_share, second.nonzero_share),
            mended(self.nonzero_inputs, second.nonzero_inputs),
            mended(self.stationarity, second.stationarity),
            mended(self.failed, second.failed),
            captured,
            mended(self.weights, second.weights),
            self.note,
        )


def captured_weights(n_penalized: int) -> Int:
    """Return which weights of a model are kept where they are captured: all, or so many evenly spaced."""
    count = min(n_penalized, MOST_WEIGHTS)
    return np.arange(count) * n_penalized // count


class Stopped(Exception):  # noqa: N818 - not an error: somebody asked the block to stop
    """The block was told to stop between two epochs."""


@dataclass(frozen=True)
class Block:
    """What one thread trains.

    Parameters
    ----------
    cells : sequence of CellData
        The c cells.
    l1, l2 : ndarray (m,)
        Strengths, the same in every cell.
    capture : ndarray of int (m,), optional
        For each model the checkpoint (its position) at which are kept: its outputs on the rows judged as
        "test", its outputs on the rows `drawn`, and its weights (of more than 10,000 an even choice).
    n_rows : int, optional
        Rows of an epoch, by default those of the smallest cell. A plan of several blocks sets it, or the
        steps of a model would depend on the cells it shares a block with.
    """

    cells: Sequence[CellData]
    l1: Float
    l2: Float
    task: Task
    network: Network
    schedule: Schedule
    capture: Int | None = None
    n_rows: int | None = None

    def halves(self) -> "tuple[Block, Block] | None":
        """Return two blocks of half the cells, or of half the models of the one cell; None for one model."""
        if len(self.cells) > 1:
            middle = len(self.cells) // 2
            return replace(self, cells=self.cells[:middle]), replace(self, cells=self.cells[middle:])
        first = np.arange(len(self.l1)) < len(self.l1) // 2
        if not first.any():
            return None
        return self.part(0, first, schedule=self.schedule), self.part(0, ~first, schedule=self.schedule)

    def part(self, cell: int, models: NDArray[np.bool_], *, schedule: Schedule) -> "Block":
        """Return a block of some models (m,) of one cell, with another schedule."""
        return replace(
            self,
            cells=[self.cells[cell]],
            l1=self.l1[models],
            l2=self.l2[models],
            schedule=schedule,
            capture=None if self.capture is None else self.capture[models],
        )
