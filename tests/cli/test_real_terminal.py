"""The real program at a real pseudo-terminal: its prompts answered, its answer read."""

import re
import shlex
import sys
from pathlib import Path

import pexpect
import pytest

from regchoose.cli.app import main
from tests.cli.conftest import clean_environment
from tests.run.test_walk_chart import write

pytestmark = pytest.mark.slow

QUICK = [
    "--preset",
    "quick",
    "--hidden",
    "8",
    "--epochs",
    "3",
    "--steps",
    "5",
    "--repeats",
    "1",
    "--lr",
    "0.01",
]
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def talk(folder: Path, answers: list[str]) -> tuple[str, int | None]:
    """Answer the prompts of a run that must draw rows; return the screen and the exit status."""
    child = pexpect.spawn(
        sys.executable,
        ["-m", "regchoose", "recommend", "table.csv", *QUICK, "--rows", "60"],
        cwd=str(folder),
        env=clean_environment(),
        dimensions=(50, 100),
        encoding="utf-8",
        timeout=120,
    )
    screen = ""
    for answer in answers:
        child.expect(r"\? for help(, b to go back)?: ")
        screen += child.before
        child.sendline(answer)
    child.expect(pexpect.EOF)
    child.close()
    return ESCAPES.sub("", screen + child.before), child.exitstatus


@pytest.mark.parametrize(
    ("answers", "wanted"),
    [
        (["y"], ["your answer", "Elastic Net", "--subsample yes"]),
        (
            ["n", "y", "n", "n"],
            ["L1, by prior knowledge", "--prior-knowledge yes --correlated no --entire-picture no"],
        ),
        (["n", "y", "?", "", ""], ["measured", "condition number"]),
    ],
    ids=["experiment", "prior knowledge", "measured"],
)
def test_prompts_lead_to_an_answer(tmp_path: Path, answers: list[str], wanted: list[str]) -> None:
    write(tmp_path, "binary")
    screen, status = talk(tmp_path, answers)
    assert status == 0, screen
    for words in wanted:
        assert words in screen, screen


def test_the_command_that_is_printed_repeats_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, "regression")
    screen, _ = talk(tmp_path, ["n", "y", "n", "y"])
    command = screen.split("The same again, without questions:")[1].split()
    assert command[0] == "regchoose"
    monkeypatch.chdir(tmp_path)
    assert main([*command[1:], "--no-input", "--fresh"]) == 0
    assert "L2, by prior knowledge" in screen
    assert "L2, by prior knowledge" in capsys.readouterr().out
    assert shlex.join(command).count("--") >= 8
