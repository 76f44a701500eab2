"""Encoding a table of any size into a file of rows, some of them held out to choose the strength."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from regchoose.encoding.encoder import Encoder
from regchoose.encoding.text_rows import Oddities
from regchoose.errors import DataError
from regchoose.records.answers import Ask
from regchoose.records.listener import Listener
from regchoose.records.table import Table
from regchoose.records.words import Int
from regchoose.refit.row_file import RowFile, RowFileWriter, refuse_too_large
from regchoose.settings.options import Settings
from regchoose.table.columns.duplicates import group_copies
from regchoose.table.columns.group_and_time import make_time_reader
from regchoose.table.file_set import classify
from regchoose.table.images.image_set import ImageSet
from regchoose.table.large.batches import Batch, Rows, open_rows, rows_of_images, rows_of_table
from regchoose.table.large.row_sampling import PRIME, row_hash
from regchoose.table.load import PassProgress, load_with_text, read_held
from regchoose.table.raw_table import RawTable

SHARE, MOST = 0.2, 100_000  # share of the rows held out, and at most so many: enough to compare strengths

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class EncodedRows:
    """The rows of a table, encoded and written to a file.

    Attributes
    ----------
    n_rows, n_inputs : int
        n and d.
    precision : str
        float32 or float64.
    fingerprint : str
        Hash of the rows that the columns were judged by.
    notes : tuple of str
        Warnings of the table, and what was unusual in its rows.
    """

    n_rows: int
    n_inputs: int
    precision: str
    fingerprint: str
    notes: tuple[str, ...]

    def file(self, folder: Path) -> RowFile:
        """Return the file of the rows, which lies in the folder."""
        return RowFile(folder, self.n_rows, self.n_inputs, self.precision)


def encode_rows(
    path: str, settings: Settings, *, folder: Path, precision: str, ask: Ask, listener: Listener
) -> tuple[EncodedRows, Encoder]:
    """Read a table, learn how its columns are encoded, and write the encoded rows.

    Parameters
    ----------
    folder : Path
        Where the rows are written.
    precision : str
        float32 for a network, float64 for a linear model.

    Raises
    ------
    RegchooseError
        As `regchoose.table.load.load`; E311 if the table changes meanwhile; E402 if the rows do not fit on
        the disk.
    """
    with _open_table(path, settings, ask=ask, listener=listener) as (rows, table, raw):
        for warning in table.warnings:
            listener.noted(warning)
        encoder = Encoder.fit(table, np.arange(table.n_rows)).for_text(table, settings)
        n_inputs = len(encoder.input_names)
        free = shutil.disk_usage(folder).free
        refuse_too_large(folder, n_rows=table.n_all, n_inputs=n_inputs, precision=precision, free=free)
        writer = RowFileWriter(folder, precision=precision)
        held_out = choose_held_out(table, raw, settings)
        columns = [*encoder.columns, encoder.target.name, *([settings.time] if settings.time else [])]
        oddities = Oddities()
        listener.started("encode", "encode", table.n_all)
        try:
            for batch in rows.batches(list(dict.fromkeys(columns)), numbers=encoder.number_columns):
                x, y = encoder.transform_batch(batch, settings, oddities=oddities)
                assert y is not None, "the target is read with the columns"
                has_target = ~np.isnan(y)
                writer.add(x[has_target], y[has_target], held_out(batch)[has_target])
                listener.advanced("encode", writer.n_rows)
        finally:
            writer.close()
        _check_count(writer.n_rows, table)
        listener.finished("encode", f"{writer.n_rows:,} rows, {n_inputs} inputs")
        oddities.off_scale = 0  # the scale of images was learned from these very images
        notes = oddities.notes(of=writer.n_rows)
        for note in notes:
            listener.noted(note)
        notes = (*table.warnings, *notes)
        return EncodedRows(writer.n_rows, n_inputs, precision, table.content_hash(), notes), encoder


@contextmanager
def _open_table(
    path: str, settings: Settings, *, ask: Ask, listener: Listener
) -> Iterator[tuple[Rows, Table, RawTable]]:
    """Load a table, and open all its rows: those of a large one are read anew."""
    files = classify(path)
    if not files.is_large:
        held = read_held(files, settings, choose=ask)
        if not isinstance(held, ImageSet):
            table, held = load_with_text(held, settings, choose=ask)
            yield rows_of_table(held), table, held
            return
        listener.started("read", "read", len(held))
        table, raw = load_with_text(
            held, settings, choose=ask, advanced=lambda done: listener.advanced("read", done)
        )
        listener.finished("read", f"{table.n_all:,} images")
        yield rows_of_images(held), table, raw
        return
    passes = PassProgress(files.n_bytes, lambda done: listener.advanced("read", done))
    listener.started("read", "read", passes.total)
    table, raw = load_with_text(files, settings, choose=ask, advanced=passes.advanced)
    listener.finished("read", f"{table.n_all:,} rows")
    with open_rows(files, settings, choose=ask, checked=True) as rows:
        yield rows, table, raw


def _check_count(n_rows: int, table: Table) -> None:
    if n_rows != table.n_all:
        raise DataError(
            "E311",
            f"{table.path} had {table.n_all:,} rows with a target, and {n_rows:,} when it was read again",
            fix="run again once it is complete",
        )


def choose_held_out(table: Table, raw: RawTable, settings: Settings) -> Callable[[Batch], Mask]:
    """Hold out a fifth of the rows, at most 100,000; return a function that marks them in a batch.

    Rows are drawn by a hash of their number, so the order of reading changes nothing. If the table is in
    memory, groups are drawn whole, and copies of a row stay together. If `--time` orders the rows, the last
    ones are held out.
    """
    share = min(SHARE, MOST / table.n_all)
    if table.time is not None:
        latest, reader = float(np.quantile(table.time, 1 - share)), make_time_reader(raw, settings)
        return lambda batch: reader(batch.raw) > latest
    if table.whole is not None:
        bound = int(share * PRIME)
        return lambda batch: row_hash(_row_numbers(batch), seed=settings.seed) < bound
    every = np.arange(table.n_rows)
    groups = group_copies(table, every) if table.groups is None else table.groups
    order = np.lexsort((groups, row_hash(groups, seed=settings.seed)))
    last = groups[order[max(1, round(share * table.n_rows)) - 1]]
    held_out = np.zeros(table.n_rows, dtype=bool)
    held_out[order[: 1 + int(np.flatnonzero(groups[order] == last)[-1])]] = True
    return lambda batch: held_out[_row_numbers(batch)]


def _row_numbers(batch: Batch) -> Int:
    return np.arange(batch.first, batch.first + batch.raw.n_rows)
