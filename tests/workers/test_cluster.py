"""A real scheduler and real workers on loopback: the same bytes, whoever is lost on the way.

Dask is an extra: without it these tests are skipped, saying so.
"""

import json
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("distributed", reason="Dask is not installed: pip install 'regchoose[dask]'")

from regchoose import __version__
from regchoose.cli.app import main
from regchoose.errors import ResourceError, UsageError
from regchoose.records.words import Task
from regchoose.settings import options
from regchoose.settings.options import Settings
from regchoose.table.large import held_rows
from regchoose.table.large.distributed_scan import sample_by_workers
from regchoose.training.networks import choose
from regchoose.training.networks.choose import choose_network
from regchoose.training.networks.network_check import CheckReport
from regchoose.training.schedule import Schedule
from regchoose.training.train import train
from regchoose.workers import choose_workers, cluster
from regchoose.workers.choose_workers import start_workers
from regchoose.workers.cluster import Cluster
from regchoose.workers.wire_format import unpack
from regchoose.workers.worker_main import perform
from tests.table.large.test_stream import csv, lines
from tests.training.problems import arrays_of, training
from tests.workers.dask_cluster import DaskCluster
from tests.workers.runs import PENALTIES, cells, trained
from tests.workers.test_processes import NETWORK

pytestmark = pytest.mark.slow

DATA = str(Path(__file__).parents[2] / "data" / "diabetes.csv")
SMALL = ["--strengths", "3", "--alphas", "0.5", "--repeats", "2", "--epochs", "5", "--steps", "20"]
SMALL += ["--hidden", "16", "--lr", "0.02", "--budget", "1h", "--no-input", "--json"]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    """A scheduler with two workers, all of them processes."""
    with DaskCluster(tmp_path_factory.mktemp("dask"), workers=2) as found:
        yield found


@pytest.fixture(scope="module")
def two(pair: DaskCluster) -> Iterator[Cluster]:
    with Cluster(pair.address) as workers:
        await_workers(workers, 2)
        yield workers


def await_workers(workers: Cluster, count: int) -> None:
    until = time.monotonic() + 60
    while workers.size < count:
        assert time.monotonic() < until, "the workers have not started"
        time.sleep(0.05)


# ---- trainings -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("task", "hidden"), [("regression", (6,)), ("multiclass", (6,)), ("binary", None)], ids=str
)
def test_workers_come_to_the_bytes_of_threads(
    two: Cluster, task: Task, hidden: tuple[int, ...] | None
) -> None:
    plan = training(task, hidden=hidden)
    assert arrays_of(trained(two, plan)) == arrays_of(trained(None, plan))


def test_a_block_of_many_bytes_is_sent_without_a_warning(two: Cluster) -> None:
    (small,) = cells("regression", 1)
    large = replace(small, x=np.tile(small.x, (6_000, 1)), y=np.tile(small.y, 6_000))
    assert large.x.nbytes > 11e6
    plan = replace(training("regression"), schedule=Schedule(1, 100_000, 0.01, np.array([1])))
    here, there = (train(one, [large], PENALTIES) for one in (plan, replace(plan, workers=two)))
    assert arrays_of(there) == arrays_of(here)


