"""Which point of an arm is chosen, on the inner parts alone; and when others are dropped."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regchoose.experiment.grid import FEWEST_POINTS
from regchoose.records.words import Float, Int

Bool = NDArray[np.bool_]


JUDGES = 500  # inner rows, over cells, that may drop a point


@dataclass(frozen=True)
class Choice:
    """A point of the grid and a checkpoint, by their places."""

    point: int
    checkpoint: int


def mean_inner_loss(inner: Float, good: Bool, *, tried: Bool) -> Float:
    """Mean over the cells in which a model was trained and did not fail: (c, m, t) -> (m, t).

    A point that failed in at least half of the cells it was tried in is infinite.

    Parameters
    ----------
    good, tried : ndarray of bool (c, m)
        Where a model has a loss, and where one was trained.
    """
    total = np.where(good[:, :, None], inner, 0.0).sum(0)
    mean = total / np.maximum(good.sum(0), 1)[:, None]
    return np.where((2 * good.sum(0) > tried.sum(0))[:, None], mean, np.inf)


def pauses(cells: int, *, folds: int, rows: int) -> tuple[int, ...]:
    """Return after how many cells hopeless points are dropped, and at last all cells.

    The first time is when `JUDGES` inner rows have judged, two cells at least, and at the latest after the
    first repeat; then whenever twice as many cells have. Measured on tables of 60 to 200 rows, two cells of
    some 20 inner rows dropped points that would have won.

    Parameters
    ----------
    folds : int
        Cells of a repeat.
    rows : int
        Inner rows of a cell.
    """
    pause = min(folds, max(2, -(-JUDGES // rows)))
    found = []
    while pause < cells and 3 * pause <= 2 * max(cells, folds):
        found.append(pause)
        pause *= 2
    return (*found, cells)


def kept_after(mean: Float) -> Int:
    """Return the best third of the points, at least three, for the next cells: (m, t) -> (k,).

    This is sequential halving (Karnin, Koren & Somekh 2013), by thirds, with the cells as rounds: each
    point stands for its best checkpoint. Places ascend.
    """
    keep = max(FEWEST_POINTS, -(-len(mean) // 3))
    return np.sort(np.argsort(mean.min(1), kind="stable")[:keep])


def tuned_models(points: int, pauses: tuple[int, ...]) -> int:
    """Return how many models the tuning of an arm trains, with these pauses."""
    total = before = 0
    for pause in pauses:
        total += points * (pause - before)
        before, points = pause, len(kept_after(np.zeros((points, 1))))
    return total


def choose(mean: Float) -> Choice:
    """Return the point and checkpoint of lowest mean inner loss: (m, t)."""
    point, checkpoint = np.unravel_index(int(np.argmin(mean)), mean.shape)
    return Choice(int(point), int(checkpoint))


def choose_at_end(mean: Float) -> Choice:
    """Return the point of lowest mean inner loss at the last checkpoint: the fixed training length."""
    return Choice(int(np.argmin(mean[:, -1])), mean.shape[1] - 1)
