"""A block as bytes, for somebody who has nothing else; its training there; and what came of it, as bytes."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from typing import Any

import torch
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from regchoose.errors import RegchooseError
from regchoose.training.block import Block, BlockResult, CellData, Schedule
from regchoose.training.descent import train_block
from regchoose.training.device import Devices, choose_devices, kind_of
from regchoose.training.halving import TrainBlock, train_within_memory
from regchoose.training.linear_block import train_linear_block
from regchoose.training.networks.any_network import AnyNetwork
from regchoose.training.networks.cnn import Cnn
from regchoose.training.networks.mlp import Mlp
from regchoose.training.networks.network import Network
from regchoose.training.networks.rebuild import at_home, cnn_of, cnn_said, rebuilt
from regchoose.training.networks.user_network import undisturbed
from regchoose.training.trained_blocks import arrays_of, from_arrays
from regchoose.workers.tasks import Stop, TaskKind
from regchoose.workers.wire_format import ArrayBag, pack, unpack, unpack_bag

TRAINERS: dict[str, TrainBlock] = {
    "train_block": train_block,
    "train_linear_block": train_linear_block,
}


@dataclass(frozen=True)
class BlockTask:
    """A block to be trained.

    Parameters
    ----------
    block : Block
    train_one : callable
        How; one of `TRAINERS` where another process does it.
    devices : Devices
        Where; on another machine, its own of the same names.
    number : int
        Of the block, which says whose turn it is.
    may_fall_back : bool
        Whether a model that finds no memory on the device may be trained on the CPU.
    """

    block: Block
    train_one: TrainBlock
    devices: Devices
    number: int
    may_fall_back: bool


@dataclass(frozen=True)
class BlockTaskResult:
    """What a block came to, and the kind of processor that trained it."""

    result: BlockResult
    kind: str


def settle_thread() -> None:
    """Prepare a thread that trains blocks.

    The number of threads is set again here: set in the calling thread alone, some operations still share
    their work out, and the threads that wait for one another take many times as long on a busy machine.
    Subnormal numbers, common in decaying moments, are many times slower than zeros.
    """
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)


def train_here(order: BlockTask, stop: Stop) -> BlockTaskResult:
    """Train a block in this thread; of its weights nothing is kept but what is captured."""
    settle_thread()
    device = order.devices.of(order.number)
    result = train_within_memory(
        order.train_one, order.block, device, stop=stop, may_fall_back=order.may_fall_back
    )
    return BlockTaskResult(replace(result, weights=result.weights[:, :, :0]), kind_of(device))


# ---- in another process --------------------------------------------------------------------------


def packed(order: BlockTask) -> bytes:
    """Return an order as bytes."""
    block, bag = order.block, ArrayBag()
    said = {
        "trainer": order.train_one.__name__,
        "device": order.devices.name,
        "number": order.number,
        "may_fall_back": order.may_fall_back,
        "task": block.task,
        "n_rows": block.n_rows,
        "network": _network_said(block.network),
        "schedule": asdict(block.schedule) | {"checkpoints": bag.put(block.schedule.checkpoints)},
        "l1": bag.put(block.l1),
        "l2": bag.put(block.l2),
        "capture": None if block.capture is None else bag.put(block.capture),
        "cells": [_cell_said(cell, bag) for cell in block.cells],
    }
    return bag.pack(said)


def _network_said(network: Network) -> dict[str, Any]:
    match network:
        case Mlp(sizes=sizes):
            return {"sizes": sizes}
        case Cnn():
            return {"cnn": cnn_said(network)}
        case AnyNetwork(recipe=recipe) if recipe is not None:
            return {"recipe": recipe}
    raise TypeError(f"nothing says how {type(network).__name__} is built anew")


def _cell_said(cell: CellData, bag: ArrayBag) -> dict[str, Any]:
    return {
        "x": bag.put(cell.x),
        "y": bag.put(cell.y),
        "judged": {name: (bag.put(x), bag.put(y)) for name, (x, y) in cell.judged.items()},
        "seed": cell.seed,
        "drawn": None if cell.drawn is None else bag.put(cell.drawn),
    }


def fulfil(data: bytes) -> bytes:
    """Train the block of an order that came as bytes; return as bytes what it came to.

    Raises
    ------
    RegchooseError
        What training it raises; E401 where this machine has no such device.
    """
    said, arrays = unpack_bag(data)
    recipe = said["network"].get("recipe", {})
    _settle_process(foreign=bool(recipe))
    try:
        came = train_here(_order(said, arrays), lambda: False)
    except RegchooseError as error:
        raise at_home(error, recipe) from error
    return packed_answer(came)


def packed_answer(came: BlockTaskResult) -> bytes:
    """Return as bytes what a block came to."""
    return pack({"note": came.result.note, "kind": came.kind}, dict(arrays_of(came.result)))


def _order(said: Mapping[str, Any], arrays: Sequence[NDArray[Any]]) -> BlockTask:
    return BlockTask(
        _block(said, arrays),
        TRAINERS[said["trainer"]],
        choose_devices(said["device"]),
        said["number"],
        said["may_fall_back"],
    )


@cache
def _settle_process(*, foreign: bool) -> Any:
    """Prepare a process that trains blocks, once: sums split over threads differ in their last bits.

    Parameters
    ----------
    foreign : bool
        Whether it trains a user's network, which is to be left in peace for good; the return value keeps it
        so.
    """
    limits = threadpool_limits(1)
    if not foreign:
        return limits
    peace = undisturbed()
    peace.__enter__()
    return limits, peace


def _block(said: Mapping[str, Any], arrays: Sequence[NDArray[Any]]) -> Block:
    schedule = said["schedule"] | {"checkpoints": arrays[said["schedule"]["checkpoints"]]}
    capture = said["capture"]
    return Block(
        [_cell(cell, arrays) for cell in said["cells"]],
        arrays[said["l1"]],
        arrays[said["l2"]],
        said["task"],
        _network(said["network"]),
        Schedule(**schedule),
        None if capture is None else arrays[capture],
        said["n_rows"],
    )


def _network(said: Mapping[str, Any]) -> Network:
    if "recipe" in said:
        return rebuilt(said["recipe"])
    return cnn_of(said["cnn"]) if "cnn" in said else Mlp(tuple(said["sizes"]))


def _cell(said: Mapping[str, Any], arrays: Sequence[NDArray[Any]]) -> CellData:
    return CellData(
        arrays[said["x"]],
        arrays[said["y"]],
        {name: (arrays[x], arrays[y]) for name, (x, y) in said["judged"].items()},
        said["seed"],
        None if said["drawn"] is None else arrays[said["drawn"]],
    )


def unpacked(data: bytes) -> BlockTaskResult:
    """Return what a block came to, or raise what it raised."""
    said, arrays = unpack(data)
    result = from_arrays(arrays, said["note"])
    assert result is not None, "an answer has all its arrays"
    return BlockTaskResult(result, said["kind"])


TRAINING: TaskKind[BlockTask, BlockTaskResult] = TaskKind(
    train_here, f"{__name__}:{fulfil.__name__}", packed, unpacked
)
