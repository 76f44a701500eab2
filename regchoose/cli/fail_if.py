"""`--fail-if`: a condition read before the work, decided after it."""

from collections.abc import Mapping
from typing import Any

from regchoose.cli import output
from regchoose.errors import ExitCode
from regchoose.fail_if.condition import Condition, evaluate_condition, parse_condition
from regchoose.records.answers import Gate
from regchoose.report.gate_text import describe_gate


def read_condition(text: str | None, *, on_comparison: bool = False) -> Condition | None:
    """Read what `--fail-if` asks of a result, or of a comparison of two, called `old` and `new`.

    Raises
    ------
    UsageError
        E202 if no such document can answer it.
    """
    if text is None:
        return None
    # Late: it takes a third of a second.
    from regchoose.result.json_schema import answer_schema, comparison_schema

    return parse_condition(text, comparison_schema() if on_comparison else answer_schema("result"))


def decide(condition: Condition | None, document: Mapping[str, Any]) -> Gate | None:
    """Decide a condition on a document of JSON's kinds; None if no condition was given."""
    return None if condition is None else evaluate_condition(condition, document)


def report_gate(gate: Gate | None, *, quiet: bool) -> int:
    """Say on stderr what became of the condition; return the exit status."""
    if gate is None:
        return ExitCode.OK
    if gate.fails or not quiet:
        output.say(f"--fail-if {describe_gate(gate)}{'; exit 1' if gate.fails else ''}")
    return ExitCode.GATE if gate.fails else ExitCode.OK
