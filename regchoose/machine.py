"""What this machine has installed and to offer; by the standard library alone, so that it runs anywhere."""

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from regchoose.version import __version__

EXTRAS = {"dask": "distributed", "mlflow": "mlflow", "onnx": "onnx"}  # extra → the package that it is for
NEEDED = (
    "torch",
    "numpy",
    "pandas",
    "scikit-learn",
    "scipy",
    "duckdb",
    "pillow",
    "pydantic",
    "typer",
    "rich",
    "jinja2",
)
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
LITTLE_MEMORY, LITTLE_DISK = 2 * 2**30, 2**30  # bytes
GIB = 2**30


@dataclass(frozen=True)
class Machine:
    """What this machine has. Sizes are in bytes; None is unknown.

    Parameters
    ----------
    packages : mapping of str to str or None
        What regchoose needs → its version; None if it is not installed.
    threads : mapping of str to str
        Variables that set the threads of linear algebra.
    temporary : mapping
        The folder for temporary files, its free bytes, and whether it can be written.
    """

    regchoose: str
    python: str
    system: str
    packages: Mapping[str, str | None]
    cores: int
    memory: int | None
    threads: Mapping[str, str]
    temporary: Mapping[str, Any]
    cache: Mapping[str, Any]


def inspect_machine(environ: Mapping[str, str], *, cache: Path | None) -> Machine:
    """Describe this machine and the folder of the cache. Nothing is raised; what is unknown is None."""
    return Machine(
        __version__,
        f"{platform.python_version()} ({sys.executable})",
        platform.platform(),
        {name: _version(name) for name in NEEDED},
        cores(),
        memory(),
        {name: environ[name] for name in THREADS if environ.get(name)},
        _check_folder(_temporary_folder()),
        _check_folder(cache),
    )


def find_problems(machine: Machine, devices: Mapping[str, Any] | str) -> list[str]:
    """Say what is missing, and what will be slow.

    Parameters
    ----------
    devices : mapping or str
        What PyTorch sees, or why it cannot be loaded.
    """
    problems = [
        f"{name} is not installed: pip install {name}" for name, v in machine.packages.items() if v is None
    ]
    if isinstance(devices, str):
        problems.append(f"PyTorch cannot be loaded, so nothing can be trained: {devices}")
    elif not devices["cuda"]:
        problems.append(f"no CUDA device: {devices['why']}. Small networks train as quickly without.")
    if machine.cores == 1:
        problems.append("one core: trainings run one after the other")
    if machine.memory is not None and machine.memory < LITTLE_MEMORY:
        problems.append(f"{machine.memory / GIB:.1f} GiB of memory: --rows 2000 for wide tables")
    if machine.threads:
        problems.append(
            f"{', '.join(machine.threads)} is set; regchoose uses one thread a training whatever it says"
        )
    for name, place in (("temporary files", machine.temporary), ("the cache", machine.cache)):
        if not place["writable"]:
            problems.append(f"{place['path']} cannot be written, which is for {name}")
        elif place["free"] is not None and place["free"] < LITTLE_DISK:
            problems.append(f"{place['path']} has {place['free'] / GIB:.2f} GiB left; large tables need more")
    return problems


def describe_extras() -> dict[str, str | None]:
    """Return the version of what each extra of regchoose installs; None where it is not installed."""
    return {name: _version(package) for name, package in EXTRAS.items()}


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def cores() -> int:
    """Return how many cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1


def has_nvidia_driver() -> bool:
    """Return whether a card could be used, without asking PyTorch, which takes seconds to load."""
    return shutil.which("nvidia-smi") is not None or Path("/proc/driver/nvidia").exists()


def memory() -> int | None:
    """Return the bytes of memory of the machine, or of the container if that is less."""
    try:
        whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return None
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return whole
    return min(whole, int(limit)) if limit.isdigit() else whole


def _temporary_folder() -> Path | None:
    try:
        return Path(tempfile.gettempdir())
    except OSError:  # no folder can be written
        return None


def _check_folder(path: Path | None) -> dict[str, Any]:
    """Return a folder's path, free bytes, and whether it, or the nearest one above it, can be written."""
    there = path
    while there is not None and not there.exists() and there != there.parent:
        there = there.parent
    if there is None:
        return {"path": None, "free": None, "writable": False}
    try:
        free: int | None = shutil.disk_usage(there).free
    except OSError:
        free = None
    return {"path": str(path), "free": free, "writable": os.access(there, os.W_OK)}
