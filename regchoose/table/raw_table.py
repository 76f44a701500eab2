"""A table as text, before its columns are given roles: of each column the different texts, cleaned."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from regchoose.errors import DataError
from regchoose.records.table import Dialect
from regchoose.records.words import Int
from regchoose.table.cell_values import are_clean, clean

Text = NDArray[Any]  # of numpy's StringDType: short texts lie in the array itself, 16 bytes each
TEXT = np.dtypes.StringDType(na_object=None)


@dataclass(frozen=True)
class Cells:
    """The cells of a column (n,): its different texts, in order of their first appearance."""

    codes: Int  # (n,) places in `texts`; −1 for a null of a typed file
    texts: Text  # (t,)
    respelled: tuple[str, ...] = ()  # as they stood, where cleaning changed more than plain spaces

    def counts(self) -> Int:
        """Return how often each text stands in the column."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.texts)).astype(np.int64)

    def where(self, holds: Callable[[str], bool]) -> NDArray[np.bool_]:
        """Return the rows (n,) whose text fulfils a condition; nulls do not."""
        fulfilled = np.fromiter(map(holds, self.texts.tolist()), dtype=bool, count=len(self.texts))
        return np.append(fulfilled, False)[self.codes]

    def at(self, rows: NDArray[Any] | slice) -> NDArray[Any]:
        """Return the texts (m,) of some rows, as objects; None is a null."""
        codes = self.codes[rows]
        found = np.full(len(codes), None, dtype=object)
        found[codes >= 0] = self.texts[codes[codes >= 0]]
        return found

    def take(self, rows: NDArray[Any]) -> "Cells":
        """Return the cells of some rows; texts that no longer appear are dropped."""
        codes, kept = pd.factorize(self.codes[rows])
        return _merge(codes, replace(self, codes=kept).at(slice(None)))

    def clean(self) -> "Cells":
        """Clean the texts and merge those that then agree (NFC, outer spaces)."""
        stood = self.texts.tolist()
        if are_clean(stood):
            return self
        texts = [clean(text) for text in stood]
        pairs = zip(stood, texts, strict=True)
        odd = tuple(old for old, new in pairs if not old.isascii() and new != old.strip(" \t"))
        return replace(_merge(self.codes, texts), respelled=odd)


def factorize(column: Sequence[str | None] | NDArray[Any]) -> Cells:
    """Keep each different text of a column (n,) once, as it stands; None is a null."""
    codes, found = pd.factorize(np.asarray(column, dtype=object))
    return Cells(codes.astype(np.int64), hold_texts(found))


def hold_texts(texts: Sequence[str] | NDArray[Any]) -> Text:
    """Hold texts in little memory; those with surrogates, which a DataFrame may have, as Python's own."""
    try:
        return np.array(texts, dtype=TEXT)
    except UnicodeEncodeError:
        return np.array(texts, dtype=object)


def _merge(codes: NDArray[Any], texts: Iterable[str | None]) -> Cells:
    """Keep each of the texts, to which the codes point, once; None is a null."""
    places: dict[str, int] = {}
    new = [-1 if text is None else places.setdefault(text, len(places)) for text in texts]
    return Cells(np.array([*new, -1], dtype=np.int64)[codes], hold_texts(list(places)))


def name_columns(cells: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Make unique names of a header row.

    Returns
    -------
    names, duplicated, warnings : tuples of str
        One name a column; the names that the header holds more than once; what was renamed.
    """
    cleaned = [clean(cell) for cell in cells]
    counts = Counter(cleaned)
    taken, names, renamed = set(cleaned), list[str](), list[str]()
    seen: set[str] = set()
    for place, (raw, name) in enumerate(zip(cells, cleaned, strict=True), 1):
        unique = name or f"c{place}"
        number = 1
        while unique in seen or (unique != name and unique in taken):
            number += 1
            unique = f"{name or f'c{place}'}_{number}"
        seen.add(unique)
        names.append(unique)
        if unique != raw:
            renamed.append(f"column {place}: {raw!r} is called {unique!r}")
    shown = (*renamed[:5], *([f"and {len(renamed) - 5} more"] if len(renamed) > 5 else []))
    warnings = (f"header names were changed: {'; '.join(shown)}",) if renamed else ()
    duplicated = tuple(name for name, count in counts.items() if name and count > 1)
    return tuple(names), duplicated, warnings


def no_rows_error(path: str) -> DataError:
    """Return E302 for a table that has columns alone."""
    return DataError("E302", f"{path} has columns and 0 data rows", fix="add rows")


@dataclass(frozen=True)
class RawTable:
    """What the file or the table in memory says, cell by cell."""

    path: str
    dialect: Dialect
    names: tuple[str, ...]  # unique
    columns: tuple[Cells, ...]  # each (n,), as they stand
    lines: Int  # (n,) the line of the file on which each row begins, from 1
    kinds: tuple[str, ...]  # typed: number, text, boolean, date; str in memory; else ""
    index: str = ""  # the first column, where a header gives it no name: it may number the rows
    duplicated: tuple[str, ...] = ()  # names that the header holds more than once
    warnings: tuple[str, ...] = ()
    target: str | None = None  # the column that came apart from the others, as `y`
    # Column → words that are texts there, and mean missing elsewhere.
    words: Mapping[str, Collection[str]] = field(default_factory=dict)

    @property
    def n_rows(self) -> int:
        """Rows of data."""
        return len(self.lines)

    def where(self, row: int) -> str:
        """Name the file and the line of a row."""
        return f"{self.path}:{int(self.lines[row])}"

    def show(self, row: int, place: int) -> str:
        """Name the file and the line of a row, and show its cells beside the one in a column."""
        near = range(max(place - 1, 0), min(place + 2, len(self.columns)))
        cells = [str(self.columns[other].at(np.array([row]))[0] or "")[:20] for other in near]
        ends = ("…, " if near[0] else "", ", …" if near[-1] + 1 < len(self.columns) else "")
        return f"{self.where(row)}   cells: {ends[0]}{', '.join(cells)}{ends[1]}"

    @property
    def texts(self) -> tuple[NDArray[Any], ...]:
        """The columns as objects, each (n,)."""
        return tuple(column.at(slice(None)) for column in self.columns)

    def take(self, rows: NDArray[Any]) -> "RawTable":
        """Return some rows."""
        columns = tuple(column.take(rows) for column in self.columns)
        return replace(self, columns=columns, lines=self.lines[rows])
