"""What a fitted model puts out for encoded rows."""

import io
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from regchoose.errors import UsageError, setting
from regchoose.records.model import NetworkPlan
from regchoose.records.table import Image
from regchoose.records.words import Float
from regchoose.training.cache_lines import spread
from regchoose.training.deterministic import calm
from regchoose.training.device import choose_devices
from regchoose.training.networks.any_network import AnyNetwork
from regchoose.training.networks.choose import built_cnn
from regchoose.training.networks.inspect_module import any_network
from regchoose.training.networks.mlp import Mlp
from regchoose.training.networks.named_tensors import BuiltIn, row_of
from regchoose.training.networks.user_network import load, undisturbed

ROWS = 4096  # at a time, so that activations stay small
Tensors = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Answerer:
    """A model that answers.

    Parameters
    ----------
    outputs : callable
        (n, d) -> (n, k): numbers or logits.
    notes : tuple of str
        What is to be known of its network.
    """

    outputs: Callable[[Float], Float]
    notes: tuple[str, ...] = ()


def answerer(
    plan: NetworkPlan,
    tensors: Tensors,
    *,
    input_names: tuple[str, ...],
    image: Image | None,
    n_outputs: int,
    device: str,
    network: str | None,
    where: str,
) -> Answerer:
    """Return a fitted network, ready to answer.

    Parameters
    ----------
    plan : NetworkPlan
        Which network it is.
    tensors : mapping of str to ndarray
        Its weights.
    image : Image, optional
        What its inputs are together, where each row is an image.
    network : str, optional
        Where the user's own network is now; by default where it was.
    where : str
        The folder of the model, for errors.

    Raises
    ------
    UsageError
        E218 where the weights are not those of the network, or its file is gone; E210, E211 where it cannot
        be imported or built.
    """
    if plan.name == "linear":
        return Answerer(_linear(tensors, (n_outputs, len(input_names)), where=where))
    place = choose_devices(device).of(0)
    if not plan.is_own:
        built_in = _built_in(plan, len(input_names), image=image, n_outputs=n_outputs)
        return Answerer(_network(built_in, row_of(built_in, tensors, where=where), place))
    own, notes = _own(plan, input_names, k=n_outputs, name=network or plan.name)
    return Answerer(_network(own, row_of(own, tensors, where=where), place), notes)


def _built_in(plan: NetworkPlan, n_inputs: int, *, image: Image | None, n_outputs: int) -> BuiltIn:
    if plan.name == "mlp":
        return Mlp((n_inputs, *plan.hidden, n_outputs))
    assert image is not None, "a folder of a cnn without images is refused"
    return built_cnn(plan.options, image=image, n_outputs=n_outputs)


def _linear(tensors: Tensors, shape: tuple[int, int], *, where: str) -> Callable[[Float], Float]:
    weight, bias = tensors.get("weight"), tensors.get("bias")
    if weight is None or bias is None or weight.shape != shape or bias.shape != shape[:1]:
        raise UsageError(
            "E218",
            f"the weights are not those of a linear model of shape {shape}",
            where=where,
            fix="fit again",
        )
    return lambda x: x @ weight.T + bias


def _network(
    network: BuiltIn | AnyNetwork, row: NDArray[np.float32], device: torch.device
) -> Callable[[Float], Float]:
    parameters = torch.as_tensor(row, device=device)[None]

    def outputs(x: Float) -> Float:
        parts = []
        with calm():
            for start in range(0, len(x), ROWS):
                rows = spread(x[start : start + ROWS], network.width(x.shape[1]), device=device)
                outputs = network.outputs(parameters, rows[None, :, : x.shape[1]])
                parts.append(outputs[0].T.double().cpu().numpy())
        whole: Float = np.concatenate(parts)
        return whole

    return outputs


def _own(
    plan: NetworkPlan, names: tuple[str, ...], *, k: int, name: str
) -> tuple[AnyNetwork, tuple[str, ...]]:
    """Build the user's own network again."""
    with undisturbed(), redirect_stdout(io.StringIO()):
        try:
            user = load(name)
        except UsageError as error:
            if error.code != "E201":
                raise
            raise UsageError(
                "E218",
                f"the model was fitted with the network {plan.name}, and there is no such file here",
                where=error.where,
                fix=setting("network") + f" with the file as it was, such as {plan.name}",
            ) from error
        network = any_network(
            user.builder(names, k, plan.options),
            n_inputs=len(names),
            n_outputs=k,
            penalize=plan.penalize,
            batched=False,
            file=user.file,
            source=user.source,
        )
    changed = f"the file of the network {name} has changed since the model was fitted"
    return network, (changed,) if user.source != plan.source else ()
