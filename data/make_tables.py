"""Make the sample tables: python data/make_tables.py [FOLDER].

Four are what scikit-learn ships, with a header and the target in the last column. The fifth is the bank of
the article "What are L1, L2 and Elastic Net Regularization in neural networks?" (MachineCurve, 2020): a cubic
with noise, which a wide fit without regularization turns into an oscillation. Nothing is downloaded, and the
same bytes are written every time.
"""

import csv
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine

Row = Sequence[str]
LOANS_SEED = 20200121  # the day of the article
N_LOANS = 60


def diabetes() -> Iterable[Row]:
    """Regression: the progression of diabetes a year on, in the units of the study (unscaled)."""
    bunch = load_diabetes(scaled=False)
    serum = ["total_cholesterol", "ldl", "hdl", "cholesterol_hdl_ratio", "log_triglycerides", "glucose"]
    yield ["age", "sex", "bmi", "blood_pressure", *serum, "progression"]
    yield from rows(bunch.data, bunch.target)


def breast_cancer() -> Iterable[Row]:
    """Two classes given as words: cell nuclei of a tumour, benign or malignant."""
    bunch = load_breast_cancer()
    yield [*(name.replace(" ", "_") for name in bunch.feature_names), "diagnosis"]
    yield from rows(bunch.data, bunch.target_names[bunch.target])


def wine() -> Iterable[Row]:
    """Three classes numbered from 1: the cultivar that a wine was made from."""
    bunch = load_wine()
    yield [*(name.replace("/", "_") for name in bunch.feature_names), "cultivar"]
    yield from rows(bunch.data, bunch.target + 1)


def digits() -> Iterable[Row]:
    """Ten classes, and features that are an entire picture: 8 × 8 pixels from 0 to 16."""
    bunch = load_digits()
    yield [*bunch.feature_names, "digit"]
    yield from rows(bunch.data, bunch.target)


def loans() -> Iterable[Row]:
    """Regression on one feature: weekly cash flow against money lent, in thousands of dollars."""
    rng = np.random.default_rng(LOANS_SEED)
    lent = np.round(5 * rng.beta(0.8, 0.8, N_LOANS), 2)  # few in the middle, where a wide fit runs wild
    x = lent - 2.5
    flow = 1.5 + 2 * x - 0.4 * x**3 + rng.normal(0, 0.9, N_LOANS)
    yield ["amount_lent_kusd", "weekly_cash_flow_kusd"]
    yield from rows(lent[:, None], np.round(flow, 2))


TABLES = {
    "diabetes": diabetes,
    "breast_cancer": breast_cancer,
    "wine": wine,
    "digits": digits,
    "loans": loans,
}


def rows(features: NDArray[np.float64], target: NDArray[np.generic]) -> Iterable[Row]:
    """Features (n, p) and target (n,) as text, a row of the table at a time."""
    for x, y in zip(features.tolist(), target.tolist(), strict=True):
        yield [text(value) for value in (*x, y)]


def text(value: float | str) -> str:
    """Six significant digits, which is more than was measured: one wine has a colour of 9.899999."""
    return value if isinstance(value, str) else f"{value:.6g}"


def write_tables(folder: Path) -> None:
    """Write every table to FOLDER as a comma-separated file with Unix line ends."""
    for name, table in TABLES.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(table())


if __name__ == "__main__":
    write_tables(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
