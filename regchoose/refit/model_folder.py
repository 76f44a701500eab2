"""A model as a folder: weights as safetensors, everything else as JSON that a person can read.

Each file is written under another name, flushed to the disk and then renamed, so it is never there in part.
"""

import hashlib
import json
import os
import re
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
from regchoose.records.model import Model, NetworkPlan
from regchoose.records.words import Arrays

FORMAT = "2"  # of the files and of the formulas that they are numbers of
T = TypeVar("T")
MODEL, PREPROCESSING, WEIGHTS = "model.json", "preprocessing.json", "weights.safetensors"
CARD, ONNX, UNFINISHED = "model_card.md", "model.onnx", "unfinished"
OURS = (MODEL, PREPROCESSING, WEIGHTS, CARD, ONNX, UNFINISHED)
BIAS = ".bias"  # the names of these tensors end so
LISTED = 8  # sizes of layers that an error names
VALUES = "json"  # the array that holds the values stored beside the others
REMEDY = "regchoose fit DATA --from RESULT -o MODEL"


def digest(content: bytes) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(content).hexdigest()


def write_model(folder: Path, model: Model, encoder: Encoder, *, weights: bytes) -> None:
    """Write a model; `model.json` comes last, because a folder with it is taken for a model.

    Parameters
    ----------
    weights : bytes
        Safetensors; `model.weights` is their SHA-256.

    Raises
    ------
    ResourceError
        E402 if it cannot be written.
    """
    write_whole(folder / WEIGHTS, weights)
    write_whole(folder / PREPROCESSING, as_json(encoder.to_json()))
    write_whole(folder / MODEL, as_json(asdict(model)))


def read_model(folder: Path) -> tuple[Model, Encoder, dict[str, NDArray[Any]]]:
    """Read a model that `write_model` wrote.

    Raises
    ------
    UsageError
        E217 if there is none, or it is damaged or incomplete.
    """
    if not (folder / MODEL).is_file():
        raise _no_model(folder, _describe_folder(folder))
    content = {name: _read_bytes(folder, name) for name in (MODEL, PREPROCESSING, WEIGHTS)}
    _refuse_other_format(folder, content[MODEL])
    model = _parse(TypeAdapter(Model).validate_json, content[MODEL], folder, MODEL)
    encoder = _parse(Encoder.from_json, content[PREPROCESSING], folder, PREPROCESSING)
    if model.network.name == "cnn" and encoder.images is None:
        raise _no_model(folder, f"{MODEL} is of a cnn, and {PREPROCESSING} is of a table")
    if digest(content[WEIGHTS]) != model.weights:
        raise _no_model(folder, f"{WEIGHTS} is not the file that {MODEL} was written with")
    tensors = _parse(lambda packed: unpack(packed)[0], content[WEIGHTS], folder, WEIGHTS)
    _refuse_other_sizes(folder, model.network, tensors)
    return model, encoder, tensors


def _refuse_other_sizes(folder: Path, plan: NetworkPlan, tensors: Arrays) -> None:
    """Raise E217 where the weights are of a built-in network of other sizes, which may be absurd ones.

    That is seen here, before a network of the sizes stated is made.
    """
    if plan.is_own:
        return
    layers = {int(name[: -len(BIAS)]): name for name in tensors if re.fullmatch(rf"\d+{BIAS}", name)}
    found = tuple(tensors[layers[place]].size for place in sorted(layers)[:-1])  # the last are the outputs
    stated = plan.hidden
    if plan.name == "cnn":
        channels = plan.options.get("channels")
        stated = (channels, 2 * channels) if isinstance(channels, int) else ()
    if stated != found:
        said, held = (", ".join(map(str, sizes[:LISTED])) or "none" for sizes in (stated, found))
        raise _no_model(folder, f"{MODEL}: network: hidden units {said}, and {WEIGHTS} holds {held}")


def _refuse_other_format(folder: Path, content: bytes) -> None:
    """Raise E217 for a model that another version has written; its fields may be others."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return  # what is wrong there is said when it is validated
    form = document.get("format") if isinstance(document, dict) else None
    if isinstance(form, str) and form != FORMAT:
        version = str(document.get("regchoose_version", "of another version"))[:20]
        reason = f"its format is {form[:20]!r}, wanted {FORMAT!r}"
        raise _no_model(folder, reason, fix=f"regchoose {version}, which wrote it, or {REMEDY}")


def _describe_folder(folder: Path) -> str:
    if (folder / UNFINISHED).is_dir():
        return "its fit was broken off; the same command goes on"
    return "there is no such folder" if not folder.is_dir() else f"it holds no {MODEL}"


def _read_bytes(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except OSError as error:
        raise _no_model(folder, f"{name} cannot be read: {error.strerror or error}") from error


def _parse(parse: Callable[[bytes], T], content: bytes, folder: Path, name: str) -> T:
    try:
        return parse(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise _no_model(folder, f"{name}: {place}: {first['msg']}") from error
    except ValueError as error:
        raise _no_model(folder, f"{name}: {error}") from error


def _no_model(folder: Path, reason: str, *, fix: str = REMEDY) -> UsageError:
    return UsageError("E217", f"no model of regchoose: {reason}", where=str(folder), fix=fix)


# ---- files ---------------------------------------------------------------------------------------------


def write_whole(path: Path, content: bytes) -> None:
    """Write a file, or leave an older one as it was.

    Raises
    ------
    ResourceError
        E402 if it cannot be written.
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
    """Return the error of an output that cannot be written: E402."""
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


def pack(arrays: Arrays, values: Mapping[str, Any] | None = None) -> bytes:
    """Return arrays as safetensors, with plain values as JSON in an array of their own.

    The metadata of the format have no fixed order, so equal contents would give different bytes.
    """
    whole = {name: np.array(array, order="C") for name, array in arrays.items()}
    if values is not None:
        whole[VALUES] = np.frombuffer(as_json(values), dtype=np.uint8)
    return save(whole)


def unpack(content: bytes) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Return the arrays and the values that `pack` was given.

    Raises
    ------
    ValueError
        If the bytes are damaged, or not safetensors.
    """
    try:
        arrays = load(content)
    except SafetensorError as error:
        raise ValueError(f"no safetensors: {error}") from error
    values = arrays.pop(VALUES, None)
    return arrays, {} if values is None else json.loads(values.tobytes())
