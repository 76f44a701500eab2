"""Losses and slopes against PyTorch's own losses and its autograd."""

import pytest
import torch
from sklearn.metrics import log_loss, mean_squared_error
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, mse_loss

from regchoose.records.words import Task
from regchoose.training.loss import n_outputs, row_loss, slope
from tests.training.problems import TASKS


def example(task: Task) -> tuple[torch.Tensor, torch.Tensor]:
    """Outputs (4, k, 7), some of them far out, and targets (4, 7)."""
    torch.manual_seed(0)
    k = n_outputs(task, 3)
    outputs = torch.randn(4, k, 7, dtype=torch.float64) * torch.tensor([0.1, 1, 10, 100])[:, None, None]
    y = torch.randn(4, 7) if task == "regression" else torch.randint(0, max(k, 2), (4, 7))
    return outputs, y.double()


def torch_loss(task: Task, outputs: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Sum over the rows of one model: (k, n), (n,) -> ()."""
    if task == "regression":
        return mse_loss(outputs[0], y, reduction="sum")
    if task == "binary":
        return binary_cross_entropy_with_logits(outputs[0], y, reduction="sum")
    return cross_entropy(outputs.T, y.long(), reduction="sum")


@pytest.mark.parametrize(
    ("task", "n_classes", "k"),
    [
        ("regression", 0, 1),
        ("regression", 9, 1),
        ("binary", 2, 1),
        ("multiclass", 3, 3),
        ("multiclass", 7, 7),
    ],
)
def test_number_of_outputs(task: Task, n_classes: int, k: int) -> None:
    assert n_outputs(task, n_classes) == k


@pytest.mark.parametrize("task", TASKS)
def test_loss_is_pytorchs(task: Task) -> None:
    outputs, y = example(task)
    wanted = torch.stack([torch_loss(task, *model) for model in zip(outputs, y, strict=True)])
    losses = row_loss(task, outputs, y)
    assert losses.shape == y.shape
    torch.testing.assert_close(losses.sum(1), wanted, rtol=1e-12, atol=0)


@pytest.mark.parametrize("task", TASKS)
def test_loss_is_scikit_learns(task: Task) -> None:
    outputs, y = example(task)
    for losses, own, wanted in zip(row_loss(task, outputs[:2], y[:2]), outputs, y, strict=False):
        if task == "regression":
            expected = mean_squared_error(wanted, own[0])
        else:
            shares = torch.sigmoid(own[0]) if task == "binary" else torch.softmax(own, 0).T
            expected = log_loss(wanted, shares, labels=range(max(len(own), 2)))
        assert losses.mean().item() == pytest.approx(expected)


@pytest.mark.parametrize("task", TASKS)
def test_slope_is_autograds(task: Task) -> None:
    outputs, y = example(task)
    kept = outputs.clone()
    mine = slope(task, outputs, y)
    assert torch.equal(outputs, kept), "the outputs were changed"
    leaf = outputs.clone().requires_grad_()
    sum(torch_loss(task, *model) for model in zip(leaf, y, strict=True)).backward()  # type: ignore[union-attr]
    torch.testing.assert_close(mine, leaf.grad, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("task", TASKS)
def test_loss_and_slope_stay_finite_far_out(task: Task) -> None:
    k = n_outputs(task, 3)
    outputs = torch.full((1, k, 2), 1e4)
    outputs[:, 0, 1] = -1e4
    y = torch.tensor([[0.0, 0.0]])
    assert torch.isfinite(row_loss(task, outputs, y)).all()
    assert torch.isfinite(slope(task, outputs, y)).all()
