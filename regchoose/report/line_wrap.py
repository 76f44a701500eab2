"""Lines folded to a width, in which a figure is not parted from its unit, nor a name from its value."""

import re
import textwrap

# Each match loses its blanks to unbreakable ones: 98 %, l1 = 0.004, --rows 9, [−2.2, 7.3].
TOGETHER = re.compile(
    r"\[[^\[\]]{1,24}\]|--[a-z0-9-]+ [^\s,;-][^\s,;]*|\w+ = [^\s,;]+|"
    r"\d[\d,.]* (?:%|s|min|h|rows?|epochs?|columns?)(?!\w)",
    re.ASCII,
)


def keep_together(text: str) -> str:
    """Return a text with unbreakable blanks between figures and their units, and names and their values."""
    return TOGETHER.sub(lambda found: found[0].replace(" ", "\u00a0"), text)


def fold(text: str, width: int, *, indent: int = 0) -> list[str]:
    """Return the lines of a text, those after the first indented.

    >>> fold("as good as any: over 99 % of the draws", 20)
    ['as good as any: over', '99 % of the draws']
    """
    lines = textwrap.wrap(
        keep_together(text), max(width, 1), subsequent_indent=" " * indent, break_on_hyphens=False
    )
    return [line.replace("\u00a0", " ") for line in lines]
