"""The layers, through the command line as it is typed."""

from pathlib import Path

import pytest

from regchoose.cli import recommend as command
from regchoose.cli.app import main
from regchoose.report.command import write_command_line
from tests.cli.fake_shell import Board


@pytest.fixture
def board(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Board:
    board = Board()
    monkeypatch.setattr(command, "_recommender", lambda: board)
    monkeypatch.setattr(command, "_planner", lambda: board)
    monkeypatch.chdir(tmp_path)
    return board


def test_flags_reach_the_run(board: Board) -> None:
    line = "--hidden 8,4 --no-header --exclude a,b --exclude c --no-audit -q --rows 50 --alphas .5"
    assert main(["recommend", "a.csv", *line.split()]) == 0
    settings = board.settings[0]
    assert (settings.hidden, settings.header, settings.exclude) == ((8, 4), "no", ("a,b", "c"))
    assert (settings.audit, settings.quiet, settings.rows, settings.alphas) == (False, True, 50, (0.5,))
    assert board.given[0] == {"hidden", "header", "exclude", "audit", "quiet", "rows", "alphas"}


def test_nothing_is_given_where_nothing_was_said(board: Board) -> None:
    assert main(["recommend", "a.csv"]) == 0
    assert board.given == [frozenset()]


def test_each_place_gives_way_to_the_one_before(
    board: Board, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "regchoose.toml").write_text("epochs = 3\nfolds = 3\nrepeats = 3", encoding="utf-8")
    monkeypatch.setenv("REGCHOOSE_EPOCHS", "2")
    monkeypatch.setenv("REGCHOOSE_FOLDS", "2")
    assert main(["recommend", "a.csv", "--epochs", "1", "--preset", "quick"]) == 0
    settings = board.settings[0]
    assert (settings.epochs, settings.folds, settings.repeats) == (1, 2, 3)


@pytest.mark.parametrize(
    ("data", "flags", "answers", "expected"),
    [
        ("a b.csv", {}, {"correlated": "no"}, "regchoose recommend 'a b.csv' --correlated no"),
        ("a.csv", {"target": "it's"}, {}, "regchoose recommend a.csv --target 'it'\"'\"'s'"),
        ("a.csv", {"exclude": ["a", "b"]}, {}, "regchoose recommend a.csv --exclude a --exclude b"),
        ("a.csv", {"audit": False, "json": True}, {}, "regchoose recommend a.csv --no-audit --json"),
        ("a.csv", {}, {"header": "no"}, "regchoose recommend a.csv --no-header"),
        ("a.csv", {}, {"header": "yes"}, "regchoose recommend a.csv --header"),
        ("a.csv", {}, {"delimiter": "\t"}, "regchoose recommend a.csv --delimiter tab"),
        ("-a.csv", {}, {"correlated": "no"}, "regchoose recommend --correlated no -- -a.csv"),
    ],
)
def test_a_run_is_told_as_one_command(
    data: str, flags: dict[str, object], answers: dict[str, str], expected: str
) -> None:
    assert write_command_line(data, flags, answers=answers) == expected
