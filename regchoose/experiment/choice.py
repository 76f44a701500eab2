"""Choosing a point and a checkpoint by the inner losses, and when points are dropped from the race."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regchoose.experiment.grid import FEWEST_POINTS
from regchoose.records.words import Float, Int

Bool = NDArray[np.bool_]

ENOUGH_ROWS = 500  # inner rows, over the cells, that suffice to drop a point


@dataclass(frozen=True)
class Choice:
    """A point of the grid and a checkpoint, by their indices."""

    point: int
    checkpoint: int


def mean_inner_loss(inner: Float, good: Bool, *, tried: Bool) -> Float:
    """Average the inner losses over the cells in which a model did not fail: (c, m, t) -> (m, t).

    The mean of a point that failed in at least half of the cells in which it was tried is infinite.

    Parameters
    ----------
    good, tried : ndarray of bool (c, m)
        Where a model was trained and did not fail, and where one was trained.
    """
    total = np.where(good[:, :, None], inner, 0.0).sum(0)
    mean = total / np.maximum(good.sum(0), 1)[:, None]
    return np.where((2 * good.sum(0) > tried.sum(0))[:, None], mean, np.inf)


def race_stops(cells: int, *, folds: int, rows: int) -> tuple[int, ...]:
    """Return after how many cells the worst points are dropped; the last number is that of all cells.

    Points are first dropped when `ENOUGH_ROWS` inner rows have judged them (in two cells at least, and at the
    latest after the first repeat), and then each time the number of cells has doubled. With fewer rows good
    points are lost: on tables of 60 to 200 rows, two cells of some 20 inner rows dropped points that would
    have won.

    Parameters
    ----------
    folds : int
        Cells of a repeat.
    rows : int
        Inner rows of a cell.
    """
    stop = min(folds, max(2, -(-ENOUGH_ROWS // rows)))
    stops = []
    while stop < cells and 3 * stop <= 2 * max(cells, folds):
        stops.append(stop)
        stop *= 2
    return (*stops, cells)


def best_third(mean: Float) -> Int:
    """Return the ascending indices of the best third of the points, at least three: (m, t) -> (k,).

    Each point counts by its best checkpoint. This is sequential halving (Karnin, Koren & Somekh 2013), by
    thirds and with cells as rounds.
    """
    keep = max(FEWEST_POINTS, -(-len(mean) // 3))
    return np.sort(np.argsort(mean.min(1), kind="stable")[:keep])


def count_tuned_models(points: int, stops: tuple[int, ...]) -> int:
    """Return how many models the tuning of an arm trains, if points are dropped at these stops."""
    total = before = 0
    for stop in stops:
        total += points * (stop - before)
        before, points = stop, len(best_third(np.zeros((points, 1))))
    return total


def choose(mean: Float) -> Choice:
    """Return the point and checkpoint of lowest mean inner loss: (m, t)."""
    point, checkpoint = np.unravel_index(int(np.argmin(mean)), mean.shape)
    return Choice(int(point), int(checkpoint))


def choose_at_end(mean: Float) -> Choice:
    """Return the point of lowest mean inner loss at the last checkpoint: the fixed training length."""
    return Choice(int(np.argmin(mean[:, -1])), mean.shape[1] - 1)
