"""Decides an expression on a document.

What is null (a prior answer has no `safe`) makes a comparison unknown, save one with null itself; `and`, `or`
and `not` follow Kleene: false and unknown is false, true or unknown is true.
"""

import ast
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from regchoose.fail_if.check import CONSTANTS, Expression
from regchoose.fail_if.schema_paths import Key
from regchoose.records.answers import Gate

ARITHMETIC: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
}
ORDER: dict[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Lt: lambda a, b: a < b,
    ast.LtE: lambda a, b: a <= b,
    ast.Gt: lambda a, b: a > b,
    ast.GtE: lambda a, b: a >= b,
}


def decided(expression: Expression, document: Mapping[str, Any]) -> Gate:
    """Say whether an expression holds on a document, with the values that it names.

    Parameters
    ----------
    document : mapping
        As it is printed: of JSON's kinds alone.
    """
    values = {name: _at(document, path) for name, path in expression.names.items()}
    holds = _value(expression.tree, values)
    return Gate(expression.text, holds if isinstance(holds, bool) else None, tuple(values.items()))


def _at(document: Any, path: Sequence[Key]) -> Any:
    for key in path:
        if isinstance(key, int) and isinstance(document, Sequence) and not isinstance(document, str):
            document = document[key] if -len(document) <= key < len(document) else None
        else:
            document = document.get(key) if isinstance(document, Mapping) else None
    return document


def _value(node: ast.expr, values: Mapping[str, Any]) -> Any:
    """Return what a part comes to; None is null or unknown."""
    match node:
        case ast.Constant(value=constant):
            return constant
        case ast.Name(id=word) if word in CONSTANTS:
            return CONSTANTS[word]
        case ast.Name() | ast.Attribute() | ast.Subscript():
            return values[ast.unparse(node)]
        case ast.BoolOp(op=operator, values=parts):
            found = [_truth(_value(part, values)) for part in parts]
            return _every(found) if isinstance(operator, ast.And) else _not(_every(map(_not, found)))
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            return _not(_truth(_value(inner, values)))
        case ast.UnaryOp(op=sign, operand=inner):
            number = _number(_value(inner, values))
            return -number if isinstance(sign, ast.USub) and number is not None else number
        case ast.BinOp(left=left, op=operation, right=right):
            return _computed(ARITHMETIC[type(operation)], [_value(left, values), _value(right, values)])
        case ast.Call(func=ast.Name(id=name), args=parts):
            return _called(name, [_value(part, values) for part in parts])
        case ast.Compare():
            return _compared(node, values)
    raise AssertionError(ast.dump(node))  # the grammar lets nothing else through


def _compared(node: ast.Compare, values: Mapping[str, Any]) -> bool | None:
    sides = [node.left, *node.comparators]
    signs = [
        _sign(operator, left, right, values)
        for left, operator, right in zip(sides, node.ops, sides[1:], strict=False)
    ]
    return _every(signs)


def _sign(operator: ast.cmpop, left: ast.expr, right: ast.expr, values: Mapping[str, Any]) -> bool | None:
    a = _value(left, values)
    if isinstance(operator, ast.In | ast.NotIn):
        found = _within(a, right, values)
        return found if isinstance(operator, ast.In) else _not(found)
    b = _value(right, values)
    if isinstance(operator, ast.Eq | ast.NotEq):
        known = not (a is None or b is None) or _is_null(left) or _is_null(right)
        return _same(a, b) == isinstance(operator, ast.Eq) if known else None
    first, second = _number(a), _number(b)
    return None if first is None or second is None else ORDER[type(operator)](first, second)


def _within(a: Any, right: ast.expr, values: Mapping[str, Any]) -> bool | None:
    if isinstance(right, ast.Tuple | ast.List):
        return None if a is None else any(_same(a, _value(item, values)) for item in right.elts)
    whole = _value(right, values)
    if a is None or whole is None:
        return None
    if isinstance(whole, str):
        return a in whole if isinstance(a, str) else None
    return any(_same(a, item) for item in whole) if isinstance(whole, Sequence | Mapping) else None


def _called(name: str, parts: Sequence[Any]) -> float | None:
    if name == "len":
        return len(parts[0]) if isinstance(parts[0], str | Sequence | Mapping) else None
    functions: dict[str, Callable[..., float]] = {"abs": abs, "max": max, "min": min}
    return _computed(functions[name], parts)


def _computed(function: Callable[..., float], parts: Iterable[Any]) -> float | None:
    numbers = [_number(part) for part in parts]
    if None in numbers:
        return None
    try:
        found = function(*numbers)
    except (ZeroDivisionError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def _number(value: Any) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _truth(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _not(truth: bool | None) -> bool | None:
    return None if truth is None else not truth


def _every(truths: Iterable[bool | None]) -> bool | None:
    known = list(truths)
    if False in known:
        return False
    return None if None in known else True


def _same(a: Any, b: Any) -> bool:
    """Tell whether two values are equal; 1 is not true."""
    return bool(a == b) and isinstance(a, bool) == isinstance(b, bool)


def _is_null(node: ast.expr) -> bool:
    return (isinstance(node, ast.Constant) and node.value is None) or (
        isinstance(node, ast.Name) and node.id == "null"
    )
