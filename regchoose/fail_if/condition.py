"""Conditions as people write them: parsed by Python's own grammar, checked against a JSON Schema, evaluated.

No code is run: of the tree that `ast` builds, only the few kinds of node that `_Compiler` names are accepted.
"""

import ast
import operator
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from regchoose.errors import PhraseLike, UsageError, setting
from regchoose.fail_if.schema_paths import ANY_KIND, SHORTCUT, Key, Schema, SchemaNode, find_value
from regchoose.fail_if.three_valued import (
    all_true,
    any_true,
    are_equal,
    as_number,
    as_truth,
    compute,
    contains,
    count_items,
    negate,
)
from regchoose.records.answers import Gate

MAX_LENGTH = 1000  # characters
MAX_NESTING = 40  # nodes within one another
MAX_LISTED = 6  # keys that are listed where none is near
EXAMPLE = setting(fail_if='certainty != "firm" or safe < 0.9')
VOCABULARY = "names, numbers, texts, ( ) and or not == != < <= > >= in + - * / abs len max min"

CONSTANTS: dict[str, bool | None] = {"null": None, "true": True, "false": False}
FUNCTIONS: dict[str, Callable[..., float]] = {"abs": abs, "max": max, "min": min}  # of numbers; and len
ARITHMETIC: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
ORDER: dict[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
# What other languages write, and what is written here.
FOREIGN = {
    r"&&|&": "and",
    r"\|\||\|": "or",
    r"===": "==",
    r"!==|<>": "!=",
    r"!(?!=)": "not",
    r"(?<![=!<>])=(?!=)": "==",
    r"\bAND\b": "and",
    r"\bOR\b": "or",
    r"\bNOT\b": "not",
}
KIND_NAMES = {
    "number": "a number",
    "string": "a text",
    "boolean": "true or false",
    "array": "a list",
    "object": "a group of fields",
    "null": "null",
}
NAME_NODES = ast.Name | ast.Attribute | ast.Subscript
Evaluate = Callable[[Mapping[str, Any]], Any]  # names as written → their values, to a value; None is unknown


@dataclass(frozen=True)
class Condition:
    """A condition that can be decided on any document of its schema."""

    text: str
    names: Mapping[str, tuple[Key, ...]]  # each name as written → its path in the document
    evaluate: Evaluate  # from the values of the names to whether it holds; None is unknown


def parse_condition(text: str, schema: Schema) -> Condition:
    """Parse a condition, and check it against the JSON Schema of the document.

    Raises
    ------
    UsageError
        E202 if it cannot be parsed, names what the document never has, or compares what is never equal.
    """
    try:
        compiler = _Compiler(SchemaNode.of(schema, whole=schema))
        evaluate = compiler.compile_condition(_parse(text))
    except _Refused as refused:
        message = setting("fail_if") + f" cannot be decided: {refused.message}"
        raise UsageError("E202", message, where=setting("fail_if") + f"   {text}", fix=refused.fix) from None
    return Condition(text.strip(), compiler.names, evaluate)


def evaluate_condition(condition: Condition, document: Mapping[str, Any]) -> Gate:
    """Say whether a condition holds on a document of JSON's kinds alone, with the values that it names."""
    values = {name: find_value(document, path) for name, path in condition.names.items()}
    return Gate(condition.text, as_truth(condition.evaluate(values)), tuple(values.items()))


class _Refused(Exception):  # noqa: N818 - people see it as a UsageError
    """A condition cannot be decided; `fix` says what to write instead."""

    def __init__(self, message: str, fix: PhraseLike) -> None:
        super().__init__(message)
        self.message, self.fix = message, fix


# ---- text to tree ----------------------------------------------------------------------------------


def _parse(text: str) -> ast.expr:
    """Return the tree of an expression; its nodes may be of any kind, but not too many deep."""
    if len(text) > MAX_LENGTH:
        raise _Refused(f"it has {len(text):,} characters, at most {MAX_LENGTH:,} are read", "make it shorter")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # invalid escapes in a text: it is then taken literally
            tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise _syntax_refused(text, error) from error
    layer: list[ast.AST] = [tree]
    for _ in range(MAX_NESTING):
        layer = [child for node in layer for child in ast.iter_child_nodes(node)]
        if not layer:
            return tree
    raise _Refused(f"it is nested more than {MAX_NESTING} deep", "make it simpler")


def _syntax_refused(text: str, error: Exception) -> _Refused:
    if not text.strip():
        return _Refused("it is empty", EXAMPLE)
    without_strings = re.sub(r"\"[^\"]*\"|'[^']*'", '""', text)
    for pattern, ours in FOREIGN.items():
        if found := re.search(pattern, without_strings):
            return _Refused(f"{found[0]} is not known here", f"{ours} in place of {found[0]}")
    position = f" at character {error.offset}" if isinstance(error, SyntaxError) and error.offset else ""
    reason = error.msg if isinstance(error, SyntaxError) else "it is no expression"
    return _Refused(f"{reason}{position}", EXAMPLE)


# ---- tree to function ------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Part:
    """A part of a condition: how it is evaluated, and what it may evaluate to."""

    evaluate: Evaluate
    kinds: frozenset[str]
    words: tuple[str, ...] = ()  # the only texts it may be; empty: any
    constant: object = ...  # of a constant

    def __str__(self) -> str:
        kinds = self.kinds - {"null"} or self.kinds
        if kinds >= ANY_KIND - {"null"}:
            return "anything"
        return " or ".join(sorted(KIND_NAMES[kind] for kind in kinds))


@dataclass
class _Compiler:
    """Checks each part of a condition and says how to evaluate it; gathers the names on the way."""

    document: SchemaNode
    names: dict[str, tuple[Key, ...]] = field(default_factory=dict)

    def compile_condition(self, tree: ast.expr) -> Evaluate:
        part = self.compile_part(tree)
        if part.kinds - {"null"} != {"boolean"}:
            shown = ast.unparse(tree)
            compare = f"compare it with something, such as {shown} == …"
            raise _Refused(f"{shown} is no condition", compare if isinstance(tree, NAME_NODES) else EXAMPLE)
        if not self.names:
            raise _Refused("it names nothing of the result", EXAMPLE)
        return part.evaluate

    def compile_part(self, node: ast.expr) -> _Part:
        match node:
            case ast.Constant(value=value):
                return _compile_constant(value, node)
            case ast.Name(id=word) if word in CONSTANTS:
                return _compile_constant(CONSTANTS[word], node)
            case ast.Name() | ast.Attribute() | ast.Subscript():
                return self._compile_name(node)
            case ast.BoolOp(op=op, values=operands):
                truths = self._compile_all("boolean", operands)
                combine = all_true if isinstance(op, ast.And) else any_true
                return _boolean(lambda values: combine([as_truth(truth(values)) for truth in truths]))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                (truth,) = self._compile_all("boolean", [operand])
                return _boolean(lambda values: negate(as_truth(truth(values))))
            case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=operand):
                (number,) = self._compile_all("number", [operand])
                return _number(lambda values: as_number(number(values), minus=isinstance(sign, ast.USub)))
            case ast.BinOp(left=left, op=op, right=right) if type(op) in ARITHMETIC:
                return _number(self._compile_function(ARITHMETIC[type(op)], [left, right]))
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in (*FUNCTIONS, "len"):
                return _number(self._compile_call(name, arguments))
            case ast.Compare(left=left, ops=ops, comparators=rights):
                sides = zip(ops, [left, *rights], rights, strict=False)
                comparisons = [self._compile_comparison(*one) for one in sides]
                return _boolean(lambda values: all_true([compare(values) for compare in comparisons]))
        raise _Refused(f"{ast.unparse(node)} is not known here", f"use {VOCABULARY}")

    def _compile_all(self, kind: str, nodes: Sequence[ast.expr]) -> list[Evaluate]:
        """Compile parts that all have to be of a kind."""
        parts = []
        for node in nodes:
            part = self.compile_part(node)
            if kind not in part.kinds:
                numbers = "numbers with numbers, texts with =="
                fix = "compare it with something" if kind == "boolean" else numbers
                raise _Refused(f"{ast.unparse(node)} is {part}, wanted {KIND_NAMES[kind]}", fix)
            parts.append(part.evaluate)
        return parts

    def _compile_function(self, function: Callable[..., Any], nodes: Sequence[ast.expr]) -> Evaluate:
        numbers = self._compile_all("number", nodes)
        return lambda values: compute(function, [number(values) for number in numbers])

    def _compile_call(self, name: str, arguments: Sequence[ast.expr]) -> Evaluate:
        n_arguments = len(arguments)
        if name == "len":
            whole = self.compile_part(arguments[0]) if n_arguments == 1 else None
            if whole is None or not whole.kinds & {"array", "string", "object"}:
                raise _Refused("len counts the items of one list", "len(data.warnings) > 0")
            return lambda values: count_items(whole.evaluate(values))
        if name == "abs" and n_arguments != 1:
            raise _Refused(f"abs has {n_arguments} arguments", "abs(a)")
        if name in ("max", "min") and n_arguments < 2:
            raise _Refused(f"{name} has {n_arguments} arguments", f"{name}(a, b)")
        return self._compile_function(FUNCTIONS[name], arguments)

    # ---- comparisons -----------------------------------------------------------------------------

    def _compile_comparison(self, op: ast.cmpop, left: ast.expr, right: ast.expr) -> Evaluate:
        match op:
            case ast.Eq():
                return self._compile_equality(left, right)
            case ast.NotEq():
                equal = self._compile_equality(left, right)
                return lambda values: negate(equal(values))
            case ast.In():
                return self._compile_membership(left, right)
            case ast.NotIn():
                member = self._compile_membership(left, right)
                return lambda values: negate(member(values))
            case ast.Is() | ast.IsNot():
                raise _Refused("is compares no values", "== or !=, also with null")
        return self._compile_function(ORDER[type(op)], [left, right])

    def _compile_equality(self, left: ast.expr, right: ast.expr) -> Evaluate:
        a, b = self._compile_operand(left, right), self._compile_operand(right, left)
        with_null = None in (a.constant, b.constant)
        if with_null and "null" not in a.kinds & b.kinds:
            name = ast.unparse(left if b.constant is None else right)
            raise _Refused(f"{name} is never null", "leave that comparison out")
        if not with_null and not a.kinds & b.kinds & {"number", "string", "boolean"}:
            sides = f"{ast.unparse(left)} is {a}, {ast.unparse(right)} is {b}"
            raise _Refused(f"{sides}: never equal", "numbers with numbers, texts with texts in quotes")
        for node, own, word in ((left, a, b.constant), (right, b, a.constant)):
            if own.words and isinstance(word, str) and word not in own.words:
                near = get_close_matches(word, own.words, n=1, cutoff=0.5) or own.words
                message = f'{ast.unparse(node)} is never "{word}", only {", ".join(own.words)}'
                raise _Refused(message, f'"{near[0]}"')
        return lambda values: are_equal(a.evaluate(values), b.evaluate(values), with_null=with_null)

    def _compile_operand(self, node: ast.expr, other: ast.expr) -> _Part:
        """Compile one side; a bare word that the other side may be lacks its quotes."""
        try:
            return self.compile_part(node)
        except _Refused:
            words = self.compile_part(other).words if isinstance(other, NAME_NODES) else ()
            if isinstance(node, ast.Name) and node.id in words:
                raise _Refused(f"the text {node.id} lacks its quotes", f'"{node.id}"') from None
            raise

    def _compile_membership(self, left: ast.expr, right: ast.expr) -> Evaluate:
        example = 'certainty in ("firm", "leaning")'
        if isinstance(right, ast.Tuple | ast.List):
            items = []
            for item in right.elts:
                if not isinstance(item, ast.Constant):
                    raise _Refused(f"{ast.unparse(item)} is no constant", example)
                self._compile_equality(left, item)
                items.append(item.value)
            member = self.compile_part(left)
            return lambda values: contains(items, member.evaluate(values))
        member, whole = self.compile_part(left), self.compile_part(right)
        is_container = whole.kinds & {"array", "string", "object"}
        if not (is_container and member.kinds & {"string", "number", "boolean"}):
            raise _Refused(f"{ast.unparse(right)} is {whole}, in wants a list", example)
        return lambda values: contains(whole.evaluate(values), member.evaluate(values))

    # ---- names -----------------------------------------------------------------------------------

    def _compile_name(self, node: ast.expr) -> _Part:
        keys, name = _keys(node), ast.unparse(node)
        found = self.document.find(keys)
        if isinstance(found, int):
            raise self._unknown(keys, n_known=found)
        self.names[name], place = found
        return _Part(lambda values: values[name], place.kinds, place.words)

    def _unknown(self, keys: Sequence[Key], *, n_known: int) -> _Refused:
        found = self.document.find(keys[:n_known])
        assert not isinstance(found, int)
        wrong, place = str(keys[n_known]), found[1]
        prefix = "".join(f"{key}." for key in keys[:n_known])
        parent = prefix.removesuffix(".")
        message = f"{parent} has no {wrong}" if parent else f"there is no {wrong}"
        last_keys = {name: name.rpartition(".")[2] for name in place.names()}
        near = get_close_matches(wrong, last_keys.values(), n=1, cutoff=0.6) or [wrong]
        if same := [name for name, last in last_keys.items() if last == near[0]]:
            shortest = min(same, key=lambda name: name.count("."))
            return _Refused(message, f"{prefix}{shortest.replace(f'{SHORTCUT}.', '')}")
        if "array" in place.kinds:
            return _Refused(message, f"it is a list: {parent}[0].{wrong}, or len({parent})")
        if 0 < len(place.keys) <= MAX_LISTED:
            return _Refused(message, f"{prefix}{f', {prefix}'.join(place.keys)}")
        return _Refused(message, "regchoose schema lists what there is")


