"""A DuckDB in memory that fetches nothing from the network."""

import duckdb

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
