"""Everything that writes rows: a table as CSV or Parquet, images as .npz, predictions batch by batch."""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Literal, Self

import duckdb
import numpy as np
import pandas as pd

from regchoose.errors import DataError, ResourceError, UsageError, setting
from regchoose.records.table import Table
from regchoose.records.words import Float, Int
from regchoose.table.cell_values import GROUPED, INTEGER, LEADING_ZERO, MISSING, PLAIN
from regchoose.table.large.duckdb_session import (
    MEMORY,
    OFFLINE,
    connect_in_memory,
    quote_identifier,
    quote_text,
)
from regchoose.table.large.stream import Stream
from regchoose.table.raw_table import RawTable

Form = Literal["csv", "parquet", "npz"]
LARGE_INTEGER = "[+-]?[0-9]{16,}"  # as a number it might lose digits, so it stays text
FORMULA = "^[=+@\\t\\r-]"  # what makes a spreadsheet run a cell (OWASP, CSV injection)


def output_form(path: str) -> Form:
    """Return the form in which a file of that name is written.

    Raises
    ------
    UsageError
        E209 for another ending than .csv, .parquet and .npz.
    """
    ending = Path(path).suffix.lower()
    forms: dict[str, Form] = {".csv": "csv", ".parquet": "parquet", ".npz": "npz"}
    if ending not in forms:
        raise UsageError(
            "E209",
            f"{path!r} ends in neither .csv nor .parquet, nor .npz for images",
            fix="-o sample.csv   or, for images,   -o sample.npz",
        )
    return forms[ending]


def write_rows(target: Path, form: Form, *, raw: RawTable, rows: Int) -> int:
    """Write rows of a table that is held; return the cells that were protected.

    Parameters
    ----------
    target : Path
        Written over.
    form : str
        "csv" or "parquet".
    rows : (m,) ndarray
        Row numbers of the table.
    """
    cells = {f"c{j}": pd.Series(column.at(rows), dtype="str") for j, column in enumerate(raw.columns)}
    with connect_in_memory(threads=1) as connection:
        connection.register("rows_drawn", pd.DataFrame(cells))
        return _copy(connection, "rows_drawn", target, form, raw=raw)[1]


def write_all(target: Path, form: Form, *, stream: Stream) -> tuple[int, int]:
    """Write all rows of a large table, as they were read; return their number, and the cells protected."""
    return _copy(stream.connection, stream.relation, target, form, raw=stream.head)


def _copy(
    connection: duckdb.DuckDBPyConnection, relation: str, target: Path, form: Form, *, raw: RawTable
) -> tuple[int, int]:
    """Copy columns c0, c1, …, all text, under the names that `raw` has."""
    cells, count = [f"c{place}" for place in range(len(raw.names))], 0
    with _writing():
        if form == "csv":
            values = [_protected(cell) for cell in cells]
            risky = " + ".join(f"count_if({_is_formula(cell)})" for cell in cells)
            (count,) = connection.execute(f"SELECT {risky} FROM {relation}").fetchall()[0]
        else:
            values = _typed(connection, relation, cells, mark=raw.dialect.decimal)
        columns = ", ".join(
            f"{value} AS {quote_identifier(name)}" for value, name in zip(values, raw.names, strict=True)
        )
        copied = connection.execute(_copy_sql(f"SELECT {columns} FROM {relation}", target, form))
        (n_rows,) = copied.fetchall()[0]
    return int(n_rows), int(count)


def _copy_sql(query: str, target: Path, form: Form) -> str:
    options = "FORMAT parquet" if form == "parquet" else "FORMAT csv, HEADER true, NULL ''"
    return f"COPY ({query}) TO {quote_text(str(target))} ({options})"


@contextmanager
def _writing() -> Iterator[None]:
    """Turn what DuckDB says of an output into E402, and of what it reads into E306."""
    try:
        yield
    except duckdb.IOException as error:
        raise _unwritable(_reason(error)) from None
    except duckdb.Error as error:
        raise DataError("E306", f"the rows cannot be written: {str(error).splitlines()[0]}") from None


def _unwritable(reason: str) -> ResourceError:
    message = f"the output cannot be written: {reason}"
    return ResourceError("E402", message, fix="-o with another place, or free some space")


def _reason(error: duckdb.Error) -> str:
    """Return what the system said; DuckDB wraps it in JSON, with a file's name that is not the user's."""
    number = re.search(r'"errno":"(\d+)"', str(error))
    return os.strerror(int(number[1])) if number else str(error).splitlines()[0]


def _is_formula(cell: str) -> str:
    """Say in SQL whether a spreadsheet would run a cell: it begins like a formula, and is no number."""
    number = f"TRY_CAST(replace({cell}, ',', '.') AS DOUBLE) IS NOT NULL"
    return f"coalesce(regexp_matches({cell}, '{FORMULA}') AND NOT {number} AND {cell} <> '-', false)"


def _protected(cell: str) -> str:
    """Put an apostrophe, in SQL, before what a spreadsheet would run."""
    return f"CASE WHEN {_is_formula(cell)} THEN chr(39) || {cell} ELSE nullif({cell}, '') END"


