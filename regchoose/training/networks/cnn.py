"""A small convolutional network, m of them side by side.

Two convolutions of 3 × 3 that halve the image, each with a ReLU, and a linear layer. A convolution
is a product of its kernels with the patches that they see (im2col; Chellapilla, Puri & Simard 2006), and its
gradient is written out.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from regchoose.records.table import Image
from regchoose.records.words import Task
from regchoose.training.deterministic import RowMatrix, padded_rows
from regchoose.training.loss import slope
from regchoose.training.networks.network import (
    LayeredNetwork,
    Tensors,
    TensorSlot,
    layer_slots,
    rows_by_model,
)

KERNEL, STRIDE = 3, 2
TAPS = KERNEL * KERNEL
ROWS = 128  # whose outputs are computed at a time
GROUP_BYTES = 8 * 2**20  # of activations: models are taken in groups whose memory stays in the cache
LayerPairs = list[tuple[Tensor, Tensor]]  # a layer's weights (m, out, in) and biases (m, out, 1)


@dataclass(frozen=True)
class Convolution:
    """A convolution: channels, height and width of what goes in, and the channels that come out."""

    channels: int
    height: int
    width: int
    out: int

    @property
    def out_height(self) -> int:
        """Half the height, rounded up."""
        return -(-self.height // STRIDE)

    @property
    def out_width(self) -> int:
        """Half the width, rounded up."""
        return -(-self.width // STRIDE)

    @property
    def places(self) -> int:
        """Pixels of a channel that comes out."""
        return self.out_height * self.out_width

    @property
    def seen(self) -> int:
        """Numbers that a pixel of the output depends on."""
        return self.channels * TAPS

    def taps(self, padded: Tensor) -> Iterator[Tensor]:
        """Yield the pixels under each place of the kernel: views (…, out_height, out_width, n)."""
        down, across = STRIDE * self.out_height - 1, STRIDE * self.out_width - 1
        for i in range(KERNEL):
            for j in range(KERNEL):
                yield padded[..., i : i + down : STRIDE, j : j + across : STRIDE, :]


@dataclass(frozen=True)
class Cnn(LayeredNetwork):
    """A network for images of a shape, with the channels of each convolution and k outputs.

    See `regchoose.training.networks.network.Network`.
    """

    image: Image
    channels: tuple[int, ...]
    n_outputs: int

    same_in_parts: ClassVar[bool] = False  # how its products round was not studied

    @property
    def n_inputs(self) -> int:
        """Numbers of an image, d."""
        return self.image.n_numbers

    @cached_property
    def stages(self) -> tuple[Convolution, ...]:
        """The convolutions."""
        stages, before = [], (self.image.channels, self.image.height, self.image.width)
        for out in self.channels:
            stages.append(Convolution(*before, out))
            before = (out, stages[-1].out_height, stages[-1].out_width)
        return tuple(stages)

    @property
    def n_features(self) -> int:
        """Numbers that the linear layer takes, from the last convolution."""
        last = self.stages[-1]
        return last.out * last.places

    @property
    def numbers_a_row(self) -> int:
        """Patches and activations of each convolution."""
        return sum((2 * stage.seen + 2 * stage.out) * stage.places for stage in self.stages)

    @property
    def group(self) -> int:
        """Models that are computed together."""
        return max(1, GROUP_BYTES // (4 * self.numbers_a_row * ROWS))

    @cached_property
    def slots(self) -> tuple[TensorSlot, ...]:
        """The tensors of `module`: convolutions, a ReLU after each, and a layer after `Flatten`."""
        places = [1 + 2 * place for place in range(len(self.stages))]
        kernels = {
            place: (stage.out, stage.channels, KERNEL, KERNEL)
            for place, stage in zip(places, self.stages, strict=True)
        }
        return layer_slots({**kernels, places[-1] + 3: (self.n_outputs, self.n_features)})

    def place_rows(self, x: RowMatrix, *, device: torch.device) -> Tensor:
        """Copy rows to a device, without gaps, since images are cut out of them: (n, d) -> (n, d)."""
        return padded_rows(x, x.shape[1], device=device)

    def layers(self, tensors: Tensors, models: slice = slice(None)) -> LayerPairs:
        """Return the weights (m, out, in) and biases (m, out, 1) of some models' layers, without a copy."""
        weights, biases = tensors[: self.n_layers], tensors[self.n_layers :]
        return [
            (weight[models].flatten(2), bias[models].unsqueeze(2))
            for weight, bias in zip(weights, biases, strict=True)
        ]

    def outputs(self, tensors: Tensors, x: Tensor) -> Tensor:
        """Return the outputs of models for the rows of their cells: (m, …) each, (c, n, d) -> (m, k, n)."""
        m, n = len(tensors[0]), x.shape[1]
        of_models = rows_by_model(x, m)
        outputs = x.new_empty(m, self.n_outputs, n)
        for models in _groups(m, self.group):
            layers = self.layers(tensors, models)
            for rows in _groups(n, ROWS):
                part = of_models[models, rows]
                workspace = CnnWorkspace.of(self, part.shape[0], part.shape[1], like=x)
                outputs[models, :, rows] = cnn_forward(self, layers, part, workspace)
        return outputs

    def program(self, tensors: Tensors, gradients: Tensors, *, n_rows: int) -> "CnnProgram":
        """Return what writes the gradients of models on n rows a step: (m, …) each."""
        return CnnProgram(self, tensors, gradients, n_rows)

    def nonzero_inputs(self, tensors: Tensors) -> Tensor:
        """Return how many numbers of an image a nonzero weight is applied to: (m, …) each -> (m,)."""
        stage = self.stages[0]
        kernels = self.layers(tensors)[0][0]
        live = (kernels != 0).any(1).view(-1, stage.channels, TAPS).to(kernels)
        under = kernels.new_zeros(TAPS, stage.height + 2, stage.width + 2, 1)
        for tap in range(TAPS):
            list(stage.taps(under[tap]))[tap].fill_(1)
        reached = under[:, 1:-1, 1:-1].reshape(TAPS, -1)  # which pixels each place of the kernel is laid on
        return (live @ reached > 0).sum((1, 2))

    def key(self) -> str:
        """Return what tells it from other networks."""
        return f"cnn {self}"

    def spec(self) -> Mapping[str, Any]:
        """Return its sizes."""
        return {"kind": "cnn", **asdict(self)}

    def module(self) -> nn.Module:
        """Return one network as torch's own layers: 1.weight, 3.weight and 6.weight are penalized."""
        image = self.image
        layers: list[nn.Module] = [nn.Unflatten(1, (image.channels, image.height, image.width))]
        for stage in self.stages:
            layers += [nn.Conv2d(stage.channels, stage.out, KERNEL, STRIDE, padding=1), nn.ReLU()]
        return nn.Sequential(*layers, nn.Flatten(), nn.Linear(self.n_features, self.n_outputs))


