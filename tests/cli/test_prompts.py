"""Prompts, by themselves and at a pseudo-terminal."""

import io
import sys
from collections.abc import Callable
from pathlib import Path

import pexpect
import pytest

from regchoose.cli.prompts import is_attended, prompt_text, read_answer
from regchoose.records.answers import Prompt
from regchoose.report.safe_text import ascii_only
from tests.cli.conftest import clean_environment
from tests.cli.fake_shell import CORRELATED, TARGET

SHOWN = """\
Are your features correlated?
   1  yes     they are
   2  no      they are not
   3  unsure  measure it on the data  ← Enter"""
COLUMNS = Prompt(flag="target", text="Which?", choices={"age": "", "area": "", "bmi": ""}, default="bmi")


def reply(prompt: Prompt, typed: str, *, can_go_back: bool = False) -> str | None:
    source, screen = io.StringIO(typed), io.StringIO()
    return read_answer(prompt, source=source, screen=screen, can_go_back=can_go_back)


def said(prompt: Prompt, typed: str, *, can_go_back: bool = False) -> str:
    source, screen = io.StringIO(typed), io.StringIO()
    read_answer(prompt, source=source, screen=screen, can_go_back=can_go_back)
    return screen.getvalue()


def test_a_prompt_says_what_and_the_default() -> None:
    assert said(CORRELATED, "\n") == f"\n{ascii_only(SHOWN)}\nNumber or name, Enter for 3, ? for help: "
    text = "Which column is to be predicted?"
    assert said(TARGET, "\n") == f"\n{text}\nAnswer, Enter for class, ? for help: "


@pytest.mark.parametrize("prompt", [CORRELATED, TARGET])
def test_a_question_mark_explains_everywhere(prompt: Prompt) -> None:
    shown = " ".join(said(prompt, "?\n\n").split())
    assert f"{prompt.flag} answers it beforehand; Ctrl-C ends the run." in shown
    assert prompt.why in shown


def test_a_letter_goes_back_where_there_is_a_question_before() -> None:
    assert reply(CORRELATED, "b\n", can_go_back=True) is None
    assert "b to go back" in said(CORRELATED, "b\n", can_go_back=True)
    assert "'b' is none of these" in said(CORRELATED, "b\n\n")
    named = Prompt(flag="--target", text="Which?", choices={"a": "", "b": ""}, default="a")
    assert reply(named, "b\n", can_go_back=True) == "b"


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
        (CORRELATED, "3\n", "unsure"),
        (CORRELATED, "?\nu\n", "unsure"),
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


def test_a_wrong_answer_is_asked_for_again_until_it_is_right() -> None:
    assert reply(CORRELATED, "a\nb\nc\nd\ne\n0\n4\ny\n") == "yes"


def test_the_end_of_the_input_ends_the_run() -> None:
    with pytest.raises(KeyboardInterrupt):
        reply(CORRELATED, "")


def test_the_default_is_in_sight_however_many_there_are() -> None:
    names = {f"c{number}": "" for number in range(1, 41)}
    text = prompt_text(Prompt(flag="--target", text="Which?", choices=names, default="c40"))
    assert text.splitlines()[-2:] == ["     … 9 more, which can be named", "  40  c40  ← Enter"]
    assert reply(Prompt(flag="--target", text="Which?", choices=names, default="c40"), "35\n") == "c35"


def test_hostile_choices_are_inert_and_many_are_cut() -> None:
    names = {f"[red]{number}\x1b[31m": "" for number in range(40)}
    text = prompt_text(Prompt(flag="target", text="Which?\x1b[31m", choices=names, default=""))
    assert "\x1b" not in text
    assert "   1  [red]0" in text
    assert "… 10 more, which can be named" in text


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
    child.expect("help:")
    child.sendline("maybe")
    child.expect("none of these")
    child.sendline("n")
    child.expect("predicted\\?")
    child.sendline("b")
    child.expect("correlated\\?")
    child.sendline("no")
    child.expect("predicted\\?")
    child.sendline("")
    child.expect("warning: --correlated no")
    child.expect("warning: --target class")
    child.expect("regchoose recommend 'ask me.csv' --correlated no --target class")
    assert ended(child) == 0


@pytest.mark.parametrize("key", ["c", pytest.param("d", marks=pytest.mark.slow)])
def test_ctrl_c_and_ctrl_d_at_a_prompt(terminal: Terminal, key: str) -> None:
    child = terminal("recommend", "ask.csv")
    child.expect("help:")
    child.sendcontrol(key)
    assert ended(child) == 130
    assert "Traceback" not in (child.before or "")


@pytest.mark.parametrize(
    ("arguments", "environ"),
    [(["--no-input"], {}), pytest.param([], {"CI": "1"}, marks=pytest.mark.slow)],
    ids=str,
)
def test_nobody_is_asked_where_it_was_forbidden(
    terminal: Terminal, arguments: list[str], environ: dict[str, str]
) -> None:
    child = terminal("recommend", "ask.csv", *arguments, **environ)
    child.expect("warning: --correlated None")
    assert ended(child) == 0


@pytest.mark.slow
def test_json_at_a_terminal_with_prompts_on_stderr(terminal: Terminal) -> None:
    child = terminal("recommend", "ask.csv", "--json")
    child.expect("correlated\\?")
    child.sendline("y")
    child.expect("predicted\\?")
    child.sendline("y")
    child.expect('"ok": true')
    assert ended(child) == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    "environ",
    [{"TERM": "dumb"}, {"NO_COLOR": "1"}, {"COLUMNS": "20"}, {"COLUMNS": "0"}, {"PYTHONIOENCODING": "ascii"}],
    ids=str,
)
def test_any_terminal_gets_the_answer(terminal: Terminal, environ: dict[str, str]) -> None:
    child = terminal("recommend", "a.csv", **environ)
    child.expect("Elastic Net")
    assert ended(child) == 0


@pytest.mark.slow
def test_an_interrupt_gives_the_cursor_back(terminal: Terminal) -> None:
    child = terminal("recommend", "hang.csv")
    child.expect("None \\[bold\\]x")
    child.sendcontrol("c")
    assert ended(child) == 130
    assert "\x1b[?25h" in (child.before or "")
