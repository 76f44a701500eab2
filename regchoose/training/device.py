"""The devices that train models, the one that trains a block, and those of a machine."""

import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from regchoose.errors import ResourceError, UsageError, setting
from regchoose.workers.tasks import WITHOUT_CLUSTER, Workers
from regchoose.workers.wire_format import pack, unpack

CPU = torch.device("cpu")
DEVICE_NAME = re.compile(r"cpu|cuda(?::([0-9]{1,9}))?")
WANTED = "auto, cpu, cuda, cuda:N, or several with commas between"
MIXED = "several kinds"
Device = torch.device  # for rooms that pass it on and do not import torch
_LINALG_LOCK = threading.Lock()
_CARD_LOCKS: dict[int, threading.Lock] = {}


@dataclass(frozen=True)
class Devices:
    """Devices that take turns; the number of a block alone says whose turn it is.

    Those of a name share its turns. They are of one kind, so their number changes no result.
    """

    name: str  # names separated by commas, one for each turn
    turns: tuple[tuple[torch.device, ...], ...]  # empty where other machines train, on devices of their own
    kinds: tuple[str, ...]  # of each turn's devices: another kind may round differently

    def of(self, number: int) -> torch.device:
        """Return the device of the block with a number."""
        devices = self.turns[number % len(self.turns)]
        return devices[number // len(self.turns) % len(devices)]

    def kind(self, number: int) -> str:
        """Return the kind of the device of the block with a number."""
        return self.kinds[number % len(self.kinds)]

    @property
    def types(self) -> frozenset[str]:
        """Their types, cpu or cuda."""
        return frozenset(part.partition(":")[0] for part in self.name.split(","))

    @property
    def count(self) -> int:
        """How many devices there are on this machine; 1 where models are trained on others."""
        return max(1, len({device for devices in self.turns for device in devices}))

    @property
    def mixed(self) -> bool:
        """Whether a turn may go to devices of several kinds, on machines that differ."""
        return MIXED in self.kinds

    def __str__(self) -> str:
        here = dict.fromkeys(str(device) for devices in self.turns for device in devices)
        return ", ".join(here) or self.name


def choose_devices(name: str) -> Devices:
    """Return the devices of this machine called auto, cpu, cuda, cuda:N, or several of these.

    cuda is all CUDA devices, and of several kinds those of the first one's. auto is cuda where there is any,
    else cpu. The CPU has turns beside others only where it is named.

    Raises
    ------
    UsageError
        E202 where the name is none of these.
    ResourceError
        E401 where that device is not there.
    """
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if name == "auto":
        name = "cuda" if count else "cpu"
    turns = tuple(_named(part, name, count=count) for part in name.split(","))
    return Devices(name, turns, tuple(kind_of(devices[0]) for devices in turns))


def _named(part: str, name: str, *, count: int) -> tuple[torch.device, ...]:
    seen = f"{count} CUDA devices are visible to PyTorch {torch.__version__}"
    index = _find_index(part, name, count=count, seen=seen, there="is there")
    if part == "cpu":
        return (CPU,)
    if index is not None:
        return (torch.device("cuda", index),)
    kinds = [torch.cuda.get_device_name(other) for other in range(count)]
    return tuple(torch.device("cuda", other) for other in range(count) if kinds[other] == kinds[0])


def _find_index(part: str, name: str, *, count: int, seen: str, there: str) -> int | None:
    """Return the N of cuda:N; raise E202 for what is no device's name, E401 where there are too few."""
    match = DEVICE_NAME.fullmatch(part)
    if not match:
        raise UsageError("E202", setting(device=name) + f": wanted {WANTED}", fix=setting(device="auto"))
    index = None if match[1] is None else int(match[1])
    # torch.device keeps the index in eight bits, so it is compared before: cuda:128 would read as -128.
    if part != "cpu" and (index or 0) >= count:
        raise ResourceError(
            "E401",
            setting(device=name) + f": {seen}",
            fix=setting(device="cpu") + ", or " + setting(device="auto") + f" to take what {there}",
        )
    return index


def kind_of(device: torch.device) -> str:
    """Name the kind of a processor."""
    if device.type == "cuda":
        return f"{device.type} {torch.cuda.get_device_name(device)}"
    return f"{device.type} {torch.backends.cpu.get_cpu_capability()}"


@contextmanager
def alone_on(device: torch.device) -> Iterator[None]:
    """Let one thread at a time train on a card: a block fills it, and needs its memory. A CPU is shared.

    The card is the thread's current one meanwhile: graphs and kernels go to that, wherever their tensors lie.
    """
    if device.type == "cpu":
        yield
        return
    with _CARD_LOCKS.setdefault(device.index or 0, threading.Lock()), torch.cuda.device(device):
        yield


def load_linear_algebra(device: torch.device) -> None:
    """Load the linear algebra that PyTorch has for a device, one thread at a time.

    On CUDA it is loaded at its first use, and where that happens in several threads at once, all but one fail
    with "lazy wrapper should be called at most once" (github.com/pytorch/pytorch/issues/90613).
    """
    if device.type == "cuda":
        with _LINALG_LOCK:
            torch.linalg.eigvalsh(torch.eye(1, device=device))


def describe_devices() -> dict[str, Any]:
    """Return PyTorch's threads, the CUDA devices with their memory in GiB, and why there are none."""
    report: dict[str, Any] = {"threads": torch.get_num_threads(), "cuda": [], "why": ""}
    if torch.version.cuda is None:
        report["why"] = f"PyTorch {torch.__version__} is built without CUDA"
    elif not torch.cuda.is_available():
        report["why"] = f"PyTorch is built for CUDA {torch.version.cuda}, and sees no driver or no card"
    else:
        for index in range(torch.cuda.device_count()):
            card = torch.cuda.get_device_properties(index)
            report["cuda"].append({"name": card.name, "memory_gib": round(card.total_memory / 2**30, 1)})
    return report


# ---- other machines ------------------------------------------------------------------------------


def about(_: bytes) -> bytes:
    """Return the releases and the processors of this machine, packed; for `Workers.ask_machines`."""
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    return pack(
        {
            "releases": _releases(),
            "cpu": kind_of(CPU),
            "cuda": [kind_of(torch.device("cuda", index)) for index in range(count)],
        }
    )


def _releases() -> dict[str, str]:
    return {"torch": torch.__version__, "numpy": np.__version__}


def devices_of(workers: Workers, name: str) -> Devices:
    """Return the devices of a name on which the workers train: those of this machine, or their own.

    Raises
    ------
    UsageError, ResourceError
        E202, E401 as `choose_devices`; E405 where a worker has other releases than this machine.
    """
    if not workers.is_remote:
        return choose_devices(name)
    machines = {
        worker: unpack(answer)[0]
        for worker, answer in workers.ask_machines(f"{__name__}:{about.__name__}").items()
    }
    for worker, machine in machines.items():
        _refuse_other_releases(worker, machine["releases"])
    if name == "auto":  # what all of them have
        name = "cuda" if machines and all(machine["cuda"] for machine in machines.values()) else "cpu"
    parts = name.split(",")
    kinds = [
        {_kind_at(worker, machine, part, name) for worker, machine in machines.items()} for part in parts
    ]
    return Devices(name, (), tuple(names.pop() if len(names) == 1 else MIXED for names in kinds))


def _kind_at(worker: str, machine: Mapping[str, Any], part: str, name: str) -> str:
    cards: Sequence[str] = machine["cuda"]
    seen = f"the worker {worker} sees {len(cards)} CUDA devices"
    index = _find_index(part, name, count=len(cards), seen=seen, there="all workers have")
    return str(machine["cpu"]) if part == "cpu" else cards[index or 0]


def _refuse_other_releases(worker: str, theirs: Mapping[str, str]) -> None:
    ours = _releases()
    other = [
        f"{name} {theirs[name]}, here {release}" for name, release in ours.items() if theirs[name] != release
    ]
    if other:
        wanted = " ".join(f"{name}=={release.partition('+')[0]}" for name, release in ours.items())
        raise ResourceError(
            "E405",
            f"the worker {worker} has {'; '.join(other)}",
            detail=["other releases may come to other numbers"],
            fix=f"pip install {wanted} on the workers" | WITHOUT_CLUSTER,
        )
