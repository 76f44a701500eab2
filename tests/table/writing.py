"""Files for the tests of reading, and people who answer or do not."""

from pathlib import Path

import numpy as np

from regchoose.errors import RegchooseError
from regchoose.records.answers import Prompt
from regchoose.settings.options import Settings
from regchoose.table.file_set import classify
from regchoose.table.load import load, read_held
from regchoose.table.raw_table import RawTable


def nobody(prompt: Prompt) -> None:
    """Where no prompt is possible."""


def write(folder: Path, content: str | bytes, name: str = "data.csv") -> str:
    """Write a file as it stands, without translating line ends."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


def text_of(path: str, settings: Settings | None = None) -> list[list[str]]:
    """Read a file; return its rows of text, the header first where there is one."""
    raw = read_held(classify(path), settings or Settings(), choose=nobody)
    assert isinstance(raw, RawTable)
    rows = [list(row) for row in zip(*(column.tolist() for column in raw.texts), strict=True)]
    return [list(raw.names), *rows] if raw.dialect.header else rows


def error_of(path: str, settings: Settings | None = None) -> RegchooseError:
    """Load a file that must be refused, and return the error."""
    try:
        load(path, settings or Settings(), choose=nobody)
    except RegchooseError as error:
        return error
    raise AssertionError("loaded without an error")


def numbers(n_rows: int = 40, *, seed: int = 0) -> list[list[str]]:
    """Return a table as text: x and z decimal numbers, y in two classes."""
    draw = np.random.default_rng(seed)
    rows = [[f"{x:.4f}", f"{z:.3f}", str(i % 2)] for i, (x, z) in enumerate(draw.normal(size=(n_rows, 2)))]
    return [["x", "z", "y"], *rows]


def csv_of(rows: list[list[str]], delimiter: str = ",", end: str = "\n") -> str:
    """Join cells that need no quotes."""
    return "".join(delimiter.join(row) + end for row in rows)
