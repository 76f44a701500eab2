"""Expressions of `--fail-if`: decided as Python decides them, or refused with the remedy."""

import json
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from hypothesis import strategies as st

from regchoose.errors import UsageError
from regchoose.fail_if.condition import evaluate_condition, parse_condition
from regchoose.result.json_schema import answer_schema
from tests.fuzz.target import Target, helps

SCHEMA = answer_schema("result")
DOCUMENT: Any = json.loads(
    (Path(__file__).parents[1] / "report" / "diabetes.json").read_text(encoding="utf-8")
)
SIGNS = ["<", "<=", ">", ">=", "==", "!=", "and", "or", "in", "not in", "is", "+", "-", "*", "/", "**", "if"]
PLACES = ["safe", "gain.value", "regularizer", "arms.l1", "arms.l1.loss", "path", "data.columns[0].name"]
PLACES += ["data.warnings", "settings.seed", "partial", "x", "safe.__class__", "path[9].key", "path[-1]"]
CONSTANTS = ["null", "true", "1", "-1", "0", "0.5", "1e308", "'l2'", "()", "[]", "('l1','l2')"]
LEAVES = st.one_of(st.sampled_from(PLACES + CONSTANTS), st.integers().map(str), st.text(max_size=8).map(repr))
EXPRESSIONS = st.recursive(
    LEAVES,
    lambda inner: (
        st.builds("({} {} {})".format, inner, st.sampled_from(SIGNS), inner)
        | st.builds("{}({})".format, st.sampled_from(["not ", "len", "abs", "-", "+", "eval", ""]), inner)
        | st.builds("{}({}, {})".format, st.sampled_from(["max", "min"]), inner, inner)
        | st.builds("{} {} {} < {}".format, inner, st.sampled_from(SIGNS), inner, inner)
    ),
    max_leaves=8,
)


@st.composite
def _slipped(draw: st.DrawFn) -> str:
    text = draw(EXPRESSIONS)
    at = draw(st.integers(0, len(text)))
    return text[:at] + draw(st.text(max_size=3)) + text[at + draw(st.integers(0, 3)) :]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def _decided_or_refused(given: tuple[str, Any]) -> None:
    """The document may be any: a result of another version may lack or hold what this one does not."""
    text, stranger = given
    try:
        expression = parse_condition(text, SCHEMA)
    except UsageError as error:
        helps(error)
        return
    for document in (DOCUMENT, {**DOCUMENT, "recommendation": stranger, "arms": stranger, "path": stranger}):
        assert evaluate_condition(expression, document).holds in (True, False, None)


# ---- the oracle: Python, where nothing is null -----------------------------------------------------

NUMBERS = st.one_of(
    st.sampled_from(
        ["safe", "gain.value", "arms.l1.loss", "settings.seed", "len(data.columns)", "data.rows"]
    ),
    st.integers(-99, 99).map(str),
    st.floats(-99, 99, allow_subnormal=False).map(repr),
)
COMPUTED = st.recursive(
    NUMBERS,
    lambda inner: (
        st.builds("({} {} {})".format, inner, st.sampled_from("+-*/"), inner)
        | st.builds("{}({}, {})".format, st.sampled_from(["max", "min"]), inner, inner)
        | st.builds("abs({})".format, inner)
        | st.builds("-{}".format, inner)
    ),
    max_leaves=4,
)
COMPARED = st.one_of(
    st.builds("{} {} {}".format, COMPUTED, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), COMPUTED),
    st.builds("{} < {} <= {}".format, COMPUTED, COMPUTED, COMPUTED),
    st.sampled_from(['regularizer == "l2"', 'certainty in ("firm", "leaning")', "partial", "settings.audit"]),
    st.sampled_from(['"bmi" in data.target', "regularizer != certainty", 'certainty not in ["prior"]']),
)
LOGICAL = st.recursive(
    COMPARED,
    lambda inner: (
        st.builds("({} {} {})".format, inner, st.sampled_from(["and", "or"]), inner)
        | st.builds("not ({})".format, inner)
    ),
    max_leaves=5,
)


def _named(value: Any) -> Any:
    if isinstance(value, dict):
        return SimpleNamespace(**{name: _named(inner) for name, inner in value.items()})
    return [_named(inner) for inner in value] if isinstance(value, list) else value


def _as_python_says(text: str) -> None:
    names = {**vars(_named(DOCUMENT)), **vars(_named(DOCUMENT["recommendation"]))}
    functions = {"len": len, "max": max, "min": min, "abs": abs}
    try:
        wanted = eval(text, {"__builtins__": functions}, names)  # texts of our own alone
    except (ZeroDivisionError, OverflowError):
        return
    try:
        expression = parse_condition(text, SCHEMA)
    except UsageError as error:
        _is_due(error)
        return
    found = evaluate_condition(expression, DOCUMENT).holds
    assert found == wanted or (found is None and not _is_finite(text, names))


def _is_due(error: UsageError) -> None:
    """Fail where a sound condition is refused that names something and is not too deep."""
    assert "names nothing" in error.message or "deep" in error.message, error.message


def _is_finite(text: str, names: dict[str, Any]) -> bool:
    """Say whether no part of a text overflows: then the gate may not be in doubt."""
    values = (names["safe"], names["gain"].value, names["data"].rows)
    return all(map(math.isfinite, values)) and "/" not in text and "*" not in text


TARGETS = {
    "any text as a condition": Target(
        st.tuples(st.one_of(EXPRESSIONS, _slipped(), st.text(max_size=40)), JSON), _decided_or_refused, 300
    ),
    "a condition means what Python means": Target(LOGICAL, _as_python_says, 200),
}
