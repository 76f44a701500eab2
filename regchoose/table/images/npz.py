"""An .npz file with X and y: images, or a table of numbers. Nothing in it is ever unpickled."""

import zipfile
import zlib
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regchoose.errors import DataError, UsageError
from regchoose.records.table import Dialect, Image
from regchoose.settings.options import Settings
from regchoose.table.images.image_set import (
    ImageSet,
    reduce_size,
    resize,
    warn_of_reduced,
    warn_of_stretched,
)
from regchoose.table.raw_table import Cells, RawTable, factorize

MOST_BYTES = 4 * 2**30  # of X, unpacked
MOST_CELLS = 20_000_000  # of a table of numbers: each becomes a text
CHANNELS = (1, 3, 4)
WRITE = "np.savez_compressed('data.npz', X=X, y=y)"
AS_TEXT = "np.savez_compressed('data.npz', X=X, y=y.astype(str))"
AS_NUMBERS = "np.savez_compressed('data.npz', X=X.astype(float), y=y)"
SHAPED = "X of the shape (n, height, width, channels)   or   fit a model on such data"
Array = NDArray[Any]


def open_arrays(path: str, settings: Settings, *, target_optional: bool = False) -> ImageSet | RawTable:
    """Read X and y; for a table that a model predicts (`target_optional`), y may be absent.

    X of shape (n, h, w) are grey images; (n, h, w, c) and (n, c, h, w) are images of c channels, which are
    the axis of 1, 3 or 4 numbers; (n, d) is a table of numbers, in which no picture is sought.

    Raises
    ------
    UsageError
        E201 where there is no such file.
    DataError
        E332 where it does not hold X and y that fit together.
    """
    arrays = _read(path, ("X",) if target_optional else ("X", "y"))
    x, said = _check_array(path, arrays["X"]), f"X {arrays['X'].shape} of {arrays['X'].dtype}"
    if x.ndim == 2:
        return _table(path, x, labels=arrays.get("y"), said=said)
    if "y" not in arrays:
        raise _unfit_error(path, f"{said} holds images, and a table was wanted")
    targets = _targets(path, arrays["y"], x)
    planes, order = _channels_first(path, x)
    size = (planes.shape[2], planes.shape[3])
    image = Image(planes.shape[1], *reduce_size(*size, settings))
    found = f"a NumPy file of images, {said}, y of {arrays['y'].dtype}: {image} ({order})"
    warnings = warn_of_reduced(size, (image.height, image.width))
    return _to_image_set(
        path, planes, image, targets=targets, target_name="y", found=found, warnings=warnings
    )


def _to_image_set(
    path: str,
    planes: Array,
    image: Image,
    *,
    targets: tuple[Cells | None, Any],
    target_name: str,
    found: str,
    warnings: tuple[str, ...],
) -> ImageSet:
    """Return planes (n, c, h, w) as images of a size."""
    return ImageSet(
        path=path,
        format="npz",
        found=found,
        image=image,
        count=len(planes),
        names=None,
        labels=targets[0],
        kind=targets[1],
        target_name=target_name,
        target_why="y of the file",
        pixels=lambda row: resize(planes[row], image.height, image.width),
        warnings=warnings,
    )


def open_arrays_for_model(path: str, wanted: Image, *, target_name: str) -> ImageSet:
    """Read X, and y where it is there, for a model that reads images of a shape; y is its target.

    Raises
    ------
    UsageError, DataError
        As `open_arrays`; E332 also for images of other channels.
    """
    arrays = _read(path, ("X",))
    x, labels = _check_array(path, arrays["X"]), arrays.get("y")
    if x.ndim == 2:
        raise _unfit_error(
            path, f"X has the shape {x.shape}, and the model reads images: {wanted}", fix=SHAPED
        )
    planes, order = _channels_first(path, x)
    if planes.shape[1] != wanted.channels:
        raise _unfit_error(
            path,
            f"X has the shape {x.shape}, {planes.shape[1]} channels, and the model reads {wanted}",
            fix=SHAPED,
        )
    targets = (None, "text") if labels is None else _targets(path, labels, x)
    found = f"a NumPy file of images, X {x.shape} of {x.dtype} ({order})"
    warnings = warn_of_stretched([planes.shape[2:]] * len(x), wanted)
    return _to_image_set(
        path, planes, wanted, targets=targets, target_name=target_name, found=found, warnings=warnings
    )


def _targets(path: str, labels: Array, x: Array) -> tuple[Cells, Any]:
    """Return targets as text, and what they are: one for each row of X."""
    labels = labels[:, 0] if labels.ndim == 2 and labels.shape[1] == 1 else labels
    if labels.ndim != 1 or len(labels) != len(x):
        raise _unfit_error(
            path,
            f"y has the shape {labels.shape} and X {x.shape}; one for each row was wanted",
            fix="y.argmax(1), where a row of y holds a number for each class" if labels.ndim == 2 else WRITE,
        )
    return _texts(path, labels)


