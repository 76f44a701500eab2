"""A document as JSON text."""

import json
import math
from collections.abc import Mapping, Sequence, Set
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:  # documents that are no models are written without pydantic
    from pydantic import BaseModel


def dump_model(model: "BaseModel") -> str:
    """Return the text of a result or a comparison; the same values give the same bytes.

    Keys that were never set are left out; see `dump_document` for the rest.
    """
    return dump_document(model.model_dump(exclude_unset=True))


def dump_document(top: Mapping[str, Any]) -> str:
    """Return a JSON document that ends in a line feed.

    The top level keeps its order, inner keys are sorted; numbers are finite (NaN and infinity become null);
    everything is ASCII, so no terminal or pipe can garble it.
    """
    text = json.dumps({key: _clean(value) for key, value in top.items()}, indent=2, allow_nan=False)
    # A log of GitHub takes `##[add-mask]` for a command wherever it stands; to JSON this is the same.
    return text.replace("##[", "#\\u0023[") + "\n"


def null_unless_finite(value: Any) -> Any:
    """Return None for a float that is not finite, and anything else as it is."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def without_surrogates(text: str) -> str:
    """Return a text without lone surrogates: a file name that is no UTF-8 has them, and JSON refuses them."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _clean(value: Any) -> Any:
    match value:
        case np.generic() | np.ndarray():
            return _clean(value.tolist())
        case bool() | int() | None:
            return value
        case str():
            return without_surrogates(value)
        case float():
            return null_unless_finite(value)
        case Mapping():
            return {str(_clean(key)): _clean(value[key]) for key in sorted(value, key=str)}
        case Set():
            return sorted(map(_clean, value), key=str)
        case Sequence():
            return [_clean(item) for item in value]
    raise TypeError(f"no JSON for {type(value).__name__}")
