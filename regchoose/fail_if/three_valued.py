"""Logic and arithmetic in which a value may be unknown: None.

A null in the document (a prior answer has no `safe`) makes a comparison unknown, except one with null itself.
`and`, `or` and `not` follow Kleene: false and unknown is false, true or unknown is true.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any


def as_truth(value: Any) -> bool | None:
    """Return a truth value as it is, and None for anything else."""
    return value if isinstance(value, bool) else None


def as_number(value: Any, *, minus: bool = False) -> float | None:
    """Return a number, or its negative, and None for anything else."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return -value if minus else value


def negate(truth: bool | None) -> bool | None:
    """Return Kleene's not."""
    return None if truth is None else not truth


def all_true(truths: Iterable[bool | None]) -> bool | None:
    """Return Kleene's and."""
    found = set(truths)
    return False if False in found else None if None in found else True


def any_true(truths: Iterable[bool | None]) -> bool | None:
    """Return Kleene's or."""
    return negate(all_true(map(negate, truths)))


def compute(function: Callable[..., Any], operands: Iterable[Any]) -> Any:
    """Apply a function of numbers; unknown if an operand is none, or if the value is not finite."""
    numbers = [as_number(operand) for operand in operands]
    if None in numbers:
        return None
    try:
        value = function(*numbers)
        return value if math.isfinite(value) else None
    except (ZeroDivisionError, OverflowError):
        return None


def are_equal(a: Any, b: Any, *, with_null: bool = False) -> bool | None:
    """Tell whether two values are equal; 1 is not true. Null equals null only where it was asked for."""
    if not with_null and (a is None or b is None):
        return None
    return bool(a == b) and isinstance(a, bool) == isinstance(b, bool)


def contains(whole: Any, member: Any) -> bool | None:
    """Tell whether a text has a part, a list an item, or an object a key."""
    if member is None or whole is None:
        return None
    if isinstance(whole, str):
        return member in whole if isinstance(member, str) else None
    if not isinstance(whole, Sequence | Mapping):
        return None
    return any(are_equal(member, item, with_null=True) for item in whole)


def count_items(whole: Any) -> int | None:
    """Return the length of a text, a list or an object."""
    return len(whole) if isinstance(whole, str | Sequence | Mapping) else None
