"""A table of any size as a relation of DuckDB: every column as text, under the dialect that was found."""

import fnmatch
import glob
import os
import shlex
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import takewhile
from pathlib import Path
from threading import Event, Thread
from typing import Any

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from regchoose.errors import DataError, one_of
from regchoose.records.answers import Ask
from regchoose.records.words import OnProgress
from regchoose.settings.options import Settings
from regchoose.table.file_bytes import check_unchanged
from regchoose.table.file_set import FileSet, ignore_progress
from regchoose.table.large.byte_scan import read_blocks, to_utf8
from regchoose.table.large.distributed_scan import QUERY, REJECTS, merge_counts, run_on_files
from regchoose.table.large.duckdb_session import (
    connect_on_disk,
    duckdb_error,
    quote_identifier,
    quote_path,
    workspace,
)
from regchoose.table.large.parquet import parquet_dialect, parquet_schema
from regchoose.table.large.text_file import (
    NO_NUMBERS,
    FileHead,
    TextFile,
    all_rows_sql,
    read_head,
    rows_with_numbers_sql,
)
from regchoose.table.raw_table import Cells, RawTable, factorize
from regchoose.workers.tasks import Workers

TABLE = "THE_TABLE"  # stands in a query for the relation
VECTOR = 2048  # rows that DuckDB gives at a time
Reject = tuple[str, int, str, str]


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
    texts : tuple of TextFile
        The files, where they are text.
    files : tuple of str
        What stands after FROM for each file alone, wherever it is read.
    workers : Workers, optional
        Workers that see the files too, and share them.
    """

    parts: FileSet
    connection: duckdb.DuckDBPyConnection
    folder: Path
    relation: str
    head: RawTable
    texts: tuple[TextFile, ...]
    settings: Settings
    advanced: OnProgress
    files: tuple[str, ...] = ()
    workers: Workers | None = None
    _rejected: list[Reject] = field(default_factory=list)  # by workers

    @property
    def width(self) -> int:
        """Number of columns."""
        return len(self.head.names)

    def where(self, row: int) -> str:
        """Name the file and the line of a row; of a typed file the row, from 1."""
        before = 0
        for text in self.texts:
            for block in read_blocks(
                text.path, text.head, compression=text.compression, advanced=ignore_progress
            ):
                if row < before + len(block.starts):
                    line = int(block.lines(np.array([row - before]))[0])
                    return f"{text.name}:{line}"
                before += len(block.starts)
        return f"{self.parts.path}, row {row + 1:,}"

    def is_grouped(self, place: int) -> bool:
        """Say whether numbers of a column may have their thousands grouped by commas."""
        return self.parts.kind == "csv" and any("," in text for text in self.head.columns[place].texts)

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
            with self._guarded():
                return self.connection.execute(query)
        finally:
            done.set()
            watch.join()

    def count(self, relation: str = "") -> int:
        """Return the number of rows, of all files or of another relation."""
        (n_rows,) = self.run(f"SELECT count(*) FROM {relation or self.relation}").fetchall()[0]
        return int(n_rows)

    def to_cells(self, texts: NDArray[Any], missing: NDArray[np.bool_]) -> Cells:
        """Keep each text of a column once; what is missing is an empty text, in a typed file a null."""
        gap: Any = None if self.parts.kind == "parquet" else ""
        return factorize(np.where(missing, gap, texts))

    def chunks(self, query: str, *, rows: int) -> Iterator[pd.DataFrame]:
        """Yield what a query gives, in its order, in parts of about so many rows.

        Raises
        ------
        DataError
            As `run`.
        """
        with self._guarded():
            found = self.connection.execute(query)
        while True:
            with self._guarded():
                chunk = found.fetch_df_chunk(max(1, rows // VECTOR))
            if not len(chunk):
                return
            yield chunk

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except duckdb.Error as error:
            raise duckdb_error(error, kind=self.parts.kind, where=self.parts.path) from None

    def totals(self, terms: Mapping[str, str], relation: str = TABLE) -> dict[str, Any]:
        """Return what terms come to over the rows of all files.

        Parameters
        ----------
        terms : mapping of str to str
            Names, as in `regchoose.table.large.distributed_scan`, and what stands after SELECT.
        relation : str
            What stands after FROM; in it, and anywhere, `TABLE` stands for the table.
        """
        query = f"SELECT {', '.join(terms.values())} FROM {relation}"
        if self.workers is None:
            (row,) = self.run(query.replace(TABLE, self.relation)).fetchall()
            return dict(zip(terms, row, strict=True))
        orders = [
            {
                "path": os.path.abspath(file),
                "name": file,
                "kind": self.parts.kind,
                "query": query.replace(TABLE, own),
            }
            for file, own in zip(self.parts.files, self.files, strict=True)
        ]
        answers = run_on_files(self.workers, QUERY, orders, parts=self.parts, advanced=self.advanced)
        found = [said for said, _ in answers]
        self._rejected[:] = [
            (file, *row[1:])
            for file, said in zip(self.parts.files, found, strict=True)
            for row in said["rejected"]
        ]
        return merge_counts([dict(zip(terms, said["row"], strict=True)) for said in found])

    def totals_with_numbers(
        self, terms: Mapping[str, str], relation: str, *, places: Collection[int]
    ) -> dict[str, Any] | None:
        """Return `totals` where the columns at some places of text files are read as numbers.

        It is quicker; nothing is returned where a row could not be read so.
        """
        rows = " UNION ALL ".join(rows_with_numbers_sql(text, places) for text in self.texts)
        query = f"SELECT {', '.join(terms.values())} FROM {relation}"
        (row,) = self.run(query.replace(TABLE, f"({rows})")).fetchall()
        if self._has(NO_NUMBERS) and self.count(NO_NUMBERS):
            return None
        return dict(zip(terms, row, strict=True))

    def rejected(self) -> list[Reject]:
        """Return file, line, kind and text of the rows that could not be read so far."""
        # DuckDB has such a table once it has read files here, and workers may have read them all.
        own = self.run(REJECTS).fetchall() if self._has("reject_errors") else []
        return sorted({*self._rejected, *own}, key=lambda row: row[:2])

    def _has(self, table: str) -> bool:
        return bool(self.run(f"SELECT 1 FROM duckdb_tables() WHERE table_name = '{table}'").fetchall())

    def _watch(self, done: Event) -> None:
        while not done.wait(0.2):
            share = self.connection.query_progress()
            if share > 0:
                self.advanced(int(share / 100 * self.parts.n_bytes))


@contextmanager
def streaming(
    parts: FileSet,
    settings: Settings,
    *,
    choose: Ask,
    advanced: OnProgress,
    threads: int = 0,
    workers: Workers | None = None,
) -> Iterator[Stream]:
    """Open a table; its files must be the same when it is closed.

    Parameters
    ----------
    workers : Workers, optional
        Workers that see the files too, and share them.

    Raises
    ------
    DataError
        E315 where its files have different columns, E311 where they change, and those of `read`.
    """
    before = [os.stat(file) for file in parts.files]
    with (
        workspace(needs=parts.text_bytes) as folder,
        connect_on_disk(str(folder), threads=threads) as connection,
    ):
        texts: tuple[TextFile, ...] = ()
        if parts.kind == "parquet":
            columns, head = _parquet(parts, connection)
            sources = [partial(_whole_parquet, columns)] * len(parts.files)
        else:
            texts = _texts(parts, settings, folder=folder, choose=choose)
            head, sources = _common(parts, texts[0].head.raw), [partial(all_rows_sql, text) for text in texts]
            if any(text.path != text.name for text in texts):
                workers = None  # copies that nobody else sees
        paths = [text.path for text in texts] or parts.files
        here = [source(path) for source, path in zip(sources, paths, strict=True)]
        files = [f"({source(os.path.abspath(path))})" for source, path in zip(sources, paths, strict=True)]
        relation = f"({' UNION ALL '.join(here)})"
        yield Stream(
            parts, connection, folder, relation, head, texts, settings, advanced, tuple(files), workers
        )
    for file, old in zip(parts.files, before, strict=True):
        check_unchanged(file, old)


def _texts(parts: FileSet, settings: Settings, *, folder: Path, choose: Ask) -> tuple[TextFile, ...]:
    """Return text files of one dialect and the same columns; those in another encoding are copied."""
    first = read_head(parts.files[0], settings, compression=parts.compression, choose=choose)
    same = replace(
        settings,
        delimiter=first.layout.delimiter,
        header="yes" if first.raw.dialect.header else "no",
        decimal="," if first.raw.dialect.decimal == "," else ".",
    )
    texts, heads = [], list[FileHead]()
    for place, file in enumerate(parts.files):
        head = read_head(file, same, compression=parts.compression, choose=choose) if place else first
        heads.append(head)
    _check_same_columns([head.raw for head in heads])
    for place, (file, head) in enumerate(zip(parts.files, heads, strict=True)):
        compression, path, encoding = parts.compression, file, str(head.raw.dialect.encoding)
        if encoding not in ("utf-8", "utf-8-sig", "ascii"):
            path = to_utf8(file, folder / f"{place}.csv", encoding=encoding, compression=compression)
            compression = None
        order = [head.raw.names.index(name) for name in first.raw.names]
        texts.append(TextFile(file, path, head, compression, order))
    return tuple(texts)


def _common(parts: FileSet, first: RawTable) -> RawTable:
    found = f"{first.dialect.found}; {_files(parts)}"
    return replace(first, path=parts.path, dialect=replace(first.dialect, found=found))


def _files(parts: FileSet) -> str:
    return f"{len(parts.files)} files as one table" if len(parts.files) > 1 else "streamed"


def _check_same_columns(heads: Sequence[RawTable]) -> None:
    """Raise E315 where files have different columns, with the files that are one table each."""
    first = heads[0]
    groups: dict[tuple[str, ...], list[str]] = {}
    for head in heads:
        groups.setdefault(tuple(sorted(head.names)), []).append(head.path)
    if len(groups) == 1:
        return
    other = next(head for head in heads if sorted(head.names) != sorted(first.names))
    more = [f"{name!r} is only here" for name in other.names if name not in first.names]
    less = [f"{name!r} is missing here" for name in first.names if name not in other.names]
    every = [head.path for head in heads]
    found = [(len(files), find_pattern(files, every)) for files in sorted(groups.values(), key=len)[::-1]]
    listed = [f"{count:,} by {pattern}" for count, pattern in found if pattern]
    said = f"{len(groups)} tables by their columns, as {'; '.join(listed[:3])}" if listed else ""
    instead = [f"{shlex.quote(pattern)} as DATA" for _, pattern in found[:2] if pattern]
    raise DataError(
        "E315",
        f"its {len(other.names)} columns are not the {len(first.names)} of {first.path}",
        where=other.path,
        detail=[", ".join((more + less)[:6]), *([said] if said else [])],
        fix=one_of(instead or ["a pattern that leaves this file out"]),
    )


def find_pattern(files: Sequence[str], every: Sequence[str]) -> str:
    """Return a pattern that takes these files and no others; nothing where there is no simple one."""
    start = _common_start(files)
    rests = [file[len(start) :] for file in files]
    end = _common_start([rest[::-1] for rest in rests])[::-1]
    marks = {rest.removesuffix(end) for rest in rests}
    letters = f"[{''.join(sorted(marks))}]" if all(map(str.isalnum, marks)) else ""
    for middle in ("", "*", *([letters] if letters and max(map(len, marks)) == 1 else [])):
        pattern = f"{glob.escape(start)}{middle}{glob.escape(end)}"
        if set(fnmatch.filter(every, pattern)) == set(files):
            return pattern
    return ""


def _common_start(texts: Sequence[str]) -> str:
    pairs = zip(min(texts), max(texts), strict=False)
    return "".join(one for one, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _whole_parquet(columns: str, path: str) -> str:
    return f"SELECT {columns} FROM read_parquet({quote_path(path)})"


def _parquet(parts: FileSet, connection: duckdb.DuckDBPyConnection) -> tuple[str, RawTable]:
    """Return the columns, in SQL, of all of some Parquet files, and their common schema."""
    found = parquet_dialect(f"Parquet, types from its schema; {_files(parts)}")
    schemas = [parquet_schema(connection, file) for file in parts.files]
    heads = [
        RawTable(
            path=file,
            dialect=found,
            names=schema.names,
            columns=(),
            lines=np.ones(1, dtype=np.int64),
            kinds=schema.kinds,
            index=schema.index,
            duplicated=schema.duplicated,
            warnings=schema.renamed,
        )
        for file, schema in zip(parts.files, schemas, strict=True)
    ]
    _check_same_columns(heads)
    columns = ", ".join(
        f"CAST({quote_identifier(name)} AS VARCHAR) AS c{place}"
        for place, name in enumerate(schemas[0].columns)
    )
    return columns, replace(heads[0], path=parts.path)
