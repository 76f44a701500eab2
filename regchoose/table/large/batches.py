"""A table of any size as batches of text, in the order of its rows, of which one is held at a time."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import pandas as pd

from regchoose.errors import UsageError
from regchoose.records.answers import Ask
from regchoose.records.words import Float, Int, OnProgress
from regchoose.settings.options import Settings
from regchoose.table.file_set import FileSet, ignore_progress
from regchoose.table.images.image_set import ImageSet
from regchoose.table.large.byte_scan import ByteCounts
from regchoose.table.large.held_rows import sample_text_files, total_counts
from regchoose.table.large.rejected_rows import check_reading
from regchoose.table.large.stream import Stream, streaming
from regchoose.table.load import read_held
from regchoose.table.raw_table import Cells, RawTable, no_rows_error

# Numbers that everybody reads alike, as `regchoose.table.cell_values.ORDINARY` has them.
PLAIN = "-?(?:0|[1-9][0-9]{{0,14}})(?:{mark}[0-9]+)?(?:[eE][+-]?[0-9]{{1,2}})?"
CELLS = 2_000_000  # held at a time, about


@dataclass(frozen=True)
class Numbers:
    """A column whose cells were read as numbers where they are plain ones beyond doubt.

    Attributes
    ----------
    values : (n,) ndarray
        NaN where they are not.
    rows : (m,) ndarray
        Those other rows.
    texts : Cells
        What they hold, (m,).
    """

    values: Float
    rows: Int
    texts: Cells


@dataclass(frozen=True)
class Batch:
    """Rows of a table as text.

    Attributes
    ----------
    raw : RawTable
        Its columns of text.
    first : int
        The number of its first row in the table, from 0.
    where : callable
        Names the file and line of a row of the batch.
    numbers : mapping of str to Numbers
        Columns that are not in `raw`, as their numbers were read with the rows.
    pixels : (n, p) ndarray or None
        Of images: their numbers.
    files : tuple of str or None
        Of images: what their files are called.
    """

    raw: RawTable
    first: int
    where: Callable[[int], str]
    numbers: Mapping[str, Numbers] = field(default_factory=dict)
    pixels: Float | None = None
    files: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Rows:
    """An open table.

    Attributes
    ----------
    names : tuple of str
        Its columns.
    count : int
        Its rows; of a large text those of whatever length.
    source : RawTable, Stream or ImageSet
    seen : ByteCounts, optional
        What the bytes of a large text tell, with which its reader must agree.
    notes : tuple of str
        What is to be known of images.
    """

    names: tuple[str, ...]
    count: int
    source: RawTable | Stream | ImageSet
    seen: ByteCounts | None = None
    notes: tuple[str, ...] = ()

    def batches(self, columns: Sequence[str], *, numbers: Sequence[str] = ()) -> Iterator[Batch]:
        """Yield the rows in their order, of these columns alone.

        Parameters
        ----------
        columns : sequence of str
        numbers : sequence of str
            Those of them that hold numbers: of a large table they are read as such.

        Raises
        ------
        DataError
            E302 where there is no row; of a large table, at the end, for rows that were not read exactly.
        """
        if isinstance(self.source, RawTable):
            return _of_held(self.source, columns)
        if isinstance(self.source, ImageSet):
            return _of_images(self.source)
        return _of_stream(self.source, columns, numbers=numbers, seen=self.seen)


@contextmanager
def open_rows(
    files: FileSet,
    settings: Settings,
    *,
    choose: Ask,
    advanced: OnProgress = ignore_progress,
    checked: bool = False,
) -> Iterator[Rows]:
    """Open a table.

    Parameters
    ----------
    advanced : callable
        Is told the bytes of a large table that are looked at before its rows are read.
    checked : bool
        Whether a large table has been looked at byte by byte before, as `load` does.

    Raises
    ------
    RegchooseError
        As `regchoose.table.load.read_held`; E209 for images.
    """
    if not files.is_large:
        held = read_held(files, settings, choose=choose, target_optional=True)
        if isinstance(held, ImageSet):
            raise UsageError(
                "E209",
                f"{files.path} holds images, and the model reads a table",
                fix="a table with the model's columns   or   "
                f"regchoose fit {files.path} --from RESULT -o ANOTHER",
            )
        yield rows_of_table(held)
        return
    with streaming(files, settings, choose=choose, advanced=advanced) as stream:
        seen = None if checked or not stream.texts else total_counts(*sample_text_files(stream, 1))
        yield Rows(stream.head.names, seen.records if seen else stream.count(), stream, seen)


def rows_of_table(raw: RawTable) -> Rows:
    """Return the rows of a table that is held."""
    return Rows(raw.names, raw.n_rows, raw)


def rows_of_images(found: ImageSet) -> Rows:
    """Return images as rows, whose only column is their target, where they have one."""
    names = () if found.labels is None else (found.target_name,)
    return Rows(names, len(found), found, notes=found.warnings)


def _size(columns: Sequence[str]) -> int:
    return max(1, CELLS // max(1, len(columns)))


def _of_held(raw: RawTable, columns: Sequence[str]) -> Iterator[Batch]:
    places = [raw.names.index(name) for name in columns]
    wanted = replace(
        raw,
        names=tuple(columns),
        columns=tuple(raw.columns[j] for j in places),
        kinds=tuple(raw.kinds[j] for j in places),
    )
    size = _size(columns)
    for start in range(0, raw.n_rows, size):
        rows = np.arange(start, min(start + size, raw.n_rows))
        own = wanted.take(rows)
        yield Batch(own, start, own.where)


def _of_images(images: ImageSet) -> Iterator[Batch]:
    size = max(1, CELLS // images.image.n_numbers)
    for start in range(0, len(images), size):
        rows = np.arange(start, min(start + size, len(images)))
        pixels = np.empty((len(rows), images.image.n_numbers))
        for place, row in enumerate(rows.tolist()):
            pixels[place] = images.pixels(row).reshape(-1)
        raw = images.targets(rows)
        files = None if images.names is None else images.names[start : start + size]
        yield Batch(raw, start, partial(_where_image, images, start), pixels=pixels, files=files)


def _where_image(images: ImageSet, first: int, row: int) -> str:
    return images.where(first + row)


def _of_stream(
    stream: Stream, columns: Sequence[str], *, numbers: Sequence[str], seen: ByteCounts | None
) -> Iterator[Batch]:
    place = {name: stream.head.names.index(name) for name in columns}
    texts = [name for name in columns if name not in numbers]
    listed = [f"c{place[name]}" for name in texts]
    listed += [part for name in numbers for part in _number(stream, place[name])]
    listed.append(f"c{stream.width - 1} IS NOT NULL AS filled")
    first = filled = 0
    query = f"SELECT {', '.join(listed)} FROM {stream.relation}"
    for chunk in stream.chunks(query, rows=_size(columns)):
        own = replace(
            stream.head,
            names=tuple(texts),
            columns=tuple(_texts(stream, chunk[f"c{place[name]}"]) for name in texts),
            lines=np.arange(first + 1, first + 1 + len(chunk)),
            kinds=tuple(stream.head.kinds[place[name]] for name in texts),
        )
        found = {name: _numbers(stream, chunk, place[name]) for name in numbers}
        yield Batch(own, first, partial(_where_row, stream, first), found)
        first += len(chunk)
        filled += int(chunk["filled"].sum())
    if not first:
        raise no_rows_error(stream.parts.path)
    check_reading(stream, seen, (first, filled))


def _number(stream: Stream, place: int) -> tuple[str, str]:
    """Return in SQL the number of a cell that is a plain one beyond doubt, and the text of any other."""
    cell, mark = f"c{place}", re.escape(stream.head.dialect.decimal)
    plain = f"coalesce(regexp_full_match({cell}, '{PLAIN.format(mark=mark)}'), false)"
    value = f"TRY_CAST(replace({cell}, ',', '.') AS DOUBLE)"
    return (
        f"CASE WHEN {plain} THEN {value} END AS v{place}",
        f"CASE WHEN NOT {plain} THEN {cell} END AS {cell}",
    )


def _numbers(stream: Stream, chunk: pd.DataFrame, place: int) -> Numbers:
    values = np.array(chunk[f"v{place}"].to_numpy(dtype=np.float64, na_value=np.nan))
    rows = np.flatnonzero(np.isnan(values))
    return Numbers(values, rows, _texts(stream, chunk[f"c{place}"].iloc[rows]))


def _where_row(stream: Stream, first: int, row: int) -> str:
    return stream.where(first + row)


def _texts(stream: Stream, column: "pd.Series[str]") -> Cells:
    return stream.to_cells(column.to_numpy(dtype=object), column.isna().to_numpy())
