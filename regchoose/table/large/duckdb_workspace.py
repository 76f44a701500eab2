"""Where a large table is worked on: a DuckDB that fetches nothing from the network, a folder for a while."""

import errno
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from regchoose.errors import ResourceError

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# By default DuckDB downloads an extension as soon as a query could use one.
OFFLINE = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}


def in_memory(**config: str | bool | int) -> duckdb.DuckDBPyConnection:
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
