"""A result as Markdown: for a comment, a wiki, or the summary of a job."""

import re

from regchoose.records.answers import Gate
from regchoose.records.words import ARM_NAMES
from regchoose.report.arms_table import arm_cells
from regchoose.report.command import write_command
from regchoose.report.gate_text import describe_finding
from regchoose.report.path_text import list_path, write_outcome
from regchoose.report.safe_markdown import (
    bullet_list,
    code_block,
    code_span,
    join_sections,
    markdown_table,
    prose,
)
from regchoose.report.verdict_text import list_warnings, write_details
from regchoose.result.document import RunResult
from regchoose.result.headline import write_headline

MOST_WARNINGS = 20  # of a summary
HIDDEN = ("training loss", "epochs", "l1", "l2")  # of an arm: they stand in the report


def as_markdown(result: RunResult, gate: Gate | None = None) -> str:
    """Return the whole answer; text from data shows as it is, whatever it holds."""
    words = result.recommendation.in_words
    in_code = [f"{library}: {prose(text)}" for library, text in words.by_library() if text]
    # Liquid looks for its braces in code too; between quotes a pair of quotes changes nothing for a shell.
    command = re.sub(r"\{(?=[{%])", "{''", write_command(result))
    sections = [
        _write_head(result, gate),
        _write_arms(result),
        bullet_list("### Warnings", map(prose, list_warnings(result))),
        _write_path(result),
        bullet_list("### Beyond the chart", map(prose, result.beyond)),
        bullet_list("### In code", in_code),
        ["### The same again", "", *code_block([command], language="sh")],
    ]
    return join_sections(sections)


def as_markdown_summary(result: RunResult, gate: Gate | None = None) -> str:
    """Return the answer, the arms and the warnings."""
    warnings = bullet_list("### Warnings", map(prose, list_warnings(result)), most=MOST_WARNINGS)
    return join_sections([_write_head(result, gate), _write_arms(result), warnings])


def _write_head(result: RunResult, gate: Gate | None) -> list[str]:
    data = result.data
    lines = [
        f"## {prose(write_headline(result))}",
        "",
        *(line for text in write_details(result) if text for line in (prose(text), "")),
        f"Table {code_span(data.path)}: {data.rows:,} rows{_describe_columns(result)}; "
        f"target {code_span(data.target)}, {data.task}.",
    ]
    if gate is not None:
        lines += ["", write_gate_line(gate)]
    return lines


def _describe_columns(result: RunResult) -> str:
    data = result.data
    return f", {len(data.used)} of {len(data.features)} columns used" if data.features else ""


def write_gate_line(gate: Gate) -> str:
    """Say what became of a condition."""
    asked = code_span(gate.expression, longest=1000)
    return (
        f"{'❌' if gate.fails else '✅'} **--fail-if** {asked} {prose(describe_finding(gate), longest=2000)}"
    )


def _write_arms(result: RunResult) -> list[str]:
    if not result.arms:
        return []
    best = result.recommendation.regularizer
    cells = arm_cells(result)
    headings = [name for name in next(iter(cells.values())) if name not in HIDDEN]
    rows = [
        [f"**{ARM_NAMES[arm]}** ←" if arm == best else ARM_NAMES[arm], *(own[name] for name in headings)]
        for arm, own in cells.items()
    ]
    return markdown_table(["penalty", *headings], rows, right=headings)


def _write_path(result: RunResult) -> list[str]:
    lines = ["### The way through the chart", ""]
    for number, line in enumerate(list_path(result), start=1):
        evidence = f" ({prose(line.evidence)})" if line.evidence else ""
        lines.append(f"{number}. {prose(line.question)} **{prose(line.answer)}**{evidence}")
    return [*lines, "", f"→ **{prose(write_outcome(result))}**"]
