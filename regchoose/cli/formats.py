"""The formats in which a result is printed or written. What a format needs is loaded when it is written."""

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regchoose.cli import output
from regchoose.errors import UsageError, setting
from regchoose.records.answers import Gate
from regchoose.result.json_text import dump_model
from regchoose.settings.options import Settings

if TYPE_CHECKING:
    from regchoose.result.document import RunResult

Rendering = Callable[["RunResult", Gate | None], str]


def _report(name: str) -> Any:
    """Return a module of the room of reports."""
    return import_module(f"regchoose.report.{name}")


FORMATS: dict[str, Rendering] = {
    "text": lambda result, _: _report("terminal").render_as_text(result, width=100, details=True),
    "json": lambda result, _: dump_model(result),
    "markdown": lambda result, gate: _report("as_markdown").as_markdown(result, gate),
    "github": lambda result, gate: _report("as_github").as_github(result, gate),
    "junit": lambda result, gate: _report("as_junit").as_junit(result, gate),
    "html": lambda result, _: _report("html").as_html(result),
}
ENDINGS = {
    ".html": "html",
    ".htm": "html",
    ".md": "markdown",
    ".xml": "junit",
    ".json": "json",
    ".txt": "text",
}


def format_of(settings: Settings) -> str:
    """Return the format of the answer; `--json` is short for `--format json`.

    Raises
    ------
    UsageError
        E202 if the two contradict each other.
    """
    if settings.json and settings.format not in ("text", "json"):
        json, other = setting(json=True), setting(format=settings.format)
        message = json + " and " + other + " ask for two things"
        fix = other + " alone, or " + json + " alone"
        raise UsageError("E202", message, where=setting("format"), fix=fix)
    return "json" if settings.json else settings.format


def format_for(path: Path) -> str:
    """Return the format that a file's name asks for.

    Raises
    ------
    UsageError
        E202 if its ending says nothing.
    """
    format_name = ENDINGS.get(path.suffix.lower())
    if format_name is None:
        message = f"the report's name ends in {path.suffix or 'nothing'!r}, wanted {', '.join(ENDINGS)}"
        raise UsageError("E202", message, where=str(path), fix=f"-o {path.stem or 'report'}.html")
    return format_name


def print_result(
    result: "RunResult",
    gate: Gate | None,
    *,
    format_name: str,
    brief: bool = False,
    details: bool = False,
    saved: str | None = None,
    no_input: bool = False,
) -> None:
    """Print a result on stdout; in a job of GitHub, `github` adds to the job's summary too."""
    with suppress(BrokenPipeError):  # whoever reads may leave; reports and the gate are still to come
        if format_name == "text":
            width = output.width()
            answer = _report("terminal").render_result(
                result, width=width, brief=brief, details=details, saved=saved, no_input=no_input
            )
            output.show(answer)
        else:
            output.write(FORMATS[format_name](result, gate))
    if format_name == "github":
        append_summary(_report("as_markdown").as_markdown_summary(result, gate), environ=os.environ)


def append_summary(markdown: str, *, environ: Mapping[str, str]) -> None:
    """Append to the file that GitHub shows beside a job, if it named one; it is no reason to fail."""
    path = environ.get("GITHUB_STEP_SUMMARY")
    if path:
        try:
            with Path(path).open("a", encoding="utf-8") as file:
                file.write(f"{markdown}\n")
        except OSError as error:
            output.say(f"note   the summary cannot be written: {error.strerror or error}")
