"""The recommended regularizer at work: a network trained with it on all rows."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from regchoose.encoding.encoder import Encoder
from regchoose.experiment.grid import alpha_max, make_grid
from regchoose.records.experiment import Penalties
from regchoose.records.table import Table
from regchoose.records.words import Arm, Float
from regchoose.result.document import RunResult, TrainingLength
from regchoose.settings.options import Settings
from regchoose.table.in_memory import InMemory
from regchoose.table.raw_table import RawTable
from regchoose.training.block import USUAL_RATE, CellData, Schedule, make_schedule
from regchoose.training.networks.network import Network
from regchoose.training.whole_fit import Kind, outputs, refit

MIDDLE = 0.5  # Elastic Net's mix without an experiment


@dataclass(frozen=True)
class Fitted:
    """A network that was trained on all rows of a table.

    Parameters
    ----------
    l1, l2 : float
        What it was trained with.
    parameters : ndarray
        See `regchoose.training.whole_fit.refit`.
    """

    encoder: Encoder
    kind: Kind
    l1: float
    l2: float
    parameters: Float

    @cached_property
    def network(self) -> Network | None:
        """The network, built when it is first asked for."""
        return self.kind.network()

    def __getstate__(self) -> dict[str, Any]:
        # A user's own network may hold what cannot be pickled: it is built again.
        return {name: value for name, value in vars(self).items() if name != "network"}

    def outputs(self, data: InMemory) -> Float:
        """Return numbers in the units of the target, or logits, of rows: (n, k)."""
        x = self.encoder.transform_memory(data, self.kind.settings)
        return self.encoder.target.in_units(outputs(self.kind, self.network, self.parameters, x))


def fit_all(table: Table, raw: RawTable, settings: Settings, result: RunResult) -> Fitted:
    """Train on all rows with what a result recommends.

    Parameters
    ----------
    table : Table
    raw : RawTable
        The text of its rows.
    settings : Settings
        Those that it was read with.

    Where nothing was trained to find a strength, it is the middle of those that would have been tried, and
    the training has its usual length.

    Raises
    ------
    TrainingError
        E501 where the network diverges.
    """
    rows = np.arange(table.n_rows)
    learned = Encoder.fit(table, rows)
    x, y = learned.transform(table, rows)
    encoder = learned.for_text(table, raw, settings)
    found = result.execution.device or "cpu"
    kind = Kind(table.task, len(table.classes), settings, encoder.input_names, found.partition(",")[0])
    penalty, schedule = _recommended(result) or _usual(kind, x, y, arm=result.recommendation.regularizer)
    network = kind.network()
    parameters = refit(kind, network, CellData(x, y, {}, settings.seed), penalty=penalty, schedule=schedule)
    return Fitted(encoder, kind, float(penalty.l1[0]), float(penalty.l2[0]), parameters)


def _recommended(result: RunResult) -> tuple[Penalties, Schedule] | None:
    advice = result.recommendation
    if advice.l1 is None or advice.l2 is None:
        return None
    return _point(advice.l1, advice.l2), _schedule(advice.training)


def _schedule(training: TrainingLength | None) -> Schedule:
    if training is None:  # a linear model has no length
        return Schedule(1, 1, 1.0, np.array([1]))
    stop = np.array([training.stop_epoch])
    return Schedule(training.schedule_epochs, training.batch, training.lr, stop)


def _usual(kind: Kind, x: Float, y: Float, *, arm: Arm) -> tuple[Penalties, Schedule]:
    settings = kind.settings
    top = alpha_max(kind.task, x, y)
    top = top if settings.network == "linear" else max(1.0, top)
    mix = MIDDLE if settings.alpha is None else settings.alpha
    grid = make_grid(arm, top=top, strengths=3, alphas=(mix,), fixed=(settings.l1, settings.l2))
    middle = len(grid) // 2
    rate = USUAL_RATE if settings.lr == "auto" else settings.lr
    schedule = make_schedule(
        len(y), epochs=settings.epochs, least_steps=settings.steps, batch=settings.batch, lr=rate
    )
    return _point(grid.l1[middle], grid.l2[middle]), schedule.stopped(len(schedule.checkpoints) - 1)


def _point(l1: float, l2: float) -> Penalties:
    return Penalties(np.array([l1], dtype=np.float64), np.array([l2], dtype=np.float64))
