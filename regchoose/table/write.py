"""A table, or some of its rows, written as CSV or Parquet, whichever the name's ending says."""

import os
import re
from pathlib import Path
from typing import Literal

import duckdb
import pandas as pd

from regchoose.errors import DataError, ResourceError, UsageError
from regchoose.records.table import Column, Table
from regchoose.records.words import Int
from regchoose.table.cells import texts_at
from regchoose.table.large.duckdb_workspace import in_memory
from regchoose.table.large.stream import Stream
from regchoose.table.raw_table import RawTable

Form = Literal["csv", "parquet", "npz"]
FORMULA = "^[=+@\\t\\r-]"  # what makes a spreadsheet run a cell (OWASP, CSV injection)


def form_of(path: str) -> Form:
    """Return the form in which a file of that name is written.

    Raises
    ------
    UsageError
        E209 for another ending than .csv, .parquet and .npz.
    """
    ending = Path(path).suffix.lower()
    forms: dict[str, Form] = {".csv": "csv", ".parquet": "parquet", ".npz": "npz"}
    if ending not in forms:
        raise UsageError(
            "E209",
            f"{path!r} ends in neither .csv nor .parquet, nor .npz for images",
            fix="-o sample.csv   or, for images,   -o sample.npz",
        )
    return forms[ending]


def write_rows(target: Path, form: Form, *, table: Table, raw: RawTable, rows: Int) -> int:
    """Write rows of a table that is held; return the cells that were protected.

    Parameters
    ----------
    target : Path
        Written over.
    form : str
        "csv" or "parquet".
    raw : RawTable
        The text of the table's rows.
    rows : (m,) ndarray
        Row numbers.
    """
    cells = {f"c{j}": pd.Series(texts_at(column, rows), dtype="str") for j, column in enumerate(raw.columns)}
    with in_memory(threads=1) as connection:
        connection.register("rows_drawn", pd.DataFrame(cells))
        return _copy(connection, "rows_drawn", target, form, table=table, raw=raw)


def write_all(target: Path, form: Form, *, table: Table, stream: Stream) -> int:
    """Write all rows of a large table, as they were read; return the cells that were protected."""
    return _copy(stream.connection, stream.relation, target, form, table=table, raw=stream.head)


def _copy(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    target: Path,
    form: Form,
    *,
    table: Table,
    raw: RawTable,
) -> int:
    mark = raw.dialect.decimal
    columns = ", ".join(
        f"{_cell(j, column, form, mark=mark)} AS {identifier(column.name)}"
        for j, column in enumerate(table.columns)
    )
    options = "FORMAT parquet" if form == "parquet" else "FORMAT csv, HEADER true, NULL ''"
    quoted = str(target).replace("'", "''")
    count = 0
    try:
        if form == "csv":
            risky = " + ".join(f"count_if({_is_formula(j)})" for j in range(len(table.columns)))
            (count,) = connection.execute(f"SELECT {risky} FROM {relation}").fetchall()[0]
        connection.execute(f"COPY (SELECT {columns} FROM {relation}) TO '{quoted}' ({options})")
    except duckdb.IOException as error:
        message = f"the output cannot be written: {_reason(error)}"
        raise ResourceError("E402", message, fix="-o with another place, or free some space") from None
    except duckdb.Error as error:
        raise DataError("E306", f"the rows cannot be written: {str(error).splitlines()[0]}") from None
    return int(count)


def _reason(error: duckdb.Error) -> str:
    """Return what the system said; DuckDB wraps it in JSON, with a file's name that is not the user's."""
    number = re.search(r'"errno":"(\d+)"', str(error))
    return os.strerror(int(number[1])) if number else str(error).splitlines()[0]


def _is_formula(place: int) -> str:
    """Say in SQL whether a spreadsheet would run a cell: it begins like a formula, and is no number."""
    cell = f"c{place}"
    number = f"TRY_CAST(replace({cell}, ',', '.') AS DOUBLE) IS NOT NULL"
    return f"coalesce(regexp_matches({cell}, '{FORMULA}') AND NOT {number} AND {cell} <> '-', false)"


def _cell(place: int, column: Column, form: Form, *, mark: str) -> str:
    cell = f"nullif(c{place}, '')"
    if form == "csv":
        return f"CASE WHEN {_is_formula(place)} THEN chr(39) || c{place} ELSE {cell} END"
    if column.type in ("integer", "number") and column.role in ("numeric", "target"):
        plain = f"replace(replace({cell}, '.', ''), ',', '.')" if mark == "," else f"replace({cell}, ',', '')"
        kind = "BIGINT" if column.type == "integer" else "DOUBLE"
        return f"TRY_CAST(TRY_CAST({plain} AS DOUBLE) AS {kind})"
    return cell


def identifier(name: str) -> str:
    """Quote a name for SQL."""
    return '"' + name.replace('"', '""') + '"'
