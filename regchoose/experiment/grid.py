"""The strengths that an arm tries."""

from typing import Literal

import numpy as np

from regchoose.records.experiment import Penalties
from regchoose.records.words import Arm, Float, Int, Task

DECADES = 4  # from the strongest strength to the weakest
FEWEST_POINTS = 3


def alpha_max(task: Task, x: Float, y: Float) -> float:
    """Return the smallest l1 at which every weight of the linear model on (x, y) is zero.

    It is the largest slope of the mean loss at zero weights, with the best intercept.

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

    Strengths fall from `top` over four decades, evenly spaced in their logarithm. Elastic Net tries each of
    them with every alpha: l1 = strength·(1 − alpha), l2 = strength·alpha (the article's alpha; scikit-learn's
    l1_ratio is 1 − alpha).

    Parameters
    ----------
    fixed : pair of float or None
        l1 and l2, where the user has set them.
    """
    levels = top * np.logspace(0, -DECADES, strengths)
    l1_levels = levels if fixed[0] is None else np.array([fixed[0]])
    l2_levels = levels if fixed[1] is None else np.array([fixed[1]])
    if arm == "none":
        return Penalties.single(0.0, 0.0)
    if arm == "l1":
        return Penalties(l1_levels, np.zeros(len(l1_levels)))
    if arm == "l2":
        return Penalties(np.zeros(len(l2_levels)), l2_levels)
    if fixed == (None, None):
        strength, alpha = (part.ravel() for part in np.meshgrid(levels, np.array(alphas)))
        return Penalties(strength * (1 - alpha), strength * alpha)
    l1, l2 = (part.ravel() for part in np.meshgrid(l1_levels, l2_levels))
    return Penalties(l1, l2)


def at_edge(grid: Penalties, point: int) -> Literal["", "strongest", "weakest"]:
    """Return the edge of the grid on which a point lies: "", "strongest" or "weakest".

    A grid of one strength, as when the user has set it, has no edges.
    """
    strength = grid.strength
    if len(np.unique(strength)) < 2:
        return ""
    if np.isclose(strength[point], strength.max()):
        return "strongest"
    return "weakest" if np.isclose(strength[point], strength.min()) else ""


def beyond(grid: Penalties, point: int, *, most_l1: float) -> Penalties:
    """Return the next points beyond the edge of the grid on which `point` lies; none if it lies inside.

    They extend the grid by a decade along the line from the origin through the point, with its own spacing.

    Parameters
    ----------
    most_l1 : float
        The largest l1 that makes sense; infinite where there is no such limit.
    """
    edge, strength = at_edge(grid, point), grid.strength
    levels = np.unique(strength.round(15))
    if not edge or strength[point] == 0:
        return grid[:0]
    ratio = levels[-1] / levels[-2] if edge == "strongest" else levels[0] / levels[1]
    steps = ratio ** np.arange(1, 1 + max(1, round(1 / abs(np.log10(ratio)))))
    steps = steps[grid.l1[point] * steps <= most_l1]
    return Penalties(grid.l1[point] * steps, grid.l2[point] * steps)


def grid_order(grid: Penalties) -> Int:
    """Return the indices that sort the points as `make_grid` does: alpha by alpha, from strong to weak."""
    return np.lexsort((-grid.strength, grid.alpha.round(9)))
