"""Where memory runs out, a block is trained in halves, and at last on the CPU."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch

from regchoose.errors import ResourceError, is_lack_of_memory, setting
from regchoose.settings.options import MIN_ROWS
from regchoose.training.block import Block, BlockResult
from regchoose.training.device import CPU

TrainBlock = Callable[..., BlockResult]
HALVED = "memory ran out for whole blocks of models: trained in parts, so that last digits may differ"


def train_within_memory(
    train_one: TrainBlock,
    block: Block,
    device: torch.device,
    *,
    stop: Callable[[], bool],
    may_fall_back: bool,
) -> BlockResult:
    """Train a block; if memory runs out, its halves one after the other, down to single models.

    Parameters
    ----------
    may_fall_back : bool
        Whether a single model for which the device has no memory may be trained on the CPU.

    Raises
    ------
    ResourceError
        E403 where memory does not suffice for a single model.
    """
    result = _try_to_train(train_one, block, device, stop=stop)
    if result is not None:
        return result
    # Freed outside of the except clause: inside, the traceback still holds the tensors.
    if device.type == "cuda":
        torch.cuda.empty_cache()
    halves = block.halves()
    if halves:
        parts = [
            train_within_memory(
                train_one, half, device, stop=stop, may_fall_back=may_fall_back
            ).without_weights()
            for half in halves
        ]
        joined = BlockResult.join(parts, along_cells=len(block.cells) > 1)
        same = device.type == "cpu" and block.network.same_in_parts
        return joined if same else replace(joined, note=HALVED)
    if device.type != "cpu" and may_fall_back:
        return train_within_memory(train_one, block, CPU, stop=stop, may_fall_back=False)
    raise _no_memory(train_one, block, device, stop=stop)


def _try_to_train(
    train_one: TrainBlock, block: Block, device: torch.device, *, stop: Callable[[], bool]
) -> BlockResult | None:
    try:
        return train_one(block, device, stop=stop)
    except (RuntimeError, MemoryError, OSError) as error:
        if is_lack_of_memory(error):
            return None
        raise


def _no_memory(
    train_one: TrainBlock, block: Block, device: torch.device, *, stop: Callable[[], bool]
) -> ResourceError:
    """Return the error that says how many rows do fit, found by training on fewer for one epoch."""
    rows = len(block.cells[0].y)
    fewer = rows // 2
    while fewer >= MIN_ROWS and _try_to_train(train_one, _shorten(block, fewer), device, stop=stop) is None:
        fewer //= 2
    fits = fewer >= MIN_ROWS
    smaller = block.network.how_to_shrink
    return ResourceError(
        "E403",
        f"memory ran out: there is none on {device} for one network on {rows:,} rows",
        detail=[f"{fewer:,} rows fit" if fits else "fewer rows do not fit either"],
        fix=setting(rows=fewer) | smaller if fits else smaller + ", or more memory",
    )


def _shorten(block: Block, n_rows: int) -> Block:
    """Return the block for one epoch on the first rows."""
    schedule = replace(block.schedule, epochs=1, checkpoints=np.array([1]))
    cells = [cell.first_rows(n_rows) for cell in block.cells]
    return replace(block, cells=cells, schedule=schedule, n_rows=None)
