"""Keys of the cache: fingerprints of all that a result depends on."""

import glob
import hashlib
import json
import os
import platform
import time
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from regchoose.records.table import IMAGE_ENDINGS
from regchoose.records.words import NETWORKS
from regchoose.settings.options import Settings
from regchoose.settings.values import FIELDS, option_of
from regchoose.version import __version__

PACKAGE = Path(__file__).parents[1]
# What computes a block, and the libraries it uses; another release of these may round differently.
ENGINE = ("training", "records")
LIBRARIES = ("torch", "numpy", "scipy")
ALL_LIBRARIES = (*LIBRARIES, "scikit-learn", "pandas", "duckdb", "pillow")
DECISIVE = [name for name in FIELDS if option_of(name).result or name == "device"]  # settings that count
HASHED_BELOW = 64 * 2**20  # bytes; larger files go by size and time
HASHED_FILES = 2_000  # of a folder of images; more go by size and time


def combine(*parts: str) -> str:
    """Return one fingerprint of several."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def engine_fingerprint() -> str:
    """Return the fingerprint of the code that trains: ours, and the libraries it uses."""
    return combine("engine", __version__, code_fingerprint(PACKAGE, ENGINE), *map(_release, LIBRARIES))


def code_fingerprint(folder: Path, parts: Iterable[str] = ("",)) -> str:
    """Return the fingerprint of the Python files of a folder, or of parts of it."""
    files = (file for part in parts for file in _python_files(folder / part))
    return combine(*(f"{file.relative_to(folder)} {_digest(file)}" for file in files))


def answer_key(
    data: str,
    settings: Settings,
    *,
    given: frozenset[str],
    attended: bool,
    environ: Mapping[str, str],
) -> str | None:
    """Return the key of a whole run; None if it cannot be known beforehand.

    Standard input is gone once it is read, and what a user's own network imports or loads is unknown until it
    is imported.

    Parameters
    ----------
    data : str
        A path, folder or pattern.
    given : frozenset of str
        Settings that somebody chose; the result says where each answer comes from.
    attended : bool
        Whether a person may be asked.
    """
    files = files_fingerprint(data) if settings.network in NETWORKS else None
    if files is None:
        return None
    asked = json.dumps([sorted(given.intersection(DECISIVE)), attended])
    return combine("answer", data, files, asked, _common_fingerprint(settings, environ))


def fit_key(data: str, settings: Settings, asked: str, *, environ: Mapping[str, str]) -> str:
    """Return the key of a final fit; a key of its own if the data have no fingerprint.

    Parameters
    ----------
    data : str
        A path, folder or pattern.
    asked : str
        The regularizer, its strength and the length of the training.
    """
    files = files_fingerprint(data) or f"unknown {time.time_ns()}"
    network = _network_fingerprint(settings.network)
    return combine("fit", data, files, asked, network, _common_fingerprint(settings, environ))


def _common_fingerprint(settings: Settings, environ: Mapping[str, str]) -> str:
    """Return the fingerprint of what all runs depend on: code, libraries, machine and settings."""
    code = combine(__version__, code_fingerprint(PACKAGE), *map(_release, ALL_LIBRARIES))
    chosen = {name: getattr(settings, name) for name in DECISIVE}
    return combine(code, machine_fingerprint(environ), json.dumps(chosen, sort_keys=True, default=str))


def _network_fingerprint(network: str) -> str:
    """Return the fingerprint of the file of a user's own network, if its name leads to one."""
    place = network.rpartition(":")[0]
    file = Path(place if place.endswith(".py") else f"{place.replace('.', '/')}.py")
    return _digest(file) if place and file.is_file() else network


def files_fingerprint(data: str) -> str | None:
    """Return the fingerprint of the files of a path, folder or pattern; None if there are none."""
    path = Path(data)
    try:
        if path.is_dir():
            return _folder_fingerprint(path)
        if path.is_file():
            files = [path]
        else:
            matches = map(Path, glob.glob(data, recursive=True) if glob.has_magic(data) else ())
            files = sorted(file for file in matches if file.is_file())
        return combine(*map(_file_fingerprint, files)) if files else None
    except (OSError, ValueError):
        return None


def _folder_fingerprint(folder: Path) -> str | None:
    """Return the fingerprint of a folder's files, and of the images below, whose folder is their class."""
    files = sorted(file for file in folder.iterdir() if file.is_file())
    walked = (Path(place, name) for place, _, names in os.walk(folder) for name in names)
    images = sorted(file for file in walked if file.suffix.lower() in IMAGE_ENDINGS and file.parent != folder)
    if not files and not images:
        return None
    fingerprint = _file_fingerprint if len(images) <= HASHED_FILES else _stat_fingerprint
    below = [f"{file.relative_to(folder)} {fingerprint(file)}" for file in images]
    return combine(*map(_file_fingerprint, files), *below)


def machine_fingerprint(environ: Mapping[str, str]) -> str:
    """Return the fingerprint of the machine: its processor, and the accelerators it may use."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    kinds = sorted(
        {line for line in lines if line.startswith(("model name", "flags", "Features", "CPU part"))}
    )
    accelerators = sorted(glob.glob("/dev/nvidia[0-9]*"))
    return combine(
        platform.machine(), *kinds, "accelerators", *accelerators, environ.get("CUDA_VISIBLE_DEVICES", "all")
    )


def _file_fingerprint(file: Path) -> str:
    size = file.stat().st_size
    if size < HASHED_BELOW:
        return f"{file.name} {size} {_digest(file)}"
    return _stat_fingerprint(file)


def _stat_fingerprint(file: Path) -> str:
    status = file.stat()
    return f"{file.resolve()} {status.st_size} {status.st_mtime_ns} {status.st_ino}"


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _python_files(place: Path) -> list[Path]:
    return sorted(place.rglob("*.py")) if place.is_dir() else [place] if place.is_file() else []


def _release(package: str) -> str:
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return package