def _typed(
    connection: duckdb.DuckDBPyConnection, relation: str, cells: Sequence[str], *, mark: str
) -> list[str]:
    """Return cells in SQL: those of a column that are all numbers, or missing, as numbers, others as text."""
    absent = ", ".join(map(quote_text, sorted(MISSING)))
    whole, number = INTEGER.pattern, f"{PLAIN[mark].pattern}|{GROUPED[mark].pattern}"
    terms = []
    for cell in cells:
        known = f"{cell} IS NOT NULL AND lower(trim({cell})) NOT IN ({absent})"
        code = f"regexp_full_match({cell}, '{LEADING_ZERO.pattern}|{LARGE_INTEGER}')"
        is_number = f"regexp_full_match({cell}, '{number}') AND NOT {code}"
        terms.append(f"coalesce(bool_and({is_number}) FILTER ({known}), false)")
        terms.append(f"coalesce(bool_and(regexp_full_match({cell}, '{whole}')) FILTER ({known}), false)")
    found = iter(connection.execute(f"SELECT {', '.join(terms)} FROM {relation}").fetchall()[0])
    return [
        _number(cell, "BIGINT" if integers else "DOUBLE", mark=mark) if numbers else f"nullif({cell}, '')"
        for cell, numbers, integers in zip(cells, found, found, strict=True)
    ]


def _number(cell: str, type_: str, *, mark: str) -> str:
    plain = f"replace(replace({cell}, '.', ''), ',', '.')" if mark == "," else f"replace({cell}, ',', '')"
    return f"TRY_CAST({plain} AS {type_})"


class PredictionWriter:
    """Takes predictions in the order of the rows.

    Parameters
    ----------
    classes : sequence of str
        That are predicted, in order of their codes; empty for numbers.
    folder : Path
        Where there is room for them: beside the file that is written.
    """

    def __init__(self, classes: Sequence[str], *, folder: Path) -> None:
        self._classes, self.rows, self._has_files = classes, 0, False
        self._folder = TemporaryDirectory(prefix=".regchoose-", dir=folder)
        self._connection = duckdb.connect(
            str(Path(self._folder.name) / "predictions.db"),
            config={**OFFLINE, "memory_limit": MEMORY, "threads": 1},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()
        self._folder.cleanup()

    def add(self, answers: Float, *, files: Sequence[str] | None = None) -> None:
        """Add rows: numbers (n, 1) in the units of the file, or probabilities (n, classes).

        Parameters
        ----------
        files : sequence of str, optional
            Which file each of the rows is; of all rows or of none.
        """
        values: dict[str, Any] = {f"p{place}": answers[:, place] for place in range(answers.shape[1])}
        if files is not None:
            self._has_files, values["file"] = True, files
        if self._classes:
            values["code"] = answers.argmax(1)
        frame = pd.DataFrame(values)
        self._connection.register("batch", frame)
        if not self.rows:
            self._connection.execute("CREATE TABLE answers AS SELECT * FROM batch LIMIT 0")
        self._connection.execute("INSERT INTO answers SELECT * FROM batch")
        self._connection.unregister("batch")
        self.rows += len(frame)

    def finish(self, target: Path, form: Form) -> int:
        """Write the file; return how many classes have a name that was protected against spreadsheets."""
        names, protected = list(self._classes), 0
        if form == "csv":
            risky = [name for name in names if re.match(FORMULA, name) and not _is_number(name)]
            protected = len(risky)
            names = [f"'{name}" if name in risky else name for name in names]
        file = _protected("file") if form == "csv" else "file"
        columns = [*([f"{file} AS file"] if self._has_files else []), *self._columns(names)]
        with _writing():
            self._connection.execute(_copy_sql(f"SELECT {', '.join(columns)} FROM answers", target, form))
        return protected

    def _columns(self, names: list[str]) -> list[str]:
        if not names:
            return ["p0 AS prediction"]
        texts = ", ".join(map(quote_text, names))
        shares = (
            f"p{place} AS {quote_identifier(f'probability of {name}')}"
            for place, name in enumerate(self._classes)
        )
        return [f"list_extract([{texts}], code + 1) AS prediction", *shares]


def _is_number(text: str) -> bool:
    try:
        return bool(np.isfinite(float(text.replace(",", "."))))
    except ValueError:
        return False


def refuse_form(form: str, table: Table) -> None:
    """Raise E209 where images are to be written as a table, or a table as images."""
    if (form == "npz") != (table.image is not None):
        raise form_error(table.path, form, images=table.image is not None)


def form_error(path: str, form: str, *, images: bool) -> UsageError:
    """Return E209 for an output that does not suit what is read."""
    what, wanted, other = ("images", "npz", "tables") if images else ("a table", "csv", "images")
    said = f"{path} holds {what}, and .{form} is for {other}"
    return UsageError("E209", said, where="-o", fix=f"-o sample.{wanted}")


def refuse_some(table: Table) -> None:
    """Raise E202 for `--rows all` where some of the images are held."""
    if table.whole is not None:
        raise UsageError(
            "E202",
            setting("rows") + f" all needs all {table.n_all:,} images, and {table.n_rows:,} are held",
            where=setting("rows"),
            fix=setting(rows=table.n_rows) | "a smaller " + setting("image_size"),
        )


def write_images(target: Path, *, table: Table, rows: Int) -> None:
    """Write images and their targets: X (n, h, w) or (n, h, w, c), y (n,).

    Whole numbers from 0 to 255 are written as bytes.

    Parameters
    ----------
    target : Path
        Written over.
    rows : (m,) ndarray
        Rows held.

    Raises
    ------
    ResourceError
        E402 where it cannot be written.
    """
    image = table.image
    assert image is not None
    values = table.features[rows]
    bytes_ = bool(((values >= 0) & (values <= 255) & (values % 1 == 0)).all())
    planes = values.astype(np.uint8 if bytes_ else np.float32)
    x = np.moveaxis(planes.reshape(-1, image.channels, image.height, image.width), 1, 3)
    own = table.target[rows]
    y = np.array(table.classes)[own.astype(np.int64)] if table.classes else own
    if table.classes and table.columns[-1].type == "integer":
        y = y.astype(np.int64)
    try:
        with target.open("wb") as file:
            np.savez_compressed(file, X=x[..., 0] if image.channels == 1 else x, y=y)
    except OSError as error:
        raise _unwritable(str(error.strerror)) from error
