"""Memory that runs out: faked at any allocation and on any device, and for real in a process of its own."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from regchoose.errors import ResourceError
from regchoose.training import deterministic, serialization
from regchoose.training.block import Block, BlockResult, CellData
from regchoose.training.block_training import train_block
from regchoose.training.halving import HALVED, train_within_memory
from regchoose.training.networks import mlp
from regchoose.training.networks.torch_module import module_network
from regchoose.training.train import Training, train
from tests.training.problems import CPU, TASKS, arrays_of, cell, points, training

ROOT = Path(__file__).parents[2]
PENALTIES = points((0, 0), (0.02, 0), (0, 0.02), (0.01, 0.01), (0.05, 0))
ERRORS: list[Exception] = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
    torch.OutOfMemoryError("HIP ran short"),
    MemoryError(),
    MemoryError("std::bad_alloc"),
    RuntimeError("[enforce fail at alloc_cpu.cpp:121] DefaultCPUAllocator: can't allocate memory: 99 bytes"),
    RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 99 bytes."),
    RuntimeError("MPS backend out of memory (MPS allocated: 9.00 GB)"),
    RuntimeError("CUDA error: out of memory"),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    RuntimeError("XPU out of memory"),
    OSError(12, "Cannot allocate memory"),
]


def with_room_for(models: int, error: Exception, *, sizes: list[int]) -> Callable[..., BlockResult]:
    """Train blocks of at most so many models; refuse larger ones."""

    def trained(block: Block, device: torch.device, *, stop: Callable[[], bool]) -> BlockResult:
        size = block.n_models
        if size > models:
            raise error
        sizes.append(size)
        return train_block(block, device, stop=stop)

    return trained


SLOW = [pytest.param(hidden, marks=pytest.mark.slow) for hidden in ((64, 64), (3,))]


@pytest.mark.parametrize("hidden", [(16,), (5, 7), *SLOW], ids=str)
@pytest.mark.parametrize("task", TASKS)
def test_halves_come_to_the_same_bits_as_the_whole(
    task: Any, hidden: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = [cell(task, n=47, d=11, seed=seed) for seed in range(3)]
    plan = training(task, hidden=hidden, n=47, d=11, epochs=3)
    whole = train(plan, cells, PENALTIES)
    for room in (1, 2, 7):
        sizes: list[int] = []
        monkeypatch.setattr(serialization, "train_block", with_room_for(room, MemoryError(), sizes=sizes))
        halves = train(plan, cells, PENALTIES)
        assert sum(sizes) == 15
        assert max(sizes) <= room
        assert arrays_of(halves) == arrays_of(whole)
        assert halves.note == whole.note


@pytest.fixture(scope="module")
def unhindered() -> tuple[Training, list[CellData], list[bytes]]:
    """A plan, its cells, and what they come to."""
    cells, plan = [cell("binary", seed=seed) for seed in range(3)], training("binary", hidden=(16,), epochs=2)
    return plan, cells, arrays_of(train(plan, cells, PENALTIES))


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: f"{type(error).__name__} {error}"[:40])
@pytest.mark.parametrize("at", [1, 2, 5, 19])
def test_one_allocation_that_fails_changes_nothing(
    at: int,
    error: Exception,
    unhindered: tuple[Training, list[CellData], list[bytes]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The k-th request for room fails, as where another program took it for a while."""
    plan, cells, whole = unhindered
    calls, given = count(1), deterministic.aligned_empty

    def room(like: Tensor, *shape: int) -> Tensor:
        if next(calls) == at:
            raise error
        return given(like, *shape)

    monkeypatch.setattr(mlp, "aligned_empty", room)
    again = train(plan, cells, PENALTIES)
    assert next(calls) > at
    assert arrays_of(again) == whole


def in_pairs(own: Callable[..., BlockResult], sizes: list[int]) -> Callable[..., BlockResult]:
    """Train blocks of at most two models in a cell."""

    def trained(block: Block, device: torch.device, *, stop: Callable[[], bool]) -> BlockResult:
        if len(block.penalties) > 2:
            raise MemoryError
        sizes.append(len(block.penalties))
        return own(block, device, stop=stop)

    return trained


