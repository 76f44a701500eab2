"""From a text to columns: every record of the right length, or an error that names the line."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from regchoose.errors import DataError, PhraseLike, one_of, setting
from regchoose.records.words import Int, count_of
from regchoose.settings.options import Settings
from regchoose.table.cell_values import to_number
from regchoose.table.csv.dialect import name_delimiter
from regchoose.table.csv.grammar import CsvLayout, read_records
from regchoose.table.csv.source import Source
from regchoose.table.raw_table import TEXT, Text

CHUNK = 50_000  # records turned to columns at a time
REPAIR = "repair the file"
OR_REPAIR = f"   or {REPAIR}"
BAD_SHARE = 100  # at most one row in so many may be skipped or padded
LONGEST_TEXT = 60  # letters of a row that an error shows


def n_bad_allowed(n_rows: int) -> int:
    """Return how many rows of a wrong length may be skipped or padded where that is asked for."""
    return max(1, n_rows // BAD_SHARE)


@dataclass
class _Rows:
    """Records of the right length, gathered to columns; those of a wrong length, kept apart."""

    width: int
    chunks: list[list[Text]] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    bad: list[tuple[int, list[str]]] = field(default_factory=list)

    def add(self, line: int, row: list[str]) -> None:
        """Keep one record."""
        self.rows.append(row)
        self.lines.append(line)
        if len(self.rows) >= CHUNK:
            self.flush()

    def flush(self) -> None:
        """Turn the records at hand to columns."""
        if self.rows:
            self.chunks.append([np.array(column, dtype=TEXT) for column in zip(*self.rows, strict=True)])
            self.rows = []

    def columns(self) -> tuple[Text, ...]:
        """Return all columns."""
        self.flush()
        return tuple(np.concatenate(parts) for parts in zip(*self.chunks, strict=True))


def split_to_columns(
    source: Source, layout: CsvLayout, settings: Settings
) -> tuple[tuple[Text, ...], Int, tuple[str, ...], bool]:
    """Split a text to columns (header row included), the line of each row, and warnings.

    The last is whether the header has one field less than the rows, as R writes it; then it begins with an
    empty name.

    Raises
    ------
    DataError
        E301 for cells that are all blank, E310 for malformed quotes, E312 for rows of a wrong length.
    """
    rows: _Rows | None = None
    for line, row in read_records(source, layout):
        if not row or (len(row) == 1 and not row[0].strip() and (rows is None or rows.width > 1)):
            continue
        rows = rows or _Rows(len(row))
        if len(row) == rows.width:
            rows.add(line, row)
        else:
            rows.bad.append((line, row))
    if rows is None:
        what = f"{source.path} holds blank cells alone: no header and no rows"
        raise DataError("E301", what, fix="give a file with a table")
    with_header = settings.header != "no" and settings.header_rows == 1
    if lacks := bool(rows.bad) and with_header and _lacks_first_name(rows):
        rows = _with_index(rows)
    warnings = _bad_rows(rows, source, layout, settings) if rows.bad else []
    if layout.quote is None and '"' in source.text:
        warnings.append('no field is enclosed in quotes, so quotes (") are read as characters like others')
    if layout.quote is not None and not layout.escaped and "\\\\" in source.text:
        warnings.append("doubled backslashes are read as they stand, as quotes inside quotes are doubled")
    order = np.argsort(np.array(rows.lines), kind="stable")
    columns = rows.columns()
    lines = np.array(rows.lines, dtype=np.int64)
    if (np.diff(order) < 0).any():  # padded rows were added last
        columns, lines = tuple(column[order] for column in columns), lines[order]
    return columns, lines, tuple(warnings), lacks


def _lacks_first_name(rows: _Rows) -> bool:
    """Say whether the first row has one field less than all others, and these begin with names of rows.

    So R writes a table: the column of the row names has no name.
    """
    first = [row[0] for _, row in rows.bad]
    if len(rows.lines) > 1 or any(len(row) != rows.width + 1 for _, row in rows.bad):
        return False
    numbered = first in ([str(row + start) for row in range(len(first))] for start in (0, 1))
    named = len(set(first)) == len(first) > 1 and all(to_number(name, ".") is None and name for name in first)
    return numbered or named


def _with_index(rows: _Rows) -> _Rows:
    """Give the first row an empty name for the first column."""
    rows.flush()
    found = _Rows(rows.width + 1)
    found.add(rows.lines[0], ["", *(str(column[0]) for column in rows.chunks[0])])
    for line, row in rows.bad:
        found.add(line, row)
    return found


def _bad_rows(rows: _Rows, source: Source, layout: CsvLayout, settings: Settings) -> list[str]:
    """Raise E312, or skip or pad the rows of a wrong length where that is asked for; return warnings."""
    total = len(rows.lines) + len(rows.bad)
    allowed = n_bad_allowed(total)
    longer = [line for line, row in rows.bad if len(row) > rows.width]
    padding = settings.on_bad_rows == "pad" and not longer
    if len(rows.bad) > allowed or not (settings.on_bad_rows == "skip" or padding):
        raise _ragged_error(rows, source, layout, settings, allowed=allowed)
    listed = ", ".join(str(line) for line, _ in rows.bad[:5])
    if not padding:
        return [f"{len(rows.bad)} of {total:,} rows had a wrong number of fields and were skipped: {listed}"]
    for line, row in rows.bad:
        rows.add(line, [*row, *[""] * (rows.width - len(row))])
    return [f"{len(rows.bad)} of {total:,} rows were too short and padded with missing cells: {listed}"]


def _is_second_table(rows: _Rows) -> bool:
    """Say whether the rows of a wrong length are all of one length, and stand below the others."""
    return rows.lines[-1] < rows.bad[0][0] and len({len(row) for _, row in rows.bad}) == 1


def _ragged_error(
    rows: _Rows, source: Source, layout: CsvLayout, settings: Settings, *, allowed: int
) -> DataError:
    line, row = rows.bad[0]
    total = len(rows.lines) + len(rows.bad)
    cause: PhraseLike
    fix: PhraseLike
    listed = ", ".join(str(number) for number, _ in rows.bad[:3])
    name = name_delimiter(layout.delimiter)
    if len(rows.bad) > total / 2:
        cause = "a title, a comment or another table above the rows"
        ((usual, _),) = Counter(len(other) for _, other in rows.bad).most_common(1)
        first_usual = next(number for number, other in rows.bad if len(other) == usual)
        fix = setting(skip_rows=first_usual - 1) | "take them out of the file"
        if all(len(other) == rows.width + 1 for _, other in rows.bad):
            cause = "a header that lacks the name of one column"
            fix = f"add a name to line {rows.lines[0]}, at the start where rows are numbered"
    elif len(row) > rows.width:
        cause = "an unquoted delimiter inside a field is likely"
        ways = [setting(on_bad_rows="skip")] if len(rows.bad) <= allowed else []
        if layout.delimiter != ";" and ";" in source.text:
            ways.append(setting(delimiter=";"))
        fix = one_of(ways) + OR_REPAIR if ways else REPAIR
    else:
        cause = "a cut line, a comment or a second table is likely"
        few = len(rows.bad) <= allowed
        fix = setting(on_bad_rows="skip") | setting(on_bad_rows="pad") + OR_REPAIR if few else REPAIR
    if settings.on_bad_rows != "error" and len(rows.bad) > allowed:
        asked = setting(on_bad_rows=settings.on_bad_rows)
        cause = asked + f" takes at most {allowed:,} of these rows (1 %)"
        fix = REPAIR
    elif settings.on_bad_rows == "pad":
        cause, fix = "a row that is too long cannot be padded", setting(on_bad_rows="skip") + OR_REPAIR
    if fix is REPAIR and _is_second_table(rows):
        fix = f"put line {line} and those below it into a file of their own"
    text = layout.delimiter.join(row)[:LONGEST_TEXT]
    surplus = text[len(layout.delimiter.join(row[: rows.width])) + 1 :]  # empty where the row is too short
    return DataError(
        "E312",
        f"row has {len(row)} {'field' if len(row) == 1 else 'fields'}, the first row has {rows.width}",
        where=f"{source.path}:{line}   text: {text}",
        detail=[
            f"{count_of(len(rows.bad), 'such row')} of {total:,} (first: {listed}), read as {name}-separated",
            "cause: " + cause,
        ],
        fix=fix,
        mark=surplus,
    )
