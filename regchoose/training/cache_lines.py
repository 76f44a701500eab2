"""Memory in whole cache lines, so that every model of a block lies alike in it.

A matrix product and a vectorized function round by how their numbers lie: whether a row begins at a line, and
how many numbers are left over at the end of all. Where each model has lines of its own, its numbers are the
same to the bit, whichever models it shares a block with; so a block can be trained in halves.
"""

import torch
from torch import Tensor

from regchoose.training.block import Rows

CACHE_LINE = 16  # float32 numbers


def in_lines(count: int) -> int:
    """Return how many numbers the cache lines hold that so many take."""
    return -(-count // CACHE_LINE) * CACHE_LINE


def room(like: Tensor, *shape: int) -> Tensor:
    """Return memory of a shape, unwritten; each run along its last axis begins at a cache line."""
    return like.new_empty(*shape[:-1], in_lines(shape[-1]))[..., : shape[-1]]


def spread(rows: Rows, width: int, *, device: torch.device) -> Tensor:
    """Copy rows (n, d) to (n, width), with zeros behind each.

    A copy, as memory of NumPy need not begin at a cache line.
    """
    copy = torch.zeros(len(rows), width, dtype=torch.float32, device=device)
    copy[:, : rows.shape[1]] = torch.as_tensor(rows)
    return copy
