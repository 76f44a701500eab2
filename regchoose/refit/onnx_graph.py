"""A fitted mlp, cnn or linear model as ONNX, from the columns of a table, or images, to the answer.

Inputs are `numbers` (n, a), doubles in which NaN is missing, and for each category a vector of texts (n,),
in which the empty text is missing; or `images` (n, channels, height, width), doubles in the numbers of the
file. The caller still has to read texts (numbers, outer spaces, the parts of dates) and to resize images.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

from regchoose.encoding.encoder import Encoder
from regchoose.encoding.inputs import CLIP, FAR, CategoryInput, ImageInput, spreads
from regchoose.records.model import Model
from regchoose.refit.model_folder import as_json
from regchoose.version import __version__

OPSETS = (("", 17), ("ai.onnx.ml", 3))
IR_VERSION = 8  # of these opsets: older runtimes read it too
Tensors = Mapping[str, NDArray[Any]]


class _Graph:
    """Nodes and constants, each with a unique name."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []
        self.inputs: list[ValueInfoProto] = []

    def constant(self, value: Any, dtype: Any = np.float64) -> str:
        """Add a constant; return its name."""
        name = f"constant{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value, dtype=dtype), name))
        return name

    def node(self, kind: str, *inputs: str, name: str = "", domain: str = "", **attributes: Any) -> str:
        """Add a node; return the name of its output."""
        out = name or f"node{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [out], domain=domain, **attributes))
        return out

    def input(self, name: str, kind: int, shape: Sequence[Any]) -> str:
        """Add an input."""
        self.inputs.append(helper.make_tensor_value_info(name, kind, shape))
        return name


def as_onnx(model: Model, encoder: Encoder, tensors: Tensors) -> bytes:
    """Return a model with a built-in network as ONNX; the metadata name its inputs, target and classes."""
    graph = _Graph()
    linear = model.network.name == "linear"
    images = encoder.images
    parts = _encode(graph, encoder) if images is None else [_standardize_images(graph, images)]
    x = graph.node("Concat", *parts, axis=1)
    if linear:
        outputs = _add_layer(graph, x, tensors["weight"], tensors["bias"], np.float64)
    else:
        x = graph.node("Cast", x, to=TensorProto.FLOAT)
        x = (
            _add_cnn(graph, x, tensors, encoder)
            if model.network.name == "cnn"
            else _add_mlp(graph, x, tensors)
        )
        outputs = graph.node("Cast", x, to=TensorProto.DOUBLE)
    name, shape = _add_answer(graph, encoder, outputs)
    result = helper.make_tensor_value_info(name, TensorProto.DOUBLE, shape)
    body = helper.make_graph(graph.nodes, "regchoose", graph.inputs, [result], graph.constants)
    onnx_model = helper.make_model(
        body,
        producer_name="regchoose",
        producer_version=__version__,
        opset_imports=[helper.make_opsetid(domain, version) for domain, version in OPSETS],
    )
    onnx_model.ir_version = IR_VERSION
    helper.set_model_props(onnx_model, _metadata(encoder))
    onnx.checker.check_model(onnx_model)
    content: bytes = onnx_model.SerializeToString()
    return content


def category_input(place: int) -> str:
    """Return the name of a category's input, by its place among the categories."""
    return f"category{place}"


def _metadata(encoder: Encoder) -> dict[str, str]:
    metadata: dict[str, Any] = {
        "numbers": [number.name for number in encoder.numbers],
        "categories": {category_input(j): c.column for j, c in enumerate(encoder.categories)},
        "classes": encoder.target.classes,
        "target": encoder.target.name,
    }
    if encoder.images is not None:
        metadata["images"] = asdict(encoder.images.shape)
    return {"regchoose": as_json(metadata).decode()}


def _encode(graph: _Graph, encoder: Encoder) -> list[str]:
    """Return the parts of the inputs: standardized numbers, flags, levels, all as doubles."""
    parts = []
    if encoder.numbers:
        numbers = graph.input("numbers", TensorProto.DOUBLE, ["n", len(encoder.numbers)])
        missing = graph.node("IsNaN", graph.node("Mul", numbers, graph.constant(0.0)))  # 0·∞ is NaN too
        parts.append(_standardize(graph, numbers, missing, encoder))
        flagged = [place for place, number in enumerate(encoder.numbers) if number.flagged]
        if flagged:
            some = graph.node("Gather", missing, graph.constant(flagged, np.int64), axis=1)
            parts.append(graph.node("Cast", some, to=TensorProto.DOUBLE))
    for place, category in enumerate(encoder.categories):
        texts = graph.input(category_input(place), TensorProto.STRING, ["n"])
        parts.append(_encode_levels(graph, texts, category))
    return parts


