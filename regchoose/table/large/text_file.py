"""One text file of a large table: its dialect, read from its beginning, and the SQL that reads the whole."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from regchoose.errors import DataError
from regchoose.records.answers import Ask
from regchoose.settings.options import Settings
from regchoose.table.csv.grammar import CsvLayout
from regchoose.table.csv.read import scan_text
from regchoose.table.csv.source import decode
from regchoose.table.file_bytes import read_beginning
from regchoose.table.large.duckdb_session import quote_path, quote_text
from regchoose.table.raw_table import RawTable

BEGINNING = 2**18  # bytes


@dataclass(frozen=True)
class FileHead:
    """How a file is written, its first rows, and the places of its columns of numbers."""

    raw: RawTable
    layout: CsvLayout
    numbers: tuple[int, ...] = ()

    @property
    def skip(self) -> int:
        """Lines above the first row of data."""
        return int(self.raw.lines[0]) - 1


def read_head(file: str, settings: Settings, *, compression: str | None, choose: Ask) -> FileHead:
    """Read the beginning of a text file with the reader of small ones.

    Raises
    ------
    RegchooseError
        What that reader raises; E308 for a layout that is not read in large files.
    """
    source = decode(read_beginning(file, BEGINNING, compression=compression), settings)
    scan = scan_text(source, replace(settings, on_bad_rows="error"), choose=choose)
    layout = scan.layout
    if layout.aligned or layout.spaced:
        raise DataError(
            "E308",
            "fields are separated by runs of spaces, or spaces stand before quotes",
            where=file,
            detail=["such files are read up to 64 MB"],
            fix="write the file again with one delimiter and no spaces around quotes",
        )
    return FileHead(scan.raw, layout, scan.numbers)


MOST_REJECTED = 1000  # unreadable rows that DuckDB keeps of each file


@dataclass(frozen=True)
class TextFile:
    """A text file in UTF-8.

    Attributes
    ----------
    name : str
        The file as it was given.
    path : str
        Itself, or its copy in UTF-8.
    order : list of int
        Its column at each place of the table.
    """

    name: str
    path: str
    head: FileHead
    compression: str | None
    order: list[int]


def all_rows_sql(text: TextFile, path: str) -> str:
    """Return the query of all rows of a text file, by its name here or on another machine."""
    own = replace(text, path=path)
    options = f"skip = {text.head.skip}, store_rejects = true, rejects_limit = {MOST_REJECTED}"
    return f"SELECT {text_columns_sql(own)} FROM {read_csv_sql(own, path, options)}"


NO_NUMBERS = "no_numbers"  # the table of rows that could not be read with their numbers


def rows_with_numbers_sql(text: TextFile, places: Collection[int]) -> str:
    """Return the query of all rows of a text file, the columns at some places read as numbers.

    That takes less time than to read them as text and to turn it into numbers, and gives the same numbers. A
    row where that cannot be done is left out, and noted in the table `NO_NUMBERS`.
    """
    options = (
        f"skip = {text.head.skip}, store_rejects = true, rejects_limit = 1,"
        f" rejects_table = '{NO_NUMBERS}', rejects_scan = '{NO_NUMBERS}_scans'"
    )
    source = read_csv_sql(text, text.path, options, numbers={text.order[place] for place in places})
    return f"SELECT {text_columns_sql(text)} FROM {source}"


def text_columns_sql(text: TextFile) -> str:
    """Return the columns of the table, as they stand in one file."""
    return ", ".join(f"d{j} AS c{place}" for place, j in enumerate(text.order))


def read_csv_sql(
    text: TextFile, path: str, options: str, *, first: str = "", numbers: Collection[int] = ()
) -> str:
    """Return the reader, in SQL, of a file written as `text` is: columns d0, d1 and so on.

    Parameters
    ----------
    options : str
        Further ones.
    first : str
        A column before the others, with its type.
    numbers : collection of int
        Columns of the file that are read as numbers; the others are text.
    """
    layout, compression = text.head.layout, text.compression if path == text.path else None
    types = ("DOUBLE" if j in numbers else "VARCHAR" for j in range(len(text.order)))
    columns = ", ".join([*filter(None, [first]), *(f"'d{j}': '{type_}'" for j, type_ in enumerate(types))])
    quote = quote_text(layout.quote or "")
    escape = "'\\'" if layout.escaped else quote
    return (
        f"read_csv({quote_path(path)}, delim = {quote_text(layout.delimiter)}, quote = {quote},"
        f" escape = {escape}, header = false, auto_detect = false, compression = '{compression or 'none'}',"
        f" columns = {{{columns}}}, strict_mode = true, {options})"
    )
