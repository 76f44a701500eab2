"""A block, which one thread trains: m models in each of c cells; and its result.

A block depends on the plan alone, not on the machine, so neither threads nor jobs can change a bit.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regchoose.records.experiment import Penalties
from regchoose.records.words import Arrays, Float, Int, Task
from regchoose.training.deterministic import RowMatrix
from regchoose.training.networks.network import Network, array_digest
from regchoose.training.schedule import Schedule

CellArrays = tuple[Float, ...]  # an array for each cell
MOST_WEIGHTS = 1_000  # captured of a model: enough for a histogram of several
MOST_ROWS = 1_000  # test rows of a cell whose own losses are captured
PLAIN = ("nonzero_share", "nonzero_inputs", "stationarity", "failed")  # the arrays of a result
LOSSES, CAPTURED = "losses", "captured"  # and its mappings to arrays


class Stopped(Exception):  # noqa: N818 - not an error: somebody asked the block to stop
    """The block was told to stop, between two epochs or two steps of the solver."""


@dataclass(frozen=True)
class CellData:
    """Encoded rows of one cell: those trained on, and those on which losses are recorded.

    In a `watched` cell the loss of the training rows is recorded too, and weights are captured.
    """

    x: RowMatrix  # (n, d)
    y: Float  # (n,)
    eval_sets: Mapping[str, tuple[RowMatrix, Float]]  # name → (n', d), (n',)
    seed: int
    drawn: RowMatrix | None = None  # (g, d): rows along the fitted curve, whose outputs are captured
    watched: bool = False

    @cached_property
    def digest(self) -> bytes:
        """Hash that tells these rows from all others."""
        names = repr((self.seed, list(self.eval_sets), self.drawn is None, self.watched))
        digest = hashlib.sha256(names.encode())
        evaluated = [array for pair in self.eval_sets.values() for array in pair]
        for array in (self.x, self.y, *evaluated, *(() if self.drawn is None else (self.drawn,))):
            digest.update(array_digest(array))
        return digest.digest()

    def first_rows(self, n_rows: int) -> "CellData":
        """Return the cell with so many rows to train on and in each evaluation set."""
        eval_sets = {name: (x[:n_rows], y[:n_rows]) for name, (x, y) in self.eval_sets.items()}
        x, y = self.x[:n_rows], self.y[:n_rows]
        return replace(self, x=x, y=y, eval_sets=eval_sets, drawn=None, watched=False)


@dataclass(frozen=True)
class Block:
    """The models that one thread trains: one for each of m penalties in each of c cells."""

    cells: Sequence[CellData]
    penalties: Penalties
    task: Task
    network: Network
    schedule: Schedule
    # Rows of an epoch, by default those of the smallest cell. A plan of several blocks sets it; otherwise the
    # steps of a model would depend on the cells with which it shares a block.
    n_rows: int | None = None

    @property
    def n_models(self) -> int:
        """Models in all cells, c·m."""
        return len(self.cells) * len(self.penalties)

    def halves(self) -> "tuple[Block, Block] | None":
        """Return two blocks of half the cells, or of half the models of a single cell; None for one model."""
        if len(self.cells) > 1:
            middle = len(self.cells) // 2
            return replace(self, cells=self.cells[:middle]), replace(self, cells=self.cells[middle:])
        m = len(self.penalties)
        first = np.arange(m) < m // 2
        if not first.any():
            return None
        return self.part(0, first, schedule=self.schedule), self.part(0, ~first, schedule=self.schedule)

    def part(self, cell: int, models: NDArray[np.bool_], *, schedule: Schedule) -> "Block":
        """Return a block of some models (m,) of one cell, with another schedule."""
        return replace(
            self,
            cells=[self.cells[cell]],
            penalties=self.penalties[models],
            schedule=schedule,
        )

    def key(self, network: str, processor: str) -> str:
        """Return the hash of everything that the result depends on: `network` is `Network.key`.

        The kind of processor is part of it: another kind may come to other numbers.
        """
        schedule = self.schedule
        plain = (network, processor, self.task, self.n_rows, schedule.epochs, schedule.batch, schedule.lr)
        digest = hashlib.sha256(repr(plain).encode())
        for numbers in (schedule.checkpoints, self.penalties.l1, self.penalties.l2):
            digest.update(array_digest(numbers))
        for cell in self.cells:
            digest.update(cell.digest)
        return digest.hexdigest()


@dataclass(frozen=True)
class BlockResult:
    """Arrays with leading axes (c, m); see `regchoose.records.experiment.Trained`."""

    losses: Mapping[str, Float]
    nonzero_share: Float
    nonzero_inputs: Float
    stationarity: Float
    failed: NDArray[np.bool_]
    captured: Mapping[str, CellArrays]  # name → a cell's (m, t, …)
    weights: Float  # (c, m, p) at the end
    note: str = ""

    def without_weights(self) -> "BlockResult":
        """Return the result without the weights of all models: they are large, and not needed further on."""
        return replace(self, weights=self.weights[:, :, :0].copy())

    def repair(self, cell: int, second: "BlockResult") -> "BlockResult":
        """Return this result with the failed models of a cell replaced by those of a second training."""
        failed = self.failed[cell]

        def repair_cell(first: NDArray[Any], again: NDArray[Any]) -> NDArray[Any]:
            copy = first.copy()
            copy[failed] = again
            return copy

        def repair_array(arrays: Sequence[NDArray[Any]]) -> NDArray[Any]:
            first, again = arrays
            return np.stack([*first[:cell], repair_cell(first[cell], again[0]), *first[cell + 1 :]])

        def repair_captured(captured: Sequence[CellArrays]) -> CellArrays:
            first, (again,) = captured
            return (*first[:cell], repair_cell(first[cell], again), *first[cell + 1 :])

        return _combine([self, second], repair_array, repair_captured, note=self.note)

    @staticmethod
    def join(parts: "Sequence[BlockResult]", *, along_cells: bool) -> "BlockResult":
        """Return the result of a block from those of its parts, along the cells or along the models."""

        def join_arrays(arrays: Sequence[NDArray[Any]]) -> NDArray[Any]:
            return np.concatenate(arrays, 0 if along_cells else 1)

        def join_captured(captured: Sequence[CellArrays]) -> CellArrays:
            if along_cells:
                return tuple(chain.from_iterable(captured))
            return tuple(np.concatenate(cell) for cell in zip(*captured, strict=True))

        note = next((part.note for part in parts if part.note), "")
        return _combine(parts, join_arrays, join_captured, note=note)

    def arrays(self) -> Iterator[tuple[str, NDArray[Any]]]:
        """Name the arrays, all but the weights of all models."""
        yield from ((name, getattr(self, name)) for name in PLAIN)
        yield from ((f"{LOSSES}/{name}", losses) for name, losses in self.losses.items())
        for name, cells in self.captured.items():
            yield from ((f"{CAPTURED}/{name}/{cell}", array) for cell, array in enumerate(cells))

    @staticmethod
    def from_arrays(arrays: Arrays, note: str) -> "BlockResult | None":
        """Return the result whose `arrays` these are; None if some are missing."""
        if not set(PLAIN) <= arrays.keys():
            return None
        losses: dict[str, NDArray[Any]] = {}
        captured: dict[str, CellArrays] = {}
        for path, array in arrays.items():
            kind, *names = path.split("/")
            if kind == LOSSES:
                losses[names[0]] = array
            elif kind == CAPTURED:
                captured[names[0]] = (*captured.get(names[0], ()), array)
        share, inputs, stationarity, failed = (arrays[name] for name in PLAIN)
        weights = np.empty((*failed.shape, 0))
        return BlockResult(losses, share, inputs, stationarity, failed, captured, weights, note)


def _combine(
    results: Sequence[BlockResult],
    arrays: Callable[[Sequence[NDArray[Any]]], NDArray[Any]],
    captured: Callable[[Sequence[CellArrays]], CellArrays],
    *,
    note: str,
) -> BlockResult:
    """Make one result of several, by a function of the same array of each, and one of what they captured."""
    plain: dict[str, Any] = {
        name: arrays([getattr(result, name) for result in results]) for name in (*PLAIN, "weights")
    }
    first = results[0]
    return BlockResult(
        losses={name: arrays([result.losses[name] for result in results]) for name in first.losses},
        captured={name: captured([result.captured[name] for result in results]) for name in first.captured},
        note=note,
        **plain,
    )


def captured_weights(n_penalized: int) -> Int:
    """Return which weights of a model are captured: all, or `MOST_WEIGHTS` evenly spaced ones."""
    return _spread_evenly(n_penalized, MOST_WEIGHTS)


def captured_rows(n_rows: int) -> Int:
    """Return the test rows whose losses are captured: all, or `MOST_ROWS` evenly spaced ones."""
    return _spread_evenly(n_rows, MOST_ROWS)


def _spread_evenly(n: int, most: int) -> Int:
    count = min(n, most)
    return np.arange(count) * n // max(count, 1)
