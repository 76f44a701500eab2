"""A small convolutional network for images, as torch's own layers.

Two convolutions of 3 × 3 that halve the image, each with a ReLU, and a linear layer.
"""

from collections.abc import Sequence
from dataclasses import asdict, replace

from torch import nn

from regchoose.records.table import Image
from regchoose.training.networks.torch_module import ModuleNetwork, module_network

KERNEL, STRIDE = 3, 2


def build_cnn(image: Image, channels: Sequence[int], n_outputs: int) -> nn.Sequential:
    """Return one network; so many channels come out of each convolution.

    For two convolutions, 1.weight, 3.weight and 6.weight are its weights.
    """
    layers: list[nn.Module] = [nn.Unflatten(1, (image.channels, image.height, image.width))]
    into, height, width = image.channels, image.height, image.width
    for out in channels:
        layers += [nn.Conv2d(into, out, KERNEL, STRIDE, padding=1), nn.ReLU()]
        into, height, width = out, -(-height // STRIDE), -(-width // STRIDE)
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(into * height * width, n_outputs))


def cnn_network(
    image: Image, channels: Sequence[int], n_outputs: int, *, penalize: Sequence[str] = ()
) -> ModuleNetwork:
    """Return the network for images of a shape; patterns of names may say which weights are penalized."""
    network = module_network(
        lambda: build_cnn(image, channels, n_outputs),
        n_inputs=image.n_numbers,
        n_outputs=n_outputs,
        penalize=penalize,
    )
    spec = {
        "kind": "cnn",
        "image": asdict(image),
        "channels": list(channels),
        "n_outputs": n_outputs,
        "penalize": list(penalize),
    }
    return replace(network, identity=f"cnn {image} {tuple(channels)} {n_outputs}", recipe=spec)
