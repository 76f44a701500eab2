"""Cut a plan into blocks, train them side by side, and put the results together."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice

import numpy as np
import torch

from regchoose.records.experiment import BlockStore, Penalties, Trained
from regchoose.records.words import Int, OnProgress, Task
from regchoose.training.block import Block, BlockResult, CellData
from regchoose.training.block_size import cut_plan
from regchoose.training.device import Devices
from regchoose.training.networks.network import Network
from regchoose.training.schedule import RETRY_RATE, Schedule
from regchoose.training.serialization import TRAINING, TrainingTask
from regchoose.workers.tasks import Workers
from regchoose.workers.threads import use_threads

TIMED_STEPS = 30  # about, for the estimate of the time


def count_from(before: int, advanced: OnProgress) -> OnProgress:
    """Return a callback that adds the models trained before to those it is told of."""
    return lambda done: advanced(before + done)


@dataclass(frozen=True)
class Training:
    """How all models of a run are trained."""

    task: Task
    network: Network
    schedule: Schedule  # of no use to a convex network: it is solved to its optimum, its one checkpoint
    devices: Devices
    workers: Workers = field(default_factory=use_threads)  # who train blocks side by side
    may_fall_back: bool = False  # whether a model for which the device has no memory may go to the CPU
    store: BlockStore | None = None  # where blocks are looked up first, and kept afterwards

    @property
    def checkpoints(self) -> Int:
        """Epochs after which losses are recorded, (t,)."""
        return np.array([0]) if self.network.is_convex else self.schedule.checkpoints

    def at_rate(self, lr: float) -> "Training":
        """Return the same training at another learning rate."""
        return replace(self, schedule=self.schedule.at_rate(lr))


def train(
    training: Training,
    cells: Sequence[CellData],
    penalties: Penalties,
    *,
    advanced: OnProgress = lambda _: None,
) -> Trained:
    """Train a model for every cell and penalty.

    Parameters
    ----------
    cells : sequence of CellData
        c cells with the same features and about the same number of rows; all are watched, or none.
    penalties : Penalties
        m points, the same in each cell.
    advanced : callable
        Called with the number of models trained so far, in the thread that called `train`.
    """
    groups = _cut(training, cells, penalties)
    blocks = [block for parts in groups for block in parts]
    results = _run(blocks, training, advanced=advanced)
    if not training.network.is_convex:  # there is no learning rate to lower
        results = _retry(blocks, results, training)
    return _assemble(training, groups, results)


def _cut(training: Training, cells: Sequence[CellData], penalties: Penalties) -> list[list[Block]]:
    """Cut a plan into blocks, some cells × some penalties; return those of each group of cells together."""
    n_rows = min(len(cell.y) for cell in cells)
    # The solver gains nothing from solving cells together, and much from a whole path of penalties.
    at_once, n_parts = 1, 1
    if not training.network.is_convex:
        at_once, n_parts = cut_plan(
            training.network,
            training.devices,
            n_cells=len(cells),
            n_points=len(penalties),
            batch=training.schedule.steps(n_rows)[1],
            row_bytes=len(cells) * cells[0].x.nbytes,
        )
    parts = [penalties[part] for part in np.array_split(np.arange(len(penalties)), n_parts)]
    schedule = replace(training.schedule, checkpoints=training.checkpoints)
    return [
        [
            Block(cells[start : start + at_once], part, training.task, training.network, schedule, n_rows)
            for part in parts
        ]
        for start in range(0, len(cells), at_once)
    ]


def _retry(blocks: Sequence[Block], results: Sequence[BlockResult], training: Training) -> list[BlockResult]:
    """Retrain each failed model once, at a tenth of the learning rate, and put its result in place."""
    failures = [
        (position, cell)
        for position, result in enumerate(results)
        for cell in np.flatnonzero(result.failed.any(1)).tolist()
    ]
    slower = training.schedule.at_rate(training.schedule.lr * RETRY_RATE)
    again = [
        blocks[position].part(cell, results[position].failed[cell], schedule=slower)
        for position, cell in failures
    ]
    repaired = list(results)
    for (position, cell), second in zip(failures, _run(again, training), strict=True):
        repaired[position] = repaired[position].repair(cell, second)
    return repaired


def _run(
    blocks: Sequence[Block], training: Training, *, advanced: OnProgress = lambda _: None
) -> list[BlockResult]:
    """Have the blocks trained by the workers, and return their results in the order of the blocks.

    A block that was stored is not trained again. The store is read and written by the calling thread alone.
    """
    results, done = dict[int, BlockResult](), 0

    def take(position: int, result: BlockResult) -> None:
        nonlocal done
        results[position] = result
        done += blocks[position].n_models
        advanced(done)

    with training.network.training_context(), _one_thread_each():
        keys = _store_keys(training, blocks)
        store = training.store if keys else None
        if store is not None:
            for position, key in enumerate(keys):
                stored = store.block(key)
                result = None if stored is None else BlockResult.from_arrays(*stored)
                if result is not None:
                    take(position, result)
        # A block's number says which device it has, so it is counted among all blocks, stored ones too.
        unknown = [position for position in range(len(blocks)) if position not in results]
        tasks = [
            TrainingTask(blocks[position], training.devices, position, training.may_fall_back)
            for position in unknown
        ]
        with closing(training.workers.run_all(TRAINING, tasks)) as finished:
            for index, trained in finished:
                position, result = unknown[index], trained.result
                if store is not None and trained.kind == training.devices.kind(position):
                    store.keep_block(keys[position], dict(result.arrays()), result.note)
                take(position, result)
    return [results[position] for position in range(len(blocks))]


def _store_keys(training: Training, blocks: Sequence[Block]) -> list[str]:
    """Return the keys of blocks in the store; none without a store, or where the network has no key."""
    network = None if training.store is None or not blocks else training.network.key()
    if network is None:
        return []
    return [block.key(network, training.devices.kind(position)) for position, block in enumerate(blocks)]


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Let torch use one thread for each operation: it is blocks that run side by side."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _assemble(
    training: Training, groups: Sequence[Sequence[Block]], results: Sequence[BlockResult]
) -> Trained:
    remaining = iter(results)
    of_cells = [BlockResult.join(list(islice(remaining, len(parts))), along_cells=False) for parts in groups]
    whole = BlockResult.join(of_cells, along_cells=True)
    notes = sorted({note for note in (training.network.note, *(result.note for result in results)) if note})
    return Trained(
        training.checkpoints,
        whole.losses,
        whole.nonzero_share,
        whole.nonzero_inputs,
        whole.stationarity,
        whole.failed,
        whole.captured,
        "; ".join(notes),
    )


def seconds_a_model(
    training: Training, cells: Sequence[CellData], penalties: Penalties, *, clock: Callable[[], float]
) -> float:
    """Time a short stretch of training and return the estimated seconds for one model of the schedule.

    For a network some 30 steps are timed, for a convex one a whole cell. On a CPU a thread of this process
    is timed, as others may still be starting. On a card the models of all cells are timed as the one program
    that they will be, and what a longer stretch takes more than a shorter one: setting the program up takes
    as long for any schedule.
    """
    training = replace(training, store=None)  # a stored block would take no time
    on_cpu, at_once = "cpu" in training.devices.types, 1
    if on_cpu and not training.workers.is_remote:
        training, at_once = replace(training, workers=use_threads(1)), training.workers.size
    timed = list(cells[:1]) * training.workers.size if on_cpu else list(cells)
    share, short, shorter = 1.0, training, None
    if not training.network.is_convex:
        schedule = training.schedule
        steps, _ = schedule.steps(len(cells[0].y))
        epochs = max(1, min(schedule.epochs, round(TIMED_STEPS / steps)))
        short, share = _shortened(training, epochs), schedule.epochs / epochs
        if not on_cpu:
            short, shorter = _shortened(training, 2 * epochs), short

    def seconds(of: Training) -> float:
        start = clock()
        train(of, timed, penalties)
        return clock() - start

    seconds(shorter or short)  # the first calls of a process are slow
    taken = seconds(short) if shorter is None else max(0.0, seconds(short) - seconds(shorter))
    return taken * share / (len(timed) * len(penalties) * at_once)


def _shortened(training: Training, epochs: int) -> Training:
    schedule = replace(training.schedule, epochs=epochs, checkpoints=np.array([epochs]))
    return replace(training, schedule=schedule)
