"""Parquet files, through DuckDB: their types come from the schema, so nothing is guessed."""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from regchoose.errors import DataError
from regchoose.records.table import Dialect
from regchoose.table.file_bytes import check_unchanged
from regchoose.table.large.duckdb_session import connect_in_memory, quote_path
from regchoose.table.raw_table import Cells, RawTable, factorize, name_columns, no_rows_error

CELL_KINDS: tuple[tuple[str, str], ...] = (
    (r"U?(?:TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL\(\d+,\d+\)", "number"),
    (r"VARCHAR|ENUM\(.*\)|UUID", "text"),
    (r"BOOLEAN", "boolean"),
    (r"DATE|TIME.*|INTERVAL", "date"),
    (r'"NULL"', "text"),  # a column of nulls
)


@dataclass(frozen=True)
class ParquetSchema:
    """The columns of a Parquet file.

    Attributes
    ----------
    names : tuple of str
        Of the columns, made unique where they are not.
    columns : tuple of str
        The same as DuckDB calls them, which tells no capitals from small letters.
    kinds : tuple of str
        Which kind of cells each holds; nested ones are parts, lists or bytes, which nothing learns from.
    index : str
        The first column, where it has no name.
    duplicated, renamed : tuple of str
        Names that several columns have; what was renamed.
    """

    names: tuple[str, ...]
    columns: tuple[str, ...]
    kinds: tuple[str, ...]
    index: str
    duplicated: tuple[str, ...]
    renamed: tuple[str, ...]


def read_parquet(path: str) -> RawTable:
    """Read a Parquet file; cells become text, exactly (the shortest that reads back), nulls None.

    Raises
    ------
    DataError
        E302 without rows, E306 for a damaged file, E311 for one that changes meanwhile.
    """
    before = os.stat(path)
    with connect_in_memory(threads=1) as connection:
        schema = parquet_schema(connection, path)
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
            f"a Parquet file of {len(schema.names)} columns, types from its schema ({Path(path).name})"
        ),
        names=schema.names,
        columns=columns,
        lines=np.arange(1, n_rows + 1, dtype=np.int64),
        kinds=schema.kinds,
        index=schema.index,
        duplicated=schema.duplicated,
        warnings=schema.renamed,
    )


def parquet_schema(connection: duckdb.DuckDBPyConnection, path: str) -> ParquetSchema:
    """Return the columns of a Parquet file.

    Raises
    ------
    DataError
        E306 for a damaged file.
    """
    try:
        found = connection.execute(f"DESCRIBE SELECT * FROM read_parquet({quote_path(path)})").fetchall()
        tree = connection.execute(
            f"SELECT name, num_children FROM parquet_schema({quote_path(path)})"
        ).fetchall()
    except duckdb.Error as error:
        raise _unreadable(path, error) from None
    columns = [str(row[0]) for row in found]
    stated = list(_top_level(tree))
    stated += columns[len(stated) :]  # those of the folders that a file lies in come last
    names, duplicated, renamed = name_columns(stated)
    return ParquetSchema(
        names,
        tuple(columns),
        tuple(_kind_of(str(row[1])) for row in found),
        names[0] if len(names) > 1 and not stated[0].strip() else "",
        duplicated,
        renamed,
    )


def _top_level(tree: Sequence[tuple[str, int | None]]) -> Iterator[str]:
    """Yield the names of the columns; the schema lists the parts of each behind it."""
    parts = 0
    for name, children in tree[1:]:
        if not parts:
            yield name
        parts += (children or 0) - bool(parts)


def _unreadable(path: str, error: duckdb.Error) -> DataError:
    what = f"{path} is no readable Parquet file: {str(error).splitlines()[0]}"
    return DataError("E306", what, fix="write it again")


def parquet_dialect(found: str) -> Dialect:
    """Return the dialect of Parquet, and how that was found out."""
    return Dialect("parquet", None, None, None, None, header=True, decimal=".", found=found)


def _kind_of(type: str) -> str:
    """Return what kind of cells a column's type holds."""
    return next((kind for pattern, kind in CELL_KINDS if re.fullmatch(pattern, type)), f"nested {type}")


def _cells(values: Any) -> Cells:
    cells = np.array(np.ma.getdata(values), dtype=object)
    cells[np.ma.getmaskarray(values)] = None
    return factorize(cells)
