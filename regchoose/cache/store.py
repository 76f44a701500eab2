"""One SQLite file of values under keys; one that cannot be used is moved aside, and a new one begun."""

import fcntl
import hashlib
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from regchoose.cache.location import is_on_network

APPLICATION_ID = 0x72676368  # "rgch", which SQLite keeps in the header of the file
SCHEMA = 1
WAIT_S = 30.0  # seconds, while another run writes
MIN_BYTES = 512  # bytes of a page, so of a database
FILE_SUFFIXES = ("", "-wal", "-shm", "-journal")  # files that SQLite keeps for one database
COLUMNS = {"key", "kind", "about", "value", "digest", "used"}
CREATE = """
CREATE TABLE entries (
    key TEXT PRIMARY KEY,
    kind TEXT NOT NULL,     -- block or answer
    about TEXT NOT NULL,    -- JSON
    value BLOB NOT NULL,    -- of a block arrays in NumPy's format, of an answer the JSON document
    digest BLOB NOT NULL,   -- SHA-256 of about and value
    used REAL NOT NULL      -- seconds since 1970: stored, or last asked for
)
"""


class NotOurs(Exception):  # noqa: N818 - says what a file is, not what went wrong
    """A file is no store of this schema: the argument is foreign, newer or corrupt."""


@dataclass(frozen=True)
class Entry:
    """A value and its description."""

    about: str
    value: bytes

    @property
    def digest(self) -> bytes:
        """The checksum that tells whether it is unchanged."""
        return hashlib.sha256(self.about.encode() + b"\0" + self.value).digest()


def open_store(file: Path) -> tuple[sqlite3.Connection, Path | None]:
    """Open a store, or make one if there is none.

    Returns
    -------
    connection : sqlite3.Connection
    aside : Path or None
        Where a file was moved that is no store of ours, or damaged.

    Raises
    ------
    OSError, sqlite3.OperationalError
        If the place cannot be used.
    """
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _exclusive(file):
        try:
            return _connect(file), None
        except NotOurs as reason:
            aside = move_aside(file, str(reason))
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:
            aside = move_aside(file, "corrupt")
        return _connect(file), aside


def move_aside(file: Path, reason: str) -> Path:
    """Rename a file, with what SQLite keeps beside it, to a free name; return that name."""
    number = 1
    while (aside := file.with_name(f"{file.name}.{reason}-{number}")).exists():
        number += 1
    for side in FILE_SUFFIXES:
        with suppress(FileNotFoundError):
            file.with_name(file.name + side).rename(aside.with_name(aside.name + side))
    return aside


def remove(file: Path) -> None:
    """Delete a store."""
    for side in FILE_SUFFIXES:
        file.with_name(file.name + side).unlink(missing_ok=True)


@contextmanager
def _exclusive(file: Path) -> Iterator[None]:
    """Let no other run open or move the file. The lock ends with the process, so none is ever stale."""
    with file.with_name(f"{file.name}.lock").open("a") as lock:
        for _ in range(int(WAIT_S * 10)):
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(0.1)
            except OSError:  # a file system without locks: SQLite will tell whether it needs them
                break
            else:
                break
        yield


def _connect(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file, timeout=WAIT_S, isolation_level=None)
    try:
        _prepare(connection, file)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection, file: Path) -> None:
    if 0 < file.stat().st_size < MIN_BYTES:  # SQLite would take it for an empty file, and overwrite it
        raise NotOurs("corrupt")
    if single_number(connection, "PRAGMA schema_version") == 0:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        _set_mode(connection, file)
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(CREATE)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {SCHEMA}")
    elif single_number(connection, "PRAGMA application_id") != APPLICATION_ID:
        raise NotOurs("foreign")
    elif single_number(connection, "PRAGMA user_version") != SCHEMA:
        raise NotOurs("newer")
    elif {row[1] for row in connection.execute("PRAGMA table_info(entries)")} != COLUMNS:
        raise NotOurs("corrupt")
    else:
        _set_mode(connection, file)


def _set_mode(connection: sqlite3.Connection, file: Path) -> None:
    """Use the write-ahead log, except on a network file system, where users share no memory."""
    mounts = Path("/proc/self/mounts")
    lines = mounts.read_text(encoding="utf-8", errors="replace") if mounts.exists() else ""
    remote = is_on_network(file.parent, lines)
    # If another run holds the file, the mode stays as it is, which is right too.
    with suppress(sqlite3.OperationalError):
        connection.execute(f"PRAGMA journal_mode = {'DELETE' if remote else 'WAL'}").fetchall()
    connection.execute("PRAGMA synchronous = NORMAL")


def single_number(connection: sqlite3.Connection, query: str) -> int:
    """Return the single number that a query gives."""
    with closing(connection.execute(query)) as cursor:
        return int(cursor.fetchone()[0])


def used_bytes(connection: sqlite3.Connection) -> int:
    """Return how many bytes of a store are in use."""
    used = single_number(connection, "PRAGMA page_count") - single_number(connection, "PRAGMA freelist_count")
    return used * single_number(connection, "PRAGMA page_size")
