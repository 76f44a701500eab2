"""A network found by its name, chosen for a run, and a whole run with it."""

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from regchoose.errors import UsageError
from regchoose.records.answers import Prompt
from regchoose.result.json_text import dump_model
from regchoose.run.walk_chart import recommend_regularizer
from regchoose.settings.options import Settings
from regchoose.training.deterministic import quiet_modules
from regchoose.training.networks import choose
from regchoose.training.networks.choose import PRINTS, choose_network
from regchoose.training.networks.linear import Linear
from regchoose.training.networks.mlp import Mlp
from regchoose.training.networks.network import Network
from regchoose.training.networks.network_check import dry_step
from regchoose.training.networks.torch_module import ModuleNetwork
from regchoose.training.networks.user_network import load_network

GOOD = Path(__file__).parent / "good.py"
DATA = Path(__file__).parents[3] / "data"
NAMES = tuple("abcdef")
SMALL = Settings(
    strengths=2, alphas=(0.5,), folds=2, repeats=1, epochs=2, steps=4, lr=0.02, budget="1h", jobs=1
)
TEXT = "import torch\ndef net(n_inputs, n_outputs): return torch.nn.Linear(n_inputs, n_outputs){}\n"


def chosen(settings: Settings, names: Sequence[str] = NAMES) -> Network:
    return choose_network(settings, input_names=names, task="regression", n_classes=0)


# ---- found by its name -------------------------------------------------------------------------------


def test_a_file_and_a_module_are_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "helper_of_a_net.py").write_text("WIDTH = 3\n")
    text = "import torch\nfrom helper_of_a_net import WIDTH\nclass A:\n    @staticmethod\n"
    text += "    def net(n_inputs, n_outputs): return torch.nn.Linear(n_inputs, WIDTH)\n"
    (tmp_path / "my_net.py").write_text(text)
    before = list(sys.path)
    by_file = load_network(f"{tmp_path / 'my_net.py'}:A.net")
    monkeypatch.chdir(tmp_path)
    by_module = load_network("my_net:A.net")
    assert sys.path == before
    assert by_file.file == by_module.file == tmp_path / "my_net.py"
    assert by_file.source == by_module.source
    for user in (by_file, by_module):
        module = user.builder(NAMES, 1, {})()
        assert isinstance(module, torch.nn.Linear)
        assert (module.in_features, module.out_features) == (6, 3)


def test_networks_of_one_name_are_told_apart(tmp_path: Path) -> None:
    files = [tmp_path / folder / "net.py" for folder in ("a", "b")]
    for file, end in zip(files, ("", ".requires_grad_()"), strict=True):
        file.parent.mkdir()
        file.write_text(TEXT.format(end))
    first, second = (load_network(f"{file}:net") for file in files)
    assert first.source != second.source
    assert first.make is not second.make


def test_a_class_of_torch_is_a_network_too() -> None:
    assert isinstance(load_network("torch.nn:Linear").builder(NAMES, 2, {"bias": False})(), torch.nn.Linear)


def test_a_module_that_is_nowhere_is_an_error() -> None:
    with pytest.raises(UsageError, match="no_such_module cannot be imported") as caught:
        load_network("no_such_module:Net")
    assert caught.value.code == "E210"


def test_options_and_input_names_reach_the_network() -> None:
    user = load_network(f"{GOOD}:mlp")
    assert [p.shape[0] for p in user.builder(NAMES, 2, {"width": 9})().parameters()] == [9, 9, 2, 2]
    load_network(f"{GOOD}:Named").builder(NAMES, 1, {"gates": False})()  # it asserts that it knows the names


def test_an_option_that_it_does_not_take_is_an_error() -> None:
    with pytest.raises(UsageError, match="unexpected keyword argument 'depth'") as caught:
        load_network(f"{GOOD}:mlp").builder(NAMES, 2, {"depth": 9})
    assert "width: int = 6" in caught.value.detail[0]
    assert caught.value.code == "E211"


def test_what_others_print_is_heard(capsys: pytest.CaptureFixture[str]) -> None:
    shortcut = torch.backends.mha.get_fastpath_enabled()
    with quiet_modules():
        sys.stdout.write("here")
        assert not torch.backends.mha.get_fastpath_enabled()
    assert capsys.readouterr().out == "here"
    assert torch.backends.mha.get_fastpath_enabled() == shortcut


# ---- chosen for a run --------------------------------------------------------------------------------


