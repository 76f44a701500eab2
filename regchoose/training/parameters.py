"""The parameters of m models side by side, tensor by tensor.

Each tensor of all models is one stretch of memory, the penalized ones first. So a layer of all models is one
operand of a product, and the optimizer and the penalty see nothing but one flat tensor.

Elsewhere a model is a row (p,), in the order of its network's slots: that is what is drawn, stored and sent.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from math import prod

import torch
from torch import Tensor

from regchoose.training.deterministic import round_up_to_lines
from regchoose.training.networks.network import Network, Tensors, TensorSlot


@dataclass(frozen=True)
class Parameters:
    """Numbers of m models, or as many that belong to them, such as a gradient.

    On a CPU each model's part of a tensor is filled up to whole cache lines with zeros: then it is computed
    to the same bits whichever models lie beside it.
    """

    flat: Tensor  # (q,): all of them
    slots: tuple[TensorSlot, ...]  # the tensors of a model
    n_models: int  # m
    n_penalized: int  # how many numbers of a model, the first ones, are penalized

    @classmethod
    def of_rows(cls, network: Network, rows: Tensor) -> "Parameters":
        """Return the models of a network whose rows (m, p) these are."""
        numbers = len(rows) * sum(_span(slot, rows.device) for slot in network.slots)
        parameters = cls(rows.new_zeros(numbers), network.slots, len(rows), network.n_penalized)
        for slot, tensor in zip(parameters.slots, parameters.tensors, strict=True):
            tensor.copy_(slot.view(rows))
        return parameters

    def like(self) -> "Parameters":
        """Return as many zeros."""
        return replace(self, flat=torch.zeros_like(self.flat))

    @cached_property
    def tensors(self) -> tuple[Tensor, ...]:
        """Each slot's numbers, (m, …), without a copy."""
        views, start = [], 0
        for slot in self.slots:
            span = _span(slot, self.flat.device)
            stretch = self.flat[start : start + self.n_models * span].view(self.n_models, span)
            views.append(stretch[:, : prod(slot.shape)].view(self.n_models, *slot.shape))
            start += self.n_models * span
        return tuple(views)

    def of(self, models: slice) -> Tensors:
        """Return the tensors of some models, without a copy."""
        return [tensor[models] for tensor in self.tensors]

    @cached_property
    def weights(self) -> Tensor:
        """The stretch of `flat` that is penalized."""
        return self.flat[: self.n_models * sum(self._penalized_spans)]

    def spread(self, values: Tensor) -> Tensor:
        """Write a number of each model, (m,), at all of its penalized places: shaped as `weights`."""
        return torch.cat([values.repeat_interleave(span) for span in self._penalized_spans])

    @property
    def _penalized_spans(self) -> list[int]:
        return [_span(slot, self.flat.device) for slot in self.slots if slot.end <= self.n_penalized]

    def nonzero_share(self) -> Tensor:
        """Return the share of each model's penalized numbers that are not zero: (m,)."""
        weights = self.tensors[: len(self._penalized_spans)]
        counts = [(tensor != 0).reshape(self.n_models, -1).sum(1) for tensor in weights]
        return torch.stack(counts).sum(0).double() / self.n_penalized

    def rows(self) -> Tensor:
        """Return the models as rows, (m, p)."""
        return torch.cat([tensor.reshape(self.n_models, -1) for tensor in self.tensors], 1)


def _span(slot: TensorSlot, device: torch.device) -> int:
    """Return how many numbers lie from a model's part of a tensor to the next model's."""
    size = prod(slot.shape)
    return round_up_to_lines(size) if device.type == "cpu" else size
