"""Groups, time order and rare classes: named by flags, checked, and suggested."""

from pathlib import Path

import numpy as np
import pytest

from regchoose.settings.options import Settings
from regchoose.table.load import load
from tests.table.columns.test_roles import N, cycle, with_column
from tests.table.writing import csv_of, error_of, nobody, write


def test_groups_are_numbered_and_no_feature(tmp_path: Path) -> None:
    path = with_column(tmp_path, [f"p{i // 2}" for i in range(N)], name="patient id")
    table = load(path, Settings(group="patient id"), choose=nobody)
    assert table.groups is not None
    assert table.groups.tolist() == [i // 2 for i in range(N)]
    assert (table.columns[2].role, table.columns[2].why) == ("group", "by --group")
    assert table.features.shape == (N, 2)
    assert table.time is None
    assert load(path, Settings(), choose=nobody).groups is None


def test_recurring_ids_suggest_groups(tmp_path: Path) -> None:
    path = with_column(tmp_path, [f"p{i % 15}" for i in range(N)], name="patient id")
    assert any(
        "--group 'patient id'" in warning for warning in load(path, Settings(), choose=nobody).warnings
    )
    grouped = load(path, Settings(group="patient id"), choose=nobody)
    assert not any("--group" in warning for warning in grouped.warnings)


@pytest.mark.parametrize(
    ("cells", "ordered"),
    [
        ([f"2021-01-{1 + (i * 7) % 28:02d}" for i in range(N)], [(i * 7) % 28 for i in range(N)]),
        ([str((i * 7) % 41) for i in range(N)], [(i * 7) % 41 for i in range(N)]),
    ],
    ids=["dates", "numbers"],
)
def test_time_orders_the_rows(tmp_path: Path, cells: list[str], ordered: list[int]) -> None:
    table = load(with_column(tmp_path, cells, name="when"), Settings(time="when"), choose=nobody)
    assert table.time is not None
    assert (np.argsort(table.time, kind="stable") == np.argsort(ordered, kind="stable")).all()
    assert table.columns[2].role == "time"
    assert table.features.shape == (N, 2)


FAULTS = [
    ("a group is missing", ["", *cycle("a", "b")[1:]], {"group": "v"}, "E328", "another --group"),
    ("one group", cycle("a"), {"group": "v"}, "E328", "another --group"),
    ("a time is missing", ["", *cycle("1", "2")[1:]], {"time": "v"}, "E328", "another --time"),
    ("words are no times", cycle("early", "late"), {"time": "v"}, "E329", "2021-03-04"),
    ("days or months", cycle("01/02/2021", "03/04/2021"), {"time": "v"}, "E329", "2021-03-04"),
    (
        "days or months by a flag",
        cycle("01/02/2021", "03/04/2021"),
        {"time": "v"},
        "E329",
        "--date-order dmy",
    ),
    ("no such column", cycle("a", "b"), {"group": "vv"}, "E208", "--group 'v'"),
    ("no such time", cycle("a", "b"), {"time": "vv"}, "E208", "--time 'v'"),
    ("the target", cycle("a", "b"), {"group": "y"}, "E208", "--target 'z'"),
]


@pytest.mark.parametrize(
    ("cells", "given", "code", "fix"), [case[1:] for case in FAULTS], ids=[case[0] for case in FAULTS]
)
def test_what_cannot_group_or_order_is_refused(
    tmp_path: Path, cells: list[str], given: dict[str, str], code: str, fix: str
) -> None:
    error = error_of(with_column(tmp_path, cells), Settings(group=given.get("group"), time=given.get("time")))
    assert error.code == code
    assert fix in error.fix


def labelled(counts: dict[str, int]) -> list[list[str]]:
    labels = [label for label, count in counts.items() for _ in range(count)]
    return [
        ["a", "b", "y"],
        *([f"{i * 37 % 101}.5", f"{i * 17 % 89}.25", label] for i, label in enumerate(labels)),
    ]


def test_rare_classes_are_merged_when_asked(tmp_path: Path) -> None:
    path = write(tmp_path, csv_of(labelled({"red": 40, "green": 30, "blue": 6, "grey": 5})))
    error = error_of(path)
    assert error.code == "E324"
    assert "--min-class 10" in error.fix
    table = load(path, Settings(min_class=10), choose=nobody)
    assert table.classes == ("green", "red", "other")
    assert np.bincount(table.target.astype(int)).tolist() == [30, 40, 11]
    assert any("'blue', 'grey'" in warning for warning in table.warnings)


def test_one_rare_class_alone_cannot_be_merged(tmp_path: Path) -> None:
    path = write(tmp_path, csv_of(labelled({"red": 40, "green": 30, "blue": 6})))
    assert "--min-class" not in error_of(path).fix
    assert error_of(path, Settings(min_class=10)).code == "E324"
    taken = write(tmp_path, csv_of(labelled({"other": 40, "green": 30, "blue": 6, "grey": 5})), "b.csv")
    assert load(taken, Settings(min_class=10), choose=nobody).classes[-1] == "other (merged)"
