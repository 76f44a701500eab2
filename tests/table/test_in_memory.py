"""Tables in memory: the same as their file where types agree, and refused where they are no table."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from regchoose.errors import RegchooseError
from regchoose.records.table import Table
from regchoose.settings.options import Settings
from regchoose.table.load import load

DATA = Path(__file__).parents[2] / "data"
N = 60
NUMBERS = np.random.default_rng(7).normal(size=N)
LETTERS = ["a", "b", "c"] * (N // 3)


def loaded(data: Any, y: Any = None, **settings: Any) -> Table:
    return load(data, Settings(**settings), y=y)


def in_python(text: str) -> str:
    return text.replace("--target names", "target names").replace("--task regression", "task='regression'")


@pytest.mark.parametrize("name", ["diabetes", "wine", "loans", "breast_cancer"])
def test_a_frame_read_from_a_file_is_as_the_file(name: str) -> None:
    path = DATA / f"{name}.csv"
    file = load(str(path), Settings(), choose=lambda _: None)
    frame = loaded(pd.read_csv(path))
    np.testing.assert_array_equal(frame.features, file.features)
    np.testing.assert_array_equal(frame.target, file.target)
    for attribute in ("classes", "target_name", "task", "warnings"):
        assert getattr(frame, attribute) == getattr(file, attribute), attribute
    # What is said of settings is said in the words of Python.
    for attribute in ("target_why", "task_why"):
        assert getattr(frame, attribute) == in_python(getattr(file, attribute)), attribute
    assert frame.columns == tuple(replace(column, why=in_python(column.why)) for column in file.columns)
    assert (frame.path, frame.dialect.format) == ("DataFrame", "memory")


def test_texts_that_are_no_unicode_are_levels_like_others() -> None:
    letters = pd.Series(["\ud800", "b", "\ud800 "] * (N // 3), dtype=object)
    table = loaded(pd.DataFrame({"kind": letters, "x": NUMBERS}), NUMBERS * 3)
    assert table.columns[0].levels == ("b", "\ud800")


def test_a_frame_of_many_types_is_as_its_parquet_file(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "single": NUMBERS.astype(np.float32),
            "gaps": np.where(np.arange(N) % 7 == 0, np.nan, NUMBERS),
            "whole": np.arange(N)[::-1] % 11,
            "small": (np.arange(N) % 5).astype(np.uint8),
            "flag": np.arange(N) % 2 == 0,
            "day": pd.date_range("2021-01-31", periods=N, freq="17D"),
            "kind": LETTERS,
            "y": NUMBERS * 3,
        }
    )
    path = tmp_path / "t.parquet"
    with duckdb.connect(":memory:") as connection:
        connection.register("frame", frame)
        connection.execute(f"COPY frame TO '{path}' (FORMAT parquet)")
    file, memory = load(str(path), Settings(), choose=lambda _: None), loaded(frame)
    assert [(c.name, c.role, c.missing) for c in memory.columns] == [
        (c.name, c.role, c.missing) for c in file.columns
    ]
    np.testing.assert_array_equal(memory.features, file.features)


# What a column holds, and its role and type.
COLUMNS: list[tuple[str, Any, str, str]] = [
    ("floats", NUMBERS, "numeric", "number"),
    ("half precision", NUMBERS.astype(np.float16), "numeric", "number"),
    ("integers with gaps", pd.array([1, None, 5] * 20, dtype="Int64"), "numeric", "integer"),
    ("booleans with gaps", pd.array([True, None, False] * 20, dtype="boolean"), "category", "boolean"),
    ("booleans as objects", np.array([True, False, None] * 20, dtype=object), "category", "boolean"),
    ("numbers as objects", np.array([1, 2.5, None] * 20, dtype=object), "numeric", "number"),
    ("decimals", [Decimal("1.5"), Decimal(2), Decimal("0.1")] * 20, "numeric", "number"),
    ("text", LETTERS, "category", "text"),
    ("text with gaps", ["a", None, "b"] * 20, "category", "text"),
    ("text of numbers", ["1.5", "2", "7"] * 20, "numeric", "number"),
    ("text with zeros in front", ["007", "012", "345"] * 20, "category", "text"),
    ("text and numbers", np.array(["a", 1, 2] * 20, dtype=object), "category", "text"),
    ("one and its text", np.array(["1", 1, "b"] * 20, dtype=object), "category", "text"),
    ("categories", pd.Categorical(LETTERS, categories=["c", "b", "a", "none has it"]), "category", "text"),
    ("categories of numbers", pd.Categorical([3, 1, 2] * 20), "category", "text"),
    ("days", [date(2021, 1, 1 + i % 28) for i in range(N)], "date", "date"),
    ("moments", [datetime(2021, 1, 1 + i % 28, 5) for i in range(N)], "date", "date"),
    ("zoned", pd.date_range("2021-01-01", periods=N, freq="5h", tz="Europe/Berlin"), "date", "date"),
    ("periods", pd.period_range("2021-01", periods=N, freq="M"), "date", "date"),
    ("spans", pd.to_timedelta(NUMBERS, unit="s"), "numeric", "number"),
    ("nothing", [None] * N, "empty", "text"),
    ("no numbers", np.full(N, np.nan), "empty", "text"),
    ("large integers", 2**60 + np.arange(N) * 3, "id", "text"),
]


@pytest.mark.parametrize("case", COLUMNS, ids=lambda case: str(case[0]))
def test_columns_keep_their_types(case: tuple[str, Any, str, str]) -> None:
    _, values, role, type_ = case
    table = loaded(pd.DataFrame({"x": values, "other": NUMBERS, "y": NUMBERS**2}))
    column = table.columns[0]
    assert (column.role, column.type) == (role, type_), column.why
    assert len(column.levels) in (0, 2, 3)


def test_a_number_is_exactly_what_it_was() -> None:
    values = np.array([0.1 + 0.2, 1e-300, 1e300, -0.0, 1 / 3, 2**53 - 1.0] * 10) * np.arange(1, 61)
    table = loaded(values[:, None], NUMBERS)
    np.testing.assert_array_equal(table.features[:, 0], values)


def test_a_str_is_a_str_and_none_is_missing() -> None:
    text = {"v": ["None", "NA", None, "a"] * 15, "n": ["1", "2", "", "3"] * 15}
    frame = pd.DataFrame({**text, "x": NUMBERS})
    table = loaded(frame.assign(y=["None", "b"] * 30))
    assert [(column.role, column.missing) for column in table.columns[:2]] == [
        ("category", 15),
        ("numeric", 15),
    ]
    assert table.columns[0].levels == ("NA", "None", "a")
    assert table.classes == ("None", "b")


def test_x_and_y_apart() -> None:
    x = np.column_stack([NUMBERS, NUMBERS[::-1]])
    table = loaded(x, np.arange(N) % 3)
    assert [column.name for column in table.columns] == ["c1", "c2", "target"]
    assert (table.task, table.classes, table.target_why) == ("multiclass", ("0", "1", "2"), "given as y")
    frame = pd.DataFrame(x, columns=["price", "y"])
    assert loaded(frame, pd.Series(LETTERS, name="kind")).target_name == "kind"
    assert loaded(frame, pd.Series(LETTERS, name="y")).target_name == "y_2"
    assert loaded(frame, LETTERS, target="price").target_name == "target"
    np.testing.assert_array_equal(loaded(x.tolist(), NUMBERS.tolist()).features, x)


def test_labels_that_are_no_text() -> None:
    frame = pd.DataFrame({0: NUMBERS, 1: NUMBERS**3, ("a", "b"): NUMBERS**2})
    assert [column.name for column in loaded(frame, target="1").columns] == ["0", "1", "a b"]
    twice = pd.DataFrame(np.column_stack([NUMBERS, NUMBERS**3, NUMBERS**2]), columns=["x", "x", "y"])
    table = loaded(twice)
    assert [column.name for column in table.columns] == ["x", "x_2", "y"]
    assert "'x' is called 'x_2'" in table.warnings[0]


def test_the_index_is_no_column_and_orders_nothing() -> None:
    frame = pd.DataFrame({"x": NUMBERS, "y": NUMBERS**2}, index=np.arange(N)[::-1])
    y = pd.Series(NUMBERS**2, index=np.roll(np.arange(N), 5))
    np.testing.assert_array_equal(loaded(frame[["x"]], y).target, NUMBERS**2)
    assert len(loaded(frame).columns) == 2


REFUSED: list[tuple[str, str, Any, Any]] = [
    ("E204", "2 targets", NUMBERS[:, None], np.zeros((N, 2))),
    ("E205", "one column", NUMBERS[:, None], None),
    ("E209", "1 axes", NUMBERS, NUMBERS),
    ("E209", "scipy.csr_array", csr_array(NUMBERS[:, None]), NUMBERS),
    ("E209", "complex", NUMBERS[:, None] * 1j, NUMBERS),
    ("E209", "type list", {"x": [[1]] * N, "y": LETTERS}, None),
    ("E209", "type dict", np.array([[{}]] * N), LETTERS),
    ("E209", "builtins.int", 3, None),
    ("E209", "no table can be made", {"x": [1, 2], "y": [1]}, None),
    ("E301", "no columns", pd.DataFrame(index=range(N)), None),
    ("E302", "0 rows", pd.DataFrame({"x": [], "y": []}), None),
    ("E312", "y has 59 values", NUMBERS[:, None], NUMBERS[1:]),
    ("E326", "'much' among 59 numbers", {"x": [*map(str, NUMBERS[1:]), "much"], "y": LETTERS}, None),
]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: f"{case[0]} {case[1]}")
def test_what_is_no_table_is_refused(case: tuple[str, str, Any, Any]) -> None:
    code, said, data, y = case
    with pytest.raises(RegchooseError, match=said) as caught:
        loaded(data, y)
    assert caught.value.code == code
    assert caught.value.fix
