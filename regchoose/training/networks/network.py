"""The protocol of a network: m copies of it side by side, their parameters in one matrix.

Everything that trains, caches, sends, stores or applies a network asks it through this protocol; none asks
which kind it is. The built-in kinds are `Mlp`, `Cnn` and `Linear`; `ModuleNetwork` is any torch module.
"""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from math import prod, sqrt
from typing import Any, ClassVar, Literal, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from regchoose.errors import Phrase, UsageError, setting
from regchoose.records.words import Float, Task
from regchoose.training.deterministic import RowMatrix, deterministic, round_up_to_lines

EVALUATED_ROWS = 1024  # that a model is evaluated on at a time, so that activations stay small
PREDICTED_ROWS = 4096  # at a time, for the same reason
Precision = Literal["float32", "float64"]
NamedTensors = Mapping[str, NDArray[Any]]


class GradientProgram(Protocol):
    """m models with their parameters and gradients in place."""

    def write_gradient(self, task: Task, x: Tensor, y: Tensor) -> None:
        """Write the gradient of the mean loss on rows x (m, n, d), y (m, n)."""


@dataclass(frozen=True)
class TensorSlot:
    """A tensor of a model: its name, its shape, and where it starts in the model's row."""

    name: str
    shape: tuple[int, ...]
    dtype: torch.dtype
    start: int

    @property
    def end(self) -> int:
        """Where the next one starts."""
        return self.start + prod(self.shape)

    def view(self, rows: Tensor) -> Tensor:
        """(m, p) -> (m, …), without a copy."""
        return rows[:, self.start : self.end].view(len(rows), *self.shape)


class Network(Protocol):
    """A kind of network. The parameters of a model are a row of a matrix, the penalized ones first."""

    # ---- what it is ------------------------------------------------------------------------------

    @property
    def n_inputs(self) -> int:
        """Encoded features, d."""

    @property
    def n_outputs(self) -> int:
        """Outputs, k: numbers or logits."""

    @property
    def n_parameters(self) -> int:
        """Length of a model's row, p; some numbers at its end may be unused."""

    @property
    def n_penalized(self) -> int:
        """How many of them, the first ones, are penalized."""

    @property
    def slots(self) -> tuple[TensorSlot, ...]:
        """The tensors of a model, named as PyTorch's layers name them, in the order of its row."""

    @property
    def is_convex(self) -> bool:
        """Whether the solver takes it to its optimum; otherwise Adam trains it for a number of epochs."""

    @property
    def precision(self) -> Precision:
        """The type of number that it is trained in."""

    @property
    def same_in_parts(self) -> bool:
        """Whether a block of it, trained in parts, comes to the same bits as the whole block."""

    @property
    def rows_at_once(self) -> int:
        """How many rows it is evaluated on at a time."""

    # ---- what users are told of it ---------------------------------------------------------------

    @property
    def note(self) -> str:
        """What a reader of the result should know of how it was trained."""

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a user should know before it is trained."""

    @property
    def source(self) -> str:
        """Hash of the user's code; empty for a network of ours."""

    @property
    def how_to_shrink(self) -> Phrase:
        """What a user can do where memory does not suffice for one model."""

    # ---- at work ---------------------------------------------------------------------------------

    def place_rows(self, x: RowMatrix, *, device: torch.device) -> Tensor:
        """Copy rows (n, d) to a device, as the network computes with them: -> (n, d or more).

        Columns beyond d are zeros that fill cache lines. Take a view [:, :d] of them, or of selected rows.
        """

    def initial(self, rng: np.random.Generator) -> Float:
        """Draw one model's parameters, (p,)."""

    def outputs(self, parameters: Tensor, x: Tensor) -> Tensor:
        """Return the outputs of rows: (m, p), (m, n, d) -> (m, k, n)."""

    def program(self, parameters: Tensor, gradient: Tensor, *, n_rows: int) -> GradientProgram:
        """Return what writes the gradient (m, p) of parameters (m, p) on n rows a step."""

    def nonzero_inputs(self, parameters: Tensor) -> Tensor:
        """Return how many inputs have any nonzero weight: (m, p) -> (m,)."""

    def predict(self, row: NDArray[Any], x: Float, *, device: torch.device) -> Float:
        """Return the outputs of one model, (p,), for encoded rows: (n, d) -> (n, k)."""

    def training_context(self) -> AbstractContextManager[object]:
        """Return the context in which it is trained."""

    # ---- elsewhere -------------------------------------------------------------------------------

    def key(self) -> str | None:
        """Return what tells it from all other networks, for a cache; None if that is unknown."""

    def spec(self) -> Mapping[str, Any]:
        """Return plain values from which `rebuild` builds it in another process."""


class BuiltInNetwork(ABC):
    """What the networks of this package have in common; see `Network`."""

    note: ClassVar[str] = ""
    remarks: ClassVar[tuple[str, ...]] = ()
    source: ClassVar[str] = ""
    how_to_shrink: ClassVar[Phrase] = setting("hidden") + " with fewer units"

    @property
    @abstractmethod
    def slots(self) -> tuple[TensorSlot, ...]:
        """The weights (out, …) of all layers, and then their biases (out,); see `layer_slots`."""

    def training_context(self) -> AbstractContextManager[object]:
        """Return the context in which it is trained: none."""
        return nullcontext()


