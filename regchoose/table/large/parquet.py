"""Parquet files, through DuckDB: their types come from the schema, so nothing is guessed."""

import os
import re
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from regchoose.errors import DataError, UsageError
from regchoose.records.table import Dialect
from regchoose.table.file_bytes import check_unchanged
from regchoose.table.large.duckdb_session import connect_in_memory, quote_path
from regchoose.table.raw_table import Cells, RawTable, factorize, no_rows_error

CELL_KINDS: tuple[tuple[str, str], ...] = (
    (r"U?(?:TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL\(\d+,\d+\)", "number"),
    (r"VARCHAR|ENUM\(.*\)|UUID", "text"),
    (r"BOOLEAN", "boolean"),
    (r"DATE|TIME.*|INTERVAL", "date"),
)


def read_parquet(path: str) -> RawTable:
    """Read a Parquet file; cells become text, exactly (the shortest that reads back), nulls None.

    Raises
    ------
    UsageError
        E209 for a column of a nested or binary type.
    DataError
        E302 without rows, E306 for a damaged file, E311 for one that changes meanwhile.
    """
    before = os.stat(path)
    with connect_in_memory(threads=1) as connection:
        names, kinds = parquet_schema(connection, path)
        query = f"SELECT CAST(COLUMNS(*) AS VARCHAR) FROM read_parquet({quote_path(path)})"
        try:
            found = connection.execute(query).fetchnumpy()
        except duckdb.Error as error:
            raise _unreadable(path, error) from None
    check_unchanged(path, before)
    columns = tuple(_cells(values) for values in found.values())
    n_rows = len(columns[0].codes) if columns else 0
    if n_rows == 0:
        raise no_rows_error(path)
    return RawTable(
        path=path,
        dialect=parquet_dialect(
            f"a Parquet file of {len(names)} columns, types from its schema ({Path(path).name})"
        ),
        names=names,
        columns=columns,
        lines=np.arange(1, n_rows + 1, dtype=np.int64),
        kinds=kinds,
    )


def parquet_schema(
    connection: duckdb.DuckDBPyConnection, path: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of a Parquet file's columns, and of each which kind of cells it holds.

    Raises
    ------
    UsageError
        E209 for a column of a nested or binary type.
    DataError
        E306 for a damaged file.
    """
    try:
        schema = connection.execute(f"DESCRIBE SELECT * FROM read_parquet({quote_path(path)})").fetchall()
    except duckdb.Error as error:
        raise _unreadable(path, error) from None
    return (
        tuple(str(row[0]) for row in schema),
        tuple(_kind_of(path, str(row[0]), str(row[1])) for row in schema),
    )


def _unreadable(path: str, error: duckdb.Error) -> DataError:
    what = f"{path} is no readable Parquet file: {str(error).splitlines()[0]}"
    return DataError("E306", what, fix="write it again")


def parquet_dialect(found: str) -> Dialect:
    """Return the dialect of Parquet, and how that was found out."""
    return Dialect("parquet", None, None, None, None, header=True, decimal=".", found=found)


def _kind_of(path: str, name: str, type: str) -> str:
    """Return what kind of cells a column's type holds; raise E209 for one that cannot be used."""
    for pattern, kind in CELL_KINDS:
        if re.fullmatch(pattern, type):
            return kind
    raise UsageError(
        "E209",
        f"column {name!r} is of type {type}, and numbers, text, booleans or dates were wanted",
        where=path,
        fix="write the file without that column, or with one column for each of its parts",
    )


def _cells(values: Any) -> Cells:
    cells = np.array(np.ma.getdata(values), dtype=object)
    cells[np.ma.getmaskarray(values)] = None
    return factorize(cells)
