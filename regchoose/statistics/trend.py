"""How a gain and a strength change with the number of rows."""

from dataclasses import dataclass

import numpy as np

from regchoose.records.experiment import Penalties
from regchoose.records.words import Float, Int

LIMITS = (0.5, 1.0)  # the exponents of l1 for sparse and for dense fits


@dataclass(frozen=True)
class Trend:
    """A gain, extrapolated to more rows.

    Parameters
    ----------
    at_full_size : float
        The gain expected with all rows, between 0 and the last measured one.
    exponent : float
        In gain ∝ rows^−exponent; 0 where the gain does not fall.
    """

    at_full_size: float
    exponent: float


def extrapolate_gain(rows: Int, gains: Float, *, of: int) -> Trend:
    """Extrapolate gains (q,), measured at `rows` (q,) in ascending order, to `of` rows.

    By least squares of log gain on log rows. Regularization gains less with more rows, so a rising line is
    taken as level. Where a gain is not positive, the last one (or zero if it is negative) is taken for all.
    """
    last = max(float(gains[-1]), 0.0)
    if (gains <= 0).any():
        return Trend(last, 0.0)
    slope = float(np.polyfit(np.log(rows), np.log(gains), 1)[0])
    exponent = max(-slope, 0.0)
    return Trend(last * float((of / rows[-1]) ** -exponent), exponent)


def l1_exponent(rows: Int, strengths: Float) -> float:
    """Return γ of strength ∝ rows^−γ, by least squares, kept between its limits ½ and 1.

    On a table of thousands of rows the grid's steps leave γ uncertain by some tenths. The limits are its
    theoretical values for sparse and for dense fits.
    """
    slope = float(np.polyfit(np.log(rows), np.log(strengths), 1)[0])
    return float(np.clip(-slope, *LIMITS))


def refine_l1(grid: Penalties, loss: Float, point: int) -> tuple[float, bool]:
    """Return the best l1 between the points of the grid, and whether it lies inside.

    It is the minimum of a parabola through the losses of the chosen point and its two neighbours of the same
    alpha, against the logarithm of the strength.

    Parameters
    ----------
    loss : ndarray (m, t)
        Of each point, at each checkpoint; the best one counts.
    """
    strength, alpha = grid.strength, grid.alpha
    same = np.flatnonzero(np.isclose(alpha, alpha[point]))
    same = same[np.argsort(strength[same])]
    place = int(np.flatnonzero(same == point)[0])
    chosen = float(grid.l1[point])
    if place in (0, len(same) - 1):
        return chosen, False
    three = same[place - 1 : place + 2]
    x, y = np.log(strength[three]), loss[three].min(1)
    if not np.isfinite(y).all():
        return chosen, True  # a neighbour was hopeless, so the best lies near this point
    bend, slope, _ = np.polyfit(x - x[1], y, 2)
    shift = float(np.clip(-slope / (2 * bend), x[0] - x[1], x[2] - x[1])) if bend > 0 else 0.0
    return chosen * float(np.exp(shift)), True
