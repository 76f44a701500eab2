"""Processes of this machine: they do not fight for Python's lock, as threads do where blocks are small.

Each is a program of its own, started afresh and never forked: PyTorch's threads do not survive a fork.
"""

import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import IO, Self

from regchoose.errors import ResourceError, setting
from regchoose.version import __version__
from regchoose.workers.perform import LESS_MEMORY
from regchoose.workers.tasks import Found, Order, Work
from regchoose.workers.worker_main import read_answer, write_order

ATTEMPTS = 3  # processes that may die over one piece


class Died(Exception):  # noqa: N818 - it is told as E406 where it happens again and again
    """A process ended in the midst of a piece of work; `args[0]` is what it left to say."""


class Child:
    """One process."""

    def __init__(self) -> None:
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the child
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "regchoose.workers.worker_main"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            start_new_session=True,  # Ctrl-C is for whoever started it, who ends it in order
        )

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    def perform(self, name: str, data: bytes) -> bytes:
        """Have a piece of work done.

        Raises
        ------
        Died
            Where the process ends before it answers.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            write_order(self._process.stdin, __version__, name, data=data)
            answer = read_answer(self._process.stdout)
        except (BrokenPipeError, ValueError):  # ValueError: it was ended meanwhile, its pipes are closed
            answer = None
        if answer is None:
            raise Died(self._last_words())
        return answer

    def _last_words(self) -> str:
        status = self._process.wait()
        self._errors.seek(0)
        lines = self._errors.read().decode("utf-8", "replace").strip().splitlines()
        how = f"signal {-status}" if status < 0 else f"status {status}"
        return f"{how}: {lines[-1]}" if lines else how

    def kill(self) -> None:
        """End it at once; whoever waits for its answer hears that it died."""
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """End it, and let go of its pipes."""
        self.kill()
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            if stream is not None:
                try:
                    stream.close()
                except BrokenPipeError:  # what was still to be written
                    continue


class Processes:
    """Some processes, started at once: they load PyTorch while the table is read."""

    is_remote = False

    def __init__(self, size: int) -> None:
        self.size = size
        self._children = [Child() for _ in range(size)]
        self._idle: queue.SimpleQueue[int] = queue.SimpleQueue()
        for place in range(size):
            self._idle.put(place)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for child in self._children:
            child.close()

    @property
    def pids(self) -> list[int]:
        """The numbers of the processes."""
        return [child.pid for child in self._children]

    def each(
        self, work: Work[Order, Found], orders: Sequence[Order]
    ) -> Generator[tuple[int, Found], None, None]:
        """Yield place and result of each order, as they come."""
        stopping = threading.Event()
        with ThreadPoolExecutor(self.size, "hand") as pool:
            futures = {
                pool.submit(self._done, work, order, stopping=stopping): place
                for place, order in enumerate(orders)
            }
            try:
                for future in as_completed(futures):
                    yield futures[future], future.result()
            finally:
                stopping.set()
                pool.shutdown(wait=False, cancel_futures=True)
                if not all(future.done() for future in futures):
                    for child in self._children:
                        child.kill()

    def everywhere(self, away: str, data: bytes = b"") -> dict[str, bytes]:
        """Return nothing: there is no other machine."""
        return {}

    def _done(self, work: Work[Order, Found], order: Order, *, stopping: threading.Event) -> Found:
        """Have one piece done, by another process where one dies over it."""
        data, last = work.pack(order), ""
        for _ in range(ATTEMPTS):
            place = self._idle.get()
            try:
                if stopping.is_set():
                    break
                if not self._children[place].alive:
                    self._children[place].close()
                    self._children[place] = Child()
                return work.unpack(self._children[place].perform(work.away, data))
            except Died as death:
                last = str(death)
            finally:
                self._idle.put(place)
        raise ResourceError(
            "E406",
            f"{ATTEMPTS} processes died over one piece of work, the last with {last}",
            detail=["cause: they were killed, or memory ran out"],
            fix=setting(jobs=1) + ", or " + LESS_MEMORY,
        )
