"""Where settings come from: flags, then the environment, then a file, then the preset.

Each source gives `Sourced` values, which pydantic checks against the types in `regchoose.settings.options`.
"""

import re
import tomllib
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, JsonValue, TypeAdapter, ValidationError

from regchoose.errors import Phrase, PhraseLike, UsageError, setting
from regchoose.settings.options import Settings, parse_duration
from regchoose.settings.presets import presets
from regchoose.settings.values import FIELDS, Shape, describe_shape, shape_of

PREFIX = "REGCHOOSE_"
CONFIG_FILE = "regchoose.toml"  # read where no --config is given
DEVICE = re.compile(r"auto|cpu|cuda(:\d+)?")
NETWORK = re.compile(r"mlp|linear|cnn|.+:[^\W\d]\w*(\.[^\W\d]\w*)*")


@dataclass(frozen=True)
class Sourced:
    """A value that is not checked yet, and its source.

    Parameters
    ----------
    value : object
        Text, or what TOML made of it.
    where : str or Phrase
        The flag, the variable, or file and line.
    write : callable
        Writes a name and a value as they are written in that source; for the remedy of an error.
    """

    value: object
    where: PhraseLike
    write: Callable[[str, object], PhraseLike]


def resolve_settings(
    flags: Mapping[str, object],
    *,
    environ: Mapping[str, str],
    config: tuple[str, str] | None,
    preset_text: Callable[[str], str] | None = None,
    recorded: tuple[str, Mapping[str, object]] | None = None,
) -> tuple[Settings, frozenset[str]]:
    """Return the settings of a run; each comes from the first source that has it.

    Parameters
    ----------
    flags : mapping of str to object
        Setting → text, list of texts or bool: what the command line gave.
    environ : mapping of str to str
        The environment; its `REGCHOOSE_*` count.
    config : (str, str) or None
        Name and TOML text of the configuration file.
    preset_text : callable, optional
        Name of a preset → its TOML text; by default `read_preset`.
    recorded : (str, mapping), optional
        Name and settings of a saved result: they replace the preset.

    Returns
    -------
    settings : Settings
    given : frozenset of str
        Settings that do not come from the preset or a default.

    Raises
    ------
    UsageError
        E202 for an unknown setting or a bad value, E203 for bad TOML.
    """
    sources = (  # the last one wins
        _from_file(*config) if config else {},
        _from_environment(environ),
        {name: Sourced(value, setting(name), _as_flag) for name, value in flags.items()},
    )
    given = {name: _check(name, sourced) for source in sources for name, sourced in source.items()}
    if recorded:
        start = _from_record(*recorded)
    else:
        preset = given.get("preset", Settings.preset)
        start = _from_file(f"preset {preset}", (preset_text or read_preset)(preset))
    values = {name: _check(name, sourced) for name, sourced in start.items()} | given
    return Settings(**values), frozenset(given)


def read_config(
    flags: Mapping[str, object], *, environ: Mapping[str, str], folder: Path
) -> tuple[str, str] | None:
    """Return name and text of the configuration file: the one asked for, else `regchoose.toml` if there.

    Raises
    ------
    UsageError
        E201 where the file asked for is missing, E203 where it cannot be read as text.
    """
    asked = flags.get("config") or environ.get(f"{PREFIX}CONFIG")
    name = str(asked or CONFIG_FILE)
    try:
        content = (folder / name).read_bytes()
        is_utf16 = content[:2] in (BOM_UTF16_LE, BOM_UTF16_BE)  # as PowerShell writes it
        return name, content.decode("utf-16" if is_utf16 else "utf-8-sig")
    except FileNotFoundError:
        if not asked:
            return None
        near = _nearest(Path(name).name, [path.name for path in folder.glob("*.toml")])
        other = "name a TOML file that exists, or leave " + setting("config") + " out"
        fix = setting(config=near) if near else other
        raise UsageError("E201", f"no configuration file {name}", where=setting("config"), fix=fix) from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            "E203",
            f"{name} cannot be read: {error}",
            where=name,
            fix=setting("config") + " with a readable UTF-8 file",
        ) from error


def read_preset(name: str) -> str:
    """Return the TOML text of a preset.

    Raises
    ------
    UsageError
        E202 if there is no such preset.
    """
    files = presets()
    if name not in files:
        message = f"no preset {name!r}, there are: {', '.join(files)}"
        fix = setting(preset=_nearest(name, files) or "default")
        raise UsageError("E202", message, where=setting("preset"), fix=fix)
    return files[name].read_text(encoding="utf-8")


# ---- the sources -----------------------------------------------------------------------------------


def _from_environment(environ: Mapping[str, str]) -> dict[str, Sourced]:
    values: dict[str, Sourced] = {}
    for variable, text in sorted(environ.items()):
        if not variable.startswith(PREFIX) or not text:
            continue
        name = variable.removeprefix(PREFIX).lower()
        if name not in FIELDS:
            legal = [PREFIX + known.upper() for known in FIELDS]
            near = _nearest(variable, legal)
            fix = f"{near}=…, or unset {variable}" if near else f"unset {variable}"
            raise UsageError("E202", f"no setting {variable}", where="the environment", fix=fix)
        split = shape_of(FIELDS[name].type).many
        values[name] = Sourced(_split(text) if split else text, variable, _as_variable)
    return values


def _from_file(name: str, text: str) -> dict[str, Sourced]:
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _not_toml(name, error) from error
    values: dict[str, Sourced] = {}
    for key, value in table.items():
        where = _line_of(name, text, key=key)
        field = key.replace("-", "_")
        if field not in FIELDS or field == "config":
            near = _nearest(field, FIELDS)
            fix = f"{near} = … in place of {key}" if near else f"take {key} out; --help lists the settings"
            raise UsageError("E202", f"no setting {key!r}", where=where, fix=fix)
        values[field] = Sourced(value, where, _as_toml)
    return values


