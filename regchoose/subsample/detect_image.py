"""Whether columns are the pixels of a picture or the points of a signal."""

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from regchoose.records.table import Table
from regchoose.records.words import Float, Int
from regchoose.subsample.association import standardize

FEWEST = 16  # columns
FAMILY = 0.8  # share of the used columns that must belong to it
SPANNING = 0.5  # share of the columns that must span a quarter of the common range
ALIKE, CLOSER = 0.25, 1.5  # mean |r| of neighbours, and by what factor it exceeds that of others
STRANGERS = 2_000  # random pairs that neighbours are compared with


@dataclass(frozen=True)
class DetectedImage:
    """Columns that lie side by side in space or time."""

    kind: Literal["pixels", "signal"]
    first: str
    last: str
    columns: int
    neighbours: float  # mean |r|
    strangers: float  # mean |r| of random pairs


def detect_image(table: Table, rows: Int) -> DetectedImage | None:
    """Look for columns of one range whose names count up and that resemble their neighbours.

    The range is shared where most columns span a quarter of it; a table without header has names that
    count up as well, so neighbours must be distinctly more alike than other columns.
    """
    family = _family(table)
    if len(family) < max(FEWEST, FAMILY * len(table.used)):
        return None
    values = table.features[rows][:, family]
    low, high = np.nanmin(values, axis=0, initial=np.inf), np.nanmax(values, axis=0, initial=-np.inf)
    with np.errstate(over="ignore", invalid="ignore"):
        spans = high - low >= 0.25 * (high.max() - low.min())
    if not np.isfinite(values[~np.isnan(values)]).all() or spans.mean() < SPANNING:
        return None
    neighbours, strangers = _resemblance(values)
    if neighbours < max(ALIKE, CLOSER * strangers):
        return None
    used = table.used
    names = [used[j].name for j in family]
    gray = bool((low.min() == 0) and (low == 0).mean() > 0.5 and (values % 1 == 0).mean() > 0.9)
    grid = all(len(_numbers(name)) == 2 for name in names) or "pix" in names[0].lower()
    kind: Literal["pixels", "signal"] = "pixels" if grid or gray else "signal"
    return DetectedImage(kind, names[0], names[-1], len(family), neighbours, strangers)


def _numbers(name: str) -> tuple[int, ...]:
    return tuple(int(digits) for digits in re.findall(r"\d+", name))


def _family(table: Table) -> list[int]:
    """Return the numeric columns that share the commonest name apart from digits, if these count up."""
    used = table.used
    stems: dict[str, list[int]] = {}
    for j, column in enumerate(used):
        if column.role == "numeric" and _numbers(column.name):
            stems.setdefault(re.sub(r"\d+", "#", column.name), []).append(j)
    family = max(stems.values(), key=len, default=[])
    numbers = [_numbers(used[j].name) for j in family]
    return family if all(a < b for a, b in pairwise(numbers)) else []


def _resemblance(values: Float) -> tuple[float, float]:
    """Return the mean |r| of neighbouring columns of values (n, p), and that of random pairs."""
    known = ~np.isnan(values)
    scale = np.maximum(np.abs(np.where(known, values, 0.0)).max(), 1e-300)
    means = np.where(known, values / scale, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    z = standardize(np.where(known, values / scale, means))
    n, p = z.shape
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, p, STRANGERS), rng.integers(0, p, STRANGERS)
    apart = np.abs(a - b) > 1
    left, right = (z[:, side[apart]] for side in (a, b))
    strangers = np.abs(np.einsum("np,np->p", left, right) / n).mean()
    return float(np.abs(np.einsum("np,np->p", z[:, 1:], z[:, :-1]) / n).mean()), float(strangers)
