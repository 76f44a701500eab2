"""The workers of a Dask cluster. Loaded only where `--cluster` asks for it: Dask is an extra.

Dask serializes what it is given as it likes. It is given the name of one of our functions and plain bytes,
never code.
"""

import logging
import time
from collections.abc import Generator, Sequence
from concurrent.futures import CancelledError
from itertools import count
from pkgutil import resolve_name
from typing import Any, Self

import dask.config
from distributed import Client, Future, KilledWorker, wait
from distributed.comm import resolve_address

from regchoose.errors import ResourceError, setting
from regchoose.version import __version__
from regchoose.workers.tasks import LESS_MEMORY, WITHOUT_CLUSTER, ResultT, TaskKind, TaskT
from regchoose.workers.worker_main import other_version, perform

CONNECT_S = 10.0  # for the scheduler to answer
WORKERS_S = 30.0  # to wait for a first worker, or for another if all are lost
POLL_S = 1.0  # between two checks of who is still there
TASKS_PER_THREAD = 2  # that are sent ahead: one to do, and one to go on with


class Cluster:
    """The workers that a scheduler has; they may come and go.

    Parameters
    ----------
    address : str
        The address of the scheduler, such as tcp://10.0.0.1:8786.
    reached_s, workers_s : float
        Seconds to wait for the scheduler, and for a worker if there is none.

    Raises
    ------
    ResourceError
        E404 if it cannot be reached, E405 if a worker has another regchoose, E406 without workers.
    """

    is_remote = True

    def __init__(self, address: str, *, reached_s: float = CONNECT_S, workers_s: float = WORKERS_S) -> None:
        self._address, self.reached_s, self.workers_s = address, reached_s, workers_s
        self._keys = count()
        logging.getLogger("distributed").setLevel(logging.CRITICAL)  # our errors say what matters
        try:
            # Checked first: a Client that failed on it may block the start of another when it is collected.
            resolve_address(address)
            self._client = Client(address, timeout=reached_s, set_as_default=False)
        except (OSError, ValueError) as error:
            raise ResourceError(
                "E404",
                f"no Dask scheduler answers at {address} within {reached_s:g} s",
                detail=[f"cause: {_first_line(error)}"],
                fix=setting("cluster")
                + " with the address that `dask scheduler` prints, such as tcp://10.0.0.1:8786",
            ) from error
        try:
            self._await_workers()
            self._refuse_other_versions()
        except BaseException:
            self._client.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close(timeout=2)

    @property
    def size(self) -> int:
        """The number of threads of all workers."""
        return max(1, sum(self._threads().values()))

    def _threads(self) -> dict[str, int]:
        """Return how many threads each worker has."""
        self._await_connection()
        try:
            found: dict[str, int] = self._client.nthreads()
        except (OSError, CancelledError, ValueError) as error:
            raise self._lost(f"the connection broke off ({_first_line(error)})") from error
        return found

    def _await_connection(self) -> None:
        """Wait while Dask reconnects."""
        until = time.monotonic() + self.reached_s
        while self._client.status != "running":
            if time.monotonic() > until:
                raise self._lost(f"the connection broke off, and did not come back in {self.reached_s:g} s")
            time.sleep(min(POLL_S, self.reached_s))

    def _await_workers(self) -> None:
        until = time.monotonic() + self.workers_s
        while not self._threads():
            if time.monotonic() > until:
                raise self._lost(f"it has had no worker for {self.workers_s:g} s")
            time.sleep(min(POLL_S, self.workers_s))

    def _lost(self, why: str) -> ResourceError:
        return ResourceError(
            "E406",
            f"the cluster at {self._address} cannot go on: {why}",
            detail=["blocks that were done are kept: the same command goes on from there"],
            fix=f"dask worker {self._address}   starts another worker; or " + WITHOUT_CLUSTER,
        )

    def _refuse_other_versions(self) -> None:
        """Raise E405 if a worker has no regchoose, or another version."""
        # A function of the standard library: a worker without regchoose could not load one of ours.
        name = "regchoose:__version__"
        versions: dict[str, Any] = self._client.run(resolve_name, name, on_error="return")
        for worker, found in sorted(versions.items()):
            if found != __version__:
                has = "cannot import regchoose" if isinstance(found, Exception) else f"has regchoose {found}"
                raise other_version(f"the worker {worker} {has}", __version__)

    def run_all(
        self, kind: TaskKind[TaskT, ResultT], tasks: Sequence[TaskT]
    ) -> Generator[tuple[int, ResultT], None, None]:
        """Yield the index and result of each task as it is done.

        The tasks of a worker that is lost are done again elsewhere.
        """
        waiting, sent = list(range(len(tasks)))[::-1], dict[Future, int]()
        try:
            while waiting or sent:
                while waiting and len(sent) < TASKS_PER_THREAD * self.size:
                    index = waiting.pop()
                    sent[self._submit(kind, tasks[index])] = index
                for future in self._done(sent):
                    index = sent.pop(future)
                    if future.cancelled():  # not by us: a scheduler that forgot it, a worker that left
                        waiting.append(index)
                        continue
                    yield index, kind.unpack(self._answer(future))
        finally:
            if sent:
                self._client.cancel(list(sent))

    def _submit(self, kind: TaskKind[TaskT, ResultT], task: TaskT) -> Future:
        key = f"regchoose-{self._client.id}-{next(self._keys)}"
        # Dask warns of bytes inside a task. A block brings its rows, which no other task needs.
        with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1TB"}):
            return self._client.submit(
                perform, __version__, kind.remote_name, kind.pack(task), key=key, pure=False
            )

    def _done(self, sent: dict[Future, int]) -> list[Future]:
        """Wait until some tasks are done, and return them."""
        while True:
            try:
                with self._client.as_current():
                    done = wait(list(sent), timeout=POLL_S, return_when="FIRST_COMPLETED").done
            except TimeoutError:
                self._await_workers()
                continue
            except CancelledError:  # some were cancelled, not by us
                return [future for future in sent if future.done()]
            return sorted(done, key=sent.__getitem__)

    def _answer(self, future: Future) -> bytes:
        try:
            answer: bytes = future.result()
        except KilledWorker as error:
            raise ResourceError(
                "E406",
                "several workers died over one piece of work",
                detail=["cause: they were killed, or memory ran out"],
                fix="workers with more memory, or " + LESS_MEMORY,
            ) from error
        except ModuleNotFoundError as error:
            raise other_version(f"a worker cannot import {error.name}", __version__) from error
        return answer

    def ask_machines(self, remote_name: str, data: bytes = b"") -> dict[str, bytes]:
        """Call a function once on each worker: its address → the answer."""
        answers: dict[str, bytes] = self._client.run(perform, __version__, remote_name, data)
        return dict(sorted(answers.items()))


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
