"""A fitted model, ready to predict encoded rows."""

from collections.abc import Callable
from dataclasses import dataclass

from regchoose.records.model import NetworkPlan
from regchoose.records.table import Image
from regchoose.records.words import Float
from regchoose.training.device import choose_devices
from regchoose.training.networks.choose import recorded_network
from regchoose.training.networks.network import NamedTensors, from_named_tensors


@dataclass(frozen=True)
class Predictor:
    """A model that predicts.

    Parameters
    ----------
    outputs : callable
        (n, d) -> (n, k): numbers or logits.
    notes : tuple of str
        What a user should know of its network.
    """

    outputs: Callable[[Float], Float]
    notes: tuple[str, ...] = ()


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
    plan : NetworkPlan
        Which network it is.
    tensors : mapping of str to ndarray
        Its weights.
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
    fitted, notes = recorded_network(
        plan, input_names, image=image, n_outputs=n_outputs, user_network=network
    )
    row = from_named_tensors(fitted, tensors, where=where)
    place = choose_devices(device).of(0)
    return Predictor(lambda x: fitted.predict(row, x, device=place), notes)
