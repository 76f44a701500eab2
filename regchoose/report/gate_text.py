"""What became of a condition, in words."""

import json
from typing import Any

from regchoose.records.answers import Gate
from regchoose.report.safe_text import plain

LONGEST = 80  # of a value


def describe_gate(gate: Gate) -> str:
    """Say whether a condition holds, and what was in it.

    >>> describe_gate(Gate('certainty != "firm"', True, (("certainty", "leaning"),)))
    'certainty != "firm" holds: certainty is "leaning"'
    """
    return f"{plain(gate.expression, longest=1000)} {describe_finding(gate)}"


def describe_finding(gate: Gate) -> str:
    """Say the same without the condition.

    >>> describe_finding(Gate("safe < 0.9", None, (("safe", None),)))
    'cannot be told, which counts as holding: safe is null'
    """
    verb = {True: "holds", False: "does not hold", None: "cannot be told, which counts as holding"}[
        gate.holds
    ]
    values = ", ".join(f"{plain(name)} is {_shown(value)}" for name, value in gate.values)
    return f"{verb}: {values}"


def _shown(value: Any) -> str:
    match value:
        case float():
            return f"{value:.6g}"
        case list():
            return f"a list of {len(value)}"
        case dict():
            return f"{{{plain(', '.join(value), longest=LONGEST)}}}"
    return plain(json.dumps(value, ensure_ascii=False), longest=LONGEST)
