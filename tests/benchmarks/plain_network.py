"""The network as a user of PyTorch writes it, for skorch and for the plain loop."""

import torch
from torch import Tensor, nn

from regchoose.records.words import Task


def build_network(n_inputs: int, hidden: tuple[int, ...], *, n_outputs: int = 1) -> nn.Sequential:
    """Return the network as a user of PyTorch writes it."""
    layers: list[nn.Module] = []
    for inputs, outputs in zip((n_inputs, *hidden[:-1]), hidden, strict=True):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(hidden[-1], n_outputs))


def criterion_of(task: Task) -> type[nn.Module]:
    kinds: dict[Task, type[nn.Module]] = {"regression": nn.MSELoss, "binary": nn.BCEWithLogitsLoss}
    return kinds.get(task, nn.CrossEntropyLoss)


def l1_norm(network: nn.Module) -> Tensor:
    norms = [weight.abs().sum() for weight in network.parameters() if weight.ndim > 1]
    return torch.stack(norms).sum()
