"""Prompts, by themselves and at a pseudo-terminal."""

import io
import sys
from collections.abc import Callable
from pathlib import Path

import pexpect
import pytest

from regchoose.cli.prompts import choice_keys, is_attended, prompt_text, read_answer
from regchoose.errors import UsageError
from regchoose.records.answers import Prompt
from tests.cli.conftest import clean_environment
from tests.cli.fake_shell import CORRELATED, TARGET

SHOWN = """\
Are your features correlated?
  Then L1 drops information that belongs together.
  [y] yes     they are
  [n] no      they are not
  [?] unsure  measure it on the data (default)
  ›"""
COLUMNS = Prompt(flag="target", text="Which?", choices={"age": "", "area": "", "bmi": ""}, default="bmi")


def reply(prompt: Prompt, typed: str) -> str:
    return read_answer(prompt, source=io.StringIO(typed), screen=io.StringIO())


def test_a_prompt_says_what_and_why_and_the_default() -> None:
    assert prompt_text(CORRELATED) == SHOWN
    assert prompt_text(TARGET) == "Which column is to be predicted?\n  [class] ›"


def test_long_reasons_are_wrapped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    choices = {"yes": "they rise and fall together " * 3, "no": "they do not"}
    for given in ({}, choices):
        prompt = Prompt(flag="a", text="Why? " * 20, choices=given, default="", why="Because. " * 20)
        assert max(map(len, prompt_text(prompt).splitlines())) <= 39


@pytest.mark.parametrize(
    ("prompt", "typed", "answer"),
    [
        (CORRELATED, "y\n", "yes"),
        (CORRELATED, " Yes \n", "yes"),
        (CORRELATED, "?\n", "unsure"),
        (CORRELATED, "\n", "unsure"),
        (CORRELATED, "perhaps\nno\n", "no"),
        (TARGET, "\n", "class"),
        (TARGET, "price\n", "price"),
        (COLUMNS, "2\n", "area"),
        (COLUMNS, "ag\n", "age"),
        (COLUMNS, "a\n1\n", "age"),
    ],
)
def test_answers_are_understood(prompt: Prompt, typed: str, answer: str) -> None:
    assert reply(prompt, typed) == answer


def test_three_wrong_answers_are_enough() -> None:
    with pytest.raises(UsageError) as caught:
        reply(CORRELATED, "a\nb\nc\ny\n")
    assert (caught.value.code, caught.value.fix) == ("E207", "--correlated unsure")


def test_the_end_of_the_input_ends_the_run() -> None:
    with pytest.raises(KeyboardInterrupt):
        reply(CORRELATED, "")


def test_names_that_share_letters_are_numbered() -> None:
    assert choice_keys(COLUMNS.choices) == {"age": "1", "area": "2", "bmi": "3"}


def test_hostile_choices_are_inert_and_many_are_cut() -> None:
    names = {f"[red]{number}\x1b[31m": "" for number in range(40)}
    text = prompt_text(Prompt(flag="target", text="Which?\x1b[31m", choices=names, default=""))
    assert "\x1b" not in text
    assert "[1] [red]0" in text
    assert "… and 10 more; type the name" in text


def test_pipes_are_not_attended() -> None:
    assert not is_attended(no_input=False, environ={})


# ---- at a pseudo-terminal --------------------------------------------------------------------------

Terminal = Callable[..., "pexpect.spawn[str]"]


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    def spawn(*arguments: str, **environ: str) -> "pexpect.spawn[str]":
        return pexpect.spawn(
            sys.executable,
            ["-m", "tests.cli.fake_shell", *arguments],
            cwd=str(tmp_path),
            env=clean_environment(**environ),
            encoding="utf-8",
            timeout=20,
            dimensions=(24, 80),
        )

    return spawn


def ended(child: "pexpect.spawn[str]") -> int | None:
    child.expect(pexpect.EOF)
    child.close()
    status: int | None = child.exitstatus
    return status


def test_a_person_is_asked_and_the_run_told_as_one_command(terminal: Terminal) -> None:
    child = terminal("recommend", "ask me.csv")
    child.expect("correlated\\?")
    child.expect("›")
    child.sendline("maybe")
    child.expect("none of these")
    child.sendline("n")
    child.expect("predicted\\?")
    child.sendline("")
    child.expect("warning: --correlated no")
    child.expect("warning: --target class")
    child.expect("regchoose recommend 'ask me.csv' --correlated no --target class")
    assert ended(child) == 0


@pytest.mark.parametrize("key", ["c", "d"])
def test_ctrl_c_and_ctrl_d_at_a_prompt(terminal: Terminal, key: str) -> None:
    child = terminal("recommend", "ask.csv")
    child.expect("›")
    child.sendcontrol(key)
    assert ended(child) == 130
    assert "Traceback" not in (child.before or "")


@pytest.mark.parametrize(("arguments", "environ"), [(["--no-input"], {}), ([], {"CI": "1"})], ids=str)
def test_nobody_is_asked_where_it_was_forbidden(
    terminal: Terminal, arguments: list[str], environ: dict[str, str]
) -> None:
    child = terminal("recommend", "ask.csv", *arguments, **environ)
    child.expect("warning: --correlated None")
    assert ended(child) == 0


def test_json_at_a_terminal_with_prompts_on_stderr(terminal: Terminal) -> None:
    child = terminal("recommend", "ask.csv", "--json")
    child.expect("correlated\\?")
    child.sendline("y")
    child.expect("predicted\\?")
    child.sendline("y")
    child.expect('"ok": true')
    assert ended(child) == 0


@pytest.mark.parametrize(
    "environ",
    [{"TERM": "dumb"}, {"NO_COLOR": "1"}, {"COLUMNS": "20"}, {"COLUMNS": "0"}, {"PYTHONIOENCODING": "ascii"}],
    ids=str,
)
def test_any_terminal_gets_the_answer(terminal: Terminal, environ: dict[str, str]) -> None:
    child = terminal("recommend", "a.csv", **environ)
    child.expect("Elastic Net")
    assert ended(child) == 0


def test_an_interrupt_gives_the_cursor_back(terminal: Terminal) -> None:
    child = terminal("recommend", "hang.csv")
    child.expect("none \\[bold\\]x")
    child.sendcontrol("c")
    assert ended(child) == 130
    assert "\x1b[?25h" in (child.before or "")
