"""Columns that give the target away."""

from collections.abc import Sequence

import numpy as np

from regchoose.errors import PhraseLike, setting
from regchoose.records.table import Column
from regchoose.records.words import Float
from regchoose.table.columns.roles import FEWEST

NEARLY_ONE = 0.999


def find_leakage(
    columns: Sequence[Column], features: Float, target: Float, *, n_classes: int
) -> dict[str, PhraseLike]:
    """Return a warning, by name, of each column that equals the target, recodes it, or has |r| > .999.

    Parameters
    ----------
    columns : sequence of Column
        Those of the table; p of them are used.
    features : array of shape (n, p)
        The values of these; NaN is missing.
    target : array of shape (n,)
        Numbers, or class codes.
    n_classes : int
        0 for a regression.
    """
    warnings: dict[str, PhraseLike] = {}
    for column, values in zip((one for one in columns if one.used), features.T, strict=True):
        said = _leak(column, values, target, n_classes)
        if said is not None:
            warnings[column.name] = (
                f"LEAKAGE? column {column.name!r} {said}: leave it out with "
                + setting(exclude=[column.name])
                + " unless it is known when predicting"
            )
    return warnings


def _leak(column: Column, values: Float, target: Float, n_classes: int) -> str | None:
    present = ~np.isnan(values)
    x, y = values[present], target[present]
    if len(x) < FEWEST or x.min() == x.max() or y.min() == y.max():
        return None
    if np.array_equal(x, y) and column.role == "numeric":
        return "equals the target"
    if n_classes and _one_to_one(x, y):
        return "is the target in other words (one value for each class)"
    if column.role == "category" or n_classes > 2:
        return None  # codes have no order, so no correlation
    r = _correlation(x, y)
    return f"follows the target (r = {r:.4f})" if abs(r) > NEARLY_ONE else None


def _one_to_one(x: Float, y: Float) -> bool:
    values, classes = np.unique(x), np.unique(y)
    if len(values) != len(classes):
        return False
    pairs = np.searchsorted(values, x) * len(classes) + np.searchsorted(classes, y)
    return len(np.unique(pairs)) == len(classes)


def _correlation(x: Float, y: Float) -> float:
    # Scaled first, so that 1e300 squared does not overflow.
    x, y = (values / np.abs(values).max() for values in (x, y))
    x, y = x - x.mean(), y - y.mean()
    size = float(np.sqrt((x @ x) * (y @ y)))
    return float(x @ y) / size if size > 0 else 0.0
