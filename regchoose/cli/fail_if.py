"""`--fail-if`: a condition read before the work, decided after it."""

from collections.abc import Mapping
from typing import Any

from regchoose.cli import output
from regchoose.errors import ExitCode
from regchoose.fail_if.condition import Condition, evaluate_condition, parse_condition
from regchoose.records.answers import Gate
from regchoose.report.gate_text import describe_gate


def on_result(text: str | None) -> Condition | None:
    """Read what `--fail-if` asks of a result.

    Raises
    ------
    UsageError
        E202 if no result can answer it.
    """
    if text is None:
        return None
    from regchoose.result.json_schema import answer_schema  # late: it takes a third of a second

    return parse_condition(text, answer_schema("result"))


def on_comparison(text: str | None) -> Condition | None:
    """Read what `--fail-if` asks of a comparison, whose two results are called `old` and `new`.

    Raises
    ------
    UsageError
        E202 if no comparison can answer it.
    """
    if text is None:
        return None
    from regchoose.result.json_schema import comparison_schema  # late, as above

    return parse_condition(text, comparison_schema())


def gated(expression: Condition | None, document: Mapping[str, Any]) -> Gate | None:
    """Decide a condition on a document of JSON's kinds; None where none was given."""
    return None if expression is None else evaluate_condition(expression, document)


def status(gate: Gate | None, *, quiet: bool) -> int:
    """Say on stderr what became of the condition; return the exit status."""
    if gate is None:
        return ExitCode.OK
    if gate.fails or not quiet:
        output.say(f"--fail-if {describe_gate(gate)}{'; exit 1' if gate.fails else ''}")
    return ExitCode.GATE if gate.fails else ExitCode.OK