@pytest.mark.parametrize("linear", [True, False])
def test_of_other_networks_it_is_said_that_they_were_halved(
    *, linear: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their numbers are close, and the result says why they are not the same."""

    def build() -> nn.Module:
        return nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))

    network = module_network(build, n_inputs=4, n_outputs=1, penalize=[])
    cells = [cell("binary", seed=seed) for seed in range(3)]
    plan = training("binary", hidden=None if linear else (16,), epochs=3)
    plan = plan if linear else replace(plan, network=network)
    whole, sizes = train(plan, cells, PENALTIES), list[int]()
    monkeypatch.setattr(serialization, "train_block", in_pairs(train_block, sizes))
    halves = train(plan, cells, PENALTIES)
    assert set(sizes) == {1, 2}
    assert (halves.note, whole.note) == (HALVED, "")
    for name, losses in whole.losses.items():
        np.testing.assert_allclose(halves.losses[name], losses, rtol=1e-5)


# ---- no room for one model -------------------------------------------------------------------------


def block_of(rows: int) -> Block:
    plan = training("binary", hidden=(16,))
    two = points((0.0, 0.0), (0.1, 0.0))
    return Block([cell("binary", n=rows)], two, "binary", plan.network, plan.schedule)


@pytest.mark.parametrize(("most", "fits"), [(59, 30), (29, 0), (15, 0)])
def test_no_room_for_one_model_is_an_error_with_the_rows_that_fit(most: int, fits: int) -> None:
    tried: list[int] = []

    def trained(block: Block, device: torch.device, *, stop: Callable[[], bool]) -> BlockResult:
        rows = len(block.cells[0].y)
        tried.append(rows)
        if rows > most:
            raise MemoryError
        assert all(len(y) <= rows for _, y in block.cells[0].eval_sets.values())
        return train_block(block, device, stop=stop)

    with pytest.raises(ResourceError) as caught:
        train_within_memory(trained, block_of(60), CPU, stop=lambda: False, may_fall_back=True)
    assert caught.value.code == "E403"
    if fits:
        assert caught.value.fix == "--rows 30   or   --hidden with fewer units"
        assert caught.value.detail == ("30 rows fit",)
    else:
        assert "--rows" not in caught.value.fix
    assert tried == [60, 60, 30]  # two models, one, and fewer rows; 15 are fewer than --rows takes


@pytest.mark.parametrize("allowed", [True, False])
def test_a_full_card_gives_way_to_the_cpu_where_that_is_allowed(*, allowed: bool) -> None:
    """The card is faked: whatever is asked of it finds no memory."""
    used: list[str] = []

    def trained(block: Block, device: torch.device, *, stop: Callable[[], bool]) -> BlockResult:
        used.append(device.type)
        if device.type != "cpu":
            raise torch.OutOfMemoryError("no room")
        return train_block(block, device, stop=stop)

    arguments: dict[str, Any] = {"stop": lambda: False, "may_fall_back": allowed}
    if not allowed:
        with pytest.raises(ResourceError):
            train_within_memory(trained, block_of(60), torch.device("meta"), **arguments)
        return
    result = train_within_memory(trained, block_of(60), torch.device("meta"), **arguments)
    assert used == ["meta", "meta", "cpu", "meta", "cpu"]
    assert not result.failed.any()


def test_other_errors_are_not_taken_for_a_lack_of_memory() -> None:
    def trained(*_: Any, **__: Any) -> BlockResult:
        raise RuntimeError("shapes do not fit")

    with pytest.raises(RuntimeError, match="shapes"):
        train_within_memory(trained, block_of(60), CPU, stop=lambda: False, may_fall_back=True)


# ---- for real --------------------------------------------------------------------------------------

CHILD = """
import resource, sys
from pathlib import Path
import torch
from regchoose.errors import ResourceError
from regchoose.training import serialization
from regchoose.training import train as module
from tests.training.problems import cell, points, training
from tests.training.test_halving import arrays_of
import hashlib
torch.set_num_threads(1)
plan = training("binary", hidden=({width}, {width}), epochs=1, jobs=1)
cells, penalties = [cell("binary")], points(*[(0, 0.01 * i) for i in range(4)])
module.train(training("binary", jobs=1), cells, penalties)  # so that what is loaded late is there
if {limit}:
    held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (held + {limit} * 2**20,) * 2)
own, sizes = serialization.train_block, []
def counted(block, device, *, stop):
    sizes.append(len(block.penalties))
    return own(block, device, stop=stop)
serialization.train_block = counted
try:
    print(hashlib.sha256(b"".join(arrays_of(module.train(plan, cells, penalties)))).hexdigest(), sizes)
except ResourceError as error:
    print(error.code, error.fix)
"""


def in_a_process(width: int, *, limit_mib: int) -> str:
    done = subprocess.run(
        [sys.executable, "-c", CHILD.format(width=width, limit=limit_mib)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
        check=False,
    )
    assert not done.returncode, done.stderr
    return done.stdout.strip()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_AS and /proc are those of Linux")
def test_a_process_short_of_memory_trains_in_halves_to_the_same_bits() -> None:
    """Four models of 850 × 850 units take some 150 MiB at once; limit and threads' reserve are less."""
    whole = in_a_process(850, limit_mib=0)
    short = in_a_process(850, limit_mib=30)
    assert whole.endswith(" [4]")
    assert short.split()[0] == whole.split()[0]
    assert len(short.split()) > 3  # blocks of fewer models, after the whole one


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_AS and /proc are those of Linux")
def test_a_process_without_room_for_one_model_ends_with_an_error() -> None:
    assert in_a_process(2000, limit_mib=60) == "E403 --hidden with fewer units, or more memory"
