"""Choosing a point and a checkpoint by their losses in the cells, and when points are dropped from the race.

The loss of a cell is averaged with those of neighbouring checkpoints, and a point counts by its mean over the
cells plus one standard error: on 16 real tables of 200 to 1,000 rows this halved the regret of the lowest
mean (tests/benchmarks/README.md).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regchoose.experiment.design import Layout, count_first_cells
from regchoose.experiment.grid import FEWEST_POINTS
from regchoose.records.words import Float, Int

Bool = NDArray[np.bool_]

WIDTH = 1.0  # standard deviation of the average over neighbouring checkpoints, which lie evenly in log epochs
ERRORS = 1.0  # standard errors that are added to the mean
LEAST = 1e-30  # loss whose logarithm is taken


@dataclass(frozen=True)
class Choice:
    """A point of the grid and a checkpoint, by their indices."""

    point: int
    checkpoint: int


def score_points(losses: Float, tried: Bool) -> Float:
    """Return the criterion of each point and checkpoint, the lower the better: (c, m, t) -> (m, t).

    It is the mean over the cells of the losses, each averaged geometrically with those of neighbouring
    checkpoints, plus a standard error over the cells of the losses themselves. A point that failed in at
    least half of the cells in which it was tried has an infinite one.

    Parameters
    ----------
    losses : ndarray (c, m, t)
        NaN where a model failed or none was trained.
    tried : ndarray of bool (c, m)
        Where a model was trained.
    """
    good = np.isfinite(losses).all(2) & tried
    count = good.sum(0)
    known = np.where(good[:, :, None], losses, 0.0)
    divisor = np.maximum(count, 1)[:, None]
    smooth = np.where(good[:, :, None], smooth_checkpoints(np.where(good[:, :, None], losses, 1.0)), 0.0)
    deviations = np.where(good[:, :, None], known - known.sum(0) / divisor, 0.0)
    variance = np.square(deviations).sum(0) / np.maximum(count - 1, 1)[:, None]
    criterion = smooth.sum(0) / divisor + ERRORS * np.sqrt(variance / divisor)
    return np.where((2 * count > tried.sum(0))[:, None], criterion, np.inf)


def smooth_checkpoints(losses: Float) -> Float:
    """Average losses (…, t) geometrically with those of neighbouring checkpoints, by a Gaussian."""
    place = np.arange(losses.shape[-1])
    weights = np.exp(-0.5 * np.square((place[:, None] - place) / WIDTH))
    smooth: Float = np.exp(np.log(np.maximum(losses, LEAST)) @ (weights / weights.sum(0)))
    return smooth


def race_stops(layout: Layout, *, cells: int, folds: int) -> tuple[int, ...]:
    """Return after how many cells the worst points are dropped; the last number is that of all cells.

    All points are tried in the first cells, the better ones in twice as many, and the best of these in all.

    Parameters
    ----------
    cells : int
        The number of all cells.
    folds : int
        Cells of a repeat.
    """
    first = count_first_cells(layout, folds=folds)
    return (*(stop for stop in (first, 2 * first) if stop < cells), cells)


def best_third(criterion: Float) -> Int:
    """Return the ascending indices of the best third of the points, at least three: (m,) -> (k,).

    This is sequential halving (Karnin, Koren & Somekh 2013), by thirds and with cells as rounds.
    """
    keep = max(FEWEST_POINTS, -(-len(criterion) // 3))
    return np.sort(np.argsort(criterion, kind="stable")[:keep])


def count_models(points: int, stops: tuple[int, ...]) -> int:
    """Return how many models an arm trains, if points are dropped at these stops."""
    total = before = 0
    for stop in stops:
        total += points * (stop - before)
        before, points = stop, len(best_third(np.zeros(points)))
    return total


def choose(criterion: Float) -> Choice:
    """Return the point and checkpoint of the lowest criterion: (m, t)."""
    point, checkpoint = np.unravel_index(int(np.argmin(criterion)), criterion.shape)
    return Choice(int(point), int(checkpoint))


def choose_at_end(criterion: Float) -> Choice:
    """Return the point of the lowest criterion at the last checkpoint: the fixed training length."""
    return Choice(int(np.argmin(criterion[:, -1])), criterion.shape[1] - 1)
