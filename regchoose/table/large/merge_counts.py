"""Counts of several files as counts of all: each term has one way of being put together."""

from collections.abc import Callable, Mapping, Sequence
from math import isnan
from typing import Any


def _sum(parts: Sequence[Any]) -> Any:
    return sum(parts)


def _order(value: float) -> tuple[bool, float]:
    return isnan(value), value  # DuckDB orders NaN behind all numbers


def _least(parts: Sequence[Any]) -> Any:
    return min(parts, key=_order)


def _most(parts: Sequence[Any]) -> Any:
    return max(parts, key=_order)


def _histogram(parts: Sequence[Mapping[str, int]]) -> Any:
    counts: dict[str, int] = {}
    for part in parts:
        for text, number in part.items():
            counts[text] = counts.get(text, 0) + number
    return dict(sorted(counts.items()))


def _extremes(parts: Sequence[Sequence[str | None]]) -> Any:
    texts = [text for part in parts for text in part if text is not None]
    return [min(texts, default=None), max(texts, default=None)]


TERMS: Mapping[str, Callable[[Sequence[Any]], Any]] = {
    "n": _sum,
    "last": _sum,
    "present": _sum,
    "cast": _sum,
    "known": _sum,
    "padded": _sum,
    "sum": _sum,
    "square": _sum,
    "least": _least,
    "most": _most,
    "texts": _histogram,
    "same": _extremes,
}


def added_up(found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the terms of all files, from those of each; a term without a value in any file has none."""
    total: dict[str, Any] = {}
    for name in found[0]:
        parts = [one[name] for one in found if one[name] is not None]
        total[name] = TERMS[name.rstrip("0123456789")](parts) if parts else None
    return total
