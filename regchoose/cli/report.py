"""`regchoose report`: renders a saved result; the file's ending tells as what."""

import json
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

from regchoose.cli import output
from regchoose.errors import UsageError
from regchoose.records import Result
from regchoose.report.html import as_html
from regchoose.report.safe_text import plain

REMEDY = "regchoose recommend DATA -o result.json"
RENDERERS: dict[str, Callable[[Result], str]] = {".html": as_html, ".htm": as_html}


def report(result: str, *, to: str, force: bool) -> int:
    """Render a saved result into a file; return the exit status.

    Raises
    ------
    UsageError
        E201 or E214 if there is no such result; else as `renderer` and `output.check_output`.
    """
    target = Path(to)
    render = renderer(target)
    output.check_output(target, data=Path(result), force=force)
    output.write_file(target, render(read_result(Path(result))))
    output.say(f"The report is in {plain(to)}.")
    return 0


def renderer(path: Path) -> Callable[[Result], str]:
    """Return what writes a file of this name.

    Raises
    ------
    UsageError
        E202 if its ending says nothing.
    """
    found = RENDERERS.get(path.suffix.lower())
    if found is None:
        endings = ", ".join(RENDERERS)
        message = f"the report's name ends in {path.suffix or 'nothing'!r}, wanted {endings}"
        raise UsageError("E202", message, where=str(path), fix=f"-o {path.stem or 'report'}.html")
    return found


def read_result(path: Path) -> Result:
    """Read a result that `recommend -o` wrote.

    Raises
    ------
    UsageError
        E201 if there is no such file; E214 if it is no result, or of another version.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        message = f"the result cannot be read: {error.strerror or error}"
        raise UsageError("E201", message, where=str(path), fix=REMEDY) from error
    except (ValueError, RecursionError) as error:
        raise _no_result(path, "it is no JSON") from error
    return result_of(document, path)


def result_of(document: Any, path: Path) -> Result:
    """Return the result of a JSON document.

    Raises
    ------
    UsageError
        E214 if it is none, or of another version.
    """
    if not isinstance(document, dict):
        raise _no_result(path, "it is no JSON object")
    if missing := [field.name for field in fields(Result) if field.name not in document]:
        raise _no_result(path, f"it lacks {', '.join(missing[:3])}")
    if document["schema_version"] != "1":
        raise _no_result(path, f"its schema_version is {plain(document['schema_version'])}, wanted 1")
    if not document["ok"]:
        raise _no_result(path, "the run failed")
    for field in ("settings", "execution", "recommendation", "arms", "curves", "data"):
        if not isinstance(document[field], dict):
            raise _no_result(path, f"{field} is no object")
    lists = {name: tuple(document[name]) for name in ("path", "comparisons")}
    return Result(**{field.name: document[field.name] for field in fields(Result)} | lists)


def _no_result(path: Path, reason: str) -> UsageError:
    message = f"the file is not a result of regchoose: {reason}"
    return UsageError("E214", message, where=str(path), fix=REMEDY)
