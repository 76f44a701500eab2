"""A result that was written, read again."""

import json
import re
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from regchoose.errors import UsageError
from regchoose.records.experiment import AS_GOOD, WORSE
from regchoose.result.document import Data, DateFormat, RunResult, TableColumn

REMEDY = "regchoose recommend DATA -o result.json"
LONGEST = 20  # characters shown of a version


def read_result(path: Path) -> RunResult:
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
        raise not_a_result(path, "it is no JSON") from error
    return parse_result(document, path)


def parse_result(document: Any, path: Path) -> RunResult:
    """Return the result of a JSON document.

    Raises
    ------
    UsageError
        E214 if it is none, or of another version.
    """
    if not isinstance(document, dict):
        raise not_a_result(path, "it is no JSON object")
    if document.get("ok") is False:
        raise not_a_result(path, "the run failed")
    if "schema_version" not in document or "recommendation" not in document:
        raise not_a_result(path, "it has no recommendation")
    if document["schema_version"] not in ("1", "2"):
        version = _shorten(document.get("regchoose_version", "another version"))
        reason = f"its schema_version is {_shorten(document['schema_version'])}, wanted 1 or 2"
        raise not_a_result(path, reason, fix=f"regchoose {version}, which wrote it, or {REMEDY}")
    try:
        return restore_result(document)
    except ValidationError as error:
        raise not_a_result(path, _first_fault(error)) from error


def restore_result(document: Any) -> RunResult:
    """Return the result of a document that this program wrote.

    Keys that this version does not know are passed over: a later one of the same schema may add some.

    Raises
    ------
    ValidationError
        Where it is no result.
    """
    if isinstance(document, dict) and document.get("schema_version") == "1":
        document = _from_first_schema(document)
    return _upgrade(RunResult.model_validate(document, extra="ignore"))


def _first_fault(error: ValidationError) -> str:
    """Say where a document is not as it should be, and what is wrong there."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place, reason = ".".join(map(str, first["loc"])), first["msg"].removeprefix("Value error, ")
    return f"{place}: {reason[:1].lower()}{reason[1:]}" if place else reason


# ---- older results ---------------------------------------------------------------------------------
# Those of the first schema have other names for some things; and the oldest of them say in sentences alone
# how dates and quotes were read, and that classes were merged.

OUTCOME = "start_"

PART = re.compile(r"(year|month|day|weekday|hour|elapsed) of (.*?)(?: in days since the first)?", re.DOTALL)
READ_AS = re.compile(r".* read as (.*?): gives .*", re.DOTALL)
ORDERS = {"times of day": ("%Y-%m-%d", True), "ISO 8601": ("ISO8601", False)}
BACKSLASH = "backslash before a quote"


def _from_first_schema(document: dict[str, Any]) -> dict[str, Any]:
    """Return a document of the first schema as one of the second; what it lacks is unknown.

    Where a part is not as it should be, it stays as it is: the validation then says what is wrong.
    """
    advice, audit, curves = (document.get(key) for key in ("recommendation", "audit", "curves"))
    changed: dict[str, Any] = {"schema_version": "2"}
    safe = audit.get("safe") if isinstance(audit, dict) else None
    safe = safe if isinstance(safe, dict) else {}
    if isinstance(advice, dict):
        outcome = advice.get("outcome")
        known = {arm: share for arm, share in safe.items() if isinstance(share, int | float)}
        changed["recommendation"] = {
            **advice,
            "chart_outcome": outcome,
            "follows_chart": outcome == f"{OUTCOME}{advice.get('regularizer')}",
            "as_good": [arm for arm, share in known.items() if share >= AS_GOOD],
            "worse": [arm for arm, share in known.items() if share <= WORSE],
            "caution": "",
        }
    if isinstance(document.get("arms"), dict):
        changed["arms"] = {
            arm: {**figures, "safe": safe.get(arm), "criterion": figures.get("loss"), "optimism": 0.0}
            if isinstance(figures, dict)
            else figures
            for arm, figures in document["arms"].items()
        }
    points = curves.get("loss_by_strength") if isinstance(curves, dict) else None
    if isinstance(curves, dict) and isinstance(points, dict):
        renamed = {
            arm: {**own, "criterion": own.get("inner_loss")} if isinstance(own, dict) else own
            for arm, own in points.items()
        }
        changed["curves"] = {**curves, "loss_by_strength": renamed}
    return {**document, **changed}


def _upgrade(result: RunResult) -> RunResult:
    """Return a result with the fields that an older version has not written yet."""
    data = result.data
    dialect, merged = data.dialect, data.merged
    columns = [_with_date(column, data) for column in data.columns]
    if BACKSLASH in dialect.found and dialect.escape is None:
        dialect = dialect.model_copy(update={"escape": "\\"})
    if data.classes:
        sentence = f"are one class, {data.classes[-1]!r}, by --min-class"
        merged = merged or any(sentence in line for line in data.warnings)
    changed = {"dialect": dialect, "columns": columns, "merged": merged}
    changed = {name: value for name, value in changed.items() if value != getattr(data, name)}
    if not changed:
        return result
    return result.model_copy(update={"data": data.model_copy(update=changed)})


def _with_date(column: TableColumn, data: Data) -> TableColumn:
    """Return a column of dates with how they were read, as its sentence and those of its parts say."""
    read_as = READ_AS.fullmatch(column.why) if column.role in ("date", "time") else None
    if read_as is None or column.date is not None:
        return column
    matches = {other.name: PART.fullmatch(other.why) for other in data.columns if other.role == "numeric"}
    parts = {name: part[1] for name, part in matches.items() if part and part[2] == repr(column.name)}
    if not parts:
        return column
    order, clock = ORDERS.get(read_as[1], (re.sub("[A-Za-z]", r"%\g<0>", read_as[1]), False))
    return column.model_copy(
        update={"date": DateFormat.model_validate({"order": order, "clock": clock, "parts": parts})}
    )


def _shorten(value: object) -> str:
    return str(value)[:LONGEST]


def not_a_result(path: Path, reason: str, *, fix: str = REMEDY) -> UsageError:
    """Return E214."""
    message = f"the file is not a result of regchoose: {reason}"
    return UsageError("E214", message, where=str(path), fix=fix)
