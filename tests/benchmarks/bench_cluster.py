"""What a cluster can gain: blocks, bytes and seconds of a run, one worker beside two, and more on paper.

`python -m tests.benchmarks.bench_cluster`; an idle machine of at least two cores, some minutes.
"""

import heapq
import json
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import mean, median
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console
from threadpoolctl import threadpool_limits

from regchoose.report.progress import SilentDisplay
from regchoose.run.walk_chart import Run, recommend
from regchoose.settings.options import Settings
from regchoose.training.serialization import TaskResult, pack_result
from regchoose.workers.tasks import ResultT, Stop, TaskKind, TaskT
from regchoose.workers.threads import Threads
from tests.benchmarks.machine import describe, load, versions
from tests.workers.dask_cluster import DaskCluster

DATA = Path(__file__).parents[2] / "data"
OUTPUT = Path(__file__).parent / "results" / "cluster.json"
TABLES = ("diabetes.csv", "breast_cancer.csv")
SETTINGS = Settings(resources="yes", budget="10h", lr=0.003)
WORKERS = (1, 2, 4, 8, 16, 32)
WIRE = 125e6  # bytes a second: a network of 1 Gbit/s
HANDLING = 0.005  # seconds that Dask needs for a piece, about
TURNS = 3


@dataclass(frozen=True)
class Piece:
    """One block: the bytes that went and came, and the seconds of a processor that it took."""

    there: int
    back: int
    seconds: float

    @property
    def away(self) -> float:
        """Seconds that it takes a worker."""
        return self.seconds + HANDLING + (self.there + self.back) / WIRE


@dataclass(frozen=True)
class Counted:
    """Threads that note what each block would cost to send; each list of `rounds` is a batch of orders."""

    size: int = 1
    is_remote: bool = False
    rounds: list[list[Piece]] = field(default_factory=list)

    def run_all(
        self, work: TaskKind[TaskT, ResultT], orders: Sequence[TaskT]
    ) -> Generator[tuple[int, ResultT], None, None]:
        """Yield place and result of each order, and take notes."""
        notes: list[Piece] = []
        if orders:
            self.rounds.append(notes)

        def noted(order: TaskT, stop: Stop) -> ResultT:
            data, begun = work.pack(order), time.thread_time()
            found = work.run_here(order, stop)
            took = time.thread_time() - begun
            assert isinstance(found, TaskResult)
            notes.append(Piece(len(data), len(pack_result(found)), took))
            return found

        yield from Threads(self.size).run_all(replace(work, run_here=noted), orders)

    def ask_machines(self, remote_name: str, data: bytes = b"") -> dict[str, bytes]:
        """Return nothing: there is no other machine."""
        return {}


def seconds_with(rounds: Sequence[Sequence[Piece]], workers: int) -> float:
    """Return how long so many workers take, whoever is free doing the next; each round awaits the last."""
    total = 0.0
    for pieces in rounds:
        free = [0.0] * workers
        for piece in pieces:
            heapq.heappush(free, heapq.heappop(free) + piece.away)
        total += max(free)
    return total


def on_paper(table: str) -> dict[str, Any]:
    """Run on one thread; return the blocks, what it costs to send them, and how workers would share them."""
    counted = Counted()
    with threadpool_limits(1):
        run = Run(
            str(DATA / table),
            SETTINGS,
            given=frozenset(),
            ask=lambda _: None,
            listener=SilentDisplay(),
            clock=time.monotonic,
            workers=counted,
        )
        run.result()
    pieces = [piece for pieces in counted.rounds for piece in pieces]
    alone = seconds_with(counted.rounds, 1)
    return {
        "table": table,
        "blocks": len(pieces),
        "rounds": len(counted.rounds),
        "blocks a round": median(map(len, counted.rounds)),
        "kB there": round(mean(piece.there for piece in pieces) / 1e3, 1),
        "kB back": round(mean(piece.back for piece in pieces) / 1e3, 1),
        "seconds a block": round(mean(piece.seconds for piece in pieces), 3),
        "times as fast": {n: round(alone / seconds_with(counted.rounds, n), 2) for n in WORKERS},
    }


def measured(table: str) -> dict[str, list[float]]:
    """Run in turns on one worker and on two; return the seconds of the trainings, a list each."""
    seconds: dict[str, list[float]] = {"1 worker": [], "2 workers": []}
    with (
        TemporaryDirectory() as first,
        TemporaryDirectory() as second,
        DaskCluster(Path(first), workers=1) as one,
        DaskCluster(Path(second), workers=2) as two,
    ):
        for turn in range(TURNS + 1):
            for name, cluster in zip(seconds, (one, two), strict=True):
                took = _seconds(table, cluster.address)
                if turn:  # in the first one, workers load PyTorch
                    seconds[name].append(round(took, 2))
    return seconds


def _seconds(table: str, address: str) -> float:
    settings = replace(SETTINGS, cluster=address)
    result = recommend(
        str(DATA / table),
        settings,
        given=frozenset(),
        ask=lambda _: None,
        listener=SilentDisplay(),
        clock=time.monotonic,
    )
    return float(sum(seconds for _, seconds in result.execution.arm_seconds.items()))


def main() -> None:
    """Measure, and write what was found."""
    found = {
        "machine": describe(),
        "versions": versions(),
        "on paper": [on_paper(table) for table in TABLES],
        "load before": load(),
        "measured": {table: measured(table) for table in TABLES[:1]},
        "load after": load(),
    }
    OUTPUT.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    Console().print_json(data=found)


if __name__ == "__main__":
    main()
