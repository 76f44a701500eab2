"""From a path, a data frame or arrays to a table that is ready for an experiment.

::

    path ─┬─ images ───────────── images/load_images ──────────────────────────────────┐
          ├─ one small file ───── csv/read, large/parquet ──┐                           │
          └─ large, or several ── large/stream: DuckDB ─────┤ RawTable: columns of text │
                                  large/held_rows           │                           │
    a DataFrame or arrays ─────── in_memory ────────────────┘                           │
                                                            │                           │
                                  columns/target   what is predicted                    │
                                  columns/features what each column is for, as numbers  │
                                                            │                           │
                  large/column_stats, of a large table ──── Table ──────────────────────┘
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from numpy.typing import ArrayLike

from regchoose.errors import Phrase, UsageError, setting
from regchoose.records.listener import Listener
from regchoose.records.table import AS_Y, Column, Table
from regchoose.settings.options import Settings
from regchoose.table.columns.duplicates import warn_of_duplicates
from regchoose.table.columns.features import to_features
from regchoose.table.columns.leakage import find_leakage
from regchoose.table.columns.target import find_target, select_target
from regchoose.table.csv.dialect import Choose, ask_nobody
from regchoose.table.csv.read import read
from regchoose.table.file_set import Advanced, Parts, ignore_progress, large_parts
from regchoose.table.images.image_set import ImageSet
from regchoose.table.images.load_images import are_images, load_images, open_images
from regchoose.table.in_memory import InMemory, raw_from_memory
from regchoose.table.large.column_stats import add_column_stats
from regchoose.table.large.distributed_scan import why_not_shared
from regchoose.table.large.held_rows import draw_held_rows
from regchoose.table.large.rejected_rows import check_reading
from regchoose.table.large.stream import streaming
from regchoose.table.raw_table import RawTable
from regchoose.workers.tasks import Workers


def load(
    data: str | InMemory,
    settings: Settings,
    *,
    y: ArrayLike | None = None,
    choose: Choose = ask_nobody,
    advanced: Advanced = ignore_progress,
    workers: Workers | None = None,
) -> Table:
    """Read a table, give its columns their roles, and find the target and the task.

    Parameters
    ----------
    data : str, DataFrame, mapping, or array-like (n, p)
        The path of a .csv, .tsv or .txt file, also compressed by gzip or zstandard, of a .parquet file, or
        of a folder or pattern of such files. What is larger than 64 MB or several files is streamed: some
        of its rows, drawn evenly, are held. Or of images: an .npz file with X and y, or a folder with a
        subfolder for each class. Or a table in memory, whose columns keep their types.
    settings : Settings
        Those of the group "Data" matter, and `folds`, `resources` and `subsample` for the fewest rows.
    y : array-like (n,), optional
        Of a table in memory: the target; else it is a column, found as that of a file is.
    choose : callable
        Asks a person where the file does not tell; returns None where no prompt is possible.
    advanced : callable
        Is told how many bytes the present pass over a large table has read.
    workers : Workers, optional
        Workers that can see the files of the table too, and share them.

    Returns
    -------
    Table
        Features (n, p), target (n,), and what was found on the way.

    Raises
    ------
    UsageError
        E201 to E209: the path, an option, or a column that an option names.
    DataError
        E301 to E332: the data cannot be read exactly, or not be learned from.
    """
    return load_with_text(data, settings, y=y, choose=choose, advanced=advanced, workers=workers)[0]


def load_with_text(
    data: str | InMemory,
    settings: Settings,
    *,
    y: ArrayLike | None = None,
    choose: Choose = ask_nobody,
    advanced: Advanced = ignore_progress,
    workers: Workers | None = None,
) -> tuple[Table, RawTable]:
    """Do what `load` does, and return the text of the same rows too; of images that of the target."""
    if not isinstance(data, str):
        return _load_memory(data, y, settings)
    if are_images(data):
        images = open_images(data, settings)
        if isinstance(images, ImageSet):
            return load_images(images, settings, advanced=advanced)
        return _load_small(images, settings, choose=choose)
    parts = large_parts(data)
    if parts is None:
        return _load_small(read(data, settings, choose=choose), settings, choose=choose)
    return _load_large(parts, settings, choose=choose, advanced=advanced, workers=workers)


def _load_memory(data: InMemory, y: ArrayLike | None, settings: Settings) -> tuple[Table, RawTable]:
    raw, target = raw_from_memory(data, y)
    if target is None:
        return _load_small(raw, settings, choose=ask_nobody)
    table, kept = _load_small(raw, replace(settings, target=target), choose=ask_nobody)
    return replace(table, target_why=AS_Y), kept


def _load_small(raw: RawTable, settings: Settings, *, choose: Choose) -> tuple[Table, RawTable]:
    """Make the table of rows that are all held."""
    table, raw = _to_table(raw, settings, choose=choose)
    return replace(table, warnings=(*table.warnings, *warn_of_duplicates(table))), raw


def _load_large(
    parts: Parts, settings: Settings, *, choose: Choose, advanced: Advanced, workers: Workers | None
) -> tuple[Table, RawTable]:
    """Make the table of the rows held, and count over all rows what they are like."""
    with streaming(parts, settings, choose=choose, advanced=advanced, workers=workers) as stream:
        held = draw_held_rows(stream)
        if held.complete:
            table, raw = _to_table(held.raw, settings, choose=choose)
            skipped = check_reading(stream, held.counts, ())
            return replace(table, warnings=(*table.warnings, *skipped, *warn_of_duplicates(table))), raw
        _check_possible(held.raw, settings)
        table, raw = _to_table(held.raw, settings, choose=choose)
        return add_column_stats(table, stream, held.counts), raw


def _check_possible(raw: RawTable, settings: Settings) -> None:
    """Raise E202 for an option that needs all rows, where only some are held."""
    reasons = {
        "group": "rows of one group would be torn apart" if settings.group is not None else "",
        "min_class": "a class may be rare among them, and not in the table" if settings.min_class else "",
    }
    for name, why in reasons.items():
        if why:
            raise UsageError(
                "E202",
                setting(name) + f" needs all rows, and of this table {raw.n_rows:,} are held: {why}",
                where=raw.path,
                fix="leave " + setting(name) + " out" | f"give a table of at most {raw.n_rows:,} rows",
            )


def _to_table(raw: RawTable, settings: Settings, *, choose: Choose) -> tuple[Table, RawTable]:
    """Give a table as text its target, roles and features; return it with the text of its rows."""
    place, why = find_target(raw, settings, choose=choose)
    raw, target = select_target(raw, place, settings)
    features = to_features(raw, place, settings)
    leaking = find_leakage(features.columns, features.values, target.values, n_classes=len(target.classes))
    python = raw.dialect.in_memory
    name, target_why = raw.names[place], Phrase.of(why).words(python=python)
    columns = list(features.columns)
    columns[place] = Column(name, "target", target.type, target_why)
    warnings = [*raw.warnings, *target.warnings, *features.warnings, *leaking]
    table = Table(
        path=raw.path,
        dialect=raw.dialect,
        columns=tuple(columns),
        features=features.values,
        target=target.values,
        target_name=name,
        target_why=target_why,
        task=target.task,
        task_why=Phrase.of(target.task_why).words(python=python),
        classes=target.classes,
        merged=target.merged,
        warnings=tuple(Phrase.of(warning).words(python=python) for warning in warnings),
        leaks=bool(leaking),
        groups=features.groups,
        time=features.time,
    )
    return table, raw


class PassProgress:
    """Adds up the bytes that the passes over a large table read: two, or three where workers share it."""

    def __init__(self, n_bytes: int, told: Callable[[int], None], *, count: int = 2) -> None:
        self._bytes, self._told, self.total = n_bytes, told, count * n_bytes
        self._before = self._last = 0

    def advanced(self, done: int) -> None:
        """Hear the bytes that the present pass has read; where they fall, another pass has begun."""
        if done < self._last / 2:
            self._before = min(self._before + self._bytes, self.total - self._bytes)
        self._last = done
        self._told(self._before + done)


def load_with_progress(
    data: str | Table,
    settings: Settings,
    *,
    choose: Choose,
    listener: Listener,
    workers: Workers | None = None,
) -> Table:
    """Do what `load` does, and say how far the reading of a large table is; a table is returned as it is."""
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
    shared = workers if workers is not None and _is_shared(workers, parts, listener) else None
    passes = PassProgress(parts.n_bytes, partial(listener.advanced, "read"), count=2 if shared is None else 3)
    listener.started("read", "read", passes.total)
    table = load(data, settings, choose=choose, advanced=passes.advanced, workers=shared)
    listener.finished("read", f"{table.n_all:,} rows, of which {table.n_rows:,} are held")
    return table


def _is_shared(workers: Workers, parts: Parts, listener: Listener) -> bool:
    """Tell whether the files of a table are shared out among workers; say so, or why not."""
    if not workers.is_remote or len(parts.files) == 1:
        return False
    why = why_not_shared(workers, parts)
    files = f"The {len(parts.files)} files are read"
    listener.noted(f"{files} here: {why}." if why else f"{files} by the workers.")
    return not why
