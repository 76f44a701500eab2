"""A model as a folder: weights as safetensors, everything else as JSON that a person can read.

Its files are whole or not there: written beside their place, flushed to the disk, then put there.
"""

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load, save

from regchoose.encoding.encoder import Encoder
from regchoose.errors import ResourceError, UsageError
from regchoose.records.model import Model
from regchoose.records.words import Arrays

FORMAT = "1"
T = TypeVar("T")
MODEL, PREPROCESSING, WEIGHTS = "model.json", "preprocessing.json", "weights.safetensors"
CARD, ONNX, UNFINISHED = "model_card.md", "model.onnx", "unfinished"
OURS = (MODEL, PREPROCESSING, WEIGHTS, CARD, ONNX, UNFINISHED)
SAID = "json"  # the array that holds what is said beside the others
REMEDY = "regchoose fit DATA --from RESULT -o MODEL"


def digest(content: bytes) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(content).hexdigest()


def write_model(folder: Path, model: Model, encoder: Encoder, *, weights: bytes) -> None:
    """Write a model; the file that says that there is one comes last.

    Parameters
    ----------
    weights : bytes
        Safetensors, whose SHA-256 the model has.

    Raises
    ------
    ResourceError
        E402 where it cannot be written.
    """
    write_whole(folder / WEIGHTS, weights)
    write_whole(folder / PREPROCESSING, as_json(encoder.to_json()))
    write_whole(folder / MODEL, as_json(asdict(model)))


def read_model(folder: Path) -> tuple[Model, Encoder, dict[str, NDArray[Any]]]:
    """Read a model that `write_model` wrote.

    Raises
    ------
    UsageError
        E217 where there is none, or not a whole one.
    """
    if not (folder / MODEL).is_file():
        raise _no_model(folder, _what_is_there(folder))
    content = {name: _bytes(folder, name) for name in (MODEL, PREPROCESSING, WEIGHTS)}
    model = _parsed(TypeAdapter(Model).validate_json, content[MODEL], folder, MODEL)
    if model.format != FORMAT:
        raise _no_model(folder, f"its format is {model.format[:20]!r}, wanted {FORMAT!r}")
    encoder = _parsed(Encoder.from_json, content[PREPROCESSING], folder, PREPROCESSING)
    if model.network.name == "cnn" and encoder.images is None:
        raise _no_model(folder, f"{MODEL} is of a cnn, and {PREPROCESSING} is of a table")
    if digest(content[WEIGHTS]) != model.weights:
        raise _no_model(folder, f"{WEIGHTS} is not the file that {MODEL} was written with")
    try:
        return model, encoder, unpack(content[WEIGHTS])[0]
    except ValueError as error:
        raise _no_model(folder, str(error)) from error


def _what_is_there(folder: Path) -> str:
    if (folder / UNFINISHED).is_dir():
        return "its fit was broken off; the same command goes on"
    return "there is no such folder" if not folder.is_dir() else f"it holds no {MODEL}"


def _bytes(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except OSError as error:
        raise _no_model(folder, f"{name} cannot be read: {error.strerror or error}") from error


def _parsed(parse: Callable[[bytes], T], content: bytes, folder: Path, name: str) -> T:
    try:
        return parse(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise _no_model(folder, f"{name}: {place}: {first['msg']}") from error
    except ValueError as error:
        raise _no_model(folder, f"{name}: {error}") from error


def _no_model(folder: Path, reason: str) -> UsageError:
    return UsageError("E217", f"no model of regchoose: {reason}", where=str(folder), fix=REMEDY)


# ---- files ---------------------------------------------------------------------------------------------


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
