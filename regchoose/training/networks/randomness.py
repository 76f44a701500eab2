"""PyTorch's layers draw from one generator of the process: here one draws at a time, and leaves no trace."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

# Whoever seeds the process's generator has to be alone with it until it is put back.
ALONE = threading.Lock()


@contextmanager
def drawing(device: torch.device, seed: int | Tensor) -> Iterator[torch.Generator]:
    """Give the device's generator, seeded or in a state that it had; put it back at the end."""
    generator = _generator(device)
    with ALONE:
        before = generator.get_state()
        try:
            if isinstance(seed, Tensor):
                generator.set_state(seed)
            else:
                generator.manual_seed(seed)
            yield generator
        finally:
            generator.set_state(before)


def _generator(device: torch.device) -> torch.Generator:
    if device.type != "cuda":
        return torch.default_generator
    torch.empty(0, device=device)  # the generators are made when the device is first used
    index = torch.cuda.current_device() if device.index is None else device.index
    generator: torch.Generator = torch.cuda.default_generators[index]
    return generator
