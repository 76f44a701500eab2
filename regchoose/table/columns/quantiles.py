"""Quantiles of columns with gaps, and where outermost values are cut."""

from collections.abc import Sequence

import numpy as np

from regchoose.records.words import Float

WINSOR = (0.005, 0.995)  # shares of the values at which a column is cut
PILOT_ROWS = 200_000  # rows that suffice for quantiles


def quantiles(x: Float, shares: Sequence[float]) -> Float:
    """Return the quantiles (len(shares), p) of the columns of x (n, p), without their missing values.

    One sort serves all; a column without values has quantiles 0.
    """
    ordered = np.sort(x.T, axis=1)  # NaN come last
    count = (~np.isnan(ordered)).sum(axis=1)
    place = np.asarray(shares)[:, None] * np.maximum(count - 1, 0)
    below = np.floor(place).astype(np.int64)
    above = np.minimum(below + 1, np.maximum(count - 1, 0))
    columns = np.arange(x.shape[1])
    low, high = ordered[columns, below], ordered[columns, above]
    return np.where(count > 0, low + (place - below) * (high - low), 0.0)


def find_cuts(x: Float) -> tuple[Float, Float]:
    """Return where the columns of x (n, p) are cut, and how wide they then are, in quarters of their unit.

    The width of a constant is infinite.
    """
    pilot = x
    if len(x) > PILOT_ROWS:
        pilot = x[np.random.default_rng(0).choice(len(x), PILOT_ROWS, replace=False)]
    low, high, least, most = quantiles(pilot / 4, (*WINSOR, 0.0, 1.0))  # quarters: no difference overflows
    rare = high <= low  # nearly all values alike: the others are all there is to see
    low, high = np.where(rare, least, low), np.where(rare, most, high)
    return low, np.where(high > low, high - low, np.inf)


def winsorize(x: Float, low: Float, width: Float) -> Float:
    """Map the columns of x (n, p) onto [0, 1], cutting their outermost values; constants become 0."""
    high = low + np.where(np.isfinite(width), width, 0.0)
    with np.errstate(over="ignore", invalid="ignore"):
        unit: Float = (np.clip(x / 4, low, high) - low) / width
    return unit
