"""Parameters tensor by tensor, and models as rows."""

import torch

from regchoose.training.deterministic import CACHE_LINE
from regchoose.training.networks.mlp import Mlp
from regchoose.training.parameters import Parameters

NETWORK = Mlp((4, 5, 3))
ROWS = torch.arange(2.0 * NETWORK.n_parameters).view(2, -1)


def test_tensors_and_rows_hold_the_same_numbers() -> None:
    parameters = Parameters.of_rows(NETWORK, ROWS)
    assert [tuple(tensor.shape) for tensor in parameters.tensors] == [(2, 5, 4), (2, 3, 5), (2, 5), (2, 3)]
    assert torch.equal(parameters.tensors[1][1], ROWS[1, 20:35].view(3, 5))
    assert torch.equal(parameters.rows(), ROWS)
    assert torch.equal(parameters.of(slice(1, 2))[0], parameters.tensors[0][1:])


def test_tensors_share_the_memory_of_flat_and_weights_come_first() -> None:
    parameters = Parameters.of_rows(NETWORK, torch.zeros_like(ROWS))
    parameters.weights.fill_(1.0)
    assert parameters.rows().sum(1).tolist() == [NETWORK.n_penalized] * 2
    for tensor in parameters.tensors[2:]:
        tensor.fill_(2.0)
    assert parameters.flat.sum() == 2.0 * 2 * (5 + 3) + len(parameters.weights)


def test_each_models_part_of_a_tensor_begins_on_a_cache_line() -> None:
    parameters = Parameters.of_rows(NETWORK, ROWS)
    for tensor in parameters.tensors:
        assert tensor.storage_offset() % CACHE_LINE == 0
        assert tensor.stride(0) % CACHE_LINE == 0


def test_a_number_of_each_model_is_spread_over_its_weights() -> None:
    parameters = Parameters.of_rows(NETWORK, ROWS)
    parameters.weights.copy_(parameters.spread(torch.tensor([3.0, 7.0])))
    assert torch.equal(
        parameters.rows()[:, : NETWORK.n_penalized], torch.tensor([[3.0], [7.0]]).expand(2, 35)
    )


def test_zeros_are_counted_among_the_weights_alone() -> None:
    rows = torch.ones_like(ROWS)
    rows[0, :7] = 0
    rows[1, NETWORK.n_penalized :] = 0  # biases
    assert Parameters.of_rows(NETWORK, rows).nonzero_share().tolist() == [28 / 35, 1.0]
