"""Computing so that neither the machine nor the neighbours of a model can change a bit.

A matrix product and a vectorized function round differently depending on how their numbers lie in memory:
whether a row starts on a cache line, and how many numbers are left over at the end. If every model has cache
lines of its own, its numbers are the same to the bit whichever models it shares a block with, so a block can
also be trained in halves.
"""

import io
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from regchoose.workers.threads import THREAD_PREFIX

CACHE_LINE = 16  # float32 numbers
RowMatrix = NDArray[np.floating[Any]]  # in the precision of the training: double if convex, else single


# ---- memory --------------------------------------------------------------------------------------


def round_up_to_lines(count: int) -> int:
    """Round a number of float32 numbers up to whole cache lines."""
    return -(-count // CACHE_LINE) * CACHE_LINE


def aligned_empty(like: Tensor, *shape: int) -> Tensor:
    """Return uninitialized memory in which every run along the last axis starts on a cache line."""
    return like.new_empty(*shape[:-1], round_up_to_lines(shape[-1]))[..., : shape[-1]]


def padded_rows(rows: RowMatrix, width: int, *, device: torch.device) -> Tensor:
    """Copy rows (n, d) to a float32 tensor (n, width) whose columns beyond d are zero.

    A copy, since NumPy's memory need not start on a cache line.
    """
    copy = torch.zeros(len(rows), width, dtype=torch.float32, device=device)
    copy[:, : rows.shape[1]] = torch.as_tensor(rows)
    return copy


# ---- contexts ------------------------------------------------------------------------------------


class _TrainingThreadsMuted(io.TextIOBase):
    """Standard output for every thread except those that train."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write the text, unless a training thread sends it."""
        if threading.current_thread().name.startswith(THREAD_PREFIX):
            return len(text)
        return int(self._stream.write(text))

    def flush(self) -> None:
        """Flush."""
        self._stream.flush()


@contextmanager
def quiet_modules() -> Iterator[None]:
    """Run torch modules without their prints and warnings, and without the fast paths of attention.

    The fast paths are kernels that vmap cannot batch, and one of them has no derivative.
    """
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with (
            redirect_stdout(_TrainingThreadsMuted(sys.stdout)),
            warnings.catch_warnings(action="ignore"),
            sdpa_kernel(SDPBackend.MATH),
            # Convolutions on a card: as exact as on a CPU, and the same each time.
            torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False),
        ):
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)


@contextmanager
def deterministic() -> Iterator[None]:
    """Compute in one thread, so that the machine changes no bit, and without what a network prints."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    try:
        with quiet_modules(), redirect_stdout(io.StringIO()):
            yield
    finally:
        torch.set_flush_denormal(False)
        torch.set_num_threads(before)


# ---- random numbers ------------------------------------------------------------------------------

# PyTorch's layers draw from one generator of the process: whoever seeds it must have it alone until it is
# put back.
_GENERATOR_LOCK = threading.Lock()


@contextmanager
def seeded_generator(device: torch.device, seed: int | Tensor) -> Iterator[torch.Generator]:
    """Lend the device's global generator, seeded or set to an earlier state, and restore it at the end."""
    generator = _global_generator(device)
    with _GENERATOR_LOCK:
        before = generator.get_state()
        try:
            if isinstance(seed, Tensor):
                generator.set_state(seed)
            else:
                generator.manual_seed(seed)
            yield generator
        finally:
            generator.set_state(before)


def _global_generator(device: torch.device) -> torch.Generator:
    if device.type != "cuda":
        return torch.default_generator
    torch.empty(0, device=device)  # the generators are created when the device is first used
    index = torch.cuda.current_device() if device.index is None else device.index
    generator: torch.Generator = torch.cuda.default_generators[index]
    return generator
