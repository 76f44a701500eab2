"""Markdown, and text from data made harmless for it: on GitHub, GitLab, and pages made by Jekyll."""

import re
from collections.abc import Iterable, Sequence

from regchoose.report.safe_text import plain

LONGEST = 600
# What opens anything in CommonMark, GitHub's tables and mathematics, or in Liquid, wherever it stands.
ACTIVE = re.compile(r"([\\`*_{}\[\]<>|~$]|(?<=\{)%|%(?=\}))")
# What opens a list or a heading at the beginning of a line, and closes a heading at its end.
OPENING = re.compile(r"^(?:(\d{1,9})(?=[.)](?:\s|$))|(?=(?:#{1,6}|[+-])(?:\s|$)|-[\s-]*$))|(?<=\s)(?=#+$)")
MENTION = re.compile(r"(?<!\w)([@#])(?=\w)")
LINK = re.compile(r"(?i)(\b(?:https?|ftp|mailto|xmpp))(:)|(?<!\w)(www)(\.)")


def prose(text: object, *, longest: int = LONGEST) -> str:
    """Return text as a part of one line of Markdown that shows it as it is.

    >>> prose("<b>A & B</b>")
    '&lt;b&gt;A &amp; B&lt;/b&gt;'
    """
    line = plain(text, longest=longest).strip().replace("&", "&amp;")
    line = LINK.sub(
        lambda found: f"{found[1] or found[3]}\\{found[2] or found[4]}", ACTIVE.sub(r"\\\1", line)
    )
    line = line.replace("\\<", "&lt;").replace("\\>", "&gt;")
    line = OPENING.sub(r"\1\\", line)
    # A comment between the sign and the name keeps GitHub from calling people and issues.
    return MENTION.sub(r"\1<!-- -->", line)


def code_span(text: object, *, longest: int = LONGEST) -> str:
    """Return text as a code span, in which nothing is active; fit for a table's cell."""
    line = plain(text, longest=longest)
    if not line.strip():
        return ""
    fence = "`" * (_longest_run(line) + 1)
    pad = " " if line[0] in "` " or line[-1] in "` " else ""
    # Liquid looks for its braces before Markdown is read, and a table for its pipes.
    inner = re.sub(r"([{}%])(?=[{}%])", "\\1\u200b", line).replace("|", "\\|")
    return f"{fence}{pad}{inner}{pad}{fence}"


def code_block(lines: Iterable[str], *, language: str = "") -> list[str]:
    """Return lines as a block of code."""
    inner = [plain(line, longest=4 * LONGEST) for line in lines]
    fence = "`" * max(3, max(map(_longest_run, inner), default=0) + 1)
    return [f"{fence}{language}", *inner, fence]


def markdown_table(
    head: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[str] = ()
) -> list[str]:
    """Return a table; cells are Markdown already. Columns named in `right` are set to the right."""
    marks = ["---:" if name in right else "---" for name in head]
    return [f"| {' | '.join(row)} |" for row in (head, marks, *rows)]


def bullet_list(heading: str, items: Iterable[str], *, most: int | None = None) -> list[str]:
    """Return a list under its heading, or nothing where there are no items; items are Markdown already.

    Of items beyond `most` only the number is given.
    """
    lines = [f"- {item}" for item in items]
    more = [f"- {len(lines) - most} more"] if most is not None and len(lines) > most else []
    return [heading, "", *lines[:most], *more] if lines else []


def join_sections(sections: Iterable[list[str]]) -> str:
    """Return a document of sections, each a list of lines; empty ones are left out."""
    return "\n\n".join("\n".join(lines) for lines in sections if lines) + "\n"


def _longest_run(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)
