"""The step of `regchoose.training.adam` as one kernel, where Triton is there: PyTorch brings it with CUDA.

In plain PyTorch a step reads and writes each number a dozen times; here each is read and written once.
"""

from functools import cache
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from regchoose.training.parameters import Parameters

if TYPE_CHECKING:
    from regchoose.training.adam import Adam

try:
    import triton
    import triton.language as tl
except ImportError:
    triton = None

BLOCK = 1024  # numbers that one program of the kernel moves


def is_fused(flat: Tensor) -> bool:
    """Whether the kernel moves such numbers: float32 on CUDA, where Triton is there and works."""
    return triton is not None and flat.is_cuda and flat.dtype == torch.float32 and _compiles(flat.device)


@cache
def _compiles(device: torch.device) -> bool:
    """Whether Triton compiles the kernel here: it needs a C compiler, which not every machine has."""
    numbers = [torch.ones(1, device=device) for _ in range(6)]
    try:
        _step[(1,)](*numbers, torch.ones(3, device=device), 1, 1, BLOCK=BLOCK)
    except Exception:  # noqa: BLE001 - whatever keeps it from compiling, the step without it is the same
        return False
    return True


def fused_step(adam: "Adam", parameters: Parameters, gradient: Parameters, rates: Tensor) -> None:
    """Take the step of `Adam.step_`; the gradient stays as it is."""
    n = len(parameters.flat)
    _step[(triton.cdiv(n, BLOCK),)](
        parameters.flat,
        gradient.flat,
        adam.mean.flat,
        adam.square.flat,
        adam.l1,
        adam.twice_l2,
        rates,
        len(parameters.weights),
        n,
        BLOCK=BLOCK,
    )


# Triton reads the annotations, so there is but the one it wants.
def _step_of_block(  # type: ignore[no-untyped-def]
    parameters, gradients, means, squares, l1s, twice_l2s, rates, n_weights, n,
    BLOCK: "tl.constexpr",  # noqa: N803
):  # fmt: skip
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    here, is_weight = i < n, i < n_weights
    w = tl.load(parameters + i, here)
    g = tl.load(gradients + i, here)
    l1 = tl.load(l1s + i, is_weight, other=0.0)
    g += tl.load(twice_l2s + i, is_weight, other=0.0) * w
    mean = tl.load(means + i, here)
    mean += 0.1 * (g - mean)  # 1 − β₁
    g += l1 * tl.where(w > 0, 1.0, tl.where(w < 0, -1.0, 0.0))
    square = 0.999 * tl.load(squares + i, here) + 0.001 * g * g  # β₂
    scale, offset, correction = tl.load(rates), tl.load(rates + 1), tl.load(rates + 2)
    root = scale * tl.sqrt_rn(square) + offset
    w -= tl.div_rn(mean, root)
    threshold = tl.div_rn(l1 * correction, root)
    w -= tl.minimum(tl.maximum(w, -threshold), threshold)
    tl.store(parameters + i, w, here)
    tl.store(means + i, mean, here)
    tl.store(squares + i, square, here)


if triton is not None:
    _step = triton.jit(_step_of_block)
