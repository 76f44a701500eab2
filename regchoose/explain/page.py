"""A screen of text: the one interpreter of topics and codes."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

ALIKE = 0.4  # of two words, from which one is offered for the other
LEAST = 20  # columns


@dataclass(frozen=True)
class Page:
    """What is said of a topic.

    Parameters
    ----------
    title : str
    parts : tuple of str
        Paragraphs. What begins with two spaces is set as it stands: formulas, tables, commands.
    see : tuple of str
        Other topics.
    """

    title: str
    parts: tuple[str, ...]
    see: tuple[str, ...] = ()


@dataclass(frozen=True)
class Trouble:
    """What is said of an error: what it means, what it comes of, what to do, and an example."""

    means: str
    cause: str
    fix: str
    example: str


def drawn(page: Page, *, width: int) -> str:
    """Return a page as text of so many columns."""
    blocks = [
        _wrapped(page.title, width),
        *(part if part.startswith("  ") else _wrapped(part, width) for part in page.parts),
    ]
    if page.see:
        others = ", ".join(f"regchoose explain {name}" for name in page.see)
        blocks.append(_wrapped(f"See also: {others}", width))
    return "\n\n".join(blocks) + "\n"


def page_of(code: str, trouble: Trouble, *, short: str, status: int) -> Page:
    """Return the page of an error code."""
    return Page(
        f"{code}: {short}",
        (
            trouble.means,
            f"Cause: {trouble.cause}",
            f"Remedy: {trouble.fix}",
            f"  Example\n    {trouble.example}",
            f"The exit status is {status}, the code's first digit. With --json the error is a JSON document.",
        ),
    )


def listed(titles: Sequence[tuple[str, str]], *, width: int) -> str:
    """Return names and titles, a line each."""
    longest = max(len(name) for name, _ in titles)
    hanging = " " * (longest + 4)
    lines = [
        textwrap.fill(
            title, max(LEAST, width), initial_indent=f"  {name:<{longest}}  ", subsequent_indent=hanging
        )
        for name, title in titles
    ]
    return "\n".join(lines)


def nearest(name: str, names: Sequence[str]) -> str | None:
    """Return the name that is meant, most likely; None where none is alike."""
    near = get_close_matches(name.casefold(), [known.casefold() for known in names], n=1, cutoff=ALIKE)
    return next((known for known in names if near and known.casefold() == near[0]), None)


def _wrapped(text: str, width: int) -> str:
    return textwrap.fill(text, max(LEAST, width), break_long_words=False, break_on_hyphens=False)
