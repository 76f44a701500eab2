"""A model as a folder: weights as safetensors, everything else as JSON that a person can read."""

import hashlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from regchoose.errors import UsageError
from regchoose.records.inputs import Preparation
from regchoose.records.model import Model
from regchoose.refit.whole_files import Arrays, as_json, pack, unpack, write_whole

FORMAT = "1"
MODEL, PREPARATION, WEIGHTS = "model.json", "preprocessing.json", "weights.safetensors"
CARD, ONNX, UNFINISHED = "model_card.md", "model.onnx", "unfinished"
OURS = (MODEL, PREPARATION, WEIGHTS, CARD, ONNX, UNFINISHED)
REMEDY = "regchoose fit DATA --from RESULT -o MODEL"


def digest(content: bytes) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(content).hexdigest()


def write_model(folder: Path, model: Model, preparation: Preparation, *, weights: bytes) -> None:
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
    write_whole(folder / PREPARATION, as_json(asdict(preparation)))
    write_whole(folder / MODEL, as_json(asdict(model)))


def read_model(folder: Path) -> tuple[Model, Preparation, dict[str, NDArray[Any]]]:
    """Read a model that `write_model` wrote.

    Raises
    ------
    UsageError
        E217 where there is none, or not a whole one.
    """
    if not (folder / MODEL).is_file():
        raise _no_model(folder, _what_is_there(folder))
    content = {name: _bytes(folder, name) for name in (MODEL, PREPARATION, WEIGHTS)}
    model = _parsed(Model, content[MODEL], folder, MODEL)
    if model.format != FORMAT:
        raise _no_model(folder, f"its format is {model.format[:20]!r}, wanted {FORMAT!r}")
    preparation = _parsed(Preparation, content[PREPARATION], folder, PREPARATION)
    _refuse_unfit(preparation, folder)
    if model.network.name == "cnn" and preparation.images is None:
        raise _no_model(folder, f"{MODEL} is of a cnn, and {PREPARATION} is of a table")
    if digest(content[WEIGHTS]) != model.weights:
        raise _no_model(folder, f"{WEIGHTS} is not the file that {MODEL} was written with")
    try:
        return model, preparation, unpack(content[WEIGHTS])[0]
    except ValueError as error:
        raise _no_model(folder, str(error)) from error


def packed_weights(tensors: Arrays) -> bytes:
    """Return named tensors as safetensors."""
    return pack(tensors)


def _what_is_there(folder: Path) -> str:
    if (folder / UNFINISHED).is_dir():
        return "its fit was broken off; the same command goes on"
    return "there is no such folder" if not folder.is_dir() else f"it holds no {MODEL}"


def _bytes(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except OSError as error:
        raise _no_model(folder, f"{name} cannot be read: {error.strerror or error}") from error


def _parsed(kind: Any, content: bytes, folder: Path, name: str) -> Any:
    try:
        return TypeAdapter(kind).validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise _no_model(folder, f"{name}: {place}: {first['msg']}") from error


def _refuse_unfit(preparation: Preparation, folder: Path) -> None:
    """Raise E217 where the parts of a preparation do not fit together."""
    dates = {reading.column for reading in preparation.dates}
    wrong = [number.name for number in preparation.numbers if number.part and number.column not in dates]
    for category in preparation.categories:
        count, places = len(category.names), [*category.places, category.other or 0, category.missing or 0]
        fits = len(category.levels) == len(category.places) and len(category.shares) == count
        if not fits or not all(0 <= place < count for place in places):
            wrong.append(category.column)
    images = preparation.images
    if images is not None and {len(images.mean), len(images.scale)} != {images.shape.channels}:
        wrong.append("images")
    if wrong:
        raise _no_model(folder, f"{PREPARATION}: the parts of {wrong[0][:40]!r} do not fit together")


def _no_model(folder: Path, reason: str) -> UsageError:
    return UsageError("E217", f"no model of regchoose: {reason}", where=str(folder), fix=REMEDY)
