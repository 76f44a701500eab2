"""The beginning of a large file, read as a small one: its dialect, header and decimal mark."""

import gzip
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, cast

import duckdb

from regchoose.errors import DataError, RegchooseError, UsageError
from regchoose.settings import Settings
from regchoose.table.dialect import Choose, find_layout
from regchoose.table.files import read_text
from regchoose.table.raw import RawTable
from regchoose.table.read import read
from regchoose.table.tokens import Layout

BEGINNING = 2**18  # bytes


@dataclass(frozen=True)
class Head:
    """How a file is written, and its first rows."""

    raw: RawTable
    layout: Layout

    @property
    def skip(self) -> int:
        """Lines above the first row of data."""
        return int(self.raw.lines[0]) - 1


def read_head(file: str, settings: Settings, *, compression: str | None, choose: Choose) -> Head:
    """Read the beginning of a text file with the reader of small ones.

    Raises
    ------
    RegchooseError
        What that reader raises, the file named as it is; E308 for a layout that is not read in large files.
    """
    start, whole = _beginning(file, compression)
    with TemporaryDirectory() as folder:
        copy = Path(folder, "beginning.csv")
        copy.write_bytes(start)
        try:
            source = read_text(str(copy), settings)
            cut = source.text if whole else _whole_records(source.text)
            copy.write_text(cut, encoding="utf-8", newline="")
            utf8 = replace(settings, encoding=None)
            layout, said = find_layout(cut, settings, choose=choose)
            raw = read(
                str(copy), replace(utf8, delimiter=layout.delimiter, on_bad_rows="error"), choose=choose
            )
        except RegchooseError as error:
            raise _named(error, str(copy), file) from None
    if layout.aligned or layout.spaced:
        raise DataError(
            "E308",
            "fields are separated by runs of spaces, or spaces stand before quotes",
            where=file,
            detail=["such files are read up to 64 MB"],
            fix="write the file again with one delimiter and no spaces around quotes",
        )
    found = f"{said}; {raw.dialect.found.split('; ', 1)[-1]}"
    dialect = replace(raw.dialect, encoding=source.encoding, compression=compression, found=found)
    return Head(replace(raw, path=file, dialect=dialect), layout)


def _beginning(file: str, compression: str | None) -> tuple[bytes, bool]:
    """Return the first bytes of the text, and whether they are all."""
    if compression == "zstd":
        return _lines(file).encode(), False
    try:
        with opened(file, compression) as stream:
            start = stream.read(BEGINNING)
            return start, not stream.read(1)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(
            "E307", f"{file} is a damaged gzip file ({error})", fix="fetch or compress it again"
        ) from None


@contextmanager
def opened(file: str, compression: str | None) -> Iterator[BinaryIO]:
    """Open a file for its text's bytes."""
    with gzip.open(file) if compression == "gzip" else Path(file).open("rb") as stream:
        yield cast(BinaryIO, stream)


def _lines(file: str) -> str:
    """Return the first lines of a file in zstandard, which DuckDB unpacks."""
    literal = re.sub(r"([*?\[])", r"[\1]", file)
    query = (
        "SELECT l FROM read_csv(?, delim = chr(1), quote = '', escape = '', header = false,"
        " auto_detect = false, compression = 'zstd', columns = {'l': 'VARCHAR'}) LIMIT 5000"
    )
    try:
        with duckdb.connect(":memory:", config={"threads": 1}) as connection:
            rows = connection.execute(query.replace("chr(1)", "'\x01'"), [literal]).fetchall()
    except duckdb.Error as error:
        raise DataError(
            "E307", f"{file} cannot be unpacked: {str(error).splitlines()[0]}", fix="compress it again"
        ) from None
    return "".join(f"{row[0] or ''}\n" for row in rows)


def _whole_records(text: str) -> str:
    """Cut a text after its last line at which no quotes are open."""
    at = len(text)
    while (at := max(text.rfind("\n", 0, at), text.rfind("\r", 0, at))) > 0:
        if text.count('"', 0, at) % 2 == 0:
            return text[: at + 1]
    return text


def _named(error: RegchooseError, copy: str, file: str) -> RegchooseError:
    """Return the same error with the file's own name."""
    kind = UsageError if isinstance(error, UsageError) else DataError
    return kind(
        error.code,
        error.message.replace(copy, file),
        where=error.where.replace(copy, file),
        detail=[line.replace(copy, file) for line in error.detail],
        fix=error.fix.replace(copy, file),
    )
