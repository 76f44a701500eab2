"""Keys: marks of all that a result hangs on. Nothing heavy is loaded for them."""

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
from regchoose.settings.options import Settings
from regchoose.settings.values import FIELDS, option_of
from regchoose.version import __version__

PACKAGE = Path(__file__).parents[1]
# What computes a block, and what computes with it. Another release of these may round otherwise.
ENGINE = ("training", "records")
LIBRARIES = ("torch", "numpy", "scipy")
ALL_LIBRARIES = (*LIBRARIES, "scikit-learn", "pandas", "duckdb", "pillow")
HASHED_BELOW = 64 * 2**20  # bytes; of larger files size and time tell
HASHED_FILES = 2_000  # of a folder of images; of more, size and time tell


def combined(*parts: str) -> str:
    """Return one mark of several."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def engine_mark() -> str:
    """Return the mark of the code that trains: ours, and the libraries it computes with."""
    return combined("engine", __version__, code_mark(PACKAGE, ENGINE), *map(_release, LIBRARIES))


def code_mark(folder: Path, parts: Iterable[str] = ("",)) -> str:
    """Return the mark of Python files: those of a folder, or of parts of it."""
    files = (file for part in parts for file in _python(folder / part))
    return combined(*(f"{file.relative_to(folder)} {_digest(file)}" for file in files))


def answer_key(
    data: str,
    settings: Settings,
    *,
    given: frozenset[str],
    attended: bool,
    environ: Mapping[str, str],
) -> str | None:
    """Return the key of a whole run; None where it cannot be told from what is at hand.

    The standard input is gone once it is read, and what a user's own network imports or loads is not known
    before it is imported.

    Parameters
    ----------
    data : str
        A path, folder or pattern.
    given : frozenset of str
        Settings that somebody chose: the result says of each answer where it comes from.
    attended : bool
        Whether a person may be asked.
    """
    files = files_mark(data) if settings.network in ("mlp", "linear", "cnn") else None
    if files is None:
        return None
    chosen = {name: getattr(settings, name) for name in FIELDS if option_of(name).result or name == "device"}
    code = combined(code_mark(PACKAGE), *map(_release, ALL_LIBRARIES))
    said = json.dumps([chosen, sorted(given & chosen.keys()), attended], sort_keys=True, default=str)
    return combined("answer", __version__, code, machine_mark(environ), data, files, said)


def fit_key(data: str, settings: Settings, asked: str, *, environ: Mapping[str, str]) -> str:
    """Return the key of a final fit; one that nothing else has, where the data cannot be told from others.

    Parameters
    ----------
    data : str
        A path, folder or pattern.
    asked : str
        The regularizer, its strength and the length of the training.
    """
    files = files_mark(data) or f"unknown {time.time_ns()}"
    chosen = {name: getattr(settings, name) for name in FIELDS if option_of(name).result or name == "device"}
    code = combined(code_mark(PACKAGE), *map(_release, ALL_LIBRARIES), _network_mark(settings.network))
    said = json.dumps(chosen, sort_keys=True, default=str)
    return combined("fit", __version__, code, machine_mark(environ), data, files, said, asked)


def _network_mark(network: str) -> str:
    """Return the mark of the file of a user's own network, as far as its name leads to one."""
    place = network.rpartition(":")[0]
    file = Path(place if place.endswith(".py") else f"{place.replace('.', '/')}.py")
    return _digest(file) if place and file.is_file() else network


def files_mark(data: str) -> str | None:
    """Return the mark of the files that a path, a folder or a pattern means; None where it means none."""
    here = Path(data)
    try:
        if here.is_dir():
            return _folder_mark(here)
        if here.is_file():
            files = [here]
        else:
            marks = any(mark in data for mark in "*?[")
            found = map(Path, glob.glob(data, recursive=True) if marks else ())
            files = sorted(file for file in found if file.is_file())
        return combined(*map(_file_mark, files)) if files else None
    except (OSError, ValueError):
        return None


def _folder_mark(here: Path) -> str | None:
    """Return the mark of a folder's files, and of the images below: their folder is their class."""
    files = sorted(file for file in here.iterdir() if file.is_file())
    walked = (Path(place, name) for place, _, names in os.walk(here) for name in names)
    images = sorted(file for file in walked if file.suffix.lower() in IMAGE_ENDINGS and file.parent != here)
    if not files and not images:
        return None
    mark = _file_mark if len(images) <= HASHED_FILES else _stated_mark
    return combined(*map(_file_mark, files), *(f"{file.relative_to(here)} {mark(file)}" for file in images))


def machine_mark(environ: Mapping[str, str]) -> str:
    """Return the mark of the machine's kind: processor, and which accelerators it may use."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    kinds = sorted(
        {line for line in lines if line.startswith(("model name", "flags", "Features", "CPU part"))}
    )
    accelerators = sorted(glob.glob("/dev/nvidia[0-9]*"))
    return combined(
        platform.machine(), *kinds, "accelerators", *accelerators, environ.get("CUDA_VISIBLE_DEVICES", "all")
    )


def _file_mark(file: Path) -> str:
    known = file.stat()
    if known.st_size < HASHED_BELOW:
        return f"{file.name} {known.st_size} {_digest(file)}"
    return _stated_mark(file)


def _stated_mark(file: Path) -> str:
    known = file.stat()
    return f"{file.resolve()} {known.st_size} {known.st_mtime_ns} {known.st_ino}"


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _python(place: Path) -> list[Path]:
    return sorted(place.rglob("*.py")) if place.is_dir() else [place] if place.is_file() else []


def _release(package: str) -> str:
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return package
