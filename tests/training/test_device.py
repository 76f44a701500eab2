"""Where models are trained: what is refused, what is chosen, and that a GPU agrees with the CPU."""

import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch

from regchoose import __version__
from regchoose.errors import ResourceError, UsageError
from regchoose.records.words import Task
from regchoose.training import block_size, serialization
from regchoose.training.device import CPU, Devices, choose_devices, devices_of, load_linear_algebra
from regchoose.training.halving import train_within_memory
from regchoose.training.train import train
from regchoose.workers.tasks import Workers
from regchoose.workers.wire_format import pack
from regchoose.workers.worker_main import perform
from tests.training.problems import TASKS, cell, points, training

CPU_KIND = f" {torch.backends.cpu.get_cpu_capability()}"
KINDS = ("A100", "A100", "T4")


@pytest.fixture
def no_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)


@pytest.fixture
def three_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three cards, the last of another kind."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: len(KINDS))
    monkeypatch.setattr(
        torch.cuda, "get_device_name", lambda device: KINDS[getattr(device, "index", device) or 0]
    )


@pytest.mark.parametrize(
    "name",
    [
        "",
        "gpu",
        "CPU",
        "cuda:",
        "cuda:x",
        "cuda:-1",
        "cuda:١",
        "cpu:0",
        "mps",
        " cpu",
        "cpu\n",
        "cpu,",
        "cpu,auto",
    ],
)
def test_an_unknown_name_is_refused(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        choose_devices(name)
    assert caught.value.code == "E202"
    assert "--device" in caught.value.fix


@pytest.mark.usefixtures("no_cuda")
@pytest.mark.parametrize("name", ["auto", "cpu"])
def test_without_cuda_the_cpu_is_taken(name: str) -> None:
    found = choose_devices(name)
    assert {found.of(number) for number in range(5)} == {CPU}
    assert (found.name, str(found)) == ("cpu", "cpu")


@pytest.mark.usefixtures("no_cuda")
@pytest.mark.parametrize("name", ["cuda", "cuda:0", "cuda:007", "cuda:7", "cuda:128", "cpu,cuda"])
def test_cuda_that_is_not_there_is_refused(name: str) -> None:
    with pytest.raises(ResourceError) as caught:
        choose_devices(name)
    assert caught.value.code == "E401"
    assert "0 CUDA devices" in caught.value.message
    assert "--device cpu" in caught.value.fix


@pytest.mark.usefixtures("three_cuda")
@pytest.mark.parametrize(
    ("name", "turns"),
    [
        ("auto", "cuda:0 cuda:1 cuda:0 cuda:1"),  # the third is of another kind
        ("cuda", "cuda:0 cuda:1 cuda:0 cuda:1"),
        ("cuda:2", "cuda:2 cuda:2 cuda:2 cuda:2"),
        ("cuda:01", "cuda:1 cuda:1 cuda:1 cuda:1"),
        ("cuda,cpu", "cuda:0 cpu cuda:1 cpu cuda:0"),
        ("cuda,cuda,cpu", "cuda:0 cuda:0 cpu cuda:1 cuda:1 cpu"),
        ("cpu,cuda:2", "cpu cuda:2 cpu cuda:2"),
    ],
)
def test_devices_take_turns_by_the_number_of_the_block(name: str, turns: str) -> None:
    found, wanted = choose_devices(name), turns.split()
    assert [str(found.of(number)) for number in range(len(wanted))] == wanted
    kinds = ["cpu" if "cpu" in turn else f"cuda {KINDS[int(turn[-1])]}" for turn in wanted]
    assert [found.kind(number).removesuffix(CPU_KIND) for number in range(len(wanted))] == kinds
    assert str(found) == ", ".join(dict.fromkeys(str(d) for own in found.turns for d in own))


@pytest.mark.usefixtures("three_cuda")
def test_a_card_beyond_the_last_is_refused() -> None:
    for name in ("cuda:3", "cuda:128", "cuda:256"):
        with pytest.raises(ResourceError, match="3 CUDA devices"):
            choose_devices(name)


@pytest.mark.usefixtures("three_cuda")
def test_how_many_cards_there_are_changes_the_kind_of_no_block(monkeypatch: pytest.MonkeyPatch) -> None:
    many = choose_devices("cuda,cpu")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    one = choose_devices("cuda,cpu")
    assert [many.kind(number) for number in range(9)] == [one.kind(number) for number in range(9)]


@pytest.mark.parametrize("hidden", [(6,), None], ids=["mlp", "linear"])
def test_blocks_are_shared_and_come_to_the_same(
    hidden: tuple[int, ...] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two devices of one kind: the processor, twice."""
    monkeypatch.setattr(block_size, "models_a_block", lambda *_, **__: 3)
    cells, penalties = [cell("binary", seed=seed) for seed in range(4)], points((0, 0), (0.01, 0))
    one, two = (
        replace(training("binary", hidden=hidden), devices=choose_devices(name))
        for name in ("cpu", "cpu,cpu")
    )
    asked = list[int]()
    of = Devices.of

    def noted(self: Devices, number: int) -> torch.device:
        asked.append(number)
        return of(self, number)

    first = train(one, cells, penalties)
    monkeypatch.setattr(Devices, "of", noted)
    second = train(two, cells, penalties)
    assert sorted(asked) == [0, 1, 2, 3]
    for name, losses in first.losses.items():
        assert losses.tobytes() == second.losses[name].tobytes()


def answers(**workers: Sequence[str]) -> Workers:
    """Workers on other machines: each with its CUDA devices."""
    return cast(Workers, Remote({worker: tuple(cuda) for worker, cuda in workers.items()}))


@dataclass(frozen=True)
class Remote:
    cuda: Mapping[str, Sequence[str]]
    is_remote: bool = True
    torch_release: str = torch.__version__

    def ask_machines(self, remote_name: str, data: bytes = b"") -> dict[str, bytes]:
        assert perform(__version__, remote_name, b"")
        releases = {"torch": self.torch_release, "numpy": np.__version__}
        return {
            worker: pack({"releases": releases, "cpu": "cpu X", "cuda": list(own)})
            for worker, own in self.cuda.items()
        }


@pytest.mark.parametrize(
    ("workers", "name", "kinds"),
    [
        (answers(a=[], b=[]), "auto", ["cpu X"]),
        (answers(a=["cuda T4"], b=[]), "auto", ["cpu X"]),
        (answers(a=["cuda T4"], b=["cuda T4", "cuda T4"]), "auto", ["cuda T4"]),
        (answers(a=["cuda T4"], b=["cuda A100"]), "auto", ["several kinds"]),
        (answers(a=["cuda T4"], b=["cuda T4"]), "cuda,cpu", ["cuda T4", "cpu X"]),
        (answers(a=["cuda T4"], b=["cuda T4"]), "cpu", ["cpu X"]),
    ],
)
def test_workers_take_what_all_of_them_have(workers: Workers, name: str, kinds: list[str]) -> None:
    found = devices_of(workers, name)
    assert list(found.kinds) == kinds
    assert found.mixed == ("several kinds" in kinds)
    assert (
        str(found)
        == found.name
        == ("cuda" if "cuda T4" in kinds or "several kinds" in kinds else "cpu")
        + (",cpu" if len(kinds) > 1 else "")
    )


def test_a_worker_without_the_device_or_with_other_releases_is_named() -> None:
    with pytest.raises(ResourceError, match="worker b sees 1 CUDA devices") as caught:
        devices_of(answers(a=["cuda T4", "cuda T4"], b=["cuda T4"]), "cuda:1")
    assert caught.value.code == "E401"
    older = cast(Workers, Remote({"tcp://a:1": ()}, torch_release="1.0.0"))
    with pytest.raises(ResourceError, match=r"worker tcp://a:1 has torch 1\.0\.0, here") as caught:
        devices_of(older, "auto")
    assert caught.value.code == "E405"
    assert "torch==" in caught.value.fix


@pytest.mark.parametrize(("hidden", "expected"), [(None, ["load", "train"]), ((6,), ["train"])])
def test_linear_algebra_is_loaded_before_a_convex_block_is_trained(
    hidden: tuple[int, ...] | None, expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    events: dict[int, list[str]] = defaultdict(list)

    def noted(name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            events[threading.get_ident()].append(name)
            return work(*args, **kwargs)

        return wrapped

    monkeypatch.setattr(serialization, "load_linear_algebra", noted("load", lambda _: None))
    monkeypatch.setattr(serialization, "train_within_memory", noted("train", train_within_memory))
    train(
        training("regression", hidden=hidden, jobs=2),
        [cell("regression", seed=seed) for seed in range(4)],
        points((0.01, 0), (0, 0.01)),
    )
    for order in events.values():
        assert order == expected * (len(order) // len(expected))


def test_loading_linear_algebra_takes_one_thread_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    inside, most = 0, 0

    def slow(_: object) -> None:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        time.sleep(0.01)
        inside -= 1

    monkeypatch.setattr(torch, "eye", lambda *_, **__: None)
    monkeypatch.setattr(torch.linalg, "eigvalsh", slow)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(load_linear_algebra, [torch.device("cuda", 0)] * 4))
    assert most == 1
    load_linear_algebra(CPU)  # which has nothing to load
    assert inside == 0


FIRST_USE = """
from dataclasses import replace
from regchoose.training.device import choose_devices
from regchoose.training.halving import train_within_memory
from regchoose.training.train import train
from tests.training.problems import cell, points, training
plan = replace(training("binary", hidden=None, jobs=8), devices=choose_devices("cuda"))
run = train(plan, [cell("binary", seed=seed) for seed in range(16)], points((0, 0), (0.01, 0.01)))
assert run.losses["test"].shape == (16, 2, 1)
"""


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_threads_may_solve_linear_models_first_thing_in_a_process() -> None:
    root = Path(__file__).parents[2]
    for _ in range(3):  # whether the threads meet is a matter of luck
        subprocess.run([sys.executable, "-c", FIRST_USE], cwd=root, check=True)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
@pytest.mark.parametrize("hidden", [(6,), None], ids=["mlp", "linear"])
@pytest.mark.parametrize("task", TASKS)
def test_a_gpu_agrees_with_the_cpu(task: Task, hidden: tuple[int, ...] | None) -> None:
    cells = [cell(task, seed=seed) for seed in range(2)]
    penalties = points((0, 0), (0.01, 0), (0, 0.01), (0.01, 0.01))
    here, there = (
        train(replace(training(task, hidden=hidden), devices=choose_devices(name)), cells, penalties)
        for name in ("cpu", "cuda")
    )
    for name in here.losses:
        np.testing.assert_allclose(there.losses[name], here.losses[name], rtol=1e-3)
    assert not there.failed.any()
