"""The numbers of one model by name, as PyTorch's layers call them, and back."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from regchoose.errors import UsageError
from regchoose.records.words import Float
from regchoose.training.networks.any_network import AnyNetwork
from regchoose.training.networks.cnn import KERNEL, Cnn
from regchoose.training.networks.mlp import Mlp
from regchoose.training.networks.module_layout import Part

BuiltIn = Mlp | Cnn
Named = Mapping[str, NDArray[Any]]


def parts_of(network: BuiltIn | AnyNetwork) -> tuple[Part, ...]:
    """Return what a row of the network holds: built-in layers as those of a `torch.nn.Sequential`."""
    if isinstance(network, AnyNetwork):
        return network.layout.trained + network.layout.carried
    places, shapes = _layers_of(network)
    parts, start = list[Part](), 0
    for kind in ("weight", "bias"):
        for place, shape in zip(places, shapes, strict=True):
            own = shape if kind == "weight" else shape[:1]
            parts.append(Part(f"{place}.{kind}", own, torch.float32, start))
            start = parts[-1].end
    return tuple(parts)


def _layers_of(network: BuiltIn) -> tuple[list[int], list[tuple[int, ...]]]:
    """Return where the layers with weights stand in a `torch.nn.Sequential`, and the shapes of these."""
    if isinstance(network, Mlp):
        # A ReLU stands between two layers, so they have every second number.
        return [2 * place for place in range(network.n_layers)], list(network.shapes[: network.n_layers])
    kernels = [(stage.out, stage.channels, KERNEL, KERNEL) for stage in network.stages]
    # As in `Cnn.module`: a convolution at 1, the next one after its ReLU, the linear layer after `Flatten`.
    places = [1 + 2 * place for place in range(len(kernels))]
    return [*places, places[-1] + 3], [*kernels, network.shapes[-1]]


def named(network: BuiltIn | AnyNetwork, row: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """Return the tensors of a model's row (p,), by name."""
    rows = torch.as_tensor(row)[None]
    return {
        part.name: np.array(part.view(rows)[0].to(part.dtype).numpy(), order="C")
        for part in parts_of(network)
    }


def row_of(network: BuiltIn | AnyNetwork, tensors: Named, *, where: str) -> NDArray[np.float32]:
    """Return the row (p,) of a model from its tensors.

    Raises
    ------
    UsageError
        E218 where these are not the tensors of the network.
    """
    row = np.zeros(network.n_parameters, dtype=np.float32)
    for part in parts_of(network):
        found = tensors.get(part.name)
        if found is None or found.shape != part.shape:
            got = "none" if found is None else f"one of shape {found.shape}"
            raise UsageError(
                "E218",
                f"the network wants a tensor {part.name!r} of shape {part.shape}, and the model has {got}",
                where=where,
                fix="the file of the network as it was when the model was fitted   or   fit again",
            )
        row[part.start : part.end] = found.reshape(-1)
    return row


def linear_named(u: Float) -> dict[str, NDArray[Any]]:
    """Return the tensors of a linear model u (k, d + 1), named as those of `torch.nn.Linear`."""
    return {"weight": np.ascontiguousarray(u[:, :-1]), "bias": np.ascontiguousarray(u[:, -1])}
