"""Which strengths are tried, and which is chosen, on the inner parts alone."""

from typing import Literal

import numpy as np

from regchoose.records.experiment import Penalties
from regchoose.records.words import Arm, Float, Int, Task

DECADES = 4  # from the alpha_max strength to the weakest
FEWEST_POINTS = 3
SPARSE = 0.5  # share of nonzero weights under which a fit counts as sparse


def alpha_max(task: Task, x: Float, y: Float) -> float:
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


def at_edge(grid: Penalties, point: int) -> Literal["", "strongest", "weakest"]:
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
        The alpha_max l1 that makes sense; infinite where there is none.
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
