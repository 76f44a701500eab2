"""Processes of this machine: the same bytes as threads, whatever happens to one of them."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from regchoose.errors import ResourceError, TrainingError
from regchoose.records.table import Image
from regchoose.records.words import Task
from regchoose.settings.options import Settings
from regchoose.training.networks import choose
from regchoose.training.networks.choose import choose_network
from regchoose.training.networks.network_check import CheckReport
from regchoose.training.schedule import Schedule
from regchoose.training.train import train
from regchoose.workers.processes import ATTEMPTS, Processes
from regchoose.workers.threads import THREAD_PREFIX
from tests.training.problems import TASKS, arrays_of, training
from tests.workers.runs import PENALTIES, cells, trained

pytestmark = pytest.mark.slow

NETWORK = """
import torch
from width_of_net import WIDTH
print("imported")
MOST = 500

class Net(torch.nn.Sequential):
    def __init__(self, n_inputs, n_outputs):
        first, last = torch.nn.Linear(n_inputs, WIDTH), torch.nn.Linear(WIDTH, n_outputs)
        super().__init__(first, torch.nn.ReLU(), torch.nn.Dropout(0.2), last)

    def forward(self, x):
        if x.shape[0] > MOST:
            raise ValueError("too many rows")
        return super().forward(x)
"""


@pytest.fixture(scope="module")
def two() -> Iterator[Processes]:
    with Processes(2) as workers:
        yield workers


@pytest.mark.parametrize("hidden", [(6,), None], ids=["mlp", "linear"])
@pytest.mark.parametrize("task", TASKS)
def test_processes_come_to_the_bytes_of_threads(
    two: Processes, task: Task, hidden: tuple[int, ...] | None
) -> None:
    plan = training(task, hidden=hidden)
    assert arrays_of(trained(two, plan)) == arrays_of(trained(None, plan))


@pytest.mark.parametrize(
    ("network", "penalize"), [("cnn", ()), ("cnn", ("1.*",)), ("mlp", ("0.*",))], ids=str
)
def test_other_networks_of_ours_are_built_anew_there(
    two: Processes, network: str, penalize: tuple[str, ...]
) -> None:
    image = Image(1, 2, 2) if network == "cnn" else None
    settings = Settings(network=network, penalize=penalize, hidden=(6,))
    plan = replace(
        training("binary", epochs=2),
        network=choose_network(settings, input_names=list("abcd"), task="binary", n_classes=2, image=image),
    )
    assert arrays_of(trained(two, plan)) == arrays_of(trained(None, plan))


def test_a_process_that_is_killed_costs_its_block(two: Processes) -> None:
    """Killed when the first block is done: the others have blocks in hand then."""
    plan = replace(training("regression", epochs=150), workers=two)
    victim = two.pids[0]
    told = list[int]()

    def killing(done: int) -> None:
        told.append(done)
        if len(told) == 1:
            os.kill(victim, signal.SIGKILL)

    data = cells("regression", 6)
    found = train(plan, data, PENALTIES, advanced=killing)
    wanted = train(training("regression", epochs=150), data, PENALTIES)
    assert arrays_of(found) == arrays_of(wanted)
    assert told == [3, 6, 9, 12, 15, 18]
    assert victim not in two.pids, "another process is in its place"


def test_a_block_over_which_processes_die_again_and_again_is_an_error(two: Processes) -> None:
    over, killed = threading.Event(), list[int]()

    def reaper() -> None:
        while not over.is_set():
            for pid in two.pids:
                if pid not in killed:
                    os.kill(pid, signal.SIGKILL)
                    killed.append(pid)
            time.sleep(0.01)

    thread = threading.Thread(target=reaper)
    thread.start()
    try:
        with pytest.raises(ResourceError) as caught:
            trained(two, training("regression", epochs=50_000), count=1)
    finally:
        over.set()
        thread.join()
    assert caught.value.code == "E406"
    assert f"{ATTEMPTS} processes died" in caught.value.message
    assert "signal 9" in caught.value.message
    assert arrays_of(trained(two)) == arrays_of(trained(None)), "the workers are complete again"


def test_an_interrupt_ends_the_blocks_in_hand(two: Processes) -> None:
    """The first block is short; the others would take minutes."""

    class Stop(BaseException):
        pass

    def stop(_: int) -> None:
        raise Stop

    data = [replace(one, x=one.x[:8], y=one.y[:8]) for one in cells("regression", 5)]
    plan = replace(training("regression"), schedule=Schedule(1, 8, 0.01, np.array([1])), workers=two)
    long = [replace(one, x=np.tile(one.x, (40_000, 1)), y=np.tile(one.y, 40_000)) for one in data[1:]]
    before = time.monotonic()
    with pytest.raises(Stop):
        train(plan, [data[0], *long], PENALTIES, advanced=stop)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith(THREAD_PREFIX)]
    assert arrays_of(trained(two)) == arrays_of(trained(None))
    assert time.monotonic() - before < 60


def test_a_process_ends_with_whoever_started_it() -> None:
    workers = Processes(1)
    (pid,) = workers.pids
    workers.__exit__()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


SCRIPT = """
import signal, sys, time
from regchoose.training.device import about
from regchoose.workers.processes import Processes
from regchoose.workers.tasks import TaskKind
print("imported", flush=True)
with Processes(1) as workers:
    kind = TaskKind(None, "regchoose.training.device:about", bytes, len)
    print(dict(workers.run_all(kind, [b""]))[0] == len(about(b"")), *workers.pids, flush=True)
    sys.stdin.close() if "-" in sys.argv else time.sleep(60)
