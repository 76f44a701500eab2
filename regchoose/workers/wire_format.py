"""Plain values and arrays as bytes: JSON inside NumPy's own format, read without pickle."""

import io
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regchoose.errors import RegchooseError

JSON_MEMBER = "said"


class ArrayBag:
    """Arrays that are sent along with plain values; an array that is added twice is sent once."""

    def __init__(self) -> None:
        self._arrays: list[NDArray[Any]] = []
        self._indices: dict[int, int] = {}

    def put(self, array: NDArray[Any]) -> int:
        """Add an array and return its index."""
        if id(array) not in self._indices:
            self._indices[id(array)] = len(self._arrays)
            self._arrays.append(array)  # kept alive, so that no other array gets its id
        return self._indices[id(array)]

    def pack(self, value: Any) -> bytes:
        """Return a plain value and all arrays as bytes."""
        buffer = io.BytesIO()
        text = np.frombuffer(json.dumps(value).encode(), dtype=np.uint8)
        np.savez(buffer, **{JSON_MEMBER: text}, **{str(j): array for j, array in enumerate(self._arrays)})  # type: ignore[arg-type]  # names are free, but for `file`
        return buffer.getvalue()


def pack(value: Any, arrays: Mapping[str, NDArray[Any]] | None = None) -> bytes:
    """Return a plain value and named arrays as bytes."""
    bag = ArrayBag()
    return bag.pack([value, {name: bag.put(array) for name, array in (arrays or {}).items()}])


def unpack(data: bytes) -> tuple[Any, dict[str, NDArray[Any]]]:
    """Return the value and the arrays that `pack` was given.

    Raises
    ------
    RegchooseError
        If the bytes are an error (see `pack_error`).
    """
    (value, indices), arrays = unpack_bag(data)
    if isinstance(value, dict) and "error" in value:
        raise RegchooseError.from_json(value["error"])
    return value, {name: arrays[index] for name, index in indices.items()}


def unpack_bag(data: bytes) -> tuple[Any, list[NDArray[Any]]]:
    """Return the value and the arrays of `ArrayBag.pack`."""
    with np.load(io.BytesIO(data), allow_pickle=False) as stored:
        value = json.loads(stored[JSON_MEMBER].tobytes())
        return value, [stored[str(j)] for j in range(len(stored.files) - 1)]


def pack_error(error: RegchooseError) -> bytes:
    """Return an error as bytes; `unpack` raises it again."""
    return pack({"error": error.to_json()})
