"""Questions and their answers on the walk through a chart, and the condition of --fail-if."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

AnsweredBy = Literal["user", "flag", "default", "measured", "trained"]


@dataclass(frozen=True)
class Answer:
    """An answer to a question of the chart, or the report of an action."""

    value: str
    by: AnsweredBy
    evidence: str = ""


@dataclass(frozen=True)
class Prompt:
    """A question for a person. Its flag answers it too."""

    flag: str
    text: str
    choices: Mapping[str, str]  # value → what it means; empty: any text
    default: str
    why: str = ""

    @property
    def setting(self) -> str:
        """The setting that the answer gives."""
        return self.flag.removeprefix("--").replace("-", "_")


Ask = Callable[[Prompt], str | None]  # asks a person; None where nobody is there


def ask_noting(ask: Ask, answers: dict[str, Any]) -> Ask:
    """Return a function that asks, and notes each answer under its setting."""

    def ask_and_note(prompt: Prompt) -> str | None:
        answer = ask(prompt)
        if answer is not None:
            answers[prompt.setting] = answer
        return answer

    return ask_and_note


@dataclass(frozen=True)
class Gate:
    """A condition on a document, such as `certainty != "firm"`, and whether it holds."""

    expression: str
    holds: bool | None  # None: it cannot be told, as something in it is null
    values: tuple[tuple[str, Any], ...]  # each name in it, with what it is

    @property
    def fails(self) -> bool:
        """Whether a pipeline is to stop: a gate that cannot see does not let pass."""
        return self.holds is not False
