"""The journal as a user meets it. The switchboard trains nothing, so what counts is who was asked."""

import json
import os
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Shell
from tests.cli.fake_shell import Board

ANSWERED = "Answered from the cache; --fresh trains again."


@pytest.fixture
def board(shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Board:
    """One switchboard for several runs on a file that exists."""
    one = Board()
    monkeypatch.setitem(sys.modules, "regchoose.run.walk_chart", one)
    (tmp_path / "a.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    return one


def test_the_same_command_is_answered_from_the_journal(shell: Shell, board: Board) -> None:
    first, again = (shell("recommend", "a.csv", "--json") for _ in range(2))
    assert len(board.settings) == 1
    assert (again.returncode, again.stdout) == (0, first.stdout)
    assert ANSWERED not in first.stderr
    assert again.stderr == f"{ANSWERED}\n"
    assert shell("recommend", "a.csv", "--json", "-q").stderr == ""


def test_an_answer_of_the_journal_is_shown_written_and_gated_as_any(
    shell: Shell, board: Board, tmp_path: Path
) -> None:
    plain = shell("recommend", "a.csv")
    told = shell(
        "recommend", "a.csv", "-o", "r.json", "--report", "r.html", "--fail-if", "certainty == 'firm'"
    )
    assert len(board.settings) == 1
    assert told.returncode == 1
    assert plain.stdout.splitlines()[:3] == told.stdout.splitlines()[:3]
    assert json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))["ok"] is True
    assert "<html" in (tmp_path / "r.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "changed",
    [["--fresh"], ["--seed", "1"], ["--correlated", "yes"], ["--device", "cpu"], ["--cache-dir", "c"]],
)
def test_another_command_is_run(changed: list[str], shell: Shell, board: Board) -> None:
    shell("recommend", "a.csv")
    done = shell("recommend", "a.csv", *changed)
    assert len(board.settings) == 2
    assert ANSWERED not in done.stderr


def test_other_data_are_run(shell: Shell, board: Board, tmp_path: Path) -> None:
    shell("recommend", "a.csv")
    (tmp_path / "a.csv").write_text("a,b\n1,3\n", encoding="utf-8")
    shell("recommend", "a.csv")
    assert len(board.settings) == 2


def test_what_changed_under_a_run_is_not_kept(
    shell: Shell, board: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest, old = board.recommend_regularizer, (tmp_path / "a.csv").read_text(encoding="utf-8")

    def meanwhile(*arguments: str, **named: object) -> object:
        (tmp_path / "a.csv").write_text("a,b\n1,3\n", encoding="utf-8")
        return honest(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(board, "recommend_regularizer", meanwhile)
    shell("recommend", "a.csv")
    (tmp_path / "a.csv").write_text(old, encoding="utf-8")
    assert ANSWERED not in shell("recommend", "a.csv").stderr
    assert len(board.settings) == 2


def test_a_failure_is_not_kept(shell: Shell, board: Board, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    assert [shell("recommend", "bad.csv").returncode for _ in range(2)] == [3, 3]
    assert len(board.settings) == 2


def test_the_journal_lies_where_flag_variable_and_cache_say(
    shell: Shell, board: Board, tmp_path: Path
) -> None:
    assert shell("cache", "path").stdout.rstrip().endswith("regchoose")
    assert shell("cache", "path", XDG_CACHE_HOME="/x").stdout == "/x/regchoose\n"
    assert shell("cache", "path", REGCHOOSE_CACHE_DIR="/y").stdout == "/y\n"
    assert shell("cache", "path", "--cache-dir", "/z", REGCHOOSE_CACHE_DIR="/y").stdout == "/z\n"
    shell("recommend", "a.csv", REGCHOOSE_CACHE_DIR="here")
    assert (tmp_path / "here" / "journal.sqlite").exists()


def test_the_journal_is_listed_and_cleared(shell: Shell, board: Board) -> None:
    empty = shell("cache", "list", "--json")
    assert json.loads(empty.stdout) | {"path": ""} == {"path": "", "bytes": 0, "blocks": 0, "answers": []}
    shell("recommend", "a.csv")
    listed = json.loads(shell("cache", "list", "--json").stdout)
    assert listed["bytes"] > 0
    ((answer),) = listed["answers"]
    assert (answer["path"], answer["recommended"]) == ("a.csv", "elastic_net, firm")
    assert "a.csv  elastic_net, firm" in shell("cache").stdout
    assert "0 blocks of models, 0 answers" in shell("cache", "clear").stdout
    shell("recommend", "a.csv")
    assert len(board.settings) == 2


def test_an_unknown_action_names_the_nearest(shell: Shell) -> None:
    done = shell("cache", "clean")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == "  fix:   regchoose cache clear"


@pytest.mark.parametrize("place", ["a.csv/cache", "/proc/none"])
def test_a_place_that_cannot_be_used_costs_one_line(shell: Shell, board: Board, place: str) -> None:
    for _ in range(2):
        done = shell("recommend", "a.csv", "--json", "--cache-dir", place)
        assert done.returncode == 0
        assert json.loads(done.stdout)["ok"] is True
        (line,) = done.stderr.splitlines()
        assert line.startswith(f"Nothing is kept for another run: {place}/journal.sqlite cannot be used")
    assert len(board.settings) == 2


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_cache_of_somebody_else_costs_one_line(shell: Shell, board: Board, tmp_path: Path) -> None:
    shell("recommend", "a.csv", "--json", "--cache-dir", "c")
    (tmp_path / "c" / "journal.sqlite").chmod(0o444)
    (tmp_path / "c").chmod(0o555)
    done = shell("recommend", "a.csv", "--json", "--cache-dir", "c", "--seed", "1")
    assert done.returncode == 0
    (line,) = done.stderr.splitlines()
    assert line.startswith("Nothing is kept for another run: c/journal.sqlite cannot be used")


def test_without_a_home_a_run_goes_on(shell: Shell, board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.delenv("HOME")
    done = shell("recommend", "a.csv", "--json")
    assert done.returncode == 0
    assert (
        done.stderr
        == "Nothing is kept for another run: there is no home folder; --cache-dir names a place.\n"
    )
    assert shell("cache", "path").returncode == 2


def test_a_damaged_journal_costs_one_line(shell: Shell, board: Board, tmp_path: Path) -> None:
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "journal.sqlite").write_text("nothing of ours " * 100, encoding="utf-8")
    done = shell("recommend", "a.csv", "--json", "--cache-dir", "c")
    (line,) = done.stderr.splitlines()
    assert line == (
        "The cache could not be read; it is now c/journal.sqlite.corrupt-1, and a new one is begun."
    )
    assert shell("recommend", "a.csv", "--json", "--cache-dir", "c").stderr == f"{ANSWERED}\n"
