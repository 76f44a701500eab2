"""The work that all contenders do alike: splits, strengths, steps and network on one table."""

from atexit import register
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from math import ceil

import numpy as np
from sklearn.model_selection import KFold

from regchoose.experiment.grid import alpha_max, make_grid
from regchoose.records.experiment import Penalties
from regchoose.records.words import ARMS, Float, Int
from regchoose.settings.options import Settings
from regchoose.training.device import choose_devices
from regchoose.training.loss import n_outputs
from regchoose.training.networks.mlp import Mlp
from regchoose.training.schedule import make_schedule
from regchoose.training.train import Training
from regchoose.workers.choose_workers import start_workers
from regchoose.workers.tasks import Workers
from tests.benchmarks.tables import Sheet

RATE = 0.003  # of Adam, for all; the search for a better one is part of the whole experiment alone

Splits = tuple[tuple[Int, Int], ...]


@dataclass(frozen=True)
class Work:
    """Fits of one network on one table: each of the m points on each split.

    Parameters
    ----------
    splits : tuple of pairs of ndarray
        Rows to train on, and rows to judge on.
    arms : tuple of Penalties
        The points of the four arms, strengths of the mean loss.
    """

    sheet: Sheet
    splits: Splits
    arms: tuple[Penalties, ...]
    training: Training

    @property
    def points(self) -> Penalties:
        """All points (m,), arm by arm."""
        return Penalties(
            np.concatenate([arm.l1 for arm in self.arms]), np.concatenate([arm.l2 for arm in self.arms])
        )

    @property
    def n_fits(self) -> int:
        """Fits of the whole grid."""
        return len(self.points) * len(self.splits)

    @property
    def epochs(self) -> int:
        """Passes over the rows, in each fit."""
        return self.training.schedule.epochs

    @property
    def lr(self) -> float:
        """Adam's rate; ours falls to 0 as a cosine, the others keep it."""
        return self.training.schedule.lr

    @property
    def hidden(self) -> tuple[int, ...]:
        """Units of the hidden layers."""
        network = self.training.network
        assert isinstance(network, Mlp)
        return network.sizes[1:-1]

    @property
    def batch(self) -> int:
        """Rows a step for the peers: rounded up, so that no epoch ends with a step of a row or two."""
        rows = max(len(train) for train, _ in self.splits)
        return ceil(rows / self.training.schedule.steps(rows)[0])

    @property
    def flops_a_fit(self) -> float:
        """Multiplications and additions of the matrix products of a fit.

        Forward 2, gradient by the weights 2, gradient by the inputs 2 of each weight and row, the last not
        for the first layer.
        """
        rows = np.mean([len(train) for train, _ in self.splits])
        sizes = (self.sheet.x.shape[1], *self.hidden, 1)
        products = sum(a * b for a, b in pairwise(sizes))
        return float(rows * self.epochs * (6 * products - 2 * sizes[0] * sizes[1]))

    def spread(self, n: int, *, l2_only: bool = False) -> Int:
        """Return the places of at most n points, evenly over the grid (or over its part without L1)."""
        places = np.flatnonzero(self.points.l1 == 0) if l2_only else np.arange(len(self.points))
        chosen = np.linspace(0, len(places) - 1, min(n, len(places))).round().astype(np.int64)
        return places[chosen]


def make_work(sheet: Sheet, settings: Settings) -> Work:
    """Return the cross-validation of all four arms, with the schedule that the settings give."""
    folds = KFold(settings.folds, shuffle=True, random_state=settings.seed)
    splits = tuple((train, test) for train, test in folds.split(sheet.x))
    top = max(1.0, alpha_max(sheet.task, sheet.x, sheet.y))
    arms = tuple(
        make_grid(arm, top=top, strengths=settings.strengths, alphas=settings.alphas) for arm in ARMS
    )
    return Work(sheet, splits, arms, make_training(sheet, settings, rows=len(splits[0][0])))


@cache
def workers_of(jobs: int) -> Workers:
    """Return the workers that a run with so many jobs has, started once for this whole process."""
    return _STARTED.enter_context(start_workers(Settings(jobs=jobs)))


def end_workers() -> None:
    """End them, so that they count as ended children."""
    workers_of.cache_clear()
    _STARTED.close()


_STARTED = ExitStack()
register(end_workers)


def make_training(sheet: Sheet, settings: Settings, *, rows: int) -> Training:
    """Return the schedule and network for fits on so many rows."""
    schedule = make_schedule(
        rows, epochs=settings.epochs, least_steps=settings.steps, batch=settings.batch, lr=RATE
    )
    network = Mlp((sheet.x.shape[1], *settings.hidden, n_outputs(sheet.task, 2)))
    return Training(sheet.task, network, schedule, choose_devices("cpu"), workers_of(settings.jobs))


def shortened(work: Work, epochs: int) -> Work:
    """Return the same work with fewer epochs, for warming up and for memory."""
    schedule = replace(work.training.schedule, epochs=epochs, checkpoints=np.array([epochs]))
    return replace(work, training=replace(work.training, schedule=schedule))


def float32(array: Float) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Return the array as the peers take it."""
    return array.astype(np.float32)