def _boolean(evaluate: Evaluate) -> _Part:
    return _Part(evaluate, frozenset({"boolean"}))


def _number(evaluate: Evaluate) -> _Part:
    return _Part(evaluate, frozenset({"number"}))


def _compile_constant(value: object, node: ast.expr) -> _Part:
    match value:
        case None:
            kind = "null"
        case bool():
            kind = "boolean"
        case str():
            kind = "string"
        case float():
            kind = "number"
        case int() if abs(value) < 2**63:
            kind = "number"
        case _:
            message = f"{ast.unparse(node)[:40]} is no number that a result has"
            raise _Refused(message, "a smaller number, or a text")
    return _Part(lambda _: value, frozenset({kind}), constant=value)


def _keys(node: ast.expr) -> tuple[Key, ...]:
    """Return the keys of a name such as arms["l1"].loss or gain.interval[-1]."""
    match node:
        case ast.Name(id=name):
            return (name,)
        case ast.Attribute(value=parent, attr=name):
            return (*_keys(parent), name)
        case ast.Subscript(value=parent, slice=ast.Constant(value=str() | int() as key)):
            return (*_keys(parent), key)
        case ast.Subscript(
            value=parent, slice=ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as index))
        ):
            return (*_keys(parent), -index)
    raise _Refused(f"{ast.unparse(node)} is no name", "a name such as arms.l1.loss or data.columns[0].role")
