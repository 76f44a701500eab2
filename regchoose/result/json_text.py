"""The result as one JSON document."""

import json
import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import fields
from typing import Any

import numpy as np

from regchoose.records.answers import Result


def dumps(result: Result) -> str:
    """Return the document of a result; the same result gives the same bytes.

    The top level keeps the order of the contract, inner keys are sorted; numbers are finite (NaN and
    infinity become null); everything is ASCII, so no terminal or pipe can garble it.
    """
    return document({field.name: getattr(result, field.name) for field in fields(result)})


def document(top: Mapping[str, Any]) -> str:
    """Return a JSON document that ends in a line feed; see `dumps`."""
    text = json.dumps({key: _clean(value) for key, value in top.items()}, indent=2, allow_nan=False)
    # A log of GitHub takes `##[add-mask]` for a command wherever it stands; to JSON this is the same.
    return text.replace("##[", "#\\u0023[") + "\n"


def _clean(value: Any) -> Any:
    match value:
        case np.generic() | np.ndarray():
            return _clean(value.tolist())
        case bool() | int() | None:
            return value
        case str():
            # A file name that is no UTF-8 has lone surrogates, which JSON readers refuse.
            return value.encode("utf-8", "backslashreplace").decode("utf-8")
        case float():
            return value if math.isfinite(value) else None
        case Mapping():
            return {str(_clean(key)): _clean(value[key]) for key in sorted(value, key=str)}
        case Set():
            return sorted(map(_clean, value), key=str)
        case Sequence():
            return [_clean(item) for item in value]
    raise TypeError(f"no JSON for {type(value).__name__}")
