"""The machine, what runs on it, and how fast it multiplies matrices."""

import os
import platform
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Any

import torch

PACKAGES = ("regchoose", "torch", "numpy", "scikit-learn", "skorch")
SIDE = 1024  # of the products that measure the rate


def cores() -> int:
    """Return the processor's cores that this process may use."""
    return len(os.sched_getaffinity(0))


def describe() -> dict[str, Any]:
    """Return the processor's model, its cores, and the system."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {
        "processor": names[0] if names else platform.processor(),
        "cores": cores(),
        "system": f"{platform.system()} {platform.machine()}",
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
    }


def load() -> float:
    """Return the processes that wanted to run in the last minute, ours among them."""
    return os.getloadavg()[0]


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that are compared."""
    return {"python": platform.python_version(), **{name: _version(name) for name in PACKAGES}}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"


def matmul_rate(products: int) -> float:
    """Return the floating-point operations a second of torch.mm in float32, on all cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(cores())
    try:
        a, b = torch.rand(SIDE, SIDE), torch.rand(SIDE, SIDE)
        out, seconds = torch.empty(SIDE, SIDE), []
        for _ in range(products + 1):
            start = time.perf_counter()
            torch.mm(a, b, out=out)
            seconds.append(time.perf_counter() - start)
    finally:
        torch.set_num_threads(before)
    return float(2 * SIDE**3 / median(seconds[1:]))  # the first one warms up
