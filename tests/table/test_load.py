"""A whole table, from the file to the matrix."""

import subprocess
import sys
from pathlib import Path

import duckdb
import numpy as np
import pytest

from regchoose.settings.options import Settings
from regchoose.table.load import load
from tests.table.writing import csv_of, error_of, nobody, numbers, write

N = 60


def test_a_mixed_table_becomes_one_matrix(tmp_path: Path) -> None:
    rows = [["id", "age", "color", "smoker", "note", "empty", "class"]]
    rows += [
        [
            f"P{i:03d}",
            "" if i == 5 else f"{20 + i % 30}.5",
            ("red", "blue", "")[i % 3],
            ("Yes", "No")[i % 2],
            f"note number {i}",
            "",
            ("ill", "well")[i // 3 % 2],
        ]
        for i in range(N)
    ]
    table = load(write(tmp_path, csv_of(rows)), Settings(), choose=nobody)
    roles = [column.role for column in table.columns]
    assert roles == ["id", "numeric", "category", "category", "text", "empty", "target"]
    assert [column.name for column in table.used] == ["age", "color", "smoker"]
    assert [column.levels for column in table.used] == [(), ("blue", "red"), ("No", "Yes")]
    assert [column.missing for column in table.used] == [1, 20, 0]
    np.testing.assert_array_equal(table.features[4:6], [[24.5, 0.0, 1.0], [np.nan, np.nan, 0.0]])
    assert table.features.flags.c_contiguous
    assert table.classes == ("ill", "well")
    assert table.target[:6].tolist() == [0, 0, 0, 1, 1, 1]
    assert table.columns[-1].type == "text"
    assert "only column called" in table.columns[-1].why
    said = f"58 of {N} rows have the same features as another row, and stay on one side of each split"
    assert table.warnings == (said,)


LEAKS: list[tuple[str, str, list[str] | None, str]] = [
    ("a copy of classes", "class", None, "equals the target"),
    ("another word for each class", "class", ["a", "b", "c"], "in other words"),
    ("a number for each class", "class", ["7.5", "-1", "3"], "in other words"),
    ("a copy of numbers", "number", None, "equals the target"),
    ("a multiple of numbers", "number", [], "r = -1.0000"),
]


@pytest.mark.parametrize(("task", "words", "said"), [case[1:] for case in LEAKS], ids=[c[0] for c in LEAKS])
def test_a_column_that_gives_the_target_away(
    tmp_path: Path, task: str, words: list[str] | None, said: str
) -> None:
    y = [str(i % 3) if task == "class" else f"{(i * 37 % 61) / 8:.3f}" for i in range(N)]
    leak = y if words is None else [words[int(v)] if words else f"{-3e300 * float(v):.3e}" for v in y]
    rows = [["x", "leak", "y"], *([row[0], a, b] for row, a, b in zip(numbers(N)[1:], leak, y, strict=True))]
    table = load(write(tmp_path, csv_of(rows)), Settings(), choose=nobody)
    assert len(table.warnings) == 1
    assert table.warnings[0].startswith("LEAKAGE? column 'leak'")
    assert said in table.warnings[0]
    assert "--exclude 'leak'" in table.warnings[0]


def test_an_honest_table_gives_nothing_away(tmp_path: Path) -> None:
    rows = [["x", "g", "y"], *([f"{i}.5", "ab"[i * i % 3 % 2], f"{i % 7}.25"] for i in range(N))]
    assert load(write(tmp_path, csv_of(rows)), Settings(), choose=nobody).warnings == ()


def test_parquet_and_csv_give_the_same_table(tmp_path: Path) -> None:
    path = write(tmp_path, csv_of(numbers(N)))
    with duckdb.connect() as connection:
        connection.read_csv(path).write_parquet(str(tmp_path / "t.parquet"))
    csv, parquet = (load(p, Settings(), choose=nobody) for p in (path, str(tmp_path / "t.parquet")))
    np.testing.assert_array_equal(csv.features, parquet.features)
    np.testing.assert_array_equal(csv.target, parquet.target)
    assert (csv.columns, csv.classes) == (parquet.columns, parquet.classes)


def test_parquet_types_decide_the_roles(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    query = (
        "SELECT (i % 9)::VARCHAR AS digits, i % 2 = 0 AS flag, "
        "CASE WHEN i % 5 = 0 THEN 'NA' ELSE 'x' END AS t, CASE WHEN i = 7 THEN NULL ELSE sin(i) END AS f, "
        "DATE '2020-01-01' AS d, i % 4 AS y FROM range(60) r(i)"
    )
    with duckdb.connect() as connection:
        connection.sql(query).write_parquet(str(path))
    table = load(str(path), Settings(), choose=nobody)
    assert [(c.role, c.type) for c in table.columns[:5]] == [
        ("category", "text"),
        ("category", "boolean"),
        ("category", "text"),
        ("numeric", "number"),
        ("constant", "text"),
    ]
    assert table.columns[2].levels == ("NA", "x")
    assert np.isnan(table.features[7, 3])
    assert table.task == "multiclass"


def test_rows_in_another_order_give_the_same_columns(tmp_path: Path) -> None:
    rows = [["c", "x", "y"], *(["éab"[i % 3], f"{i / 7:.3f}", "uv"[i % 2]] for i in range(N))]
    one = load(write(tmp_path, csv_of(rows)), Settings(), choose=nobody)
    other = load(write(tmp_path, csv_of([rows[0], *rows[:0:-1]])), Settings(), choose=nobody)
    assert one.columns == other.columns
    np.testing.assert_array_equal(one.features, other.features[::-1])


def test_naughty_names_and_cells_are_only_text(tmp_path: Path) -> None:
    names = ['"; drop table', "{{7*7}}", "[bold]", "=cmd|x", "\u202eabc", "😀", "é" * 10_000]
    rows = [[str((i * j) % 5 + 0.5) for j in range(2, 9)] + [str(i % 2)] for i in range(N)]
    header = ",".join('"' + name.replace('"', '""') + '"' for name in names) + ",y\n"
    table = load(write(tmp_path, header + csv_of(rows)), Settings(), choose=nobody)
    assert [column.name for column in table.columns[:7]] == names


def test_loading_needs_no_torch(tmp_path: Path) -> None:
    code = "import sys, regchoose.table.load; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("name", ["t.csv", "t.parquet", "t.csv.gz"])
def test_a_pointer_of_git_lfs_is_told(name: str, tmp_path: Path) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 12345\n"
    found = error_of(write(tmp_path, pointer, name))
    assert (found.code, found.fix) == ("E209", "git lfs pull")