def test_the_settings_choose_among_the_built_in_networks() -> None:
    assert chosen(Settings(hidden=(5, 4))) == Mlp((6, 5, 4, 1))
    assert chosen(Settings(network="linear")) == Linear(6, 1)


def test_the_mlp_is_penalized_where_a_pattern_says() -> None:
    network = chosen(Settings(hidden=(5, 4), penalize=("0.*",)))
    assert isinstance(network, ModuleNetwork)
    assert [(part.name, part.shape) for part in network.layout.penalized] == [("0.weight", (5, 6))]
    free = ["0.bias", "2.weight", "2.bias", "4.weight", "4.bias"]
    assert [part.name for part in network.layout.free] == free


def test_the_linear_model_has_no_names_to_penalize() -> None:
    with pytest.raises(UsageError, match="one matrix of weights") as caught:
        chosen(Settings(network="linear", penalize=("0.*",)))
    assert caught.value.code == "E202"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "batched", "note", "warning"),
    [
        (
            "averaging_norm",
            False,
            "trained one model at a time, which takes longer: it takes",
            "normalizes (1)",
        ),
        ("Printing", True, "", PRINTS),
    ],
)
def test_what_the_probe_found_is_said(name: str, batched: bool, note: str, warning: str) -> None:
    network = chosen(Settings(network=f"{GOOD}:{name}"))
    assert isinstance(network, ModuleNetwork)
    assert network.batched == batched
    assert network.note.startswith(note)
    assert bool(network.note) == bool(note)
    assert [warning in text for text in network.warnings] == [True]
    assert network.source == load_network(f"{GOOD}:{name}").source


# ---- a whole run -------------------------------------------------------------------------------------


class Notes:
    """A listener that keeps the notices."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def started(self, key: str, text: str, total: int) -> None:
        pass

    def advanced(self, key: str, done: int) -> None:
        pass

    def finished(self, key: str, summary: str) -> None:
        pass

    def noted(self, text: str) -> None:
        self.notes.append(text)


def nobody(_: Prompt) -> str | None:
    return None


def run(path: Path, settings: Settings, notes: Notes) -> Any:
    return recommend_regularizer(
        str(path), settings, given=frozenset(), ask=nobody, listener=notes, clock=lambda: 0.0
    )


@pytest.fixture
def table(tmp_path: Path) -> Path:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(60, 3)).round(3)
    y = (x[:, 0] - x[:, 1] + rng.normal(size=60)).round(3)
    lines = ["a,b,c,target", *(",".join(map(str, [*row, value])) for row, value in zip(x, y, strict=True))]
    path = tmp_path / "table.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.slow
def test_a_run_with_a_users_network(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = replace(SMALL, network=f"{GOOD}:layer_norm", penalize=("0.*",))
    notes = Notes()
    capsys.readouterr()
    result = run(table, settings, notes)
    assert capsys.readouterr().out == ""
    document: dict[str, Any] = json.loads(dump_model(result))
    assert document["settings"]["network"] == settings.network
    assert document["settings"]["penalize"] == ["0.*"]
    assert document["fingerprint"]["network"] == load_network(settings.network).source
    warned = [text for text in document["data"]["warnings"] if "normalizes (1)" in text]
    assert len(warned) == 1
    assert warned[0] in notes.notes
    assert all(arm["failed"] == 0 for arm in document["arms"].values())


@pytest.fixture
def tried_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try a network in this process; the process in which it is tried otherwise has tests of its own."""
    monkeypatch.setattr(choose, "check_network", dry_step)


@pytest.mark.usefixtures("tried_here")
def test_a_run_one_model_at_a_time_says_why(table: Path) -> None:
    notes = Notes()
    result = run(table, replace(SMALL, network=f"{GOOD}:Branching"), notes)
    (why,) = (text for text in notes.notes if "one model at a time" in text)
    assert "depends on the data" in why
    assert all(arm.note == why for _, arm in result.arms.items())


@pytest.mark.slow
@pytest.mark.usefixtures("tried_here")
def test_the_convolution_of_the_example_learns_the_digits() -> None:
    network = f"{DATA / 'digits_network.py'}:Digits"
    short = replace(SMALL, rows=400, epochs=12, l1=1e-3, l2=1e-3, audit=False)
    settings = replace(short, network=network, network_options={"channels": 4})
    result = run(DATA / "digits.csv", settings, Notes())
    assert result.arms.none.loss < 1.2  # guessing has 2.3
    assert result.arms.none.metrics["accuracy"] > 0.6
