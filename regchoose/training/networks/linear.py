"""The linear model: convex, so the solver takes it to its optimum, in float64."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from regchoose.records.words import Float, Task
from regchoose.training.deterministic import RowMatrix
from regchoose.training.loss import slope
from regchoose.training.networks.network import BuiltInNetwork, Precision, TensorSlot, consecutive_slots


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
    def n_penalized(self) -> int:
        """Weights."""
        return self.n_inputs * self.n_outputs

    @property
    def n_parameters(self) -> int:
        """Weights and intercepts."""
        return self.n_penalized + self.n_outputs

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

    def outputs(self, parameters: Tensor, x: Tensor) -> Tensor:
        """Return the outputs of rows: (m, p), (m, n, d) -> (m, k, n)."""
        matrix = rows_to_matrix(parameters, n_outputs=self.n_outputs)
        if len(x) == 1 or x.stride(0) == 0:  # all models see the same rows
            return matrix @ with_intercept(x[0]).T
        return matrix @ torch.cat([x, x.new_ones(*x.shape[:2], 1)], 2).transpose(1, 2)

    def program(self, parameters: Tensor, gradient: Tensor, *, n_rows: int) -> "LinearProgram":
        """Return what writes the gradient (m, p) of parameters (m, p)."""
        return LinearProgram(self, parameters, gradient)

    def nonzero_inputs(self, parameters: Tensor) -> Tensor:
        """Return how many inputs have any nonzero weight: (m, p) -> (m,)."""
        return (self.slots[0].view(parameters) != 0).any(1).sum(1)

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


@dataclass(frozen=True)
class LinearProgram:
    """The gradient of m linear models."""

    network: Linear
    parameters: Tensor
    gradient: Tensor

    def write_gradient(self, task: Task, x: Tensor, y: Tensor) -> None:
        """Write the gradient of the mean loss on rows x (m, n, d), y (m, n)."""
        back = slope(task, self.network.outputs(self.parameters, x), y) / y.shape[1]
        weight, bias = (slot.view(self.gradient) for slot in self.network.slots)
        weight.copy_(back @ x)
        bias.copy_(back.sum(2))


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
