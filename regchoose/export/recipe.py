"""What a script needs of a result, checked: nothing of a document gets into code unlooked at."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from regchoose.errors import UsageError, shell_command
from regchoose.records.answers import Result
from regchoose.records.words import ARM_NAMES, ARMS, Arm, Task

# Texts that mean missing; `regchoose.table.cell_values` reads by the same list, and a test compares them.
# fmt: off
MISSING = (
    "", "#div/0!", "#n/a", "#na", "#null!", "#num!", "#ref!", "#value!", "(null)", "-", "--", "---", "-nan",
    ".", "..", "<na>", "?", "\\n", "missing", "n.a.", "n/a", "na", "nan", "nil", "none", "null",
)
# fmt: on
TASKS: tuple[Task, ...] = ("regression", "binary", "multiclass")
PART = re.compile(r"(year|month|day|weekday|hour|elapsed) of (.*?)(?: in days since the first)?", re.DOTALL)
READ_AS = re.compile(r".* read as (.*?): gives .*", re.DOTALL)
TABLES = (".csv", ".tsv", ".txt", ".data", ".gz", ".zst", ".parquet")
Columns = Sequence[Mapping[str, Any]]
Dates = Mapping[str, tuple[str, Mapping[str, str]]]
REMEDY = "regchoose recommend DATA -o result.json"


@dataclass(frozen=True)
class Reading:
    """How the file becomes a table of text.

    Parameters
    ----------
    path : str or None
        None where the table came from standard input.
    many : bool
        Whether the path may name a folder, or be a pattern.
    options : mapping
        Arguments of `pandas.read_csv`; empty for Parquet.
    further_headers : int
        Rows below the first that name columns too.
    skip_short : bool
        Whether rows with too few fields are left out.
    names : tuple of str
        The columns of the file.
    missing : tuple of str
        Texts that mean missing, where any cell is: those compared without case, then those of `--na`.
    """

    path: str | None
    many: bool
    parquet: bool
    decimal: str
    options: Mapping[str, Any]
    further_headers: int
    skip_short: bool
    names: tuple[str, ...]
    missing: tuple[tuple[str, ...], tuple[str, ...]] | None


@dataclass(frozen=True)
class Inputs:
    """Which columns are learned from.

    Parameters
    ----------
    dates : mapping of str to (str, mapping of str to str)
        Column → how it is read, and the numbers that are made of it: name → year, month, …
    numbers, flagged, categories, booleans : tuple of str
        Numeric; numeric with missing cells; text; those of the text whose case does not matter.
    left_out : mapping of str to str
        Column → why, in a word.
    """

    dates: Dates
    numbers: tuple[str, ...]
    flagged: tuple[str, ...]
    categories: tuple[str, ...]
    booleans: tuple[str, ...]
    left_out: Mapping[str, str]


@dataclass(frozen=True)
class Target:
    """What is predicted.

    Parameters
    ----------
    classes : mapping
        Text or number of a class → its code; empty for a regression.
    rest : int or None
        The code of every class that is not listed, where rare ones were merged.
    """

    name: str
    task: Task
    classes: Mapping[str | float, int]
    rest: int | None
    boolean: bool
    drop_missing: bool

    @property
    def n_outputs(self) -> int:
        """Numbers that a network puts out."""
        return 1 if self.task != "multiclass" else len(self.classes) + (self.rest is not None)


@dataclass(frozen=True)
class Length:
    """How a network is trained: Adam, its first rate, rows a step, epochs of the schedule and at its stop."""

    lr: float
    batch: int
    schedule_epochs: int
    stop_epoch: int


@dataclass(frozen=True)
class Recipe:
    """A result, ready to be written as code. Strengths are of the mean loss, for all `rows`.

    Parameters
    ----------
    network : str
        mlp, linear, or the user's own.
    length : Length or None
        None for a linear model, which is brought to its optimum.
    loss : float
        What the experiment found for it, on rows not seen.
    """

    arm: Arm
    l1: float
    l2: float
    rows: int
    loss: float
    reading: Reading
    inputs: Inputs
    target: Target
    network: str
    options: Mapping[str, Any]
    penalize: tuple[str, ...]
    hidden: tuple[int, ...]
    length: Length | None
    seed: int


def recipe_of(result: Result, *, where: str) -> Recipe:
    """Take from a result what a script needs.

    Parameters
    ----------
    where : str
        The file that it came from, for errors.

    Raises
    ------
    UsageError
        E215 if it has no strength, because nothing was trained, or the table was no file; E214 if it is not
        as `recommend` writes it.
    """
    if result.recommendation.get("certainty") == "prior":
        raise UsageError(
            "E215",
            "the result rests on prior knowledge alone: it names no strength, so there is nothing to export",
            where=where,
            fix=shell_command("recommend DATA", resources="yes")
            + " -o result.json, which trains and finds one",
        )
    if result.data.get("image") is not None:
        raise UsageError(
            "E215",
            "the result is of images, and the scripts read tables",
            where=where,
            fix="regchoose fit IMAGES --from RESULT -o model   or   regchoose explain lightning",
        )
    if (result.data.get("dialect") or {}).get("format") == "memory":
        raise UsageError(
            "E215",
            "the table was in memory, and exported code reads a file",
            where=where,
            fix="write the table to a file DATA, then regchoose recommend DATA -o result.json",
        )
    try:
        return _recipe(result)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, IndexError) as error:
        message = f"the file is not a result of regchoose: its {type(error).__name__} at {error}"
        raise UsageError("E214", message, where=where, fix=REMEDY) from error


def _recipe(result: Result) -> Recipe:
    chosen, settings, data = result.recommendation, result.settings, result.data
    arm, network = _one_of(ARMS, chosen["regularizer"]), str(settings["network"])
    columns = [_column(column) for column in data["columns"]]
    dates = _dates(columns)
    made = {name for _, parts in dates.values() for name in parts}
    inputs = _inputs(columns, dates)
    return Recipe(
        arm,
        _number(chosen["l1"]),
        _number(chosen["l2"]),
        int(data["rows"]),
        _number(result.arms[arm]["loss"]),
        _reading(data, settings, [c for c in columns if c["name"] not in made]),
        inputs,
        _target(data, settings, columns),
        network,
        {str(name): _plain(value) for name, value in settings["network_options"].items()},
        tuple(map(str, settings["penalize"])),
        tuple(map(int, settings["hidden"])),
        None if network == "linear" else _length(chosen["training"]),
        int(settings["seed"]),
    )


def _inputs(columns: Columns, dates: Dates) -> Inputs:
    def named(wanted: Callable[[Mapping[str, Any]], bool]) -> tuple[str, ...]:
        return tuple(column["name"] for column in columns if wanted(column))

    left_out = {
        column["name"]: column["role"]
        for column in columns
        if column["role"] not in ("numeric", "category", "target") and column["name"] not in dates
    }
    inputs = Inputs(
        dates,
        named(lambda c: c["role"] == "numeric"),
        named(lambda c: c["role"] == "numeric" and int(c["missing"]) > 0),
        named(lambda c: c["role"] == "category"),
        named(lambda c: c["role"] == "category" and c["type"] == "boolean"),
        left_out,
    )
    if not inputs.numbers and not inputs.categories:
        raise ValueError("data.columns")
    return inputs


def _dates(columns: Columns) -> Dates:
    """Return the columns of dates that numbers are made of, from the reasons of their parts."""
    found: dict[str, tuple[str, Mapping[str, str]]] = {}
    for date in columns:
        order = READ_AS.fullmatch(date["why"])
        if date["role"] not in ("date", "time") or order is None:
            continue
        parts = {}
        for column in columns:
            part = PART.fullmatch(column["why"])
            if column["role"] == "numeric" and part and part[2] == repr(date["name"]):
                parts[column["name"]] = part[1]
        if parts:
            found[date["name"]] = (order[1], parts)
    return found


def _reading(data: Mapping[str, Any], settings: Mapping[str, Any], columns: Columns) -> Reading:
    dialect, path = data["dialect"], str(data["path"])
    parquet = dialect["format"] == "parquet"
    gaps = any(int(column["missing"]) for column in columns) or bool(settings["drop_missing_target"])
    return Reading(
        None if path == "-" else path,
        any(sign in path for sign in "*?[") or not path.casefold().endswith(TABLES),
        parquet,
        _one_of((".", ","), dialect["decimal"]),
        {} if parquet else _csv_options(dialect, settings),
        int(settings["header_rows"]) - 1,
        settings["on_bad_rows"] == "skip",
        tuple(column["name"] for column in columns),
        (MISSING, tuple(map(str, settings["na"]))) if gaps else None,
    )


def _csv_options(dialect: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `pandas.read_csv` is told so that it splits the file as it was split."""
    delimiter, quote = str(dialect["delimiter"]), dialect["quote"]
    aligned = delimiter == " " and quote is None  # runs of spaces separate
    options: dict[str, Any] = {"sep": r"\s+" if aligned else delimiter, "encoding": str(dialect["encoding"])}
    if not dialect["header"]:
        options["header"] = None
    if settings["skip_rows"]:
        options["skiprows"] = int(settings["skip_rows"])
    if quote is None:
        options["quoting"] = 3  # csv.QUOTE_NONE
    elif quote != '"':
        options["quotechar"] = str(quote)
    if quote is not None and "backslash before a quote" in str(dialect["found"]):
        options |= {"doublequote": False, "escapechar": "\\"}
    if dialect["compression"] is not None:
        options["compression"] = str(dialect["compression"])
    if settings["on_bad_rows"] == "skip":
        options["on_bad_lines"] = "skip"
    return options


