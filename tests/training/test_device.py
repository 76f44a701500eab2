"""Where models are trained: what is refused, what is chosen, and that a GPU agrees with the CPU."""

import numpy as np
import pytest
import torch

from regchoose.errors import ResourceError, UsageError
from regchoose.records import Task
from regchoose.training.device import choose_device
from regchoose.training.train import train
from tests.training.problems import TASKS, cell, points, training


@pytest.fixture
def no_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)


@pytest.fixture
def two_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)


@pytest.mark.parametrize(
    "name", ["", "gpu", "CPU", "cuda:", "cuda:x", "cuda:-1", "cuda:١", "cpu:0", "mps", " cpu", "cpu\n"]
)
def test_an_unknown_name_is_refused(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        choose_device(name)
    assert caught.value.code == "E202"
    assert "--device" in caught.value.fix


@pytest.mark.usefixtures("no_cuda")
@pytest.mark.parametrize(("name", "type_"), [("auto", "cpu"), ("cpu", "cpu")])
def test_without_cuda_the_cpu_is_taken(name: str, type_: str) -> None:
    assert choose_device(name) == torch.device(type_)


@pytest.mark.usefixtures("no_cuda")
@pytest.mark.parametrize("name", ["cuda", "cuda:0", "cuda:007", "cuda:7", "cuda:128"])
def test_cuda_that_is_not_there_is_refused(name: str) -> None:
    with pytest.raises(ResourceError) as caught:
        choose_device(name)
    assert caught.value.code == "E401"
    assert "0 CUDA devices" in caught.value.message
    assert "--device cpu" in caught.value.fix


@pytest.mark.usefixtures("two_cuda")
def test_of_two_gpus_the_one_named_is_taken() -> None:
    assert choose_device("auto") == choose_device("cuda") == torch.device("cuda")
    assert choose_device("cuda:1") == choose_device("cuda:01") == torch.device("cuda:1")
    for name in ("cuda:2", "cuda:128", "cuda:256"):
        with pytest.raises(ResourceError, match="2 CUDA devices"):
            choose_device(name)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
@pytest.mark.parametrize("hidden", [(6,), None], ids=["mlp", "linear"])
@pytest.mark.parametrize("task", TASKS)
def test_a_gpu_agrees_with_the_cpu(task: Task, hidden: tuple[int, ...] | None) -> None:
    cells = [cell(task, seed=seed) for seed in range(2)]
    penalties = points((0, 0), (0.01, 0), (0, 0.01), (0.01, 0.01))
    here, there = (
        train(training(task, hidden=hidden, device=choose_device(name)), cells, penalties)
        for name in ("cpu", "cuda")
    )
    for name in here.losses:
        np.testing.assert_allclose(there.losses[name], here.losses[name], rtol=1e-3)
    assert not there.failed.any()
