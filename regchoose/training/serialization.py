"""Training a block here or in another process: the task as bytes, and its result as bytes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from regchoose.errors import RegchooseError
from regchoose.records.experiment import Penalties
from regchoose.training.block import Block, BlockResult, CellData
from regchoose.training.block_training import train_block
from regchoose.training.deterministic import quiet_modules
from regchoose.training.device import Devices, alone_on, choose_devices, kind_of, load_linear_algebra
from regchoose.training.halving import train_within_memory
from regchoose.training.networks.rebuild import is_module, rebuild, with_original_paths
from regchoose.training.schedule import Schedule
from regchoose.workers.tasks import Stop, TaskKind
from regchoose.workers.wire_format import ArrayBag, pack, unpack, unpack_bag

ARRAY = "array"  # stands for an array in a packed block


@dataclass(frozen=True)
class TrainingTask:
    """A block to be trained."""

    block: Block
    devices: Devices  # where; on another machine, its own devices of the same names
    number: int  # of the block, which says whose turn it is
    may_fall_back: bool  # whether a model for which the device has no memory may be trained on the CPU


@dataclass(frozen=True)
class TaskResult:
    """The result of a block, and the kind of processor that trained it."""

    result: BlockResult
    kind: str


def settle_thread() -> None:
    """Prepare a thread that trains blocks.

    The number of threads is set here again: if it is set in the calling thread alone, some operations still
    share their work out, and threads that wait for one another take many times as long on a busy machine.
    Subnormal numbers, common in decaying moments, are many times slower than zeros.
    """
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)


def run_task(task: TrainingTask, stop: Stop) -> TaskResult:
    """Train a block in this thread; of its weights only those captured are returned."""
    settle_thread()
    device = task.devices.of(task.number)
    if task.block.network.is_convex:
        load_linear_algebra(device)
    with alone_on(device):
        result = train_within_memory(
            train_block, task.block, device, stop=stop, may_fall_back=task.may_fall_back
        )
    return TaskResult(result.without_weights(), kind_of(device))


# ---- in another process --------------------------------------------------------------------------


def pack_task(task: TrainingTask) -> bytes:
    """Return a task as bytes."""
    bag = ArrayBag()
    block = {
        field.name: _without_arrays(getattr(task.block, field.name), bag)
        for field in fields(task.block)
        if field.name != "network"
    }
    return bag.pack(
        {
            "device": task.devices.name,
            "number": task.number,
            "may_fall_back": task.may_fall_back,
            "network": task.block.network.spec(),
            "block": block,
        }
    )


def _without_arrays(value: Any, bag: ArrayBag) -> Any:
    """Return plain values: dataclasses become mappings, and arrays `{ARRAY: index in the bag}`."""
    if isinstance(value, np.ndarray):
        return {ARRAY: bag.put(value)}
    if isinstance(value, CellData | Penalties | Schedule):
        value = {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, Mapping):
        return {name: _without_arrays(part, bag) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_without_arrays(part, bag) for part in value]
    return value


def _with_arrays(value: Any, arrays: Sequence[NDArray[Any]]) -> Any:
    """Put the arrays back in their places."""
    if isinstance(value, list):
        return [_with_arrays(part, arrays) for part in value]
    if isinstance(value, dict):
        if ARRAY in value:
            return arrays[value[ARRAY]]
        return {name: _with_arrays(part, arrays) for name, part in value.items()}
    return value


def run_packed_task(data: bytes) -> bytes:
    """Train the block of a packed task; return the packed result.

    Raises
    ------
    RegchooseError
        What training it raises; E401 where this machine has no such device.
    """
    plain, arrays = unpack_bag(data)
    _settle_process(modules=is_module(plain["network"]))
    try:
        done = run_task(_unpack_task(plain, arrays), lambda: False)
    except RegchooseError as error:
        raise with_original_paths(error, plain["network"]) from error
    return pack_result(done)


@cache
def _settle_process(*, modules: bool) -> Any:
    """Prepare a process that trains blocks, once: sums split over threads differ in their last bits.

    Where it trains torch modules, these are kept quiet for good, for which the return value is kept.
    """
    limits = threadpool_limits(1)
    if not modules:
        return limits
    quiet = quiet_modules()
    quiet.__enter__()
    return limits, quiet


def pack_result(done: TaskResult) -> bytes:
    """Return a result as bytes."""
    return pack({"note": done.result.note, "kind": done.kind}, dict(done.result.arrays()))


def _unpack_task(plain: Mapping[str, Any], arrays: Sequence[NDArray[Any]]) -> TrainingTask:
    values = _with_arrays(plain["block"], arrays)
    values["cells"] = [CellData(**cell) for cell in values["cells"]]
    values["penalties"] = Penalties(**values["penalties"])
    values["schedule"] = Schedule(**values["schedule"])
    block = Block(network=rebuild(plain["network"]), **values)
    return TrainingTask(block, choose_devices(plain["device"]), plain["number"], plain["may_fall_back"])


def unpack_result(data: bytes) -> TaskResult:
    """Return the result that was packed, or raise what its training raised."""
    plain, arrays = unpack(data)
    result = BlockResult.from_arrays(arrays, plain["note"])
    assert result is not None, "a packed result has all its arrays"
    return TaskResult(result, plain["kind"])


TRAINING: TaskKind[TrainingTask, TaskResult] = TaskKind(
    run_task, f"{__name__}:{run_packed_task.__name__}", pack_task, unpack_result
)
