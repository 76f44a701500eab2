"""One SQLite file of values under keys. Whatever is wrong with it, it is put aside and a new one begun."""

import fcntl
import hashlib
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from regchoose.cache.location import is_remote

MARK = 0x72676368  # "rgch", in the place where SQLite files say whose they are
SCHEMA = 1
PATIENCE = 30.0  # seconds to wait while another run writes
SMALLEST = 512  # bytes of a page, so of a database
SIDES = ("", "-wal", "-shm", "-journal")  # files that SQLite keeps for one database
ASIDE = ("foreign", "newer", "corrupt")
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
    """A file that is no store of this schema: `args[0]` is one of `ASIDE`."""


@dataclass(frozen=True)
class Entry:
    """A value and what is said of it."""

    about: str
    value: bytes

    @property
    def digest(self) -> bytes:
        """What tells whether it is as it was."""
        return hashlib.sha256(self.about.encode() + b"\0" + self.value).digest()


def opened(file: Path) -> tuple[sqlite3.Connection, Path | None]:
    """Open a store, made where there is none.

    Returns
    -------
    connection : sqlite3.Connection
    aside : Path or None
        Where a file went that was there and no store of ours, or damaged.

    Raises
    ------
    OSError, sqlite3.OperationalError
        Where the place cannot be used.
    """
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(file):
        try:
            return _connected(file), None
        except NotOurs as reason:
            aside = put_aside(file, str(reason))
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:
            aside = put_aside(file, "corrupt")
        return _connected(file), aside


def put_aside(file: Path, reason: str) -> Path:
    """Rename a file, with what SQLite keeps beside it, to a name that is free; return that."""
    number = 1
    while (aside := file.with_name(f"{file.name}.{reason}-{number}")).exists():
        number += 1
    for side in SIDES:
        with suppress(FileNotFoundError):
            file.with_name(file.name + side).rename(aside.with_name(aside.name + side))
    return aside


def remove(file: Path) -> None:
    """Delete a store."""
    for side in SIDES:
        file.with_name(file.name + side).unlink(missing_ok=True)


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    """Open, or put aside, while no other run does. The lock goes with the process, so none is ever stale."""
    with file.with_name(f"{file.name}.lock").open("a") as lock:
        for _ in range(int(PATIENCE * 10)):
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(0.1)
            except OSError:  # a file system without locks: SQLite will say whether it can do without
                break
            else:
                break
        yield


def _connected(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file, timeout=PATIENCE, isolation_level=None)
    try:
        _prepared(connection, file)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepared(connection: sqlite3.Connection, file: Path) -> None:
    if 0 < file.stat().st_size < SMALLEST:  # SQLite would take it for empty, and write over it
        raise NotOurs("corrupt")
    if number(connection, "PRAGMA schema_version") == 0:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        _set_mode(connection, file)
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(CREATE)
            connection.execute(f"PRAGMA application_id = {MARK}")
            connection.execute(f"PRAGMA user_version = {SCHEMA}")
    elif number(connection, "PRAGMA application_id") != MARK:
        raise NotOurs("foreign")
    elif number(connection, "PRAGMA user_version") != SCHEMA:
        raise NotOurs("newer")
    elif {row[1] for row in connection.execute("PRAGMA table_info(entries)")} != COLUMNS:
        raise NotOurs("corrupt")
    else:
        _set_mode(connection, file)


def _set_mode(connection: sqlite3.Connection, file: Path) -> None:
    """Write ahead where readers and the writer share memory; the older way between machines."""
    mounts = Path("/proc/self/mounts")
    remote = mounts.exists() and is_remote(file.parent, mounts.read_text(encoding="utf-8", errors="replace"))
    # Another run holds it: then the mode stays as it is, which is right too.
    with suppress(sqlite3.OperationalError):
        connection.execute(f"PRAGMA journal_mode = {'DELETE' if remote else 'WAL'}").fetchall()
    connection.execute("PRAGMA synchronous = NORMAL")


def number(connection: sqlite3.Connection, query: str) -> int:
    """Return the one number that a query gives."""
    with closing(connection.execute(query)) as cursor:
        return int(cursor.fetchone()[0])


def n_bytes(connection: sqlite3.Connection) -> int:
    """Return the bytes of a store that are in use."""
    used = number(connection, "PRAGMA page_count") - number(connection, "PRAGMA freelist_count")
    return used * number(connection, "PRAGMA page_size")
