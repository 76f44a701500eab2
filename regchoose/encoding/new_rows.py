"""Rows in memory that come after a table was learned from: the same columns, read as they were then."""

from collections.abc import Collection

import numpy as np
import pandas as pd

from regchoose.encoding.apply import Oddities, interpret
from regchoose.records.inputs import Preparation
from regchoose.records.words import Float
from regchoose.settings.options import Settings
from regchoose.table.in_memory import FRAME, InMemory, is_number, named_columns, raw_of
from regchoose.table.large.batches import Batch, Numbers
from regchoose.table.raw_table import factorize

NO_ROWS, NO_TEXTS = np.empty(0, dtype=np.int64), factorize(np.empty(0, dtype=object))


def inputs_of(data: InMemory, preparation: Preparation, settings: Settings) -> Float:
    """Turn rows in memory to inputs: -> (n, d).

    A level that was not there counts as the rare ones do where those were merged, else as the average row; a
    missing cell in a column that had none as the median, or as the average row.

    Parameters
    ----------
    data : DataFrame, mapping, or array-like (n, p)
        With all columns of the preparation; others are ignored.

    Raises
    ------
    DataError
        E326 for a text where there were numbers, or dates.
    """
    columns = named_columns(data)
    batch = _batch({name: columns[name] for name in preparation.columns}, preparation.number_columns)
    return interpret(batch, preparation, settings, oddities=Oddities()).x


def _batch(columns: dict[str, pd.Series], numbers: Collection[str]) -> Batch:
    """Return columns as a batch; those of `numbers` that are numbers by their type stay numbers."""
    kept = {name: values for name, values in columns.items() if name in numbers and is_number(values)}
    texts = {name: values for name, values in columns.items() if name not in kept}
    n_rows = len(next(iter(columns.values())))
    raw = raw_of(FRAME, tuple(texts), tuple(texts.values()), n_rows=n_rows)
    return Batch(raw, 0, _place, {name: _numbers(values) for name, values in kept.items()})


def _numbers(values: pd.Series) -> Numbers:
    """Return a column of numbers; infinite ones are missing."""
    found = values.to_numpy(dtype=np.float64, na_value=np.nan)
    return Numbers(np.where(np.isinf(found), np.nan, found), NO_ROWS, NO_TEXTS)


def _place(row: int) -> str:
    return f"row {row}, counted from 0"