@dataclass(frozen=True)
class CnnWorkspace:
    """Memory for the activations of n rows of some models, reused at every step.

    Rows are the last axis, so that whatever is copied is contiguous.

    Parameters
    ----------
    padded : list of Tensor (m, channels, height + 2, width + 2, n)
        Inputs of each convolution, with a rim of zeros; in the backward pass, the slope by them.
    patches : list of Tensor (m, channels · 9, places · n)
        The same, as the columns of a matrix.
    hidden : list of Tensor (m, out, places · n)
        Its activations.
    """

    padded: list[Tensor]
    patches: list[Tensor]
    hidden: list[Tensor]

    @classmethod
    def of(cls, network: Cnn, m: int, n: int, *, like: Tensor) -> "CnnWorkspace":
        """Allocate memory for n rows of m models."""
        stages = network.stages
        return cls(
            [like.new_zeros(m, s.channels, s.height + 2, s.width + 2, n) for s in stages],
            [like.new_empty(m, s.seen, s.places * n) for s in stages],
            [like.new_empty(m, s.out, s.places * n) for s in stages],
        )

    def of_first(self, m: int) -> "CnnWorkspace":
        """Return the workspace of the first m models."""
        return CnnWorkspace(
            *([part[:m] for part in parts] for parts in (self.padded, self.patches, self.hidden))
        )


