"""What became of a condition, in words."""

import json
from typing import Any

from regchoose.records import Gate
from regchoose.report.safe_text import plain

LONGEST = 80  # of a value


def sentence(gate: Gate) -> str:
    """Say whether a condition holds, and what was in it.

    >>> sentence(Gate('certainty != "firm"', True, (("certainty", "leaning"),)))
    'certainty != "firm" holds: certainty is "leaning"'
    """
    verb = {True: "holds", False: "does not hold", None: "cannot be told, which counts as holding"}[
        gate.holds
    ]
    values = ", ".join(f"{plain(name)} is {_shown(value)}" for name, value in gate.values)
    return f"{plain(gate.expression, longest=1000)} {verb}: {values}"


def _shown(value: Any) -> str:
    match value:
        case float():
            return f"{value:.6g}"
        case list():
            return f"a list of {len(value)}"
        case dict():
            return f"{{{plain(', '.join(value), longest=LONGEST)}}}"
    return plain(json.dumps(value, ensure_ascii=False), longest=LONGEST)
