"""Settings of all tests."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.offline.early import sitecustomize

# The suite must say the same of the same code each time, so its examples are fixed. To look for new ones:
# pytest --hypothesis-profile search. What such a search finds becomes an @example or a test of its own.
settings.register_profile("suite", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None)
settings.load_profile("suite")


@pytest.fixture(autouse=True, scope="session")
def one_core() -> Iterator[None]:
    """Run on one core, with the processes that tests start: each of several pytest workers has its own.

    On several cores each run of the tool would start further processes, which costs more than it gains here.
    """
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    cores = sorted(os.sched_getaffinity(0))
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "").removeprefix("gw") or 0)
    os.sched_setaffinity(0, {cores[number % len(cores)]})
    yield
    os.sched_setaffinity(0, cores)


@pytest.fixture(autouse=True, scope="session")
def no_journal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Leave the developer's journal alone, and let no test live on what another trained."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REGCHOOSE_CACHE_DIR", str(tmp_path_factory.mktemp("journal")))
        patch.setenv("REGCHOOSE_FRESH", "yes")
        yield


@pytest.fixture(autouse=True, scope="session")
def no_network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let nothing leave this machine, in the processes that tests start too; and say what tried to."""
    log = tmp_path_factory.mktemp("offline") / "attempts.txt"
    early = str(Path(sitecustomize.__file__).parent)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OFFLINE_LOG", str(log))
        patch.setenv("PYTHONPATH", early, prepend=os.pathsep)
        patch.setattr(sys, "path", [*sys.path, early])  # what tries a network hands it to its child
        yield
    assert not log.exists(), log.read_text(encoding="utf-8")
