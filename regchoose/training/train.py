"""Cut a plan into blocks, train them side by side, and put the results together."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, field, replace

import numpy as np
import torch

from regchoose.records.experiment import Kept, Penalties, Trained
from regchoose.records.words import Float, Int, Task
from regchoose.training.block import RETRY_RATE, Block, BlockResult, CellData, Schedule
from regchoose.training.descent import train_block
from regchoose.training.device import Devices
from regchoose.training.halving import TrainBlock
from regchoose.training.linear_block import train_linear_block
from regchoose.training.loss import n_outputs
from regchoose.training.networks.any_network import AnyNetwork
from regchoose.training.networks.cnn import Cnn
from regchoose.training.networks.mlp import Mlp
from regchoose.training.networks.network import Network
from regchoose.training.networks.user_network import undisturbed
from regchoose.training.serialization import TRAINING, BlockTask
from regchoose.training.trained_blocks import Shelf
from regchoose.workers.tasks import Workers
from regchoose.workers.threads import use_threads

MODELS_A_BLOCK = 32  # enough to fill the processor, few enough to stay in its cache
FEWEST_BLOCKS = 2  # so that they run side by side; more would be small ones, which cost nearly as much


@dataclass(frozen=True)
class Training:
    """What is common to all models of a run.

    Parameters
    ----------
    hidden : tuple of int, optional
        Units of the hidden layers of the mlp; None is the linear model, which is solved to its optimum and
        has one checkpoint.
    devices : Devices
        Where models are trained.
    crew : Workers
        Who trains blocks side by side; by default threads, one a core.
    other : AnyNetwork, optional
        A network to train in the mlp's place.
    cnn : Cnn, optional
        The same, where there is no other.
    may_fall_back : bool
        Whether a model that finds no memory on the device may be trained on the CPU.
    kept : Kept, optional
        Where blocks are looked up before they are trained, and stored after.
    """

    task: Task
    n_classes: int
    hidden: tuple[int, ...] | None
    schedule: Schedule
    devices: Devices
    crew: Workers = field(default_factory=use_threads)
    other: AnyNetwork | None = None
    may_fall_back: bool = False
    kept: Kept | None = None
    cnn: Cnn | None = None

    @property
    def checkpoints(self) -> Int:
        """Epochs after which losses are recorded, (t,)."""
        return self.schedule.checkpoints if self.hidden is not None else np.array([0])

    def stopped(self, checkpoint: int) -> "Training":
        """Return the same training, broken off at one of its checkpoints; a linear model is solved anyway."""
        return self if self.hidden is None else replace(self, schedule=self.schedule.stopped(checkpoint))

    def order(self, block: Block, number: int, train_one: TrainBlock) -> BlockTask:
        """Return the order to train a block."""
        return BlockTask(block, train_one, self.devices, number, self.may_fall_back)

    def network(self, n_inputs: int) -> Network:
        """Return the network for so many encoded features."""
        if self.other is not None:
            return self.other
        if self.cnn is not None:
            return self.cnn
        return Mlp((n_inputs, *(self.hidden or ()), n_outputs(self.task, self.n_classes)))


def train(
    training: Training,
    cells: Sequence[CellData],
    penalties: Penalties,
    *,
    capture: Int | None = None,
    advanced: Callable[[int], None] = lambda _: None,
) -> Trained:
    """Train a model for every cell and penalty.

    Parameters
    ----------
    cells : sequence of CellData
        c cells with the same features and about the same number of rows.
    penalties : Penalties
        m points, the same in each cell.
    capture : ndarray of int (m,), optional
        Position of the checkpoint at which each model's outputs and weights are kept; see `Block`.
    advanced : callable
        Told the number of models trained so far, from the thread that called `train`.
    """
    blocks = list(_blocks(training, cells, penalties, capture=capture))
    if training.hidden is None:
        return _assembled(training, _run(blocks, train_linear_block, training, advanced=advanced))
    results = _run(blocks, train_block, training, advanced=advanced)
    return _assembled(training, _retried(blocks, results, training))


def _blocks(
    training: Training, cells: Sequence[CellData], penalties: Penalties, *, capture: Int | None
) -> Iterator[Block]:
    """Cut into blocks of about `MODELS_A_BLOCK`: whole cells, all penalties of a cell together."""
    at_once = 1
    if training.hidden is not None:
        at_once = max(1, min(MODELS_A_BLOCK // len(penalties), -(-len(cells) // FEWEST_BLOCKS)))
    network = training.network(cells[0].x.shape[1])
    n_rows = min(len(cell.y) for cell in cells)
    for start in range(0, len(cells), at_once):
        own = cells[start : start + at_once]
        strengths = penalties.l1, penalties.l2
        yield Block(own, *strengths, training.task, network, training.schedule, capture, n_rows)


def _retried(
    blocks: Sequence[Block], results: Sequence[BlockResult], training: Training
) -> list[BlockResult]:
    """Train each model that failed once more, at a tenth of the rate, and put it in its place."""
    places = [
        (position, cell)
        for position, result in enumerate(results)
        for cell in np.flatnonzero(result.failed.any(1)).tolist()
    ]
    calmer = replace(training.schedule, lr=training.schedule.lr * RETRY_RATE)
    again = [
        blocks[position].part(cell, results[position].failed[cell], schedule=calmer)
        for position, cell in places
    ]
    repaired = list(results)
    for (position, cell), second in zip(places, _run(again, train_block, training), strict=True):
        repaired[position] = repaired[position].repaired(cell, second)
    return repaired


def _run(
    blocks: Sequence[Block],
    train_one: TrainBlock,
    training: Training,
    *,
    advanced: Callable[[int], None] = lambda _: None,
) -> list[BlockResult]:
    """Have the blocks trained by the crew, and return their results in the order of the blocks.

    A block that was kept is not trained again. What is kept is read and written by the calling thread alone.
    """
    advance = _Advance(blocks, advanced)
    peace = undisturbed() if training.other is not None else nullcontext()
    with peace, _one_thread_each():
        shelf = Shelf(training.kept, blocks, kind=train_one.__name__, kinds=training.devices.kind)
        results = [shelf.found(position) for position in range(len(blocks))]
        for position, result in enumerate(results):
            if result is not None:
                advance.past(position)
        # The number of a block says which device it has, so it is that of the plan: of what is found, too.
        unknown = [position for position, result in enumerate(results) if result is None]
        orders = [training.order(blocks[position], position, train_one) for position in unknown]
        with closing(training.crew.run_all(TRAINING, orders)) as coming:
            for place, came in coming:
                position = unknown[place]
                if came.kind == training.devices.kind(position):
                    shelf.keep(position, came.result)
                results[position] = came.result
                advance.past(position)
    return [result for result in results if result is not None]


class _Advance:
    """Counts the models that are trained."""

    def __init__(self, blocks: Sequence[Block], advanced: Callable[[int], None]) -> None:
        self._blocks, self._advanced, self._done = blocks, advanced, 0

    def past(self, position: int) -> None:
        """Tell that another block is done."""
        block = self._blocks[position]
        self._done += len(block.cells) * len(block.l1)
        self._advanced(self._done)


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Let torch use one thread for each operation: blocks are the unit that runs side by side."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _assembled(training: Training, results: Sequence[BlockResult]) -> Trained:
    own = training.other.note if training.other is not None else ""
    notes = sorted({note for note in (own, *(result.note for result in results)) if note})
    captured = {
        name: tuple(kept for result in results for kept in result.captured[name])
        for name in results[0].captured
    }
    return Trained(
        training.checkpoints,
        {name: _stacked([result.losses[name] for result in results]) for name in results[0].losses},
        _stacked([result.nonzero_share for result in results]),
        _stacked([result.nonzero_inputs for result in results]),
        _stacked([result.stationarity for result in results]),
        np.concatenate([result.failed for result in results]),
        captured.get("outputs"),
        "; ".join(notes),
        captured.get("drawn"),
        captured.get("weights"),
    )


def _stacked(parts: Sequence[Float]) -> Float:
    return np.concatenate(parts)


def seconds_a_model(
    training: Training, cells: Sequence[CellData], penalties: Penalties, *, clock: Callable[[], float]
) -> float:
    """Time a short stretch of training and return the estimated seconds for one model of the schedule.

    For a network some 30 steps are timed, for the linear model one cell.
    """
    training = replace(training, kept=None)  # what is looked up tells nothing of the time
    if training.hidden is None:
        trial, share = training, 1.0
    else:
        steps, _ = training.schedule.steps(len(cells[0].y))
        epochs = max(1, min(training.schedule.epochs, round(30 / steps)))
        trial = replace(
            training, schedule=replace(training.schedule, epochs=epochs, checkpoints=np.array([epochs]))
        )
        share = training.schedule.epochs / epochs
    some = list(cells[:1]) * training.crew.size
    train(trial, some, penalties)  # the first calls of a process are slow
    start = clock()
    train(trial, some, penalties)
    return (clock() - start) * share / (len(some) * len(penalties))
