"""A file as SQL: what stands after FROM, every column as text."""

import re
from dataclasses import dataclass, replace

from regchoose.table.large.head import Head

KEPT = "skip = {}, store_rejects = true, rejects_limit = 1000"


@dataclass(frozen=True)
class Text:
    """A text file in UTF-8.

    Attributes
    ----------
    name : str
        The file as it was given.
    path : str
        Itself, or its copy in UTF-8.
    order : list of int
        Its column at each place of the table.
    """

    name: str
    path: str
    head: Head
    compression: str | None
    order: list[int]


def whole(text: Text, path: str) -> str:
    """Return the query of all rows of a text file, by its name here or on another machine."""
    own = replace(text, path=path)
    return f"SELECT {text_columns(own)} FROM {reading(own, path, KEPT.format(text.head.skip))}"


def text_columns(text: Text) -> str:
    """Return the columns of the table, as they stand in one file."""
    return ", ".join(f"d{j} AS c{place}" for place, j in enumerate(text.order))


def reading(text: Text, path: str, options: str, *, first: str = "") -> str:
    """Return the reader, in SQL, of a file written as `text` is: columns d0, d1 and so on.

    Parameters
    ----------
    options : str
        Further ones.
    first : str
        A column before the others, with its type.
    """
    layout, compression = text.head.layout, text.compression if path == text.path else None
    columns = ", ".join([*filter(None, [first]), *(f"'d{j}': 'VARCHAR'" for j in range(len(text.order)))])
    quote = _quoted(layout.quote or "")
    escape = "'\\'" if layout.escaped else quote
    return (
        f"read_csv({literal(path)}, delim = {_quoted(layout.delimiter)}, quote = {quote}, escape = {escape},"
        f" header = false, auto_detect = false, compression = '{compression or 'none'}',"
        f" columns = {{{columns}}}, strict_mode = true, {options})"
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def literal(path: str) -> str:
    """Write a path as SQL text that is no pattern."""
    return _quoted(re.sub(r"([*?\[])", r"[\1]", path))
