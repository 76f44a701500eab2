"""Reads an expression and checks it against the schema of the document it will be asked of."""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from regchoose.errors import UsageError, setting
from regchoose.fail_if.schema_paths import ANYTHING, THROUGH, Key, Place, Schema, find, names_below, root
from regchoose.fail_if.syntax import EXAMPLE, WrongError, tree_of

CONSTANTS: dict[str, bool | None] = {"null": None, "true": True, "false": False}
FUNCTIONS = ("abs", "len", "max", "min")
NAMED = ast.Name | ast.Attribute | ast.Subscript
SAID = {
    "number": "a number",
    "string": "a text",
    "boolean": "true or false",
    "array": "a list",
    "object": "a group of fields",
    "null": "null",
}
KNOWN = "names, numbers, texts, ( ) and or not == != < <= > >= in + - * / abs len max min"
FEW = 6  # keys that are listed where none is near


@dataclass(frozen=True)
class Expression:
    """A condition that can be decided on any document of its schema.

    Parameters
    ----------
    names : mapping
        Each name as written → its path in the document.
    """

    text: str
    tree: ast.expr
    names: Mapping[str, tuple[Key, ...]]


@dataclass(frozen=True)
class Typed:
    """What an expression may come to."""

    kinds: frozenset[str]
    words: tuple[str, ...] = ()  # the only texts it may be; empty: any
    constant: object = ...  # of a constant


def parsed(text: str, schema: Schema) -> Expression:
    """Read an expression.

    Parameters
    ----------
    schema : mapping
        The JSON Schema of the document.

    Raises
    ------
    UsageError
        E202 if it is none, names what the document never has, or compares what cannot be equal.
    """
    try:
        return _checked(text, schema)
    except WrongError as wrong:
        message = setting("fail_if") + f" cannot be decided: {wrong.message}"
        raise UsageError("E202", message, where=setting("fail_if") + f"   {text}", fix=wrong.fix) from None


def _checked(text: str, schema: Schema) -> Expression:
    tree = tree_of(text)
    checker = _Checker(root(schema), {})
    if checker.typed(tree).kinds - {"null"} != {"boolean"}:
        shown = ast.unparse(tree)
        fix = f"compare it with something, such as {shown} == …" if isinstance(tree, NAMED) else EXAMPLE
        raise WrongError(f"{shown} is no condition", fix)
    if not checker.names:
        raise WrongError("it names nothing of the result", EXAMPLE)
    return Expression(text.strip(), tree, checker.names)


