"""The linear model: convex, so the solver takes it to its optimum, in float64."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from regchoose.records.words import Float
from regchoose.training.deterministic import RowMatrix
from regchoose.training.networks.mlp import MlpProgram
from regchoose.training.networks.network import (
    BuiltInNetwork,
    Precision,
    Tensors,
    TensorSlot,
    consecutive_slots,
    rows_by_model,
)


@dataclass(frozen=True)
class Linear(BuiltInNetwork):
    """One layer of weights; see `regchoose.training.networks.network.Network`.

    A model's row holds its weights (k, d), output by output, and then its k intercepts.
    """

    n_inputs: int
    n_outputs: int

    is_convex: ClassVar[bool] = True
    precision: ClassVar[Precision] = "float64"
    same_in_parts: ClassVar[bool] = False  # the solver goes on until all models of a block are solved
    rows_at_once: ClassVar[int] = 2**62  # there are no activations to keep small

    @property
    def numbers_a_row(self) -> int:
        """Outputs and their slopes."""
        return 2 * self.n_outputs

    @property
    def n_penalized(self) -> int:
        """Weights."""
        return self.n_inputs * self.n_outputs

    @cached_property
    def slots(self) -> tuple[TensorSlot, ...]:
        """The tensors of a `torch.nn.Linear`."""
        weight = ("weight", (self.n_outputs, self.n_inputs), torch.float64)
        return consecutive_slots([weight, ("bias", (self.n_outputs,), torch.float64)])

    def place_rows(self, x: RowMatrix, *, device: torch.device) -> Tensor:
        """Copy rows to a device in their own order of memory: (n, d) -> (n, d)."""
        return torch.as_tensor(np.asarray(x, dtype=np.float64), device=device)

    def initial(self, rng: np.random.Generator) -> Float:
        """Return zero weights, whatever `rng` would draw: the optimum is the same from any start."""
        return np.zeros(self.n_parameters)

    def outputs(self, tensors: Tensors, x: Tensor) -> Tensor:
        """Return the outputs of models for the rows of their cells: (m, …) each, (c, n, d) -> (m, k, n)."""
        weight, bias = tensors
        matrix = torch.cat([weight, bias[:, :, None]], 2)
        if len(x) == 1:  # all models see the same rows
            return matrix @ with_intercept(x[0]).T
        rows = torch.cat([x, x.new_ones(*x.shape[:2], 1)], 2)
        return matrix @ rows_by_model(rows, len(matrix)).transpose(1, 2)

    def program(self, tensors: Tensors, gradients: Tensors, *, n_rows: int) -> MlpProgram:
        """Return what writes the gradients of models on n rows a step: (m, …) each."""
        return MlpProgram(tensors, gradients, n_rows=n_rows)

    def nonzero_inputs(self, tensors: Tensors) -> Tensor:
        """Return how many inputs have any nonzero weight: (m, …) each -> (m,)."""
        return (tensors[0] != 0).any(1).sum(1)

    def predict(self, row: NDArray[Any], x: Float, *, device: torch.device) -> Float:
        """Return the outputs of one model, (p,): (n, d) -> (n, k)."""
        weight = row[: self.n_penalized].reshape(self.n_outputs, self.n_inputs)
        outputs: Float = x @ weight.T + row[self.n_penalized :]
        return outputs

    def key(self) -> str:
        """Return what tells it from other networks."""
        return f"linear {self.n_inputs} {self.n_outputs}"

    def spec(self) -> Mapping[str, Any]:
        """Return its sizes."""
        return {"kind": "linear", "n_inputs": self.n_inputs, "n_outputs": self.n_outputs}


def with_intercept(x: Tensor) -> Tensor:
    """Add a column of ones: (n, d) -> (n, d + 1). The order of memory stays, as products round by it."""
    ones = x.new_ones(len(x), 1)
    if x.shape[1] > 1 and x.stride(0) == 1:  # column by column
        return torch.cat([x.T, ones.T]).T
    return torch.cat([x, ones], 1)


def matrix_to_rows(matrix: Tensor) -> Tensor:
    """Return models' rows, from weights and, last, each output's intercept: (m, k, d + 1) -> (m, p)."""
    return torch.cat([matrix[:, :, :-1].flatten(1), matrix[:, :, -1]], 1)


def rows_to_matrix(rows: Tensor, *, n_outputs: int) -> Tensor:
    """Return weights and, last, the intercept of each output: (m, p) -> (m, k, d + 1)."""
    weight = rows[:, :-n_outputs].reshape(len(rows), n_outputs, -1)
    return torch.cat([weight, rows[:, -n_outputs:, None]], 2)
