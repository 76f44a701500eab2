"""Computing such that the machine changes no bit."""

import io
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout

import torch

from regchoose.training.networks.user_network import undisturbed


@contextmanager
def calm() -> Iterator[None]:
    """Compute with one thread, so that the machine changes no bit, and without what a network prints."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    try:
        with undisturbed(), redirect_stdout(io.StringIO()):
            yield
    finally:
        torch.set_flush_denormal(False)
        torch.set_num_threads(before)
