"""The sample tables are what their script makes, and are good for what they are meant to show."""

import csv
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

DATA = Path(__file__).parents[1] / "data"
SHAPES = {  # rows, columns, the target's name
    "breast_cancer.csv": (569, 31, "diagnosis"),
    "diabetes.csv": (442, 11, "progression"),
    "digits.csv": (1797, 65, "digit"),
    "loans.csv": (60, 2, "weekly_cash_flow_kusd"),
    "wine.csv": (178, 14, "cultivar"),
}
TARGET_NAMES = {"target", "label", "class", "y", "outcome"}  # taken before the last column


def read(name: str) -> tuple[list[str], list[list[str]]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    return header, rows


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tables")
    script: dict[str, Any] = runpy.run_path(str(DATA / "make_tables.py"))
    script["write_tables"](folder)
    return folder


def test_the_folder_holds_the_tables_and_no_others(made: Path) -> None:
    names = sorted(SHAPES)

    assert [path.name for path in sorted(made.iterdir())] == names
    assert [path.name for path in sorted(DATA.glob("*.csv"))] == names


@pytest.mark.parametrize("name", SHAPES)
def test_the_script_makes_the_same_bytes(made: Path, name: str) -> None:
    assert (made / name).read_bytes() == (DATA / name).read_bytes()


@pytest.mark.parametrize("name", SHAPES)
def test_shape_and_target(name: str) -> None:
    header, rows = read(name)
    n_rows, n_columns, target = SHAPES[name]

    assert (len(rows), len(header), header[-1]) == (n_rows, n_columns, target)
    assert {len(row) for row in rows} == {n_columns}
    assert len(set(header)) == n_columns
    assert not TARGET_NAMES & {column.lower() for column in header}
    assert all(value for row in rows for value in row)


@pytest.mark.parametrize(
    ("name", "classes"),
    [
        ("breast_cancer.csv", {"benign", "malignant"}),
        ("wine.csv", {"1", "2", "3"}),
        ("digits.csv", {str(digit) for digit in range(10)}),
    ],
)
def test_classes(name: str, classes: set[str]) -> None:
    assert {row[-1] for row in read(name)[1]} == classes


@pytest.mark.parametrize("name", SHAPES)
def test_numbers_have_no_noise_digits(name: str) -> None:
    values = [value for row in read(name)[1] for value in row if value not in ("benign", "malignant")]

    assert max(len(value.replace(".", "").strip("-0")) for value in values) <= 6
    assert not any("e" in value or value.endswith(".0") for value in values)


# ---- the bank ---------------------------------------------------------------------------------------


def turning_points(model: Any) -> int:
    """How often a polynomial of degree 20, fitted to the loans, turns between the least and the most lent."""
    table: NDArray[np.float64] = np.array(read("loans.csv")[1], dtype=float)
    lent, flow = table[:, :1], table[:, 1]
    wide = PolynomialFeatures(20, include_bias=False)
    fit = make_pipeline(StandardScaler(), wide, StandardScaler(), model).fit(lent, flow)
    curve = fit.predict(np.linspace(lent.min(), lent.max(), 500)[:, None])
    return int(np.sum(np.diff(np.sign(np.diff(curve))) != 0))


def test_a_wide_fit_of_the_loans_oscillates() -> None:
    assert turning_points(LinearRegression()) >= 8


def test_a_regularized_wide_fit_of_the_loans_turns_as_a_cubic_does() -> None:
    assert turning_points(Ridge(0.1)) == 2
