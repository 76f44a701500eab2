"""Worker processes on this machine: unlike threads, they do not compete for Python's lock on small blocks.

Each is a program of its own, started afresh and never forked: PyTorch's threads do not survive a fork.

Why not `concurrent.futures.ProcessPoolExecutor` with the spawn context? Tried on Python 3.11, it fails where
it matters. A spawned child imports the caller's `__main__` again, so a script without an `if __name__ ==
"__main__"` guard, or one that is read from standard input, ends with BrokenProcessPool. One killed worker
breaks the whole pool: every waiting task fails, and nothing says which one was in its hands. And a child in
the middle of a task lives on if its parent is killed. Here a child is `python -m
regchoose.workers.worker_main`, which knows nothing of the caller; only the task of a killed child is done
again; and a child ends when its pipe closes.
"""

import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Self

from regchoose.errors import ResourceError, setting
from regchoose.version import __version__
from regchoose.workers.tasks import LESS_MEMORY, ResultT, TaskKind, TaskT
from regchoose.workers.threads import THREAD_PREFIX, run_in_threads
from regchoose.workers.worker_main import READY, read_message, write_messages

ATTEMPTS = 3  # processes that may die over one task


class _Died(Exception):  # noqa: N818 - people see it as E406, if it happens again and again
    """A worker process ended before it answered; the argument says how, with its last line on stderr."""


class _WorkerProcess:
    def __init__(self, modules: Sequence[str]) -> None:
        self._stderr: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - as long-lived as the process
        try:
            self._process = subprocess.Popen(  # noqa: S603 - modules of ours
                [sys.executable, "-P", "-m", "regchoose.workers.worker_main", *modules],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._stderr,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                start_new_session=True,  # Ctrl-C reaches the parent alone, which ends its workers in order
            )
        except OSError:
            self._stderr.close()
            raise
        self.pid, self._is_ready = self._process.pid, False

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def wait_until_ready(self) -> None:
        """Return once it has imported what it needs, or has ended."""
        self._is_ready = self._is_ready or self._read() == READY

    def perform(self, name: str, data: bytes) -> bytes:
        """Have a task done.

        Raises
        ------
        _Died
            If the process ends before it answers.
        """
        assert self._process.stdin is not None
        self.wait_until_ready()
        try:
            write_messages(self._process.stdin, __version__.encode(), name.encode(), data)
        except (BrokenPipeError, ValueError):
            result = None
        else:
            result = self._read()
        if result is None:
            raise _Died(self._last_words())
        return result

    def _read(self) -> bytes | None:
        assert self._process.stdout is not None
        try:
            return read_message(self._process.stdout)
        except (OSError, ValueError):  # it was closed meanwhile, with its pipes
            return None

    def _last_words(self) -> str:
        status = self._process.wait()
        self._stderr.seek(0)
        lines = self._stderr.read().decode("utf-8", "replace").strip().splitlines()
        how = f"signal {-status}" if status < 0 else f"status {status}"
        return f"{how}: {lines[-1]}" if lines else how

    def kill(self) -> None:
        """End it at once; whoever waits for its answer gets `_Died`."""
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """End it, and close its pipes."""
        self.kill()
        for stream in (self._process.stdin, self._process.stdout, self._stderr):
            if stream is not None:
                try:
                    stream.close()
                except BrokenPipeError:  # of what was still to be written
                    continue


class Processes:
    """Worker processes, started at once: they import what tasks need while the table is read.

    Parameters
    ----------
    count : int
        Processes.
    modules : sequence of str
        What they import before they say that they are ready. One that is not has no task to wait for it.
    work_here : bool
        Whether this process does tasks as well, one at a time.
    """

    is_remote = False

    def __init__(self, count: int, modules: Sequence[str] = (), *, work_here: bool = False) -> None:
        self.size, self._modules = count + work_here, modules
        self._processes = [_WorkerProcess(modules) for _ in range(count)]
        self._idle: queue.SimpleQueue[int | None] = queue.SimpleQueue()  # None is this process
        if work_here:
            self._idle.put(None)
        for index in range(count):
            threading.Thread(target=self._await, args=(index,), daemon=True).start()

    def _await(self, index: int) -> None:
        self._processes[index].wait_until_ready()
        self._idle.put(index)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.close()

    @property
    def pids(self) -> list[int]:
        """The ids of the processes."""
        return [process.pid for process in self._processes]

    def run_all(
        self, kind: TaskKind[TaskT, ResultT], tasks: Sequence[TaskT]
    ) -> Generator[tuple[int, ResultT], None, None]:
        """Yield the index and result of each task as it is done."""
        stopping = threading.Event()

        def run(task: TaskT) -> ResultT:
            return self._run(kind, task, stopping=stopping)

        def stop() -> None:
            stopping.set()
            for process in self._processes:
                process.kill()

        return run_in_threads(run, tasks, pool=ThreadPoolExecutor(self.size, THREAD_PREFIX), stop=stop)

    def ask_machines(self, remote_name: str, data: bytes = b"") -> dict[str, bytes]:
        """Return nothing: there are no other machines."""
        return {}

    def _run(self, kind: TaskKind[TaskT, ResultT], task: TaskT, *, stopping: threading.Event) -> ResultT:
        """Have a task done, by a new process if one dies over it."""
        index, how = self._idle.get(), ""
        try:
            if index is None:
                return kind.run_here(task, stopping.is_set)
            data = kind.pack(task)
            for _ in range(ATTEMPTS):
                if stopping.is_set():
                    break
                if not self._processes[index].is_alive:
                    self._processes[index].close()
                    self._processes[index] = _WorkerProcess(self._modules)
                try:
                    return kind.unpack(self._processes[index].perform(kind.remote_name, data))
                except _Died as death:
                    how = str(death)
        finally:
            self._idle.put(index)
        raise ResourceError(
            "E406",
            f"{ATTEMPTS} processes died over one piece of work, the last with {how}",
            detail=["cause: they were killed, or memory ran out"],
            fix=setting(jobs=1) + ", or " + LESS_MEMORY,
        )