def _standardize(graph: _Graph, numbers: str, missing: str, encoder: Encoder) -> str:
    inputs = encoder.numbers
    center, mean, scale = (
        graph.constant([getattr(number, name) for number in inputs]) for name in ("center", "mean", "scale")
    )
    spread = graph.constant(spreads(inputs))
    quarter = graph.node("Mul", numbers, graph.constant(0.25))
    away = graph.node("Div", graph.node("Sub", quarter, center), spread)
    finite = graph.node("Clip", away, graph.constant(-FAR), graph.constant(FAR))
    part = graph.node("Div", finite, graph.constant(CLIP))
    square = graph.node("Mul", part, part)
    root = graph.node("Sqrt", graph.node("Add", graph.constant(1.0), square))
    clipped = graph.node("Div", finite, root)
    filled = graph.node("Where", missing, graph.constant(0.0), clipped)
    return graph.node("Div", graph.node("Sub", filled, mean), scale)


def _standardize_images(graph: _Graph, reading: ImageInput) -> str:
    """Return images, each channel standardized, as rows (n, d)."""
    shape = reading.shape
    size = [shape.channels, shape.height, shape.width]
    images = graph.input("images", TensorProto.DOUBLE, ["n", *size])
    mean, scale = (
        graph.constant(np.reshape(figures, (-1, 1, 1))) for figures in (reading.mean, reading.scale)
    )
    standardized = graph.node("Div", graph.node("Sub", images, mean), scale)
    return graph.node("Reshape", standardized, graph.constant([-1, shape.n_numbers], np.int64))


def _encode_levels(graph: _Graph, texts: str, category: CategoryInput) -> str:
    known = {"": category.place_of_missing}
    for level, place in zip(category.levels, category.places, strict=True):
        spellings = (level, level.lower(), level.upper(), level.title()) if category.boolean else (level,)
        known |= dict.fromkeys(spellings, place)
    codes = graph.node(
        "LabelEncoder",
        texts,
        domain="ai.onnx.ml",
        keys_strings=list(known),
        values_int64s=list(known.values()),
        default_int64=category.place_of_new,
    )
    return graph.node("Gather", graph.constant(category.inputs), codes, axis=0)


def _add_mlp(graph: _Graph, x: str, tensors: Tensors) -> str:
    """Return the outputs; layers stand at every second number, as in a `torch.nn.Sequential`."""
    places = _layer_places(tensors)
    for place in places:
        x = _add_layer(graph, x, tensors[f"{place}.weight"], tensors[f"{place}.bias"], np.float32)
        if place != places[-1]:
            x = graph.node("Relu", x)
    return x


def _add_cnn(graph: _Graph, x: str, tensors: Tensors, encoder: Encoder) -> str:
    """Return the outputs; layers are those of `regchoose.training.networks.cnn.build_cnn`."""
    shape = encoder.shape
    assert shape is not None, "a cnn reads images"
    size = [-1, shape.channels, shape.height, shape.width]
    x = graph.node("Reshape", x, graph.constant(size, np.int64))
    *convolutions, last = _layer_places(tensors)
    for place in convolutions:
        weight, bias = (graph.constant(tensors[f"{place}.{kind}"], np.float32) for kind in ("weight", "bias"))
        x = graph.node("Relu", graph.node("Conv", x, weight, bias, strides=[2, 2], pads=[1, 1, 1, 1]))
    x = graph.node("Flatten", x, axis=1)
    return _add_layer(graph, x, tensors[f"{last}.weight"], tensors[f"{last}.bias"], np.float32)


def _layer_places(tensors: Tensors) -> list[int]:
    """Return where the layers with weights stand in a `torch.nn.Sequential`."""
    return sorted(int(name.partition(".")[0]) for name in tensors if name.endswith(".weight"))


def _add_layer(graph: _Graph, x: str, weight: NDArray[Any], bias: NDArray[Any], dtype: Any) -> str:
    product = graph.node("MatMul", x, graph.constant(weight.T, dtype))
    return graph.node("Add", product, graph.constant(bias, dtype))


def _add_answer(graph: _Graph, encoder: Encoder, outputs: str) -> tuple[str, list[Any]]:
    """Return the name and shape of the answer: numbers in the units of the file, or probabilities."""
    target = encoder.target
    if target.task == "regression":
        scaled = graph.node("Mul", outputs, graph.constant(target.scale))
        moved = graph.node("Add", scaled, graph.constant(target.mean))
        flat = graph.constant([-1], np.int64)
        return graph.node("Reshape", moved, flat, name="prediction"), ["n"]
    shape = ["n", len(target.classes)]
    if target.task == "multiclass":
        return graph.node("Softmax", outputs, axis=1, name="probabilities"), shape
    second = graph.node("Sigmoid", outputs)
    first = graph.node("Sub", graph.constant(1.0), second)
    return graph.node("Concat", first, second, axis=1, name="probabilities"), shape
