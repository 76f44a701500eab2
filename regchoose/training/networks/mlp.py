"""A fully connected ReLU network, m of them side by side.

All parameters of a model lie in one row of one matrix, the penalized weights first, so that the optimizer
and the penalty see plain (m, p) arrays. Weights have PyTorch's layout (out, in) and PyTorch's default
initialization. The gradient is written out: with batched matrix products it costs less than a tape.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from regchoose.records.words import Task
from regchoose.training.deterministic import RowMatrix, aligned_empty, padded_rows, round_up_to_lines
from regchoose.training.loss import slope
from regchoose.training.networks.network import LayeredNetwork, TensorSlot, layer_slots


@dataclass(frozen=True)
class Mlp(LayeredNetwork):
    """Sizes of the layers: inputs, hidden, outputs; see `regchoose.training.networks.network.Network`."""

    sizes: tuple[int, ...]

    @property
    def n_inputs(self) -> int:
        """Encoded features, d."""
        return self.sizes[0]

    @property
    def n_outputs(self) -> int:
        """Outputs, k."""
        return self.sizes[-1]

    @property
    def same_in_parts(self) -> bool:
        """Every model has cache lines of its own; without a hidden layer, models share a matrix product."""
        return self.n_layers > 1

    @cached_property
    def slots(self) -> tuple[TensorSlot, ...]:
        """The tensors of a `torch.nn.Sequential`; a ReLU stands between two layers."""
        return layer_slots({2 * place: (out, into) for place, (into, out) in enumerate(pairwise(self.sizes))})

    def place_rows(self, x: RowMatrix, *, device: torch.device) -> Tensor:
        """Copy rows to a device, each on cache lines of its own: (n, d) -> (n, d or more)."""
        return padded_rows(x, round_up_to_lines(x.shape[1]), device=device)

    def outputs(self, parameters: Tensor, x: Tensor) -> Tensor:
        """Return the outputs of rows: (m, p), (m, n, d) -> (m, k, n)."""
        weights, biases = self.views(parameters)
        return mlp_forward(weights, biases, x, workspace=MlpWorkspace.like(weights, x.shape[1]))

    def program(self, parameters: Tensor, gradient: Tensor, *, n_rows: int) -> "MlpProgram":
        """Return what writes the gradient (m, p) of parameters (m, p) on n rows a step."""
        views = self.views(parameters)
        products = [aligned_empty(weight, *weight.shape) for weight in views[0]]
        return MlpProgram(views, self.views(gradient), MlpWorkspace.like(views[0], n_rows), products)

    def nonzero_inputs(self, parameters: Tensor) -> Tensor:
        """Return how many inputs have any nonzero weight: (m, p) -> (m,)."""
        return (self.views(parameters)[0][0] != 0).any(1).sum(1)

    def key(self) -> str:
        """Return what tells it from other networks."""
        return f"mlp {self.sizes}"

    def spec(self) -> Mapping[str, Any]:
        """Return its sizes."""
        return {"kind": "mlp", "sizes": list(self.sizes)}

    def views(self, flat: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Split (m, p) into the weights (m, out, in) and biases (m, 1, out), without a copy."""
        views = [slot.view(flat) for slot in self.slots]
        return views[: self.n_layers], [bias[:, None] for bias in views[self.n_layers :]]


@dataclass(frozen=True)
class MlpWorkspace:
    """Memory for the activations of n rows, reused at every step: fresh pages cost more than the arithmetic.

    Parameters
    ----------
    hidden, back : list of Tensor (m, n, size)
        Activations of each hidden layer, and the slope of the loss with respect to them.
    outputs : Tensor (m, k, n)
    """

    hidden: list[Tensor]
    back: list[Tensor]
    outputs: Tensor

    @classmethod
    def like(cls, weights: Sequence[Tensor], n_rows: int) -> "MlpWorkspace":
        """Allocate the workspace of models with these weights."""
        m, hidden = len(weights[0]), [weight.shape[1] for weight in weights[:-1]]
        layers, back = ([aligned_empty(weights[0], m, n_rows, size) for size in hidden] for _ in range(2))
        return cls(layers, back, aligned_empty(weights[0], m, weights[-1].shape[1], n_rows))


def mlp_forward(
    weights: Sequence[Tensor], biases: Sequence[Tensor], x: Tensor, *, workspace: MlpWorkspace
) -> Tensor:
    """Return the outputs (m, k, n) of rows x (m, n, d); the workspace holds the activations then.

    Parameters
    ----------
    weights, biases : sequences of Tensor
        As `Mlp.views` gives them.
    x : Tensor (m, n, d)
        A broadcast view costs nothing.
    """
    layer = x
    for weight, bias, hidden in zip(weights[:-1], biases[:-1], workspace.hidden, strict=True):
        layer = torch.bmm(layer, weight.transpose(1, 2), out=hidden).add_(bias).relu_()
    outputs = torch.bmm(weights[-1], layer.transpose(1, 2), out=workspace.outputs)
    return outputs.add_(biases[-1].transpose(1, 2))


def mlp_backward(
    weights: Sequence[Tensor],
    x: Tensor,
    back: Tensor,
    *,
    workspace: MlpWorkspace,
    gradients: tuple[Sequence[Tensor], Sequence[Tensor]],
    products: Sequence[Tensor],
) -> None:
    """Write the gradient of the loss by every parameter, after `mlp_forward` in the same workspace.

    Parameters
    ----------
    back : Tensor (m, k, n)
        Derivative of the mean loss with respect to the outputs.
    gradients : pair of sequences of Tensor
        Views into the (m, p) gradient, shaped as `Mlp.views` shapes them.
    products : sequence of Tensor
        Memory for the gradient of each layer's weights, on cache lines of its own, which it has not within
        the gradient.
    """
    weight_gradients, bias_gradients = gradients
    inputs = [x, *workspace.hidden]
    weight_gradients[-1].copy_(torch.bmm(back, inputs[-1], out=products[-1]))
    bias_gradients[-1].copy_(back.sum(2)[:, None])
    back = back.transpose(1, 2)
    for layer in range(len(weights) - 2, -1, -1):
        above, back_here = weights[layer + 1], workspace.back[layer]
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
    workspace: MlpWorkspace
    products: list[Tensor]

    def write_gradient(self, task: Task, x: Tensor, y: Tensor) -> None:
        """Write the gradient of the mean loss on rows x (m, n, d), y (m, n)."""
        back = slope(task, mlp_forward(*self.views, x, workspace=self.workspace), y) / y.shape[1]
        mlp_backward(
            self.views[0],
            x,
            back,
            workspace=self.workspace,
            gradients=self.gradients,
            products=self.products,
        )
