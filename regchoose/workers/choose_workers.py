"""Starts the workers that the settings ask for."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib import import_module

from regchoose.errors import UsageError, setting
from regchoose.settings.options import Settings
from regchoose.workers.processes import Processes
from regchoose.workers.tasks import Workers
from regchoose.workers.threads import use_threads


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
    elif settings.jobs > 1 and settings.resources != "no":
        with Processes(settings.jobs) as processes:
            yield processes
    else:
        yield use_threads(settings.jobs)


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
