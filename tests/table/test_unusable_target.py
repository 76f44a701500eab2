"""A table whose target cannot be predicted is shown and sampled all the same; nothing is learned from it."""

from pathlib import Path

import numpy as np
import pytest

from regchoose.errors import RegchooseError
from regchoose.library.draw_rows import draw_rows
from regchoose.library.extract import classify, extract
from regchoose.library.inspect_table import inspect_table
from regchoose.records.table import Table
from regchoose.settings.options import Settings
from regchoose.table import file_set
from regchoose.table.large import held_rows, load_large
from regchoose.table.load import load
from tests.table.writing import csv_of, nobody, write

Row = list[str]


def table(last: list[str], *, n: int = 60) -> list[Row]:
    """Return a table of text: two columns of numbers, a category, and a last column of one's own."""
    draw = np.random.default_rng(0)
    numbers = [[f"{x:.3f}", f"{z:.3f}"] for x, z in draw.normal(size=(n, 2))]
    rows = [[*pair, "pq"[i % 2], last[i % len(last)]] for i, pair in enumerate(numbers)]
    return [["x", "z", "kind", "out"], *rows]


UNUSABLE = {
    "missing in some rows": (["1.5", "2.5", "3.7", "", "4.1", "5", "6.2"], "E322"),
    "constant": (["7"], "E321"),
    "infinite": (["1.5", "inf", "2.25", "8.5"], "E323"),
    "a text among numbers": ([*map(str, range(100, 159)), "oops"], "E326"),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_it_is_shown_with_what_could_be_predicted(tmp_path: Path, name: str) -> None:
    last, code = UNUSABLE[name]
    path = write(tmp_path, csv_of(table(last)))
    settings = Settings(target="out")
    with pytest.raises(RegchooseError) as caught:
        load(path, settings, choose=nobody)
    assert caught.value.code == code
    found, profile = inspect_table(path, settings, ask=nobody)
    assert (found.n_rows, found.target_name) == (60, "out")
    assert [column.role for column in found.columns] == ["numeric", "numeric", "category", "target"]
    assert found.unusable.startswith(caught.value.message)
    assert caught.value.fix in found.unusable
    shown = " ".join(found.warnings)
    assert "the target cannot be predicted" in shown
    assert "what could be predicted: --target 'kind'   or   --target 'z'" in shown
    assert profile.correlated.answer == "no"
    assert profile.sparse.answer == "no"
    assert profile.entire_picture.answer == "unsure"


@pytest.mark.parametrize("name", UNUSABLE)
@pytest.mark.parametrize("large", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_rows_are_matched_by_all_columns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, large: bool
) -> None:
    """Also where only the rows that are not held show that the target cannot be predicted."""
    rows = table(UNUSABLE[name][0], n=600)
    if large:
        monkeypatch.setattr(file_set, "LARGE", 0)
        monkeypatch.setattr(held_rows, "LEAST", 0)
        monkeypatch.setattr(held_rows, "TIMES", 1)
    path, target = write(tmp_path, csv_of(rows)), tmp_path / "drawn.csv"
    drawn, _, _ = extract(
        classify(path),
        Settings(target="out", rows=200),
        everything=False,
        target=target,
        form="csv",
        ask=nobody,
        advanced=lambda _: None,
        draw=draw_rows,
    )
    written = [line.split(",") for line in target.read_text(encoding="utf-8").splitlines()]
    assert written[0] == rows[0]
    assert len(written) == 201
    assert all(row in rows for row in written)
    assert drawn.method == "best balanced of 200 draws"


def test_a_class_that_is_too_small_is_a_target_all_the_same(tmp_path: Path) -> None:
    path = write(tmp_path, csv_of(table([*["a"] * 27, *["b"] * 30, "c", "c", "c"])))
    found, _ = inspect_table(path, Settings(target="out"), ask=nobody)
    assert (found.classes, found.task, found.unusable) == (("a", "b", "c"), "multiclass", "")
    assert "class 'c' has 3 rows, and 5 folds need 10" in found.warnings[0]


def test_a_small_table_is_shown(tmp_path: Path) -> None:
    for n in (1, 2, 3, 8):
        path = write(tmp_path, csv_of(table(["1.5", "2.5", "3.7"], n=n)))
        found, _ = inspect_table(path, Settings(), ask=nobody)
        assert found.n_rows == n


def test_a_single_column_is_shown(tmp_path: Path) -> None:
    path = write(tmp_path, "x\n" + "\n".join(map(str, np.random.default_rng(0).normal(size=30))) + "\n")
    found, _ = inspect_table(path, Settings(), ask=nobody)
    assert "the table has one column" in found.warnings[0]


def test_a_table_without_a_column_to_learn_from_is_shown(tmp_path: Path) -> None:
    rows = [["id", "text", "y"], *([str(i), f"words {i}", str(i % 2)] for i in range(40))]
    found, profile = inspect_table(write(tmp_path, csv_of(rows)), Settings(), ask=nobody)
    assert [column.role for column in found.columns] == ["id", "text", "target"]
    assert "none of the 2 columns beside the target can be used" in " ".join(found.warnings)
    assert profile.correlated.evidence == "No column can be used."


def test_a_column_with_a_text_among_numbers_is_left_out(tmp_path: Path) -> None:
    rows = table(["1.5", "2.5", "3.7"])
    rows[30][0] = "oops"
    found, _ = inspect_table(write(tmp_path, csv_of(rows)), Settings(), ask=nobody)
    assert [column.role for column in found.columns] == ["text", "numeric", "category", "target"]
    assert "column 'x' holds 'oops' among 59 numbers, and is left out; --na oops" in " ".join(found.warnings)


def test_a_target_that_is_named_must_be_there(tmp_path: Path) -> None:
    path = write(tmp_path, csv_of(table(["1.5", "2.5", "3.7"])))
    with pytest.raises(RegchooseError) as caught:
        inspect_table(path, Settings(target="no such"), ask=nobody)
    assert caught.value.code == "E204"


@pytest.fixture
def streamed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let few of the rows be held."""
    monkeypatch.setattr(file_set, "LARGE", 0)
    monkeypatch.setattr(held_rows, "n_held_rows", lambda *_: 100)


def of_large(tmp_path: Path, rows: list[Row]) -> Table:
    return inspect_table(write(tmp_path, csv_of(rows)), Settings(target="out"), ask=nobody)[0]


@pytest.mark.usefixtures("streamed")
def test_rows_that_are_not_held_may_show_it(tmp_path: Path) -> None:
    assert load_large.UNUSABLE_IN_OTHER_ROWS
    rows = table(["1.5", "2.5", "3.7", "4.25", "6", "7.5"], n=3000)
    rows[1500][3] = ""
    found = of_large(tmp_path, rows)
    assert (found.n_all, found.n_rows) == (3000, 100)
    assert found.unusable.startswith("the target 'out' is missing in 1 of 3,000 rows")
    rows[1500][3] = "oops"
    rows[1600][0] = "none here"
    found = of_large(tmp_path, rows)
    assert "column 'x' holds 'none here' among 2,999 numbers" in " ".join(found.warnings)
    rare = table(["a", "b"], n=3000)
    rare[1500][3] = "c"
    assert of_large(tmp_path, rare).unusable.startswith("class 'c' has 1 of 3,000 rows")
