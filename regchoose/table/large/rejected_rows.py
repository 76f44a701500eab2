"""Rows of a large table that DuckDB could not read: an error that names the first, or a warning."""

from regchoose.errors import DataError, PhraseLike, setting
from regchoose.table.csv.split_records import OR_REPAIR, REPAIR, n_bad_allowed
from regchoose.table.large.byte_scan import ByteCounts
from regchoose.table.large.stream import Reject, Stream
from regchoose.table.large.text_file import MOST_REJECTED


def check_rejected(stream: Stream, *, rows: int) -> tuple[int, tuple[str, ...]]:
    """Raise an error for rows that were not read, or count them and warn where they may be skipped.

    Parameters
    ----------
    rows : int
        Of the table.

    Raises
    ------
    DataError
        E304, E310, E312: not in the encoding, quotes not in order, another number of fields.
    """
    if not stream.texts:
        return 0, ()
    found = stream.rejected()
    if not found:
        return 0, ()
    listed = ", ".join(str(row[1]) for row in found[:5])
    count = f"{len(found):,}{' or more' if len(found) >= MOST_REJECTED else ''}"
    wrong_length = all("COLUMNS" in row[2] for row in found)
    few = wrong_length and len(found) < MOST_REJECTED and len(found) <= n_bad_allowed(rows)
    if few and stream.settings.on_bad_rows == "skip":
        return len(found), (f"{count} rows had a wrong number of fields and were skipped: lines {listed}",)
    raise _refused(stream, found[0], count=count, listed=listed, few=few)


def _refused(stream: Stream, first: Reject, *, count: str, listed: str, few: bool) -> DataError:
    path, line, kind, text = first
    file = next((text_file.name for text_file in stream.texts if text_file.path == path), path)
    codes = {
        "ENCODING": ("E304", "bytes are no UTF-8", setting(encoding="cp1252")),
        "COLUMNS": (
            "E312",
            "row has another number of fields",
            setting(on_bad_rows="skip") + OR_REPAIR if few else REPAIR,
        ),
    }
    other = ("E310", "quotes are not in order", REPAIR)
    fix: PhraseLike
    code, what, fix = next((entry for key, entry in codes.items() if key in kind), other)
    cause: PhraseLike = "an unquoted delimiter or quote inside a field"
    if code == "E312" and stream.settings.on_bad_rows == "skip":
        cause = setting(on_bad_rows="skip") + " takes at most 1 % of the rows"
        fix = REPAIR
    elif code == "E312" and stream.settings.on_bad_rows == "pad":
        cause = setting(on_bad_rows="pad") + " is for tables up to 64 MB"
    return DataError(
        code,
        f"{what}: {kind.lower()}",
        where=f"{file}:{line}   text: {str(text).splitlines()[0][:60] if text else ''}",
        detail=[f"{count} such rows (first: {listed})", "cause: " + cause],
        fix=fix,
    )


def unreadable_error(stream: Stream, what: str) -> DataError:
    """Return E310 where DuckDB and the scan of the bytes disagree on the rows."""
    return DataError(
        "E310",
        f"the table cannot be read exactly: {what}",
        where=stream.parts.path,
        detail=["cause: a quote inside a field that is not enclosed, or mixed line ends"],
        fix="write the file again, with one kind of line end, and quotes inside quotes doubled",
    )


def _rows_read(stream: Stream) -> tuple[int, int]:
    """Return how many rows DuckDB reads, and in how many the last field is not empty."""
    found = stream.totals({"n": "count(*)", "last": f"count(c{stream.width - 1})"})
    return int(found["n"]), int(found["last"])


def check_reading(
    stream: Stream, seen: ByteCounts | None, read: tuple[()] | tuple[int, int]
) -> tuple[str, ...]:
    """Raise an error where DuckDB and the bytes disagree on the rows; return a warning of rows skipped.

    Parameters
    ----------
    seen : ByteCounts or None
        What the bytes of text tell; nothing of typed files.
    read : tuple of int
        Rows that DuckDB has read, and in how many of them the last field is not empty. Where that is not
        known, all are read here.

    Raises
    ------
    DataError
        E310 for quotes or line ends, E312 for fields, and those of `check_rejected`.
    """
    if seen is None:
        return ()
    n, last = read or _rows_read(stream)
    number, warnings = check_rejected(stream, rows=seen.records)
    if n + number != seen.records:
        what = f"two ways of reading the quotes give {n + number:,} and {seen.records:,} rows"
        raise unreadable_error(stream, what)
    if seen.open_ends > n - last:  # DuckDB passes over one empty field too many
        raise DataError(
            "E312",
            "lines end in a delimiter after their last field",
            where=stream.parts.path,
            detail=[f"{seen.open_ends:,} lines end so, and {n - last:,} rows have an empty last field"],
            fix="repair the file, or name the empty column in its header",
        )
    return warnings
