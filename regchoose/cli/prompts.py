"""Prompts: the one place that knows whether a person sits at the terminal."""

import shutil
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from textwrap import wrap
from typing import TextIO

from regchoose.records.answers import Prompt
from regchoose.report.safe_text import fit_encoding, is_terminal, plain

LISTED = 30  # choices shown; further ones can be named


def is_attended(*, no_input: bool, environ: Mapping[str, str]) -> bool:
    """Decide, once and before any work, whether prompts may appear."""
    return not no_input and not environ.get("CI") and is_terminal(sys.stdin) and is_terminal(sys.stderr)


def never_ask(_prompt: Prompt) -> None:
    """Return no answer, where no prompt is possible."""


class GoBack(BaseException):
    """A person wants to answer the question before this one again; the work begins anew, up to there."""


class Asker:
    """Asks the person at the terminal, and notes the answers.

    Where a question is gone back to, the work is done again: the answers up to there are given once more
    without being asked for.

    Parameters
    ----------
    answers : dict of str to str
        Setting → answer; filled while the run asks.
    paused : callable
        Makes a context in which no progress is drawn.
    may_go_back : bool
        Whether the work can begin anew where `GoBack` is raised.
    """

    def __init__(
        self,
        answers: dict[str, str],
        *,
        paused: Callable[[], AbstractContextManager[None]],
        may_go_back: bool = False,
    ) -> None:
        self._answers, self._paused, self._may_go_back = answers, paused, may_go_back
        self._known: list[tuple[str, str]] = list(answers.items())  # of the work before it began anew
        answers.clear()

    def __call__(self, prompt: Prompt) -> str:
        """Return the answer to a prompt."""
        name, place = prompt.setting, len(self._answers)
        if place < len(self._known) and self._known[place][0] == name:
            answer: str | None = self._known[place][1]
        else:
            self._known.clear()
            with self._paused():
                back = self._may_go_back and bool(self._answers)
                answer = read_answer(prompt, source=sys.stdin, screen=sys.stderr, can_go_back=back)
        if answer is None:
            self._answers.popitem()
            raise GoBack
        self._answers[name] = answer
        return answer


def read_answer(prompt: Prompt, *, source: TextIO, screen: TextIO, can_go_back: bool = False) -> str | None:
    """Show a prompt until it is answered; Enter takes the default. Return None to go back.

    Raises
    ------
    KeyboardInterrupt
        At the end of the input, as for Ctrl-C.
    """

    def write(text: str) -> None:
        screen.write(fit_encoding(text, screen.encoding))
        screen.flush()

    request = _write_request(prompt, can_go_back=can_go_back)
    write(f"\n{prompt_text(prompt)}\n{request} ")
    while True:
        line = source.readline()
        if not line:
            screen.write("\n")
            raise KeyboardInterrupt
        typed = line.strip()
        if typed == "?" and typed not in prompt.choices:
            write(f"{_explain(prompt)}\n{request} ")
        elif typed.lower() == "b" and can_go_back and typed not in prompt.choices:
            return None
        else:
            answer = _match_answer(typed, prompt)
            if answer is not None:
                return answer
            write(f"  {plain(typed, longest=40)!r} is none of these.\n{request} ")


def prompt_text(prompt: Prompt) -> str:
    """Return a prompt as text: the question, and a numbered line a choice, the default always among them."""
    columns = _columns()
    lines = wrap(plain(prompt.text), columns)
    numbered = list(enumerate(prompt.choices.items(), start=1))
    shown = [row for row in numbered[:LISTED] if len(numbered) <= LISTED or row[1][0] != prompt.default]
    default = [row for row in numbered if row not in shown and row[1][0] == prompt.default]
    width = max((len(plain(value, longest=40)) for _, (value, _) in [*shown, *default]), default=0)
    for number, (value, meaning) in [*shown, *default]:
        if (number, (value, meaning)) in default:
            lines.append(f"     … {len(numbered) - len(shown) - 1} more, which can be named")
        name, means = plain(value, longest=40), plain(meaning)
        words = name if means in ("", name) else f"{name:{width}}  {means}"
        choice = f"{number:>4}  {words}{'  ← Enter' if value == prompt.default else ''}"
        lines += (
            wrap(choice, columns, subsequent_indent=" " * 8, drop_whitespace=True)
            if len(choice) > columns
            else [choice]
        )
    if len(numbered) > len(shown) and not default:
        lines.append(f"     … {len(numbered) - len(shown)} more, which can be named")
    return "\n".join(lines)


def _columns() -> int:
    return max(20, min(100, shutil.get_terminal_size((80, 24)).columns)) - 1


def _write_request(prompt: Prompt, *, can_go_back: bool) -> str:
    """Return the line in which the answer is typed, with what may be typed there."""
    names = list(prompt.choices)
    kind = "Number or name" if names else "Answer"
    place = names.index(prompt.default) + 1 if prompt.default in names else plain(prompt.default, longest=30)
    enter = f"Enter for {place}" if prompt.default else ""
    parts = [kind, enter, "? for help", "b to go back" if can_go_back else ""]
    return "\n".join(wrap(f"{', '.join(filter(None, parts))}:", _columns()))


def _explain(prompt: Prompt) -> str:
    """Return why a question is asked, and how else it is answered."""
    why = f"{plain(prompt.why, longest=400)} " if prompt.why else ""
    return "\n".join(
        wrap(
            f"{why}{prompt.flag} answers it beforehand; Ctrl-C ends the run.",
            _columns(),
            initial_indent="  ",
            subsequent_indent="  ",
        )
    )


def _match_answer(line: str, prompt: Prompt) -> str | None:
    if not line:
        return prompt.default or None
    if not prompt.choices:
        return line
    names = list(prompt.choices)
    if line.isdecimal() and line.isascii() and 1 <= int(line) <= len(names) and line not in names:
        return names[int(line) - 1]
    if line in names:
        return line
    begun = [name for name in names if name.lower().startswith(line.lower())]
    return begun[0] if len(begun) == 1 else None
