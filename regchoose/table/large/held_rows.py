"""The rows of a large table that are held in memory: drawn evenly, as text."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from regchoose.records.words import Int, OnProgress
from regchoose.settings.options import Settings, first_rows
from regchoose.table.csv.grammar import records
from regchoose.table.csv.non_data_rows import refuse_last_row
from regchoose.table.large.byte_scan import ByteCounts, scan_bytes
from regchoose.table.large.distributed_scan import SELECT, describe_file, run_on_files, sample_by_workers
from regchoose.table.large.rejected_rows import check_rejected, unreadable_error
from regchoose.table.large.row_sampling import PRIME, RowSample, row_hash_sql, smallest_hashes
from regchoose.table.large.stream import Stream
from regchoose.table.large.text_file import read_csv_sql, text_columns_sql
from regchoose.table.raw_table import Cells, RawTable, no_rows_error

LEAST = 200_000  # rows that are held
TIMES = 20  # rows held for each row of the subsample
TO_MATCH = 4  # where one subsample alone is drawn, and no larger one may follow, by this fewer rows are held
CELLS = 20_000_000  # cells that are held at most, unless the subsample alone has more
MARGIN = 1.3  # more rows of a typed file than wanted are taken along: their number is only about right


@dataclass(frozen=True)
class HeldTable:
    """The rows held, as text and in order; and, for text files, the counts of the scan over all bytes."""

    raw: RawTable
    counts: ByteCounts | None
    complete: bool  # whether all rows are held


def n_held_rows(settings: Settings, width: int, to_match: bool) -> int:
    """Return how many rows are held: M = max(20·m, 200,000), or max(5·m, 50,000); less in wide tables."""
    size = first_rows(settings)
    rows = max(TIMES * size, LEAST) // (TO_MATCH if to_match else 1)
    return max(size, min(rows, CELLS // width))


def draw_held_rows(stream: Stream, *, to_match: bool = False) -> HeldTable:
    """Draw the rows that are held.

    Parameters
    ----------
    to_match : bool
        Whether one subsample is drawn from them, and nothing else done.

    Raises
    ------
    DataError
        E302 without rows; E304, E305, E310, E312 for rows that cannot be read exactly, with their lines.
    """
    wanted = n_held_rows(stream.settings, stream.width, to_match)
    if stream.texts:
        lines, found = _hold_text(stream, wanted)
        count = found.records
    else:
        found = None
        lines, count = _hold_typed(stream, wanted)
    if not len(lines):
        raise no_rows_error(stream.parts.path)
    columns = tuple(_column(stream, j) for j in range(stream.width))
    stream.run("DROP TABLE held")
    if found is not None:
        _check_last(stream, columns, found, held=int(lines[-1]) == found.last_line)
    raw = replace(stream.head, columns=columns, lines=lines)
    return HeldTable(raw, found, complete=count <= wanted)


def _hold_text(stream: Stream, wanted: int) -> tuple[Int, ByteCounts]:
    """Sample rows from the bytes of text files; return their lines, and the counts of all files."""
    sample, counts_of_files = (
        sample_text_files(stream, wanted) if stream.workers is None else _sample_by_workers(stream, wanted)
    )
    queries, places = list[str](), np.cumsum([0, *(seen.records for seen in counts_of_files)]).tolist()
    cuts = np.searchsorted(sample.rows, places).tolist()
    for place, (text, start, end) in enumerate(zip(stream.texts, cuts, cuts[1:], strict=False)):
        file = stream.folder / f"held{place}.csv"
        mark, end_of_line = text.head.layout.delimiter.encode(), counts_of_files[place].end
        numbered = zip(sample.rows[start:end].tolist(), sample.texts[start:end], strict=True)
        file.write_bytes(b"".join(b"%d%b%b%b" % (row, mark, record, end_of_line) for row, record in numbered))
        source = read_csv_sql(text, str(file), "ignore_errors = true", first="'r': 'BIGINT'")
        queries.append(f"SELECT r, {text_columns_sql(text)} FROM {source}")
    sample.texts.clear()
    stream.run(f"CREATE TEMP TABLE held AS {' UNION ALL '.join(queries)}")
    rows = np.asarray(stream.run("SELECT r FROM held").fetchnumpy()["r"], dtype=np.int64)
    if len(rows) < len(sample.rows):  # some rows are malformed: the reader of all rows says where
        stream.run(f"SELECT count(c0) FROM {stream.relation}").fetchall()
        number, _ = check_rejected(stream, rows=sample.offered)
        if not number:
            raise unreadable_error(
                stream, "line ends inside quotes differ from those of the rows, or are mixed"
            )
    lines = sample.lines[np.searchsorted(sample.rows, rows)]
    return lines, total_counts(sample, counts_of_files)


def sample_text_files(stream: Stream, wanted: int) -> tuple[RowSample, list[ByteCounts]]:
    """Sample rows from all files, one after the other; return them and the counts of each file."""
    sample, before, counts_of_files = RowSample(stream.settings.seed, wanted), 0, list[ByteCounts]()
    for text, size in zip(stream.texts, stream.parts.sizes, strict=True):
        seen = scan_bytes(
            text.path,
            text.head,
            compression=text.compression,
            on_block=sample.offer,
            shown_name=text.name,
            advanced=partial(_add_bytes, stream.advanced, before),
        )
        counts_of_files.append(seen)
        before += size
    sample.finish()
    return sample, counts_of_files


def _add_bytes(advanced: OnProgress, before: int, done: int) -> None:
    advanced(before + done)


def total_counts(sample: RowSample, counts_of_files: Sequence[ByteCounts]) -> ByteCounts:
    """Merge the counts of the files: sums, and the last row of the last file."""
    ends = sum(seen.open_ends for seen in counts_of_files)
    padded = any(seen.padded for seen in counts_of_files)
    return replace(counts_of_files[-1], records=sample.offered, open_ends=ends, padded=padded)


def _sample_by_workers(stream: Stream, wanted: int) -> tuple[RowSample, list[ByteCounts]]:
    """Have the same rows sampled by workers, a file each."""
    assert stream.workers is not None
    said = [
        describe_file(text.path, text.head, name=text.name, compression=text.compression)
        for text in stream.texts
    ]
    seed = stream.settings.seed
    return sample_by_workers(
        stream.workers, said, parts=stream.parts, seed=seed, wanted=wanted, advanced=stream.advanced
    )


def _check_last(stream: Stream, columns: tuple[Cells, ...], seen: ByteCounts, *, held: bool) -> None:
    text = stream.texts[-1]
    _, fields = next(records(seen.last, text.head.layout), (0, []))
    if len(fields) == len(columns):
        cells = [fields[j] for j in text.order]
        refuse_last_row(columns, cells, n_rows=seen.records, path=text.name, line=seen.last_line, held=held)


def _hold_typed(stream: Stream, wanted: int) -> tuple[Int, int]:
    """Sample rows of Parquet files; return their numbers from 1, and how many rows there are in all."""
    count = stream.count()
    share = min(1.0, MARGIN * wanted / max(count, 1))
    bound = PRIME + 1 if share >= 1 else int(share * PRIME)
    if stream.workers is None:
        query = row_hash_sql(stream.relation, seed=stream.settings.seed)
        stream.run(f"CREATE TEMP TABLE held AS SELECT * FROM ({query}) WHERE x < {bound} ORDER BY r")
    else:
        _draw_by_workers(stream, bound)
    found = stream.run("SELECT r, x FROM held").fetchnumpy()
    rows = np.asarray(found["r"], dtype=np.int64)
    kept = smallest_hashes(np.asarray(found["x"], dtype=np.int64), rows, count=wanted)
    hashes = np.asarray(found["x"])[kept]
    last = int(hashes.max(initial=0))
    row = int(rows[kept][hashes == last].max(initial=0))
    stream.run(f"DELETE FROM held WHERE x > {last} OR (x = {last} AND r > {row})")
    return rows[kept] + 1, count


def _draw_by_workers(stream: Stream, bound: int) -> None:
    """Have workers sample the rows of Parquet files whose hashes are below a bound, a file each."""
    assert stream.workers is not None
    orders, before = [], 0
    for file, relation in zip(stream.parts.files, stream.files, strict=True):
        query = row_hash_sql(relation, seed=stream.settings.seed, before=before)
        query = f"SELECT * FROM ({query}) WHERE x < {bound}"
        path = os.path.abspath(file)
        orders.append({"path": path, "name": file, "kind": stream.parts.kind, "query": query})
        before += stream.count(relation)
    answers = run_on_files(stream.workers, SELECT, orders, parts=stream.parts, advanced=stream.advanced)
    for place, (_, arrays) in enumerate(answers):
        (stream.folder / f"drawn{place}.parquet").write_bytes(arrays["file"].tobytes())
    drawn = f"read_parquet('{stream.folder}/drawn*.parquet')"
    stream.run(f"CREATE TEMP TABLE held AS SELECT * FROM {drawn} ORDER BY r")


def _column(stream: Stream, place: int) -> Cells:
    # The rows of `held` are in order, and DuckDB gives the rows of its tables as they were inserted.
    texts: Any = stream.run(f"SELECT c{place} FROM held").fetchnumpy()[f"c{place}"]
    return stream.to_cells(np.ma.getdata(texts), np.ma.getmaskarray(texts))
