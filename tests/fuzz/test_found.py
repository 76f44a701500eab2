"""What broke the program once: found by the fuzzing or by the load of random runs, and mended."""

import json
from pathlib import Path

import numpy as np
import pytest

from regchoose.settings import options
from regchoose.table import file_set
from regchoose.table.large import held_rows
from tests.fuzz.results import TEXT
from tests.fuzz.target import empty_folder, run

SMALL = ["--preset", "quick", "--hidden", "4", "--folds", "2", "--repeats", "1", "--strengths", "2"]
SMALL += ["--epochs", "1", "--steps", "3", "--lr", "0.01"]


def grouped(groups: int, rows: int = 60) -> str:
    rng = np.random.default_rng(0)
    lines = [f"{rng.normal():.3f},{rng.normal():.3f},g{i % groups},{rng.normal():.3f}" for i in range(rows)]
    return "\n".join(["when,x,who,y", *lines, ""])


@pytest.mark.parametrize(
    ("groups", "further", "status"),
    [(3, ["--folds", "5"], 3), (3, [], 0), (3, ["--time", "when"], 3)],
)
def test_few_groups_although_a_subsample_is_said_to_be_possible(
    groups: int, further: list[str], status: int
) -> None:
    with empty_folder():
        Path("t.csv").write_text(grouped(groups))
        got, said = run("recommend", "t.csv", *SMALL, "--group", "who", "--subsample", "yes", *further)
    assert got == status, said
    if status:
        assert "error[E303]" in said
        assert "--resources no" in said


@pytest.mark.parametrize("content", ['""\n', '" "', '"",\n', '""\n""\n', "''\n", '"\n"'])
def test_cells_that_are_all_blank(content: str) -> None:
    """They are no empty file, and no record either."""
    with empty_folder():
        Path("t.csv").write_text(content)
        status, said = run("inspect", "t.csv")
    assert status == 3, said
    assert "error[E3" in said


@pytest.mark.parametrize(
    ("place", "value"),
    [(("curves", "loss_by_epoch", "l1", "test"), [None]), (("curves", "loss_by_strength", "l1"), {})],
)
def test_a_result_whose_lists_do_not_belong_together(place: tuple[str, ...], value: object) -> None:
    document = json.loads(TEXT)
    inside = document
    for key in place[:-1]:
        inside = inside[key]
    inside[place[-1]] = value
    with empty_folder():
        Path("r.json").write_text(json.dumps(document))
        status, said = run("report", "r.json", "-o", "page.html")
        assert not Path("page.html").exists()
    assert status == 2, said
    assert "error[E214]" in said


@pytest.mark.parametrize("cell", ["#N/A", "#n/a", "#DIV/0!", "#VALUE!"])
@pytest.mark.parametrize("large", [False, True])
def test_a_row_that_begins_with_a_value_a_spreadsheet_could_not_compute(
    cell: str, *, large: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is a missing value, and no comment."""
    if large:
        monkeypatch.setattr(file_set, "LARGE", 0)
        monkeypatch.setattr(held_rows, "LEAST", 40)
        monkeypatch.setattr(held_rows, "TIMES", 1)
        monkeypatch.setattr(options, "FIRST_ROWS", 20)
    lines = ["x,y", *(f"{i % 7},{i % 5}.5" for i in range(300)), ""]
    lines[200] = f"{cell},2.5"
    with empty_folder():
        Path("t.csv").write_text("\n".join(lines))
        status, said = run("inspect", "t.csv")
        lines[200] = "# a comment,2.5"
        Path("t.csv").write_text("\n".join(lines))
        assert run("inspect", "t.csv")[0] == 3
    assert status == 0, said
