"""The networks against PyTorch's layers and its autograd."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from regchoose.training.deterministic import CACHE_LINE
from regchoose.training.networks.mlp import Mlp, MlpWorkspace, mlp_backward, mlp_forward

NETWORKS = [(4, 1), (4, 3), (1, 1), (4, 5, 1), (4, 5, 3), (4, 1, 1), (4, 5, 6, 3, 1), (4, 5, 6, 2, 3)]
M, N = 3, 7


def models(network: Mlp) -> tuple[Tensor, Tensor]:
    """Parameters of M models, and rows of their own for each: (M, p), (M, N, d)."""
    rng = np.random.default_rng(0)
    parameters = np.stack([network.initial(rng) for _ in range(M)])
    return torch.tensor(parameters), torch.tensor(rng.standard_normal((M, N, network.sizes[0])))


def as_torch(network: Mlp, parameters: Tensor, model: int) -> nn.Sequential:
    """One of the models, of PyTorch's own layers."""
    layers: list[nn.Module] = []
    for weight, bias in zip(*network.views(parameters), strict=True):
        linear = nn.Linear(weight.shape[2], weight.shape[1], dtype=torch.float64)
        linear.load_state_dict({"weight": weight[model], "bias": bias[model, 0]})
        layers += [linear, nn.ReLU()]
    return nn.Sequential(*layers[:-1])


@pytest.mark.parametrize("sizes", NETWORKS, ids=str)
def test_forward_is_a_sequence_of_pytorchs_layers(sizes: tuple[int, ...]) -> None:
    network = Mlp(sizes)
    parameters, x = models(network)
    views = network.views(parameters)
    outputs = mlp_forward(*views, x, workspace=MlpWorkspace.like(views[0], N))
    assert outputs.shape == (M, sizes[-1], N)
    for model in range(M):
        torch.testing.assert_close(outputs[model].T, as_torch(network, parameters, model)(x[model]))


@pytest.mark.parametrize("sizes", NETWORKS, ids=str)
def test_backward_is_autograd(sizes: tuple[int, ...]) -> None:
    network = Mlp(sizes)
    parameters, x = models(network)
    slope = torch.tensor(np.random.default_rng(1).standard_normal((M, sizes[-1], N)))
    gradient = torch.full_like(parameters, torch.nan)  # every parameter's has to be written
    views, workspace = network.views(parameters), MlpWorkspace.like(network.views(parameters)[0], N)
    for _ in range(2):  # the workspace is used again at the next step
        mlp_forward(*views, x, workspace=workspace)
        products = [torch.empty_like(weight) for weight in views[0]]
        mlp_backward(
            views[0],
            x,
            slope,
            workspace=workspace,
            gradients=network.views(gradient),
            products=products,
        )
    for model in range(M):
        reference = as_torch(network, parameters, model)
        (reference(x[model]).T * slope[model]).sum().backward()
        linears = [layer for layer in reference if isinstance(layer, nn.Linear)]
        wanted = [layer.weight.grad for layer in linears] + [layer.bias.grad for layer in linears]
        flat = torch.cat([part.flatten() for part in wanted if part is not None])
        torch.testing.assert_close(gradient[model, : len(flat)], flat)


@pytest.mark.parametrize("sizes", NETWORKS, ids=str)
def test_parameters_are_counted_as_pytorch_counts_them(sizes: tuple[int, ...]) -> None:
    network = Mlp(sizes)
    reference = [nn.Linear(inputs, outputs) for inputs, outputs in pairwise(sizes)]
    assert network.n_penalized == sum(layer.weight.numel() for layer in reference)
    used = sum(p.numel() for layer in reference for p in layer.parameters())
    assert used <= network.n_parameters < used + CACHE_LINE
    assert network.n_parameters % CACHE_LINE == 0
    assert network.n_layers == len(reference)


def test_initial_weights_are_spread_as_pytorch_spreads_them() -> None:
    network = Mlp((16, 400, 400, 2))
    flat = torch.tensor(network.initial(np.random.default_rng(0)))[None]
    torch.manual_seed(0)
    for weight, bias in zip(*network.views(flat), strict=True):
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


def test_views_share_memory_and_weights_come_first() -> None:
    network = Mlp((4, 5, 3))
    flat = torch.zeros(2, network.n_parameters)
    weights, biases = network.views(flat)
    assert [tuple(w.shape) for w in weights] == [(2, 5, 4), (2, 3, 5)]
    assert [tuple(b.shape) for b in biases] == [(2, 1, 5), (2, 1, 3)]
    for weight in weights:
        weight[1].fill_(1.0)
    for bias in biases:
        bias[0].fill_(2.0)
    p, b, unused = network.n_penalized, 5 + 3, network.n_parameters - network.n_penalized - 5 - 3
    assert flat[1].tolist() == [1.0] * p + [0.0] * b + [0.0] * unused
    assert flat[0].tolist() == [0.0] * p + [2.0] * b + [0.0] * unused