def test_a_users_network_is_sent_as_its_source(
    two: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And where the file beside it changes, the new one is used, though the workers are the same."""
    monkeypatch.setattr(choose, "check_network", lambda request: CheckReport(batched=True))
    for width in (5, 6):
        folder = tmp_path / str(width)
        folder.mkdir()
        monkeypatch.delitem(sys.modules, "width_of_net", raising=False)
        (folder / "width_of_net.py").write_text(f"WIDTH = {width}\n")
        (folder / "net.py").write_text(NETWORK)
        settings = Settings(network=f"{folder / 'net.py'}:Net")
        network = choose_network(settings, input_names=list("abcd"), task="regression", n_classes=0)
        plan = replace(training("regression", epochs=3), network=network)
        here = arrays_of(trained(None, plan))
        for file in ("net.py", "width_of_net.py"):  # another machine has no such files
            (folder / file).unlink()
        assert arrays_of(trained(two, plan)) == here


def test_a_worker_that_is_killed_costs_its_blocks(tmp_path: Path) -> None:
    """Killed when the first block is done; each worker has another in hand then, and one waiting."""
    data, told = cells("regression", 8), list[int]()
    with DaskCluster(tmp_path, workers=2) as own, Cluster(own.address) as workers:
        await_workers(workers, 2)
        plan = replace(training("regression", epochs=60), workers=workers)

        def killing(done: int) -> None:
            told.append(done)
            if len(told) == 1:
                os.kill(own.workers[0].pid, signal.SIGKILL)

        found = train(plan, data, PENALTIES, advanced=killing)
        assert workers.size == 1
    assert told == [3 * count for count in range(1, 9)], "each block is told once"
    assert arrays_of(found) == arrays_of(train(training("regression", epochs=60), data, PENALTIES))


@pytest.mark.parametrize("lost", ["workers", "scheduler"])
def test_where_all_are_lost_it_is_said(lost: str, tmp_path: Path) -> None:
    data = cells("regression", 6)
    with DaskCluster(tmp_path, workers=1) as own, Cluster(own.address) as workers:
        workers.workers_s = workers.reached_s = 1.0
        plan = replace(training("regression", epochs=60), workers=workers)

        def killing(done: int) -> None:
            for process in own.workers if lost == "workers" else [own.scheduler]:
                process.kill()

        with pytest.raises(ResourceError) as caught:
            train(plan, data, PENALTIES, advanced=killing)
    assert caught.value.code == "E406"
    assert own.address in caught.value.message
    assert ("no worker for 1 s" if lost == "workers" else "connection") in caught.value.message


# ---- errors of the start -------------------------------------------------------------------------


def test_an_address_where_nobody_answers_is_an_error() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(ResourceError) as caught:
        Cluster(address, reached_s=0.5)
    assert caught.value.code == "E404"
    assert f"{address} within 0.5 s" in caught.value.message


@pytest.mark.parametrize("address", ["nonsense", "http://127.0.0.1:1", "tcp://"])
def test_what_is_no_address_is_an_error(address: str) -> None:
    with pytest.raises(ResourceError) as caught:
        Cluster(address, reached_s=0.5)
    assert caught.value.code == "E404"


def test_a_scheduler_without_workers_is_an_error(tmp_path: Path) -> None:
    with DaskCluster(tmp_path, workers=0) as own, pytest.raises(ResourceError) as caught:
        Cluster(own.address, workers_s=0.5)
    assert caught.value.code == "E406"
    assert "no worker for 0.5 s" in caught.value.message
    assert f"dask worker {own.address}" in caught.value.fix


def test_a_worker_without_regchoose_is_named(tmp_path: Path) -> None:
    with DaskCluster(tmp_path, workers=0) as own:
        own.workers.append(own.worker(before="import sys; sys.modules['regchoose'] = None"))
        with pytest.raises(ResourceError, match="cannot import regchoose") as caught:
            Cluster(own.address)
    assert caught.value.code == "E405"
    assert "the worker tcp://127.0.0.1:" in caught.value.message


def test_a_worker_with_another_release_is_named(pair: DaskCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "__version__", "9.9.9")
    with pytest.raises(
        ResourceError, match=f"has regchoose {__version__}, and regchoose 9.9.9 asks"
    ) as caught:
        Cluster(pair.address)
    assert caught.value.code == "E405"
    assert "regchoose==9.9.9" in caught.value.fix


def test_a_worker_that_joins_later_compares_too() -> None:
    with pytest.raises(ResourceError, match=r"regchoose 9\.9\.9 asks"):
        unpack(perform("9.9.9", "regchoose.training.device:about", b""))


def test_without_dask_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError("No module named 'distributed'", name="distributed")

    monkeypatch.setattr(choose_workers, "import_module", missing)
    with pytest.raises(UsageError) as caught, start_workers(Settings(cluster="tcp://127.0.0.1:1")):
        pass
    assert caught.value.code == "E202"
    assert "regchoose[dask]" in caught.value.fix


def test_a_cluster_and_processes_exclude_one_another() -> None:
    with (
        pytest.raises(UsageError, match="--jobs"),
        start_workers(Settings(cluster="tcp://127.0.0.1:1", jobs=2)),
    ):
        pass


# ---- a whole run -----------------------------------------------------------------------------------


def answered(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    """Return what a run says but for the seconds."""
    assert main(["recommend", *arguments, *SMALL]) == 0
    document = json.loads(capsys.readouterr().out)
    return {name: value for name, value in document.items() if name not in ("seconds", "execution")}


def test_a_run_on_a_cluster_is_the_run_here(
    pair: DaskCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Many files, shared out; and all trainings of all arms."""
    monkeypatch.setattr(held_rows, "LEAST", 400)
    monkeypatch.setattr(held_rows, "TIMES", 1)
    monkeypatch.setattr(options, "FIRST_ROWS", 100)
    for place in range(3):
        (tmp_path / f"{place}.csv").write_text(csv(lines(1_500, seed=place)))
    arguments = [str(tmp_path / "*.csv"), "--rows", "120"]
    here = answered(arguments, capsys)
    shared = list[int]()

    def noted(*given: Any, **further: Any) -> Any:
        shared.append(len(given[1]))
        return sample_by_workers(*given, **further)

    monkeypatch.setattr(held_rows, "sample_by_workers", noted)
    assert answered([*arguments, "--cluster", pair.address], capsys) == here
    assert shared == [3]


def test_a_run_by_processes_is_the_run_here(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [DATA, "--rows", "100", "--network", "linear"]
    here = answered([*arguments, "--jobs", "1"], capsys)
    there = answered([*arguments, "--jobs", "2"], capsys)
    assert there == here
