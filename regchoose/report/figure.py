"""A figure of the report: a plot, what is to be seen in it, and the table that says the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from regchoose.records.words import ARM_NAMES


@dataclass(frozen=True)
class Figure:
    """A plot, what it shows, and its figures.

    Parameters
    ----------
    section : str
        Heading it stands under.
    note : str
        What is to be seen, in a sentence.
    arms : sequence of str
        Those that the key names.
    broad : bool
        Whether it needs the width of the page.
    """

    section: str
    title: str
    note: str
    svg: Markup
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    arms: Sequence[str] = ()
    broad: bool = False


def name_of(arm: str) -> str:
    """Return an arm's name; a file may hold any text in its place."""
    return str(dict(ARM_NAMES).get(arm, arm))  # type: ignore[call-overload]


def known(arms: Mapping[str, Any]) -> list[str]:
    """Return the arms that there are, in the order of the page."""
    return [arm for arm in ARM_NAMES if arms.get(arm) is not None]
