"""Where memory runs out, a block is trained in halves, and at last on the CPU."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch

from regchoose.errors import Phrase, ResourceError, is_lack_of_memory, setting
from regchoose.records.words import Float
from regchoose.settings.options import MIN_ROWS
from regchoose.training.block import Block, BlockResult, CellData
from regchoose.training.networks.any_network import AnyNetwork
from regchoose.training.networks.mlp import Mlp

TrainBlock = Callable[..., BlockResult]
CPU = torch.device("cpu")
# The mlp comes to the same bits in halves (see `regchoose.training.cache_lines`). Linear models go on until
# all of a block are solved, and of other networks nobody knows how their products round.
HALVED = "memory ran out for whole blocks of models: trained in parts, so that last digits may differ"


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
            without_weights(
                train_within_memory(train_one, half, device, stop=stop, may_fall_back=may_fall_back)
            )
            for half in halves
        ]
        joined = _joined(parts, along_cells=len(block.cells) > 1)
        exact = isinstance(block.network, Mlp) and block.network.n_layers > 1
        return joined if exact else replace(joined, note=HALVED)
    if device.type != "cpu" and may_fall_back:
        return train_within_memory(train_one, block, CPU, stop=stop, may_fall_back=False)
    raise _no_room(train_one, block, device, stop=stop)


def without_weights(result: BlockResult) -> BlockResult:
    """Drop the weights of all models: they are large, and only those captured are needed."""
    return replace(result, weights=result.weights[:, :, :0].copy())


def _tried(
    train_one: TrainBlock, block: Block, device: torch.device, *, stop: Callable[[], bool]
) -> BlockResult | None:
    try:
        return train_one(block, device, stop=stop)
    except (RuntimeError, MemoryError, OSError) as error:
        if is_lack_of_memory(error):
            return None
        raise


def _no_room(
    train_one: TrainBlock, block: Block, device: torch.device, *, stop: Callable[[], bool]
) -> ResourceError:
    """Say how many rows do fit: fewer are tried, for an epoch."""
    rows = len(block.cells[0].y)
    fewer = rows // 2
    while fewer >= MIN_ROWS and _tried(train_one, _shortened(block, fewer), device, stop=stop) is None:
        fewer //= 2
    fits = fewer >= MIN_ROWS
    is_own = isinstance(block.network, AnyNetwork)
    smaller = Phrase.of("a smaller network" if is_own else setting("hidden") + " with fewer units")
    return ResourceError(
        "E403",
        f"memory ran out: there is none on {device} for one network on {rows:,} rows",
        detail=[f"{fewer:,} rows fit" if fits else "fewer rows do not fit either"],
        fix=setting(rows=fewer) | smaller if fits else smaller + ", or more memory",
    )


def _shortened(block: Block, n_rows: int) -> Block:
    """Return the block for an epoch on the first rows."""
    schedule = replace(block.schedule, epochs=1, checkpoints=np.array([1]))
    cells = [_first(cell, n_rows) for cell in block.cells]
    return replace(block, cells=cells, schedule=schedule, capture=None, n_rows=None)


def _first(cell: CellData, n_rows: int) -> CellData:
    judged = {name: (x[:n_rows], y[:n_rows]) for name, (x, y) in cell.judged.items()}
    return replace(cell, x=cell.x[:n_rows], y=cell.y[:n_rows], judged=judged, drawn=None)


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
        next((part.note for part in parts if part.note), ""),
    )
