"""The remedies that a command prints are applied through that command, and then it reads the table.

The files are those of the other tests of remedies, and the 22 of the Pollock benchmark (Vitagliano et al.,
VLDB 2023) that are damaged as a whole.
"""

import csv
import re
import shlex
from collections import Counter
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest

from regchoose.cli.app import main
from regchoose.errors import setting
from regchoose.settings.options import Settings
from tests.table.pollution.file_level import Case, file_level
from tests.table.test_remedies import REFUSED
from tests.table.writing import write

COMMANDS = {
    "inspect": ["inspect", "data.csv", "--no-input"],
    "sample": ["sample", "data.csv", "--no-input", "--rows", "all", "-o", "s.csv", "--force"],
    "recommend": ["recommend", "data.csv", "--no-input", "--resources", "no", "-q"],
}
CASES = {case.name: case for case in file_level()}
Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in the folder of the file; return its status and the remedies that it prints."""
    monkeypatch.chdir(tmp_path)

    def command(*words: str) -> tuple[int, str]:
        status = main(words)
        said = capsys.readouterr().err
        return status, said.rpartition("  fix:   ")[2].strip() if status else ""

    return command


def flags_of(settings: Settings) -> list[str]:
    """Return settings as the shell takes them."""
    usual = Settings()
    stated = {field.name: getattr(settings, field.name) for field in fields(Settings)}
    changed = {name: value for name, value in stated.items() if value != getattr(usual, name)}
    lists = {name: list(value) if isinstance(value, tuple) else value for name, value in changed.items()}
    return shlex.split(setting(**lists).shell)


def with_remedy(words: list[str], remedy: str) -> list[str]:
    """Return a command with the flags of a remedy in the place of its own; what follows them is explained."""
    added = shlex.split(re.split(r"[,:] | \(| or ", remedy)[0])
    names = {word for word in added if word.startswith("--")}
    kept = list(words)
    for name in names.intersection(words):
        while name in kept:
            at = kept.index(name)
            del kept[at : at + 2]
    return [*kept, *added]


def apply_each(run: Run, words: list[str]) -> Counter[str]:
    """Run a command; if it refuses, apply each remedy that is a flag, or names a line. Count the outcomes."""
    status, fix = run(*words)
    if not status:
        return Counter(read=1)
    outcomes = Counter(refused=1)
    assert fix
    for remedy in fix.split("   or   "):
        if remedy.startswith("--") and ", if" not in remedy:
            changed = with_remedy(words, remedy)
            assert run(*changed)[0] == 0, (words, remedy, run(*changed)[1])
            outcomes["flags"] += 1
        elif by_line := re.match(r"(take|put) line (\d+) (?:out|and those below it)", remedy):
            file = Path("data.csv")
            whole = file.read_bytes()
            lines, at = whole.splitlines(keepends=True), int(by_line[2]) - 1
            below = lines[at + 1 :] if by_line[1] == "take" else []
            file.write_bytes(b"".join([*lines[:at], *below]))
            assert run(*words)[0] == 0 or run(*words)[1] != fix, (words, remedy)
            file.write_bytes(whole)
            outcomes["lines"] += 1
    return outcomes


SLOW = [pytest.param(command, marks=pytest.mark.slow) for command in ("sample", "recommend")]


@pytest.mark.parametrize("command", ["inspect", *SLOW])
@pytest.mark.parametrize("name", REFUSED)
def test_remedies_of_a_command_work_in_it(name: str, command: str, tmp_path: Path, run: Run) -> None:
    content, settings, code, count = REFUSED[name]
    write(tmp_path, content)
    outcomes = apply_each(run, [*COMMANDS[command], *flags_of(settings)])
    assert outcomes["read"] or outcomes["flags"] >= min(count, 1)
    if command == "recommend" and code not in ("E303", "E324"):  # these are of experiments, and none is made
        assert outcomes["refused"]


@pytest.mark.parametrize("command", ["inspect", pytest.param("recommend", marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", CASES)
def test_remedies_of_the_benchmarks_files_work(name: str, command: str, tmp_path: Path, run: Run) -> None:
    write(tmp_path, CASES[name].content)
    apply_each(run, COMMANDS[command])


def test_most_of_the_benchmarks_files_are_read_exactly_and_none_wrongly(tmp_path: Path, run: Run) -> None:
    def outcome(case: Case) -> str:
        write(tmp_path, case.content)
        outcomes = apply_each(run, COMMANDS["sample"])
        if outcomes["refused"]:
            return "refused"
        with (tmp_path / "s.csv").open(encoding="utf-8", newline="") as file:
            return "exact" if [*csv.reader(file)] == case.truth else "wrong"

    found = {name: outcome(case) for name, case in CASES.items()}
    counts = Counter(found.values())
    assert counts["wrong"] == 0, found
    assert (len(CASES), counts["exact"]) == (22, 14), found
