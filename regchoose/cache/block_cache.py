"""The journal of a run: what it asks for and stores, without ever standing in its way."""

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

from regchoose.cache.fingerprint import combined
from regchoose.cache.store import Entry, n_bytes, opened, put_aside, remove
from regchoose.records.words import Arrays

Kind = Literal["block", "answer"]
Found = TypeVar("Found")
LARGEST = 1_000_000_000  # bytes; the entries that were not asked for longest are dropped first
LEFT = 0.9  # of the largest size, once something is dropped
UNREADABLE = (ValueError, OSError, EOFError, KeyError, NotImplementedError, zipfile.BadZipFile)


@dataclass(frozen=True)
class Contents:
    """What a journal holds."""

    bytes: int
    blocks: int
    answers: tuple[tuple[float, Mapping[str, Any]], ...]  # when last used, and what is said of each


class Journal:
    """What has been computed, under keys that say from what.

    Where the file cannot be used, or no longer, everything is unknown, nothing is stored, and `notes` says
    why; a run goes on all the same.

    Parameters
    ----------
    file : Path
    engine : str
        Mark of the code that computes: of other code nothing is known.
    fresh : bool
        Whether what is stored is ignored, and stored anew.
    now : callable
        Seconds since 1970.
    """

    def __init__(self, file: Path, *, engine: str, fresh: bool, now: Callable[[], float]) -> None:
        self.file, self.notes = file, list[str]()
        self.found, self.kept = 0, 0  # blocks
        self._engine, self._fresh, self._now = engine, fresh, now
        self._used: set[str] = set()
        self._connection: sqlite3.Connection | None = None
        self._open()

    # ---- blocks and answers --------------------------------------------------------------------

    def block(self, key: str) -> tuple[Arrays, str] | None:
        """Return the arrays of a block, and its note; None where it is unknown."""
        entry = self._read(combined(self._engine, key))
        if entry is None:
            return None
        try:
            with np.load(io.BytesIO(entry.value), allow_pickle=False) as stored:
                arrays = {name: stored[name] for name in stored.files}
            note = str(json.loads(entry.about)["note"])
        except UNREADABLE:
            return None
        self.found += 1
        return arrays, note

    def keep_block(self, key: str, arrays: Arrays, note: str) -> None:
        """Store the arrays of a block, and its note."""
        packed = io.BytesIO()
        np.savez(packed, **arrays)  # type: ignore[arg-type]  # names are free, but for `file`
        self.kept += 1
        about = json.dumps({"note": note})
        self._write(combined(self._engine, key), "block", Entry(about, packed.getvalue()))

    def answer(self, key: str) -> dict[str, Any] | None:
        """Return the document of a whole run; None where it is unknown."""
        entry = self._read(key)
        return None if entry is None else dict(json.loads(entry.value))

    def keep_answer(self, key: str, document: str, about: Mapping[str, Any]) -> None:
        """Store the document of a whole run, and what tells people which it is."""
        self._write(key, "answer", Entry(json.dumps(about), document.encode()))

    # ---- the whole -----------------------------------------------------------------------------

    def contents(self) -> Contents:
        """Return what it holds."""
        return self._tried(_contents) or Contents(0, 0, ())

    def clear(self) -> None:
        """Forget everything; remove what was put aside."""

        def emptied(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM entries")
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

        self._tried(emptied)
        if self._connection is None:  # on a full disk nothing can be noted, not even that all is forgotten
            with suppress(OSError):
                remove(self.file)
                self.notes.clear()
                self._open()
        for aside in self.file.parent.glob(f"{self.file.name}.*-[0-9]*"):
            aside.unlink(missing_ok=True)

    def close(self, *, largest: int = LARGEST) -> None:
        """Note what was used, drop the oldest beyond the largest size, and close the file."""
        self._tried(lambda connection: _tidied(connection, self._used, now=self._now(), largest=largest))
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    # ---- the file ------------------------------------------------------------------------------

    def _open(self) -> None:
        try:
            self._connection, aside = opened(self.file)
        except (OSError, sqlite3.Error) as error:
            self._stopped(error)
            return
        if aside is not None:
            self.notes.append(f"The journal could not be read; it is now {aside}, and a new one is begun.")

    def _read(self, key: str) -> Entry | None:
        if self._fresh:
            return None
        row = self._tried(
            lambda connection: connection.execute(
                "SELECT about, value, digest FROM entries WHERE key = ?", (key,)
            ).fetchone()
        )
        if row is None or not isinstance(row[0], str) or not isinstance(row[1], bytes):
            return None
        entry = Entry(row[0], row[1])
        if entry.digest != row[2]:  # a byte fell over: it is computed anew, and stored over this one
            return None
        self._used.add(key)
        return entry

    def _write(self, key: str, kind: Kind, entry: Entry) -> None:
        row = (key, kind, entry.about, entry.value, entry.digest, self._now())
        self._tried(
            lambda connection: connection.execute(
                "INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?, ?)", row
            )
        )

    def _tried(self, work: Callable[[sqlite3.Connection], Found]) -> Found | None:
        """Do something with the file; damaged, it gives way to another; unusable, to none."""
        if self._connection is None:
            return None
        try:
            return work(self._connection)
        except sqlite3.OperationalError as error:
            self._stopped(error)
        except sqlite3.DatabaseError:
            self._connection.close()
            self._connection = None
            try:
                aside = put_aside(self.file, "corrupt")
            except OSError as error:
                self._stopped(error)
            else:
                self.notes.append(f"The journal was damaged; it is now {aside}, and a new one is begun.")
                self._open()
        return None

    def _stopped(self, error: Exception) -> None:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        self.notes.append(
            f"Nothing is kept for another run: {self.file} cannot be used ({reason}); "
            "--cache-dir names another place."
        )
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _contents(connection: sqlite3.Connection) -> Contents:
    rows = connection.execute("SELECT used, about FROM entries WHERE kind = 'answer' ORDER BY used DESC, key")
    answers = tuple((float(used), json.loads(about)) for used, about in rows)
    ((blocks,),) = connection.execute("SELECT count(*) FROM entries WHERE kind = 'block'")
    return Contents(n_bytes(connection), blocks, answers)


def _tidied(connection: sqlite3.Connection, used: set[str], *, now: float, largest: int) -> None:
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(
            "UPDATE entries SET used = ? WHERE key = ?", [(now, key) for key in sorted(used)]
        )
    excess = n_bytes(connection) - largest
    if excess <= 0:
        return
    excess += round((1 - LEFT) * largest)
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
