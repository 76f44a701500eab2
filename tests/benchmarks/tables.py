"""Synthetic tables: as arrays for every contender, and as a `Table` for an experiment."""

from dataclasses import dataclass

import numpy as np

from regchoose.records.table import Column, Dialect, Table
from regchoose.records.words import Float, Task

FRESH = 4_000  # rows of the same law that nobody trains on


@dataclass(frozen=True)
class Sheet:
    """Rows to train on and fresh ones: (n, d), (n,), (FRESH, d), (FRESH,).

    The target of a regression is standardized, that of a classification is 0 or 1.
    """

    task: Task
    x: Float
    y: Float
    fresh_x: Float
    fresh_y: Float


def make_sheet(task: Task, n: int, d: int, *, seed: int) -> Sheet:
    """Draw correlated features of which a third matter, some through a product, under noise.

    Numbers are rounded to float32, so that no contender sees more digits than another.
    """
    rng = np.random.default_rng(seed)
    common = rng.standard_normal((n + FRESH, 1))
    x = (0.5 * common + np.sqrt(0.75) * rng.standard_normal((n + FRESH, d))).astype(np.float32)
    slopes = np.where(np.arange(d) < max(2, d // 3), rng.standard_normal(d), 0.0)
    signal = x @ slopes / np.linalg.norm(slopes) + 0.5 * x[:, 0] * x[:, 1]
    noisy = signal + 0.8 * rng.standard_normal(n + FRESH)
    y = (noisy - noisy.mean()) / noisy.std() if task == "regression" else noisy > np.median(noisy)
    y = y.astype(np.float32).astype(np.float64)
    return Sheet(task, x[:n].astype(np.float64), y[:n], x[n:].astype(np.float64), y[n:])


def as_table(sheet: Sheet) -> Table:
    """Return the training rows as if they had been read from a file."""
    names = [f"x{feature}" for feature in range(sheet.x.shape[1])]
    columns = tuple(Column(name, "numeric", "number", "it holds numbers") for name in names)
    dialect = Dialect("csv", ",", None, "utf-8", None, header=True, decimal=".", found="comma-separated")
    return Table(
        "synthetic.csv",
        dialect,
        (*columns, Column("y", "target", "number", "it is named")),
        sheet.x,
        sheet.y,
        "y",
        "it is named",
        sheet.task,
        "it was made so",
        () if sheet.task == "regression" else ("0", "1"),
    )
