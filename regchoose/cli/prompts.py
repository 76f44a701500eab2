"""Prompts: the one place that knows whether a person sits at the terminal."""

import shutil
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from textwrap import wrap
from typing import TextIO

from regchoose.errors import UsageError, setting
from regchoose.records.answers import Ask, Prompt, ask_noting
from regchoose.report.safe_text import fit_encoding, is_terminal, plain

TRIES = 3
LISTED = 30  # choices shown; further ones can be typed
SHORT = {"unsure": "?", "auto": "?"}


def is_attended(*, no_input: bool, environ: Mapping[str, str]) -> bool:
    """Decide, once and before any work, whether prompts may appear."""
    return not no_input and not environ.get("CI") and is_terminal(sys.stdin) and is_terminal(sys.stderr)


def never_ask(_prompt: Prompt) -> None:
    """Return no answer, where no prompt is possible."""


def make_asker(answers: dict[str, str], *, paused: Callable[[], AbstractContextManager[None]]) -> Ask:
    """Return a function that asks the person at the terminal and notes the answers.

    Parameters
    ----------
    answers : dict of str to str
        Setting → answer; filled while the run asks.
    paused : callable
        Makes a context in which no progress is drawn.
    """

    def ask(prompt: Prompt) -> str:
        with paused():
            return read_answer(prompt, source=sys.stdin, screen=sys.stderr)

    return ask_noting(ask, answers)


def read_answer(prompt: Prompt, *, source: TextIO, screen: TextIO) -> str:
    """Show a prompt and read the answer; Enter takes the default.

    Raises
    ------
    KeyboardInterrupt
        At the end of the input, as for Ctrl-C.
    UsageError
        E207 after three answers that are none of the choices.
    """
    screen.write(fit_encoding(f"\n{prompt_text(prompt)} ", screen.encoding))
    for _ in range(TRIES):
        screen.flush()
        line = source.readline()
        if not line:
            screen.write("\n")
            raise KeyboardInterrupt
        answer = _match_answer(line.strip(), prompt)
        if answer is not None:
            return answer
        again = f"  {plain(line.strip(), longest=40)!r} is none of these. › "
        screen.write(fit_encoding(again, screen.encoding))
    name, default = prompt.setting, plain(prompt.default)
    fix = setting(**{name: default}) if default else setting(name)
    raise UsageError("E207", f"no answer to: {prompt.text}", fix=fix)


def choice_keys(choices: Mapping[str, str]) -> dict[str, str]:
    """Return the key of each choice: its first letter, `?` for leaving it open, or else a number."""
    letters = {value: SHORT.get(value, value[:1].lower()) for value in choices}
    usable = all(len(letter) == 1 and (letter == "?" or letter.isalpha()) for letter in letters.values())
    if usable and len(set(letters.values())) == len(letters):
        return letters
    return {value: str(number) for number, value in enumerate(choices, start=1)}


def prompt_text(prompt: Prompt) -> str:
    """Return a prompt as text: the question, why it is asked, a line a choice."""
    columns = max(20, min(100, shutil.get_terminal_size((80, 24)).columns)) - 1
    lines = wrap(plain(prompt.text), columns)
    lines += wrap(plain(prompt.why, longest=400), columns, initial_indent="  ", subsequent_indent="  ")
    if not prompt.choices:
        default = f" [{plain(prompt.default)}]" if prompt.default else ""
        return "\n".join([*lines, f" {default} ›"])
    width = max(len(plain(value, longest=40)) for value in list(prompt.choices)[:LISTED])
    for value, key in list(choice_keys(prompt.choices).items())[:LISTED]:
        name, meaning = plain(value, longest=40), plain(prompt.choices[value])
        words = name if meaning in ("", name) else f"{name:{width}}  {meaning}"
        choice = f"  [{key}] {words}{' (default)' if value == prompt.default else ''}"
        lines += wrap(choice, columns, subsequent_indent=" " * 6)
    if len(prompt.choices) > LISTED:
        lines.append(f"  … and {len(prompt.choices) - LISTED} more; type the name")
    return "\n".join([*lines, "  ›"])


def _match_answer(line: str, prompt: Prompt) -> str | None:
    if not line:
        return prompt.default or None
    if not prompt.choices:
        return line
    by_key = {key: value for value, key in choice_keys(prompt.choices).items()}
    if line.lower() in by_key:
        return by_key[line.lower()]
    if line in prompt.choices:
        return line
    begun = [value for value in prompt.choices if value.lower().startswith(line.lower())]
    return begun[0] if len(begun) == 1 else None
