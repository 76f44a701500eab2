"""Adam with the penalty l1·Σ|w| + l2·Σw², as regchoose trains: for your own code, to be copied.

Give the weight matrices a group of their own with `l1` and `l2`; biases and normalizations stay without.
"""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor


class ProximalAdam(torch.optim.Optimizer):
    """Adam, then a proximal step for L1: what is within the threshold becomes exactly zero.

    Each weight has a step size of its own, lr/(√v̂ + eps), so each has its own threshold, that times l1
    (Yun, Lozano & Yang 2021). The slope of l1·|w| counts in v̂ and not in the direction.

    Parameters
    ----------
    params : iterable
        Parameters, or groups of them.
    lr, betas, eps : float, pair of float, float
        As in torch.optim.Adam.
    l1, l2 : float
        Strengths of the mean loss.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        l1: float = 0.0,
        l2: float = 0.0,
    ) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "l1": l1, "l2": l2})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:  # type: ignore[override]
        """Take a step; `closure` computes the loss and its gradient anew."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for w in group["params"]:
                if w.grad is not None:
                    self._update(w, group)
        return loss

    def _update(self, w: Tensor, group: dict[str, Any]) -> None:
        (beta1, beta2), state = group["betas"], self.state[w]
        if not state:
            state |= {"count": 0, "mean": torch.zeros_like(w), "square": torch.zeros_like(w)}
        state["count"] += 1
        slope = w.grad + 2 * group["l2"] * w
        state["mean"].lerp_(slope, 1 - beta1)
        whole = slope + group["l1"] * w.sign()
        state["square"].mul_(beta2).addcmul_(whole, whole, value=1 - beta2)
        root = (state["square"] / (1 - beta2 ** state["count"])).sqrt()
        size = group["lr"] / (root + group["eps"])
        w.sub_(size * state["mean"] / (1 - beta1 ** state["count"]))
        w.copy_(w.sign() * (w.abs() - size * group["l1"]).clamp_min(0))
