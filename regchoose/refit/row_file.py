"""Encoded rows in a file: written once in the order of the table, read in a shuffled order in every epoch.

Rows are read in blocks of neighbours, drawn at random, and shuffled within a pool of many blocks, so that
memory is bounded and the disk is read in long stretches. A table that fits in one pool is shuffled whole.
The order follows from the seed and the epoch alone.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from regchoose.errors import ResourceError
from regchoose.records.words import Float
from regchoose.training.row_source import Numbers, RowBatches, RowPart

BLOCK = 1024  # rows that are neighbours in the file
POOL = 2**25  # bytes that are shuffled together
CHUNK = 4096  # rows that are read at a time where their order does not matter
ROWS, HELD_OUT = "rows.bin", "held_out.bin"


@dataclass(frozen=True)
class RowFile:
    """Encoded rows in a file of a folder, with a file beside it that says which of them are held out.

    Attributes
    ----------
    n_rows, n_inputs : int
        n and d.
    precision : str
        float32 or float64.
    """

    folder: Path
    n_rows: int
    n_inputs: int
    precision: str

    @property
    def _row_bytes(self) -> int:
        return (self.n_inputs + 1) * np.dtype(self.precision).itemsize

    def _read(self, start: int, end: int) -> Numbers:
        """Read rows (n, d + 1); not by a memory map, whose pages would count as the process's memory."""
        count = (min(end, self.n_rows) - start) * (self.n_inputs + 1)
        file, offset = self.folder / ROWS, start * self._row_bytes
        return np.fromfile(file, self.precision, count, offset=offset).reshape(-1, self.n_inputs + 1)

    @cached_property
    def held_out(self) -> NDArray[np.bool_]:
        """Whether each row (n,) is held out."""
        return np.fromfile(self.folder / HELD_OUT, dtype=bool)

    @property
    def in_memory(self) -> bool:
        """Whether rows are in memory: no, they are read anew for each pass."""
        return False

    def count(self, part: RowPart) -> int:
        """Return the number of rows of a part."""
        held_out = 0 if part == "all" else int(self.held_out.sum())
        return held_out if part == "held out" else self.n_rows - held_out

    def generator(self, seed: int) -> np.random.Generator:
        """Return what draws the initial parameters."""
        return np.random.default_rng(seed)

    def shuffled(self, part: RowPart, *, seed: int, epoch: int, batch: int) -> RowBatches:
        """Yield batches of exactly `batch` rows in a random order; what is left at the end is left out.

        Yields
        ------
        x, y : ndarray (batch, d), (batch,)
        """
        rng = np.random.default_rng((seed, epoch))
        blocks = rng.permutation(-(-self.n_rows // BLOCK))
        pool_blocks = max(1, POOL // (BLOCK * self._row_bytes))
        rest = np.empty((0, self.n_inputs + 1), dtype=self.precision)
        for start in range(0, len(blocks), pool_blocks):
            drawn = blocks[start : start + pool_blocks].tolist()
            pool = np.concatenate([self._read_part(b * BLOCK, (b + 1) * BLOCK, part) for b in drawn])
            pool = np.concatenate([rest, pool[rng.permutation(len(pool))]])
            whole = len(pool) // batch * batch
            for at in range(0, whole, batch):
                yield pool[at : at + batch, :-1], pool[at : at + batch, -1]
            rest = pool[whole:]

    def _read_part(self, start: int, end: int, part: RowPart) -> Numbers:
        rows = self._read(start, end)
        return rows if part == "all" else rows[self.held_out[start:end] == (part == "held out")]

    def in_order(self, part: RowPart) -> RowBatches:
        """Yield rows in the order of the table."""
        for start in range(0, self.n_rows, CHUNK):
            rows = self._read_part(start, start + CHUNK, part)
            if len(rows):
                yield rows[:, :-1], rows[:, -1]


class RowFileWriter:
    """Writes the rows of a `RowFile`, batch by batch."""

    def __init__(self, folder: Path, *, precision: str) -> None:
        self._precision = precision
        self._rows, self._held_out = (folder / ROWS).open("wb"), (folder / HELD_OUT).open("wb")
        self.n_rows = 0

    def add(self, x: Float, y: Float, held_out: NDArray[np.bool_]) -> None:
        """Append rows: inputs (n, d), targets (n,), and whether each is held out (n,)."""
        np.column_stack([x, y]).astype(self._precision).tofile(self._rows)
        held_out.astype(bool).tofile(self._held_out)
        self.n_rows += len(y)

    def close(self) -> None:
        """Close the files."""
        self._rows.close()
        self._held_out.close()


def refuse_too_large(folder: Path, *, n_rows: int, n_inputs: int, precision: str, free: int) -> None:
    """Raise E402 if the encoded rows would not fit on the disk, of which so many bytes are `free`."""
    needs = n_rows * ((n_inputs + 1) * np.dtype(precision).itemsize + 1)
    if needs > free:
        raise ResourceError(
            "E402",
            f"the encoded rows take {needs:,} bytes while a model is trained, and {free:,} are free",
            where=str(folder),
            fix="-o with another place",
        )
