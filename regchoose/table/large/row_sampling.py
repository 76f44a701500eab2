"""Which rows of a large table are held: those with the smallest hashes of (seed, row number).

The hash depends on nothing else, so neither threads nor the partition into files nor the size of chunks can
change the sample, and samples of parts can be merged: the k smallest of the whole are among the k smallest of
each part. DuckDB computes it while it reads, and NumPy here: three rounds of multiplication modulo the prime
2³¹ − 1 (Park & Miller 1988), with shifts between them that break its linearity.
"""

from dataclasses import dataclass, field

import numpy as np

from regchoose.records.words import Int
from regchoose.table.large.byte_scan import RecordBlock

PRIME = 2**31 - 1
ROUNDS = ((48_271, 16), (1_223_106_847, 13), (1_964_557_243, 15))  # factor, shift
SLACK = 1.5  # times the rows wanted that a sample gathers before it drops those with the largest hashes


def row_hash(rows: Int, *, seed: int) -> Int:
    """Return the hash (n,) of each row number: pseudo-random, uniform below 2³¹ − 1."""
    x = rows.astype(np.int64)
    for place, (factor, shift) in enumerate(ROUNDS):
        x = ((x % PRIME) * factor + _addend(seed, place)) % PRIME
        x = x ^ (x >> shift)
    return x


def row_hash_sql(relation: str, *, seed: int, before: int = 0) -> str:
    """Return a query that adds to a relation row numbers `r`, counted from `before`, and their hashes `x`."""
    query = f"SELECT row_number() OVER () - 1 + {before} AS r, * FROM {relation}"
    query = f"SELECT *, r AS x FROM ({query})"
    for place, (factor, shift) in enumerate(ROUNDS):
        query = (
            f"SELECT * REPLACE ((x % {PRIME} * {factor} + {_addend(seed, place)}) % {PRIME} AS x)"
            f" FROM ({query})"
        )
        query = f"SELECT * REPLACE (xor(x, x >> {shift}) AS x) FROM ({query})"
    return query


def _addend(seed: int, place: int) -> int:
    return int(np.random.SeedSequence((seed, place)).generate_state(1)[0]) % PRIME


def smallest_hashes(hashes: Int, rows: Int, *, count: int) -> Int:
    """Return the places of the `count` rows with the smallest hashes, in order of the rows."""
    order = np.lexsort((rows, hashes))[:count]
    return order[np.argsort(rows[order], kind="stable")]


@dataclass
class RowSample:
    """The records with the smallest hashes among those offered so far, as bytes."""

    seed: int
    wanted: int
    offered: int = 0
    bound: int = PRIME + 1  # hashes from here on are too large
    rows: Int = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    lines: Int = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    hashes: Int = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    texts: list[bytes] = field(default_factory=list)

    def offer(self, block: RecordBlock) -> None:
        """Take those records of the block whose hashes are among the smallest so far."""
        rows = np.arange(self.offered, self.offered + len(block.starts))
        self.offered += len(rows)
        hashes = row_hash(rows, seed=self.seed)
        taken = np.flatnonzero(hashes < self.bound)
        bounds = zip(block.starts[taken].tolist(), block.ends[taken].tolist(), strict=True)
        self.texts += [block.text[start:end] for start, end in bounds]
        self.rows = np.concatenate([self.rows, rows[taken]])
        self.hashes = np.concatenate([self.hashes, hashes[taken]])
        self.lines = np.concatenate([self.lines, block.lines(taken)])
        if len(self.rows) > SLACK * self.wanted > 0:
            self.bound = int(np.partition(self.hashes, self.wanted - 1)[self.wanted - 1]) + 1
            self._keep(np.flatnonzero(self.hashes < self.bound))

    def _keep(self, kept: Int) -> None:
        self.rows, self.lines, self.hashes = self.rows[kept], self.lines[kept], self.hashes[kept]
        self.texts = [self.texts[place] for place in kept.tolist()]

    def finish(self) -> None:
        """Drop all but the rows wanted."""
        self._keep(smallest_hashes(self.hashes, self.rows, count=self.wanted))
