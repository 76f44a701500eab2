"""Where memory runs out, a block is trained in halves, and at last on the CPU."""

from collections.abc import Callable

import numpy as np
import torch

from regchoose.errors import ResourceError
from regchoose.records import Float
from regchoose.training.block import Block, BlockResult

TrainBlock = Callable[..., BlockResult]
CPU = torch.device("cpu")


def train_within_memory(
    train_one: TrainBlock,
    block: Block,
    device: torch.device,
    *,
    stop: Callable[[], bool],
    may_fall_back: bool,
) -> BlockResult:
    """Train a block; without room for it, its halves one after the other, down to single models.

    Parameters
    ----------
    train_one : callable
        Trains a block on a device.
    may_fall_back : bool
        Whether a single model that finds no room on the device may be trained on the CPU.

    Raises
    ------
    ResourceError
        E403 where there is no room for a single model.
    """
    result = _tried(train_one, block, device, stop=stop)
    if result is not None:
        return result
    # Freed outside of the except clause: inside, the traceback still holds the tensors.
    if device.type == "cuda":
        torch.cuda.empty_cache()
    halves = block.halves()
    if halves:
        parts = [
            train_within_memory(train_one, half, device, stop=stop, may_fall_back=may_fall_back)
            for half in halves
        ]
        return _joined(parts, along_cells=len(block.cells) > 1)
    if device.type != "cpu" and may_fall_back:
        return train_within_memory(train_one, block, CPU, stop=stop, may_fall_back=False)
    rows = len(block.cells[0].y)
    raise ResourceError(
        "E403",
        f"no memory on {device} for one network on {rows:,} rows",
        fix=f"--rows {max(20, rows // 2)}   or   a smaller --hidden",
    )


def _tried(
    train_one: TrainBlock, block: Block, device: torch.device, *, stop: Callable[[], bool]
) -> BlockResult | None:
    try:
        return train_one(block, device, stop=stop)
    except (torch.OutOfMemoryError, MemoryError):
        return None
    except RuntimeError as error:  # what the allocators of the CPU and of other devices raise
        if "out of memory" in str(error).lower() or "can't allocate memory" in str(error).lower():
            return None
        raise


def _joined(parts: list[BlockResult], *, along_cells: bool) -> BlockResult:
    """Put the results of halves together, along the cells or along the models."""
    axis = 0 if along_cells else 1

    def together(name: str) -> Float:
        joined: Float = np.concatenate([getattr(part, name) for part in parts], axis)
        return joined

    captured: dict[str, tuple[Float, ...]] = {}
    for name in parts[0].captured:
        kept = [part.captured[name] for part in parts]
        if along_cells:
            captured[name] = tuple(cell for part in kept for cell in part)
        else:
            captured[name] = tuple(np.concatenate(cell) for cell in zip(*kept, strict=True))
    return BlockResult(
        {name: np.concatenate([part.losses[name] for part in parts], axis) for name in parts[0].losses},
        together("nonzero_share"),
        together("nonzero_inputs"),
        together("stationarity"),
        np.concatenate([part.failed for part in parts], axis),
        captured,
        together("weights"),
        parts[0].note,
    )
