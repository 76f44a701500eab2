"""A result that was written, read again."""

import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from regchoose.errors import UsageError
from regchoose.records.answers import Result

REMEDY = "regchoose recommend DATA -o result.json"
LONGEST = 20  # characters shown of a version

Problem = Callable[[Any], str]  # says why a document is no result; see `regchoose.result.json_schema.problem`


def read_result(path: Path, *, problem: Problem) -> Result:
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
        raise no_result(path, "it is no JSON") from error
    return result_of(document, path, problem=problem)


def result_of(document: Any, path: Path, *, problem: Problem) -> Result:
    """Return the result of a JSON document.

    Raises
    ------
    UsageError
        E214 if it is none, or of another version.
    """
    if not isinstance(document, dict):
        raise no_result(path, "it is no JSON object")
    if document.get("ok") is False:
        raise no_result(path, "the run failed")
    if "schema_version" not in document or "recommendation" not in document:
        raise no_result(path, "it has no recommendation")
    if document["schema_version"] != "1":
        version = _shown(document.get("regchoose_version", "another version"))
        reason = f"its schema_version is {_shown(document['schema_version'])}, wanted 1"
        raise no_result(path, reason, fix=f"regchoose {version}, which wrote it, or {REMEDY}")
    if reason := problem(document):
        raise no_result(path, reason)
    return restored(document)


def restored(document: Mapping[str, Any]) -> Result:
    """Return the result of a document that is known to be one."""
    lists = {name: tuple(document[name]) for name in ("path", "comparisons")}
    return Result(**{field.name: document[field.name] for field in fields(Result)} | lists)


def _shown(value: object) -> str:
    return str(value)[:LONGEST]


def no_result(path: Path, reason: str, *, fix: str = REMEDY) -> UsageError:
    """Return E214."""
    message = f"the file is not a result of regchoose: {reason}"
    return UsageError("E214", message, where=str(path), fix=fix)
