"""What repeats a run, or changes it: a command, or a call from Python where the table was in memory."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import Field, fields
from typing import Any

from regchoose.errors import setting
from regchoose.records.table import AS_Y
from regchoose.report.safe_text import plain
from regchoose.result.document import RunResult
from regchoose.settings.options import DATA, Option, Settings
from regchoose.settings.presets import preset_values

LONGEST = 1000
EXPERIMENT = {"subsample": "yes", "resources": "yes"}  # what asks for one


def command(result: RunResult, *, name: str = "recommend", also: Mapping[str, Any] | None = None) -> str:
    """Return the command that repeats a run: every setting that differs from its preset.

    A name that only a flag can carry safely is quoted for a shell; one with control characters is shown
    without them, and such a command must be mended by hand.

    Parameters
    ----------
    name : str
        Of the command; `inspect` takes the settings of the table alone.
    also : mapping, optional
        Settings to change.
    """
    if is_in_memory(result):
        return _call(result, also or {})
    path = plain(result.data.path, longest=LONGEST)
    words = _words(result.settings.given(), also or {}, of_table=name == "inspect")
    safe = [shlex.quote(plain(word, longest=LONGEST)) for word in words]
    end = ["--"] if path.startswith("-") else []
    return " ".join([f"regchoose {name}", *safe, *end, shlex.quote(path)])


def is_in_memory(result: RunResult) -> bool:
    """Say whether the table was a DataFrame or arrays, for which there is no command."""
    return result.data.dialect.format == "memory"


def wish(result: RunResult, **settings: Any) -> str:
    """Return how somebody asks for settings: `--decide best`, or `decide='best'` in Python."""
    return setting(**settings).words(python=is_in_memory(result))


def _call(result: RunResult, also: Mapping[str, Any]) -> str:
    """Return the call that repeats a run on a table in memory."""
    data = "X, y" if result.data.target_why == AS_Y else "data"
    said = [f"{name}={value!r}" for name, value in _chosen(result.settings.given(), also).items()]
    return plain(f"regchoose.recommend({', '.join([data, *said])})", longest=LONGEST)


def _chosen(had: Mapping[str, Any], also: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that somebody chose, and those to change, the preset first.

    What the old preset had set goes with it where the preset changes.
    """
    names = sorted((field.name for field in fields(Settings)), key=lambda name: name != "preset")
    old, new = (preset_values(str(where.get("preset", "default"))) for where in (had, {**had, **also}))
    chosen = {name: value for name, value in had.items() if name in names and _differs(name, value, old)}
    wanted = {**chosen, **also}
    return {name: wanted[name] for name in names if name in wanted and _differs(name, wanted[name], new)}


def _words(had: Mapping[str, Any], also: Mapping[str, Any], *, of_table: bool) -> list[str]:
    """Return the flags of the settings that somebody chose and of those to change."""
    of_data = {field.name for field in fields(Settings) if _is_of_table(field)}
    chosen = _chosen(had, also).items()
    return [word for name, value in chosen if not of_table or name in of_data for word in _flag(name, value)]


def _differs(name: str, value: Any, preset: Mapping[str, Any]) -> bool:
    usual = preset.get(name, getattr(Settings, name, {}))
    return as_words(value) != as_words(usual)


def _is_of_table(field: Field[Any]) -> bool:
    return any(item.group == DATA for item in field.type.__metadata__ if isinstance(item, Option))  # type: ignore[union-attr]  # all are Annotated


def _flag(name: str, value: Any) -> Sequence[str]:
    flag = f"--{name.replace('_', '-')}"
    if name == "header":
        return ["--header" if value == "yes" else "--no-header"]
    if isinstance(value, bool):
        return [flag if value else f"--no-{flag[2:]}"]
    if isinstance(value, Mapping):
        return [f"{flag}={key}={value[key]}" for key in sorted(value)]
    if name in ("hidden", "alphas"):
        return [f"{flag}={','.join(map(str, value))}"]
    if isinstance(value, list | tuple):
        return [f"{flag}={item}" for item in value]
    return [f"{flag}={'tab' if value == chr(9) else value}"]


def as_words(value: Any) -> str:
    """Return the value of a setting as it is shown."""
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "–"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={value[key]}" for key in sorted(value)) or "–"
    if value is None:
        return "–"
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
