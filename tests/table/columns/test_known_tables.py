"""Roles, target and task of the sample tables and of those of other tests, held against a written truth.

The truth is what a careful person takes each column for, not what was once found.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from regchoose.records.table import Role
from regchoose.settings.options import Settings
from regchoose.table.load import load
from tests.export import test_reading as exported
from tests.export.tables import write_table
from tests.refit.fits import table as fitted_table
from tests.run.test_walk_chart import write as walked_table
from tests.table.pollution.clean import Dialect, Rows, clean_table
from tests.table.pollution.file_level import order_book
from tests.table.writing import nobody, write

DATA = Path(__file__).parents[3] / "data"
Make = Callable[[Path], tuple[Path, Settings]]


@dataclass(frozen=True)
class Truth:
    """What a table is: the target, the task, and the columns that are not plain numbers."""

    target: str
    task: str
    others: dict[str, Role] = field(default_factory=dict)


def sample(name: str) -> Make:
    return lambda _: (DATA / name, Settings())


def rows(table: Callable[[], Rows]) -> Make:
    return lambda folder: (Path(write(folder, Dialect().dump(table()))), Settings())


def wide(folder: Path) -> tuple[Path, Settings]:
    """A column of each kind, in Parquet."""
    exported.write_kinds(folder / "t.parquet", "parquet", gaps=True)
    return folder / "t.parquet", Settings()


def with_an_id(folder: Path) -> tuple[Path, Settings]:
    write_table(folder / "t.csv", task="regression")
    return folder / "t.csv", Settings()


PERSONS: dict[str, Role] = {"id": "id", "town": "category", "member": "category", "day": "date"}
KNOWN: dict[str, tuple[Make, Truth]] = {
    "breast cancer": (sample("breast_cancer.csv"), Truth("diagnosis", "binary")),
    "diabetes": (sample("diabetes.csv"), Truth("progression", "regression")),
    "digits": (  # three pixels are white in every image
        sample("digits.csv"),
        Truth(
            "digit",
            "multiclass",
            {"pixel_0_0": "constant", "pixel_4_0": "constant", "pixel_4_7": "constant"},
        ),
    ),
    "loans": (sample("loans.csv"), Truth("weekly_cash_flow_kusd", "regression")),
    "wine": (sample("wine.csv"), Truth("cultivar", "multiclass")),
    "springs": (  # each row has another zip code, which is then of no use
        rows(clean_table),
        Truth(
            "y",
            "binary",
            {
                "site": "category",
                "zip": "id",
                "note": "category",
                "day": "date",
                "open": "category",
                "serial": "id",
            },
        ),
    ),
    "orders": (
        rows(order_book),
        Truth(
            "Price",
            "regression",
            {
                "DATE": "date",
                "TIME": "date",
                "PRODUCTID": "text",
                "ProductType": "category",
                "ProductDescription": "text",
                "URL": "text",
                "Comments": "empty",
            },
        ),
    ),
    "persons": (with_an_id, Truth("target", "regression", PERSONS)),
    "persons by class": (exported.plain, Truth("target", "multiclass", PERSONS)),
    "a fit": (
        lambda folder: (Path(fitted_table(folder)), Settings()),
        Truth("y", "binary", {"when": "date", "cat": "category", "flag": "category", "note": "constant"}),
    ),
    "a walk": (
        lambda folder: (walked_table(folder, "binary"), Settings()),
        Truth("target", "binary", {"kind": "category"}),
    ),
    "German numbers": (exported.german, Truth("ziel", "regression", {"neu": "category"})),
    "no header": (exported.headless, Truth("c3", "binary")),
    "two headers": (exported.two_headers, Truth("out kg", "regression", {"kind": "category"})),
    "gaps": (exported.gaps, Truth("y", "binary", {"b": "category"})),
    "rare classes": (exported.merged, Truth("y", "multiclass")),
    "far cells": (exported.far_cells, Truth("out", "regression")),
    "days and times": (exported.dates, Truth("out", "regression", {"day": "date", "clock": "date"})),
    "periods": (
        exported.periods,
        Truth(
            "out",
            "regression",
            {"quarter": "date", "week": "date", "month": "date", "day": "date", "january": "date"},
        ),
    ),
    "units": (exported.units, Truth("price", "regression")),
    "words": (exported.words, Truth("out", "regression", {"land": "category", "phone": "category"})),
    "a preamble": (exported.preamble, Truth("out", "regression")),
    "names of rows": (exported.row_names, Truth("out", "regression", {"c1": "id", "b": "category"})),
    "typed flags": (exported.parquet, Truth("y", "regression", {"b": "category"})),
    "each kind": (
        wide,
        Truth(
            "y",
            "regression",
            {
                "text": "category",
                "category": "category",
                "flag": "category",
                "day": "date",
                "moment": "date",
                "moment_zoned": "date",
                "clock": "date",
                "nothing": "empty",
            },
        ),
    ),
}


@pytest.mark.parametrize("name", KNOWN)
def test_columns_are_what_a_person_takes_them_for(name: str, tmp_path: Path) -> None:
    make, truth = KNOWN[name]
    path, settings = make(tmp_path)
    table = load(str(path), settings, choose=nobody)
    assert (table.target_name, table.task) == (truth.target, truth.task)
    parts = tuple(f"{column}." for column, role in truth.others.items() if role == "date")
    roles = {column.name: column.role for column in table.display_columns}
    assert {
        column: role for column, role in roles.items() if role not in ("numeric", "target")
    } == truth.others
    assert all(roles[column] == "numeric" for column in roles if column.startswith(parts or "\0"))


def test_every_sample_table_has_its_truth() -> None:
    tables = {path.name for path in DATA.glob("*.csv")}
    assert {f"{name.replace(' ', '_')}.csv" for name in KNOWN} & tables == tables
