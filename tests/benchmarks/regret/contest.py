"""A contest: the rows that all methods choose and fit on, the rows that judge, and what a method found."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from regchoose.encoding.encoder import Encoder
from regchoose.records.words import Float, Task
from regchoose.settings.options import Settings
from regchoose.statistics.decide import null_loss
from regchoose.training.loss import n_outputs
from tests.benchmarks.calibration.tasks import RealTask, Sample

REFITS = 5  # initializations of which the loss of a refitted network is the mean


@dataclass(frozen=True)
class Contest:
    """A task of a real table, encoded as ours is: fitted on the rows drawn.

    The target of a regression is in units of its standard deviation over the rows drawn.

    Parameters
    ----------
    source : RealTask
        The table, the rows drawn of it, and the network: `mlp` or `linear`.
    x, y, judged_x, judged_y : ndarray (n, d), (n,), (h, d), (h,)
        The rows drawn, and those that judge.
    loss_null : float
        Loss of predicting the mean or the class shares.
    """

    source: RealTask
    sample: Sample
    x: Float
    y: Float
    judged_x: Float
    judged_y: Float
    loss_null: float

    @classmethod
    def of(cls, source: RealTask) -> "Contest":
        """Draw the rows and encode them."""
        sample = source.sample()
        table, drawn = sample.table, sample.drawn
        encoder = Encoder.fit(table, drawn)
        null = null_loss(table.task, table.target[drawn], n_classes=len(table.classes))
        return cls(
            source,
            sample,
            *encoder.transform(table, drawn),
            *encoder.transform(table, sample.judged),
            loss_null=null,
        )

    @property
    def task(self) -> Task:
        """What is predicted."""
        return self.sample.table.task

    @property
    def seed(self) -> int:
        """Of whatever a method draws."""
        return self.source.draw

    @property
    def n_outputs(self) -> int:
        """Numbers that a network puts out."""
        return n_outputs(self.task, len(self.sample.table.classes))

    def mean_loss(self, losses: Float) -> float:
        """Return the mean loss of refitted networks; what diverged says no more than predicting nothing."""
        return float(np.where(np.isfinite(losses), losses, self.loss_null).mean())


@dataclass(frozen=True)
class Found:
    """What a method found in a contest.

    Parameters
    ----------
    loss : float
        Mean on the judging rows: log loss, or squared error in units of the drawn target's variance.
    seconds : float
        To choose, and to fit the choice once: of one core's time, so that a busy machine hardly matters.
    choice : mapping
        What it chose, by name; of a method that ended in an error, `failed` says which.
    """

    loss: float
    seconds: float
    choice: Mapping[str, Any]


@dataclass(frozen=True)
class Sizes:
    """How much is done.

    Parameters
    ----------
    folds, trials, alphas : int
        Of the grid searches and of Optuna; trials of Optuna; strengths of scikit-learn's grid.
    """

    settings: Settings
    refits: int = REFITS
    folds: int = 5
    trials: int = 60
    alphas: int = 9

    def of(self, network: str) -> "Sizes":
        """Return the sizes for a kind of network; a linear model's optimum has no initialization."""
        settings = replace(self.settings, network=network)
        return replace(self, settings=settings, refits=1 if network == "linear" else self.refits)


WHOLE = Sizes(Settings(jobs=1, device="cpu"))
SMALL = Sizes(
    replace(
        WHOLE.settings, strengths=3, alphas=(0.5,), repeats=2, epochs=10, steps=20, hidden=(8,), lr=0.003
    ),
    refits=2,
    folds=2,
    trials=2,
    alphas=2,
)
