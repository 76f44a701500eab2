"""The recommended regularizer at work: a network trained with it on all rows."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regchoose.encoding.encoder import Encoder
from regchoose.experiment.grid import alpha_max, make_grid
from regchoose.records.experiment import Penalties
from regchoose.records.model import Length
from regchoose.records.table import Table
from regchoose.records.words import Arm, Float, Task
from regchoose.refit.train_final import FinalTraining, NoStore
from regchoose.result.document import RunResult
from regchoose.settings.options import Settings
from regchoose.table.in_memory import InMemory
from regchoose.table.raw_table import RawTable
from regchoose.training.device import choose_devices
from regchoose.training.networks.choose import choose_network
from regchoose.training.networks.network import Network
from regchoose.training.row_source import MemoryRows
from regchoose.training.schedule import USUAL_RATE, make_schedule

MIDDLE = 0.5  # Elastic Net's mix without an experiment


class _Silent:
    """A listener that ignores everything."""

    def started(self, key: str, text: str, total: int) -> None:
        """Ignore it."""

    def advanced(self, key: str, done: int) -> None:
        """Ignore it."""

    def finished(self, key: str, summary: str) -> None:
        """Ignore it."""

    def noted(self, text: str) -> None:
        """Ignore it."""


@dataclass(frozen=True)
class MemoryFit:
    """A network that was trained on all rows of a table in memory.

    Parameters
    ----------
    settings : Settings
        Those that the table was read with.
    device : str
        The name of a device that is there.
    l1, l2 : float
        The strengths it was trained with.
    row : ndarray (p,)
        Its parameters.
    """

    encoder: Encoder
    settings: Settings
    device: str
    l1: float
    l2: float
    row: NDArray[np.floating[Any]]

    @cached_property
    def network(self) -> Network:
        """The network, built when it is first asked for."""
        return _network(self.encoder, self.settings)

    def __getstate__(self) -> dict[str, Any]:
        # A user's own network may hold what cannot be pickled, so it is built again.
        return {name: value for name, value in vars(self).items() if name != "network"}

    def outputs(self, data: InMemory) -> Float:
        """Return numbers in the units of the target, or logits, of rows: (n, k)."""
        x = self.encoder.transform_memory(data, self.settings)
        device = choose_devices(self.device).of(0)
        return self.encoder.target.in_units(self.network.predict(self.row, x, device=device))


def _network(encoder: Encoder, settings: Settings) -> Network:
    target = encoder.target
    return choose_network(
        settings,
        input_names=encoder.input_names,
        task=target.task,
        n_classes=len(target.classes),
    )


def fit_all(table: Table, raw: RawTable, settings: Settings, result: RunResult) -> MemoryFit:
    """Train on all rows with what a result recommends.

    If nothing was trained to find a strength, it is the middle of those that would have been tried, and the
    training has its usual length.

    Parameters
    ----------
    table : Table
    raw : RawTable
        The text of its rows.
    settings : Settings
        Those that it was read with.

    Raises
    ------
    TrainingError
        E501 where the network diverges.
    """
    rows = np.arange(table.n_rows)
    learned = Encoder.fit(table, rows)
    x, y = learned.transform(table, rows)
    encoder = learned.for_text(table, raw, settings)
    device = (result.execution.device or "cpu").partition(",")[0]
    network = _network(encoder, settings)
    arm = result.recommendation.regularizer
    penalties, length = _recommended(result) or _usual(table.task, network, settings, x=x, y=y, arm=arm)
    training = FinalTraining(
        MemoryRows(x, y),
        table.task,
        network,
        None if network.is_convex else length,
        settings.seed,
        choose_devices(device).of(0),
        NoStore(),
        _Silent(),
    )
    row = training.fit(penalties).row
    return MemoryFit(encoder, settings, device, float(penalties.l1[0]), float(penalties.l2[0]), row)


def _recommended(result: RunResult) -> tuple[Penalties, Length | None] | None:
    advice = result.recommendation
    if advice.l1 is None or advice.l2 is None:
        return None
    point, training = Penalties.single(advice.l1, advice.l2), advice.training
    if training is None:  # a linear model has no length
        return point, None
    return point, Length(training.lr, training.batch, training.schedule_epochs, training.stop_epoch)


def _usual(
    task: Task, network: Network, settings: Settings, *, x: Float, y: Float, arm: Arm
) -> tuple[Penalties, Length]:
    top = alpha_max(task, x, y)
    top = top if network.is_convex else max(1.0, top)
    mix = MIDDLE if settings.alpha is None else settings.alpha
    grid = make_grid(arm, top=top, strengths=3, alphas=(mix,), fixed=(settings.l1, settings.l2))
    middle = len(grid) // 2
    rate = USUAL_RATE if settings.lr == "auto" else settings.lr
    schedule = make_schedule(
        len(y), epochs=settings.epochs, least_steps=settings.steps, batch=settings.batch, lr=rate
    )
    length = Length(rate, settings.batch, schedule.epochs, schedule.epochs)
    return grid[middle : middle + 1], length
