"""Small tables for the tests, built from arrays."""

from collections.abc import Sequence

import numpy as np

from regchoose.records.table import Column, Dialect, Table
from regchoose.records.words import Float, Task

DIALECT = Dialect("csv", ",", '"', "utf-8", None, True, ".", "comma")


def table(
    features: Float,
    target: Float,
    *,
    task: Task = "regression",
    levels: dict[int, int] | None = None,
    names: Sequence[str] = (),
) -> Table:
    """A table of `features` (n, p); column j is a category of `levels[j]` levels where that is given."""
    counts = levels or {}
    columns = tuple(
        Column(
            names[j] if names else f"x{j}",
            "category" if j in counts else "numeric",
            "text" if j in counts else "number",
            "test",
            tuple(f"v{level}" for level in range(counts.get(j, 0))),
            int(np.isnan(features[:, j]).sum()),
        )
        for j in range(features.shape[1])
    )
    classes = () if task == "regression" else tuple(f"k{code}" for code in range(int(target.max()) + 1))
    return Table(
        "test.csv",
        DIALECT,
        (*columns, Column("y", "target", "number", "test")),
        np.asarray(features, dtype=np.float64),
        np.asarray(target, dtype=np.float64),
        "y",
        "test",
        task,
        "test",
        classes,
    )


def mixed(n: int, *, task: Task = "regression", seed: int = 0) -> Table:
    """Six columns: two plain numbers, one skewed, one with gaps, two categories; a target of them."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 4))
    x[:, 2] = np.exp(x[:, 2])
    score = x[:, 0] - x[:, 1] + 0.3 * x[:, 2] + rng.normal(size=n)
    x[rng.random(n) < 0.1, 3] = np.nan
    codes = np.column_stack([rng.integers(0, 2, n), rng.choice(5, n, p=[0.4, 0.3, 0.2, 0.05, 0.05])])
    target = score if task == "regression" else np.digitize(score, [1.5] if task == "binary" else [0, 3])
    return table(np.column_stack([x, codes]), np.asarray(target, float), task=task, levels={4: 2, 5: 5})
