"""Which network a run trains, and how a model records it."""

import io
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import replace
from typing import Any

from regchoose.errors import UsageError, setting
from regchoose.records.model import NetworkPlan
from regchoose.records.table import Image
from regchoose.records.words import Task
from regchoose.settings.options import Settings
from regchoose.training.deterministic import quiet_modules
from regchoose.training.loss import n_outputs
from regchoose.training.networks.cnn import cnn_network
from regchoose.training.networks.linear import Linear
from regchoose.training.networks.mlp import Mlp
from regchoose.training.networks.network import Network
from regchoose.training.networks.network_check import NetworkRequest, check_network
from regchoose.training.networks.rebuild import build_user_network, layered_mlp
from regchoose.training.networks.torch_module import ModuleNetwork
from regchoose.training.networks.user_network import load_network

CHANNELS, MOST_CHANNELS = 8, 256  # of the cnn's first convolution; the second has twice as many
PRINTS = "The network prints while it runs; that is not shown."


def choose_network(
    settings: Settings,
    *,
    input_names: Sequence[str],
    task: Task,
    n_classes: int,
    image: Image | None = None,
) -> Network:
    """Return the network that the settings ask for.

    Parameters
    ----------
    input_names : sequence of str
        What each of the encoded inputs is.
    image : Image, optional
        The shape of the inputs, if they are an image.

    Raises
    ------
    UsageError
        E202 where the options do not suit the network; E201, E210 to E213 where the user's network is not
        what it should be.
    TrainingError, ResourceError
        E511 to E514 where the user's network cannot be trained, E403 where its check is killed.
    """
    k = n_outputs(task, n_classes)
    if settings.network == "linear":
        return _choose_linear(settings, n_inputs=len(input_names), k=k)
    if settings.network == "mlp":
        sizes = (len(input_names), *settings.hidden, k)
        return layered_mlp(sizes, settings.penalize) if settings.penalize else Mlp(sizes)
    if settings.network == "cnn":
        return choose_cnn(settings.network_options, image=image, k=k, penalize=settings.penalize)
    return _choose_users(settings, input_names, k=k, task=task)


def _choose_linear(settings: Settings, *, n_inputs: int, k: int) -> Linear:
    if settings.penalize:
        raise UsageError(
            "E202",
            setting("penalize") + " names parameters, and the linear model has one matrix of weights alone",
            where=setting("penalize"),
            fix="leave " + setting("penalize") + " out, or " + setting(network="mlp"),
        )
    return Linear(n_inputs, k)


def choose_cnn(
    options: Mapping[str, Any], *, image: Image | None, k: int, penalize: Sequence[str] = ()
) -> ModuleNetwork:
    """Return the cnn for images of a shape, or raise E202 for a table or for other options than channels."""
    if image is None:
        raise UsageError(
            "E202",
            setting(network="cnn") + " is for images, and DATA is a table",
            where=setting("network"),
            fix=setting(network="mlp") | "images: a folder with a subfolder for each class, or an .npz file",
        )
    others = dict(options)
    channels = others.pop("channels", CHANNELS)
    if others or type(channels) is not int or not 1 <= channels <= MOST_CHANNELS:
        named = ", ".join(f"{name}={value}" for name, value in options.items())
        raise UsageError(
            "E202",
            f"the cnn got {named}, wanted channels=N, a whole number from 1 to {MOST_CHANNELS}",
            where=setting("network_options"),
            fix=setting(network_options={"channels": CHANNELS}),
        )
    return cnn_network(image, (channels, 2 * channels), k, penalize=penalize)


def _choose_users(settings: Settings, input_names: Sequence[str], *, k: int, task: Task) -> ModuleNetwork:
    options = settings.network_options
    request = NetworkRequest(settings.network, options, input_names, k, task, settings.penalize)
    checked = check_network(request)
    with quiet_modules(), redirect_stdout(io.StringIO()):
        user = load_network(settings.network)
        network = build_user_network(
            user,
            options,
            input_names=input_names,
            n_outputs=k,
            penalize=settings.penalize,
            batched=checked.batched,
        )
    note = "" if checked.batched else f"trained one model at a time, which takes longer: {checked.why}"
    found = [line for line in (PRINTS * checked.printed, checked.outputs) if line]
    return replace(network, note=note, warnings=(*found, *network.warnings))


def record_network(settings: Settings, network: Network) -> NetworkPlan:
    """Return what a model's file says of its network."""
    options = dict(settings.network_options)
    if settings.network == "cnn":
        options.setdefault("channels", CHANNELS)
    return NetworkPlan(
        settings.network,
        () if settings.network in ("linear", "cnn") else settings.hidden,
        options,
        settings.penalize,
        network.source,
    )
