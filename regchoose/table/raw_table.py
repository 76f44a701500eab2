"""A table as text, before its columns are given roles: of each column the different texts, cleaned."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
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
    """The texts of a column, in order of their first appearance."""

    codes: Int  # (n,) places in `texts`; −1 for a null of a typed file
    texts: tuple[str, ...]
    respelled: tuple[str, ...] = ()  # as they stood, where cleaning changed more than plain spaces

    def counts(self) -> Int:
        """Return how often each text stands in the column."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.texts)).astype(np.int64)

    def where(self, holds: Callable[[str], bool]) -> NDArray[np.bool_]:
        """Return the rows (n,) whose text fulfils a condition; nulls do not."""
        fulfilled = np.fromiter((holds(text) for text in self.texts), dtype=bool, count=len(self.texts))
        return np.append(fulfilled, False)[self.codes]

    def take(self, rows: NDArray[Any]) -> "Cells":
        """Return the cells of some rows; texts that no longer appear are dropped."""
        codes, kept = pd.factorize(self.codes[rows])
        texts = [self.texts[code] if code >= 0 else None for code in kept]
        return _of(codes, texts)


def factorize(column: NDArray[Any]) -> Cells:
    """Keep each different text of a column (n,) once, as it stands; None is a null."""
    codes, found = pd.factorize(column.astype(object, copy=False))
    return Cells(codes.astype(np.int64), tuple(found))


def to_cells(column: Text | Cells) -> Cells:
    """Clean the texts of a column and merge those that then agree (NFC, outer spaces)."""
    cells = column if isinstance(column, Cells) else factorize(column)
    if are_clean(cells.texts):
        return cells
    texts = [clean(text) for text in cells.texts]
    pairs = zip(cells.texts, texts, strict=True)
    odd = tuple(old for old, new in pairs if not old.isascii() and new != old.strip(" \t"))
    return replace(_of(cells.codes, texts), respelled=odd)


def take_rows(column: Text | Cells, rows: NDArray[Any]) -> Text | Cells:
    """Return some rows of a column."""
    if isinstance(column, Cells):
        return column.take(rows)
    kept: Text = column[rows]
    return kept


def texts_at(column: Text | Cells, rows: NDArray[Any]) -> NDArray[Any]:
    """Return the texts (m,) of some rows, as objects; None is a null."""
    if isinstance(column, Cells):
        texts = np.array([*column.texts, None], dtype=object)
        found: NDArray[Any] = texts[column.codes[rows]]
        return found
    held: NDArray[Any] = column[rows].astype(object)
    return held


def _of(codes: NDArray[Any], texts: Sequence[str | None]) -> Cells:
    places: dict[str, int] = {}
    new = [-1 if text is None else places.setdefault(text, len(places)) for text in texts]
    merged = np.array([*new, -1], dtype=np.int64)[codes]
    return Cells(merged, tuple(places))


def no_rows_error(path: str) -> DataError:
    """Return E302 for a table that has columns alone."""
    return DataError("E302", f"{path} has columns and 0 data rows", fix="add rows")


@dataclass(frozen=True)
class RawTable:
    """What the file or the table in memory says, cell by cell."""

    path: str
    dialect: Dialect
    names: tuple[str, ...]  # unique
    columns: tuple[Text | Cells, ...]  # each (n,) of texts, as they stand; None is a null of a typed file
    lines: Int  # (n,) the line of the file on which each row begins, from 1
    kinds: tuple[str, ...]  # of a typed file: number, text, boolean, date; else ""
    duplicated: tuple[str, ...] = ()  # names that the header holds more than once
    warnings: tuple[str, ...] = ()

    @property
    def n_rows(self) -> int:
        """Rows of data."""
        return len(self.lines)

    def where(self, row: int) -> str:
        """Name the file and the line of a row."""
        return f"{self.path}:{int(self.lines[row])}"

    @property
    def texts(self) -> tuple[NDArray[Any], ...]:
        """The columns as objects, each (n,)."""
        every = np.arange(self.n_rows)
        return tuple(texts_at(column, every) for column in self.columns)
