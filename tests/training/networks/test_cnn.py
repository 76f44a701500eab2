"""The convolutional network against PyTorch's layers and its autograd."""

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from regchoose.errors import UsageError
from regchoose.records.experiment import Penalties
from regchoose.records.table import Image
from regchoose.records.words import Task
from regchoose.settings.options import Settings
from regchoose.training.block import Block, CellData
from regchoose.training.block_training import train_block
from regchoose.training.device import choose_devices
from regchoose.training.loss import n_outputs, row_loss
from regchoose.training.networks import cnn
from regchoose.training.networks.choose import choose_network
from regchoose.training.networks.cnn import Cnn
from regchoose.training.networks.network import Tensors
from regchoose.training.networks.torch_module import ModuleNetwork
from regchoose.training.parameters import Parameters
from regchoose.training.schedule import make_schedule
from regchoose.training.train import Training, train

IMAGES = [Image(1, 8, 8), Image(3, 7, 5), Image(1, 1, 1), Image(2, 2, 9), Image(4, 5, 4)]
M, N = 3, 7
N_BARS = 320


def models(network: Cnn) -> tuple[Tensors, Tensor]:
    """The tensors of M models, and rows of their own for each: (M, …), (M, N, d)."""
    rng = np.random.default_rng(0)
    rows = torch.tensor(np.stack([network.initial(rng) for _ in range(M)]))
    x = torch.tensor(rng.standard_normal((M, N, network.image.n_numbers)))
    return Parameters.of_rows(network, rows).tensors, x


