"""A column of numbers in SQL: what its cells state, and whether texts stand among them."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from regchoose.errors import DataError, setting
from regchoose.records.table import Column
from regchoose.table.cell_values import clean, is_missing, to_number
from regchoose.table.large.stream import Stream

BITS = 30
SHOWN = 1000  # different odd texts of a column that are looked at


@dataclass(frozen=True)
class Number:
    """A numeric column as SQL: where it stands, and how it is mapped onto [0, 1]."""

    place: int
    low: float
    width: float
    grouped: bool
    mark: str

    @property
    def value(self) -> str:
        """The number that a cell states; of what DuckDB takes for one, infinities included."""
        text = f"c{self.place}"
        if self.mark == ",":
            text = f"replace(replace({text}, '.', ''), ',', '.')"
        elif self.grouped:
            text = f"replace({text}, ',', '')"
        return f"TRY_CAST({text} AS DOUBLE)"

    @property
    def unit(self) -> str:
        """The value on [0, 1], in units of 2⁻³⁰."""
        value, scale = f"v{self.place}", 2**BITS / self.width if np.isfinite(self.width) else 0.0
        cut = f"least(greatest({value} * 0.25 - ({self.low!r}::DOUBLE), 0.0), {_finite(self.width)!r})"
        return f"CAST({cut} * {scale!r}::DOUBLE AS BIGINT)"


def _finite(width: float) -> float:
    return width if np.isfinite(width) else 0.0


def means_missing(stream: Stream, text: str, place: int) -> bool:
    """Say whether a cleaned text of a column means missing; in typed files only nulls and `--na` do."""
    if stream.head.kinds[place] == "text":
        return text in stream.settings.na
    return is_missing(text, stream.settings.na)


def check_number(stream: Stream, column: Column, number: Number, found: dict[str, Any]) -> None:
    """Raise E326 where a column of numbers holds texts in rows that are not held."""
    j = number.place
    if found[f"present{j}"] == found[f"cast{j}"] and not found[f"padded{j}"]:
        return
    texts = stream.run(
        f"SELECT c, count(*), min(r) FROM (SELECT row_number() OVER () - 1 AS r, c{j} AS c,"
        f" {number.value} AS v FROM {stream.relation})"
        " WHERE c IS NOT NULL AND (v IS NULL OR c BETWEEN '00' AND '09~')"
        f" GROUP BY c ORDER BY 3 LIMIT {SHOWN}"
    ).fetchall()
    odd = [
        (clean(text), count, row)
        for text, count, row in texts
        if not means_missing(stream, clean(text), j) and to_number(clean(text), number.mark) is None
    ]
    if not odd or column.name in stream.settings.keep:
        return
    count = sum(more for _, more, _ in odd)
    listed = ", ".join(repr(text[:20]) for text, *_ in odd[:4])
    raise DataError(
        "E326",
        f"column {column.name!r} holds {odd[0][0][:40]!r} among {found[f'known{j}']:,} numbers",
        where=stream.where(odd[0][2]),
        detail=[
            f"{count:,} such cells of {found[f'present{j}']:,}: {listed}",
            "cause: a text that means missing, a code, units or totals, or another decimal mark",
        ],
        fix=setting(na=[odd[0][0][:30]]) | setting(exclude=[column.name]) | setting(keep=[column.name]),
    )
