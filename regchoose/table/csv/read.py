"""From a file to columns of text, exactly, or an error that names the line."""

from dataclasses import replace

from regchoose.errors import DataError
from regchoose.records.table import Dialect
from regchoose.records.words import Int
from regchoose.settings.options import Settings
from regchoose.table.cells import Text
from regchoose.table.csv.decimal_mark import find_mark
from regchoose.table.csv.dialect import Choose, find_layout
from regchoose.table.csv.header import has_header, joined_names, name_columns
from regchoose.table.csv.non_data_rows import refuse_foreign_rows, refuse_sparse_start
from regchoose.table.csv.scan import Layout
from regchoose.table.csv.split import split
from regchoose.table.parquet import read_parquet
from regchoose.table.raw_table import RawTable
from regchoose.table.source import Source, check_path, read_text


def read(path: str, settings: Settings, *, choose: Choose) -> RawTable:
    """Read a table as text.

    Parameters
    ----------
    path : str
        A .csv, .tsv or .txt file, also compressed by gzip or zstandard, or a .parquet file.
    settings : Settings
        Those of the group "Data" matter.
    choose : callable
        Asks a person; returns None where no prompt is possible.

    Returns
    -------
    RawTable
        Columns of text with their names, and the line of each row.

    Raises
    ------
    UsageError
        E201, E202, E209: no such file, option or kind of file.
    DataError
        E301 to E314: bytes or shape of the file are not in order.
    """
    if check_path(path):
        return read_parquet(path)
    return read_source(read_text(path, settings), settings, choose=choose)[0]


def read_source(source: Source, settings: Settings, *, choose: Choose) -> tuple[RawTable, Layout]:
    """Read a table from its text, as `read` does; return its layout too."""
    path = source.path
    layout, said = find_layout(source.text, settings, choose=choose)
    columns, lines, warnings = split(source, layout, settings)
    top = settings.header_rows
    body = tuple(column[top:] if len(column) > top else column for column in columns)
    # Where commas separate and nothing is quoted, no cell can hold a decimal comma.
    free = layout.delimiter == "," and layout.quote is None and settings.decimal == "auto"
    mark, why_mark = (
        (".", "decimal point")
        if free
        else find_mark(body, settings, delimiter=layout.delimiter, path=path, choose=choose)
    )
    if settings.header == "auto" and settings.header_rows == 1:
        refuse_sparse_start(columns, lines, path=path)
    header, why = has_header(columns, settings, mark=mark, path=path, choose=choose)
    dialect = Dialect(
        format="csv",
        delimiter=layout.delimiter,
        quote=layout.quote,
        encoding=source.encoding,
        compression=source.compression,
        header=header,
        decimal=mark,
        found=f"{said}; {source.said}; {why_mark}; {why}",
        escape="\\" if layout.escaped else None,
    )
    named = _named(path, columns, lines, dialect, warnings=warnings, header_rows=settings.header_rows)
    return named, layout


def _named(
    path: str,
    columns: tuple[Text, ...],
    lines: Int,
    dialect: Dialect,
    *,
    warnings: tuple[str, ...],
    header_rows: int,
) -> RawTable:
    """Name the columns, by the first row or rows where they are a header."""
    names = tuple(f"c{j + 1}" for j in range(len(columns)))
    duplicated: tuple[str, ...] = ()
    renamed: tuple[str, ...] = ()
    first: tuple[str, ...] = ()
    found = f"{dialect.found}: no header, columns are c1 to {names[-1]}"
    if dialect.header:
        if len(lines) <= header_rows:
            raise DataError("E302", f"{path} has a header and 0 data rows", where=f"{path}:1", fix="add rows")
        first = tuple(joined_names(column[:header_rows]) for column in columns)
        names, duplicated, renamed = name_columns(first)
        columns, lines = tuple(column[header_rows:] for column in columns), lines[header_rows:]
        found = f"{dialect.found}: a header"
    refuse_foreign_rows(columns, lines, header=first, path=path)
    return RawTable(
        path=path,
        dialect=replace(dialect, found=found),
        names=names,
        columns=columns,
        lines=lines,
        kinds=("",) * len(names),
        duplicated=duplicated,
        warnings=(*warnings, *renamed),
    )
