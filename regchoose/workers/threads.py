"""Threads of this process."""

import os
import threading
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass

from regchoose.workers.tasks import Found, Order, Work

NAME = "block"  # how the names of the threads begin: what a user's network prints in them is not shown


@dataclass(frozen=True)
class Threads:
    """Some threads, made for each batch of orders."""

    size: int
    is_remote: bool = False

    def each(
        self, work: Work[Order, Found], orders: Sequence[Order]
    ) -> Generator[tuple[int, Found], None, None]:
        """Yield place and result of each order, as they come."""
        stopping = threading.Event()
        with ThreadPoolExecutor(self.size, NAME) as pool:
            futures = {
                pool.submit(work.here, order, stopping.is_set): place for place, order in enumerate(orders)
            }
            try:
                for future in as_completed(futures):
                    yield futures[future], future.result()
            finally:
                stopping.set()
                pool.shutdown(wait=False, cancel_futures=True)

    def everywhere(self, away: str, data: bytes = b"") -> dict[str, bytes]:
        """Return nothing: there is no other machine."""
        return {}


def threads(jobs: int = 0) -> Threads:
    """Return so many threads; 0 is one for each core that this process may use."""
    try:
        return Threads(jobs or len(os.sched_getaffinity(0)))
    except AttributeError:  # not on every system
        return Threads(os.cpu_count() or 1)
