"""DuckDB, as tables are read with it: how it is opened, and what it says where it cannot read one."""

import errno
import os

import duckdb

from regchoose.errors import DataError
from regchoose.table.large.duckdb_workspace import in_memory

MEMORY = "400MB"  # of DuckDB; Python holds the rows that are looked at beside it


def connect(folder: str, *, threads: int = 0) -> duckdb.DuckDBPyConnection:
    """Open a database in memory that keeps what does not fit in a folder; 0 threads are one a core."""
    own = {"threads": threads} if threads else {}
    connection = in_memory(memory_limit=MEMORY, temp_directory=folder, **own)
    connection.execute("SET enable_progress_bar = true")
    connection.execute("SET enable_progress_bar_print = false")
    return connection


def refusal(error: duckdb.Error, *, kind: str, where: str) -> Exception:
    """Return the error for a query that failed: E310 or E306, or a lack of memory.

    Parameters
    ----------
    kind : str
        Of the files: csv or parquet.
    where : str
        What is read.
    """
    if isinstance(error, duckdb.OutOfMemoryException):
        return MemoryError(str(error))
    if "No space left" in str(error):
        return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    return DataError(
        "E310" if kind == "csv" else "E306",
        f"the table cannot be read exactly: {str(error).splitlines()[0]}",
        where=where,
        detail=["cause: mixed line ends, or quotes that are not in order, are likely"],
        fix="write the file again, with one kind of line end and quotes inside quotes doubled",
    )
