"""The networks against PyTorch's layers and its autograd."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from regchoose.training.networks.mlp import Mlp, MlpPass, MlpProgram
from regchoose.training.parameters import Parameters

NETWORKS = [(4, 1), (4, 3), (1, 1), (4, 5, 1), (4, 5, 3), (4, 1, 1), (4, 5, 6, 3, 1), (4, 5, 6, 2, 3)]
M, CELLS, N = 3, 2, 7


def models(network: Mlp) -> tuple[Parameters, Tensor]:
    """M models of each cell, and the cells' rows: (c, N, d)."""
    rng = np.random.default_rng(0)
    rows = np.stack([network.initial(rng) for _ in range(M * CELLS)])
    x = torch.tensor(rng.standard_normal((CELLS, N, network.sizes[0])))
    return Parameters.of_rows(network, torch.tensor(rows)), x


def as_torch(network: Mlp, parameters: Parameters, model: int) -> nn.Sequential:
    """One of the models, of PyTorch's own layers."""
    layers: list[nn.Module] = []
    tensors = parameters.tensors
    for weight, bias in zip(tensors[: network.n_layers], tensors[network.n_layers :], strict=True):
        linear = nn.Linear(weight.shape[2], weight.shape[1], dtype=torch.float64)
        linear.load_state_dict({"weight": weight[model], "bias": bias[model]})
        layers += [linear, nn.ReLU()]
    return nn.Sequential(*layers[:-1])


@pytest.mark.parametrize("sizes", NETWORKS, ids=str)
def test_forward_is_a_sequence_of_pytorchs_layers(sizes: tuple[int, ...]) -> None:
    network = Mlp(sizes)
    parameters, x = models(network)
    outputs = MlpPass(parameters.tensors, n_rows=N).forward(x)
    assert outputs.shape == (M * CELLS, sizes[-1], N)
    for model in range(M * CELLS):
        torch.testing.assert_close(outputs[model].T, as_torch(network, parameters, model)(x[model // M]))


@pytest.mark.parametrize("sizes", NETWORKS, ids=str)
def test_backward_is_autograd(sizes: tuple[int, ...]) -> None:
    network = Mlp(sizes)
    parameters, x = models(network)
    slope = torch.tensor(np.random.default_rng(1).standard_normal((M * CELLS, sizes[-1], N)))
    gradient = parameters.like()
    gradient.flat.fill_(torch.nan)  # every parameter's has to be written
    program = MlpProgram(parameters.tensors, gradient.tensors, n_rows=N)
    for _ in range(2):  # the workspace is used again at the next step
        program.forward.forward(x)
        program.backward(x, slope.clone())
    for model in range(M * CELLS):
        reference = as_torch(network, parameters, model)
        (reference(x[model // M]).T * slope[model]).sum().backward()
        linears = [layer for layer in reference if isinstance(layer, nn.Linear)]
        wanted = [layer.weight.grad for layer in linears] + [layer.bias.grad for layer in linears]
        flat = torch.cat([part.flatten() for part in wanted if part is not None])
        torch.testing.assert_close(gradient.rows()[model], flat)


@pytest.mark.parametrize("sizes", NETWORKS, ids=str)
def test_parameters_are_counted_as_pytorch_counts_them(sizes: tuple[int, ...]) -> None:
    network = Mlp(sizes)
    reference = [nn.Linear(inputs, outputs) for inputs, outputs in pairwise(sizes)]
    assert network.n_penalized == sum(layer.weight.numel() for layer in reference)
    assert network.n_parameters == sum(p.numel() for layer in reference for p in layer.parameters())
    assert network.n_layers == len(reference)


def test_initial_weights_are_spread_as_pytorch_spreads_them() -> None:
    network = Mlp((16, 400, 400, 2))
    row = torch.tensor(network.initial(np.random.default_rng(0)))[None]
    tensors = [slot.view(row) for slot in network.slots]
    torch.manual_seed(0)
    for weight, bias in zip(tensors[: network.n_layers], tensors[network.n_layers :], strict=True):
        linear = nn.Linear(weight.shape[2], weight.shape[1])
        for mine, theirs in ((weight, linear.weight), (bias, linear.bias)):
            bound = weight.shape[2] ** -0.5
            assert float(mine.abs().max()) <= bound
            if mine.numel() > 300:
                assert float(mine.abs().max()) > 0.98 * bound
                assert float(mine.std()) == pytest.approx(float(theirs.detach().std()), rel=0.1)
                assert abs(float(mine.mean())) < 0.1 * bound


def test_initial_parameters_follow_the_generator() -> None:
    network = Mlp((4, 5, 1))
    first, again, other = (network.initial(np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert first.tobytes() == again.tobytes()
    used = 4 * 5 + 5 * 1 + 5 + 1
    assert not (first == other)[:used].any()
