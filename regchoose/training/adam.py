"""Adam with a proximal step, on the parameters of m models at once."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from regchoose.records.words import Float
from regchoose.training.fused_adam import fused_step, is_fused
from regchoose.training.parameters import Parameters
from regchoose.training.penalty import PenaltyTensors, shrink_
from regchoose.training.schedule import Schedule

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


@dataclass(frozen=True)
class Adam:
    """State of the optimizer (Kingma & Ba 2015), and the strengths.

    Where no model has a strength, that part of the step is skipped, which changes no bit.
    """

    mean: Parameters  # running moments of the gradient
    square: Parameters
    l1: Tensor  # for the mean loss, of each penalized number
    twice_l2: Tensor
    scratch: Tensor  # workspace for all numbers
    threshold: Tensor  # and for the penalized ones
    has_l1: bool
    has_l2: bool

    @classmethod
    def start(cls, parameters: Parameters, penalties: PenaltyTensors) -> "Adam":
        """Return the state before the first step; one penalty for each model."""
        l1, l2 = parameters.spread(penalties.l1), parameters.spread(penalties.l2)
        scratch, threshold = torch.empty_like(parameters.flat), torch.empty_like(parameters.weights)
        has_l1, has_l2 = bool((penalties.l1 != 0).any()), bool((penalties.l2 != 0).any())
        return cls(parameters.like(), parameters.like(), l1, 2 * l2, scratch, threshold, has_l1, has_l2)

    def step_(self, parameters: Parameters, gradient: Parameters, rates: Tensor) -> None:
        """Take a step in place; the gradient, of the mean loss, is overwritten.

        L2 enters as part of the gradient, 2·l2·w; L1 as a proximal step with each weight's own step size
        η = lr / (√v̂ + ε) (Yun, Lozano & Yang 2021), so zeros are exact. v̂ is taken over the gradient of the
        whole objective, L1 included, as autograd would have it: then no step shrinks a weight by more than
        about lr. With v̂ of the loss alone, weights of small slope vanish before the network has learned what
        they are for, and a moderate L1 ends in a worse optimum.

        Parameters
        ----------
        rates : Tensor (3,)
            Of this step; see `step_rates`.
        """
        if is_fused(parameters.flat):
            fused_step(self, parameters, gradient, rates)
            return
        slope, weights = gradient.flat, parameters.weights
        steep = slope[: len(weights)]
        scale, offset, correction = rates.unbind()
        if self.has_l2:
            steep.addcmul_(weights, self.twice_l2)
        self.mean.flat.lerp_(slope, 1 - BETA1)
        if self.has_l1:
            steep.addcmul_(weights.sign(), self.l1)
        self.square.flat.mul_(BETA2).addcmul_(slope, slope, value=1 - BETA2)
        torch.sqrt(self.square.flat, out=self.scratch).mul_(scale).add_(offset)
        parameters.flat.addcdiv_(self.mean.flat, self.scratch, value=-1)
        if self.has_l1:
            torch.div(self.l1, self.scratch[: len(weights)], out=self.threshold).mul_(correction)
            shrink_(weights, self.threshold)


def step_rates(schedule: Schedule, steps: int) -> Float:
    """Return what each step of a training multiplies by: (steps · epochs, 3).

    Adam moves a weight by lr·m̂/(√v̂ + ε), with m̂ = m/(1 − β₁ᵗ) and v̂ = v/(1 − β₂ᵗ). That is m/(a·√v + b), and
    the proximal step's threshold is c·l1/(a·√v + b); a row holds a, b and c of step t.
    """
    total = steps * schedule.epochs
    count = np.arange(1, total + 1)
    lr = np.array([schedule.rate(step, total=total) for step in range(total)])
    first, root = 1 - BETA1**count, np.sqrt(1 - BETA2**count)
    return np.stack([first / (lr * root), first * EPSILON / lr, first], 1)
