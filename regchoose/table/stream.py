"""A table of any size as a relation of DuckDB: every column as text, under the dialect that was found."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread

import duckdb
import numpy as np

from regchoose.errors import DataError
from regchoose.settings import Settings
from regchoose.table.dialect import Choose
from regchoose.table.files import check_unchanged
from regchoose.table.head import BEGINNING, Head, read_head
from regchoose.table.parquet import dialect_of, kind_of
from regchoose.table.parts import Parts
from regchoose.table.raw import RawTable
from regchoose.table.whole_bytes import to_utf8, whole_bytes

MEMORY = "400MB"  # of DuckDB; Python holds the rows that are looked at beside it
Advanced = Callable[[int], None]


def ignore(_bytes: int) -> None:
    """Hear how far a pass is, and do nothing."""


@dataclass(frozen=True)
class Stream:
    """An open table. Rows are numbered from 0, through all files in order of their names.

    Attributes
    ----------
    connection : duckdb.DuckDBPyConnection
    relation : str
        What stands after FROM: columns c0, c1, …, all text.
    head : RawTable
        Names and dialect; `lines` begins with the first row of data.
    open_ends : int
        Lines of text that end in a delimiter: as many rows must end in an empty cell.
    """

    parts: Parts
    connection: duckdb.DuckDBPyConnection
    relation: str
    head: RawTable
    open_ends: int
    settings: Settings
    advanced: Advanced

    @property
    def width(self) -> int:
        """Number of columns."""
        return len(self.head.names)

    def where(self, row: int) -> str:
        """Name the file and the line, or in several files the row, from 1."""
        if len(self.parts.files) == 1 and self.parts.kind == "csv":
            return f"{self.parts.path}:{row + int(self.head.lines[0])}"
        return f"{self.parts.path}, row {row + 1:,}"

    def is_grouped(self, place: int) -> bool:
        """Say whether numbers of a column may have their thousands grouped by commas."""
        return self.parts.kind == "csv" and any("," in (cell or "") for cell in self.head.columns[place])

    def run(self, query: str) -> duckdb.DuckDBPyConnection:
        """Run a query, telling now and then how many bytes it has read; damage becomes an error.

        Raises
        ------
        DataError
            E306, E310: what DuckDB cannot read exactly.
        """
        done = Event()
        watch = Thread(target=self._watch, args=(done,), daemon=True)
        watch.start()
        try:
            return self.connection.execute(query)
        except duckdb.OutOfMemoryException as error:
            raise MemoryError(str(error)) from None
        except duckdb.Error as error:
            raise DataError(
                "E310" if self.parts.kind == "csv" else "E306",
                f"the table cannot be read exactly: {str(error).splitlines()[0]}",
                where=self.parts.path,
                detail=["cause: mixed line ends, or quotes that are not in order, are likely"],
                fix="write the file again, with one kind of line end and quotes inside quotes doubled",
            ) from None
        finally:
            done.set()
            watch.join()

    def _watch(self, done: Event) -> None:
        while not done.wait(0.2):
            share = self.connection.query_progress()
            if share > 0:
                self.advanced(int(share / 100 * self.parts.n_bytes))


@contextmanager
def streaming(
    parts: Parts, settings: Settings, *, choose: Choose, advanced: Advanced, threads: int = 0
) -> Iterator[Stream]:
    """Open a table; its files must be the same when it is closed.

    Raises
    ------
    DataError
        E315 where its files have different columns, E311 where they change, and those of `read`.
    """
    before = [os.stat(file) for file in parts.files]
    with TemporaryDirectory(prefix="regchoose-") as folder:
        config: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": MEMORY,
            "temp_directory": folder,
        }
        if threads:
            config["threads"] = threads
        with duckdb.connect(":memory:", config=config) as connection:
            connection.execute("SET enable_progress_bar = true")
            connection.execute("SET enable_progress_bar_print = false")
            if parts.kind == "parquet":
                relation, head = _parquet(parts, connection)
                ends = 0
            else:
                relation, head, ends = _text(parts, settings, folder=Path(folder), choose=choose)
            yield Stream(parts, connection, relation, head, ends, settings, advanced)
    for file, old in zip(parts.files, before, strict=True):
        check_unchanged(file, old)


def _text(parts: Parts, settings: Settings, *, folder: Path, choose: Choose) -> tuple[str, RawTable, int]:
    """Return the relation of text files, their common head, and the lines that end in a delimiter."""
    first = read_head(parts.files[0], settings, compression=parts.compression, choose=choose)
    mark = first.raw.dialect.decimal
    same = replace(
        settings,
        delimiter=first.layout.delimiter,
        header="yes" if first.raw.dialect.header else "no",
        decimal="," if mark == "," else ".",
    )
    queries, ends = [], 0
    for place, file in enumerate(parts.files):
        head = read_head(file, same, compression=parts.compression, choose=choose) if place else first
        _same_columns(first.raw, head.raw)
        compression, path = parts.compression, file
        if first.raw.dialect.encoding not in ("utf-8", "utf-8-sig"):
            path = to_utf8(
                file,
                folder / f"{place}.csv",
                encoding=str(first.raw.dialect.encoding),
                compression=compression,
            )
            compression = None
        if compression != "zstd":
            found = whole_bytes(path, head, compression=compression)
            ends += found.open_ends
            _check_quotes(file, head, quotes=found.quotes, loose=found.loose_quotes)
        order = [head.raw.names.index(name) for name in first.raw.names]
        queries.append(_reading(path, head, compression=compression, order=order))
    said = f"{first.raw.dialect.found}; {_files(parts)}"
    raw = replace(first.raw, path=parts.path, dialect=replace(first.raw.dialect, found=said))
    return f"({' UNION ALL '.join(queries)})", raw, -1 if parts.compression == "zstd" else ends


def _files(parts: Parts) -> str:
    return f"{len(parts.files)} files as one table" if len(parts.files) > 1 else "streamed"


def _reading(path: str, head: Head, *, compression: str | None, order: list[int]) -> str:
    width, layout = len(order), head.layout
    columns = ", ".join(f"'d{j}': 'VARCHAR'" for j in range(width))
    quote = _quoted(layout.quote or "")
    escape = "'\\'" if layout.escaped else quote
    chosen = ", ".join(f"d{j} AS c{place}" for place, j in enumerate(order))
    return (
        f"SELECT {chosen} FROM read_csv({literal(path)}, delim = {_quoted(layout.delimiter)},"
        f" quote = {quote}, escape = {escape}, header = false, skip = {head.skip}, auto_detect = false,"
        f" compression = '{compression or 'none'}', columns = {{{columns}}}, strict_mode = true,"
        " store_rejects = true, rejects_limit = 1000)"
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _check_quotes(file: str, head: Head, *, quotes: bool, loose: bool) -> None:
    """Raise E310 where quotes stand that the beginning of the file did not show."""
    if (quotes and head.layout.quote is None) or (loose and head.layout.quote == '"'):
        what = "spaces before quotes" if head.layout.quote else "quotes"
        raise DataError(
            "E310",
            f"{what} stand in this file, and its first {BEGINNING:,} bytes have none",
            where=file,
            fix="write the file again, with fields enclosed in quotes from its first rows on",
        )


def _same_columns(first: RawTable, other: RawTable) -> None:
    if set(first.names) == set(other.names) and len(first.names) == len(other.names):
        return
    more = [f"{name!r} is only here" for name in other.names if name not in first.names]
    less = [f"{name!r} is missing here" for name in first.names if name not in other.names]
    raise DataError(
        "E315",
        f"its {len(other.names)} columns are not the {len(first.names)} of {first.path}",
        where=other.path,
        detail=[", ".join((more + less)[:6])],
        fix="a pattern that leaves this file out",
    )


def _parquet(parts: Parts, connection: duckdb.DuckDBPyConnection) -> tuple[str, RawTable]:
    """Return the relation of Parquet files, and their common schema."""
    queries: list[str] = []
    first: RawTable | None = None
    for file in parts.files:
        try:
            schema = connection.execute(f"DESCRIBE SELECT * FROM read_parquet({literal(file)})").fetchall()
        except duckdb.Error as error:
            raise DataError(
                "E306",
                f"{file} is no readable Parquet file: {str(error).splitlines()[0]}",
                fix="write it again",
            ) from None
        names = tuple(str(row[0]) for row in schema)
        kinds = tuple(kind_of(file, str(row[0]), str(row[1])) for row in schema)
        said = dialect_of(f"Parquet, types from its schema; {_files(parts)}")
        head = RawTable(file, said, names, (), np.ones(1, dtype=np.int64), kinds)
        first = first or head
        _same_columns(first, head)
        columns = ", ".join(
            f'CAST("{name.replace(chr(34), chr(34) * 2)}" AS VARCHAR) AS c{place}'
            for place, name in enumerate(first.names)
        )
        queries.append(f"SELECT {columns} FROM read_parquet({literal(file)})")
    assert first is not None, "parts have files"
    return f"({' UNION ALL '.join(queries)})", replace(first, path=parts.path)


def literal(path: str) -> str:
    """Write a path as SQL text that is no pattern."""
    return _quoted(re.sub(r"([*?\[])", r"[\1]", path))
