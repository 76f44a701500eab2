"""A large table is read in two passes, and a person is told how far they are."""

from collections.abc import Callable
from functools import partial
from typing import Protocol

from regchoose.crew.work import Crew
from regchoose.records import Table
from regchoose.settings import Settings
from regchoose.table.dialect import Choose
from regchoose.table.images.reading import are_images
from regchoose.table.load import load
from regchoose.table.parts import large_parts


class Listener(Protocol):
    """Who is told."""

    def started(self, key: str, text: str, total: int) -> None:
        """Take note that reading begins; `total` is in bytes."""

    def advanced(self, key: str, done: int) -> None:
        """Take note of the bytes read so far."""

    def finished(self, key: str, summary: str) -> None:
        """Take note that all is read."""


class Passes:
    """Adds up the bytes of both passes."""

    def __init__(self, n_bytes: int, told: Callable[[int], None]) -> None:
        self._bytes, self._told, self.total = n_bytes, told, 2 * n_bytes
        self._before = self._last = 0

    def advanced(self, done: int) -> None:
        """Hear the bytes that the present pass has read; where they fall, another pass has begun."""
        if done < self._last / 2:
            self._before = min(self._before + self._bytes, self._bytes)
        self._last = done
        self._told(self._before + done)


def load_heard(
    path: str, settings: Settings, *, choose: Choose, listener: Listener, crew: Crew | None = None
) -> Table:
    """Do what `load` does, and say how far the reading of a large table is."""
    if are_images(path):
        listener.started("read", "read the images", 0)
        table = load(path, settings, choose=choose, advanced=partial(listener.advanced, "read"))
        listener.finished("read", f"{table.n_all:,} {'images' if table.image else 'rows'}")
        return table
    parts = large_parts(path)
    if parts is None:
        return load(path, settings, choose=choose)
    passes = Passes(parts.n_bytes, partial(listener.advanced, "read"))
    listener.started("read", "read", passes.total)
    table = load(path, settings, choose=choose, advanced=passes.advanced)
    listener.finished("read", f"{table.n_all:,} rows, of which {table.n_rows:,} are held")
    return table
