"""Loss of a task, its slope, and how many outputs a network needs for it.

Outputs are laid out (m, k, n): models, outputs, rows. That order makes the product with the last layer's
weights several times as fast on a CPU, since k is small.
"""

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from regchoose.records.words import Task


def n_outputs(task: Task, n_classes: int) -> int:
    """Return k: one number or logit, or one logit a class."""
    return n_classes if task == "multiclass" else 1


def row_loss(task: Task, outputs: Tensor, y: Tensor) -> Tensor:
    """Loss of each row: (m, k, n), (m, n) -> (m, n).

    Squared error of the standardized target, or log loss in nats.
    """
    if task == "regression":
        return (outputs[:, 0] - y).square()
    if task == "binary":
        return binary_cross_entropy_with_logits(outputs[:, 0], y, reduction="none")
    return cross_entropy(outputs, y.long(), reduction="none")


def slope(task: Task, outputs: Tensor, y: Tensor) -> Tensor:
    """Return the derivative of each row's loss by the outputs: (m, k, n), (m, n) -> (m, k, n)."""
    if task == "regression":
        return 2 * (outputs - y[:, None])
    if task == "binary":
        return torch.sigmoid(outputs) - y[:, None]
    probabilities = torch.softmax(outputs, dim=1)
    ones = torch.ones(1, dtype=outputs.dtype, device=outputs.device).expand_as(y[:, None])
    return probabilities.scatter_add_(1, y.long()[:, None], -ones)
