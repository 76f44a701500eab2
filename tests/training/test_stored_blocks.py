"""A block that was kept is not trained again, and is the same to the last bit."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from regchoose.cache.block_cache import Cache
from regchoose.records.experiment import Penalties
from regchoose.records.words import Arrays, Int
from regchoose.settings.options import Settings
from regchoose.training import block_size, serialization
from regchoose.training.block import Block, BlockResult, CellData
from regchoose.training.block_training import train_block
from regchoose.training.networks import choose
from regchoose.training.networks.choose import choose_network
from regchoose.training.networks.linear import Linear
from regchoose.training.networks.mlp import Mlp
from regchoose.training.networks.network_check import CheckReport
from regchoose.training.networks.torch_module import ModuleNetwork
from regchoose.training.train import Training, seconds_a_model, train
from tests.training.problems import arrays_of, block_result, cell, points, training

PENALTIES = points((0, 0), (0.05, 0), (0, 0.05))


class Memory:
    """Keeps in memory; the journal's own tests are beside it."""

    def __init__(self) -> None:
        self.blocks: dict[str, tuple[Arrays, str]] = {}
        self.found = 0

    def block(self, key: str) -> tuple[Arrays, str] | None:
        self.found += key in self.blocks
        return self.blocks.get(key)

    def keep_block(self, key: str, arrays: Arrays, note: str) -> None:
        assert key not in self.blocks, "trained twice"
        self.blocks[key] = (arrays, note)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A block for every cell."""
    monkeypatch.setattr(block_size, "models_a_block", lambda *_, **__: 3)


@pytest.fixture
def cells() -> list[CellData]:
    made = [cell("regression", seed=seed) for seed in range(3)]
    return [replace(one, drawn=one.x[:4]) for one in made]


def test_a_result_comes_back_from_its_arrays_without_the_weights_of_all_models(cells: list[CellData]) -> None:
    result = replace(block_result(training("regression"), cells[:1], PENALTIES), note="a note")
    again = BlockResult.from_arrays(dict(result.arrays()), result.note)
    assert again is not None
    assert again.note == "a note"
    assert again.weights.shape == (1, 3, 0)
    assert dict(again.arrays()).keys() == dict(result.arrays()).keys()
    assert BlockResult.from_arrays({}, "") is None


@pytest.mark.parametrize("hidden", [(6,), None], ids=str)
def test_the_second_run_trains_nothing_and_says_the_same(
    hidden: tuple[int, ...] | None, cells: list[CellData], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = training("regression", hidden=hidden)
    plain = train(plan, cells, PENALTIES)
    runs, told = [], list[int]()
    for turn in range(2):
        cache = Cache(tmp_path / "j.sqlite", engine="", fresh=False, now=lambda: 0.0)
        if turn:
            monkeypatch.setattr(serialization, "train_within_memory", None)
        kept = replace(plan, store=cache)
        runs.append(train(kept, cells, PENALTIES, advanced=told.append))
        assert (cache.n_found, cache.n_stored) == ((0, 3), (3, 0))[turn]
        cache.close()
    assert told == [3, 6, 9] * 2
    assert arrays_of(runs[0]) == arrays_of(runs[1]) == arrays_of(plain)
    assert runs[1].note == plain.note


def test_what_was_done_before_a_stop_is_not_done_again(
    cells: list[CellData], monkeypatch: pytest.MonkeyPatch
) -> None:
    memory, plan = Memory(), training("regression", jobs=1)
    wanted = train(plan, cells, PENALTIES)

    def stop(done: int) -> None:
        if done == 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(replace(plan, store=memory), cells, PENALTIES, advanced=stop)
    assert len(memory.blocks) == 2
    again = train(replace(plan, store=memory), cells, PENALTIES)
    assert memory.found == 2
    assert len(memory.blocks) == 3
    assert arrays_of(again) == arrays_of(wanted)


def test_a_failed_model_is_repaired_alike(cells: list[CellData], monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(block: Block, device: torch.device, *, stop: Callable[[], bool]) -> BlockResult:
        result = train_block(block, device, stop=stop)
        failed = result.failed.copy()
        failed[:, 0] |= block.schedule.lr > 0.01
        return replace(result, failed=failed)

    monkeypatch.setattr(serialization, "train_block", failing)
    plan = training("regression")
    plan = replace(plan, schedule=replace(plan.schedule, lr=0.02), store=Memory())
    first = train(plan, cells, PENALTIES)
    assert len(plan.store.blocks) == 6  # type: ignore[union-attr]
    assert not first.failed.any()
    assert arrays_of(train(plan, cells, PENALTIES)) == arrays_of(first)


Change = Callable[[Training, list[CellData]], tuple[Training, list[CellData], Penalties]]
CHANGES: dict[str, Change] = {
    "strength": lambda plan, cells: (plan, cells, points((0, 0), (0.06, 0), (0, 0.05))),
    "kind of strength": lambda plan, cells: (plan, cells, points((0, 0), (0, 0.05), (0.05, 0))),
    "rate": lambda plan, cells: (_scheduled(plan, lr=0.001), cells, PENALTIES),
    "length": lambda plan, cells: (_scheduled(plan, checkpoints=plan.checkpoints[:1]), cells, PENALTIES),
    "batch": lambda plan, cells: (_scheduled(plan, batch=plan.schedule.batch // 2), cells, PENALTIES),
    "hidden": lambda plan, cells: (replace(plan, network=Mlp((4, 7, 1))), cells, PENALTIES),
    "linear": lambda plan, cells: (replace(plan, network=Linear(4, 1)), cells, PENALTIES),
    "seed": lambda plan, cells: (plan, [replace(one, seed=9 + one.seed) for one in cells], PENALTIES),
    "a number": lambda plan, cells: (plan, [_moved(one) for one in cells], PENALTIES),
    "target": lambda plan, cells: (plan, [replace(one, y=one.y + 1) for one in cells], PENALTIES),
    "drawn": lambda plan, cells: (plan, [replace(one, drawn=None) for one in cells], PENALTIES),
}


def _scheduled(plan: Training, **changed: float | Int) -> Training:
    return replace(plan, schedule=replace(plan.schedule, **changed))  # type: ignore[arg-type]


def _moved(one: CellData) -> CellData:
    x = one.x.copy()
    x[-1, -1] = np.nextafter(x[-1, -1], x.dtype.type(9))
    return replace(one, x=x)


@pytest.mark.parametrize("change", CHANGES)
def test_any_change_makes_it_another_block(change: str, cells: list[CellData]) -> None:
    memory = Memory()
    plan = replace(training("regression"), store=memory)
    train(plan, cells, PENALTIES)
    changed, others, penalties = CHANGES[change](plan, cells)
    train(changed, others, penalties)
    assert memory.found == 0
    assert len(memory.blocks) == 6


def test_one_changed_cell_retrains_one(cells: list[CellData]) -> None:
    memory = Memory()
    plan = replace(training("regression"), store=memory)
    train(plan, cells, PENALTIES)
    train(plan, [*cells[:2], replace(cells[2], seed=9)], PENALTIES)
    assert memory.found == 2


def test_an_estimate_of_the_time_is_not_looked_up(cells: list[CellData]) -> None:
    memory = Memory()
    seconds_a_model(replace(training("regression"), store=memory), cells, PENALTIES, clock=lambda: 0.0)
    assert memory.blocks == {}


# ---- networks of the user's own --------------------------------------------------------------------

NET = """
import torch
from layers import WIDTH