class LayeredNetwork(BuiltInNetwork):
    """Layers of float32 weights and biases, trained by Adam; see `Network`."""

    is_convex: ClassVar[bool] = False
    precision: ClassVar[Precision] = "float32"
    rows_at_once: ClassVar[int] = EVALUATED_ROWS

    @property
    def n_layers(self) -> int:
        """Layers with weights."""
        return len(self.slots) // 2

    @property
    def n_penalized(self) -> int:
        """Parameters that are weights; they come first."""
        return self.slots[self.n_layers - 1].end

    @property
    def n_parameters(self) -> int:
        """Length of one model's row: all parameters, and some unused numbers at the end.

        Rows are whole cache lines, so every model of a block lies in memory in the same way and its products
        are rounded in the same way.
        """
        return round_up_to_lines(self.slots[-1].end)

    def initial(self, rng: np.random.Generator) -> Float:
        """Draw one model's parameters, (p,): uniform within ±1/√in, as torch.nn.Linear and Conv2d do."""
        row = np.zeros(self.n_parameters)
        for slot, weight in zip(self.slots, self.slots[: self.n_layers] * 2, strict=True):
            bound = 1 / sqrt(prod(weight.shape[1:]))
            row[slot.start : slot.end] = rng.uniform(-bound, bound, prod(slot.shape))
        return row

    def predict(self: Network, row: NDArray[Any], x: Float, *, device: torch.device) -> Float:
        """Return the outputs of one model, (p,): (n, d) -> (n, k)."""
        return predict_in_chunks(self, row, x, device=device)


def torch_dtype(network: Network) -> torch.dtype:
    """Return the type of number that a network is trained in, as torch has it."""
    dtype: torch.dtype = getattr(torch, network.precision)
    return dtype


def predict_in_chunks(network: Network, row: NDArray[Any], x: Float, *, device: torch.device) -> Float:
    """Return the outputs of one model, (p,), some rows at a time: (n, d) -> (n, k)."""
    parameters = torch.as_tensor(row, dtype=torch_dtype(network), device=device)[None]
    parts = []
    with deterministic():
        for start in range(0, max(1, len(x)), PREDICTED_ROWS):
            rows = network.place_rows(x[start : start + PREDICTED_ROWS], device=device)
            parts.append(network.outputs(parameters, rows[None, :, : x.shape[1]])[0].T.double().cpu().numpy())
    whole: Float = np.concatenate(parts)
    return whole


def array_digest(array: NDArray[Any]) -> bytes:
    """Return the hash of an array: of its type, its shape and its numbers."""
    whole = np.ascontiguousarray(array)
    digest = hashlib.sha256(f"{whole.dtype.str} {array.shape} ".encode())
    digest.update(whole.data)
    return digest.digest()


# ---- one model's tensors by name -----------------------------------------------------------------


def consecutive_slots(
    tensors: Iterable[tuple[str, tuple[int, ...], torch.dtype]],
) -> tuple[TensorSlot, ...]:
    """Return the slots of tensors that follow each other: names, shapes and types of number."""
    slots, start = list[TensorSlot](), 0
    for name, shape, dtype in tensors:
        slots.append(TensorSlot(name, shape, dtype, start))
        start = slots[-1].end
    return tuple(slots)


def layer_slots(layers: Mapping[int, tuple[int, ...]]) -> tuple[TensorSlot, ...]:
    """Return the slots of layers of a `torch.nn.Sequential`, all weights first, then all biases.

    Parameters
    ----------
    layers : mapping of int to tuple of int
        Position in the `Sequential` → shape (out, …) of the weight.
    """
    weights = {f"{place}.weight": shape for place, shape in layers.items()}
    tensors = weights | {f"{place}.bias": shape[:1] for place, shape in layers.items()}
    return consecutive_slots((name, shape, torch.float32) for name, shape in tensors.items())


def to_named_tensors(network: Network, row: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """Return the tensors of a model's row (p,), by name."""
    rows = torch.as_tensor(row)[None]
    return {
        slot.name: np.array(slot.view(rows)[0].to(slot.dtype).numpy(), order="C") for slot in network.slots
    }


def from_named_tensors(network: Network, tensors: NamedTensors, *, where: str) -> NDArray[Any]:
    """Return the row (p,) of a model from its tensors.

    Raises
    ------
    UsageError
        E218 where these are not the tensors of the network.
    """
    row = np.zeros(network.n_parameters, dtype=network.precision)
    for slot in network.slots:
        tensor = tensors.get(slot.name)
        if tensor is None or tensor.shape != slot.shape:
            got = "none" if tensor is None else f"one of shape {tensor.shape}"
            raise UsageError(
                "E218",
                f"the network wants a tensor {slot.name!r} of shape {slot.shape}, and the model has {got}",
                where=where,
                fix="the file of the network as it was when the model was fitted   or   fit again",
            )
        row[slot.start : slot.end] = tensor.reshape(-1)
    return row
