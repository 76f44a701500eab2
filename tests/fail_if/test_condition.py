"""Which expressions are read, and what is said of the others, before any work."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regchoose.errors import UsageError
from regchoose.fail_if.condition import evaluate_condition, parse_condition
from regchoose.result.json_schema import answer_schema

SCHEMA = answer_schema("result")
DOCUMENT: Any = json.loads(
    (Path(__file__).parents[1] / "report" / "diabetes.json").read_text(encoding="utf-8")
)
WRONG = {
    'certanty == "firm"': ("there is no certanty", "certainty"),
    'recommendation.certanty == "firm"': ("recommendation has no certanty", "recommendation.certainty"),
    "recommendation.gain.mean < 1": (
        "recommendation.gain has no mean",
        "recommendation.gain.value, recommendation.gain.interval",
    ),
    "arms.l3.loss > 1": ("arms has no l3", "arms.l1"),
    "loss < 1": ("there is no loss", "design.loss"),
    'data.columns.name == "a"': ("data.columns has no name", "it is a list"),
    "safe.__class__ == 1": ("safe has no __class__", "schema"),
    'certainty == "fir"': ('certainty is never "fir", only firm, leaning', '"firm"'),
    'certainty in ("firm", "leening")': ('certainty is never "leening"', '"leaning"'),
    "certainty != firm": ("the text firm lacks its quotes", '"firm"'),
    'safe < "0.9"': ("'0.9' is a text, wanted a number", "numbers with numbers"),
    "certainty > 3": ("certainty is a text, wanted a number", "texts with =="),
    'safe == "firm"': ("safe is a number, 'firm' is a text: never equal", "texts in quotes"),
    "settings.audit == 1": ("settings.audit is true or false, 1 is a number", "numbers with numbers"),
    "regularizer == null": ("regularizer is never null", "leave that comparison out"),
    "path == 3": ("path is a list, 3 is a number", "numbers"),
    "safe": ("safe is no condition", "safe == …"),
    "not safe": ("safe is a number, wanted true or false", "compare it"),
    "safe and partial": ("safe is a number, wanted true or false", "compare it"),
    "1 < 2": ("it names nothing of the result", "certainty"),
    "safe < 0.9 && partial": ("&& is not known here", "and in place of &&"),
    "partial || ok": ("|| is not known here", "or in place of ||"),
    "!partial": ("! is not known here", "not in place of !"),
    'certainty = "firm"': ("= is not known here", "== in place of ="),
    'certainty is "firm"': ("is compares no values", "=="),
    "safe is None": ("is compares no values", "=="),
    "partial or": ("invalid syntax", "certainty"),
    "": ("it is empty", "certainty"),
    "a\x00b": ("null bytes", "certainty"),
    "x" * 1001: ("it has 1,001 characters", "shorter"),
    "-" * 900 + "1 < safe": ("nested more than 40 deep", "simpler"),
    "(" * 300 + "1": ("too many nested parentheses", "certainty"),
    "9" * 900 + " < safe": ("is no number that a result has", "smaller"),
    "safe < 1j": ("1j is no number", "smaller"),
    '__import__("os").system("true") == 0': (
        "__import__('os').system('true') is not known here",
        "use names",
    ),
    "(lambda: partial)()": ("is not known here", "use names"),
    "[x for x in path] == 1": ("is not known here", "use names"),
    'f"{safe}" == "1"': ("is not known here", "use names"),
    "safe ** 99 ** 99 > 1": ("is not known here", "use names"),
    'open("x") == 1': ("is not known here", "use names"),
    "(partial := True)": ("is not known here", "use names"),
    "len(safe) > 1": ("len counts the items of one list", "len(data.warnings)"),
    "len(path, path) > 1": ("len counts the items of one list", "len(data.warnings)"),
    "min(safe) > 1": ("min has 1 arguments", "min(a, b)"),
    "abs(safe, 1) > 1": ("abs has 2 arguments", "abs(a)"),
    "abs() > 1": ("abs has 0 arguments", "abs(a)"),
    "certainty in (regularizer, 1)": ("regularizer is no constant", "certainty in"),
    "safe in 3": ("3 is a number, in wants a list", "certainty in"),
    "data.columns[rows].role == 'id'": ("is no name", "arms.l1.loss"),
    "data.columns[0:1] == 1": ("is no name", "arms.l1.loss"),
}


@pytest.mark.parametrize("text", WRONG, ids=lambda text: text[:40])
def test_what_cannot_be_decided_is_said_with_the_remedy(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_condition(text, SCHEMA)
    message, fix = WRONG[text]
    assert caught.value.code == "E202"
    assert message in caught.value.message
    assert fix in caught.value.fix


def test_short_names_are_those_of_the_recommendation() -> None:
    parts = SCHEMA["$defs"]
    assert not set(parts["RunResult"]["properties"]) & set(parts["Recommendation"]["properties"])
    for name in ("regularizer", "gain.value", "training.stop_epoch"):
        short, long = (
            parse_condition(f"{prefix}{name} == {name}", SCHEMA) for prefix in ("", "recommendation.")
        )
        assert list(short.names.values()) == [("recommendation", *name.split("."))]
        assert set(long.names.values()) == set(short.names.values())


LEAVES = st.sampled_from(
    ["safe", "regularizer", "arms.l1", "path", "data.columns[0].name", "null", "1", "'l2'", "0.5", "x", "()"]
)
TEXTS = st.recursive(
    LEAVES,
    lambda inner: (
        st.builds(
            "({} {} {})".format,
            inner,
            st.sampled_from(["<", "==", "!=", "and", "or", "in", "+", "/", "not in", "is", "**", "if"]),
            inner,
        )
        | st.builds("{}({})".format, st.sampled_from(["not ", "len", "abs", "-", "eval"]), inner)
    ),
    max_leaves=6,
)


@given(st.one_of(TEXTS, st.text(max_size=40)))
def test_any_text_is_an_expression_or_an_error_of_ours(text: str) -> None:
    try:
        expression = parse_condition(text, SCHEMA)
    except UsageError:
        return
    assert evaluate_condition(expression, DOCUMENT).holds in (True, False, None)
