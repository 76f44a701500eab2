"""A fully connected ReLU network, m of them side by side.

All parameters of a model lie in one row of one matrix, the penalized weights first, so that the optimizer
and the penalty see plain (m, p) arrays. Weights have PyTorch's layout (out, in) and PyTorch's default
initialization. The gradient is written out: with batched matrix products it costs less than a tape.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod, sqrt

import numpy as np
import torch
from torch import Tensor

from regchoose.records.words import Float, Task
from regchoose.training.cache_lines import in_lines, room
from regchoose.training.loss import slope


@dataclass(frozen=True)
class Mlp:
    """Sizes of the layers: inputs, hidden, outputs."""

    sizes: tuple[int, ...]

    @cached_property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """Shapes of the parameters: all weights (out, in), then all biases (out,)."""
        pairs = list(zip(self.sizes[1:], self.sizes[:-1], strict=True))
        return (*pairs, *((out,) for out, _ in pairs))

    @property
    def n_outputs(self) -> int:
        """Numbers that it puts out, k."""
        return self.sizes[-1]

    @property
    def n_layers(self) -> int:
        """Layers with weights."""
        return len(self.sizes) - 1

    @cached_property
    def n_penalized(self) -> int:
        """Parameters that are weights; they come first."""
        return sum(prod(shape) for shape in self.shapes[: self.n_layers])

    @cached_property
    def n_parameters(self) -> int:
        """Numbers in one model's row: all parameters, and some unused ones at its end.

        Rows of whole cache lines: so every model of a block lies alike in memory, and its products are
        rounded alike.
        """
        return in_lines(sum(prod(shape) for shape in self.shapes))

    def width(self, n_inputs: int) -> int:
        """Return how many numbers apart rows of so many inputs are to lie."""
        return in_lines(n_inputs)

    def initial(self, rng: np.random.Generator) -> Float:
        """Draw one model's parameters, (p,): uniform within ±1/√in, as torch.nn.Linear draws them."""
        fan_in = [shape[1] for shape in self.shapes[: self.n_layers]] * 2
        draws = [
            rng.uniform(-1 / sqrt(inputs), 1 / sqrt(inputs), prod(shape))
            for shape, inputs in zip(self.shapes, fan_in, strict=True)
        ]
        used = np.concatenate(draws)
        return np.pad(used, (0, self.n_parameters - len(used)))

    def outputs(self, parameters: Tensor, x: Tensor) -> Tensor:
        """Return the outputs of rows: (m, p), (m, n, d) -> (m, k, n)."""
        weights, biases = self.views(parameters)
        return forward(weights, biases, x, room=Room.like(weights, x.shape[1]))

    def program(self, parameters: Tensor, gradient: Tensor, *, n_rows: int) -> "MlpProgram":
        """Return what writes the gradient (m, p) of parameters (m, p) on n rows a step."""
        views = self.views(parameters)
        products = [room(weight, *weight.shape) for weight in views[0]]
        return MlpProgram(views, self.views(gradient), Room.like(views[0], n_rows), products)

    def nonzero_inputs(self, parameters: Tensor) -> Tensor:
        """Return how many inputs have any weight: (m, p) -> (m,)."""
        return (self.views(parameters)[0][0] != 0).any(1).sum(1)

    def views(self, flat: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Split (m, p) into the weights (m, out, in) and biases (m, 1, out), without a copy."""
        parts, start = [], 0
        for shape in self.shapes:
            size = prod(shape)
            parts.append(flat[:, start : start + size].view(len(flat), *shape))
            start += size
        return parts[: self.n_layers], [bias[:, None] for bias in parts[self.n_layers :]]


@dataclass(frozen=True)
class Room:
    """Memory for the activations of n rows, reused at every step: fresh pages cost more than the arithmetic.

    Parameters
    ----------
    hidden, back : list of Tensor (m, n, size)
        What each hidden layer puts out, and the slope of the loss by it.
    outputs : Tensor (m, k, n)
    """

    hidden: list[Tensor]
    back: list[Tensor]
    outputs: Tensor

    @classmethod
    def like(cls, weights: Sequence[Tensor], n_rows: int) -> "Room":
        """Make room for the models with these weights."""
        m, hidden = len(weights[0]), [weight.shape[1] for weight in weights[:-1]]
        layers, back = ([room(weights[0], m, n_rows, size) for size in hidden] for _ in range(2))
        return cls(layers, back, room(weights[0], m, weights[-1].shape[1], n_rows))


def forward(weights: Sequence[Tensor], biases: Sequence[Tensor], x: Tensor, *, room: Room) -> Tensor:
    """Return the outputs (m, k, n) of rows x (m, n, d), and leave the hidden layers in the room.

    Parameters
    ----------
    weights, biases : sequences of Tensor
        As `Mlp.views` gives them.
    x : Tensor (m, n, d)
        A broadcast view costs nothing.
    """
    layer = x
    for weight, bias, hidden in zip(weights[:-1], biases[:-1], room.hidden, strict=True):
        layer = torch.bmm(layer, weight.transpose(1, 2), out=hidden).add_(bias).relu_()
    outputs = torch.bmm(weights[-1], layer.transpose(1, 2), out=room.outputs)
    return outputs.add_(biases[-1].transpose(1, 2))


def backward(
    weights: Sequence[Tensor],
    x: Tensor,
    back: Tensor,
    *,
    room: Room,
    gradients: tuple[Sequence[Tensor], Sequence[Tensor]],
    products: Sequence[Tensor],
) -> None:
    """Write the gradient of the loss by every parameter, after `forward` in the same room.

    Parameters
    ----------
    back : Tensor (m, k, n)
        Derivative of the mean loss by the outputs.
    gradients : pair of sequences of Tensor
        Views into the (m, p) gradient, shaped as `Mlp.views` shapes them.
    products : sequence of Tensor
        Room for the gradient of each layer's weights, in lines of its own: in the gradient it has none.
    """
    weight_gradients, bias_gradients = gradients
    inputs = [x, *room.hidden]
    weight_gradients[-1].copy_(torch.bmm(back, inputs[-1], out=products[-1]))
    bias_gradients[-1].copy_(back.sum(2)[:, None])
    back = back.transpose(1, 2)
    for layer in range(len(weights) - 2, -1, -1):
        above, back_here = weights[layer + 1], room.back[layer]
        product = torch.mul if back.shape[2] == 1 else torch.bmm  # one output: no sum to be taken
        product(back, above, out=back_here)
        torch.ops.aten.threshold_backward.grad_input(back_here, inputs[layer + 1], 0, grad_input=back_here)
        slopes = torch.bmm(back_here.transpose(1, 2), inputs[layer], out=products[layer])
        weight_gradients[layer].copy_(slopes)
        torch.sum(back_here, 1, keepdim=True, out=bias_gradients[layer])
        back = back_here


@dataclass(frozen=True)
class MlpProgram:
    """The gradient of m networks, in memory that is used again at every step."""

    views: tuple[list[Tensor], list[Tensor]]
    gradients: tuple[list[Tensor], list[Tensor]]
    room: Room
    products: list[Tensor]

    def write_gradient(self, task: Task, x: Tensor, y: Tensor) -> None:
        """Write the gradient of the mean loss on rows x (m, n, d), y (m, n)."""
        back = slope(task, forward(*self.views, x, room=self.room), y) / y.shape[1]
        backward(self.views[0], x, back, room=self.room, gradients=self.gradients, products=self.products)
