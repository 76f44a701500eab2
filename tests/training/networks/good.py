"""Networks that can be trained: each `(n_inputs, n_outputs)` to a module."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm, weight_norm


def mlp(n_inputs: int, n_outputs: int, width: int = 6) -> nn.Module:
    return nn.Sequential(nn.Linear(n_inputs, width), nn.ReLU(), nn.Linear(width, n_outputs))


def flat(n_inputs: int, n_outputs: int) -> nn.Module:
    return nn.Sequential(nn.Linear(n_inputs, 1), nn.Flatten(0))


def convolution(n_inputs: int, n_outputs: int) -> nn.Module:
    return nn.Sequential(
        nn.Unflatten(1, (1, 3, n_inputs // 3)),
        nn.Conv2d(1, 4, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2, ceil_mode=True),
        nn.Flatten(),
        nn.LazyLinear(n_outputs),
    )


def dropout(n_inputs: int, n_outputs: int) -> nn.Module:
    return nn.Sequential(nn.Linear(n_inputs, 6), nn.ReLU(), nn.Dropout(0.3), nn.Linear(6, n_outputs))


def batch_norm(n_inputs: int, n_outputs: int) -> nn.Module:
    return nn.Sequential(nn.Linear(n_inputs, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Linear(6, n_outputs))


def averaging_norm(n_inputs: int, n_outputs: int) -> nn.Module:
    """Its running statistics count steps: a number that vmap cannot take into Python."""
    return nn.Sequential(
        nn.Linear(n_inputs, 6), nn.BatchNorm1d(6, momentum=None), nn.ReLU(), nn.Linear(6, n_outputs)
    )


def layer_norm(n_inputs: int, n_outputs: int) -> nn.Module:
    return nn.Sequential(nn.Linear(n_inputs, 6), nn.LayerNorm(6), nn.ReLU(), nn.Linear(6, n_outputs))


class Attention(nn.Module):
    """Each input is a token."""

    def __init__(self, n_inputs: int, n_outputs: int) -> None:
        super().__init__()
        self.tokens = nn.Linear(1, 4)
        self.place = nn.Parameter(torch.randn(n_inputs, 4))
        self.attention = nn.MultiheadAttention(4, 2, batch_first=True)
        self.head = nn.Linear(4, n_outputs)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.tokens(x[:, :, None]) + self.place
        mixed = self.attention(tokens, tokens, tokens, need_weights=False)[0]
        return torch.as_tensor(self.head(mixed.mean(1)))


class Embedding(nn.Module):
    """The first input is a code that is looked up: it has no derivative."""

    def __init__(self, n_inputs: int, n_outputs: int) -> None:
        super().__init__()
        self.codes = nn.Embedding(4, 3)
        self.head = nn.Linear(3 + n_inputs - 1, n_outputs)

    def forward(self, x: Tensor) -> Tensor:
        code = self.codes(x[:, 0].abs().long().clamp(0, 3))
        return torch.as_tensor(self.head(torch.cat([code, x[:, 1:]], 1)))


class Recurrent(nn.Module):
    def __init__(self, n_inputs: int, n_outputs: int) -> None:
        super().__init__()
        self.cells = nn.LSTM(1, 4, batch_first=True)
        self.head = nn.Linear(4, n_outputs)

    def forward(self, x: Tensor) -> Tensor:
        return torch.as_tensor(self.head(self.cells(x[:, :, None])[0][:, -1]))


class Branching(nn.Module):
    """Which layer is used depends on the numbers."""

    def __init__(self, n_inputs: int, n_outputs: int) -> None:
        super().__init__()
        self.high, self.low = nn.Linear(n_inputs, n_outputs), nn.Linear(n_inputs, n_outputs)

    def forward(self, x: Tensor) -> Tensor:
        layer = self.high if self.high.weight.sum() > 0 else self.low
        return torch.as_tensor(layer(x) + self.low(x))


class Tied(nn.Module):
    """One matrix in two places."""

    def __init__(self, n_inputs: int, n_outputs: int) -> None:
        super().__init__()
        self.there, self.back = nn.Linear(n_inputs, n_inputs), nn.Linear(n_inputs, n_inputs)
        self.back.weight = self.there.weight
        self.head = nn.Linear(n_inputs, n_outputs)

    def forward(self, x: Tensor) -> Tensor:
        return torch.as_tensor(self.head(torch.tanh(self.back(torch.tanh(self.there(x))))))


class WritesInPlace(nn.Module):
    """Changes the rows that it is handed."""

    def __init__(self, n_inputs: int, n_outputs: int) -> None:
        super().__init__()
        self.layer = nn.Linear(n_inputs, n_outputs)

    def forward(self, x: Tensor) -> Tensor:
        return torch.as_tensor(self.layer(x.mul_(2).sub_(1)))


class Lookup(nn.Module):
    """Raises on numbers that a trial does not have."""

    def __init__(self, n_inputs: int, n_outputs: int) -> None:
        super().__init__()
        self.codes = nn.Embedding(20, n_outputs)
        self.head = nn.Linear(n_inputs, n_outputs)

    def forward(self, x: Tensor) -> Tensor:
        return torch.as_tensor(self.head(x) + self.codes(x[:, 0].long() + 10))


class Printing(nn.Module):
    def __init__(self, n_inputs: int, n_outputs: int) -> None:
        super().__init__()
        print("built")  # noqa: T201 - what is tested
        self.layer = nn.Linear(n_inputs, n_outputs)

    def forward(self, x: Tensor) -> Tensor:
        print("called with", len(x))  # noqa: T201 - what is tested
        return torch.as_tensor(self.layer(x))


class Named(nn.Module):
    """Is told what its inputs are, and has frozen and constant tensors."""

    mask: Tensor

    def __init__(
        self, n_inputs: int, n_outputs: int, *, input_names: Sequence[str], gates: bool = True
    ) -> None:
        super().__init__()
        assert len(input_names) == n_inputs
        self.register_buffer("mask", torch.full((n_inputs,), -torch.inf))
        self.frozen = nn.Linear(n_inputs, n_inputs).requires_grad_(False)
        self.gates = nn.Parameter(torch.ones(n_inputs))
        self.layer = nn.Linear(n_inputs, n_outputs)

    def forward(self, x: Tensor) -> Tensor:
        return torch.as_tensor(self.layer(self.frozen(x) * self.gates + self.mask.exp()))


def ending_in(last: nn.Module, n_inputs: int, n_outputs: int) -> nn.Module:
    return nn.Sequential(nn.Linear(n_inputs, 6), nn.Tanh(), nn.Linear(6, n_outputs), last)


class Unused(nn.Module):
    """Its second layer is never used, and its weights are tied, normalized and constant ones."""

    def __init__(self, n_inputs: int, n_outputs: int) -> None:
        super().__init__()
        self.first = nn.Linear(n_inputs, n_inputs)
        self.unused = nn.Linear(6, 6)
        self.tied = nn.Linear(n_inputs, n_inputs)
        self.tied.weight = self.first.weight
        self.normed = spectral_norm(nn.Linear(n_inputs, 5))
        self.scaled = weight_norm(nn.Linear(5, 4))
        self.frozen = nn.Linear(4, 4).requires_grad_(requires_grad=False)
        self.last = nn.Linear(4, n_outputs)
        self.register_buffer("constant", torch.arange(3.0))

    def forward(self, x: Tensor) -> Tensor:
        inner = self.tied(torch.relu(self.first(x)))
        return torch.as_tensor(self.last(self.frozen(self.scaled(self.normed(inner)))))
