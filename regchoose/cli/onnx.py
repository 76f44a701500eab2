"""ONNX, where its package is installed: it is an extra."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from regchoose.errors import UsageError

if TYPE_CHECKING:  # what trains is loaded late
    from regchoose.refit.final_fit import FittedModel

Writer = Callable[["FittedModel"], bytes]


def writer_of_onnx(network: str) -> Writer:
    """Return what writes a fitted model as ONNX.

    Raises
    ------
    UsageError
        E219 where onnx is not installed, or the network is the user's own.
    """
    if network not in ("mlp", "linear", "cnn"):
        raise UsageError(
            "E219",
            f"--onnx writes the built-in mlp, cnn and linear, and the network is {network}",
            where="--onnx",
            fix="leave --onnx out, and export the network by torch.onnx from weights.safetensors",
        )
    try:
        from regchoose.refit.onnx_graph import as_onnx
    except ImportError as error:
        raise UsageError(
            "E219",
            f"--onnx needs the package onnx: {error}",
            where="--onnx",
            fix="pip install 'regchoose[onnx]'   or   leave --onnx out",
        ) from error
    from regchoose.refit.model_folder import unpack

    return lambda found: as_onnx(found.model, found.encoder, unpack(found.weights)[0])