class _Checker:
    """Finds the kind of each part; gathers the names on the way."""

    def __init__(self, document: Place, names: dict[str, tuple[Key, ...]]) -> None:
        self._document, self.names = document, names

    def typed(self, node: ast.expr) -> Typed:
        """Return what a part may come to."""
        match node:
            case ast.Constant():
                return _constant(node)
            case ast.Name(id=word) if word in CONSTANTS:
                return _literal(CONSTANTS[word])
            case ast.Name() | ast.Attribute() | ast.Subscript():
                return self._name(node)
            case ast.BoolOp(values=values):
                return self._all(values, "boolean", gives="boolean")
            case ast.UnaryOp(op=ast.Not(), operand=inner):
                return self._all([inner], "boolean", gives="boolean")
            case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=inner):
                return self._all([inner], "number", gives="number")
            case ast.BinOp(op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div(), left=left, right=right):
                return self._all([left, right], "number", gives="number")
            case ast.Compare():
                return self._compare(node)
            case ast.Call(func=ast.Name(id=name), args=inner, keywords=[]) if name in FUNCTIONS:
                return self._call(name, inner)
        what = ast.unparse(node)
        raise WrongError(f"{what} is not known here", f"use {KNOWN}")

    def _all(self, nodes: Sequence[ast.expr], kind: str, *, gives: str) -> Typed:
        for node in nodes:
            found = self.typed(node)
            if kind not in found.kinds:
                hint = (
                    "compare it with something"
                    if kind == "boolean"
                    else "numbers with numbers, texts with =="
                )
                raise WrongError(f"{ast.unparse(node)} is {_said(found)}, wanted {SAID[kind]}", hint)
        return Typed(frozenset({gives}))

    def _call(self, name: str, nodes: Sequence[ast.expr]) -> Typed:
        if name != "len":
            if (len(nodes) < 2) == (name != "abs") or (name == "abs" and len(nodes) > 1):
                raise WrongError(f"{name} has {len(nodes)} arguments", f"{name}(a{', b' * (name != 'abs')})")
            return self._all(nodes, "number", gives="number")
        found = self.typed(nodes[0]) if len(nodes) == 1 else Typed(frozenset())
        if not found.kinds & {"array", "string", "object"}:
            raise WrongError("len counts the items of one list", "len(data.warnings) > 0")
        return Typed(frozenset({"number"}))

    # ---- comparisons -----------------------------------------------------------------------------

    def _compare(self, node: ast.Compare) -> Typed:
        left = node.left
        for operator, right in zip(node.ops, node.comparators, strict=True):
            match operator:
                case ast.Lt() | ast.LtE() | ast.Gt() | ast.GtE():
                    self._all([left, right], "number", gives="boolean")
                case ast.Eq() | ast.NotEq():
                    self._equal(left, right)
                case ast.In() | ast.NotIn():
                    self._within(left, right)
                case _:
                    raise WrongError("is compares no values", "== or !=, also with null")
            left = right
        return Typed(frozenset({"boolean"}))

    def _equal(self, left: ast.expr, right: ast.expr) -> None:
        a, b = self._pair(left, right)
        if None in (a.constant, b.constant):
            if "null" not in a.kinds & b.kinds:
                name = ast.unparse(left if b.constant is None else right)
                raise WrongError(f"{name} is never null", "leave that comparison out")
            return
        if not a.kinds & b.kinds & {"number", "string", "boolean"}:
            sides = f"{ast.unparse(left)} is {_said(a)}, {ast.unparse(right)} is {_said(b)}"
            raise WrongError(f"{sides}: never equal", "numbers with numbers, texts with texts in quotes")
        self._word(left, a, b)
        self._word(right, b, a)

    def _pair(self, left: ast.expr, right: ast.expr) -> tuple[Typed, Typed]:
        """Return the kinds of both sides; a bare word that the other side may be lacks its quotes."""
        sides: list[Typed] = []
        for own, other in ((left, right), (right, left)):
            try:
                sides.append(self.typed(own))
            except WrongError:
                if isinstance(own, ast.Name) and isinstance(other, NAMED):
                    words = self.typed(other).words
                    if own.id in words:
                        raise WrongError(f"the text {own.id} lacks its quotes", f'"{own.id}"') from None
                raise
        return sides[0], sides[1]

    def _word(self, node: ast.expr, own: Typed, other: Typed) -> None:
        word = other.constant
        if own.words and isinstance(word, str) and word not in own.words:
            near = get_close_matches(word, own.words, n=1, cutoff=0.5)
            message = f'{ast.unparse(node)} is never "{word}", only {", ".join(own.words)}'
            raise WrongError(message, f'"{near[0] if near else own.words[0]}"')

    def _within(self, left: ast.expr, right: ast.expr) -> None:
        if isinstance(right, ast.Tuple | ast.List):
            for item in right.elts:
                if not isinstance(item, ast.Constant):
                    raise WrongError(
                        f"{ast.unparse(item)} is no constant", 'certainty in ("firm", "leaning")'
                    )
                self._equal(left, item)
            return
        own, whole = self.typed(left), self.typed(right)
        if not whole.kinds & {"array", "string", "object"} or not own.kinds & {"string", "number", "boolean"}:
            raise WrongError(
                f"{ast.unparse(right)} is {_said(whole)}, in wants a list", 'certainty in ("firm", "leaning")'
            )

    # ---- names -----------------------------------------------------------------------------------

    def _name(self, node: ast.expr) -> Typed:
        keys = _keys(node)
        found = find(self._document, keys)
        if isinstance(found, int):
            raise self._unknown(keys, known=found)
        path, place = found
        self.names[ast.unparse(node)] = path
        return Typed(place.kinds, place.words)

    def _unknown(self, keys: Sequence[Key], *, known: int) -> WrongError:
        wrong, prefix = keys[known], "".join(f"{key}." for key in keys[:known])
        found = find(self._document, keys[:known])
        assert not isinstance(found, int)
        place = found[1]
        legal = list(names_below(place))
        near = get_close_matches(str(wrong), [name.rpartition(".")[2] for name in legal], n=1, cutoff=0.6)
        found_at = [name for name in legal if name.rpartition(".")[2] == (near[0] if near else wrong)]
        at = f"{prefix.removesuffix('.')} has no {wrong}" if prefix else f"there is no {wrong}"
        if found_at:
            shortest = min(found_at, key=lambda name: name.count("."))
            return WrongError(at, f"{prefix}{shortest.replace(f'{THROUGH}.', '')}")
        if place.kinds & {"array"}:
            item = f"{prefix.removesuffix('.')}[0]"
            return WrongError(at, f"it is a list: {item}.{wrong}, or len({prefix.removesuffix('.')})")
        if 0 < len(place.keys) <= FEW:
            return WrongError(at, f"{prefix}{f', {prefix}'.join(place.keys)}")
        return WrongError(at, "regchoose schema lists what there is")


def _constant(node: ast.Constant) -> Typed:
    value = node.value
    if value is None or isinstance(value, bool | str):
        return _literal(value)
    if isinstance(value, float) or (isinstance(value, int) and abs(value) < 2**63):
        return _literal(value)
    raise WrongError(
        f"{ast.unparse(node)[:40]} is no number that a result has", "a smaller number, or a text"
    )


def _literal(value: str | float | bool | None) -> Typed:
    kind = "null" if value is None else "boolean" if isinstance(value, bool) else "number"
    return Typed(frozenset({"string" if isinstance(value, str) else kind}), constant=value)


def _keys(node: ast.expr) -> tuple[Key, ...]:
    match node:
        case ast.Name(id=name):
            return (name,)
        case ast.Attribute(value=inner, attr=name):
            return (*_keys(inner), name)
        case ast.Subscript(value=inner, slice=ast.Constant(value=str() | int() as key)):
            return (*_keys(inner), key)
        case ast.Subscript(
            value=inner, slice=ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as k))
        ):
            return (*_keys(inner), -k)
    raise WrongError(f"{ast.unparse(node)} is no name", "a name such as arms.l1.loss or data.columns[0].role")


def _said(found: Typed) -> str:
    kinds = found.kinds - {"null"} or found.kinds
    return "anything" if kinds >= ANYTHING - {"null"} else " or ".join(sorted(SAID[kind] for kind in kinds))