"""  # without `if __name__ == "__main__"`


def test_a_script_without_a_guard_may_be_read_from_standard_input() -> None:
    done = subprocess.run(
        [sys.executable, "-", "-"], input=SCRIPT, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["imported", "True"]


def test_a_process_ends_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SCRIPT)
    with subprocess.Popen(
        [sys.executable, tmp_path / "script.py"], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "imported\n"
        pid = int(parent.stdout.readline().split()[1])
        parent.kill()
    until = time.monotonic() + 30
    while time.monotonic() < until and _runs(pid):
        time.sleep(0.05)
    assert not _runs(pid)


def _runs(pid: int) -> bool:
    """Tell whether a process runs; one that nobody has waited for yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's network in two files; the process in which it is tried has tests of its own."""
    monkeypatch.setattr(choose, "check_network", lambda request: CheckReport(batched=True))
    monkeypatch.delitem(sys.modules, "width_of_net", raising=False)  # another test's
    (tmp_path / "width_of_net.py").write_text("WIDTH = 5\n")
    (tmp_path / "net.py").write_text(NETWORK)
    return tmp_path


def test_a_users_network_is_built_anew_there(
    two: Processes, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(network=f"{folder / 'net.py'}:Net")
    network = choose_network(settings, input_names=list("abcd"), task="regression", n_classes=0)
    plan = replace(training("regression", epochs=3), network=network)
    here = arrays_of(trained(None, plan))
    assert arrays_of(trained(two, plan)) == here
    for file in ("net.py", "width_of_net.py"):  # not there any more, as on another machine
        (folder / file).unlink()
    with Processes(1) as strangers:
        assert arrays_of(trained(strangers, plan)) == here
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize("there", [True, False], ids=["there", "sent along"])
def test_what_a_users_network_raises_there_is_told_in_its_own_lines(folder: Path, *, there: bool) -> None:
    (folder / "net.py").write_text(NETWORK.replace("500", "50"))  # more than the rows it is tried on
    settings = Settings(network=f"{folder / 'net.py'}:Net")
    network = choose_network(settings, input_names=list("abcd"), task="regression", n_classes=0)
    if not there:
        (folder / "net.py").unlink()
    plan = replace(training("regression", batch=60), network=network)
    with Processes(1) as strangers, pytest.raises(TrainingError) as caught:
        trained(strangers, plan)
    assert caught.value.code == "E511"
    assert "too many rows" in caught.value.message
    assert caught.value.where == f"{folder / 'net.py'}:14, in forward"
    assert caught.value.detail[-1] == '14: raise ValueError("too many rows")'


def test_this_process_does_its_part() -> None:
    with Processes(1, work_here=True) as workers:
        assert workers.size == 2
        for task in TASKS:
            assert arrays_of(trained(workers, training(task))) == arrays_of(trained(None, training(task)))
