"""Extracting a matched subsample from a table of any size; torch is not loaded."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from regchoose.records.answers import Ask
from regchoose.records.subsample import Subsample
from regchoose.records.table import Table
from regchoose.records.words import Int, OnProgress
from regchoose.settings.options import Settings
from regchoose.table.file_set import FileSet, classify
from regchoose.table.images.image_set import ImageSet
from regchoose.table.large.held_rows import draw_held_rows
from regchoose.table.large.rejected_rows import check_reading
from regchoose.table.large.stream import streaming
from regchoose.table.load import PassProgress, load_with_text, read_held
from regchoose.table.write import (
    Form,
    form_error,
    output_form,
    refuse_form,
    refuse_some,
    write_all,
    write_images,
    write_rows,
)

__all__ = ["Form", "PassProgress", "classify", "extract", "output_form"]


def extract(
    files: FileSet,
    settings: Settings,
    *,
    everything: bool,
    target: Path,
    form: Form,
    ask: Ask,
    advanced: OnProgress,
    draw: Callable[[Table, Settings], Subsample],
) -> tuple[Subsample, tuple[str, ...], int]:
    """Draw a subsample that matches its table, and write it.

    Parameters
    ----------
    settings : Settings
        Those of the group Data, `rows`, `folds` and `seed` count.
    everything : bool
        Whether all rows are written instead, as they were read; nothing then asks for a target.
    target : Path
        The file, which is overwritten.
    form : str
        "csv", "parquet", or "npz" for images.
    ask, advanced : callable
        Asks a person; is told how many bytes the present pass has read.
    draw : callable
        Draws the rows: `regchoose.library.draw_rows.draw_rows`, which may be loading still.

    Returns
    -------
    Subsample, tuple of str, int
        The rows with the proof of their match, warnings, and how many cells were protected against
        spreadsheets.

    Raises
    ------
    RegchooseError
        If the table cannot be read, or the file not be written.
    """
    if everything and not files.are_images:
        return _copy(files, settings, target=target, form=form, ask=ask, advanced=advanced)
    with threadpool_limits(1):  # sums split over threads differ in their last bits
        table, raw = load_with_text(files, settings, choose=ask, advanced=advanced, on_unusable="match")
    refuse_form(form, table)
    own = np.arange(table.n_rows)
    subsample = _all_rows(table.n_all, own) if everything else draw(table, settings)
    if form == "npz":
        if everything:
            refuse_some(table)
        write_images(target, table=table, rows=subsample.rows)
        return subsample, table.warnings, 0
    return subsample, table.warnings, write_rows(target, form, raw=raw, rows=subsample.rows)


def _all_rows(n_rows: int, rows: Int) -> Subsample:
    return Subsample(rows, n_rows, "all rows", True, f"all {n_rows:,} rows, as they were read")


def _copy(
    files: FileSet, settings: Settings, *, target: Path, form: Form, ask: Ask, advanced: OnProgress
) -> tuple[Subsample, tuple[str, ...], int]:
    """Write all rows of a table of numbers and texts as they were read."""
    if form == "npz":
        raise form_error(files.path, form, images=False)
    if not files.is_large:
        raw = read_held(files, settings, choose=ask)
        assert not isinstance(raw, ImageSet), "images are not copied"
        rows = np.arange(raw.n_rows)
        return _all_rows(raw.n_rows, rows), raw.warnings, write_rows(target, form, raw=raw, rows=rows)
    with streaming(files, settings, choose=ask, advanced=advanced) as stream:
        held = draw_held_rows(stream, to_match=True)
        n_rows, protected = write_all(target, form, stream=stream)
        skipped = check_reading(stream, held.counts, ())
    return _all_rows(n_rows, np.zeros(0, dtype=np.int64)), (*held.raw.warnings, *skipped), protected
