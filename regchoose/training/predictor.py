"""A fitted model, ready to predict encoded rows."""

import io
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass

from regchoose.errors import UsageError, setting
from regchoose.records.model import NetworkPlan
from regchoose.records.table import Image
from regchoose.records.words import Float
from regchoose.training.deterministic import quiet_modules
from regchoose.training.device import choose_devices
from regchoose.training.networks.choose import choose_cnn
from regchoose.training.networks.linear import Linear
from regchoose.training.networks.mlp import Mlp
from regchoose.training.networks.network import NamedTensors, Network, from_named_tensors
from regchoose.training.networks.rebuild import build_user_network
from regchoose.training.networks.torch_module import ModuleNetwork
from regchoose.training.networks.user_network import load_network


@dataclass(frozen=True)
class Predictor:
    """A model that predicts."""

    outputs: Callable[[Float], Float]  # (n, d) -> (n, k): numbers or logits
    notes: tuple[str, ...] = ()  # what a user should know of its network


def make_predictor(
    plan: NetworkPlan,
    tensors: NamedTensors,
    *,
    input_names: tuple[str, ...],
    image: Image | None,
    n_outputs: int,
    device: str,
    network: str | None,
    where: str,
) -> Predictor:
    """Return a fitted network, ready to predict.

    Parameters
    ----------
    image : Image, optional
        The shape of its inputs, if each row is an image.
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
    fitted, notes = _find_network(plan, input_names, image=image, k=n_outputs, place=network)
    row = from_named_tensors(fitted, tensors, where=where)
    processor = choose_devices(device).of(0)
    return Predictor(lambda x: fitted.predict(row, x, device=processor), notes)


def _find_network(
    plan: NetworkPlan, names: tuple[str, ...], *, image: Image | None, k: int, place: str | None
) -> tuple[Network, tuple[str, ...]]:
    """Return the network of a model, and what is to be said of it."""
    if plan.is_own:
        return _load_users(plan, names, k=k, name=place or plan.name)
    if plan.name == "linear":
        return Linear(len(names), k), ()
    if plan.name == "mlp":
        return Mlp((len(names), *plan.hidden, k)), ()
    assert image is not None, "a folder of a cnn without images is refused"
    return choose_cnn(plan.options, image=image, k=k), ()


def _load_users(
    plan: NetworkPlan, names: tuple[str, ...], *, k: int, name: str
) -> tuple[ModuleNetwork, tuple[str, ...]]:
    with quiet_modules(), redirect_stdout(io.StringIO()):
        try:
            user = load_network(name)
        except UsageError as error:
            if error.code != "E201":
                raise
            raise UsageError(
                "E218",
                f"the model was fitted with the network {plan.name}, and there is no such file here",
                where=error.where,
                fix=setting("network") + f" with the file as it was, such as {plan.name}",
            ) from error
        network = build_user_network(
            user, plan.options, input_names=names, n_outputs=k, penalize=plan.penalize, batched=False
        )
    changed = f"the file of the network {name} has changed since the model was fitted"
    return network, (changed,) if user.source != plan.source else ()
