"""Evaluates a condition on a document.

A null in the document (a prior answer has no `safe`) makes a comparison unknown, except one with null itself.
`and`, `or` and `not` follow Kleene: false and unknown is false, true or unknown is true.
"""

import ast
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from regchoose.fail_if.condition import ARITHMETIC, CONSTANTS, FUNCTIONS, ORDER, Condition
from regchoose.fail_if.schema_paths import Key
from regchoose.records.answers import Gate


def evaluate(condition: Condition, document: Mapping[str, Any]) -> Gate:
    """Say whether a condition holds on a document, with the values that it names.

    Parameters
    ----------
    document : mapping
        As it is printed: of JSON's kinds alone.
    """
    values = {name: _look_up(document, path) for name, path in condition.names.items()}
    return Gate(condition.text, _truth(_value(condition.tree, values)), tuple(values.items()))


def _look_up(document: Any, path: Sequence[Key]) -> Any:
    for key in path:
        if isinstance(key, int) and isinstance(document, Sequence) and not isinstance(document, str):
            document = document[key] if -len(document) <= key < len(document) else None
        else:
            document = document.get(key) if isinstance(document, Mapping) else None
    return document


def _value(node: ast.expr, values: Mapping[str, Any]) -> Any:  # noqa: C901 - one case for each kind of node
    """Return what a part evaluates to; None is null or unknown."""
    match node:
        case ast.Constant(value=constant):
            return constant
        case ast.Name(id=word) if word in CONSTANTS:
            return CONSTANTS[word]
        case ast.Name() | ast.Attribute() | ast.Subscript():
            return values[ast.unparse(node)]
        case ast.BoolOp(op=op, values=parts):
            truths = [_truth(_value(part, values)) for part in parts]
            return _all(truths) if isinstance(op, ast.And) else _not(_all(map(_not, truths)))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return _not(_truth(_value(operand, values)))
        case ast.UnaryOp(op=sign, operand=operand):
            number = _number(_value(operand, values))
            return -number if isinstance(sign, ast.USub) and number is not None else number
        case ast.BinOp(left=left, op=operation, right=right):
            return _compute(ARITHMETIC[type(operation)], [_value(left, values), _value(right, values)])
        case ast.Call(func=ast.Name(id="len"), args=[argument]):
            whole = _value(argument, values)
            return len(whole) if isinstance(whole, str | Sequence | Mapping) else None
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return _compute(FUNCTIONS[name], [_value(argument, values) for argument in arguments])
        case ast.Compare(left=left, ops=ops, comparators=comparators):
            lefts = [left, *comparators]
            return _all([_compare(*pair, values) for pair in zip(ops, lefts, comparators, strict=False)])
    raise AssertionError(ast.dump(node))  # a condition that was checked holds nothing else


def _compare(op: ast.cmpop, left: ast.expr, right: ast.expr, values: Mapping[str, Any]) -> bool | None:
    a = _value(left, values)
    if isinstance(op, ast.In | ast.NotIn):
        found = _is_in(a, right, values)
        return found if isinstance(op, ast.In) else _not(found)
    b = _value(right, values)
    if isinstance(op, ast.Eq | ast.NotEq):
        known = not (a is None or b is None) or _is_null(left) or _is_null(right)
        return _equal(a, b) == isinstance(op, ast.Eq) if known else None
    return _truth(_compute(ORDER[type(op)], [a, b]))


def _is_in(a: Any, right: ast.expr, values: Mapping[str, Any]) -> bool | None:
    if isinstance(right, ast.Tuple | ast.List):
        return None if a is None else any(_equal(a, _value(item, values)) for item in right.elts)
    whole = _value(right, values)
    if a is None or whole is None:
        return None
    if isinstance(whole, str):
        return a in whole if isinstance(a, str) else None
    return any(_equal(a, item) for item in whole) if isinstance(whole, Sequence | Mapping) else None


def _compute(function: Callable[..., Any], operands: Sequence[Any]) -> Any:
    """Apply a function of numbers; unknown if an operand is none, or if the value is not finite."""
    numbers = [_number(operand) for operand in operands]
    if None in numbers:
        return None
    try:
        value = function(*numbers)
        return value if math.isfinite(value) else None
    except (ZeroDivisionError, OverflowError):
        return None


def _number(value: Any) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _truth(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _not(truth: bool | None) -> bool | None:
    return None if truth is None else not truth


def _all(truths: Iterable[bool | None]) -> bool | None:
    known = list(truths)
    if False in known:
        return False
    return None if None in known else True


def _equal(a: Any, b: Any) -> bool:
    """Tell whether two values are equal; 1 is not true."""
    return bool(a == b) and isinstance(a, bool) == isinstance(b, bool)


def _is_null(node: ast.expr) -> bool:
    return (isinstance(node, ast.Constant) and node.value is None) or (
        isinstance(node, ast.Name) and node.id == "null"
    )
