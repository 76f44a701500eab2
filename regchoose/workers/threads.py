"""Threads of this process."""

import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass

from regchoose.machine import cores
from regchoose.workers.tasks import ResultT, TaskKind, TaskT

THREAD_PREFIX = "block"  # what a user's network prints in threads of this name is not shown


@dataclass(frozen=True)
class Threads:
    """Threads, started anew for each batch of tasks."""

    size: int
    is_remote: bool = False

    def run_all(
        self, kind: TaskKind[TaskT, ResultT], tasks: Sequence[TaskT]
    ) -> Generator[tuple[int, ResultT], None, None]:
        """Yield the index and result of each task as it is done."""
        stopping = threading.Event()

        def run(task: TaskT) -> ResultT:
            return kind.run_here(task, stopping.is_set)

        return run_in_threads(
            run, tasks, pool=ThreadPoolExecutor(self.size, THREAD_PREFIX), stop=stopping.set
        )

    def ask_machines(self, remote_name: str, data: bytes = b"") -> dict[str, bytes]:
        """Return nothing: there are no other machines."""
        return {}


def use_threads(jobs: int = 0) -> Threads:
    """Return as many threads as asked for; 0 is one for each core that this process may use."""
    return Threads(jobs or cores())


def run_in_threads(
    function: Callable[[TaskT], ResultT],
    tasks: Sequence[TaskT],
    *,
    pool: ThreadPoolExecutor,
    stop: Callable[[], None],
) -> Generator[tuple[int, ResultT], None, None]:
    """Yield the index and result of each task as it is done, then shut the pool down.

    After an error, or once the generator is closed, `stop` is called if some tasks are still under way; it
    should make them return soon, as the pool waits for them.
    """
    with pool:
        futures = {pool.submit(function, task): index for index, task in enumerate(tasks)}
        try:
            for future in as_completed(futures):
                yield futures[future], future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            if not all(future.done() for future in futures):
                stop()
