"""Large tables for the study of the subsample: a file of 20 columns, and ten families in memory."""

from pathlib import Path

import duckdb
import numpy as np
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from regchoose.encoding.encoder import Encoder
from regchoose.records.table import Table
from regchoose.records.words import Float, Int
from regchoose.subsample.moments import to_coordinates
from tests.table.tables import table as to_table

EVEN = "(hash(i * 64 + {j}) / 18446744073709551616.0)"
FAMILIES = (
    *("normal", "skewed", "heavy tails", "correlated", "categories", "missing"),
    *("rare class", "many classes", "zeros", "mixed"),
)


def write_large(path: Path, rows: int) -> None:
    """Write a CSV file of 20 columns: 17 of numbers, two of text, and a class."""
    terms = [f"round({EVEN.format(j=j)} * 10 - 5, {3 + j % 3}) AS x{j}" for j in range(13)]
    terms += [
        f"round(exp(4 * {EVEN.format(j=31)}), 2) AS skew",
        "CASE WHEN hash(i * 64 + 32) % 20 > 0 THEN (hash(i * 64 + 33) % 1000)::INT END AS gap",
        "(hash(i * 64 + 34) % 50)::INT AS count",
        f"round(floor({EVEN.format(j=35)} * 9) / 4, 2) AS step",
        "'level' || hash(i * 64 + 36) % 5 AS level",
        "'code' || hash(i * 64 + 37) % 200 AS code",
        "CASE WHEN hash(i * 64 + 38) % 100 < 3 THEN 'yes' ELSE 'no' END AS y",
    ]
    with duckdb.connect(config={"memory_limit": "900MB"}) as connection:
        connection.execute(f"COPY (SELECT {', '.join(terms)} FROM range({rows}) t(i)) TO '{path}' (HEADER)")


def family(name: str, rows: int) -> Table:
    """Return one of the ten tables."""
    rng = np.random.default_rng(FAMILIES.index(name))
    x = rng.normal(size=(rows, 6))
    levels: dict[int, int] = {}
    if name == "skewed":
        x = np.exp(x)
    elif name == "heavy tails":
        x = rng.standard_t(2.5, size=x.shape)
    elif name == "correlated":
        x += 3 * rng.normal(size=(rows, 1))
    elif name == "zeros":
        x *= rng.random(x.shape) < 0.1
    signal = np.tanh(x) @ np.linspace(1, 0.2, 6) + rng.normal(size=rows)
    if name in ("categories", "mixed"):
        codes = np.column_stack(
            [rng.integers(0, 3, rows), rng.choice(8, rows, p=[0.3] * 2 + [0.0666667] * 5 + [0.0666665])]
        )
        signal += codes[:, 0]
        x, levels = np.hstack([x, codes]), {6: 3, 7: 8}
    if name in ("missing", "mixed"):
        x[:, :3][rng.random((rows, 3)) < [0.02, 0.2, 0.5]] = np.nan
    if name == "mixed":
        x[:, 4] = np.exp(x[:, 4])
    if name == "rare class":
        return to_table(x, (signal > np.quantile(signal, 0.98)).astype(float), task="binary", levels=levels)
    if name == "many classes":
        cuts = np.quantile(signal, [0.4, 0.6, 0.75, 0.85, 0.93, 0.98])
        return to_table(x, np.digitize(signal, cuts).astype(float), task="multiclass", levels=levels)
    return to_table(x, signal, levels=levels)


def largest_smd(table: Table, rows: Int) -> float:
    """Return the largest standardized difference of a mean: of numbers cut as in the proof, and of levels."""
    at = to_coordinates(table)
    gaps = np.abs(np.nanmean(at.numbers[rows], axis=0) - at.moments.mean) / np.maximum(at.moments.sd, 1e-12)
    return float(gaps[at.moments.sd > 0].max())


def ridge_error(table: Table, rows: Int) -> float:
    """Return the cross-validated squared error, on rows, of a linear model of the target's number."""
    x, y = _encoded(table, rows)
    model = make_pipeline(StandardScaler(), Ridge(1.0))
    folds = KFold(5, shuffle=True, random_state=0)
    return float(-cross_val_score(model, x, y, cv=folds, scoring="neg_mean_squared_error").mean())


def _encoded(table: Table, rows: Int) -> tuple[Float, Float]:
    x, _ = Encoder.fit(table, rows).transform(table, rows)
    return x, table.target[rows]
