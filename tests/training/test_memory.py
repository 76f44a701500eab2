"""Memory that runs out, faked."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from regchoose.errors import ResourceError
from regchoose.training import train as train_module
from regchoose.training.block import Block, BlockResult
from regchoose.training.descent import train_block
from regchoose.training.memory import train_within_memory
from regchoose.training.train import train
from tests.training.problems import CPU, cell, points, training

PENALTIES = points((0, 0), (0.02, 0), (0, 0.02), (0.01, 0.01), (0.05, 0))
ERRORS: list[Exception] = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
    MemoryError(),
    RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 99 bytes"),
    RuntimeError("MPS backend out of memory"),
]


def with_room_for(models: int, error: Exception, *, sizes: list[int]) -> Callable[..., BlockResult]:
    """Train blocks of at most so many models; refuse larger ones."""

    def trained(block: Block, device: torch.device, *, stop: Callable[[], bool]) -> BlockResult:
        size = len(block.cells) * len(block.l1)
        if size > models:
            raise error
        sizes.append(size)
        return train_block(block, device, stop=stop)

    return trained


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: f"{type(error).__name__} {error}"[:30])
@pytest.mark.parametrize("room", [1, 2, 7])
def test_halves_give_what_the_whole_gives(
    monkeypatch: pytest.MonkeyPatch, room: int, error: Exception
) -> None:
    cells = [cell("binary", seed=seed) for seed in range(3)]
    plan, capture = training("binary", hidden=(16,)), np.array([1, 0, 1, 2, 0])
    whole = train(plan, cells, PENALTIES, capture=capture)
    sizes: list[int] = []
    monkeypatch.setattr(train_module, "train_block", with_room_for(room, error, sizes=sizes))
    halves = train(plan, cells, PENALTIES, capture=capture)
    assert sum(sizes) == 15
    assert max(sizes) <= room
    for name, losses in whole.losses.items():
        np.testing.assert_allclose(halves.losses[name], losses, rtol=1e-4)
    np.testing.assert_array_equal(halves.failed, whole.failed)
    assert whole.outputs is not None
    assert halves.outputs is not None
    assert whole.weights is not None
    assert halves.weights is not None
    for found, wanted in ((halves.outputs, whole.outputs), (halves.weights, whole.weights)):
        for one, other in zip(found, wanted, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)


def test_no_room_for_one_model_is_an_error_with_a_size_to_try() -> None:
    plan = training("binary", hidden=(16,))
    block = Block([cell("binary")], *two(), "binary", plan.network(4), plan.schedule)
    with pytest.raises(ResourceError) as caught:
        train_within_memory(
            with_room_for(0, MemoryError(), sizes=[]), block, CPU, stop=lambda: False, may_fall_back=True
        )
    assert caught.value.code == "E403"
    assert "--rows 30" in caught.value.fix


def two() -> tuple[Any, Any]:
    return np.array([0.0, 0.1]), np.array([0.0, 0.0])


@pytest.mark.parametrize("allowed", [True, False])
def test_a_full_card_gives_way_to_the_cpu_where_that_is_allowed(*, allowed: bool) -> None:
    """The card is faked: whatever is asked of it finds no memory."""
    used: list[str] = []

    def trained(block: Block, device: torch.device, *, stop: Callable[[], bool]) -> BlockResult:
        used.append(device.type)
        if device.type != "cpu":
            raise torch.OutOfMemoryError("no room")
        return train_block(block, device, stop=stop)

    plan = training("binary", hidden=(16,))
    block = Block([cell("binary")], *two(), "binary", plan.network(4), plan.schedule)
    arguments: dict[str, Any] = {"stop": lambda: False, "may_fall_back": allowed}
    if not allowed:
        with pytest.raises(ResourceError):
            train_within_memory(trained, block, torch.device("meta"), **arguments)
        return
    result = train_within_memory(trained, block, torch.device("meta"), **arguments)
    assert used == ["meta", "meta", "cpu", "meta", "cpu"]
    assert not result.failed.any()


def test_other_errors_are_not_taken_for_a_lack_of_memory() -> None:
    def trained(*_: Any, **__: Any) -> BlockResult:
        raise RuntimeError("shapes do not fit")

    plan = training("binary", hidden=(16,))
    block = Block([cell("binary")], *two(), "binary", plan.network(4), plan.schedule)
    with pytest.raises(RuntimeError, match="shapes"):
        train_within_memory(trained, block, CPU, stop=lambda: False, may_fall_back=True)
