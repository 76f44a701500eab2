"""From a path to the columns of one small file, as text."""

from dataclasses import dataclass, replace
from itertools import takewhile

from regchoose.errors import DataError
from regchoose.records.answers import Ask
from regchoose.records.table import Dialect
from regchoose.settings.options import Settings
from regchoose.table.cell_values import clean
from regchoose.table.csv.decimal_mark import find_decimal_mark
from regchoose.table.csv.dialect import find_dialect
from regchoose.table.csv.grammar import CsvLayout, records
from regchoose.table.csv.header import has_header
from regchoose.table.csv.non_data_rows import find_numbers, refuse_non_data_rows, refuse_sparse_start
from regchoose.table.csv.quoted_words import find_quoted_words
from regchoose.table.csv.source import Source, decode, split_lines, without_lines_above
from regchoose.table.csv.split_records import split_to_columns
from regchoose.table.file_bytes import read_bytes
from regchoose.table.raw_table import RawTable, Text, factorize, name_columns

BLANK_CELLS = " ,;\t|\r\n"  # what a row without text consists of, whatever separates


@dataclass(frozen=True)
class CsvScan:
    """What was read of a text, and how."""

    raw: RawTable
    layout: CsvLayout
    text: str  # below any preamble
    numbers: tuple[int, ...]  # places of the columns of numbers


def read(path: str, settings: Settings, *, choose: Ask) -> RawTable:
    """Read a table of text: a .csv, .tsv or .txt file, also compressed by gzip or zstandard.

    Raises
    ------
    UsageError
        E202, E209: no such encoding or kind of file.
    DataError
        E301 to E314 if the file is malformed.
    """
    scan = scan_text(decode(read_bytes(path), settings), settings, choose=choose)
    return replace(scan.raw, words=find_quoted_words(scan.raw, scan.text, scan.layout, settings))


def scan_text(source: Source, settings: Settings, *, choose: Ask) -> CsvScan:
    """Read a table from its text, as `read` does."""
    path = source.path
    source, dialect = _skip_preamble(source, settings, choose=choose)
    layout, why_layout = dialect or find_dialect(source.text, settings, choose=choose)
    columns, lines, warnings, lacks = split_to_columns(source, layout, settings)
    top = settings.header_rows
    below = [factorize(column[top:] if len(column) > top else column) for column in columns]
    # Where commas separate and nothing is quoted, no cell can hold a decimal comma.
    free = layout.delimiter == "," and layout.quote is None and settings.decimal == "auto"
    mark, why_mark = (
        (".", "decimal point")
        if free
        else find_decimal_mark(below, settings, delimiter=layout.delimiter, path=path, choose=choose)
    )
    if settings.header == "auto" and top == 1:
        refuse_sparse_start(columns, lines, path=path)
    header, why = has_header(columns, settings, mark=mark, path=path, choose=choose)
    first = duplicated = renamed = tuple[str, ...]()
    names = tuple(f"c{j + 1}" for j in range(len(columns)))
    said = f"no header, columns are c1 to {names[-1]}"
    if header:
        if len(lines) <= top:
            raise DataError("E302", f"{path} has a header and 0 data rows", where=f"{path}:1", fix="add rows")
        first = tuple(_join(column[:top]) for column in columns)
        said = "a header without a name for the first column" if lacks else "a header"
        names, duplicated, renamed = name_columns(first)
    raw = RawTable(
        path=path,
        dialect=Dialect(
            format="csv",
            delimiter=layout.delimiter,
            quote=layout.quote,
            encoding=source.encoding,
            compression=source.compression,
            header=header,
            decimal=mark,
            found=f"{why_layout}; {source.note}; {why_mark}; {why}: {said}",
            escape="\\" if layout.escaped else None,
            skipped=source.skipped,
            nameless=lacks,
        ),
        names=names,
        columns=tuple(below if header else map(factorize, columns)),
        lines=lines[top:] if header else lines,
        kinds=("",) * len(names),
        index=names[0] if header and len(names) > 1 and not clean(first[0]) else "",
        duplicated=duplicated,
        warnings=(*warnings, *renamed),
    )
    numbers = find_numbers(raw.columns)
    refuse_non_data_rows(raw.columns, raw.lines, numbers=numbers, header=first, path=path)
    return CsvScan(raw, layout, source.text, numbers)


def _join(cells: Text) -> str:
    """Join what several header rows say of one column; a single one stands as it is."""
    return str(cells[0]) if len(cells) == 1 else " ".join(filter(None, map(clean, cells)))


def _skip_preamble(
    source: Source, settings: Settings, *, choose: Ask
) -> tuple[Source, tuple[CsvLayout, str] | None]:
    """Leave out what stands above a table.

    That is lines that begin with #, unless one of them may name the columns; or a title in a single cell, if
    a blank row parts it from the table. The dialect of what is left, where it was needed, is not found again:
    a person may have been asked.
    """
    remarks = _find_remarks(source.text)
    may_have_title = settings.header == "auto" and settings.header_rows == 1
    above = remarks or (_find_title(source.text) if may_have_title else [])
    rest = source.text[sum(map(len, above)) :]
    if not above or source.skipped or not rest.strip():
        return source, None
    dialect = find_dialect(rest, settings, choose=choose)
    *others, first = (next(records(line, dialect[0]), (0, []))[1] for line in (*above, rest))
    if remarks:
        is_part = len(first) < 2 or len(first) in map(len, others)
    else:
        is_part = len(first) < 3 or sum(bool(cell.strip()) for cell in others[0]) != 1
    if is_part:
        return source, None
    said = " that begin with #" if remarks else " of a title"
    return without_lines_above(source, len(above), said=said), dialect


def _find_remarks(text: str) -> list[str]:
    """Return the lines above a table that begin with #, and the blank ones among them."""
    above = list(takewhile(_is_remark, split_lines(text)))
    while above and not above[-1].strip():
        above.pop()
    return above


def _find_title(text: str) -> list[str]:
    """Return a first line that may be a title, and the blank rows below it; nothing where there are none."""
    lines = split_lines(text)
    title = next(lines, "")
    if not title.strip(BLANK_CELLS) or title[0] in BLANK_CELLS or any(mark in title for mark in "#\"'"):
        return []
    blank = list(takewhile(lambda line: not line.strip(BLANK_CELLS), lines))
    return [title, *blank] if blank else []


def _is_remark(line: str) -> bool:
    return line.startswith("#") or not line.strip()
