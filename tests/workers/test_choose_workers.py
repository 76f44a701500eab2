"""Who trains, if nobody says."""

import sys
from collections.abc import Sequence

import pytest

from regchoose.machine import GIB
from regchoose.settings.options import Settings
from regchoose.workers import choose_workers
from regchoose.workers.choose_workers import MOST_PROCESSES, start_workers
from regchoose.workers.processes import Processes
from regchoose.workers.threads import Threads


def workers_of(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, *, cores: int, memory: int | None, card: bool = False
) -> tuple[type, int]:
    """Return what is started on such a machine, and how many trainings it runs side by side."""
    monkeypatch.setattr(choose_workers, "cores", lambda: cores)
    monkeypatch.setattr(choose_workers, "memory", lambda: memory)
    monkeypatch.setattr(choose_workers, "has_nvidia_driver", lambda: card)
    with start_workers(settings) as workers:
        return type(workers), workers.size


@pytest.mark.parametrize(("cores", "memory", "size"), [(2, 24 * GIB, 2), (4, 3 * GIB, 3), (3, 99 * GIB, 3)])
def test_processes_share_the_cores_and_the_memory(
    cores: int, memory: int, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert workers_of(Settings(), monkeypatch, cores=cores, memory=memory) == (Processes, size)


def test_a_large_machine_starts_no_crowd(monkeypatch: pytest.MonkeyPatch) -> None:
    started = list[int]()

    class Counted(Processes):
        def __init__(self, count: int, modules: Sequence[str], *, work_here: bool) -> None:
            started.append(count + work_here)
            super().__init__(0, work_here=True)

    monkeypatch.setattr(choose_workers, "Processes", Counted)
    workers_of(Settings(), monkeypatch, cores=128, memory=999 * GIB)
    workers_of(Settings(jobs=128), monkeypatch, cores=128, memory=999 * GIB)
    assert started == [MOST_PROCESSES, 128]


@pytest.mark.parametrize(
    ("settings", "machine"),
    [
        (Settings(), {"cores": 1}),
        (Settings(), {"cores": 4, "memory": GIB}),
        (Settings(), {"cores": 4, "memory": None}),
        (Settings(), {"cores": 4, "card": True}),
        (Settings(network="net.py:Net"), {"cores": 4}),
        (Settings(resources="no"), {"cores": 4}),
        (Settings(jobs=1), {"cores": 4}),
    ],
    ids=["one core", "little memory", "unknown memory", "a card", "own network", "no training", "one job"],
)
def test_threads_do_where_processes_cannot(
    settings: Settings, machine: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    kind, _ = workers_of(settings, monkeypatch, **({"memory": 24 * GIB} | machine))  # type: ignore[arg-type]
    assert kind is Threads


def test_a_card_that_is_not_asked_for_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    found = workers_of(Settings(device="cpu"), monkeypatch, cores=2, memory=24 * GIB, card=True)
    assert found == (Processes, 2)


def test_threads_do_where_no_process_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "")
    assert workers_of(Settings(), monkeypatch, cores=2, memory=24 * GIB)[0] is Threads
    assert workers_of(Settings(jobs=2), monkeypatch, cores=2, memory=24 * GIB) == (Threads, 2)
