"""Files that are whole or not there: written beside their place, flushed to the disk, then put there."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from regchoose.errors import ResourceError

Arrays = Mapping[str, NDArray[Any]]
SAID = "json"  # the array that holds what is said beside the others


def write_whole(path: Path, content: bytes) -> None:
    """Write a file whole.

    Raises
    ------
    ResourceError
        E402 if it cannot be written; an older file is then as it was.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise unwritable(path, error, needs=len(content)) from error
    finally:
        temporary.unlink(missing_ok=True)


def unwritable(path: Path, error: OSError, *, needs: int = 0) -> ResourceError:
    """Return E402."""
    return ResourceError(
        "E402",
        f"the output cannot be written: {error.strerror or error}",
        where=str(path),
        detail=[f"it takes {needs:,} bytes"] if needs else [],
        fix="-o with another place",
    )


def as_json(value: Any) -> bytes:
    """Write a value as JSON; numbers read back to the bit."""
    return (json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def pack(arrays: Arrays, said: Mapping[str, Any] | None = None) -> bytes:
    """Return arrays as safetensors; what is said beside them lies in an array of its own, as JSON.

    The format's own place for texts has no order, so two files that are equal would differ in their bytes.
    """
    whole = {name: np.array(array, order="C") for name, array in arrays.items()}
    if said is not None:
        whole[SAID] = np.frombuffer(as_json(said), dtype=np.uint8)
    return save(whole)


def unpack(content: bytes) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Return what `pack` was given.

    Raises
    ------
    ValueError
        Where the bytes are damaged, or something else.
    """
    try:
        arrays = load(content)
    except SafetensorError as error:
        raise ValueError(f"no safetensors: {error}") from error
    said = arrays.pop(SAID, None)
    return arrays, {} if said is None else json.loads(said.tobytes())
