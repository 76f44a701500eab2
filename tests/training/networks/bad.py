"""Networks with one fault each."""

import os
import sys
import time
from typing import Any

import torch
from torch import Tensor, nn

NUMBER = 3


class Base(nn.Module):
    def __init__(self, n_inputs: int, n_outputs: int) -> None:
        super().__init__()
        self.n_outputs = n_outputs
        self.layer = nn.Linear(n_inputs, n_outputs)

    def forward(self, x: Tensor) -> Any:
        return self.layer(x)


class RaisesInInit(Base):
    def __init__(self, n_inputs: int, n_outputs: int) -> None:
        raise ValueError("no such size")


class RaisesInForward(Base):
    def forward(self, x: Tensor) -> Any:
        return self.helper(x)

    def helper(self, x: Tensor) -> Any:
        return self.layer(x[:, :1])


class Broken(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x.clone()

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> Tensor:
        raise ArithmeticError("no way back")


class RaisesInBackward(Base):
    def forward(self, x: Tensor) -> Any:
        return Broken.apply(self.layer(x))  # type: ignore[no-untyped-call]  # torch has no type for it


class WrongShape(Base):
    def forward(self, x: Tensor) -> Any:
        return self.layer(x)[:, :, None]


class CountsOnABatch(Base):
    def forward(self, x: Tensor) -> Any:
        return self.layer(x)[:4]


class GivesATuple(Base):
    def forward(self, x: Tensor) -> Any:
        return self.layer(x), None


class NotANumber(Base):
    def forward(self, x: Tensor) -> Any:
        return self.layer(x).log()


class NoGradient(Base):
    def forward(self, x: Tensor) -> Any:
        return self.layer(x).detach()


class InfiniteGradient(Base):
    def forward(self, x: Tensor) -> Any:
        return (self.layer(x) * 0).abs().sqrt()


class NoParameters(nn.Module):
    def __init__(self, n_inputs: int, n_outputs: int) -> None:
        super().__init__()

    def forward(self, x: Tensor) -> Any:
        return x[:, :1]


class OnlyBiases(nn.Module):
    def __init__(self, n_inputs: int, n_outputs: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(n_outputs))

    def forward(self, x: Tensor) -> Any:
        return x.mean(1, keepdim=True) * self.scale


class Double(Base):
    def __init__(self, n_inputs: int, n_outputs: int) -> None:
        super().__init__(n_inputs, n_outputs)
        self.double()


class Unsteady(Base):
    built = 0

    def __init__(self, n_inputs: int, n_outputs: int) -> None:
        super().__init__(n_inputs, n_outputs)
        Unsteady.built += 1
        self.more = nn.Linear(n_outputs, Unsteady.built)


class NeedsMore(Base):
    def __init__(self, n_inputs: int, n_outputs: int, depth: int) -> None:
        super().__init__(n_inputs, n_outputs)


class Exits(Base):
    def forward(self, x: Tensor) -> Any:
        sys.exit("enough")


class ExitsAtOnce(Base):
    def forward(self, x: Tensor) -> Any:
        os._exit(3)


class Endless(Base):
    def forward(self, x: Tensor) -> Any:
        while True:
            time.sleep(0.01)


def gives_nothing(n_inputs: int, n_outputs: int) -> None:
    return None
