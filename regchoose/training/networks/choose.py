"""Which network a run trains, where it is not the built-in mlp or the linear model."""

import io
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import replace
from typing import Any

from regchoose.errors import UsageError, setting
from regchoose.records.table import Image
from regchoose.records.words import Task
from regchoose.settings.options import Settings
from regchoose.training.loss import n_outputs
from regchoose.training.networks.any_network import AnyNetwork
from regchoose.training.networks.cnn import Cnn
from regchoose.training.networks.inspect_module import any_network
from regchoose.training.networks.rebuild import layered, named_cnn, recipe_of_users
from regchoose.training.networks.subprocess_check import Request, probe
from regchoose.training.networks.user_network import code_beside, load, undisturbed

CHANNELS, MOST_CHANNELS = 8, 256  # of the cnn's first convolution; the second has twice as many
PRINTS = "The network prints while it runs; that is not shown."


def other_network(
    settings: Settings,
    *,
    input_names: Sequence[str],
    task: Task,
    n_classes: int,
    image: Image | None = None,
) -> AnyNetwork | None:
    """Return the network that the settings ask for; None for mlp and cnn as they are, and the linear model.

    Parameters
    ----------
    input_names : sequence of str
        What each of the encoded inputs is.
    image : Image, optional
        What the inputs are together, where they are an image.

    Raises
    ------
    UsageError, TrainingError
        Where the user's network cannot be used; see `regchoose.training.networks.subprocess_check.probe`.
    """
    k = n_outputs(task, n_classes)
    if settings.network == "linear":
        if settings.penalize:
            raise UsageError(
                "E202",
                setting("penalize")
                + " names parameters, and the linear model has one matrix of weights alone",
                where=setting("penalize"),
                fix="leave " + setting("penalize") + " out, or " + setting(network="mlp"),
            )
        return None
    if settings.network == "mlp":
        sizes = (len(input_names), *settings.hidden, k)
        return layered(sizes, settings.penalize) if settings.penalize else None
    cnn = cnn_network(settings, image=image, task=task, n_classes=n_classes)
    if cnn is not None:
        return named_cnn(cnn, settings.penalize) if settings.penalize else None
    return _users(settings, input_names, k=k, task=task)


def cnn_network(settings: Settings, *, image: Image | None, task: Task, n_classes: int) -> Cnn | None:
    """Return the small convolutional network; None where the settings ask for another.

    Raises
    ------
    UsageError
        E202 where the inputs are no image, or its options are not `channels=N`.
    """
    if settings.network != "cnn":
        return None
    if image is None:
        raise UsageError(
            "E202",
            setting(network="cnn") + " is for images, and DATA is a table",
            where=setting("network"),
            fix=setting(network="mlp") | "images: a folder with a subfolder for each class, or an .npz file",
        )
    return built_cnn(settings.network_options, image=image, n_outputs=n_outputs(task, n_classes))


def built_cnn(options: Mapping[str, Any], *, image: Image, n_outputs: int) -> Cnn:
    """Return the small convolutional network with its options.

    Raises
    ------
    UsageError
        E202 where they are not `channels=N`.
    """
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
    return Cnn(image, (channels, 2 * channels), n_outputs)


def _users(settings: Settings, input_names: Sequence[str], *, k: int, task: Task) -> AnyNetwork:
    options = settings.network_options
    request = Request(settings.network, options, input_names, k, task, settings.penalize)
    trial = probe(request)
    with undisturbed(), redirect_stdout(io.StringIO()):
        user = load(settings.network)
        network = any_network(
            user.builder(input_names, k, options),
            n_inputs=len(input_names),
            n_outputs=k,
            penalize=settings.penalize,
            batched=trial.batched,
            note="" if trial.batched else f"trained one model at a time, which takes longer: {trial.why}",
            warnings=[PRINTS] if trial.printed else [],
            file=user.file,
            source=user.source,
        )
        said = (settings.network.rpartition(":")[2], sorted(options.items()), tuple(input_names), k)
        recipe = recipe_of_users(
            user,
            options,
            input_names=input_names,
            n_outputs=k,
            penalize=settings.penalize,
            batched=trial.batched,
        )
        return replace(network, identity=f"{code_beside(user.file)} {said!r}", recipe=recipe)
