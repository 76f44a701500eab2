"""Which rows of a large table are looked at: those with the smallest number drawn from (seed, row).

The number depends on nothing else, so threads, the partition into files and the size of chunks cannot change
the rows; the smallest k of any two parts' smallest k are those of the whole. It is computed by DuckDB while
it reads, and here by NumPy: three rounds of multiplication modulo the prime 2³¹ − 1 (Park & Miller 1988),
with shifts between them that break its linearity.
"""

import numpy as np

from regchoose.records import Int

PRIME = 2**31 - 1
ROUNDS = ((48_271, 16), (1_223_106_847, 13), (1_964_557_243, 15))


def ticket(rows: Int, *, seed: int) -> Int:
    """Return the number (n,) below 2³¹ − 1 of each row number, pseudo-random and even."""
    x = rows.astype(np.int64)
    for place, (factor, shift) in enumerate(ROUNDS):
        x = ((x % PRIME) * factor + _addend(seed, place)) % PRIME
        x = x ^ (x >> shift)
    return x


def ticket_sql(relation: str, *, seed: int) -> str:
    """Return a query that adds row numbers `r`, from 0, and their tickets to a relation."""
    query = f"SELECT row_number() OVER () - 1 AS r, * FROM {relation}"
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


def smallest(tickets: Int, rows: Int, *, count: int) -> Int:
    """Return the places of the `count` rows with the smallest tickets, in order of the rows."""
    order = np.lexsort((rows, tickets))[:count]
    return order[np.argsort(rows[order], kind="stable")]
