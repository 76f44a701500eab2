"""The command that repeats a run."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import Field, fields
from typing import Any

from regchoose.presets import preset_values
from regchoose.records import Result
from regchoose.report.safe_text import plain
from regchoose.settings import DATA, Option, Settings

LONGEST = 1000


def command(result: Result, *, name: str = "recommend", also: Mapping[str, Any] | None = None) -> str:
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
    path = plain(result.data["path"], longest=LONGEST)
    words = _words(result.settings, also or {}, of_table=name == "inspect")
    safe = [shlex.quote(plain(word, longest=LONGEST)) for word in words]
    end = ["--"] if path.startswith("-") else []
    return " ".join([f"regchoose {name}", *safe, *end, shlex.quote(path)])


def _words(had: Mapping[str, Any], also: Mapping[str, Any], *, of_table: bool) -> list[str]:
    """Return the flags of the settings that somebody chose, the preset's first, and of those to change.

    What the old preset had set goes with it where the preset changes.
    """
    fields_of = {field.name: field for field in sorted(fields(Settings), key=lambda f: f.name != "preset")}
    old, new = (preset_values(str(where.get("preset", "default"))) for where in (had, {**had, **also}))
    chosen = {name: value for name, value in had.items() if name in fields_of and _differs(name, value, old)}
    words: list[str] = []
    for name, field in fields_of.items():
        wanted = {**chosen, **also}
        if name in wanted and _differs(name, wanted[name], new) and (not of_table or _is_of_table(field)):
            words += _flag(name, wanted[name])
    return words


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
