"""How DuckDB is opened, without a network and with a folder to work in, and what its errors mean."""

import errno
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from regchoose.errors import DataError, ResourceError

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# By default DuckDB downloads an extension as soon as a query could use one.
OFFLINE = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}


def connect_in_memory(**config: str | bool | int) -> duckdb.DuckDBPyConnection:
    """Return a new database, to be closed by whoever asked for it.

    Parameters
    ----------
    config : str, bool or int
        Options of DuckDB, such as `threads`.
    """
    return duckdb.connect(":memory:", config={**OFFLINE, **config})


@contextmanager
def workspace(*, needs: int) -> Iterator[Path]:
    """Give a folder for what does not fit in memory; it is gone afterwards.

    Parameters
    ----------
    needs : int
        Bytes that it may take about.

    Raises
    ------
    ResourceError
        E402 where there is no room for it.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="regchoose-") as folder:
            yield Path(folder)
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        raise ResourceError(
            "E402",
            f"temporary files cannot be written: {error.strerror}",
            where=tempfile.gettempdir(),
            detail=[f"they take about {needs:,} bytes while a large table is read"],
            fix="free some space, or name another folder in the variable TMPDIR",
        ) from error


MEMORY = "400MB"  # of DuckDB; Python holds the rows that are looked at beside it


def connect_on_disk(folder: str, *, threads: int = 0) -> duckdb.DuckDBPyConnection:
    """Open a database in memory that keeps what does not fit in a folder; 0 threads are one a core."""
    own = {"threads": threads} if threads else {}
    connection = connect_in_memory(memory_limit=MEMORY, temp_directory=folder, **own)
    connection.execute("SET enable_progress_bar = true")
    connection.execute("SET enable_progress_bar_print = false")
    return connection


def duckdb_error(error: duckdb.Error, *, kind: str, where: str) -> Exception:
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


def quote_text(text: str) -> str:
    """Write a text as SQL."""
    return "'" + text.replace("'", "''") + "'"


def quote_path(path: str) -> str:
    """Write a path as SQL, so that it is not taken for a pattern."""
    return quote_text(re.sub(r"([*?\[])", r"[\1]", path))


def quote_identifier(name: str) -> str:
    """Quote a name for SQL."""
    return '"' + name.replace('"', '""') + '"'
