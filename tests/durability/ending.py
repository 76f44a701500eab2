"""How a run ended, and whether that keeps the contract."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from regchoose.errors import CODES
from regchoose.result.saved_result import restore_result

ANSWERED, GATED, ERRORS = 0, 1, (2, 3, 4, 5)
MOST_LINES = 6  # of an error
ERROR = re.compile(r"^error\[(\w+)\]: ", re.MULTILINE)
NOISE = re.compile(r"^\S*:\d+: \w*Warning: .*$|^Exception ignored .*$", re.MULTILINE)


@dataclass(frozen=True)
class Ending:
    """What a finished process left.

    Parameters
    ----------
    status : int or None
        None where it did not finish in time.
    """

    status: int | None
    out: str
    err: str
    raised: str = ""  # what came through, where it ran in this process


def code_of(ending: Ending) -> str:
    """Return the code of its error; empty where it has none."""
    found = ERROR.search(ending.err)
    if found:
        return found[1]
    try:
        document = json.loads(ending.out)
    except ValueError:
        return ""
    error = document.get("error") if isinstance(document, dict) else None
    return str(error.get("code", "")) if isinstance(error, dict) else ""


def fault(ending: Ending, arguments: Sequence[str]) -> str:
    """Say how a run breaks the contract; empty where it keeps it."""
    if ending.status is None:
        return "no end in time"
    if ending.raised:
        return f"raised {ending.raised}"
    if "Traceback" in ending.out + ending.err:
        return "a traceback"
    if noise := NOISE.search(ending.err):
        return f"noise: {noise[0][:200]}"
    as_json = "--json" in arguments or "json" in arguments
    if ending.status in (ANSWERED, GATED):
        if ending.status == GATED and "--fail-if" not in arguments:
            return "status 1 without --fail-if"
        return _fault_of_answer(ending, arguments, as_json=as_json)
    if ending.status not in ERRORS:
        return f"status {ending.status}: {(ERROR.split(ending.err) or [''])[-1][:300]}"
    return _fault_of_error(ending, as_json=as_json)


def _fault_of_answer(ending: Ending, arguments: Sequence[str], *, as_json: bool) -> str:
    if not ending.out.strip():
        return "no answer on stdout"
    if not as_json:
        return ""
    document = _document(ending.out)
    if document is None:
        return "stdout is not one JSON document"
    try:
        if "--dry-run" not in arguments:
            restore_result(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        return f"it is no result: {'.'.join(map(str, first['loc']))}: {first['msg'].lower()}"
    return ""


def _fault_of_error(ending: Ending, *, as_json: bool) -> str:
    code = code_of(ending)
    if code not in CODES or int(code[1]) != ending.status:
        return f"status {ending.status} with the code {code!r}"
    if as_json:
        document = _document(ending.out)
        error = {} if document is None else document.get("error", {})
        return "" if error.get("hint") else "stdout is no error as one JSON document with a hint"
    start = ending.err.rindex(f"error[{code}]")
    lines = ending.err[start:].strip().splitlines()
    if len(lines) > MOST_LINES or not lines[-1].startswith("  fix: "):
        return f"an error of {len(lines)} lines that ends with {lines[-1]!r}"
    return ""


def _document(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
