"""The cache of trained blocks and whole answers; whatever happens to its file, the run goes on."""

import io
import json
import sqlite3
import zipfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np

from regchoose.cache.fingerprint import combine
from regchoose.cache.store import Entry, move_aside, open_store, remove, used_bytes
from regchoose.records.words import Arrays

Kind = Literal["block", "answer"]
T = TypeVar("T")
MAX_BYTES_KEPT = 1_000_000_000  # the entries that were unused for longest are dropped first
SHARE_LEFT = 0.9  # of the largest size, once something is dropped
UNREADABLE = (ValueError, OSError, EOFError, KeyError, NotImplementedError, zipfile.BadZipFile)


@dataclass(frozen=True)
class CacheContents:
    """What a cache holds."""

    bytes: int
    blocks: int
    answers: tuple[tuple[float, Mapping[str, Any]], ...]  # when last used, and its description


class Cache:
    """What has been computed, under keys that say from what.

    If the file cannot be used, nothing is found and nothing stored, and `notes` says why.

    Parameters
    ----------
    file : Path
    engine : str
        Fingerprint of the code that computes; what other code has stored is not found.
    fresh : bool
        Whether to ignore what is stored, and to store it anew.
    now : callable
        Seconds since 1970.
    """

    def __init__(self, file: Path, *, engine: str, fresh: bool, now: Callable[[], float]) -> None:
        self.file, self.notes = file, list[str]()
        self.n_found, self.n_stored = 0, 0  # blocks
        self._engine, self._fresh, self._now = engine, fresh, now
        self._used: set[str] = set()
        self._connection: sqlite3.Connection | None = None
        self._open()

    # ---- blocks and answers --------------------------------------------------------------------

    def block(self, key: str) -> tuple[Arrays, str] | None:
        """Return the arrays of a block and its note; None if it is not stored."""
        entry = self._read(combine(self._engine, key))
        if entry is None:
            return None
        try:
            with np.load(io.BytesIO(entry.value), allow_pickle=False) as stored:
                arrays = {name: stored[name] for name in stored.files}
            note = str(json.loads(entry.about)["note"])
        except UNREADABLE:
            return None
        self.n_found += 1
        return arrays, note

    def keep_block(self, key: str, arrays: Arrays, note: str) -> None:
        """Store the arrays of a block and its note."""
        packed = io.BytesIO()
        np.savez(packed, **arrays)  # type: ignore[arg-type]  # names are free, but for `file`
        self.n_stored += 1
        about = json.dumps({"note": note})
        self._write(combine(self._engine, key), "block", Entry(about, packed.getvalue()))

    def answer(self, key: str) -> dict[str, Any] | None:
        """Return the document of a whole run; None if it is not stored."""
        entry = self._read(key)
        return None if entry is None else dict(json.loads(entry.value))

    def keep_answer(self, key: str, document: str, about: Mapping[str, Any]) -> None:
        """Store the document of a whole run, with a description for people."""
        self._write(key, "answer", Entry(json.dumps(about), document.encode()))

    # ---- the whole -----------------------------------------------------------------------------

    def contents(self) -> CacheContents:
        """Return what it holds."""
        return self._attempt(_contents) or CacheContents(0, 0, ())

    def clear(self) -> None:
        """Delete everything, also the files that were moved aside."""

        def empty(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM entries")
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

        self._attempt(empty)
        if self._connection is None:  # on a full disk nothing can be written, not even that all is deleted
            with suppress(OSError):
                remove(self.file)
                self.notes.clear()
                self._open()
        for aside in self.file.parent.glob(f"{self.file.name}.*-[0-9]*"):
            aside.unlink(missing_ok=True)

    def close(self, *, largest: int = MAX_BYTES_KEPT) -> None:
        """Record what was used, drop the oldest entries beyond the largest size, and close the file."""
        self._attempt(lambda connection: _tidy(connection, self._used, now=self._now(), largest=largest))
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    # ---- the file ------------------------------------------------------------------------------

    def _open(self) -> None:
        try:
            self._connection, aside = open_store(self.file)
        except (OSError, sqlite3.Error) as error:
            self._give_up(error)
            return
        if aside is not None:
            self.notes.append(f"The cache could not be read; it is now {aside}, and a new one is begun.")

    def _read(self, key: str) -> Entry | None:
        if self._fresh:
            return None
        row = self._attempt(
            lambda connection: connection.execute(
                "SELECT about, value, digest FROM entries WHERE key = ?", (key,)
            ).fetchone()
        )
        if row is None or not isinstance(row[0], str) or not isinstance(row[1], bytes):
            return None
        entry = Entry(row[0], row[1])
        if entry.digest != row[2]:  # damaged: it is computed anew, and stored over this one
            return None
        self._used.add(key)
        return entry

    def _write(self, key: str, kind: Kind, entry: Entry) -> None:
        row = (key, kind, entry.about, entry.value, entry.digest, self._now())
        self._attempt(
            lambda connection: connection.execute(
                "INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?, ?)", row
            )
        )

    def _attempt(self, work: Callable[[sqlite3.Connection], T]) -> T | None:
        """Do something with the file. If it is damaged, begin a new one; if it cannot be used, do without."""
        if self._connection is None:
            return None
        try:
            return work(self._connection)
        except sqlite3.OperationalError as error:
            self._give_up(error)
        except sqlite3.DatabaseError:
            self._connection.close()
            self._connection = None
            try:
                aside = move_aside(self.file, "corrupt")
            except OSError as error:
                self._give_up(error)
            else:
                self.notes.append(f"The cache was damaged; it is now {aside}, and a new one is begun.")
                self._open()
        return None

    def _give_up(self, error: Exception) -> None:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        self.notes.append(
            f"Nothing is kept for another run: {self.file} cannot be used ({reason}); "
            "--cache-dir names another place."
        )
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _contents(connection: sqlite3.Connection) -> CacheContents:
    rows = connection.execute("SELECT used, about FROM entries WHERE kind = 'answer' ORDER BY used DESC, key")
    answers = tuple((float(used), json.loads(about)) for used, about in rows)
    ((blocks,),) = connection.execute("SELECT count(*) FROM entries WHERE kind = 'block'")
    return CacheContents(used_bytes(connection), blocks, answers)


def _tidy(connection: sqlite3.Connection, used: set[str], *, now: float, largest: int) -> None:
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(
            "UPDATE entries SET used = ? WHERE key = ?", [(now, key) for key in sorted(used)]
        )
    excess = used_bytes(connection) - largest
    if excess <= 0:
        return
    excess += round((1 - SHARE_LEFT) * largest)
    dropped: list[tuple[str]] = []
    for key, size in connection.execute("SELECT key, length(value) FROM entries ORDER BY used, key"):
        if excess <= 0:
            break
        dropped.append((key,))
        excess -= size
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("DELETE FROM entries WHERE key = ?", dropped)
    connection.execute("PRAGMA incremental_vacuum").fetchall()
