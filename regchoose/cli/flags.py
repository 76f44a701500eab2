"""The options of the commands that read a table, made from the fields of Settings.

All are unset by default, so that the environment, a file and the preset can speak; `--help` shows the
default that Settings has.
"""

import csv
import gzip
import inspect
import os
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Annotated, Any

import typer

from regchoose.cli.help_text import ALL, HelpAll
from regchoose.errors import flag_of
from regchoose.settings.options import DATA, OUTPUT, Settings
from regchoose.settings.values import FIELDS, has_opposite, option_of, shape_of

LONGEST_HEADER = 100_000  # letters of the first line, in which completion looks for columns


def completer(words: str) -> Callable[[str], list[str]]:
    """Return a function that completes one of the words of a metavar, such as `text|json`."""

    def complete(incomplete: str) -> list[str]:
        return [word for word in filter(None, words.strip("[]").split("|")) if word.startswith(incomplete)]

    return complete


def complete_column(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the columns of the table that the command line has named which begin so."""
    # Before an option that still lacks its value, typer has not told arguments from options yet.
    words = [ctx.params.get("data"), *ctx.args]
    path = next((word for word in words if word and os.path.isfile(word)), "")
    try:
        with (gzip.open if str(path).endswith(".gz") else open)(
            str(path), "rt", encoding="utf-8-sig"
        ) as file:
            line = file.readline(LONGEST_HEADER)
    except (OSError, ValueError):
        return []
    mark = max(",;\t|", key=line.count)
    names = next(csv.reader([line], delimiter=mark), [])
    return [name.strip() for name in names if name.strip().startswith(incomplete)]


def table_command(
    name: str,
    settings: Iterable[str],
    *,
    before: Mapping[str, Any] | None = None,
    extra: Mapping[str, Any] | None = None,
) -> Callable[..., int]:
    """Return a function for typer that calls the command `name` with DATA and the flags that were given.

    The module of the command is loaded only when it runs.

    Parameters
    ----------
    name : str
        The command, the module in `regchoose.cli` and the function in it: all three have one name.
    settings : iterable of str
        Names of settings that it takes as options.
    before, extra : mapping of str to annotation
        Arguments before DATA, and options that are not settings; they are passed on among the flags.
    """

    def call(*, data: str, **values: Any) -> int:
        command = getattr(import_module(f"regchoose.cli.{name}"), name)
        given = {key: value for key, value in values.items() if key != ALL and value not in (None, [])}
        flags = {key: _to_text(key, value) for key, value in given.items()}
        status: int = command(data, flags)
        return status

    required = {**(before or {}), "data": TABLE}
    optional = {**(extra or {}), **{setting: _annotation(setting) for setting in settings}, ALL: HelpAll}
    parameters = [_parameter(*item, default=inspect.Parameter.empty) for item in required.items()]
    parameters += [_parameter(*item, default=None) for item in optional.items()]
    call.__dict__["__signature__"] = inspect.Signature(parameters)
    return call


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
    takes_value = kind != bool | None
    words = "|".join(shape.words)
    presented = typer.Option(
        *([f"{flag_of(name)}/{flag_of(f'no_{name}')}"] if pair else [flag_of(name), *option.flags]),
        help=f"{option.help}{_default(name)}",
        show_default=False,
        metavar=(option.metavar or words or "TEXT") if takes_value else None,
        rich_help_panel=option.group,
        autocompletion=complete_column
        if option.metavar == "COL"
        else completer(words)
        if takes_value
        else None,
    )
    return Annotated[kind, presented]


def _default(name: str) -> str:
    default = getattr(Settings, name, None)
    if default is None or default == () or default is False:
        return ""
    shown = ",".join(map(str, default)) if isinstance(default, tuple) else default
    return f"  [default: {'yes' if default is True else shown}]"


def _to_text(name: str, value: Any) -> Any:
    """Turn the pair --header/--no-header into the words that the setting takes."""
    if name in FIELDS and isinstance(value, bool) and not shape_of(FIELDS[name].type).switch:
        return "yes" if value else "no"
    return value


# ---- what each command takes besides, or of, the settings ------------------------------------------

READING = [name for name in FIELDS if option_of(name).group == DATA]
SHARED = ["json", "quiet", "debug", "config", "no_input"]
INSPECT = [*READING, "seed", *SHARED]
SAMPLE = [*INSPECT, "rows", "folds", "output", "force"]
FIT = [*READING, "network", "network_options", "penalize", "hidden", "l1", "l2", "epochs", "steps", "batch"]
FIT += ["lr", "seed", "device", "mlflow", "force", *SHARED]
PREDICT = ["header", "delimiter", "encoding", "skip_rows", "header_rows", "decimal", "na", "na_none"]
PREDICT += ["on_bad_rows", "device", "force", *SHARED]


def _option(kind: Any, *flags: str, text: str, panel: str = "Final fit", **further: Any) -> Any:
    return Annotated[kind, typer.Option(*flags, help=text, rich_help_panel=panel, **further)]


def _argument(metavar: str, text: str) -> Any:
    return Annotated[str, typer.Argument(metavar=metavar, help=text, show_default=False)]


def _output(metavar: str, text: str) -> Any:
    return _option(str | None, "--output", "-o", metavar=metavar, text=text, panel=OUTPUT)


TABLE = _argument(
    "DATA", "A CSV or Parquet file, a folder of them or of images by class, or .npz with X and y."
)
MODEL = _argument("MODEL", "A folder written by fit.")
REGULARIZERS = "none|l1|l2|elastic_net"
FIT_EXTRA: dict[str, Any] = {
    "source": _option(
        str | None,
        "--from",
        metavar="RESULT",
        text="A saved result; the model is trained with its recommendation.",
    ),
    "regularizer": _option(
        str | None,
        metavar=REGULARIZERS,
        text="The regularizer, if there is no result; --l1 and --l2 give its strength.",
        autocompletion=completer(REGULARIZERS),
    ),
    "trial": _option(
        bool | None,
        "--trial/--no-trial",
        text="First compare a third and three times the strength on held-out rows; default with --from.",
        show_default=False,
    ),
    "onnx": _option(
        bool | None,
        "--onnx",
        text="Also write the model as ONNX (needs regchoose[onnx]).",
        show_default=False,
    ),
    "output": _output("FOLDER", "The folder of the model; an interrupted fit leaves its progress here."),
}
PREDICT_EXTRA: dict[str, Any] = {
    "network": _option(
        str | None,
        metavar="NETWORK",
        text="The file of your own network, if it has moved since the fit.",
    ),
    "output": _output("FILE", "The file for the predictions: .csv or .parquet."),
}
