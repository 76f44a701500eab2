"""Tables that are in memory already: a pandas DataFrame, or arrays. Columns keep their types."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from regchoose.errors import DataError, UsageError
from regchoose.records.table import Dialect
from regchoose.table.raw_table import Cells, RawTable, hold_texts, name_columns

Frame = pd.DataFrame
InMemory = pd.DataFrame | ArrayLike | Mapping[Any, Any]  # of a mapping: column name → values
TARGET = "target"  # the column that `y` becomes, unless it has a name
FRAME, ARRAYS = "DataFrame", "arrays"
# What pandas finds in a column of objects, and the kind of typed cells that is; text is read as in a file.
INFERRED: dict[str, str] = {
    "string": "str",
    "empty": "",
    **dict.fromkeys(("integer", "floating", "mixed-integer-float", "decimal"), "number"),
    "boolean": "boolean",
    **dict.fromkeys(("datetime64", "datetime", "date", "time", "period"), "date"),
}
SIMPLE = (str, int, float, np.generic, type(None), type(pd.NA))  # what may be mixed: it is read as text


def name_to_text(name: Hashable) -> str:
    """Return a column's name as text; the levels of a MultiIndex are joined."""
    return " ".join(map(str, name)) if isinstance(name, tuple) else str(name)


def raw_from_memory(data: InMemory, y: ArrayLike | None = None) -> RawTable:
    """Return a table in memory as cells.

    Parameters
    ----------
    data : DataFrame, mapping, or array-like (n, p)
        The table. Columns of an array are called c1, c2 and so on.
    y : array-like (n,), optional
        The target; else it is among the columns of `data`.

    Raises
    ------
    UsageError
        E204 for several targets, E209 for what is no table, or a column of lists or other objects.
    DataError
        E301, E302 for a table without columns or rows, E312 where `data` and `y` differ in length.
    """
    path = _kind_of_data(data)
    frame = frame_of(data)
    if not frame.shape[1]:
        raise DataError("E301", f"the {path} given has no columns", fix="give a table with columns and rows")
    if not len(frame):
        raise DataError("E302", f"the {path} given has columns and 0 rows", fix="add rows")
    columns = [frame.iloc[:, place] for place in range(frame.shape[1])]
    names, duplicated, renamed = _names(frame, path=path)
    target = None
    if y is not None:
        values = _target(y, n_rows=len(frame))
        target = _free_name(values, names)
        columns, names = [*columns, values], (*names, target)
        renamed = (*renamed, *warn_of_other_order(data, y))
    raw = raw_from_columns(path, names, columns, n_rows=len(frame))
    return replace(raw, duplicated=duplicated, warnings=renamed, target=target)


def warn_of_other_order(data: Any, y: Any) -> tuple[str, ...]:
    """Return a warning where y has the index of a DataFrame's rows in another order."""
    if not (isinstance(data, pd.DataFrame) and isinstance(y, pd.Series | pd.DataFrame)):
        return ()
    rows, own = data.index, y.index
    if len(rows) != len(own) or rows.equals(own) or not (rows.is_unique and rows.isin(own).all()):
        return ()
    return (
        "y has the index of the rows in another order, and the two are joined row by row, not by the index: "
        "y.loc[X.index] is in the order of X",
    )


def raw_from_columns(
    path: str, names: Sequence[str], columns: Sequence[pd.Series], *, n_rows: int
) -> RawTable:
    """Return columns of a table in memory, each (n_rows,), as cells."""
    cells = [_cells(name, values) for name, values in zip(names, columns, strict=True)]
    found = f"{'a pandas DataFrame' if path == FRAME else 'arrays'} of {len(names)} columns, with their types"
    return RawTable(
        path=path,
        dialect=Dialect("memory", None, None, None, None, header=path == FRAME, decimal=".", found=found),
        names=tuple(names),
        columns=tuple(column for column, _ in cells),
        lines=np.arange(n_rows, dtype=np.int64),
        kinds=tuple(kind for _, kind in cells),
    )


def named_columns(data: InMemory) -> dict[str, pd.Series]:
    """Return the columns by the names that `raw_from_memory` gives them."""
    frame, path = frame_of(data), _kind_of_data(data)
    names, _, _ = _names(frame, path=path)
    return {name: frame.iloc[:, place] for place, name in enumerate(names)}


def is_number(values: pd.Series) -> bool:
    """Tell whether a column is numbers by its type."""
    types = pd.api.types
    return types.is_numeric_dtype(values.dtype) and not types.is_bool_dtype(values.dtype)