def as_torch(network: Cnn, parameters: Tensors, model: int) -> nn.Module:
    """One of the models, of PyTorch's own layers."""
    module = network.module().double()
    own = [layer for layer in module.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
    for layer, (weight, bias) in zip(own, network.layers(parameters), strict=True):
        layer.load_state_dict({"weight": weight[model].view_as(layer.weight), "bias": bias[model, :, 0]})
    return module


@pytest.mark.parametrize("image", IMAGES, ids=str)
def test_outputs_are_those_of_pytorchs_layers(image: Image, monkeypatch: pytest.MonkeyPatch) -> None:
    network = Cnn(image, (4, 6), 3)
    parameters, x = models(network)
    monkeypatch.setattr(cnn, "ROWS", 5)  # rows and models in parts
    monkeypatch.setattr(cnn, "GROUP_BYTES", 0)
    outputs = network.outputs(parameters, x)
    assert outputs.shape == (M, 3, N)
    for model in range(M):
        torch.testing.assert_close(outputs[model].T, as_torch(network, parameters, model)(x[model]))


@pytest.mark.parametrize("task", get_args(Task))
@pytest.mark.parametrize("image", IMAGES, ids=str)
@pytest.mark.parametrize("size", [0, 2**30], ids=["one", "all"])
def test_the_gradient_is_that_of_autograd(
    image: Image, task: Task, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cnn, "GROUP_BYTES", size)
    network = Cnn(image, (4, 6), n_outputs(task, 3))
    parameters, x = models(network)
    y = torch.arange(N).remainder(3 if task == "multiclass" else 2).double().expand(M, -1)
    gradient = [torch.full_like(tensor, torch.nan) for tensor in parameters]
    program = network.program(parameters, gradient, n_rows=N)
    program.write_gradient(task, x.flip(1), y)  # the room is used again
    program.write_gradient(task, x, y)
    for model in range(M):
        module = as_torch(network, parameters, model)
        torch.autograd.backward(row_loss(task, module(x[model]).T[None], y[model][None]).mean())
        own = [layer for layer in module.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
        for layer, (weight, bias) in zip(own, network.layers(gradient), strict=True):
            torch.testing.assert_close(weight[model].view_as(layer.weight), layer.weight.grad)
            assert layer.bias is not None
            torch.testing.assert_close(bias[model, :, 0], layer.bias.grad)


def test_kernels_and_weights_are_penalized_and_biases_are_not() -> None:
    network = Cnn(Image(1, 8, 8), (4, 6), 3)
    module = network.module()
    matrices = [p for p in module.parameters() if p.ndim > 1]
    assert network.n_penalized == sum(p.numel() for p in matrices)
    assert all(slot.start >= network.n_penalized for slot in network.slots[network.n_layers :])


@pytest.mark.parametrize("image", IMAGES, ids=str)
def test_inputs_in_use_are_those_with_a_derivative(image: Image) -> None:
    network = Cnn(image, (2, 6), 1)
    parameters, x = models(network)
    kernels = network.layers(parameters)[0][0].view(M, 2, image.channels, 3, 3)
    kernels[1, :, 0, :, 1:] = 0  # of the first channel the left column of the kernel is left
    kernels[2] = 0
    counted = network.nonzero_inputs(parameters)
    moved = torch.zeros(M, image.n_numbers, dtype=torch.bool)
    first = network.stages[0]
    for model in range(M):
        own = x[model].clone().requires_grad_()
        picture = own.view(N, image.channels, image.height, image.width)
        seen = nn.functional.conv2d(picture, kernels[model], stride=2, padding=1)
        assert seen.shape[1:] == (2, first.out_height, first.out_width)
        (slopes,) = torch.autograd.grad(seen.square().sum(), own)
        moved[model] = (slopes != 0).any(0)
    assert counted.tolist() == moved.sum(1).tolist()


def data(seed: int) -> CellData:
    """Bars that stand or lie: a pixel alone tells nothing."""
    rng = np.random.default_rng(seed)
    y = np.arange(N_BARS) % 2
    x = rng.normal(0, 0.3, (N_BARS, 8, 8))
    for row, place in enumerate(rng.integers(0, 8, N_BARS)):
        if y[row]:
            x[row, place] += 2
        else:
            x[row, :, place] += 2
    rows, fit = x.reshape(N_BARS, 64).astype(np.float32), slice(0, 256)
    rest = slice(256, None)
    return CellData(rows[fit], y[fit].astype(float), {"test": (rows[rest], y[rest].astype(float))}, seed)


def test_it_learns_and_the_penalties_move_its_weights() -> None:
    schedule = make_schedule(256, epochs=30, least_steps=0, batch=32, lr=0.01)
    training = Training("binary", Cnn(Image(1, 8, 8), (4, 8), 1), schedule, choose_devices("cpu"))
    points = Penalties(np.array([0.0, 0.01, 0.0, 10.0]), np.array([0.0, 0.0, 0.1, 0.0]))
    found = train(training, [data(0), data(1)], points)
    last = found.losses["test"][:, :, -1]
    assert last[:, 0].max() < 0.2  # a coin has 0.69
    share = found.nonzero_share[:, :, -1]
    assert (share[:, 0] == 1).all()
    assert (share[:, 1] < 0.9).all()
    assert (share[:, 3] == 0).all()
    assert found.nonzero_inputs[0, 3, -1] == 0
    assert not found.failed.any()


def test_a_model_does_not_know_which_others_are_trained_beside_it() -> None:
    schedule = make_schedule(256, epochs=3, least_steps=0, batch=32, lr=0.01)
    network = Cnn(Image(1, 8, 8), (4, 8), 1)
    many = Block([data(0)], Penalties(np.linspace(0, 0.01, 20), np.zeros(20)), "binary", network, schedule)
    few = replace(many, penalties=many.penalties[-1:])
    whole = train_block(many, torch.device("cpu"), stop=lambda: False)
    alone = train_block(few, torch.device("cpu"), stop=lambda: False)
    np.testing.assert_array_equal(whole.weights[0, -1], alone.weights[0, 0])


def test_named_weights_alone_may_be_penalized() -> None:
    settings = Settings(network="cnn", penalize=("1.*",), network_options={"channels": 5})
    chosen = choose_network(
        settings, input_names=["p"] * 64, task="multiclass", n_classes=3, image=Image(1, 8, 8)
    )
    assert isinstance(chosen, ModuleNetwork)
    assert [part.name for part in chosen.layout.penalized] == ["1.weight"]
    assert chosen.layout.penalized[0].shape == (5, 1, 3, 3)


def test_other_options_and_tables_are_refused() -> None:
    for options in ({"width": 3}, {"channels": 0}, {"channels": True}, {"channels": "8"}):
        settings = Settings(network="cnn", network_options=options)
        with pytest.raises(UsageError, match="wanted channels=N"):
            choose_network(settings, input_names=["p"] * 64, task="binary", n_classes=2, image=Image(1, 8, 8))
    with pytest.raises(UsageError, match="DATA is a table"):
        choose_network(Settings(network="cnn"), input_names=["p"], task="binary", n_classes=2)
