"""Random tables: columns of all kinds, written in all ways, some of them damaged. A seed tells which."""

import csv
import gzip
import io
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import duckdb
import numpy as np
import pandas as pd

from tests.durability.cells import FEATURES, HOSTILE, TARGETS, UNSOUND_TARGETS, USUAL, Maker, with_gaps

SMALL_CLASSES = ("imbalanced", "rare class", "hostile classes")
ENDS = ("\n", "\n", "\n", "\r\n", "\r")
ENCODINGS = ("utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16")


@dataclass(frozen=True)
class Sheet:
    """A table as a file.

    Parameters
    ----------
    kind : str
        Its target, and the damage if there is any: what is counted.
    sound : bool
        Whether nothing is wrong with it that was meant to be.
    names : tuple of str
        Its columns, the target last.
    """

    kind: str
    name: str
    content: bytes
    names: tuple[str, ...]
    sound: bool


def make_sheet(rng: np.random.Generator) -> Sheet:
    """Draw a table; one in six has something wrong."""
    wrong, n = rng.random(), _rows(rng)
    makers = UNSOUND_TARGETS if wrong < 0.06 else TARGETS
    kind = list(makers)[int(rng.integers(len(makers)))]
    kinds = [_kind(rng) for _ in range(_width(rng))]
    columns = [_cells(rng, FEATURES[name], n) for name in kinds]
    columns.append(makers[kind](rng, n))
    rows = [list(row) for row in zip(*columns, strict=True)]
    if rng.random() < 0.1:
        rows = [rows[place] for place in rng.integers(0, max(1, n), n)] if n else rows
    names = _names(rng, len(columns))
    name, content = _file(rng, names, rows)
    sound = wrong >= 0.06 and n >= 20 and "mixed" not in kinds and kind not in SMALL_CLASSES
    if wrong > 0.9:
        damage = list(DAMAGES)[int(rng.integers(len(DAMAGES)))]
        return Sheet(f"{kind}, {damage}", name, DAMAGES[damage](rng, content), names, sound=False)
    return Sheet(kind, name, content, names, sound)


def _rows(rng: np.random.Generator) -> int:
    size = rng.random()
    low, high = (0, 20) if size < 0.06 else (20, 80) if size < 0.75 else (80, 500)
    return int(rng.integers(low, high))


def _width(rng: np.random.Generator) -> int:
    size = rng.random()
    return int(rng.integers(40, 100)) if size < 0.03 else int(rng.integers(0 if size < 0.05 else 1, 9))


def _kind(rng: np.random.Generator) -> str:
    kinds = USUAL if rng.random() < 0.8 else tuple(FEATURES)
    return kinds[int(rng.integers(len(kinds)))]


def _cells(rng: np.random.Generator, make: Maker, n: int) -> list[str]:
    cells = make(rng, n)
    return with_gaps(rng, cells) if rng.random() < 0.15 else cells


def _names(rng: np.random.Generator, width: int) -> tuple[str, ...]:
    names = [f"x{place}" for place in range(width - 1)] + ["y"]
    manner = rng.random()
    if manner < 0.1:
        names = [HOSTILE[int(rng.integers(len(HOSTILE)))] if rng.random() < 0.5 else name for name in names]
    elif manner < 0.15:
        names = ["" if rng.random() < 0.3 else names[0] if rng.random() < 0.3 else name for name in names]
    return tuple(names)


def _file(rng: np.random.Generator, names: tuple[str, ...], rows: list[list[str]]) -> tuple[str, bytes]:
    packing = rng.random()
    if packing < 0.03 and len(set(names)) == len(names) and "" not in names and rows:
        return "table.parquet", _parquet(names, rows)
    delimiter = ",;\t|"[int(rng.choice(4, p=(0.7, 0.14, 0.1, 0.06)))]
    out = io.StringIO()
    end = ENDS[int(rng.integers(len(ENDS)))]
    bare = any(mark in cell for row in [names, *rows] for cell in row for mark in "\r\n")
    quoting: Literal[0, 1] = csv.QUOTE_ALL if bare or rng.random() < 0.15 else csv.QUOTE_MINIMAL
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=quoting)
    writer.writerows([] if rng.random() < 0.05 else [names])
    writer.writerows(rows)
    text = out.getvalue()
    if delimiter == ";" and rng.random() < 0.5:
        text = text.replace(".", ",")
    content = text.encode(ENCODINGS[int(rng.integers(len(ENCODINGS)))], errors="replace")
    ending = "tsv" if delimiter == "\t" else "csv"
    return (f"table.{ending}.gz", gzip.compress(content)) if packing > 0.95 else (f"table.{ending}", content)


def _parquet(names: tuple[str, ...], rows: list[list[str]]) -> bytes:
    """Write the texts as Parquet."""
    frame = pd.DataFrame(rows, columns=list(names))
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        path = Path(folder, "table.parquet")
        connection.from_df(frame).write_parquet(str(path))
        return path.read_bytes()


# ---- damage ----------------------------------------------------------------------------------------


def _put(content: bytes, rng: np.random.Generator, what: bytes, *, instead: int = 0) -> bytes:
    place = int(rng.integers(len(content) + 1))
    return content[:place] + what + content[place + instead :]


DAMAGES: dict[str, Callable[[np.random.Generator, bytes], bytes]] = {
    "empty": lambda _, __: b"",
    "blank": lambda _, __: b" \n\n \n",
    "cut": lambda rng, content: content[: int(rng.integers(len(content) + 1))],
    "header only": lambda _, content: content.splitlines(keepends=True)[0] if content else b"",
    "a further field": lambda rng, content: _put(content, rng, b",9"),
    "a NUL": lambda rng, content: _put(content, rng, b"\0"),
    "a quote": lambda rng, content: _put(content, rng, b'"'),
    "another byte": lambda rng, content: _put(content, rng, rng.bytes(1), instead=1),
    "Latin-1": lambda rng, content: _put(content, rng, "é".encode("latin-1")),
    "noise": lambda rng, _: rng.bytes(300),
    "a spreadsheet": lambda rng, _: b"PK\x03\x04" + rng.bytes(200),
    "a damaged gzip": lambda rng, content: gzip.compress(content)[:-9],
    "a total": lambda _, content: content + b"Total,99\n",
    "a title": lambda _, content: b"Report of 2020\n" + content,
    "twice": lambda _, content: content * 2,
}
