"""ONNX, where its package is installed: it is an extra."""

from collections.abc import Callable

from regchoose.errors import UsageError
from regchoose.records.inputs import Preparation
from regchoose.records.model import Model

Writer = Callable[[Model, Preparation, bytes], bytes]


def writer_of_onnx(network: str) -> Writer:
    """Return what writes a model as ONNX: model, preparation and weights (safetensors) -> bytes.

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
    from regchoose.refit.whole_files import unpack

    return lambda model, preparation, weights: as_onnx(model, preparation, unpack(weights)[0])