def cnn_forward(network: Cnn, layers: LayerPairs, x: Tensor, workspace: CnnWorkspace) -> Tensor:
    """Return the outputs (m, k, n) of rows x (m, n, d); the workspace holds the activations then."""
    m, n = x.shape[:2]
    first = network.stages[0]
    seen = x.transpose(1, 2).reshape(m, first.channels, first.height, first.width, n)
    for stage, (weight, bias), padded, patches, hidden in zip(
        network.stages, layers[:-1], workspace.padded, workspace.patches, workspace.hidden, strict=True
    ):
        padded[:, :, 1:-1, 1:-1].copy_(seen)
        _see(stage, padded, patches)
        torch.bmm(weight, patches, out=hidden).add_(bias).relu_()
        seen = hidden.view(m, stage.out, stage.out_height, stage.out_width, n)
    weight, bias = layers[-1]
    return torch.bmm(weight, workspace.hidden[-1].view(m, -1, n)).add_(bias)


def cnn_backward(
    network: Cnn, layers: LayerPairs, back: Tensor, *, workspace: CnnWorkspace, gradients: LayerPairs
) -> None:
    """Write the gradient of the loss by every parameter, after `cnn_forward` in the same workspace.

    Parameters
    ----------
    back : Tensor (m, k, n)
        Derivative of the mean loss with respect to the outputs.
    gradients : list of pairs
        Views into the gradient, as `Cnn.layers` gives them.
    """
    m, _, n = back.shape
    gradients[-1][0].copy_(torch.bmm(back, workspace.hidden[-1].view(m, -1, n).transpose(1, 2)))
    gradients[-1][1].copy_(back.sum(2, keepdim=True))
    slopes = torch.bmm(layers[-1][0].transpose(1, 2), back)
    for k in range(len(network.stages) - 1, -1, -1):
        stage, hidden = network.stages[k], workspace.hidden[k]
        slopes = slopes.view(hidden.shape)
        torch.ops.aten.threshold_backward.grad_input(slopes, hidden, 0, grad_input=slopes)
        gradients[k][0].copy_(torch.bmm(slopes, workspace.patches[k].transpose(1, 2)))
        gradients[k][1].copy_(slopes.sum(2, keepdim=True))
        if k:
            torch.bmm(layers[k][0].transpose(1, 2), slopes, out=workspace.patches[k])
            slopes = _unsee(stage, workspace.patches[k], workspace.padded[k])


def _see(stage: Convolution, padded: Tensor, patches: Tensor) -> None:
    """Write what the kernel sees at each place: (m, c, h + 2, w + 2, n) -> (m, c · 9, places · n)."""
    parts = patches.view(len(patches), stage.channels, TAPS, stage.out_height, stage.out_width, -1)
    for tap, pixels in enumerate(stage.taps(padded)):
        parts[:, :, tap].copy_(pixels)


def _unsee(stage: Convolution, patches: Tensor, padded: Tensor) -> Tensor:
    """Add up the slopes of each pixel: (m, c · 9, places · n) -> (m, c, h, w, n). The rim is zero again."""
    parts = patches.view(len(patches), stage.channels, TAPS, stage.out_height, stage.out_width, -1)
    padded.zero_()
    for tap, pixels in enumerate(stage.taps(padded)):
        pixels.add_(parts[:, :, tap])
    slopes = padded[:, :, 1:-1, 1:-1].clone()
    padded.zero_()
    return slopes


def _groups(total: int, size: int) -> Iterator[slice]:
    for start in range(0, total, size):
        yield slice(start, min(start + size, total))


class CnnProgram:
    """The gradients of m networks, in memory that is used again at every step."""

    def __init__(self, network: Cnn, tensors: Tensors, gradients: Tensors, n_rows: int) -> None:
        self._network, self._n_models = network, len(tensors[0])
        size = min(network.group, self._n_models)
        self._groups = list(_groups(self._n_models, size))
        self._layers = [network.layers(tensors, models) for models in self._groups]
        self._gradients = [network.layers(gradients, models) for models in self._groups]
        self._workspace = CnnWorkspace.of(network, size, n_rows, like=tensors[0])

    def write_gradient(self, task: Task, x: Tensor, y: Tensor) -> None:
        """Write the gradient of the mean loss on the rows of the cells, x (c, n, d), y (c, n)."""
        network, x, y = self._network, rows_by_model(x, self._n_models), rows_by_model(y, self._n_models)
        for models, layers, gradients in zip(self._groups, self._layers, self._gradients, strict=True):
            rows, targets = x[models], y[models]
            workspace = self._workspace.of_first(len(rows))
            back = slope(task, cnn_forward(network, layers, rows, workspace), targets) / targets.shape[1]
            cnn_backward(network, layers, back, workspace=workspace, gradients=gradients)
