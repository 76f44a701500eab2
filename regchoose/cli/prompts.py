"""Prompts: the one place that knows whether a person sits at the terminal."""

import shutil
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from textwrap import wrap
from typing import TextIO

from regchoose.errors import UsageError, setting
from regchoose.records.answers import Ask, Prompt
from regchoose.report.safe_text import fit_encoding, is_terminal, plain

TRIES = 3
LISTED = 30  # choices shown; further ones can be typed
SHORT = {"unsure": "?", "auto": "?"}


def is_attended(*, no_input: bool, environ: Mapping[str, str]) -> bool:
    """Decide, once and before any work, whether prompts may appear."""
    return not no_input and not environ.get("CI") and is_terminal(sys.stdin) and is_terminal(sys.stderr)


def nobody(_prompt: Prompt) -> None:
    """Answer nothing: no prompt is possible."""


def asker(answers: dict[str, str], *, paused: Callable[[], AbstractContextManager[None]]) -> Ask:
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
            answer = answer_to(prompt, source=sys.stdin, screen=sys.stderr)
        answers[_setting_of(prompt)] = answer
        return answer

    return ask


def _setting_of(prompt: Prompt) -> str:
    return prompt.flag.removeprefix("--").replace("-", "_")


def answer_to(prompt: Prompt, *, source: TextIO, screen: TextIO) -> str:
    """Show a prompt and read the answer; Enter takes the default.

    Raises
    ------
    KeyboardInterrupt
        At the end of the input, as for Ctrl-C.
    UsageError
        E207 after three answers that are none of the choices.
    """
    screen.write(fit_encoding(f"\n{shown(prompt)} ", screen.encoding))
    for _ in range(TRIES):
        screen.flush()
        line = source.readline()
        if not line:
            screen.write("\n")
            raise KeyboardInterrupt
        answer = _understood(line.strip(), prompt)
        if answer is not None:
            return answer
        said = f"  {plain(line.strip(), longest=40)!r} is none of these. › "
        screen.write(fit_encoding(said, screen.encoding))
    name, default = _setting_of(prompt), plain(prompt.default)
    fix = setting(**{name: default}) if default else setting(name)
    raise UsageError("E207", f"no answer to: {prompt.text}", fix=fix)


def keys(choices: Mapping[str, str]) -> dict[str, str]:
    """Return the key of each choice: its first letter, `?` for leaving it open, or else a number."""
    letters = {value: SHORT.get(value, value[:1].lower()) for value in choices}
    usable = all(len(letter) == 1 and (letter == "?" or letter.isalpha()) for letter in letters.values())
    if usable and len(set(letters.values())) == len(letters):
        return letters
    return {value: str(number) for number, value in enumerate(choices, start=1)}


def shown(prompt: Prompt) -> str:
    """Return a prompt as it is shown: the question, why it is asked, a line a choice."""
    columns = max(20, min(100, shutil.get_terminal_size((80, 24)).columns)) - 1
    lines = wrap(plain(prompt.text), columns)
    lines += wrap(plain(prompt.why, longest=400), columns, initial_indent="  ", subsequent_indent="  ")
    if not prompt.choices:
        default = f" [{plain(prompt.default)}]" if prompt.default else ""
        return "\n".join([*lines, f" {default} ›"])
    width = max(len(plain(value, longest=40)) for value in list(prompt.choices)[:LISTED])
    for value, key in list(keys(prompt.choices).items())[:LISTED]:
        name, meaning = plain(value, longest=40), plain(prompt.choices[value])
        said = name if meaning in ("", name) else f"{name:{width}}  {meaning}"
        choice = f"  [{key}] {said}{' (default)' if value == prompt.default else ''}"
        lines += wrap(choice, columns, subsequent_indent=" " * 6)
    if len(prompt.choices) > LISTED:
        lines.append(f"  … and {len(prompt.choices) - LISTED} more; type the name")
    return "\n".join([*lines, "  ›"])


def _understood(line: str, prompt: Prompt) -> str | None:
    if not line:
        return prompt.default or None
    if not prompt.choices:
        return line
    by_key = {key: value for value, key in keys(prompt.choices).items()}
    if line.lower() in by_key:
        return by_key[line.lower()]
    if line in prompt.choices:
        return line
    begun = [value for value in prompt.choices if value.lower().startswith(line.lower())]
    return begun[0] if len(begun) == 1 else None
