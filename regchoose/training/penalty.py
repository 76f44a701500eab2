"""A regularizer is a point (l1, l2); this is its mathematics, for m models at once.

The objective is J(w) = (1/n) Σ loss + l1·Σ|w| + l2·Σw², with the sums over the penalized weights.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from regchoose.records.experiment import Penalties


@dataclass(frozen=True)
class PenaltyTensors:
    """The penalties of m models, where these are trained."""

    l1: Tensor  # (m,), for the mean loss
    l2: Tensor  # (m,)

    @classmethod
    def of(
        cls, penalties: Penalties, *, device: torch.device, dtype: torch.dtype, cells: int = 1
    ) -> "PenaltyTensors":
        """Copy penalties (m,) to a device, once for each cell: (c·m,)."""
        l1, l2 = (
            torch.as_tensor(strengths, dtype=dtype, device=device).repeat(cells)
            for strengths in (penalties.l1, penalties.l2)
        )
        return cls(l1, l2)

    def __len__(self) -> int:
        return len(self.l1)

    def __getitem__(self, models: Tensor) -> "PenaltyTensors":
        """Return the penalties of the models with these indices."""
        return PenaltyTensors(self.l1[models], self.l2[models])

    def value(self, weights: Tensor) -> Tensor:
        """Penalty of each model, from its penalized weights: (m, p) -> (m,)."""
        return self.l1 * weights.abs().sum(1) + self.l2 * weights.square().sum(1)

    def violation(self, weights: Tensor, gradient: Tensor) -> Tensor:
        """How far each model is from a stationary point of J: (m, p), (m, p) -> (m,); see `violation_at`.

        The gradient is of the mean loss, without the penalty, by the penalized weights.
        """
        return violation_at(weights, gradient + 2 * self.l2[:, None] * weights, self.l1[:, None])


def violation_at(weights: Tensor, slope: Tensor, threshold: Tensor) -> Tensor:
    """How far weights are from a stationary point of a smooth function plus Σ threshold·|w|: -> (m,).

    The largest distance, over the weights (m, p), of −slope, the smooth function's, from the subdifferential:
    zero where a weight is nonzero and slope + threshold·sign(w) = 0, or it is zero and |slope| ≤ threshold.
    """
    active = (slope + threshold * weights.sign()).abs()
    return torch.where(weights != 0, active, (slope.abs() - threshold).clamp_min(0)).amax(1)


def shrink_(weights: Tensor, threshold: Tensor) -> Tensor:
    """Soft-threshold in place: w ← sign(w)·max(|w| − threshold, 0).

    The proximal operator of threshold·|w| (Zou & Hastie 2005; Yun, Lozano & Yang 2021 for steps that differ
    by weight). It is written as w − clip(w, −threshold, threshold), which is exact at both ends: a weight
    within the threshold becomes zero to the bit, and a threshold of zero changes no bit.
    """
    return weights.sub_(torch.clamp(weights, -threshold, threshold))
