"""How long, in which steps and at which learning rate every model is trained."""

from dataclasses import dataclass, replace
from math import ceil, cos, pi

import numpy as np

from regchoose.errors import setting
from regchoose.records.words import Int

USUAL_RATE = 0.003  # Adam's initial learning rate, unless another is found to be better
SMALLER_RATE = setting("lr") + " with a smaller rate, such as " + setting(lr=0.0003)
RETRY_RATE = 0.1  # times the learning rate, for a model that diverged


@dataclass(frozen=True)
class Schedule:
    """The schedule of a training."""

    epochs: int  # passes over the rows
    batch: int  # rows a step, approximately: an epoch is cut into equal steps
    lr: float  # Adam's initial learning rate; it falls to 0 along a cosine
    checkpoints: Int  # (t,): epochs after which losses are recorded; training stops after the last one

    def steps(self, n_rows: int) -> tuple[int, int]:
        """Return the number of steps an epoch and of rows a step, for so many rows."""
        steps = max(1, round(n_rows / self.batch))
        return steps, n_rows // steps

    def rate(self, step: int, *, total: int) -> float:
        """Return the learning rate of a step (from 0) out of all steps of all epochs."""
        return self.lr * 0.5 * (1 + cos(pi * step / total))

    @property
    def last_epoch(self) -> int:
        """The epoch after which training stops."""
        return int(self.checkpoints[-1])

    def at_rate(self, lr: float) -> "Schedule":
        """Return the same schedule with another initial learning rate."""
        return replace(self, lr=lr)


def make_schedule(n_rows: int, *, epochs: int, least_steps: int, batch: int, lr: float) -> Schedule:
    """Return a schedule with at least `least_steps` steps on `n_rows` rows, and its checkpoints.

    Checkpoints lie closer together at the beginning, where an epoch changes most.
    """
    steps, _ = Schedule(epochs, batch, lr, np.array([epochs])).steps(n_rows)
    epochs = max(epochs, ceil(least_steps / steps))
    return Schedule(epochs, batch, lr, _checkpoints(epochs))


def _checkpoints(epochs: int) -> Int:
    return np.unique(np.round(np.geomspace(1, epochs, 24)).astype(np.int64))
