"""Adam with a proximal step, on the parameters of m models at once."""

from dataclasses import dataclass

import torch
from torch import Tensor

from regchoose.training.penalty import PenaltyTensors, shrink_

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


@dataclass(frozen=True)
class Adam:
    """State of the optimizer (Kingma & Ba 2015), and the strengths.

    Parameters
    ----------
    n_penalized : int
        How many parameters, the first ones, are penalized; the others are biases.
    l1, twice_l2 : Tensor (m, 1)
        Strengths, for the mean loss.
    mean, square : Tensor (m, p)
        Running moments of the gradient.
    scratch : Tensor (m, p)
        Workspace for the denominators.
    has_l1, has_l2 : bool
        Whether any model has such a strength; if none has, that part of the step is skipped, which changes
        no bit.
    """

    n_penalized: int
    l1: Tensor
    twice_l2: Tensor
    mean: Tensor
    square: Tensor
    scratch: Tensor
    has_l1: bool
    has_l2: bool

    @classmethod
    def start(cls, parameters: Tensor, *, n_penalized: int, penalties: PenaltyTensors) -> "Adam":
        """Return the state before the first step, for parameters (m, p) and their penalties (m,)."""
        mean, square, scratch = (torch.zeros_like(parameters) for _ in range(3))
        l1, l2 = penalties.l1, penalties.l2
        has_l1, has_l2 = bool((l1 != 0).any()), bool((l2 != 0).any())
        return cls(n_penalized, l1[:, None], 2 * l2[:, None], mean, square, scratch, has_l1, has_l2)

    def step_(self, parameters: Tensor, gradient: Tensor, *, lr: float, count: int) -> None:
        """Take step number `count` (from 1) in place; `gradient` (m, p), of the mean loss, is overwritten.

        L2 enters as part of the gradient, 2·l2·w; L1 as a proximal step with each weight's own step size
        η = lr / (√v̂ + ε) (Yun, Lozano & Yang 2021), so zeros are exact. v̂ is taken over the gradient of the
        whole objective, L1 included, as autograd would have it: then no step shrinks a weight by more than
        about lr. With v̂ of the loss alone, weights of small slope vanish before the network has learned what
        they are for, and a moderate L1 ends in a worse optimum.
        """
        weights = parameters[:, : self.n_penalized]
        if self.has_l2:
            gradient[:, : self.n_penalized].addcmul_(weights, self.twice_l2)
        self.mean.lerp_(gradient, 1 - BETA1)
        if self.has_l1:
            gradient[:, : self.n_penalized].addcmul_(weights.sign(), self.l1)
        self.square.mul_(BETA2).addcmul_(gradient, gradient, value=1 - BETA2)
        torch.sqrt(self.square, out=self.scratch)
        # √v̂ + ε = (√v + ε·√bias)/√bias: the corrections go into the scalars.
        root_bias = (1 - BETA2**count) ** 0.5
        self.scratch.add_(EPSILON * root_bias)
        parameters.addcdiv_(self.mean, self.scratch, value=-lr * root_bias / (1 - BETA1**count))
        if self.has_l1:
            threshold = torch.div(self.l1 * (lr * root_bias), self.scratch[:, : self.n_penalized])
            shrink_(weights, threshold)
