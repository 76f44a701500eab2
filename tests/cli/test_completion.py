"""Shell completion: the words are right, come at once, and the scripts are those of the shells."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.cli.conftest import clean_environment

HEAVY = {"torch", "pandas", "sklearn", "scipy", "duckdb", "numpy"}
SCRIPT = """
import contextlib, io, json, os, sys
from regchoose.cli.app import main
answers = []
for environ in json.load(sys.stdin):
    os.environ |= environ
    status = None
    with contextlib.redirect_stdout(io.StringIO()) as said:
        try:
            status = main([])
        except SystemExit as end:  # typer has answered
            status = end.code
    answers.append([status, said.getvalue(), sorted({name.partition(".")[0] for name in sys.modules})])
print(json.dumps(answers))
"""
LINES = [
    ("regchoose exp", ["export", "explain"]),
    ("regchoose export result.json --to k", ["keras"]),
    ("regchoose explain E31", [f"E31{digit}" for digit in range(6)]),
    ("regchoose recommend --task c", ["classification"]),
]


def asked(shell: str, line: str) -> dict[str, str]:
    """The variables by which a shell asks how a line may go on."""
    return {
        "_REGCHOOSE_COMPLETE": f"complete_{shell}",
        "_TYPER_COMPLETE_ARGS": line,
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(line.split()) - 1),
    }


def complete(*questions: dict[str, str]) -> list[Any]:
    """Ask them all of one process: of each the status, what is said, and the modules loaded by then."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        input=json.dumps(questions),
        stdout=subprocess.PIPE,
        text=True,
        env=clean_environment(**questions[0]),
        check=True,
    )
    answers: list[Any] = json.loads(done.stdout)
    return answers


def test_words_are_completed_with_nothing_heavy_loaded() -> None:
    cases = [(shell, line, words) for shell in ("bash", "zsh", "fish") for line, words in LINES]
    answers = complete(*(asked(shell, line) for shell, line, _ in cases))
    for (shell, line, words), (status, said, modules) in zip(cases, answers, strict=True):
        assert status == 0, (shell, line)
        assert not HEAVY & set(modules), (shell, line)
        for word in words:
            assert word in said, (shell, line)
        assert "recommend" not in said, (shell, line)


def test_words_are_completed() -> None:
    """One after the other in a bash."""
    wanted = {
        "regchoose rec": ["recommend"],
        "regchoose recommend --ta": ["--target", "--task"],
        "regchoose recommend --task c": ["classification"],
        "regchoose recommend --format j": ["json", "junit"],
        "regchoose report r.json --format g": ["github"],
        "regchoose compare a.json b.json --format m": ["markdown"],
        "regchoose schema c": ["comparison"],
    }
    answers = complete(*(asked("bash", line) for line in wanted))
    assert {line: said.split() for line, (_, said, _) in zip(wanted, answers, strict=True)} == wanted
    assert {status for status, *_ in answers} == {0}


def test_columns_are_completed(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("age;price;pressure\n1;2;3\n", encoding="utf-8")
    line = f"regchoose recommend {tmp_path}/a.csv --target pr"
    done = subprocess.run(
        [sys.executable, "-m", "regchoose"],
        capture_output=True,
        text=True,
        env=clean_environment(**asked("bash", line)),
        check=True,
    )
    assert done.stdout.split() == ["price", "pressure"]


def in_bash(option: str, home: Path) -> str:
    """Ask from within a real bash, by whose name typer knows the shell."""
    bin_folder = Path(sys.executable).parent
    done = subprocess.run(
        ["bash", "--norc", "-c", f"'{sys.executable}' -m regchoose {option}; true"],
        capture_output=True,
        text=True,
        env=clean_environment(HOME=str(home), PATH=f"{bin_folder}{os.pathsep}{os.environ['PATH']}"),
        check=True,
    )
    return done.stdout


def test_the_script_for_bash_is_shown_and_installed(tmp_path: Path) -> None:
    shown = in_bash("--show-completion", tmp_path)
    assert "_REGCHOOSE_COMPLETE=complete_bash" in shown
    assert "complete -o default -F _regchoose_completion regchoose" in shown
    assert not list(tmp_path.iterdir())
    in_bash("--install-completion", tmp_path)
    installed = tmp_path / ".bash_completions" / "regchoose.sh"
    assert installed.read_text(encoding="utf-8").strip() == shown.strip()
    assert str(installed) in (tmp_path / ".bashrc").read_text(encoding="utf-8")
