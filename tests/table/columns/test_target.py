"""The target: which column, and which task."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from regchoose.records.answers import Prompt
from regchoose.records.table import Table
from regchoose.settings.options import Settings
from regchoose.table.load import load
from tests.table.writing import csv_of, error_of, nobody, numbers, write

N = 60


def table_of(folder: Path, cells: list[str], settings: Settings | None = None) -> Table:
    return load(with_target(folder, cells), settings or Settings(), choose=nobody)


def with_target(folder: Path, cells: list[str], *, names: str = "x,z,t") -> str:
    rows = [names.split(","), *([*row[:2], cell] for row, cell in zip(numbers(N)[1:], cells, strict=True))]
    return write(folder, csv_of(rows))


def cycle(*cells: str) -> list[str]:
    return [cells[i % len(cells)] for i in range(N)]


TASKS: list[tuple[str, list[str], str, tuple[str, ...], str]] = [
    ("zero and one", cycle("0", "1"), "binary", ("0", "1"), "two values"),
    ("one and two", cycle("2", "1"), "binary", ("1", "2"), "two values"),
    ("minus one and one", cycle("1", "-1"), "binary", ("-1", "1"), "two values, -1 and 1"),
    ("0.0 and 1.0", cycle("0.0", "1.0"), "binary", ("0", "1"), "two values"),
    ("counting from 0", cycle("0", "1", "2"), "multiclass", ("0", "1", "2"), "counts up without gaps"),
    ("counting from 1", cycle("3", "1", "2"), "multiclass", ("1", "2", "3"), "counts up without gaps"),
    ("counting from 3", cycle("3", "4", "5"), "regression", (), "--task classification is the other reading"),
    ("with a gap", cycle("0", "1", "3"), "multiclass", ("0", "1", "3"), "--task regression is the other"),
    ("from -1", cycle("-1", "0", "1"), "multiclass", ("-1", "0", "1"), "each in 20 rows or more"),
    ("with wide gaps", cycle("0", "1", "7"), "regression", (), "3 different integers from 0 to 7"),
    ("counts", [*cycle("0", "1", "2")[1:], "4"], "regression", (), "--task classification is the other"),
    ("21 levels", cycle(*map(str, range(21))), "regression", (), "21 different integers"),
    ("numbers", [f"{i / 7:.3f}" for i in range(N)], "regression", (), "60 different numbers"),
    ("text", cycle("b", "a", "c"), "multiclass", ("a", "b", "c"), "text"),
    ("booleans", cycle("Yes", "no", "YES"), "binary", ("YES", "no"), "text"),
    ("codes with zeros", cycle("01", "02"), "binary", ("01", "02"), "text"),
]


@pytest.mark.parametrize(
    ("cells", "task", "classes", "why"), [case[1:] for case in TASKS], ids=[case[0] for case in TASKS]
)
def test_the_task_is_told_by_the_target(
    tmp_path: Path, cells: list[str], task: str, classes: tuple[str, ...], why: str
) -> None:
    table = table_of(tmp_path, cells)
    assert table.task == task
    assert why in table.task_why
    assert sorted(table.classes, key=str.casefold) == sorted(classes, key=str.casefold)
    if classes:
        shown = [table.classes[int(code)] for code in table.target]
        same = [
            a.casefold() == b.casefold() or float(a) == float(b) for a, b in zip(shown, cells, strict=True)
        ]
        assert all(same)
    else:
        np.testing.assert_array_equal(table.target, [float(cell) for cell in cells])


def test_the_flag_overrides_the_task(tmp_path: Path) -> None:
    table = table_of(tmp_path, cycle("3", "4", "5"), Settings(task="classification"))
    assert (table.task, table.classes, table.task_why) == ("multiclass", ("3", "4", "5"), "by --task")
    table = table_of(tmp_path, cycle("0", "1", "2"), Settings(task="regression"))
    assert (table.task, table.classes) == ("regression", ())


FAULTS: list[tuple[str, list[str], Settings, str, str]] = [
    ("constant", cycle("1"), Settings(), "E321", "--target 'z'"),
    ("constant in two spellings", cycle("1", "1.0"), Settings(), "E321", "--target 'z'"),
    ("one class", cycle("x"), Settings(), "E321", "--target 'z'"),
    ("missing", ["", *cycle("0", "1")[1:]], Settings(), "E322", "--drop-missing-target"),
    ("all missing", cycle("NA"), Settings(target="t", drop_missing_target=True), "E322", "--target 'z'"),
    ("infinite", ["inf", *cycle("0.5", "1", "3")[1:]], Settings(), "E323", "repair"),
    ("overflowing", ["1e400", *cycle("0.5", "1", "3")[1:]], Settings(), "E323", "repair"),
    ("regression on text", cycle("a", "b"), Settings(task="regression"), "E327", "--task classification"),
    ("a rare class", ["c"] * 6 + cycle("a", "b")[6:], Settings(), "E324", "--folds 3"),
    ("a class of one", ["c", *cycle("a", "b")[1:]], Settings(), "E324", "--resources no"),
    ("a few texts", ["n.d.", *cycle("0.5", "1", "3")[1:]], Settings(), "E326", "--na n.d."),
]


@pytest.mark.parametrize(
    ("cells", "settings", "code", "fix"), [case[1:] for case in FAULTS], ids=[case[0] for case in FAULTS]
)
def test_targets_that_are_refused(
    tmp_path: Path, cells: list[str], settings: Settings, code: str, fix: str
) -> None:
    error = error_of(with_target(tmp_path, cells), settings)
    assert error.code == code
    assert fix in error.fix


def test_rows_without_a_target_may_be_left_out(tmp_path: Path) -> None:
    cells = ["", *cycle("0", "1")[1:10], "NA", *cycle("0", "1")[11:]]
    error = error_of(with_target(tmp_path, cells))
    assert "2 of 60 rows" in error.message
    assert error.detail == ("lines 2, 12",)
    table = table_of(tmp_path, cells, Settings(drop_missing_target=True))
    assert table.features.shape == (58, 2)
    assert len(table.target) == 58
    assert any("2 rows without a target were left out" in warning for warning in table.warnings)


def test_a_class_may_be_called_none(tmp_path: Path) -> None:
    """The largest class must not be dropped as missing."""
    path = with_target(tmp_path, cycle("None", "None", "Partial"))
    error = error_of(path)
    assert (error.code, error.fix) == ("E322", "--na-none   or   --target 'z'   or   --target 'x'")
    assert error.detail[1] == "'None' is read as missing, and may be a class"
    assert load(path, Settings(na_none=True), choose=nobody).classes == ("None", "Partial")


def test_too_few_rows_for_an_experiment(tmp_path: Path) -> None:
    path = write(tmp_path, csv_of(numbers(12)))
    error = error_of(path)
    assert error.code == "E303"
    assert "12 rows" in error.message
    assert "at least 20" in error.message
    assert "--resources no gives the answer from prior knowledge" in error.detail[0]
    assert error.fix == "--resources no   or   --folds 3"
    assert load(path, Settings(folds=3), choose=nobody).n_rows == 12


@pytest.mark.parametrize("settings", [Settings(resources="no"), Settings(subsample="no")])
def test_without_an_experiment_few_rows_will_do(tmp_path: Path, settings: Settings) -> None:
    assert load(write(tmp_path, csv_of(numbers(4))), settings, choose=nobody).n_rows == 4
    table = load(with_target(tmp_path, ["c", *cycle("a", "b")[1:]]), settings, choose=nobody)
    assert table.classes == ("a", "b", "c")


NAMES: list[tuple[str, str, str | None, str, str]] = [
    ("called target", "Target,z,t", None, "Target", "the only column called Target"),
    ("called y", "x,Y,t", None, "Y", "the only column called"),
    ("two such names", "label,y,t", None, "t", "'label' and 'y' may be meant"),
    ("a usual name", "Sale Price,z,t", None, "Sale Price", "called Sale Price, as targets are; --target"),
    ("the more usual of two", "diagnosis,price,t", None, "diagnosis", "called diagnosis"),
    ("two usual names", "survived,churn,t", None, "t", "'survived' and 'churn' may be meant"),
    ("a name that ends so", "list price,z,t", None, "t", "the last column"),
    ("a coordinate", "x,y,z", None, "z", "the last column"),
    ("none such", "x,z,t", None, "t", "the last column"),
    ("by the flag", "x,z,t", "x", "x", "by --target"),
]


@pytest.mark.parametrize(
    ("names", "flag", "target", "why"), [case[1:] for case in NAMES], ids=[case[0] for case in NAMES]
)
def test_which_column_is_the_target(
    tmp_path: Path, names: str, flag: str | None, target: str, why: str
) -> None:
    table = load(with_target(tmp_path, cycle("0", "1"), names=names), Settings(target=flag), choose=nobody)
    assert table.target_name == target
    assert why in table.target_why
    assert [column.role for column in table.columns].count("target") == 1


def test_an_empty_last_column_is_not_the_target(tmp_path: Path) -> None:
    rows = [[*row, ""] for row in numbers(N)]
    rows[0] = ["x", "z", "t", ""]
    table = load(write(tmp_path, csv_of(rows)), Settings(), choose=nobody)
    assert table.target_name == "t"
    assert table.columns[-1].role == "empty"


PASSED: list[tuple[str, Callable[[int], str]]] = [
    ("empty", lambda _: ""),
    ("id", lambda row: f"00{row}"),
    ("text", lambda row: f"what is said of {row}"),
    ("date", lambda row: f"2021-03-{1 + row % 28:02}"),
    ("mostly missing", lambda row: "" if row % 3 else "pq"[row % 2]),
]


@pytest.mark.parametrize(("why", "cell"), PASSED)
def test_a_last_column_that_nobody_would_predict_is_passed_over(
    tmp_path: Path, why: str, cell: Callable[[int], str]
) -> None:
    rows = [[*row, cell(place)] for place, row in enumerate(numbers(N))]
    rows[0] = ["x", "z", "t", "more"]
    table = load(write(tmp_path, csv_of(rows)), Settings(), choose=nobody)
    assert table.target_name == "t"
    assert f"(after it come 'more' ({why}))" in table.target_why


def test_a_person_is_asked_where_names_do_not_tell(tmp_path: Path) -> None:
    asked: list[Prompt] = []

    def first(prompt: Prompt) -> str | None:
        asked.append(prompt)
        return "x"

    path = with_target(tmp_path, cycle("0", "1"))
    table = load(path, Settings(), choose=first)
    assert (table.target_name, table.target_why) == ("x", "as answered")
    assert [prompt.flag for prompt in asked] == ["--target"]
    assert (list(asked[0].choices), asked[0].default) == (["x", "z", "t"], "t")


def test_a_target_that_is_not_there(tmp_path: Path) -> None:
    path = with_target(tmp_path, cycle("0", "1"), names="x,z,Outcome")
    error = error_of(path, Settings(target="outcom"))
    assert (error.code, error.fix) == ("E204", "--target 'Outcome'")
    twice = with_target(tmp_path, cycle("0", "1"), names="x,t,t")
    error = error_of(twice, Settings(target="t"))
    assert error.code == "E204"
    assert "2 columns are called 't'" in error.message
    assert error_of(path, Settings(exclude=("Outcome",))).code == "E208"
    several = error_of(path, Settings(target="x, t"))
    assert (several.code, several.fix) == ("E204", "--target 'x' --exclude 't'")
    assert "one can be predicted" in several.message
