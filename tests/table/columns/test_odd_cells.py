"""Single values that lie far from all others: mistyped, or a word for missing."""

from pathlib import Path

import numpy as np
import pytest

from regchoose.records.words import Float
from regchoose.settings.options import Settings
from regchoose.table.load import load
from tests.table.writing import csv_of, nobody, write

N = 200


def far(folder: Path, x: Float, y: Float | None = None) -> list[str]:
    """Return what is said of far cells in a table x, y."""
    target = np.random.default_rng(1).normal(size=N) if y is None else y
    rows = [["x", "y"], *([f"{a:.6g}", f"{b:.6g}"] for a, b in zip(x, target, strict=True))]
    table = load(write(folder, csv_of(rows)), Settings(), choose=nobody)
    return [line.partition("data.csv")[2] for line in table.warnings if "from the median" in line]


def normal() -> Float:
    return np.random.default_rng(0).normal(size=N)


@pytest.mark.parametrize("column", ["x", "y"])
def test_one_mistyped_cell_is_named_with_its_row(column: str, tmp_path: Path) -> None:
    values = normal()
    values[70] = 1000
    (said,) = far(tmp_path, values) if column == "x" else far(tmp_path, normal(), values)
    assert said.startswith(":72 holds 1000, ")
    assert said.endswith("as any other value; repair it, or, where it means missing, --na 1000")


def test_a_code_for_missing_is_found_however_often_it_stands_there(tmp_path: Path) -> None:
    values = normal()
    values[40:100] = -999
    values[7] = 9999
    (said,) = far(tmp_path, values)
    assert said.startswith(":9, ")
    assert said.endswith("--na 9999 --na -999")


def test_far_values_of_a_kind_are_no_mistakes(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    ordinary = [
        rng.lognormal(0, 1.5, N),
        np.round(rng.exponential(1, N) ** 2),
        np.where(rng.random(N) < 0.97, 0.0, rng.integers(1, 50, N)),
        rng.standard_t(3, N),
        rng.integers(0, 5, N) * 10.0 ** rng.integers(0, 5, N),
        10.0 ** rng.uniform(-300, 300, N),
    ]
    assert [far(tmp_path, values) for values in ordinary] == [[]] * len(ordinary)
