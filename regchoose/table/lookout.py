"""The rows of a large table that are looked at closely: drawn evenly, held as text."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np

from regchoose.errors import DataError
from regchoose.settings import Settings
from regchoose.table.cells import TEXT
from regchoose.table.lottery import PRIME, smallest, ticket_sql
from regchoose.table.raw import RawTable
from regchoose.table.stream import Stream

LEAST = 200_000  # rows that are held
TIMES = 20  # rows held for each row of the subsample
CELLS = 20_000_000  # cells that are held at most, unless the subsample alone has more
FIRST_LOOK = 4_000
MARGIN = 1.3  # more rows than wanted are taken along, as the table's length is only estimated
BAD_SHARE = 100  # at most one row in so many may be skipped


def held_rows(settings: Settings, width: int) -> int:
    """Return how many rows are held: M = max(20·m, 200,000), less in wide tables."""
    size = FIRST_LOOK if settings.rows == "auto" else settings.rows
    return max(size, min(max(TIMES * size, LEAST), CELLS // width))


def look_out(stream: Stream) -> RawTable:
    """Draw the rows that are held, as text, in their order.

    Raises
    ------
    DataError
        E302 without rows; E304, E310, E312 for rows that cannot be read exactly, with their lines.
    """
    wanted = held_rows(stream.settings, stream.width)
    share = min(1.0, MARGIN * wanted / max(_estimated_rows(stream), 1))
    found = _draw(stream, share)
    skipped = _rejects(stream, rows=int(found / share))
    if found < wanted and share < 1:
        (rows,) = stream.run(f"SELECT count(*) FROM {stream.relation}").fetchall()[0]
        found = _draw(stream, min(1.0, MARGIN * wanted / max(rows, 1)))
    if not found:
        raise DataError("E302", f"{stream.parts.path} has columns and 0 data rows", fix="add rows")
    place = stream.run("SELECT r, x FROM held ORDER BY r").fetchnumpy()
    rows = np.asarray(place["r"], dtype=np.int64)
    kept = smallest(np.asarray(place["x"], dtype=np.int64), rows, count=wanted)
    columns = []
    for j in range(stream.width):
        cells = stream.run(f"SELECT c{j} FROM held ORDER BY r").fetchnumpy()[f"c{j}"]
        cells = np.ma.asarray(cells)
        texts, missing = np.ma.getdata(cells)[kept], np.ma.getmaskarray(cells)[kept]
        texts[missing] = None if stream.parts.kind == "parquet" else ""
        columns.append(np.array(texts, dtype=TEXT))
    stream.run("DROP TABLE held")
    lines = rows[kept] + int(stream.head.lines[0])
    head = stream.head
    return replace(head, columns=tuple(columns), lines=lines, warnings=(*head.warnings, *skipped))


def _draw(stream: Stream, share: float) -> int:
    """Take along about that share of the rows; return how many they are."""
    query = ticket_sql(stream.relation, seed=stream.settings.seed)
    bound = PRIME + 1 if share >= 1 else int(share * PRIME)
    stream.run(f"CREATE OR REPLACE TEMP TABLE held AS SELECT * FROM ({query}) WHERE x < {bound}")
    count: int = stream.run("SELECT count(*) FROM held").fetchall()[0][0]
    return count


def _estimated_rows(stream: Stream) -> int:
    """Return about how many rows there are."""
    if stream.parts.kind == "parquet" or stream.parts.compression is not None:
        return int(stream.run(f"SELECT count(*) FROM {stream.relation}").fetchall()[0][0])
    with Path(stream.parts.files[0]).open("rb") as file:
        start = file.read(2**20)
    size = sum(os.stat(file).st_size for file in stream.parts.files)
    lines = max(start.count(b"\n"), start.count(b"\r"), 1)
    return int(size * lines / max(len(start), 1))


def _rejects(stream: Stream, *, rows: int) -> tuple[str, ...]:
    """Raise an error for rows that were not read, or return a warning where they may be skipped."""
    if stream.parts.kind == "parquet":
        return ()
    found = stream.run(
        "SELECT s.file_path, e.line, any_value(e.error_type), any_value(e.csv_line)"
        " FROM reject_errors e JOIN reject_scans s USING (scan_id, file_id) GROUP BY ALL ORDER BY 1, 2"
    ).fetchall()
    if not found:
        return ()
    file, line, kind, text = found[0]
    listed = ", ".join(str(row[1]) for row in found[:5])
    count = f"{len(found):,}{' or more' if len(found) >= 1000 else ''}"
    wrong_length = all("COLUMNS" in row[2] for row in found)
    skipping = stream.settings.on_bad_rows == "skip"
    if skipping and wrong_length and len(found) < 1000 and len(found) <= max(1, rows // BAD_SHARE):
        return (f"{count} rows had a wrong number of fields and were skipped: lines {listed}",)
    codes = {
        "ENCODING": ("E304", "bytes are no UTF-8"),
        "COLUMNS": ("E312", "row has another number of fields"),
    }
    code, what = next(
        (said for key, said in codes.items() if key in kind), ("E310", "quotes are not in order")
    )
    raise DataError(
        code,
        f"{what}: {kind.lower()}",
        where=f"{file}:{line}   text: {str(text).splitlines()[0][:60] if text else ''}",
        detail=[
            f"{count} such rows (first: {listed})",
            "cause: an unquoted delimiter or quote inside a field",
        ],
        fix="--encoding cp1252" if code == "E304" else "--on-bad-rows skip   or repair the file",
    )
