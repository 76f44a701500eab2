"""Extracting a matched subsample from a table of any size; torch is not loaded."""

from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from regchoose.records.answers import Ask
from regchoose.records.subsample import Subsample
from regchoose.records.table import Table
from regchoose.settings.options import Settings, first_rows
from regchoose.subsample.draw import draw_subsample
from regchoose.table.file_set import Advanced, large_parts
from regchoose.table.large.stream import streaming
from regchoose.table.load import PassProgress, load_with_text
from regchoose.table.write import (
    Form,
    output_form,
    refuse_form,
    refuse_some,
    write_all,
    write_images,
    write_rows,
)

__all__ = ["Form", "PassProgress", "count_bytes", "extract", "output_form"]


def count_bytes(path: str) -> int:
    """Return the bytes that one pass over a large table reads; 0 for images and for tables in memory."""
    parts = large_parts(path)
    return parts.n_bytes if parts else 0


def extract(
    path: str, settings: Settings, *, everything: bool, target: Path, form: Form, ask: Ask, advanced: Advanced
) -> tuple[Table, Subsample, int]:
    """Draw a subsample that matches its table, and write it.

    Parameters
    ----------
    path : str
        The table: a file, a folder or a pattern.
    settings : Settings
        Those of the group Data, `rows`, `folds` and `seed` count.
    everything : bool
        Whether all rows are written instead, as they were read.
    target : Path
        The file, which is overwritten.
    form : str
        "csv", "parquet", or "npz" for images.
    ask, advanced : callable
        Asks a person; is told how many bytes the present pass has read.

    Returns
    -------
    Table, Subsample, int
        The table, the rows with the proof of their match, and how many cells were protected against
        spreadsheets.

    Raises
    ------
    RegchooseError
        If the table cannot be read or used, or the file not be written.
    """
    with threadpool_limits(1):  # sums split over threads differ in their last bits
        table, raw = load_with_text(path, settings, choose=ask, advanced=advanced)
        refuse_form(form, table)
        if everything:
            n, rows = table.n_all, np.arange(table.n_rows)
            subsample = Subsample(rows, n, "all rows", True, f"all {n:,} rows, as they were read")
        else:
            subsample = draw_subsample(
                table, size=first_rows(settings), folds=settings.folds, seed=settings.seed
            )
    if form == "npz":
        if everything:
            refuse_some(table)
        write_images(target, table=table, rows=subsample.rows)
        return table, subsample, 0
    parts = large_parts(path) if everything else None
    if parts is None:
        return table, subsample, write_rows(target, form, table=table, raw=raw, rows=subsample.rows)
    with streaming(parts, settings, choose=ask, advanced=advanced) as stream:
        return table, subsample, write_all(target, form, table=table, stream=stream)
