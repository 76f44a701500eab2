"""What the trainer asks of a network: m copies of it, their parameters in one matrix."""

from typing import Protocol

import numpy as np
from torch import Tensor

from regchoose.records.words import Float, Task


class Program(Protocol):
    """m models with their parameters and gradients in place."""

    def write_gradient(self, task: Task, x: Tensor, y: Tensor) -> None:
        """Write the gradient of the mean loss on rows x (m, n, d), y (m, n)."""


class Network(Protocol):
    """A kind of network. The parameters of a model are a row of a matrix, the penalized ones first."""

    @property
    def n_outputs(self) -> int:
        """Numbers that it puts out, k."""

    @property
    def n_parameters(self) -> int:
        """Numbers in a row, p; some at its end may be unused."""

    @property
    def n_penalized(self) -> int:
        """How many of them, the first ones, are penalized."""

    def width(self, n_inputs: int) -> int:
        """Return how many numbers apart rows of so many inputs are to lie; those between are zero."""

    def initial(self, rng: np.random.Generator) -> Float:
        """Draw one model's parameters, (p,)."""

    def outputs(self, parameters: Tensor, x: Tensor) -> Tensor:
        """Return the outputs of rows: (m, p), (m, n, d) -> (m, k, n)."""

    def program(self, parameters: Tensor, gradient: Tensor, *, n_rows: int) -> Program:
        """Return what writes the gradient (m, p) of parameters (m, p) on n rows a step."""

    def nonzero_inputs(self, parameters: Tensor) -> Tensor:
        """Return how many inputs have any weight: (m, p) -> (m,)."""
