"""Rows in memory that come after a table was learned from: the same columns, read as they were then."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from regchoose.errors import DataError
from regchoose.records import Column, Float, Int, Table
from regchoose.settings import Settings
from regchoose.table.encode import MOST_LEVELS, Encoder, encoded_names, fitted_encoder, target_scale
from regchoose.table.facts import Facts, facts_of
from regchoose.table.memory import InMemory, frame_of, raw_from_memory
from regchoose.table.values import to_number


@dataclass(frozen=True)
class Learned:
    """What is kept of a table, to encode rows that come later and to state what is predicted for them.

    Parameters
    ----------
    columns : tuple of (int, Column)
        Those that are used, with their place among the columns of later rows.
    offset, scale : float
        A standardized target times `scale` plus `offset` is in the units of the table.
    """

    columns: tuple[tuple[int, Column], ...]
    settings: Settings
    encoder: Encoder
    input_names: tuple[str, ...]
    offset: float
    scale: float

    def inputs(self, data: InMemory) -> Float:
        """Encode rows: -> (n, d).

        A level that was not there counts as the rare ones do where those were merged, else as the average
        row; a missing cell in a column that had none as the median, or as the average row.

        Raises
        ------
        DataError
            E326 for a text in a column of numbers.
        """
        frame, plan = frame_of(data), self.encoder.plan
        numbers = np.empty((len(frame), len(plan.numbers)))
        levels = np.empty((len(frame), len(plan.categories)), dtype=np.int64)
        for column, j in enumerate(plan.numbers):
            numbers[:, column] = _numbers(frame.iloc[:, self.columns[j][0]], self.settings)
        for column, j in enumerate(plan.categories):
            place, known = self.columns[j]
            facts = _facts(frame.iloc[:, place], self.settings)
            levels[:, column] = _levels(known, facts, plan.lookup[column], n_levels=len(plan.levels[column]))
        return self.encoder.inputs(numbers, levels)


def learn(table: Table, settings: Settings) -> tuple[Learned, Float, Float]:
    """Learn from all rows of a table in memory; return what is learned, and their inputs and targets.

    Parameters
    ----------
    table : Table
        Its columns are those of the data, in their order, and then the target.
    settings : Settings
        Those that it was read with.

    Returns
    -------
    Learned, ndarray (n, d), ndarray (n,)
    """
    encoder, x, y = fitted_encoder(table)
    used = tuple((place, column) for place, column in enumerate(table.columns) if column.used)
    scale = target_scale(table, np.arange(table.n_rows))
    offset = float((table.target / scale).mean() * scale) if table.task == "regression" else 0.0
    return Learned(used, settings, encoder, encoded_names(table), offset, scale), x, y


def _facts(values: pd.Series, settings: Settings) -> Facts:
    raw, _ = raw_from_memory(values.to_frame())
    return facts_of(raw, 0, settings)


def _numbers(values: pd.Series, settings: Settings) -> Float:
    """Return a column of numbers (n,); infinite ones are missing."""
    if pd.api.types.is_float_dtype(values.dtype) or pd.api.types.is_integer_dtype(values.dtype):
        found = values.to_numpy(dtype=np.float64, na_value=np.nan)
    else:
        facts = _facts(values, settings)
        found = facts.by_row(_stated(facts))
    return np.where(np.isinf(found), np.nan, found)


def _stated(facts: Facts) -> Float:
    """Return the number of each text; the rules by which a column is taken for text do not apply any more."""
    found = [to_number(text, ".") for text in facts.texts]
    for text, number in zip(facts.texts, found, strict=True):
        if number is None:
            row = int(np.flatnonzero(facts.cells.where(text.__eq__))[0])
            raise DataError(
                "E326",
                f"column {facts.name!r} holds {text[:40]!r}, and it held numbers when the model was fitted",
                where=f"row {row}, counted from 0",
                fix="a number there, or nothing",
            )
    return np.array(found, dtype=np.float64)


def _levels(column: Column, facts: Facts, lookup: Int, *, n_levels: int) -> Int:
    """Return the place of each row's level (n,); −1 where there is none for it."""
    fold: Any = str.casefold if column.type == "boolean" else str
    codes = {fold(level): code for code, level in enumerate(column.levels)}
    gaps = column.missing > 0
    of_missing = n_levels - 1 if gaps else -1
    other = n_levels - 1 - gaps if len(column.levels) > MOST_LEVELS else -1
    places = [int(lookup[codes[key]]) if (key := fold(text)) in codes else other for text in facts.texts]
    rows = facts.by_row(np.array(places, dtype=np.float64))
    found: Int = np.where(np.isnan(rows), of_missing, rows).astype(np.int64)
    return found


def without_dates(table: Table) -> Table:
    """Return a table in memory without the numbers that were made of its columns of dates.

    Raises
    ------
    DataError
        E325 where nothing else is left.
    """
    end = next(place for place, column in enumerate(table.columns) if column.role == "target") + 1
    n_kept = sum(column.used for column in table.columns[:end])
    if not n_kept:
        dates = ", ".join(repr(column.name) for column in table.columns[:end] if column.role == "date")
        raise DataError("E325", f"there are dates alone: {dates}", fix="numbers that are made of them")
    whys = {"date": "a date: give what matters of it as numbers"}
    columns = tuple(replace(column, why=whys.get(column.role, column.why)) for column in table.columns[:end])
    return replace(table, columns=columns, features=table.features[:, :n_kept])
