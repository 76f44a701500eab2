"""A clean table of mixed types, and a writer that knows every dialect."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

Rows = list[list[str]]
HEADER = ["site", "zip", "width", "count", "note", "day", "open", "serial", "y"]
SITES = ["north", "south", "east"]
NOTES = ["", "dry", "wet, cold", 'the "old" one', "O'Brien", "see p. 4", "5 / 8", "rain; wind"]


def clean_table(n_rows: int = 80, *, seed: int = 0, notes: list[str] | None = None) -> Rows:
    """Return a header and rows: a category, a zip code, numbers, text, a date, a boolean, a class.

    Parameters
    ----------
    notes : list of str, optional
        What the text column holds; by default texts that need quotes are among them.
    """
    draw = np.random.default_rng(seed)
    texts = NOTES if notes is None else notes
    rows = [
        [
            SITES[draw.integers(3)],
            f"{draw.integers(0, 99999):05d}",
            f"{draw.normal(20, 4):.2f}",
            str(draw.integers(-5, 500)),
            texts[i % len(texts)],
            (date(2021, 1, 1) + timedelta(days=int(draw.integers(900)))).isoformat(),
            "yes" if draw.random() < 0.5 else "no",
            str(2**53 + int(draw.integers(1, 10**6)) * 2 + 1),
            str(i % 2),
        ]
        for i in range(n_rows)
    ]
    rows[0][1], rows[1][1] = "01234", "00042"
    return [HEADER, *rows]


@dataclass(frozen=True)
class Dialect:
    """How cells become a file.

    Parameters
    ----------
    quote : str
        Encloses cells that need it; empty where nothing can be enclosed.
    escape : str
        Stands before a quote within quotes; by default the quote itself.
    ends : tuple of str
        Line ends, used in turn.
    final : int
        Line ends after the last row.
    always : bool
        Whether every cell is enclosed.
    """

    delimiter: str = ","
    quote: str = '"'
    escape: str = ""
    ends: tuple[str, ...] = ("\n",)
    final: int = 1
    always: bool = False

    def cell(self, text: str) -> str:
        """Write one cell."""
        special = any(
            mark in text
            for mark in (self.delimiter.strip() or self.delimiter, self.quote, "\n", "\r")
            if mark
        )
        if self.quote and (self.always or special or (self.delimiter == " " and (not text or " " in text))):
            escape = self.escape or self.quote
            inner = text.replace("\\", "\\\\") if escape == "\\" else text
            return self.quote + inner.replace(self.quote, escape + self.quote) + self.quote
        return text

    def line(self, row: list[str]) -> str:
        """Write one row without its end."""
        return self.delimiter.join(self.cell(text) for text in row)

    def dump(self, rows: Rows) -> str:
        """Write a table."""
        return self.join([self.line(row) for row in rows])

    def join(self, lines: list[str]) -> str:
        """Put ends to lines."""
        ended = [line + self.ends[i % len(self.ends)] for i, line in enumerate(lines[:-1])]
        return "".join(ended) + lines[-1] + self.ends[(len(lines) - 1) % len(self.ends)] * self.final