def _from_record(name: str, settings: Mapping[str, object]) -> dict[str, Sourced]:
    """Take the settings that a result was made with, without those that this version does not know."""
    return {
        key: Sourced(value, name, _as_flag)
        for key, value in settings.items()
        if key in FIELDS and value is not None
    }


def _not_toml(name: str, error: tomllib.TOMLDecodeError) -> UsageError:
    reason, _, place = str(error).partition(" (at ")
    at = re.match(r"line (\d+), column (\d+)", place)
    where = f"{name}:{at[1]}:{at[2]}" if at else name
    fix = "repair the file: one setting a line, such as epochs = 40; texts in quotes"
    return UsageError("E203", f"not TOML: {reason}", where=where, fix=fix)


def _line_of(name: str, text: str, *, key: str) -> str:
    """Return the file and line of a key, which tomllib does not tell."""
    start = re.compile(rf"\s*[\[\"']*{re.escape(key)}\b")
    lines = (number for number, line in enumerate(text.splitlines(), start=1) if start.match(line))
    return f"{name}:{next(lines, 1)}"


# ---- the check -------------------------------------------------------------------------------------


def _check(name: str, sourced: Sourced) -> Any:
    shape = shape_of(FIELDS[name].type)
    try:
        value = TypeAdapter(_type_of(shape), config=ConfigDict(allow_inf_nan=False)).validate_python(
            _prepare(sourced.value, shape)
        )
        _check_syntax(name, value)
    except (ValidationError, ValueError) as error:
        reason = "" if isinstance(error, ValidationError) else str(error)
        raise _bad_value(name, sourced, wish=reason or describe_shape(shape)) from error
    return value


def _type_of(shape: Shape) -> Any:
    """Build the type that pydantic checks. A limit stands at the number, not at `auto` beside it."""
    if shape.table:
        return dict[str, JsonValue]  # the result shows it
    kinds: list[Any] = []
    if shape.words:
        kinds.append(Literal[shape.words])
    if shape.number:
        kinds.append(Annotated[(shape.number, *shape.limits)] if shape.limits else shape.number)
    kinds += [bool] * shape.switch + [str] * shape.text
    one: Any = reduce(or_, kinds)
    return tuple[(one, ...)] if shape.many else one


def _prepare(value: object, shape: Shape) -> object:
    if shape.table and isinstance(value, str | list):
        return dict(map(_read_pair, [value] if isinstance(value, str) else value))
    if shape.many and isinstance(value, str):
        return _split(value) if shape.number else [value]
    if isinstance(value, bool) and not shape.switch:
        # TOML's true and false are welcome as yes and no, but not as 1 and 0.
        return ("yes" if value else "no") if "yes" in shape.words else str(value).lower()
    return value


def _read_pair(text: str) -> tuple[str, Any]:
    """Read `width=16`; a value that is not TOML is a text."""
    name, equals, value = text.partition("=")
    if not name.strip() or not equals:
        raise ValueError("names with values, such as width=16")
    try:
        return name.strip(), tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return name.strip(), value.strip()


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _check_syntax(name: str, value: Any) -> None:
    if name == "budget":
        parse_duration(value)
    if name == "device" and not DEVICE.fullmatch(value):
        raise ValueError("auto, cpu, cuda or cuda:N")
    if name == "network" and not NETWORK.fullmatch(value):
        raise ValueError("mlp, linear, cnn, file.py:Name or module:Name")
    if name in ("hidden", "alphas") and not value:
        raise ValueError("at least one number")


def _bad_value(name: str, sourced: Sourced, *, wish: str) -> UsageError:
    got = ",".join(map(str, sourced.value)) if isinstance(sourced.value, list | tuple) else str(sourced.value)
    message = Phrase(name.replace("_", "-"), name) + f" got {got!r}, wanted {wish}"
    return UsageError("E202", message, where=sourced.where, fix=sourced.write(name, _example(name, got)))


def _example(name: str, got: str) -> object:
    """Return a legal value: the word that may be meant, else the default; None if there is neither."""
    shape = shape_of(FIELDS[name].type)
    if shape.table:
        return {"width": 16}
    if name == "budget" and (time := re.match(r"\s*(\d*[1-9]\d*)\s*([smh]?)", got, re.IGNORECASE)):
        return f"{time[1]}{time[2].lower()}"
    default = FIELDS[name].default
    return _nearest(got, shape.words) or (None if default == () else default)


def _as_flag(name: str, value: object) -> Phrase:
    return setting(name) + " …" if value is None else setting(**{name: value})


def _as_variable(name: str, value: object) -> str:
    return f"{PREFIX}{name.upper()}={_to_text(value) or '…'}"


def _as_toml(name: str, value: object) -> str:
    if isinstance(value, Mapping):
        return f"{name} = {{ {', '.join(f'{key} = {item}' for key, item in value.items())} }}"
    number = shape_of(FIELDS[name].type).number
    return f"{name} = {_to_text(value) or '…'}" if number else f'{name} = "{_to_text(value)}"'


def _to_text(value: object) -> str:
    if isinstance(value, Mapping):
        return ",".join(f"{key}={item}" for key, item in value.items())
    if value is None:
        return ""
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _nearest(word: str, legal: Mapping[str, object] | Sequence[str]) -> str:
    return next(iter(get_close_matches(word, list(legal), n=1, cutoff=0.5)), "")
