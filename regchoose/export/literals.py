"""Values as Python source. Whatever a table is called, its names are literals here and nothing else."""

from collections.abc import Mapping
from typing import Any

WIDTH = 88


class Trusted(str):
    """Text of our own, which stands in the code as it is."""

    __slots__ = ()


def to_python(value: Any) -> str:
    """Return a value's source; lists and mappings too long for a line are one item a line.

    `repr` of a text has no line ends and no invisible characters, so it is inert in a comment too.
    """
    if isinstance(value, Trusted):
        return value
    line = to_one_line(value)
    if len(line) < WIDTH - 16 or not isinstance(value, tuple | list | Mapping) or not value:
        return line
    if isinstance(value, Mapping):
        return (
            "{\n"
            + "".join(f"    {to_one_line(key)}: {to_one_line(item)},\n" for key, item in value.items())
            + "}"
        )
    return (
        "[\n" + "".join(f"    {row},\n" for row in _fill_lines([to_one_line(item) for item in value])) + "]"
    )


def to_one_line(value: Any) -> str:
    """Return a value's source in one line. Tuples are written as lists, which pandas wants of columns."""
    if isinstance(value, Mapping):
        return (
            "{" + ", ".join(f"{to_one_line(key)}: {to_one_line(item)}" for key, item in value.items()) + "}"
        )
    if isinstance(value, tuple | list):
        return "[" + ", ".join(map(to_one_line, value)) + "]"
    return _quote(value) if isinstance(value, str) else repr(value)


def _quote(text: str) -> str:
    """Return a text's source in double quotes, as formatters write it, where that needs no more escapes."""
    plain = repr(str(text))
    return f'"{plain[1:-1]}"' if plain[0] == "'" and '"' not in plain and "\\'" not in plain else plain


def _fill_lines(items: list[str]) -> list[str]:
    rows = [""]
    for item in items:
        if rows[-1] and len(rows[-1]) + len(item) + 6 > WIDTH:
            rows.append("")
        rows[-1] += f", {item}" if rows[-1] else item
    return rows
