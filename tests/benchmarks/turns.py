"""Timing by turns: A B C, A B C, …, so that a busy minute of the machine meets all alike."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

from tests.benchmarks.machine import load, matmul_rate

PRODUCTS = 20  # of torch.mm a round


@dataclass(frozen=True)
class Turns:
    """Seconds of each job's rounds, its last result, and the median rate of torch.mm (FLOP a second)."""

    seconds: Mapping[str, tuple[float, ...]]
    results: Mapping[str, Any]
    matmul_rate: float
    load_before: float

    def median(self, name: str) -> float:
        """Return the median seconds of a job."""
        return median(self.seconds[name])


def by_turns(jobs: Mapping[str, Callable[[], Any]], *, rounds: int) -> Turns:
    """Time every job in every round, and torch.mm at the end of each."""
    before = load()
    seconds: dict[str, tuple[float, ...]] = dict.fromkeys(jobs, ())
    results, rates = {}, []
    for _ in range(rounds):
        for name, job in jobs.items():
            start = time.perf_counter()
            results[name] = job()
            seconds[name] += (time.perf_counter() - start,)
        rates.append(matmul_rate(PRODUCTS))
    return Turns(seconds, results, median(rates), before)
