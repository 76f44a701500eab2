"""What a network can put out: what a last layer confines is no logit, and no standardized target."""

from math import sqrt

import torch
from torch import Tensor, nn

from regchoose.training.networks.torch_module import build_from_seed, columns, dummy_rows
from regchoose.training.networks.user_network import BuildModule

DRAWS = 3  # of random parameters that are tried
SPREAD = 3.0  # their standard deviation, times √fan-in
CLOSE = 1e-4  # rounding
WANTED = "wanted are outputs without bounds: logits, or a target of mean 0 and standard deviation 1"


def warn_of_outputs(build: BuildModule, *, n_inputs: int) -> str:
    """Say how a network confines its outputs; empty where it does not.

    Where the outputs at the start suggest it, they are tried with random parameters, much larger ones: what
    they then still keep to, no training can take them beyond.
    """
    module = build_from_seed(build, 0, n_inputs=n_inputs).eval()
    rows, generator = dummy_rows(n_inputs), torch.Generator().manual_seed(0)
    with torch.no_grad():
        if not _describe(columns(module(rows))[None]):
            return ""
        try:
            return _describe(torch.stack([_outputs_of_random(module, rows, generator) for _ in range(DRAWS)]))
        except Exception:  # noqa: BLE001 - a network need not run with such parameters
            return ""


def _outputs_of_random(module: nn.Module, rows: Tensor, generator: torch.Generator) -> Tensor:
    """Draw the parameters of a module at random; return its outputs (n, k)."""
    for parameter in module.parameters():
        if parameter.requires_grad:
            fan_in = parameter[0].numel() if parameter.ndim > 1 else 1
            parameter.normal_(0.0, SPREAD / sqrt(fan_in), generator=generator)
    return columns(module(rows))


def _describe(outputs: Tensor) -> str:
    """Say what the outputs (draws, n, k) keep to; empty for nothing."""
    if not torch.isfinite(outputs).all():
        return ""
    low, high = float(outputs.min()), float(outputs.max())
    if bool((outputs == outputs[:, :1]).all()):
        return "The network puts out the same whatever its inputs are: it cannot learn from them."
    if low >= -CLOSE and high <= 1 + CLOSE:
        if outputs.shape[2] > 1 and float((outputs.sum(2) - 1).abs().max()) < CLOSE:
            return f"The network's outputs lie in [0, 1] and sum to 1, as after a softmax; {WANTED}."
        return f"The network's outputs lie in [0, 1], as after a sigmoid; {WANTED}."
    if low >= -1 - CLOSE and high <= 1 + CLOSE:
        return f"The network's outputs lie in [−1, 1], as after a tanh; {WANTED}."
    return f"The network's outputs are never negative, as after a ReLU; {WANTED}." if low >= 0 else ""