def _target(data: Mapping[str, Any], settings: Mapping[str, Any], columns: Columns) -> Target:
    (column,) = (column for column in columns if column["role"] == "target")
    labels, task = [str(label) for label in data["classes"]], _one_of(TASKS, data["task"])
    if task != "regression" and len(labels) < 2:
        raise ValueError("data.classes")
    merged = f"are one class, {labels[-1]!r}, by --min-class" if labels else "no class"
    rest = len(labels) - 1 if any(merged in str(warning) for warning in data["warnings"]) else None
    boolean = column["type"] == "boolean"
    classes: dict[str | float, int] = {}
    for code, label in enumerate(labels):
        if code != rest:
            numeric = column["type"] in ("integer", "number")
            classes[float(label) if numeric else label.casefold() if boolean else label] = code
    return Target(column["name"], task, classes, rest, boolean, bool(settings["drop_missing_target"]))


def _length(training: Mapping[str, Any]) -> Length:
    numbers = (int(training[name]) for name in ("batch", "schedule_epochs", "stop_epoch"))
    return Length(_number(training["lr"]), *numbers)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not math.isfinite(number := float(value)) or number < 0:
        raise ValueError(f"{value!r}, wanted a number from 0")
    return number


def _column(found: Mapping[str, Any]) -> Mapping[str, Any]:
    texts = {name: str(found[name]) for name in ("name", "role", "type", "why")}
    return texts | {"missing": int(found["missing"])}


def _plain(value: Any) -> Any:
    if not isinstance(value, str | int | float | bool | None):
        return [_plain(item) for item in value] if isinstance(value, list) else str(value)
    return value


def _one_of(legal: tuple[Any, ...], value: Any) -> Any:
    if value not in legal:
        raise ValueError(f"{value!r}, wanted {', '.join(legal)}")
    return value


def name_of(arm: Arm) -> str:
    """Return an arm's name for a sentence."""
    return "no regularization" if arm == "none" else ARM_NAMES[arm]
