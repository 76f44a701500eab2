"""Shell completion: the words are right, come at once, and the scripts are those of the shells."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import clean_environment

HEAVY = {"torch", "pandas", "sklearn", "scipy", "duckdb", "numpy"}
SCRIPT = """
import atexit, sys
atexit.register(lambda: sys.stderr.write(" ".join(name.partition(".")[0] for name in sys.modules)))
from regchoose.cli.app import main
sys.exit(main())
"""
LINES = [
    ("regchoose exp", ["export", "explain"]),
    ("regchoose export result.json --to k", ["keras"]),
    ("regchoose explain E31", [f"E31{digit}" for digit in range(6)]),
    ("regchoose recommend --task c", ["classification"]),
]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize(("line", "words"), LINES)
def test_words_are_completed_with_nothing_heavy_loaded(shell: str, line: str, words: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        capture_output=True,
        text=True,
        env=clean_environment(
            _REGCHOOSE_COMPLETE=f"complete_{shell}",
            _TYPER_COMPLETE_ARGS=line,
            _TYPER_COMPLETE_FISH_ACTION="get-args",
            COMP_WORDS=line,
            COMP_CWORD=str(len(line.split()) - 1),
        ),
        check=True,
    )
    assert not HEAVY & set(done.stderr.split())
    for word in words:
        assert word in done.stdout
    assert "recommend" not in done.stdout


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
