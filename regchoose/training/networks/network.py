"""The protocol of a network: m copies of it side by side.

In training each tensor of all models is one tensor (m, …); see `regchoose.training.parameters`. Elsewhere a
model is a row of numbers, the penalized ones first.

Everything that trains, caches, sends, stores or applies a network asks it through this protocol; none asks
which kind it is. `Mlp` and `Linear` are built in; `ModuleNetwork` is any torch module, such as the cnn.
"""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from math import prod
from typing import Any, ClassVar, Literal, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from regchoose.errors import Phrase, UsageError, setting
from regchoose.records.words import Float, Task
from regchoose.training.deterministic import RowMatrix, deterministic

EVALUATED_ROWS = 1024  # that a model is evaluated on at a time, so that activations stay small
PREDICTED_ROWS = 4096  # at a time, for the same reason
Precision = Literal["float32", "float64"]
NamedTensors = Mapping[str, NDArray[Any]]
Tensors = Sequence[Tensor]  # one a slot, (m, …)


class GradientProgram(Protocol):
    """m models with their parameters and gradients in place, those of a cell side by side."""

    def write_gradient(self, task: Task, x: Tensor, y: Tensor) -> None:
        """Write the gradient of the mean loss on the rows of the cells, x (c, n, d), y (c, n)."""


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
    """A kind of network."""

    # ---- what it is ------------------------------------------------------------------------------

    @property
    def n_inputs(self) -> int:
        """Encoded features, d."""

    @property
    def n_outputs(self) -> int:
        """Outputs, k: numbers or logits."""

    @property
    def n_parameters(self) -> int:
        """Length of a model's row, p."""

    @property
    def n_penalized(self) -> int:
        """How many of them, the first ones, are penalized."""

    @property
    def slots(self) -> tuple[TensorSlot, ...]:
        """The tensors of a model, named as PyTorch's layers name them, in the order of its row."""

    @property
    def numbers_a_row(self) -> int:
        """How many numbers a model keeps for each row of a step, about: activations and their slopes."""

    @property
    def is_convex(self) -> bool:
        """Whether the solver takes it to its optimum; otherwise Adam trains it for a number of epochs."""

    @property
    def precision(self) -> Precision:
        """The type of number that it is trained in."""

    @property
    def same_in_parts(self) -> bool:
        """Whether a block of it, trained on a CPU in parts, comes to the same bits as the whole block."""

    @property
    def capturable(self) -> bool:
        """Whether a step of all models does the same each time, and so may be captured as a CUDA graph."""

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

    def outputs(self, tensors: Tensors, x: Tensor) -> Tensor:
        """Return the outputs of models for the rows of their cells: (m, …) each, (c, n, d) -> (m, k, n)."""

    def program(self, tensors: Tensors, gradients: Tensors, *, n_rows: int) -> GradientProgram:
        """Return what writes the gradients of models on n rows a step: (m, …) each."""

    def nonzero_inputs(self, tensors: Tensors) -> Tensor:
        """Return how many inputs have any nonzero weight: (m, …) each -> (m,)."""

    def predict(self, row: NDArray[Any], x: Float, *, device: torch.device) -> Float:
        """Return the outputs of one model, (p,), for encoded rows: (n, d) -> (n, k)."""

    def training_context(self) -> AbstractContextManager[object]:
        """Return the context in which it is trained."""

    def state_dict(self, row: NDArray[Any]) -> dict[str, NDArray[Any]]:
        """Return the tensors of a model, (p,), by name, as `load_state_dict(strict=True)` takes them."""

    # ---- elsewhere -------------------------------------------------------------------------------

    def key(self) -> str | None:
        """Return what tells it from all other networks, for a cache; None if that is unknown."""

    def spec(self) -> Mapping[str, Any]:
        """Return plain values from which `rebuild` builds it in another process."""


class BuiltInNetwork(ABC):
    """What the networks of this package have in common; see `Network`."""

    capturable: ClassVar[bool] = True
    note: ClassVar[str] = ""
    remarks: ClassVar[tuple[str, ...]] = ()
    source: ClassVar[str] = ""
    how_to_shrink: ClassVar[Phrase] = setting("hidden") + " with fewer units"

    @property
    @abstractmethod
    def slots(self) -> tuple[TensorSlot, ...]:
        """The weights (out, in) of all layers, and then their biases (out,)."""

    @property
    def n_parameters(self) -> int:
        """Length of a model's row, p."""
        return self.slots[-1].end

    def training_context(self) -> AbstractContextManager[object]:
        """Return the context in which it is trained: none."""
        return nullcontext()

    def state_dict(self: Network, row: NDArray[Any]) -> dict[str, NDArray[Any]]:
        """Return the tensors of a model, (p,), by name."""
        return to_named_tensors(self, row)


def torch_dtype(network: Network) -> torch.dtype:
    """Return the type of number that a network is trained in, as torch has it."""
    dtype: torch.dtype = getattr(torch, network.precision)
    return dtype


def predict_in_chunks(network: Network, row: NDArray[Any], x: Float, *, device: torch.device) -> Float:
    """Return the outputs of one model, (p,), some rows at a time: (n, d) -> (n, k)."""
    rows = torch.as_tensor(row, dtype=torch_dtype(network), device=device)[None]
    tensors = [slot.view(rows) for slot in network.slots]
    parts = []
    with deterministic():
        for start in range(0, max(1, len(x)), PREDICTED_ROWS):
            part = network.place_rows(x[start : start + PREDICTED_ROWS], device=device)
            parts.append(network.outputs(tensors, part[None, :, : x.shape[1]])[0].T.double().cpu().numpy())
    whole: Float = np.concatenate(parts)
    return whole


def rows_by_model(rows: Tensor, n_models: int) -> Tensor:
    """Give each model the rows of its cell, x or y: (c, …) -> (m, …); a view where there is one cell."""
    c = len(rows)
    by_cell = rows[:, None].expand(c, n_models // c, *rows.shape[1:])
    return by_cell.reshape(n_models, *rows.shape[1:])


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
