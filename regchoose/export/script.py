"""A recommendation as a script that trains with it."""

import re
import sys
from pathlib import Path
from typing import Any, Literal

from jinja2 import Environment, PackageLoader, StrictUndefined

from regchoose.errors import PhraseLike, UsageError, setting
from regchoose.export.literals import Trusted, to_one_line, to_python
from regchoose.export.recipe import Recipe
from regchoose.records.table import MOST_LEVELS
from regchoose.records.words import arm_phrase
from regchoose.result.document import DateFormat
from regchoose.version import __version__

Library = Literal["pytorch", "keras", "sklearn"]
LIBRARIES: tuple[Library, ...] = ("pytorch", "keras", "sklearn")
CURVATURE = {"regression": 2.0, "binary": 0.25, "multiclass": 0.5}  # most of a row's loss, by its outputs

# Autoescaping is HTML's. Here every expression goes through `literal`: it is the source of a value, or text
# that a template marks as our own.
CODE = Environment(  # noqa: S701 - no HTML is made
    loader=PackageLoader("regchoose.export"),
    finalize=to_python,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
CODE.filters |= {
    "raw": Trusted,
    "imports": lambda text: Trusted(_sort_imports(text)),
    "oneline": lambda value: Trusted(to_one_line(value)[:2000]),
}


def write_script(recipe: Recipe, library: Library) -> str:
    """Return a Python script that trains with the recommended regularizer on the user's file.

    Raises
    ------
    UsageError
        E215 where the library has no such thing.
    """
    _refuse(recipe, library)
    values = _describe(recipe) | _locate_network(recipe) | {"plain_sklearn": library == "sklearn"}
    return _tidy_blank_lines(CODE.get_template(f"{library}.jinja").render(recipe=recipe, **values))


def _refuse(recipe: Recipe, library: Library) -> None:
    if library != "pytorch" and recipe.users_network:
        raise _no_such(f"the network {recipe.network!r} is made of PyTorch's layers")
    if library != "pytorch" and recipe.penalize:
        raise _no_such(setting("penalize") + " names weights by their names in PyTorch")
    if library == "sklearn" and recipe.network == "mlp" and recipe.l1:
        raise _no_such(f"scikit-learn's networks know no L1, and {arm_phrase(recipe.arm)} was recommended")
    if library == "sklearn" and recipe.network == "mlp" and not recipe.hidden:
        raise _no_such("scikit-learn's networks have hidden layers")


def _no_such(message: PhraseLike) -> UsageError:
    return UsageError("E215", message, where="--to", fix="--to pytorch")


def _describe(recipe: Recipe) -> dict[str, Any]:
    classes = bool(recipe.target.classes)
    decimal = recipe.reading.decimal
    return {
        "version": __version__,
        "name": arm_phrase(recipe.arm),
        "what": "a linear model" if recipe.length is None else "a network",
        "measure": "log loss" if classes else "mean squared error of the standardized target",
        "numeric_classes": any(isinstance(label, float) for label in recipe.target.classes),
        "labels": list(range(max(2, recipe.target.n_outputs))),
        "decimal": decimal,
        "most_levels": MOST_LEVELS,
        "other_mark": "." if decimal == "," else ",",
        "dates": {
            name: (*_describe_dates(dates), dates.parts) for name, dates in recipe.inputs.dates.items()
        },
        "quarters": any(dates.order == "quarter" for dates in recipe.inputs.dates.values()),
        "curvature": CURVATURE[recipe.target.task],
        "estimator": _choose_estimator(recipe),
        "groups": ", ".join(['"l1": L1'] * bool(recipe.l1) + ['"l2": L2'] * bool(recipe.l2)),
        "penalty": " + ".join(
            ["L1 * sum(w.abs().sum() for w in weights)"] * bool(recipe.l1)
            + ["L2 * sum(w.square().sum() for w in weights)"] * bool(recipe.l2)
        ),
    }


def _describe_dates(dates: DateFormat) -> tuple[str, dict[str, Any]]:
    """Return what stands before a date, and the arguments of `pandas.to_datetime`, by how it was read."""
    if dates.clock:
        return "1970-01-01 ", {"format": "mixed"}
    if dates.order == "ISO8601":
        return "", {"format": "ISO8601"}
    if dates.order == "quarter":
        return "", {"format": "%Y-%m"}  # as the script writes them
    if dates.order.startswith("%u "):
        return "1 ", {"format": dates.order}  # the Monday of a week
    if "%d" not in dates.order or dates.order == "%Y%m%d":
        return "", {"format": dates.order}
    return "", {"format": "mixed", "dayfirst": dates.order.startswith("%d")}


def _choose_estimator(recipe: Recipe) -> str:
    classes = bool(recipe.target.classes)
    if recipe.length is not None:
        return "MLPClassifier" if classes else "MLPRegressor"
    if classes:
        return "LogisticRegression"
    if not recipe.l1:
        return "Ridge" if recipe.l2 else "LinearRegression"
    return "ElasticNet" if recipe.l2 else "Lasso"


def _locate_network(recipe: Recipe) -> dict[str, Any]:
    """Return where the user's own network is; see `regchoose.training.networks.user_network.load`."""
    place, _, attribute = recipe.network.rpartition(":")
    return {
        "from_file": place.endswith(".py"),
        "network_place": place,
        "network_folder": str(Path(place).parent),
        "network_attributes": attribute.split("."),
    }


def _sort_imports(text: str) -> str:
    """Put import statements in the usual order: the standard library's, then the others'."""
    lines = sorted({line for line in text.splitlines() if line.strip()}, key=_import_key)
    installed = [line for line in lines if _import_key(line)[0]]
    return "\n".join([*lines[: len(lines) - len(installed)], "", *installed, ""])


def _import_key(line: str) -> tuple[bool, bool, str]:
    """Return whether the module is installed, whether it is a `from`, and the module."""
    module = line.split()[1]
    return module.partition(".")[0] not in sys.stdlib_module_names, line.startswith("from"), module


def _tidy_blank_lines(text: str) -> str:
    """Leave at most two blank lines, none before the end, and no spaces at the ends of lines."""
    lines = "\n".join(line.rstrip() for line in text.split("\n"))
    return re.sub(r"\n{4,}", "\n\n\n", lines).rstrip("\n") + "\n"
