"""A table of any size as a relation of DuckDB: every column as text, under the dialect that was found."""

import errno
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event, Thread

import duckdb
import numpy as np

from regchoose.errors import DataError
from regchoose.settings import Settings
from regchoose.table.blocks import blocks
from regchoose.table.cells import to_cells
from regchoose.table.database import in_memory, workspace
from regchoose.table.dialect import Choose
from regchoose.table.files import check_unchanged
from regchoose.table.head import Head, read_head
from regchoose.table.parquet import dialect_of, kind_of
from regchoose.table.parts import Parts
from regchoose.table.raw import RawTable
from regchoose.table.whole_bytes import to_utf8

MEMORY = "400MB"  # of DuckDB; Python holds the rows that are looked at beside it
Advanced = Callable[[int], None]


def ignore(_bytes: int) -> None:
    """Hear how far a pass is, and do nothing."""


@dataclass(frozen=True)
class Text:
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
    head: Head
    compression: str | None
    order: list[int]


@dataclass(frozen=True)
class Stream:
    """An open table. Rows are numbered from 0, through all files in order of their names.

    Attributes
    ----------
    connection : duckdb.DuckDBPyConnection
    folder : Path
        For files that last as long as the stream.
    relation : str
        What stands after FROM: columns c0, c1, …, all text.
    head : RawTable
        Names and dialect; `lines` begins with the first row of data.
    texts : tuple of Text
        The files, where they are text.
    """

    parts: Parts
    connection: duckdb.DuckDBPyConnection
    folder: Path
    relation: str
    head: RawTable
    texts: tuple[Text, ...]
    settings: Settings
    advanced: Advanced

    @property
    def width(self) -> int:
        """Number of columns."""
        return len(self.head.names)

    def where(self, row: int) -> str:
        """Name the file and the line of a row; of a typed file the row, from 1."""
        before = 0
        for text in self.texts:
            for block in blocks(text.path, text.head, compression=text.compression, advanced=ignore):
                if row < before + len(block.starts):
                    line = int(block.lines(np.array([row - before]))[0])
                    return f"{text.name}:{line}"
                before += len(block.starts)
        return f"{self.parts.path}, row {row + 1:,}"

    def is_grouped(self, place: int) -> bool:
        """Say whether numbers of a column may have their thousands grouped by commas."""
        return self.parts.kind == "csv" and any(
            "," in text for text in to_cells(self.head.columns[place]).texts
        )

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
            if "No space left" in str(error):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from None
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
    with workspace(needs=parts.text_bytes) as folder:
        own = {"threads": threads} if threads else {}
        with in_memory(memory_limit=MEMORY, temp_directory=str(folder), **own) as connection:
            connection.execute("SET enable_progress_bar = true")
            connection.execute("SET enable_progress_bar_print = false")
            texts: tuple[Text, ...] = ()
            if parts.kind == "parquet":
                relation, head = _parquet(parts, connection)
            else:
                texts = _texts(parts, settings, folder=folder, choose=choose)
                relation, head = _relation(texts), _common(parts, texts[0].head.raw)
            yield Stream(parts, connection, folder, relation, head, texts, settings, advanced)
    for file, old in zip(parts.files, before, strict=True):
        check_unchanged(file, old)


def _texts(parts: Parts, settings: Settings, *, folder: Path, choose: Choose) -> tuple[Text, ...]:
    """Return text files of one dialect and the same columns; those in another encoding are copied."""
    first = read_head(parts.files[0], settings, compression=parts.compression, choose=choose)
    same = replace(
        settings,
        delimiter=first.layout.delimiter,
        header="yes" if first.raw.dialect.header else "no",
        decimal="," if first.raw.dialect.decimal == "," else ".",
    )
    texts = []
    for place, file in enumerate(parts.files):
        head = read_head(file, same, compression=parts.compression, choose=choose) if place else first
        _same_columns(first.raw, head.raw)
        compression, path, encoding = parts.compression, file, str(head.raw.dialect.encoding)
        if encoding not in ("utf-8", "utf-8-sig", "ascii"):
            path = to_utf8(file, folder / f"{place}.csv", encoding=encoding, compression=compression)
            compression = None
        order = [head.raw.names.index(name) for name in first.raw.names]
        texts.append(Text(file, path, head, compression, order))
    return tuple(texts)


def _common(parts: Parts, first: RawTable) -> RawTable:
    found = f"{first.dialect.found}; {_files(parts)}"
    return replace(first, path=parts.path, dialect=replace(first.dialect, found=found))


def _relation(texts: Sequence[Text]) -> str:
    kept = "skip = {}, store_rejects = true, rejects_limit = 1000"
    queries = [
        f"SELECT {text_columns(text)} FROM {reading(text, text.path, kept.format(text.head.skip))}"
        for text in texts
    ]
    return f"({' UNION ALL '.join(queries)})"


def _files(parts: Parts) -> str:
    return f"{len(parts.files)} files as one table" if len(parts.files) > 1 else "streamed"


def text_columns(text: Text) -> str:
    """Return the columns of the table, as they stand in one file."""
    return ", ".join(f"d{j} AS c{place}" for place, j in enumerate(text.order))


def reading(text: Text, path: str, options: str, *, first: str = "") -> str:
    """Return the reader, in SQL, of a file written as `text` is: columns d0, d1 and so on.

    Parameters
    ----------
    options : str
        Further ones.
    first : str
        A column before the others, with its type.
    """
    layout, compression = text.head.layout, text.compression if path == text.path else None
    columns = ", ".join([*filter(None, [first]), *(f"'d{j}': 'VARCHAR'" for j in range(len(text.order)))])
    quote = _quoted(layout.quote or "")
    escape = "'\\'" if layout.escaped else quote
    return (
        f"read_csv({literal(path)}, delim = {_quoted(layout.delimiter)}, quote = {quote}, escape = {escape},"
        f" header = false, auto_detect = false, compression = '{compression or 'none'}',"
        f" columns = {{{columns}}}, strict_mode = true, {options})"
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


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