def _read(path: str, needed: tuple[str, ...]) -> Mapping[str, Array]:
    """Return X, and y where it is there."""
    if not Path(path).is_file():
        raise UsageError("E201", f"there is no file {path!r}", fix="check the name")
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name.removesuffix(".npy") for name in archive.namelist()]
            if not set(needed) <= set(names):
                held, wanted = ", ".join(names[:8]) or "nothing", " and ".join(needed)
                raise _unfit_error(
                    path, f"it holds {held}; {wanted} {'were' if needed[1:] else 'was'} wanted"
                )
            found = [name for name in ("X", "y") if name in names]
            for name in found:
                _check_header(path, archive, name)
        with np.load(path, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in found}
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, EOFError, RuntimeError, KeyError) as error:
        raise _unfit_error(path, f"it cannot be read: {str(error).splitlines()[0]}") from error


def _check_header(path: str, archive: zipfile.ZipFile, name: str) -> None:
    """Refuse objects, which only pickle could read, and arrays that would fill the memory."""
    with archive.open(f"{name}.npy") as file:
        version = np.lib.format.read_magic(file)
        read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
        if version not in read:
            raise _unfit_error(path, f"{name} is written in version {version} of NumPy's format")
        shape, _, kind = read[version](file)
    if kind.hasobject or kind.names:
        raise _unfit_error(
            path,
            f"{name} holds objects or records, which are not read; numbers or texts were wanted",
            fix=AS_TEXT if name == "y" else AS_NUMBERS,
        )
    if prod(shape) * kind.itemsize > MOST_BYTES:
        gib = prod(shape) * kind.itemsize / 2**30
        raise _unfit_error(
            path, f"{name} has {gib:.1f} GiB, and 4 are read", fix="write some of the rows, at random"
        )


def _check_array(path: str, x: Array) -> Array:
    if x.ndim not in (2, 3, 4) or not x.size:
        raise _unfit_error(
            path, f"X has the shape {x.shape}; (n, d), (n, h, w), (n, h, w, c) or (n, c, h, w) is read"
        )
    if x.dtype.kind not in "biuf":
        raise _unfit_error(path, f"X is of {x.dtype}; numbers were wanted", fix=AS_NUMBERS)
    if x.dtype.kind == "f" and x.ndim > 2:
        for row, one in enumerate(x):
            if not np.isfinite(one).all():
                raise _unfit_error(
                    path, f"image {row:,} holds numbers that are not finite", fix="leave it out of X and y"
                )
    return x


def _channels_first(path: str, x: Array) -> tuple[Array, str]:
    """Return images as (n, c, h, w), and how that was told."""
    if x.ndim == 3:
        return x[:, None], "rows, height, width"
    last, first = x.shape[3] in CHANNELS, x.shape[1] in CHANNELS
    if last == first:
        which = "both its second and its last axis" if last else "neither its second nor its last axis"
        raise _unfit_error(
            path,
            f"X has the shape {x.shape}: {which} could be the channels, which are 1, 3 or 4",
            fix="np.moveaxis, so that X is (n, h, w) or (n, h, w, c)",
        )
    return (np.moveaxis(x, 3, 1), "channels last") if last else (x, "channels first")


def _texts(path: str, labels: Array) -> tuple[Cells, Any]:
    """Return targets as text, and what they are."""
    kind = labels.dtype.kind
    if kind not in "biufUST":
        raise _unfit_error(path, f"y is of {labels.dtype}; numbers or texts were wanted", fix=AS_TEXT)
    if kind == "b":
        return factorize(["true" if label else "false" for label in labels.tolist()]), "boolean"
    if kind == "S":
        labels = np.char.decode(labels, "utf-8", "backslashreplace")
    texts: list[str | None] = [str(label) for label in labels.tolist()]
    if kind == "f":
        gaps = np.isnan(labels).tolist()
        texts = [None if gap else text for gap, text in zip(gaps, texts, strict=True)]
    return factorize(texts), "number" if kind in "iuf" else "text"


def _table(path: str, x: Array, *, labels: Array | None, said: str) -> RawTable:
    if x.size > MOST_CELLS:
        raise _unfit_error(
            path,
            f"X has {len(x):,} rows of {x.shape[1]:,} numbers, and {MOST_CELLS:,} are read of a table",
            fix="write the table as Parquet",
        )
    columns = {f"c{j + 1}": _texts(path, column) for j, column in enumerate(x.T)}
    numbers = f"c1 to c{len(columns)}"
    if labels is None:
        found = f"a NumPy file, {said}: a table of numbers, columns are {numbers}"
    else:
        columns["y"] = _targets(path, labels, x)
        found = f"a NumPy file, {said}, y of {labels.dtype}: a table of numbers, columns are {numbers} and y"
    return RawTable(
        path=path,
        dialect=Dialect("npz", None, None, None, None, header=False, decimal=".", found=found),
        names=tuple(columns),
        columns=tuple(texts for texts, _ in columns.values()),
        lines=np.arange(1, len(x) + 1, dtype=np.int64),
        kinds=tuple(kind for _, kind in columns.values()),
    )


def _unfit_error(path: str, what: str, fix: str = WRITE) -> DataError:
    return DataError("E332", what, where=path, fix=fix)
