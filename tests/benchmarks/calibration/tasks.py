"""The tasks of the study: which rows an experiment sees, and which say what is true."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Protocol

import numpy as np

from regchoose.records.table import Table
from regchoose.records.words import Int
from tests.benchmarks.calibration.laws import Law, law
from tests.benchmarks.calibration.real_tables import RealTable, draw_rows
from tests.benchmarks.tables import Sheet, as_table

FRESH = 20_000  # rows of a synthetic task that judge


@dataclass(frozen=True)
class Sample:
    """Rows of a table: those that the experiment sees, and others that judge."""

    table: Table
    drawn: Int
    judged: Int


class StudyTask(Protocol):
    """A task: what tells it from others, and its rows."""

    @property
    def key(self) -> tuple[str, int, int, str]:
        """Table, rows, draw and network."""

    @property
    def is_synthetic(self) -> bool:
        """Whether the rows are drawn from a law."""

    @property
    def slowness(self) -> tuple[int, ...]:
        """Sort by this, so that a study that is broken off has the quick tasks of all tables."""

    def sample(self) -> Sample:
        """Return the task's rows."""


@dataclass(frozen=True)
class RealTask:
    """Some rows of a real table, drawn at random; `draw` tells several such samples apart."""

    source: RealTable
    n: int
    draw: int
    network: str
    is_synthetic = False

    @property
    def key(self) -> tuple[str, int, int, str]:
        """Table, rows, draw and network."""
        return self.source.data, self.n, self.draw, self.network

    @property
    def slowness(self) -> tuple[int, ...]:
        """Small samples first, all tables at each draw."""
        return self.n, self.draw

    def sample(self) -> Sample:
        """Return the rows drawn, and those that judge."""
        table = _load(self.source)
        rows = draw_rows(table, self.source.data, n=self.n, draw=self.draw)
        assert rows is not None, f"{self.source.data} has no task of {self.n} rows"
        return Sample(table, *rows)


@dataclass(frozen=True)
class SyntheticTask:
    """Rows of a law, and fresh ones."""

    law: Law
    fresh: int = FRESH
    is_synthetic = True

    @property
    def key(self) -> tuple[str, int, int, str]:
        """Table, rows, draw and network."""
        return f"synthetic {self.law.number}", self.law.n, 0, "mlp" if self.law.network else "linear"

    @property
    def slowness(self) -> tuple[int, ...]:
        """Wide linear models take minutes, and so come last."""
        return max(self.law.n, 20 * self.law.width), 0

    def sample(self) -> Sample:
        """Return the rows that are seen, and as many fresh ones as judge."""
        own = self.law
        x, score = own.rows(own.n, seed=0)
        fresh_x, fresh_score = own.rows(self.fresh, seed=10_000)
        x, y = (
            np.vstack([x, fresh_x]),
            np.concatenate([own.targets(score, seed=0), own.targets(fresh_score, seed=10_000)]),
        )
        table = as_table(Sheet(own.task, x, y, x[:0], y[:0]))
        if own.task == "multiclass":
            table = replace(table, classes=tuple("012"))
        rows = np.arange(len(y))
        return Sample(table, rows[: own.n], rows[own.n :])


def real_tasks(
    tables: Sequence[RealTable], *, rows: Sequence[int], draws: int, networks: Sequence[str]
) -> Iterator[RealTask]:
    """Yield the tasks of real tables, as far as these have the rows for them."""
    for source in tables:
        table = _load(source)
        for n in rows:
            for draw in range(draws):
                if draw_rows(table, source.data, n=n, draw=draw) is not None:
                    yield from (RealTask(source, n, draw, network) for network in networks)


def synthetic_tasks(
    count: int, *, networks: Sequence[str], most_rows: int, fresh: int = FRESH
) -> Iterator[SyntheticTask]:
    """Yield the first `count` synthetic tasks, those of other networks left out."""
    for own in map(law, range(count)):
        if ("mlp" if own.network else "linear") in networks:
            small = replace(own, n=min(own.n, most_rows), d=min(own.d, max(1, most_rows // 4)))
            yield SyntheticTask(small, fresh)


@cache
def _load(source: RealTable) -> Table:
    """Read a table once in each process."""
    return source.load()
