"""Settings as a command for a shell, or as a call from Python: what repeats a run, or changes it."""

import shlex
from collections.abc import Mapping
from typing import Any

from regchoose.errors import flag_of, setting
from regchoose.records.table import AS_Y
from regchoose.report.safe_text import plain
from regchoose.result.document import RunResult
from regchoose.settings.options import DATA, Settings
from regchoose.settings.presets import preset_values
from regchoose.settings.values import FIELDS, has_opposite, option_of

MAX_LENGTH = 1000  # of a name or a value


def write_command(
    result: RunResult,
    *,
    name: str = "recommend",
    also: Mapping[str, Any] | None = None,
    output: str | None = None,
) -> str:
    """Return the command that repeats a run, with every setting that differs from its preset.

    Words are quoted for a shell. Control characters are left out, and such a command must be mended by hand.

    Parameters
    ----------
    name : str
        Of the command; `inspect` takes only the settings of the table, and whether it may ask.
    also : mapping, optional
        Settings to change.
    output : str, optional
        The file that it is to write.
    """
    chosen = _pick_chosen(result.settings.given(), also or {})
    if is_in_memory(result):
        keywords = [f"{name}={value!r}" for name, value in chosen.items()]
        data = "X, y" if result.data.target_why == AS_Y else "data"
        return plain(f"regchoose.recommend({', '.join([data, *keywords])})", longest=MAX_LENGTH)
    if name == "inspect":
        chosen = {
            key: value for key, value in chosen.items() if option_of(key).group == DATA or key == "no_input"
        }
    words = [plain("=".join(flag), longest=MAX_LENGTH) for flag in _flags(chosen)]
    path = plain(result.data.path, longest=MAX_LENGTH)
    written = [] if output is None else ["-o", output]
    # After `--`, a file whose name begins with a dash is no option.
    ending = [*written, "--", path] if path.startswith("-") else [path, *written]
    return shlex.join(["regchoose", name, *words, *ending])


def write_repetition(result: RunResult) -> str:
    """Return the command that comes to the same answer and asks nothing: answers are among its flags."""
    return write_command(result, also={} if is_in_memory(result) else {"no_input": True})


def write_command_line(
    data: str, flags: Mapping[str, Any], *, answers: Mapping[str, str], command: str = "recommend"
) -> str:
    """Return the command that repeats a run on a file; quoted for a shell.

    The answers given at prompts, by setting, are flags beside those that the command line gave.
    """
    words = [word for flag in _flags({**flags, **answers}) for word in flag]
    words = [*words, "--", data] if data.startswith("-") else [data, *words]
    return shlex.join(["regchoose", command, *words])


def write_request(result: RunResult, **settings: Any) -> str:
    """Return how to ask for settings: `--decide best`, or `decide='best'` in Python."""
    return setting(**settings).words(python=is_in_memory(result))


def request_experiment(result: RunResult) -> dict[str, Any]:
    """Return the settings by which a run that trained nothing would have made an experiment."""
    named = {"subsample_possible": "subsample", "resources": "resources", "validation": "resources"}
    refused = {named[step.key]: "yes" for step in result.path if step.key in named and step.answer == "no"}
    # The other chart may end before it asks for resources.
    return refused or {"chart": "which-regularizer", "subsample": "yes", "resources": "yes"}


def is_in_memory(result: RunResult) -> bool:
    """Say whether the table was a DataFrame or arrays, for which there is no command."""
    return result.data.dialect.format == "memory"


def write_value(value: Any) -> str:
    """Return the value of a setting as it is shown."""
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "–"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={value[key]}" for key in sorted(value)) or "–"
    if value is None:
        return "–"
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _flags(settings: Mapping[str, Any]) -> list[list[str]]:
    """Return settings as flags, each with its value if it has one."""
    return [flag for name, value in settings.items() for flag in _flags_of(name, value)]


def _flags_of(name: str, value: Any) -> list[list[str]]:
    flag = flag_of(name)
    if isinstance(value, bool) or has_opposite(name):
        return [[flag if value in (True, "yes") else flag_of(f"no_{name}")]]
    if isinstance(value, Mapping):
        return [[flag, f"{key}={value[key]}"] for key in sorted(value)]
    if name in ("hidden", "alphas") and isinstance(value, list | tuple):
        return [[flag, ",".join(map(str, value))]]
    if isinstance(value, list | tuple):
        return [[flag, str(item)] for item in value]
    return [[flag, "tab" if value == "\t" else str(value)]]  # a tab does not survive being copied


def _pick_chosen(had: Mapping[str, Any], also: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that somebody chose, and those to change, the preset first.

    If the preset changes, what the old one had set goes with it.
    """
    names = sorted(FIELDS, key=lambda name: name != "preset")
    old, new = (preset_values(str(settings.get("preset", "default"))) for settings in (had, {**had, **also}))
    chosen = {name: value for name, value in had.items() if name in FIELDS and _differs(name, value, old)}
    wanted = {**chosen, **also}
    return {name: wanted[name] for name in names if name in wanted and _differs(name, wanted[name], new)}


def _differs(name: str, value: Any, preset: Mapping[str, Any]) -> bool:
    return write_value(value) != write_value(preset.get(name, getattr(Settings, name, {})))
