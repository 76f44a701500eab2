"""A result as annotations of GitHub Actions: lines that its runner reads from a step's output."""

import re
from collections.abc import Iterable, Mapping
from pathlib import PurePath

from regchoose.records.answers import Gate
from regchoose.report.gate_text import describe_gate
from regchoose.report.safe_text import plain
from regchoose.report.verdict_text import list_warnings, write_details
from regchoose.result.document import RunResult
from regchoose.result.headline import write_certainty, write_headline

MOST = 10  # of one kind that GitHub shows for a step
LONGEST = 900  # characters of a line: GitHub cuts the whole off at 4 kB
PLACE = re.compile(r"([^:\s][^:]*?):(\d+)(?::\d+)?\b")


def as_github(result: RunResult, gate: Gate | None = None) -> str:
    """Return one notice with the answer, a warning for each warning, and an error where the gate fails.

    An undecided answer is a warning.
    """
    file = _within_repository(result.data.path)
    certainty = result.recommendation.certainty
    level = "warning" if certainty == "undecided" else "notice"
    answer = [write_headline(result), *write_details(result)]
    annotations = [_annotate(level, answer, title=f"regchoose: {write_certainty(result.recommendation)}")]
    warnings = list_warnings(result)
    most = MOST - (level == "warning")
    if len(warnings) > most:
        warnings = [*warnings[: most - 1], f"{len(warnings) - most + 1} more warnings"]
    annotations += [_annotate("warning", [text], title="regchoose", file=file) for text in warnings]
    if gate is not None and gate.fails:
        annotations.append(_annotate("error", [describe_gate(gate)], title="regchoose --fail-if"))
    return "".join(annotations)


def failure_as_github(error: Mapping[str, str]) -> str:
    """Return an error's annotation, at its file and line where it has one.

    An error has code, message, hint and where, as in the JSON document.
    """
    at = PLACE.match(error["where"])
    file = _within_repository(at[1]) if at else ""
    lines = [error["message"], error["where"], f"fix: {error['hint']}" if error["hint"] else ""]
    line = int(at[2]) if at and file else None
    return _annotate("error", lines, title=f"regchoose {error['code']}", file=file, line=line)


def _annotate(
    level: str, lines: Iterable[str], *, title: str, file: str = "", line: int | None = None
) -> str:
    """Write a workflow command: `::level key=value,key=value::message`."""
    properties = {"file": file, "line": "" if line is None else str(line), "title": title}
    written = ",".join(f"{key}={_escape_property(value)}" for key, value in properties.items() if value)
    message = "\n".join(plain(line, longest=LONGEST) for line in lines if line)
    return f"::{level} {written}::{_escape(message)}\n"


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape(plain(text, longest=LONGEST)).replace(":", "%3A").replace(",", "%2C")


def _within_repository(path: str) -> str:
    """Return a path that GitHub can find in the repository: relative, and not above it; else nothing."""
    pure = PurePath(path)
    return "" if pure.is_absolute() or ".." in pure.parts or "://" in path or path == "-" else path
