"""What an expression comes to, and what becomes of null."""

import json
from pathlib import Path
from typing import Any

import pytest

from regchoose.fail_if.condition import evaluate_condition, parse_condition
from regchoose.report.gate_text import describe_gate
from regchoose.result.json_schema import answer_schema
from regchoose.result.json_text import dump_model
from tests.report.results import PRIOR

SCHEMA = answer_schema("result")
TRAINED: Any = json.loads(
    (Path(__file__).parents[1] / "report" / "diabetes.json").read_text(encoding="utf-8")
)
UNTRAINED: Any = json.loads(dump_model(PRIOR))  # an answer from prior knowledge


def holds(text: str, document: Any = TRAINED) -> bool | None:
    return evaluate_condition(parse_condition(text, SCHEMA), document).holds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('certainty != "firm"', True),
        ('regularizer == "elastic_net"', True),
        ("safe < 0.9", False),
        ("0.9 <= safe < 1", True),
        ("0.9 <= safe < 0.91", False),
        ("safe >= 0.9 and not partial", True),
        ("partial or safe > 0.99", False),
        ("arms.l1.loss > arms.none.loss * 0.9", True),
        ('arms["l1"].loss - arms.l1.loss == 0', True),
        ("(arms.l1.loss + 1) / 2 > -arms.l1.loss", True),
        ("gain.interval[0] < 0 < gain.interval[-1]", True),
        ("abs(gain.interval[0]) < max(gain.value, 0.01)", True),
        ("min(arms.l1.loss, arms.l2.loss) == arms.l2.loss", True),
        ("len(data.warnings) > 0", False),
        ("len(arms) == 4", True),
        ('"l1" in arms and "l3" not in arms', True),
        ('"linear" in settings.network', False),
        ('certainty in ("leaning", "undecided")', True),
        ('certainty not in ["leaning"]', False),
        ("audit.best_arm != regularizer", False),
        ('data.columns[0].role == "numeric"', True),
        ('data.columns[-1].role == "target"', True),
        ('settings.rows == "auto"', True),
        ("partial == false", True),
        ("ok == true and partial != True", True),
        ("fingerprint.network == null", True),
        ("data.profile.correlated.figures.inputs == 10", True),
    ],
)
def test_expressions_come_to_what_they_say(text: str, expected: bool) -> None:
    assert holds(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("safe < 0.9", None),
        ("not safe < 0.9", None),
        ("safe == 0.9", None),
        ("safe != 0.9", None),
        ("safe == null", True),
        ("safe != null", False),
        ("safe != null and safe < 0.9", False),
        ("safe == null or safe < 0.9", True),
        ('safe < 0.9 and certainty == "firm"', False),
        ('safe < 0.9 or certainty == "prior"', True),
        ("safe < 0.9 or partial", None),
        ("safe + 1 > 0", None),
        ("gain.value < 0", None),
        ("arms.l1.loss > 0", None),
        ("arms.l1 == null", True),
        ("abs(safe) > 0", None),
        ("safe in (0.9, 1)", None),
        ("comparisons[0].better > 0.5", None),
        ("seconds / (seconds - seconds) > 1", None),
        ("settings.rope > 1", None),
        ('regularizer == "l2"', True),
    ],
)
def test_what_is_null_makes_unknown_what_hangs_on_it(text: str, expected: bool | None) -> None:
    assert holds(text, UNTRAINED) is expected


def test_a_gate_that_cannot_see_does_not_let_pass() -> None:
    unseen = evaluate_condition(parse_condition("safe < 0.9", SCHEMA), UNTRAINED)
    assert unseen.fails
    assert describe_gate(unseen) == "safe < 0.9 cannot be told, which counts as holding: safe is null"
    seen = evaluate_condition(parse_condition('safe < 0.9 or certainty == "undecided"', SCHEMA), TRAINED)
    assert not seen.fails
    assert (
        describe_gate(seen)
        == 'safe < 0.9 or certainty == "undecided" does not hold: safe is 0.9469, certainty is "leaning"'
    )


def test_lists_and_groups_are_not_spelled_out() -> None:
    shown = describe_gate(
        evaluate_condition(parse_condition('len(path) > 99 or "l3" in arms', SCHEMA), TRAINED)
    )
    assert shown.endswith("path is a list of 9, arms is {elastic_net, l1, l2, none}")
