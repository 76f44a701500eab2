"""A result as annotations of GitHub Actions: lines that its runner reads from a step's output."""

import re
from collections.abc import Iterable, Mapping
from pathlib import PurePath

from regchoose.records.answers import Gate
from regchoose.report.gate_text import describe_gate
from regchoose.report.safe_text import plain
from regchoose.report.verdict_text import list_warnings, write_details, write_headline
from regchoose.result.document import RunResult

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
    said = [write_headline(result).replace("   ", " · "), *write_details(result)]
    lines = [_annotation(level, said, title=f"regchoose: {certainty}")]
    found = list_warnings(result)
    room = MOST - (level == "warning")
    shown = found if len(found) <= room else [*found[: room - 1], f"{len(found) - room + 1} more warnings"]
    lines += [_annotation("warning", [text], title="regchoose", file=file) for text in shown]
    if gate is not None and gate.fails:
        lines.append(_annotation("error", [describe_gate(gate)], title="regchoose --fail-if"))
    return "".join(f"{line}\n" for line in lines)


def failure_as_github(error: Mapping[str, str]) -> str:
    """Return an error's annotation, at its file and line where it has one.

    Parameters
    ----------
    error : mapping
        code, message, hint and where, as in the JSON document.
    """
    at = PLACE.match(error["where"])
    file = _within_repository(at[1]) if at else ""
    said = [error["message"], error["where"], f"fix: {error['hint']}" if error["hint"] else ""]
    title = f"regchoose {error['code']}"
    line = int(at[2]) if at and file else None
    return _annotation("error", said, title=title, file=file, line=line) + "\n"


def _annotation(
    level: str, said: Iterable[str], *, title: str, file: str = "", line: int | None = None
) -> str:
    """Write a workflow command: `::level key=value,key=value::message`."""
    properties = {"file": file, "line": "" if line is None else str(line), "title": title}
    given = ",".join(f"{key}={_property(value)}" for key, value in properties.items() if value)
    message = "\n".join(plain(line, longest=LONGEST) for line in said if line)
    return f"::{level} {given}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(plain(text, longest=LONGEST)).replace(":", "%3A").replace(",", "%2C")


def _within_repository(path: str) -> str:
    """Return a path that GitHub can find in the repository: relative, and not above it; else nothing."""
    pure = PurePath(path)
    return "" if pure.is_absolute() or ".." in pure.parts or "://" in path or path == "-" else path
