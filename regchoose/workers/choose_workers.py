"""Starts the workers that the settings ask for."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib import import_module

from regchoose.errors import UsageError, setting
from regchoose.machine import cores, has_nvidia_driver, memory
from regchoose.records.words import NETWORKS
from regchoose.settings.options import Settings
from regchoose.workers.processes import Processes
from regchoose.workers.tasks import Workers
from regchoose.workers.threads import use_threads

TRAINING_MODULES = ("regchoose.training.serialization",)  # with PyTorch, which takes seconds
MOST_PROCESSES = 8  # unless more are asked for
BYTES_A_PROCESS = 2**30  # of the machine's memory; PyTorch alone takes a third of it


@contextmanager
def start_workers(settings: Settings) -> Iterator[Workers]:
    """Start the workers of a run: a cluster, processes of this machine, or threads of this process.

    Raises
    ------
    UsageError
        E202 if Dask is not installed, or both a cluster and processes are asked for.
    ResourceError
        E404 to E406 if the cluster cannot be reached or used.
    """
    if settings.cluster is not None:
        if settings.jobs:
            raise UsageError(
                "E202",
                setting("jobs")
                + " counts processes of this machine, and "
                + setting("cluster")
                + " names others",
                fix="leave one of them out; a cluster is as large as its workers",
            )
        with _cluster(settings.cluster) as cluster:
            yield cluster
        return
    processes = _start_processes(settings)
    if processes is None:
        yield use_threads(settings.jobs)
    else:
        with processes:
            yield processes


def _start_processes(settings: Settings) -> Processes | None:
    count = 1 if settings.resources == "no" else settings.jobs or _side_by_side(settings)
    if count == 1:
        return None
    try:
        return Processes(count - 1, TRAINING_MODULES, work_here=True)
    except OSError:  # this system starts none, or has no room for their messages; threads are only slower
        return None


def _side_by_side(settings: Settings) -> int:
    """Return how many processes train, if nobody says: 1 where threads of this one do.

    Threads wait for Python's lock between the operations of small networks. That makes two of them hardly
    faster than one; processes do not. A card, on the other hand, is one program's at a time, and a user's
    network may not be able to leave this process.
    """
    if settings.network not in NETWORKS or (settings.device != "cpu" and has_nvidia_driver()):
        return 1
    return max(1, min(cores(), MOST_PROCESSES, (memory() or 0) // BYTES_A_PROCESS))


def _cluster(address: str) -> AbstractContextManager[Workers]:
    """Import Dask, which is an extra, and connect."""
    try:
        module = import_module("regchoose.workers.cluster")
    except ModuleNotFoundError as error:
        raise UsageError(
            "E202",
            setting("cluster") + f" needs Dask, and {error.name} is not installed",
            fix="pip install 'regchoose[dask]'",
        ) from error
    cluster: AbstractContextManager[Workers] = module.Cluster(address)
    return cluster
