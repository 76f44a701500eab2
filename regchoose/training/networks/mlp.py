"""A fully connected ReLU network, m of them side by side.

Activations are (m, units, rows), and weights have PyTorch's layout (out, in). The models of a cell share its
rows, so for the first layer nothing is copied. The gradient is written out: with batched products it costs
less than a tape. Weights have PyTorch's default initialization.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import sqrt
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from regchoose.records.words import Float, Task
from regchoose.training.deterministic import RowMatrix, aligned_empty, padded_rows, round_up_to_lines
from regchoose.training.loss import slope
from regchoose.training.networks.network import (
    EVALUATED_ROWS,
    BuiltInNetwork,
    Precision,
    Tensors,
    TensorSlot,
    consecutive_slots,
    predict_in_chunks,
    rows_by_model,
)


@dataclass(frozen=True)
class Mlp(BuiltInNetwork):
    """Sizes of the layers: inputs, hidden, outputs; see `regchoose.training.networks.network.Network`."""

    sizes: tuple[int, ...]

    is_convex: ClassVar[bool] = False
    precision: ClassVar[Precision] = "float32"
    rows_at_once: ClassVar[int] = EVALUATED_ROWS
    same_in_parts: ClassVar[bool] = True  # every model has cache lines and products of its own, on a CPU

    @property
    def n_inputs(self) -> int:
        """Encoded features, d."""
        return self.sizes[0]

    @property
    def n_outputs(self) -> int:
        """Outputs, k."""
        return self.sizes[-1]

    @property
    def numbers_a_row(self) -> int:
        """Activations and their slopes."""
        return 2 * sum(self.sizes[1:])

    @property
    def n_layers(self) -> int:
        """Layers with weights."""
        return len(self.sizes) - 1

    @property
    def n_penalized(self) -> int:
        """Parameters that are weights; they come first."""
        return self.slots[self.n_layers - 1].end

    @cached_property
    def slots(self) -> tuple[TensorSlot, ...]:
        """The tensors of a `torch.nn.Sequential` in which a ReLU stands between two layers."""
        shapes = [(out, into) for into, out in pairwise(self.sizes)]
        weights = [(f"{2 * place}.weight", shape, torch.float32) for place, shape in enumerate(shapes)]
        biases = [(f"{2 * place}.bias", shape[:1], torch.float32) for place, shape in enumerate(shapes)]
        return consecutive_slots([*weights, *biases])

    def initial(self, rng: np.random.Generator) -> Float:
        """Draw one model's parameters, (p,): uniform within ±1/√in, as torch.nn.Linear does."""
        row = np.zeros(self.n_parameters)
        for slot, into in zip(self.slots, self.sizes[:-1] * 2, strict=True):
            bound = 1 / sqrt(into)
            row[slot.start : slot.end] = rng.uniform(-bound, bound, slot.end - slot.start)
        return row

    def predict(self, row: NDArray[Any], x: Float, *, device: torch.device) -> Float:
        """Return the outputs of one model, (p,): (n, d) -> (n, k)."""
        return predict_in_chunks(self, row, x, device=device)

    def place_rows(self, x: RowMatrix, *, device: torch.device) -> Tensor:
        """Copy rows to a device, each on cache lines of its own: (n, d) -> (n, d or more)."""
        return padded_rows(x, round_up_to_lines(x.shape[1]), device=device)

    def outputs(self, tensors: Tensors, x: Tensor) -> Tensor:
        """Return the outputs of models for the rows of their cells: (m, …) each, (c, n, d) -> (m, k, n)."""
        return MlpPass(tensors, n_rows=x.shape[1]).forward(x)

    def program(self, tensors: Tensors, gradients: Tensors, *, n_rows: int) -> "MlpProgram":
        """Return what writes the gradients of models on n rows a step: (m, …) each."""
        return MlpProgram(tensors, gradients, n_rows=n_rows)

    def nonzero_inputs(self, tensors: Tensors) -> Tensor:
        """Return how many inputs have any nonzero weight: (m, …) each -> (m,)."""
        return (tensors[0] != 0).any(1).sum(1)

    def key(self) -> str:
        """Return what tells it from other networks."""
        return f"mlp {self.sizes}"

    def spec(self) -> Mapping[str, Any]:
        """Return its sizes."""
        return {"kind": "mlp", "sizes": list(self.sizes)}


