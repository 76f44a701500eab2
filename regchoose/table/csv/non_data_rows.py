"""Rows that are no data: a second header, the header again, a comment, a total at the end."""

import re
from collections.abc import Container, Sequence

import numpy as np

from regchoose.errors import DataError, PhraseLike, setting
from regchoose.records.words import Int
from regchoose.table.cell_values import MISSING, clean, states_number
from regchoose.table.raw_table import Cells, Text

LOOKED_AT = 200  # rows that show whether a column is of numbers
MOSTLY = 0.9  # of them
TOTAL = re.compile(
    r"(?:grand |sub-?)?totals?:?|sum:?|average:?|mean:?|gesamt:?|summe:?|totaux:?|moyenne:?", re.IGNORECASE
)


def refuse_sparse_start(columns: Sequence[Text], lines: Int, *, path: str) -> None:
    """Raise E314 where the first rows are nearly empty and the next ones are not: a title above the table."""
    if len(columns) < 3:
        return
    for row in range(min(len(lines), 10)):
        empty = sum(not (column[row] or "").strip() for column in columns)
        if 2 * empty <= len(columns):
            if row:
                above = int(lines[row]) - 1
                raise _not_data(
                    path,
                    int(lines[0]),
                    "the first row is nearly empty, and the rows below are not",
                    "a title above the table",
                    fix=setting(skip_rows=above) | setting(header="yes") + ", if these are names",
                )
            return


def refuse_non_data_rows(
    columns: Sequence[Cells], lines: Int, *, numbers: Sequence[int], header: Sequence[str], path: str
) -> None:
    """Raise E314 for a row that is no data: the header again, a comment, a total at the end.

    `columns` are without the header row; such rows in columns of numbers are found there as text. `numbers`
    are the places of these.
    """
    first = columns[0]
    if header:
        same = first.where(header[0].__eq__)
        for column, name in zip(columns[1:], header[1:], strict=True):
            same = same & column.where(name.__eq__) if same.any() else same
        if same.any():
            above = int(same.argmin())  # rows below the header that repeat it at once
            raise repeated_header_error(int(lines[same.argmax()]), path, header_rows=1 + above)
    comments = _find_comments(columns, np.flatnonzero(first.where(is_comment)), numbers)
    if 0 < len(comments) <= n_comments_allowed(len(lines)):
        raise comment_error(int(lines[comments[0]]), path, count=len(comments))
    if header and len(lines) >= 5:
        tops = [clean(columns[place].texts[0]) for place in numbers]
        _refuse_second_header(tops, line=int(lines[0]), path=path)
    if len(lines) > 2:
        last = [str(column.texts[column.codes[-1]]) for column in columns]
        refuse_last_row(columns, last, n_rows=len(lines), path=path, line=int(lines[-1]), held=True)


def refuse_last_row(
    columns: Sequence[Cells], last: Sequence[str], *, n_rows: int, path: str, line: int, held: bool
) -> None:
    """Raise E314 for a total or a note in the last row.

    Parameters
    ----------
    columns : sequence of Cells
        Of all rows, or of those that are held.
    last : sequence of str
        The cells of the last row.
    n_rows : int
        Rows of the table.
    path, line : str, int
        Where the last row stands.
    held : bool
        Whether it is among `columns`.
    """
    pairs = list(zip(columns, last, strict=True))
    empty = [column for column, cell in pairs if not cell.strip()]
    is_sparse = n_rows > 4 and len(columns) > 2 and 2 * len(empty) > len(columns)
    if is_sparse and all(column.where(_is_blank).sum() <= held for column in empty):
        what = f"the last row has {len(empty)} empty cells, in columns without another"
        raise _not_data(path, line, what, "a total or a note below the table")
    for column, cell in pairs:
        if TOTAL.fullmatch(clean(cell)) and column.where(cell.__eq__).sum() <= held:
            what = f"{clean(cell)!r} in the last row alone"
            raise _not_data(path, line, what, "a total below the table")


def repeated_header_error(line: int, path: str, *, header_rows: int = 1) -> DataError:
    """Return E314 for the header in the middle of a file, or in each of the rows above the data."""
    what, out = "the header stands here again", f"take line {line} out of the file"
    if header_rows == 1:
        return _not_data(path, line, what, "several tables in one file", fix=out)
    cause = f"a header in {header_rows} rows"
    return _not_data(path, line, what, cause, fix=setting(header_rows=header_rows) | out)


def is_comment(cell: str) -> bool:
    """Say whether a row that begins with this cell looks like a comment; #N/A and its like are values."""
    return cell.startswith("#") and clean(cell).casefold() not in MISSING


def _find_comments(columns: Sequence[Cells], rows: Int, numbers: Sequence[int]) -> Int:
    """Return those of the rows (m,) that begin with # which do not look like rows of the table."""
    known = set(columns[0].texts.tolist()) if len(rows) else ()
    cells = zip(*(column.at(rows) for column in columns), strict=True)
    kept = [not is_data(list(row), numbers, known=known) for row in cells]
    found: Int = rows[np.array(kept, dtype=bool)]
    return found


def find_numbers(columns: Sequence[Cells]) -> tuple[int, ...]:
    """Return the places of the columns of numbers."""
    return tuple(place for place, column in enumerate(columns) if _of_numbers(column))


def is_data(row: Sequence[str | None], places: Sequence[int], *, known: Container[str] = ()) -> bool:
    """Say whether a row that begins with # looks like the others: a word, and numbers where these have them.

    Parameters
    ----------
    places : sequence of int
        Of the columns of numbers.
    known : container of str
        Texts of the first column: one of them behind a # is a row that was taken out.
    """
    first = clean(row[0] or "")
    if not places or 0 in places or first[1:2] in ("", " ", "#") or clean(first[1:]) in known:
        return False
    return all((text := clean(row[place] or "")) in MISSING or states_number(text) for place in places)


def comment_error(line: int, path: str, *, count: int) -> DataError:
    """Return E314 for rows that look like comments."""
    return _not_data(path, line, "this row looks like a comment", f"{count} such rows")


def n_comments_allowed(rows: int) -> int:
    """Return up to how many rows that begin with # are taken for comments rather than data."""
    return max(1, rows // 20)


def _is_blank(text: str) -> bool:
    return not text.strip()


def _refuse_second_header(tops: Sequence[str], *, line: int, path: str) -> None:
    """Raise E314 where the cells that top the columns of numbers, below the header, are texts alone."""
    texts = [top for top in tops if top and not states_number(top)]
    if not texts or any(top not in texts and top for top in tops):
        return
    raise _not_data(
        path,
        line,
        f"{texts[0][:40]!r} stands above numbers, below the header",
        "several header rows, a row of units, or a title above the header",
        fix=setting(header_rows=2) | setting(skip_rows=line - 1) | f"take line {line} out of the file",
    )


def _of_numbers(column: Cells) -> bool:
    """Say whether the cells below the first are numbers, nearly all that are not missing."""
    cells = [cell for cell in map(clean, column.at(slice(1, 1 + LOOKED_AT))) if cell]
    numbers = sum(map(states_number, cells))
    return bool(cells) and numbers >= MOSTLY * len(cells)


def _not_data(path: str, line: int, what: str, cause: str, *, fix: PhraseLike = "") -> DataError:
    return DataError(
        "E314",
        what,
        where=f"{path}:{line}",
        detail=[f"cause: {cause}"],
        fix=fix or f"take line {line} out of the file",
    )