class Net(torch.nn.Sequential):
    def __init__(self, n_inputs, n_outputs, depth=1):
        super().__init__(torch.nn.Linear(n_inputs, WIDTH), torch.nn.ReLU(), torch.nn.Linear(WIDTH, n_outputs))
"""


@pytest.fixture
def no_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare the process in which a network is tried; it has tests of its own."""
    monkeypatch.setattr(choose, "check_network", lambda request: CheckReport(batched=True))


def identity(folder: Path) -> str:
    folder.mkdir()
    (folder / "layers_one.py").write_text("WIDTH = 4\n")
    (folder / "net.py").write_text(NET.replace("from layers", "from layers_one"))
    settings = Settings(network=f"{folder / 'net.py'}:Net")
    network = choose_network(settings, input_names=["a", "b"], task="regression", n_classes=0)
    assert isinstance(network, ModuleNetwork)
    return network.identity


@pytest.mark.usefixtures("no_probe")
def test_a_users_network_is_told_by_its_code_what_it_imports_and_its_options(tmp_path: Path) -> None:
    first = identity(tmp_path / "one")
    assert first
    settings = Settings(network=f"{tmp_path / 'one' / 'net.py'}:Net")
    again = choose_network(settings, input_names=["a", "b"], task="regression", n_classes=0)
    assert isinstance(again, ModuleNetwork)
    assert again.identity == first
    others = [
        replace(settings, network_options={"depth": 2}),
        replace(settings, penalize=("0.*",)),
    ]
    found = [choose_network(one, input_names=["a", "b"], task="regression", n_classes=0) for one in others]
    assert isinstance(found[0], ModuleNetwork)
    assert found[0].identity != first
    assert isinstance(found[1], ModuleNetwork)
    assert found[1].layout != again.layout
    (tmp_path / "one" / "layers_one.py").write_text("WIDTH = 4  # as before\n")
    changed = choose_network(settings, input_names=["a", "b"], task="regression", n_classes=0)
    assert isinstance(changed, ModuleNetwork)
    assert changed.identity != first


@pytest.mark.usefixtures("no_probe")
def test_blocks_of_a_users_network_are_kept_unless_nothing_tells_it(tmp_path: Path) -> None:
    folder = tmp_path / "net"
    folder.mkdir()
    (folder / "net.py").write_text(NET.replace("from layers import WIDTH", "WIDTH = 4"))
    data = [cell("regression", seed=seed) for seed in range(2)]
    settings = Settings(network=f"{folder / 'net.py'}:Net")
    names = [f"x{j}" for j in range(data[0].x.shape[1])]
    network = choose_network(settings, input_names=names, task="regression", n_classes=0)
    assert isinstance(network, ModuleNetwork)
    for own, kept in ((network, 2), (replace(network, identity=""), 0)):
        memory = Memory()
        plan = replace(training("regression"), network=own, store=memory)
        first = train(plan, data, PENALTIES)
        again = train(plan, data, PENALTIES)
        assert arrays_of(first) == arrays_of(again)
        assert (len(memory.blocks), memory.found) == (kept, kept)
