"""A table as text, before its columns are given roles."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regchoose.records.table import Dialect
from regchoose.records.words import Int
from regchoose.table.cells import Cells, Text, texts_at


@dataclass(frozen=True)
class RawTable:
    """What the file says, cell by cell."""

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

    @property
    def texts(self) -> tuple[NDArray[Any], ...]:
        """The columns as objects, each (n,)."""
        every = np.arange(self.n_rows)
        return tuple(texts_at(column, every) for column in self.columns)
