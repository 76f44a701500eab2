"""Every code and topic has a screen, and every word leads to one."""

import re

import pytest
from typer.main import get_command

from regchoose.cli.app import app, main
from regchoose.errors import CODES
from regchoose.explain.codes import TROUBLES
from regchoose.explain.find import contents, explained
from regchoose.explain.topics import ALIASES, TOPICS
from regchoose.settings.values import FIELDS

WIDTHS = (20, 40, 80, 100)
TALLEST = 45  # lines at 80 columns


def test_every_code_is_explained_and_no_other() -> None:
    assert list(TROUBLES) == list(CODES)


@pytest.mark.parametrize("name", [*TOPICS, *TROUBLES])
def test_a_page_is_a_screen(name: str) -> None:
    for width in WIDTHS:
        text = explained(name, width=width)
        prose = [line for line in text.splitlines() if not line.startswith("  ")]
        assert max(map(len, prose[1:])) <= max(width, 32)
    lines = explained(name, width=80).splitlines()
    assert len(lines) <= TALLEST
    assert max(map(len, lines)) <= 80


OF_FIT = ("--from", "--onnx", "--regularizer", "--trial")


@pytest.mark.parametrize("name", [*TOPICS, *TROUBLES])
def test_flags_and_commands_named_exist(name: str) -> None:
    text = explained(name, width=100)
    command = get_command(app)
    known = {f"--{option.replace('_', '-')}" for option in FIELDS} | {
        "--to",
        "--no-header",
        "--help",
        *OF_FIT,
    }
    for flag in re.findall(r"(?<![\w-])--[a-z][a-z0-9-]*", text.replace("--taget", "")):
        assert flag in known, flag
    for word in re.findall(r"regchoose ([a-z]+)", text):
        assert word in vars(command)["commands"] or word in TEXT_WORDS, word


TEXT_WORDS = {"draws", "takes", "does", "uses", "tunes", "let", "has"}


def test_see_also_leads_somewhere() -> None:
    assert {name for page in TOPICS.values() for name in page.see} | set(ALIASES.values()) <= set(TOPICS)


@pytest.mark.parametrize(
    ("word", "title"), [("Lasso", "L1"), ("e312", "E312"), ("Elastic Net", "Elastic Net")]
)
def test_words_lead_to_their_page(word: str, title: str) -> None:
    assert explained(word, width=80).startswith(title)


def test_the_list_holds_everything(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain"]) == 0
    shown = capsys.readouterr().out
    assert shown == contents(width=80)
    assert all(name in shown for name in [*TOPICS, *CODES])


@pytest.mark.parametrize(("word", "near"), [("elastik-net", "elastic-net"), ("E31", "E3"), ("saef", "safe")])
def test_an_unknown_topic_is_an_error_that_names_the_nearest(
    word: str, near: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", word]) == 2
    assert re.search(rf"fix:   regchoose explain {near[:3]}", capsys.readouterr().err)
