"""The workers of a Dask cluster. Loaded only where `--cluster` asks for it: Dask is an extra.

Dask sends what it is given as it sees fit; what it is given here is the name of one of our functions and
plain bytes, never code.
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

from regchoose.errors import ResourceError, setting
from regchoose.version import __version__
from regchoose.workers.perform import LESS_MEMORY, WITHOUT_CLUSTER, other_version, perform
from regchoose.workers.tasks import Found, Order, Work

REACHED_S = 10.0  # to answer a first call
WORKERS_S = 30.0  # to wait for a first worker, or for another once all are lost
LOOK_S = 1.0  # between two looks at who is still there
AHEAD = 2  # pieces sent for each thread of the workers: one to do, and one to go on with


class Cluster:
    """The workers that a scheduler has, whoever they are at the time.

    Parameters
    ----------
    address : str
        Of the scheduler, such as tcp://10.0.0.1:8786.
    reached_s, workers_s : float
        Seconds to wait for it, and for a worker where there is none.

    Raises
    ------
    ResourceError
        E404 where it cannot be reached, E405 where a worker has another regchoose, E406 without workers.
    """

    is_remote = True

    def __init__(self, address: str, *, reached_s: float = REACHED_S, workers_s: float = WORKERS_S) -> None:
        self._address, self.reached_s, self.workers_s = address, reached_s, workers_s
        self._keys = count()
        logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what matters of it is said by errors
        try:
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
        """Threads of all workers."""
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
        """Wait while Dask tries to connect again."""
        until = time.monotonic() + self.reached_s
        while self._client.status != "running":
            if time.monotonic() > until:
                raise self._lost(f"the connection broke off, and did not come back in {self.reached_s:g} s")
            time.sleep(min(LOOK_S, self.reached_s))

    def _await_workers(self) -> None:
        until = time.monotonic() + self.workers_s
        while not self._threads():
            if time.monotonic() > until:
                raise self._lost(f"it has had no worker for {self.workers_s:g} s")
            time.sleep(min(LOOK_S, self.workers_s))

    def _lost(self, why: str) -> ResourceError:
        return ResourceError(
            "E406",
            f"the cluster at {self._address} cannot go on: {why}",
            detail=["blocks that were done are kept: the same command goes on from there"],
            fix=f"dask worker {self._address}   starts another worker; or " + WITHOUT_CLUSTER,
        )

    def _refuse_other_versions(self) -> None:
        """Raise E405 where a worker has no regchoose, or another."""
        # A function of the standard library: a worker without regchoose could not load one of ours.
        name = "regchoose:__version__"
        versions: dict[str, Any] = self._client.run(resolve_name, name, on_error="return")
        for worker, found in sorted(versions.items()):
            if found != __version__:
                has = "cannot import regchoose" if isinstance(found, Exception) else f"has regchoose {found}"
                raise other_version(f"the worker {worker} {has}", __version__)

    def each(
        self, work: Work[Order, Found], orders: Sequence[Order]
    ) -> Generator[tuple[int, Found], None, None]:
        """Yield place and result of each order, as they come.

        A worker that is lost takes the pieces it has with it, and they are done elsewhere.
        """
        waiting, sent = list(range(len(orders)))[::-1], dict[Future, int]()
        try:
            while waiting or sent:
                while waiting and len(sent) < AHEAD * self.size:
                    place = waiting.pop()
                    sent[self._submit(work, orders[place])] = place
                for future in self._done(sent):
                    place = sent.pop(future)
                    if future.cancelled():  # by somebody else: a scheduler that forgot, a worker that left
                        waiting.append(place)
                        continue
                    yield place, work.unpack(self._answer(future))
        finally:
            if sent:
                self._client.cancel(list(sent))

    def _submit(self, work: Work[Order, Found], order: Order) -> Future:
        key = f"regchoose-{self._client.id}-{next(self._keys)}"
        # Dask warns of bytes inside a task; a block has its rows with it, and nobody else needs them.
        with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1TB"}):
            return self._client.submit(perform, __version__, work.away, work.pack(order), key=key, pure=False)

    def _done(self, sent: dict[Future, int]) -> list[Future]:
        """Return the pieces that are done, once there are any."""
        while True:
            try:
                with self._client.as_current():
                    done = wait(list(sent), timeout=LOOK_S, return_when="FIRST_COMPLETED").done
            except TimeoutError:
                self._await_workers()
                continue
            except CancelledError:  # some of them, by somebody else
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

    def everywhere(self, away: str, data: bytes = b"") -> dict[str, bytes]:
        """Ask each worker something: its address → what it answers."""
        found: dict[str, bytes] = self._client.run(perform, __version__, away, data)
        return dict(sorted(found.items()))


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
