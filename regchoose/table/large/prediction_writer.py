"""Predictions as CSV or Parquet, gathered batch by batch: on the disk, so that memory is bounded."""

import re
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

import duckdb
import numpy as np
import pandas as pd

from regchoose.errors import ResourceError
from regchoose.records.words import Float
from regchoose.table.large.duckdb_connection import MEMORY
from regchoose.table.large.duckdb_workspace import OFFLINE
from regchoose.table.write import FORMULA, Form, identifier


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

    def finish(self, file: Path, form: Form) -> int:
        """Write the file; return how many classes have a name that was protected against spreadsheets."""
        names, protected = list(self._classes), 0
        if form == "csv":
            risky = [name for name in names if re.match(FORMULA, name) and not _is_number(name)]
            protected = len(risky)
            names = [f"'{name}" if name in risky else name for name in names]
        options = "FORMAT parquet" if form == "parquet" else "FORMAT csv, HEADER true"
        columns = self._file(form) + self._columns(names)
        quoted = str(file).replace("'", "''")
        try:
            self._connection.execute(f"COPY (SELECT {columns} FROM answers) TO '{quoted}' ({options})")
        except duckdb.IOException as error:
            raise ResourceError(
                "E402",
                f"the output cannot be written: {str(error).splitlines()[0]}",
                fix="-o with another place",
            ) from None
        return protected

    def _file(self, form: Form) -> str:
        if not self._has_files:
            return ""
        risky = f"CASE WHEN regexp_matches(file, '{FORMULA}') THEN chr(39) || file ELSE file END AS "
        return f"{risky if form == 'csv' else ''}file, "

    def _columns(self, names: list[str]) -> str:
        if not names:
            return "p0 AS prediction"
        texts = ", ".join("'" + name.replace("'", "''") + "'" for name in names)
        shares = (
            f"p{place} AS {identifier(f'probability of {name}')}" for place, name in enumerate(self._classes)
        )
        return ", ".join([f"list_extract([{texts}], code + 1) AS prediction", *shares])


def _is_number(text: str) -> bool:
    try:
        return bool(np.isfinite(float(text.replace(",", "."))))
    except ValueError:
        return False