class MlpPass:
    """A pass forward, in memory that is used again at every step: fresh pages cost more than the arithmetic.

    Parameters
    ----------
    tensors : sequence of Tensor
        One a slot: weights (m, out, in) of all layers, then their biases (m, out).
    n_rows : int
        n. What each layer puts out, hidden ones after their ReLU, is (m, out, n).
    """

    def __init__(self, tensors: Tensors, *, n_rows: int) -> None:
        n_layers = len(tensors) // 2
        self.weights = tensors[:n_layers]
        self._biases = [bias.unsqueeze(2) for bias in tensors[n_layers:]]
        last = self.weights[-1]
        m, k, _ = last.shape
        hidden = [_room(weight, n_rows) for weight in self.weights[:-1]]
        self.layers = [*hidden, last.new_empty(m, k, n_rows)]
        # Rows on cache lines of their own: else what is computed from one is rounded by where its model lies.
        self._outputs = aligned_empty(last, m, k, n_rows)

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs (m, k, n) for the rows of the cells, x (c, n, d)."""
        _apply_first(self.weights[0], self._biases[0], x, out=self.layers[0])
        for before, weight, bias, layer in zip(
            self.layers[:-1], self.weights[1:], self._biases[1:], self.layers[1:], strict=True
        ):
            _multiply(weight, before.relu_(), bias=bias, out=layer)
        return self._outputs.copy_(self.layers[-1])


class MlpProgram:
    """The gradients of m networks, written into tensors like theirs, in memory that each step uses again."""

    def __init__(self, tensors: Tensors, gradients: Tensors, *, n_rows: int) -> None:
        self.forward = MlpPass(tensors, n_rows=n_rows)
        self._gradients = gradients
        # The derivative of the mean loss by what each layer puts out, (m, out, n).
        self._slopes = [_room(weight, n_rows) for weight in self.forward.weights[:-1]]
        self._slopes.append(aligned_empty(tensors[0], *self.forward.layers[-1].shape))
        m, out, into = tensors[0].shape
        self._first = aligned_empty(tensors[0], m, into, out)  # of the first weights, as a CPU comes to it

    def write_gradient(self, task: Task, x: Tensor, y: Tensor) -> None:
        """Write the gradient of the mean loss on the rows of the cells, x (c, n, d), y (c, n)."""
        outputs = self.forward.forward(x)
        by_row = slope(task, outputs, rows_by_model(y, len(outputs)))
        self.backward(x, torch.div(by_row, y.shape[1], out=self._slopes[-1]))

    def backward(self, x: Tensor, back: Tensor) -> None:
        """Write the gradient, from the derivative of the mean loss by the outputs, (m, k, n)."""
        weights, layers = self.forward.weights, self.forward.layers
        n_layers = len(weights)
        for layer in range(n_layers - 1, -1, -1):
            torch.sum(back, 2, out=self._gradients[n_layers + layer])
            if not layer:
                break
            below = layers[layer - 1]
            torch.bmm(back, below.transpose(1, 2), out=self._gradients[layer])
            above, back_here = weights[layer].transpose(1, 2), self._slopes[layer - 1]
            if back.shape[1] == 1:  # one output: no sum to be taken
                torch.mul(above, back, out=back_here)
            else:
                _multiply(above, back, out=back_here)
            torch.ops.aten.threshold_backward.grad_input(back_here, below, 0, grad_input=back_here)
            back = back_here
        _first_gradient(back, x, out=self._gradients[0], scratch=self._first)


# A CPU multiplies fastest where units are the last axis of memory: more often than the number of rows, theirs
# is a multiple of what it takes at once. There, what is (m, units, rows) here is a view.


def _room(weight: Tensor, n_rows: int) -> Tensor:
    """Return memory for what a layer with weights (m, h, in) puts out: (m, h, n)."""
    m, h, _ = weight.shape
    if weight.device.type == "cpu":
        return aligned_empty(weight, m, n_rows, h).transpose(1, 2)
    return weight.new_empty(m, h, n_rows)


def _multiply(a: Tensor, b: Tensor, *, out: Tensor, bias: Tensor | None = None) -> None:
    """Write a · b + bias, in either order of memory: (m, h, i), (m, i, n), (m, h, 1) -> (m, h, n)."""
    if out.stride(2) != 1:  # the other order
        a, b, out = b.transpose(1, 2), a.transpose(1, 2), out.transpose(1, 2)
        bias = None if bias is None else bias.transpose(1, 2)
    if bias is None:
        torch.bmm(a, b, out=out)
    else:
        torch.baddbmm(bias, a, b, out=out)


# The first layer. On CUDA it is one product for all models of a cell. A CPU takes one for each model, so that
# none depends on its neighbours, and comes to the gradient transposed: its products are several times as slow
# where the last axis is as short as the inputs often are.


def _apply_first(weight: Tensor, bias: Tensor, x: Tensor, *, out: Tensor) -> None:
    """Write weight · x + bias: (m, h, d), (m, h, 1), (c, n, d) -> (m, h, n)."""
    (c, n, d), m = x.shape, len(weight)
    if x.device.type != "cpu":
        torch.baddbmm(
            bias.reshape(c, -1, 1), weight.reshape(c, -1, d), x.transpose(1, 2), out=out.view(c, -1, n)
        )
        return
    for cell in range(c):
        models = slice(cell * (m // c), (cell + 1) * (m // c))
        rows = x[cell].T.expand(m // c, d, n)
        _multiply(weight[models], rows, bias=bias[models], out=out[models])


def _first_gradient(back: Tensor, x: Tensor, *, out: Tensor, scratch: Tensor) -> None:
    """Write back · x: (m, h, n), (c, n, d) -> (m, h, d)."""
    (c, n, d), m = x.shape, len(back)
    if x.device.type != "cpu":
        torch.bmm(back.reshape(c, -1, n), x, out=out.view(c, -1, d))
        return
    for cell in range(c):
        models = slice(cell * (m // c), (cell + 1) * (m // c))
        torch.bmm(x[cell].T.expand(m // c, d, n), back[models].transpose(1, 2), out=scratch[models])
    out.copy_(scratch.transpose(1, 2))
