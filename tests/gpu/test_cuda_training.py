"""Training on a card: the CPU's numbers, under a graph, within little memory, resumed."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from regchoose.records.experiment import Penalties, Trained
from regchoose.records.table import Image
from regchoose.records.words import Task
from regchoose.training import adam as adam_module
from regchoose.training import captured_step, descent, fused_adam
from regchoose.training.block import Block, CellData
from regchoose.training.block_training import train_block
from regchoose.training.device import choose_devices
from regchoose.training.halving import HALVED
from regchoose.training.loss import n_outputs
from regchoose.training.networks.cnn import cnn_network
from regchoose.training.networks.linear import Linear
from regchoose.training.networks.mlp import Mlp
from regchoose.training.networks.network import Network
from regchoose.training.networks.torch_module import module_network
from regchoose.training.row_source import MemoryRows
from regchoose.training.row_training import RowTraining, TrainingState
from regchoose.training.train import Training, train
from tests.training.networks import good
from tests.training.problems import TASKS, arrays_of, cell, points, rows, training

D = 12
PENALTIES = points((0, 0), (0.01, 0), (0, 0.01), (0.01, 0.01), (0.3, 0))
KINDS = ("mlp", "linear", "cnn", "own", "own with running statistics", "own with dropout", "own one by one")


def network_of(kind: str, task: Task) -> Network:
    k = n_outputs(task, 3)
    if kind == "mlp":
        return Mlp((D, 8, 6, k))
    if kind == "linear":
        return Linear(D, k)
    if kind == "cnn":
        return cnn_network(Image(1, 3, 4), (4, 8), k)
    make = {"own with running statistics": good.batch_norm, "own with dropout": good.dropout}
    build = make.get(kind, good.mlp)
    batched = kind != "own one by one"
    return replace(module_network(lambda: build(D, k), n_inputs=D, n_outputs=k), batched=batched)


def plan(kind: str, task: Task, *, device: str, epochs: int = 6) -> Training:
    usual = training(task, d=D, epochs=epochs)
    return replace(usual, network=network_of(kind, task), devices=choose_devices(device))


def cells(task: Task, *, count: int = 3) -> list[CellData]:
    """Cells that differ by a row, as those of a cross-validation do."""
    return [cell(task, n=60 + seed % 2, d=D, seed=seed) for seed in range(count)]


def trained(kind: str, task: Task, *, device: str = "cuda", penalties: Penalties = PENALTIES) -> Trained:
    return train(plan(kind, task, device=device), cells(task), penalties)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("kind", [kind for kind in KINDS if "dropout" not in kind])
def test_a_card_agrees_with_the_cpu(kind: str, task: Task) -> None:
    penalties = PENALTIES[1:] if kind == "linear" else PENALTIES  # classes may be separable
    here, there = (trained(kind, task, device=device, penalties=penalties) for device in ("cpu", "cuda"))
    assert here.losses.keys() == there.losses.keys()
    for name in here.losses:
        # A bias before a batch normalization has no slope but rounding errors, which Adam blows up.
        close = {"errors": 0.05}.get(name, 0.03 if "statistics" in kind else 2e-3)
        np.testing.assert_allclose(there.losses[name], here.losses[name], rtol=close, atol=close)
    np.testing.assert_allclose(there.nonzero_share, here.nonzero_share, atol=0.05)
    assert here.captured.keys() == there.captured.keys()
    for name in here.captured:
        for mine, theirs in zip(here.captured[name], there.captured[name], strict=True):
            assert mine.shape == theirs.shape
            assert mine.dtype == theirs.dtype
            np.testing.assert_allclose(theirs, mine, rtol=0.05, atol=0.05)
    assert not there.failed.any()


@pytest.mark.parametrize("kind", KINDS)
def test_two_runs_give_the_same_bits(kind: str) -> None:
    assert arrays_of(trained(kind, "binary")) == arrays_of(trained(kind, "binary"))


@pytest.mark.parametrize("kind", ["mlp", "cnn", "own", "own with running statistics"])
@pytest.mark.parametrize("task", TASKS)
def test_a_graph_gives_the_bits_of_plain_launches(
    kind: str, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    captured = []
    graph = torch.cuda.graph

    def counted(*arguments: Any, **further: Any) -> Any:
        captured.append(1)
        return graph(*arguments, **further)

    monkeypatch.setattr(torch.cuda, "graph", counted)
    with_graph = trained(kind, task)
    assert captured
    assert "captured" not in with_graph.note

    def plain(step: object, *_: object, **__: object) -> object:
        return step

    monkeypatch.setattr(descent, "CapturedStep", plain)
    assert arrays_of(trained(kind, task)) == arrays_of(with_graph)


def test_where_a_step_cannot_be_captured_it_is_launched_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with_graph = trained("mlp", "regression")

    def refuse(*_: object, **__: object) -> object:
        raise RuntimeError("operation not permitted when stream is capturing")

    monkeypatch.setattr(torch.cuda, "graph", refuse)
    without = trained("mlp", "regression")
    assert captured_step.NOT_CAPTURED in without.note
    for name in with_graph.losses:
        np.testing.assert_array_equal(without.losses[name], with_graph.losses[name])


def test_what_draws_at_random_is_not_captured() -> None:
    assert not network_of("own with dropout", "binary").capturable
    assert not network_of("own one by one", "binary").capturable


@pytest.mark.parametrize("task", TASKS)
def test_the_fused_step_is_the_plain_one(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("triton")
    fused = trained("mlp", task)
    monkeypatch.setattr(adam_module, "is_fused", lambda _: False)
    plain = trained("mlp", task)
    for name in fused.losses:
        np.testing.assert_allclose(plain.losses[name], fused.losses[name], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(plain.nonzero_share, fused.nonzero_share, atol=0.02)


def test_where_triton_does_not_compile_the_plain_step_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    fused_adam._compiles.cache_clear()
    monkeypatch.setattr(fused_adam, "_step", {})  # no kernel for any grid
    assert not fused_adam.is_fused(torch.zeros(1, device="cuda"))
    fused_adam._compiles.cache_clear()


@pytest.fixture
def little_memory() -> Iterator[None]:
    """Leave the card 1.2 GB beyond what it holds."""
    total = torch.cuda.get_device_properties(0).total_memory
    torch.cuda.empty_cache()
    torch.cuda.set_per_process_memory_fraction((torch.cuda.memory_reserved() + 1.2e9) / total)
    yield
    torch.cuda.set_per_process_memory_fraction(1.0)
    torch.cuda.empty_cache()


@pytest.mark.usefixtures("little_memory")
def test_where_memory_runs_out_halves_are_trained() -> None:
    wide = replace(plan("mlp", "regression", device="cuda", epochs=2), network=Mlp((D, 512, 512, 1)))
    many = points(*[(0.001 * place, 0.0) for place in range(40)])
    result = train(wide, cells("regression", count=8), many)
    assert HALVED in result.note
    assert not result.failed.any()


def refit(
    kind: str, task: Task, *, device: str = "cuda", start: TrainingState | None = None, epochs: int = 99
) -> list[TrainingState]:
    """Train on all rows, for some epochs at most; return the state after each."""
    x, y = rows(task, 90, D, seed=3)
    schedule = None if kind == "linear" else plan(kind, task, device="cpu", epochs=4).schedule
    source = _Rows(x.astype(np.float32 if schedule else np.float64), y)
    place = torch.device(device)
    run = RowTraining(network_of(kind, task), source, "all", task, PENALTIES, schedule, 0, place)
    states: list[TrainingState] = []

    def reached(state: TrainingState) -> None:
        states.append(state)
        if len(states) == epochs:
            raise _Enough

    with suppress(_Enough):
        run.run(start, reached=reached)
    return states


class _Enough(Exception):  # noqa: N818
    pass


class _Rows(MemoryRows):
    """Rows whose order in an epoch follows from its number."""

    def shuffled(self, part, *, seed, epoch, batch):  # type: ignore[no-untyped-def]
        self._rng = np.random.default_rng((seed, epoch))
        return super().shuffled(part, seed=seed, epoch=epoch, batch=batch)


@pytest.mark.parametrize("kind", ["mlp", "own", "own with dropout", "linear"])
def test_a_training_goes_on_from_where_it_was(kind: str) -> None:
    whole = refit(kind, "binary")
    half = refit(kind, "binary", epochs=2)
    rest = refit(kind, "binary", start=half[-1])
    assert half[-1].epoch == 2
    np.testing.assert_array_equal(rest[-1].parameters, whole[-1].parameters)


@pytest.mark.parametrize("kind", ["mlp", "linear", "cnn", "own"])
def test_training_on_all_rows_agrees_with_the_cpu(kind: str) -> None:
    here, there = (refit(kind, "regression", device=device)[-1] for device in ("cpu", "cuda"))
    np.testing.assert_allclose(there.parameters, here.parameters, rtol=0.02, atol=2e-3)


def test_a_block_uses_the_card_it_is_given() -> None:
    usual = plan("mlp", "binary", device="cuda")
    block = Block(cells("binary"), PENALTIES, usual.task, usual.network, usual.schedule)
    torch.cuda.reset_peak_memory_stats()
    train_block(block, torch.device("cuda", 0), stop=lambda: False)
    assert torch.cuda.max_memory_allocated() > 0
