"""A large table is read in two passes, and a person is told how far they are."""

from collections.abc import Callable
from functools import partial

from regchoose.records.listener import Listener
from regchoose.records.table import Table
from regchoose.settings.options import Settings
from regchoose.table.csv.dialect import Choose
from regchoose.table.file_set import Parts, large_parts
from regchoose.table.images.load_images import are_images
from regchoose.table.large.distributed_scan import unseen
from regchoose.table.load import load
from regchoose.workers.tasks import Workers


class Passes:
    """Adds up the bytes of all passes: two, or three where workers share the files."""

    def __init__(self, n_bytes: int, told: Callable[[int], None], *, count: int = 2) -> None:
        self._bytes, self._told, self.total = n_bytes, told, count * n_bytes
        self._before = self._last = 0

    def advanced(self, done: int) -> None:
        """Hear the bytes that the present pass has read; where they fall, another pass has begun."""
        if done < self._last / 2:
            self._before = min(self._before + self._bytes, self.total - self._bytes)
        self._last = done
        self._told(self._before + done)


def load_heard(
    data: str | Table, settings: Settings, *, choose: Choose, listener: Listener, crew: Workers | None = None
) -> Table:
    """Do what `load` does, and say how far the reading of a large table is; one that is loaded stays so."""
    if isinstance(data, Table):
        return data
    if are_images(data):
        listener.started("read", "read the images", 0)
        table = load(data, settings, choose=choose, advanced=partial(listener.advanced, "read"))
        listener.finished("read", f"{table.n_all:,} {'images' if table.image else 'rows'}")
        return table
    parts = large_parts(data)
    if parts is None:
        return load(data, settings, choose=choose)
    shared = crew if crew is not None and _is_shared(crew, parts, listener) else None
    passes = Passes(parts.n_bytes, partial(listener.advanced, "read"), count=2 if shared is None else 3)
    listener.started("read", "read", passes.total)
    table = load(data, settings, choose=choose, advanced=passes.advanced, crew=shared)
    listener.finished("read", f"{table.n_all:,} rows, of which {table.n_rows:,} are held")
    return table


def _is_shared(crew: Workers, parts: Parts, listener: Listener) -> bool:
    """Tell whether the files of a table are shared out among workers; say so, or why not."""
    if not crew.is_remote or len(parts.files) == 1:
        return False
    why = unseen(crew, parts)
    files = f"The {len(parts.files)} files are read"
    listener.noted(f"{files} here: {why}." if why else f"{files} by the workers.")
    return not why
