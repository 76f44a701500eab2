"""Which rows of a large table are looked at: those with the smallest number drawn from (seed, row).

The number depends on nothing else, so threads, the partition into files and the size of chunks cannot change
the rows; the smallest k of any two parts' smallest k are those of the whole. It is computed by DuckDB while
it reads, and here by NumPy: three rounds of multiplication modulo the prime 2³¹ − 1 (Park & Miller 1988),
with shifts between them that break its linearity.
"""

from dataclasses import dataclass, field

import numpy as np

from regchoose.records.words import Int
from regchoose.table.large.byte_scan import Block

PRIME = 2**31 - 1
ROUNDS = ((48_271, 16), (1_223_106_847, 13), (1_964_557_243, 15))


SLACK = 1.5  # times the rows wanted that a harvest gathers before it lets the largest tickets go


def row_hash(rows: Int, *, seed: int) -> Int:
    """Return the number (n,) below 2³¹ − 1 of each row number, pseudo-random and even."""
    x = rows.astype(np.int64)
    for place, (factor, shift) in enumerate(ROUNDS):
        x = ((x % PRIME) * factor + _addend(seed, place)) % PRIME
        x = x ^ (x >> shift)
    return x


def row_hash_sql(relation: str, *, seed: int, before: int = 0) -> str:
    """Return a query that adds row numbers `r`, of which so many come before, and tickets to a relation."""
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


def smallest_hashes(tickets: Int, rows: Int, *, count: int) -> Int:
    """Return the places of the `count` rows with the smallest hashes, in order of the rows."""
    order = np.lexsort((rows, tickets))[:count]
    return order[np.argsort(rows[order], kind="stable")]


@dataclass
class RowSample:
    """The records with the smallest hashes among those offered so far, as bytes."""

    seed: int
    wanted: int
    offered: int = 0
    bound: int = PRIME + 1  # tickets from here on are too large
    rows: Int = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    lines: Int = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    tickets: Int = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    texts: list[bytes] = field(default_factory=list)

    def offer(self, block: Block) -> None:
        """Take those of the block's records that are among the smallest."""
        rows = np.arange(self.offered, self.offered + len(block.starts))
        self.offered += len(rows)
        tickets = row_hash(rows, seed=self.seed)
        self._lower(tickets[tickets < self.bound])
        taken = np.flatnonzero(tickets < self.bound)
        bounds = zip(block.starts[taken].tolist(), block.ends[taken].tolist(), strict=True)
        self.texts += [block.text[start:end] for start, end in bounds]
        self.rows = np.concatenate([self.rows, rows[taken]])
        self.tickets = np.concatenate([self.tickets, tickets[taken]])
        self.lines = np.concatenate([self.lines, block.lines(taken)])
        if len(self.rows) > SLACK * self.wanted:
            self._keep(np.flatnonzero(self.tickets < self.bound))

    def _lower(self, more: Int) -> None:
        """Lower the bound to where as many tickets as are wanted lie below, `more` among them."""
        tickets = np.concatenate([self.tickets, more])
        if len(tickets) > self.wanted:
            self.bound = int(np.partition(tickets, self.wanted - 1)[self.wanted - 1]) + 1

    def _keep(self, kept: Int) -> None:
        self.rows, self.lines, self.tickets = self.rows[kept], self.lines[kept], self.tickets[kept]
        self.texts = [self.texts[place] for place in kept.tolist()]

    def finish(self) -> None:
        """Let go of all but the rows wanted."""
        self._keep(smallest_hashes(self.tickets, self.rows, count=self.wanted))
