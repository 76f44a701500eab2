"""A fitted model, ready to predict encoded rows."""

from collections.abc import Callable
from dataclasses import dataclass

from regchoose.records.inputs import Preparation
from regchoose.records.model import Model
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
        What should be known of its network.
    """

    outputs: Callable[[Float], Float]
    notes: tuple[str, ...] = ()


def make_predictor(
    model: Model,
    preparation: Preparation,
    tensors: NamedTensors,
    *,
    device: str,
    network: str | None,
    where: str,
) -> Predictor:
    """Return a model, ready to predict.

    Parameters
    ----------
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
    own, notes = recorded_network(model.network, preparation, user_network=network)
    row = from_named_tensors(own, tensors, where=where)
    place = choose_devices(device).of(0)
    return Predictor(lambda x: own.predict(row, x, device=place), notes)