def _names(frame: pd.DataFrame, *, path: str) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Return a name for each column; those that several had; what was renamed."""
    if path == FRAME:
        return name_columns([name_to_text(name) for name in frame.columns])
    return tuple(f"c{place}" for place in range(1, frame.shape[1] + 1)), (), ()


def _kind_of_data(data: InMemory) -> str:
    return FRAME if isinstance(data, pd.DataFrame | Mapping) else ARRAYS


def frame_of(data: InMemory) -> pd.DataFrame:
    """Return a table in memory as a DataFrame.

    Raises
    ------
    UsageError
        E209 for what is no table.
    """
    if isinstance(data, pd.DataFrame):
        return data
    if isinstance(data, np.ndarray) and data.ndim != 2:
        raise _no_table(f"it has {data.ndim} axes", fix="X of shape (n_samples, n_features)")
    if isinstance(data, Mapping | Sequence | np.ndarray) and not isinstance(data, str | bytes):
        try:
            return pd.DataFrame(data).infer_objects()
        except (TypeError, ValueError) as error:
            raise _no_table(f"no table can be made of it: {str(error)[:100]}") from None
    kind = f"{type(data).__module__.partition('.')[0]}.{type(data).__qualname__}"
    raise _no_table(f"it is a {kind}", fix="its .to_pandas(), .toarray() or .numpy()")


def _no_table(reason: str, *, fix: str = "a pandas DataFrame, or arrays X and y") -> UsageError:
    return UsageError("E209", f"a DataFrame or an array of two axes was wanted: {reason}", fix=fix)


def _target(y: ArrayLike, *, n_rows: int) -> pd.Series:
    """Return the target as one column."""
    if isinstance(y, pd.Series):
        values = y
    elif isinstance(y, pd.DataFrame):
        values = y.iloc[:, 0] if y.shape[1] == 1 else _refuse_several(y.shape[1])
    else:
        array: NDArray[Any] = np.asarray(y)
        if array.ndim == 2 and array.shape[1] != 1:
            _refuse_several(array.shape[1])
        values = pd.Series(array.ravel()).infer_objects()
    if len(values) != n_rows:
        said = f"y has {len(values):,} values, and the table {n_rows:,} rows"
        raise DataError("E312", said, fix="give y one value a row")
    return values


def _refuse_several(count: int) -> pd.Series:
    raise UsageError(
        "E204", f"y holds {count} targets, and one can be predicted at a time", fix="one column of y"
    )


def _free_name(values: pd.Series, taken: Sequence[str]) -> str:
    name = TARGET if values.name is None else name_to_text(values.name).strip()
    name = name or TARGET
    while name in taken:
        name += "_2"
    return name


def _cells(name: str, values: pd.Series) -> tuple[Cells, str]:
    """Return the cells of a column, and their kind."""
    kind = _kind(name, values)
    if isinstance(values.dtype, pd.CategoricalDtype):
        codes: Any = values.cat.codes.to_numpy()
        found: Any = values.cat.categories
    else:
        if pd.api.types.is_timedelta64_dtype(values.dtype):
            values = values.dt.total_seconds()
        codes, found = pd.factorize(values)
    if pd.api.types.is_datetime64_any_dtype(found):
        texts = [stamp.isoformat(sep=" ") for stamp in found]
    else:
        # The shortest that reads back; booleans and other objects as they call themselves.
        texts = np.asarray(found).astype(str).tolist()
    cells = Cells(np.asarray(codes, dtype=np.int64), hold_texts(texts))
    # A category that no row has is dropped, and 1 and "1" of a column of objects are one text.
    apart = len(set(texts)) == len(texts) and bool(cells.counts().all())
    return cells if apart else cells.take(np.arange(len(values))), kind


def _kind(name: str, values: pd.Series) -> str:
    """Return the kind of a column's cells; text, "", is read by the rules of a text file."""
    dtype = values.dtype
    types = pd.api.types
    if isinstance(dtype, pd.CategoricalDtype):
        return "text"
    if types.is_bool_dtype(dtype):
        return "boolean"
    if types.is_complex_dtype(dtype):
        raise _unusable(name, "complex numbers")
    if types.is_numeric_dtype(dtype) or types.is_timedelta64_dtype(dtype):
        return "number"
    if types.is_datetime64_any_dtype(dtype) or isinstance(dtype, pd.PeriodDtype):
        return "date"
    inferred = types.infer_dtype(values, skipna=True)
    if inferred in INFERRED:
        return INFERRED[inferred]
    odd = next((value for value in values if not isinstance(value, SIMPLE)), None)
    if odd is not None:
        raise _unusable(name, f"values of type {type(odd).__name__}")
    return ""


def _unusable(name: str, what: str) -> UsageError:
    return UsageError(
        "E209",
        f"column {name!r} holds {what}, and numbers, text, booleans or dates were wanted",
        fix="give the table without that column, or with one column for each of its parts",
    )
