"""From a table of any size to encoded rows in a file, some of them held out to choose the strength."""

import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regchoose.encoding.encoder import Encoder
from regchoose.encoding.text_rows import Oddities
from regchoose.errors import DataError
from regchoose.records.answers import Ask
from regchoose.records.listener import Listener
from regchoose.records.table import Table
from regchoose.records.words import Int
from regchoose.refit.row_file import Spool, SpoolWriter, refuse_too_large
from regchoose.settings.options import Settings
from regchoose.table.columns.duplicates import group_copies
from regchoose.table.columns.group_and_time import make_time_reader
from regchoose.table.file_set import large_parts
from regchoose.table.images.image_set import ImageSet
from regchoose.table.images.load_images import are_images, load_images, open_images
from regchoose.table.large.batches import Batch, Rows, open_rows, rows_of_images, rows_of_table
from regchoose.table.large.row_sampling import PRIME, row_hash
from regchoose.table.load import PassProgress, load_with_text
from regchoose.table.raw_table import RawTable

SHARE, MOST = 0.2, 100_000  # of the rows are held out, and no more: they tell strengths apart well enough

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Plan:
    """What is known of a table once its rows are encoded.

    Attributes
    ----------
    n_rows : int
        Rows that are trained on.
    fingerprint : str
        Of the rows that the columns were judged by.
    columns : tuple of str
        Those that are used.
    notes : tuple of str
        What was met on the way.
    """

    n_rows: int
    n_inputs: int
    precision: str
    fingerprint: str
    columns: tuple[str, ...]
    notes: tuple[str, ...]

    def spool(self, folder: Path) -> Spool:
        """Return the rows."""
        return Spool(folder, self.n_rows, self.n_inputs, self.precision)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)

    @classmethod
    def of(cls, said: dict[str, Any]) -> "Plan":
        """Return what `as_dict` gave."""
        return cls(**said | {"columns": tuple(said["columns"]), "notes": tuple(said["notes"])})


def encode_rows(
    path: str, settings: Settings, *, folder: Path, precision: str, ask: Ask, listener: Listener
) -> tuple[Plan, Encoder]:
    """Read a table, learn how its columns are encoded, and write the encoded rows.

    Parameters
    ----------
    folder : Path
        Takes the rows.
    precision : str
        float32 for a network, float64 for a linear model.

    Raises
    ------
    RegchooseError
        As `regchoose.table.load.load`; E402 where the rows do not fit on the disk.
    """
    images = open_images(path, settings) if are_images(path) else None
    if isinstance(images, ImageSet):
        return _of_images(images, settings, folder=folder, precision=precision, listener=listener)
    parts = None if images else large_parts(path)
    if parts is None:
        table, raw = load_with_text(path, settings, choose=ask)
        rows = rows_of_table(raw)
        return _written(
            rows, table, raw=raw, settings=settings, folder=folder, precision=precision, listener=listener
        )
    passes = PassProgress(parts.n_bytes, lambda done: listener.advanced("read", done))
    listener.started("read", "read", passes.total)
    table, raw = load_with_text(path, settings, choose=ask, advanced=passes.advanced)
    listener.finished("read", f"{table.n_all:,} rows")
    with open_rows(path, settings, choose=ask, checked=True) as rows:
        return _written(
            rows, table, raw=raw, settings=settings, folder=folder, precision=precision, listener=listener
        )


def _of_images(
    found: ImageSet, settings: Settings, *, folder: Path, precision: str, listener: Listener
) -> tuple[Plan, Encoder]:
    listener.started("read", "read", len(found))
    table, raw = load_images(found, settings, advanced=lambda done: listener.advanced("read", done))
    listener.finished("read", f"{table.n_all:,} images")
    rows = rows_of_images(found)
    return _written(
        rows, table, raw=raw, settings=settings, folder=folder, precision=precision, listener=listener
    )


def _written(
    rows: Rows,
    table: Table,
    *,
    raw: RawTable,
    settings: Settings,
    folder: Path,
    precision: str,
    listener: Listener,
) -> tuple[Plan, Encoder]:
    for warning in table.warnings:
        listener.noted(warning)
    encoder = Encoder.fit(table, np.arange(table.n_rows)).for_text(table, raw, settings)
    oddities = Oddities()
    n_inputs = len(encoder.input_names)
    free = shutil.disk_usage(folder).free
    refuse_too_large(folder, n_rows=table.n_all, n_inputs=n_inputs, precision=precision, free=free)
    part = held_out_part(table, raw, settings)
    writer = SpoolWriter(folder, precision=precision)
    listener.started("encode", "encode", table.n_all)
    try:
        wanted = [*encoder.columns, encoder.target.name]
        wanted += [settings.time] if settings.time else []
        for batch in rows.batches(list(dict.fromkeys(wanted)), numbers=encoder.number_columns):
            x, y = encoder.transform_batch(batch, settings, oddities=oddities)
            assert y is not None, "the target is read with the columns"
            known = ~np.isnan(y)
            writer.add(x[known], y[known], part(batch)[known])
            listener.advanced("encode", writer.n_rows)
        spool = writer.finish(n_inputs)
    finally:
        writer.close()
    _check_count(spool.n_rows, table)
    listener.finished("encode", f"{spool.n_rows:,} rows, {n_inputs} inputs")
    oddities.off_scale = 0  # of the images that the scale is learned from, whatever they are
    notes = oddities.notes(of=spool.n_rows)
    for note in notes:
        listener.noted(note)
    used = tuple(column.name for column in table.used)
    mark = table.content_hash()
    return Plan(spool.n_rows, n_inputs, precision, mark, used, (*table.warnings, *notes)), encoder


def _check_count(n_rows: int, table: Table) -> None:
    if n_rows != table.n_all:
        raise DataError(
            "E311",
            f"{table.path} had {table.n_all:,} rows with a target, and {n_rows:,} when it was read again",
            fix="run again once it is complete",
        )


def held_out_part(table: Table, raw: RawTable, settings: Settings) -> Callable[[Batch], Mask]:
    """Return what says of each row of a batch whether it is held out: a fifth, at most 100,000 rows.

    The rows are drawn by their numbers, so the order of reading changes nothing. Of a table that is held,
    whole groups are drawn, and copies stay together; where `--time` orders the rows, the last are held out.
    """
    share = min(SHARE, MOST / table.n_all)
    if table.time is not None:
        latest, reader = float(np.quantile(table.time, 1 - share)), make_time_reader(raw, settings)
        return lambda batch: reader(batch.raw) > latest
    if table.whole is not None:
        bound = int(share * PRIME)
        return lambda batch: row_hash(_numbers(batch), seed=settings.seed) < bound
    every = np.arange(table.n_rows)
    together = group_copies(table, every) if table.groups is None else table.groups
    order = np.lexsort((together, row_hash(together, seed=settings.seed)))
    last = together[order[max(1, round(share * table.n_rows)) - 1]]
    held = np.zeros(table.n_rows, dtype=bool)
    held[order[: 1 + int(np.flatnonzero(together[order] == last)[-1])]] = True
    return lambda batch: held[_numbers(batch)]


def _numbers(batch: Batch) -> Int:
    return np.arange(batch.first, batch.first + batch.raw.n_rows)
