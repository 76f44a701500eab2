"""Plain values and arrays as bytes: JSON, and NumPy's own format, read without pickle."""

import io
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regchoose.errors import RegchooseError

SAID = "said"  # the member that holds the JSON


class Bag:
    """Arrays that are sent along; one that is put in twice is sent once."""

    def __init__(self) -> None:
        self._arrays: list[NDArray[Any]] = []
        self._places: dict[int, int] = {}

    def put(self, array: NDArray[Any]) -> int:
        """Return the place at which an array is found again."""
        if id(array) not in self._places:
            self._places[id(array)] = len(self._arrays)
            self._arrays.append(array)  # held, so that no other array takes its id
        return self._places[id(array)]

    def packed(self, said: Any) -> bytes:
        """Return the bytes of plain values, and of all that was put in."""
        buffer = io.BytesIO()
        text = np.frombuffer(json.dumps(said).encode(), dtype=np.uint8)
        np.savez(buffer, **{SAID: text}, **{str(j): array for j, array in enumerate(self._arrays)})  # type: ignore[arg-type]  # names are free, but for `file`
        return buffer.getvalue()


def pack(said: Any, arrays: Mapping[str, NDArray[Any]] | None = None) -> bytes:
    """Return the bytes of plain values and of arrays with names."""
    bag = Bag()
    return bag.packed([said, {name: bag.put(array) for name, array in (arrays or {}).items()}])


def unpack(data: bytes) -> tuple[Any, dict[str, NDArray[Any]]]:
    """Return the values and arrays that `pack` was given.

    Raises
    ------
    RegchooseError
        Where they are an error that was packed.
    """
    (said, places), arrays = opened(data)
    if isinstance(said, dict) and "error" in said:
        raise RegchooseError.from_json(said["error"])
    return said, {name: arrays[place] for name, place in places.items()}


def opened(data: bytes) -> tuple[Any, list[NDArray[Any]]]:
    """Return what `Bag.packed` put together."""
    with np.load(io.BytesIO(data), allow_pickle=False) as stored:
        said = json.loads(stored[SAID].tobytes())
        return said, [stored[str(j)] for j in range(len(stored.files) - 1)]


def pack_error(error: RegchooseError) -> bytes:
    """Return an error as bytes, which `unpack` raises again."""
    return pack({"error": error.to_json()})
