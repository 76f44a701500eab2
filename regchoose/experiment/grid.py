"""Which strengths are tried, and which is chosen, on the inner parts alone."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regchoose.records.experiment import Penalties
from regchoose.records.words import Arm, Float, Int, Task

Bool = NDArray[np.bool_]
DECADES = 4  # from the strongest strength to the weakest
FEWEST_POINTS = 3
JUDGES = 500  # inner rows, over cells, that may drop a point
SPARSE = 0.5  # share of nonzero weights under which a fit counts as sparse


def strongest(task: Task, x: Float, y: Float) -> float:
    """Return the l1 at which every weight of the linear model on (x, y) is zero.

    The largest slope of the mean loss at zero weights, with the intercept at its best.

    Parameters
    ----------
    x, y : ndarray (n, d), (n,)
        Encoded rows.
    """
    centered = x - x.mean(0)
    if task == "regression":
        return float(2 * np.abs(centered.T @ y).max() / len(y))
    classes = y[:, None] == np.unique(y)
    return float(np.abs(centered.T @ classes).max() / len(y))


def make_grid(
    arm: Arm,
    *,
    top: float,
    strengths: int,
    alphas: tuple[float, ...],
    fixed: tuple[float | None, float | None] = (None, None),
) -> Penalties:
    """Return the points that an arm tries.

    Strengths fall from `top` over four decades, evenly in their logarithm. Elastic Net takes every mix:
    l1 = strength·(1 − alpha), l2 = strength·alpha (the article's alpha; scikit-learn's l1_ratio is its
    reverse).

    Parameters
    ----------
    fixed : pair of float or None
        l1 and l2 where the user set them.
    """
    levels = top * np.logspace(0, -DECADES, strengths)
    none = np.zeros(1)
    l1_levels = levels if fixed[0] is None else np.array([fixed[0]])
    l2_levels = levels if fixed[1] is None else np.array([fixed[1]])
    if arm == "none":
        return Penalties(none, none)
    if arm == "l1":
        return Penalties(l1_levels, np.zeros(len(l1_levels)))
    if arm == "l2":
        return Penalties(np.zeros(len(l2_levels)), l2_levels)
    if fixed == (None, None):
        strength, alpha = (part.ravel() for part in np.meshgrid(levels, np.array(alphas)))
        return Penalties(strength * (1 - alpha), strength * alpha)
    l1, l2 = (part.ravel() for part in np.meshgrid(l1_levels, l2_levels))
    return Penalties(l1, l2)


def subset(penalties: Penalties, places: Int) -> Penalties:
    """Return some of the points, in the order given."""
    return Penalties(penalties.l1[places], penalties.l2[places])


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


def at_edge(grid: Penalties, point: int) -> str:
    """Say at which edge of its grid a point lies: "", "strongest" or "weakest".

    A single point, as under a strength that the user set, has no edge.
    """
    total = grid.l1 + grid.l2
    if len(np.unique(total)) < 2:
        return ""
    if np.isclose(total[point], total.max()):
        return "strongest"
    return "weakest" if np.isclose(total[point], total.min()) else ""


def beyond(grid: Penalties, point: int, *, most_l1: float) -> Penalties:
    """Return the next points beyond an edge of the grid on which `point` lies; none where it lies inside.

    They go on by a decade along the line from the origin through the point, in the grid's own steps.

    Parameters
    ----------
    most_l1 : float
        The strongest l1 that makes sense; infinite where there is none.
    """
    edge, total = at_edge(grid, point), grid.l1 + grid.l2
    levels = np.unique(total.round(15))
    if not edge or total[point] == 0:
        return subset(grid, np.array([], dtype=np.int64))
    ratio = levels[-1] / levels[-2] if edge == "strongest" else levels[0] / levels[1]
    steps = ratio ** np.arange(1, 1 + max(1, round(1 / abs(np.log10(ratio)))))
    steps = steps[grid.l1[point] * steps <= most_l1]
    return Penalties(grid.l1[point] * steps, grid.l2[point] * steps)


def joined(first: Penalties, second: Penalties) -> Penalties:
    """Return the points of both."""
    return Penalties(np.concatenate([first.l1, second.l1]), np.concatenate([first.l2, second.l2]))


def in_order(grid: Penalties) -> Int:
    """Return the places of the points in the order of `make_grid`: mix by mix, from strong to weak."""
    total = grid.l1 + grid.l2
    mix = np.divide(grid.l2, total, out=np.zeros(len(total)), where=total > 0)
    return np.lexsort((-total, mix.round(9)))


def to_size(
    nonzero_share: float, rows: int, *, of: int, exponent: float | None = None
) -> tuple[float, float]:
    """Return the factors by which l1 and l2 move from models trained on `rows` rows to `of` rows.

    l2 by rows/of; l1 by (rows/of)^γ with γ = ½ where the fit is sparse and 1 where it is dense.

    Parameters
    ----------
    exponent : float, optional
        γ, where it was measured.
    """
    ratio = rows / of
    expected = 0.5 if nonzero_share < SPARSE else 1.0
    return ratio ** (expected if exponent is None else exponent), ratio
