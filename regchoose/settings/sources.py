"""Where settings come from: flags, then the environment, then a file, then the preset.

Values are checked by pydantic against what `regchoose.settings.options` says.
"""

import re
import tomllib
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
from regchoose.settings.values import FIELDS, Shape, shape_of, wanted

PREFIX = "REGCHOOSE_"
IN_FOLDER = "regchoose.toml"  # read where no --config is given
DEVICE = re.compile(r"auto|cpu|cuda(:\d+)?")
NETWORK = re.compile(r"mlp|linear|cnn|.+:[^\W\d]\w*(\.[^\W\d]\w*)*")


@dataclass(frozen=True)
class Given:
    """A value as it came, and how that place writes a setting.

    Parameters
    ----------
    value : object
        Text, or what TOML made of it.
    where : str or Phrase
        The flag, the variable, or file and line.
    form : callable
        Writes a setting, by name and value, as that place does.
    """

    value: object
    where: PhraseLike
    form: Callable[[str, object], PhraseLike]


Layer = dict[str, Given]


def layered(
    flags: Mapping[str, object],
    *,
    environ: Mapping[str, str],
    config: tuple[str, str] | None,
    preset_text: Callable[[str], str],
    recorded: tuple[str, Mapping[str, object]] | None = None,
) -> tuple[Settings, frozenset[str]]:
    """Put the settings of a run together; the first place that has one wins.

    Parameters
    ----------
    flags : mapping of str to object
        Setting → text, list of texts or bool: what the command line gave.
    environ : mapping of str to str
        The environment; its `REGCHOOSE_*` count.
    config : (str, str) or None
        Name and TOML text of the configuration file.
    preset_text : callable
        Name of a preset → its TOML text.
    recorded : (str, mapping), optional
        Name and settings of a saved result: they stand in the place of the preset, and above defaults.

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
    layers = (
        _from_file(*config) if config else {},
        _from_environment(environ),
        {name: Given(value, setting(name), _as_flag) for name, value in flags.items()},
    )
    values = {name: _checked(name, given) for layer in layers for name, given in layer.items()}
    preset = values.get("preset", Settings.preset)
    below = _from_record(*recorded) if recorded else _from_file(f"preset {preset}", preset_text(preset))
    start = {name: _checked(name, given) for name, given in below.items()}
    return Settings(**(start | values)), frozenset(values)


def config_text(
    flags: Mapping[str, object], *, environ: Mapping[str, str], folder: Path
) -> tuple[str, str] | None:
    """Return name and text of the configuration file: the one asked for, else `regchoose.toml` if there.

    Raises
    ------
    UsageError
        E201 where the file asked for is missing, E203 where it cannot be read as text.
    """
    asked = flags.get("config") or environ.get(f"{PREFIX}CONFIG")
    name = str(asked or IN_FOLDER)
    try:
        return name, (folder / name).read_text(encoding="utf-8")
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


def preset_text(name: str) -> str:
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


# ---- the places ------------------------------------------------------------------------------------


def _from_environment(environ: Mapping[str, str]) -> Layer:
    layer: Layer = {}
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
        layer[name] = Given(_split(text) if split else text, variable, _as_variable)
    return layer


def _from_file(name: str, text: str) -> Layer:
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _not_toml(name, error) from error
    layer: Layer = {}
    for key, value in table.items():
        where = _place(name, text, key=key)
        field = key.replace("-", "_")
        if field not in FIELDS or field == "config":
            near = _nearest(field, FIELDS)
            fix = f"{near} = … in place of {key}" if near else f"take {key} out; --help lists the settings"
            raise UsageError("E202", f"no setting {key!r}", where=where, fix=fix)
        layer[field] = Given(value, where, _as_toml)
    return layer


def _from_record(name: str, settings: Mapping[str, object]) -> Layer:
    """Take what a result was made with; what this version does not know is passed over."""
    return {
        key: Given(value, name, _as_flag)
        for key, value in settings.items()
        if key in FIELDS and value is not None
    }


def _not_toml(name: str, error: tomllib.TOMLDecodeError) -> UsageError:
    reason, _, place = str(error).partition(" (at ")
    at = re.match(r"line (\d+), column (\d+)", place)
    where = f"{name}:{at[1]}:{at[2]}" if at else name
    fix = "repair the file: one setting a line, such as epochs = 40; texts in quotes"
    return UsageError("E203", f"not TOML: {reason}", where=where, fix=fix)


def _place(name: str, text: str, *, key: str) -> str:
    """Find the line of a key; tomllib does not tell."""
    start = re.compile(rf"\s*[\[\"']*{re.escape(key)}\b")
    lines = (number for number, line in enumerate(text.splitlines(), start=1) if start.match(line))
    return f"{name}:{next(lines, 1)}"


# ---- the check -------------------------------------------------------------------------------------


def _checked(name: str, given: Given) -> Any:
    shape = shape_of(FIELDS[name].type)
    try:
        value = TypeAdapter(_type_of(shape), config=ConfigDict(allow_inf_nan=False)).validate_python(
            _readable(given.value, shape)
        )
        _sensible(name, value)
    except (ValidationError, ValueError) as error:
        reason = "" if isinstance(error, ValidationError) else str(error)
        raise _bad_value(name, given, wish=reason or wanted(shape)) from error
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


def _readable(value: object, shape: Shape) -> object:
    if shape.table and isinstance(value, str | list):
        return dict(map(_pair, [value] if isinstance(value, str) else value))
    if shape.many and isinstance(value, str):
        return _split(value) if shape.number else [value]
    if isinstance(value, bool) and not shape.switch:
        # TOML's true and false are welcome as yes and no, but not as 1 and 0.
        return ("yes" if value else "no") if "yes" in shape.words else str(value).lower()
    return value


def _pair(text: str) -> tuple[str, Any]:
    """Read `width=16`: what TOML does not take for a value is a text."""
    name, equals, value = text.partition("=")
    if not name.strip() or not equals:
        raise ValueError("names with values, such as width=16")
    try:
        return name.strip(), tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return name.strip(), value.strip()


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _sensible(name: str, value: Any) -> None:
    if name == "budget":
        parse_duration(value)
    if name == "device" and not DEVICE.fullmatch(value):
        raise ValueError("auto, cpu, cuda or cuda:N")
    if name == "network" and not NETWORK.fullmatch(value):
        raise ValueError("mlp, linear, cnn, file.py:Name or module:Name")
    if name in ("hidden", "alphas") and not value:
        raise ValueError("at least one number")


def _bad_value(name: str, given: Given, *, wish: str) -> UsageError:
    got = ",".join(map(str, given.value)) if isinstance(given.value, list | tuple) else str(given.value)
    message = Phrase(name.replace("_", "-"), name) + f" got {got!r}, wanted {wish}"
    return UsageError("E202", message, where=given.where, fix=given.form(name, _example(name, got)))


def _example(name: str, got: str) -> object:
    """Return a legal value: the word that may be meant, else the default; None where there is neither."""
    shape = shape_of(FIELDS[name].type)
    if shape.table:
        return {"width": 16}
    default = FIELDS[name].default
    return _nearest(got, shape.words) or (None if default == () else default)


def _as_flag(name: str, value: object) -> Phrase:
    return setting(name) + " …" if value is None else setting(**{name: value})


def _as_variable(name: str, value: object) -> str:
    return f"{PREFIX}{name.upper()}={_written(value) or '…'}"


def _as_toml(name: str, value: object) -> str:
    if isinstance(value, Mapping):
        return f"{name} = {{ {', '.join(f'{key} = {item}' for key, item in value.items())} }}"
    number = shape_of(FIELDS[name].type).number
    return f"{name} = {_written(value) or '…'}" if number else f'{name} = "{_written(value)}"'


def _written(value: object) -> str:
    if isinstance(value, Mapping):
        return ",".join(f"{key}={item}" for key, item in value.items())
    if value is None:
        return ""
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _nearest(word: str, legal: Mapping[str, object] | Sequence[str]) -> str:
    return next(iter(get_close_matches(word, list(legal), n=1, cutoff=0.5)), "")
