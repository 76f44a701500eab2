"""Help comes at once, with nothing heavy loaded, and says word for word what stands in `help/`.

`python -m tests.cli.test_help` writes these files anew; the difference then shows what changed for users.
"""

import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from regchoose.cli import help_text
from regchoose.cli.app import app
from regchoose.settings.values import FIELDS, option_of
from tests.cli.conftest import clean_environment

HEAVY = {"torch", "pandas", "sklearn", "scipy", "duckdb", "numpy", "pydantic", "rich"}
PROMISED_S, SLACK = 0.3, 3  # a busy machine may take three times as long
SCRIPT = """
import sys
from regchoose.cli.app import main
status = main(sys.argv[1:])
print(" ".join(sorted({name.partition(".")[0] for name in sys.modules})), file=sys.stderr)
sys.exit(status)
"""
ASKED = [
    ["--help"],
    ["--version"],
    [],
    ["help", "recommend"],
    ["recommend", "--help-all"],
]
ALSO = [["-h"], ["-V"], ["recommend", "--help"], ["inspect", "-h"], ["flowchart", "--help"]]


@pytest.mark.parametrize(
    "arguments", [*ASKED, *(pytest.param(also, marks=pytest.mark.slow) for also in ALSO)], ids=" ".join
)
def test_help_is_quick_and_loads_nothing_heavy(arguments: list[str], tmp_path: Path) -> None:
    for _ in range(3):  # a busy machine may take longer now and then
        begun = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, *arguments],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=clean_environment(),
            check=True,
        )
        took = time.perf_counter() - begun
        if took < PROMISED_S * SLACK:
            break
    assert not HEAVY & set(done.stderr.split())
    assert done.stdout
    assert took < PROMISED_S * SLACK


KNOWN = vars(get_command(app))["commands"]
COMMANDS = ("regchoose", *KNOWN)
TEXTS = Path(__file__).with_name("help")
WIDTH = 100


def help_of(command: str, option: str = "--help") -> str:
    """Return what `--help` prints of a command, or of all where it is called regchoose."""
    options: dict[str, Any] = {
        "prog_name": "regchoose",
        "terminal_width": WIDTH,
        "env": {"COLUMNS": str(WIDTH)},
    }
    done = CliRunner().invoke(app, [*([] if command == "regchoose" else [command]), option], **options)
    assert done.exit_code == 0, done.output
    assert "\x1b" not in done.output  # no terminal
    return done.output


def test_each_command_has_its_text() -> None:
    assert {path.stem for path in TEXTS.glob("*.txt")} == set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_is_word_for_word(command: str) -> None:
    text = (TEXTS / f"{command}.txt").read_text(encoding="utf-8")
    assert help_of(command) == text, "if this is meant: python -m tests.cli.test_help"
    assert max(map(len, text.splitlines())) <= WIDTH


def test_every_setting_has_its_flag_and_its_heading() -> None:
    shown = help_of("recommend", "--help-all")
    for name in FIELDS:
        assert f"--{name.replace('_', '-')}" in shown
        assert f"\n{option_of(name).group}:\n" in shown


def test_the_defaults_shown_are_those_of_the_settings() -> None:
    shown = " ".join(help_of("recommend", "--help-all").split())
    assert "--epochs N Maximum number of epochs; small tables get more, see --steps. [default: 60]" in shown
    assert "--header / --no-header" in shown
    assert "--audit / --no-audit" in shown
    assert "-o, --output FILE" in shown
    assert "--task auto|classification|regression" in shown


def test_the_usual_options_are_ten_and_the_others_one_flag_away() -> None:
    shown = help_of("recommend")
    settings = [name for name in FIELDS if f" --{name.replace('_', '-')} " in shown]
    assert len(settings) == 10
    assert "--help-all" in shown
    assert len(shown.splitlines()) < 50
    assert "--folds" not in shown


@pytest.mark.parametrize("command", COMMANDS)
def test_each_help_ends_with_two_examples_that_can_be_parsed(command: str) -> None:
    examples = [line.strip() for line in help_of(command).partition("Examples:\n")[2].splitlines()]
    first, second, _, more = examples
    assert first.startswith("regchoose ")
    assert second.startswith("regchoose ")
    assert more.startswith("regchoose explain lists")
    for line in (first, second):
        _, name, *words = shlex.split(line.partition(" > ")[0])
        KNOWN[name].make_context(name, words)  # raises for an option or an argument that there is not


def test_a_terminal_gets_colour_and_no_color_none() -> None:
    coloured = help_text.colour("Usage: x\n\nData:\n  --target COL  see --task.")
    assert coloured.startswith("\x1b[1mUsage:\x1b[0m x")
    assert "\x1b[36m--target\x1b[0m COL  see \x1b[36m--task\x1b[0m." in coloured


def test_no_color_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert help_text.colour("Data:") == "Data:"


def test_help_is_a_command_too() -> None:
    options: dict[str, Any] = {"prog_name": "regchoose"}
    for words in (["help"], ["help", "compare"]):
        done = CliRunner().invoke(app, words, **options)
        assert done.exit_code == 0
    with_flag = CliRunner().invoke(app, ["compare", "-h"], **options)
    assert with_flag.output.splitlines()[0] == "Usage: regchoose compare [OPTIONS] {OLD} {NEW}"


if __name__ == "__main__":
    TEXTS.mkdir(exist_ok=True)
    for path in TEXTS.glob("*.txt"):
        path.unlink()
    for command in COMMANDS:
        (TEXTS / f"{command}.txt").write_text(help_of(command), encoding="utf-8")
