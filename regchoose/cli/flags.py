"""The options of a command, made from the fields of Settings.

All are unset by default, so that the environment, a file and the preset can speak; `--help` shows the
default that Settings has.
"""

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from regchoose.errors import flag_of
from regchoose.settings.options import Settings
from regchoose.settings.values import FIELDS, Shape, has_opposite, option_of, shape_of

Flags = Mapping[str, Any]


class Sectioned(TyperCommand):
    """A command whose help has a section a group, without loading rich (which takes a third of a second)."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write arguments and options under their headings."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            panel = vars(param).get("rich_help_panel")
            title = panel or ("Arguments" if param.param_type_name == "argument" else "Help")
            record = param.get_help_record(ctx)
            if record is not None:
                sections.setdefault(title, []).append(record)
        for title, records in sections.items():
            with formatter.section(title):
                formatter.write_dl(records)


def words(legal: str) -> Callable[[str], list[str]]:
    """Return what completes one of the words that a metavar lists."""

    def complete(incomplete: str) -> list[str]:
        return [word for word in legal.strip("[]").split("|") if word.startswith(incomplete)]

    return complete


def with_options(
    body: Callable[[str, Flags], int],
    names: Iterable[str],
    *,
    before: Mapping[str, Any] | None = None,
    own: Mapping[str, Any] | None = None,
) -> Callable[..., int]:
    """Return a command function `(data, one parameter a setting)` that calls `body(data, what was given)`.

    Parameters
    ----------
    names : iterable of str
        The settings.
    before, own : mapping of str to annotation
        Arguments before DATA, and options that are no settings; the body finds them among what was given.
    """

    def call(**values: Any) -> int:
        data = values.pop("data")
        return body(
            data, {name: _text(name, value) for name, value in values.items() if value not in (None, [])}
        )

    argument = Annotated[
        str,
        typer.Argument(
            metavar="DATA",
            help="A CSV or Parquet file, a folder of them or of images by class, or .npz with X and y.",
            show_default=False,
        ),
    ]
    parameters = [
        _parameter(name, annotation, default=inspect.Parameter.empty)
        for name, annotation in {**(before or {}), "data": argument}.items()
    ]
    parameters += [_parameter(name, annotation, default=None) for name, annotation in (own or {}).items()]
    parameters += [_parameter(name, _annotation(name), default=None) for name in names]
    call.__dict__["__signature__"] = inspect.Signature(parameters)
    return call


def flags_of(name: str) -> list[str]:
    """Return the flags of a setting, as typer takes them: a pair stands in one text."""
    if has_opposite(name):
        return [f"{flag_of(name)}/{flag_of(f'no_{name}')}"]
    return [flag_of(name), *option_of(name).flags]


def _parameter(name: str, annotation: Any, *, default: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)


def _annotation(name: str) -> Any:
    option, shape = option_of(name), shape_of(FIELDS[name].type)
    pair = has_opposite(name)
    kind: Any = str | None
    if shape.switch or pair:
        kind = bool | None
    elif shape.many and shape.text:
        kind = list[str] | None
    presented = typer.Option(
        *flags_of(name),
        help=f"{option.help}{_default(name)}",
        show_default=False,
        metavar=None if kind == bool | None else (option.metavar or "|".join(shape.words) or "TEXT"),
        rich_help_panel=option.group,
        autocompletion=None if kind == bool | None else _completion(shape),
    )
    return Annotated[kind, presented]


def _completion(shape: Shape) -> Callable[[str], list[str]]:
    def complete(incomplete: str) -> list[str]:
        return [word for word in shape.words if word.startswith(incomplete)]

    return complete


def _default(name: str) -> str:
    default = getattr(Settings, name, None)
    if default is None or default == () or default is False:
        return ""
    shown = ",".join(map(str, default)) if isinstance(default, tuple) else default
    return f"  [default: {'yes' if default is True else shown}]"


def _text(name: str, value: Any) -> Any:
    """Turn the pair --header/--no-header into the words that the setting takes."""
    if name in FIELDS and isinstance(value, bool) and not shape_of(FIELDS[name].type).switch:
        return "yes" if value else "no"
    return value
