"""What a script needs of a result, checked: nothing of a document gets into code unlooked at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from regchoose.errors import UsageError, shell_command
from regchoose.records.words import MISSING_WORDS, Arm, Task
from regchoose.result.document import (
    Data,
    DateFormat,
    FileDialect,
    RunResult,
    TableColumn,
    TrainingLength,
)
from regchoose.result.saved_result import REMEDY

TABLE_ENDINGS = (".csv", ".tsv", ".txt", ".data", ".gz", ".zst", ".parquet")


@dataclass(frozen=True)
class FileReading:
    """How the file becomes a table of text."""

    path: str | None  # None where the table came from standard input
    many: bool  # whether the path may name a folder, or be a pattern
    parquet: bool
    decimal: str
    options: Mapping[str, Any]  # arguments of `pandas.read_csv`; empty for Parquet
    further_headers: int  # rows below the first that name columns too
    skip_short: bool  # whether rows with too few fields are left out
    names: tuple[str, ...]  # the columns of the file
    # Texts that mean missing, where any cell is: those compared without case, then those of `--na`.
    missing: tuple[tuple[str, ...], tuple[str, ...]] | None
    words: Mapping[str, Sequence[str]]  # column → its levels that mean missing elsewhere


@dataclass(frozen=True)
class RecipeInputs:
    """Which columns are learned from."""

    dates: Mapping[str, DateFormat]  # column → how it is read, and the numbers that are made of it
    units: Mapping[str, str]  # column → what stands with each of its numbers, as $ or km
    numbers: tuple[str, ...]
    flagged: tuple[str, ...]  # those of the numbers with missing cells
    categories: tuple[str, ...]
    booleans: tuple[str, ...]  # those of the categories whose case does not matter
    left_out: Mapping[str, str]  # column → why, in a word

    @property
    def made_of_dates(self) -> set[str]:
        """The numeric columns that are no columns of the file."""
        return {name for dates in self.dates.values() for name in dates.parts}


@dataclass(frozen=True)
class RecipeTarget:
    """What is predicted."""

    name: str
    task: Task
    classes: Mapping[str | float, int]  # text or number of a class → its code; empty for a regression
    rest: int | None  # the code of every class that is not listed, where rare ones were merged
    boolean: bool
    drop_missing: bool

    @property
    def n_outputs(self) -> int:
        """Numbers that a network puts out."""
        return 1 if self.task != "multiclass" else len(self.classes) + (self.rest is not None)


@dataclass(frozen=True)
class Recipe:
    """A result, ready to be written as code. Strengths are of the mean loss, for all `rows`."""

    arm: Arm
    l1: float
    l2: float
    rows: int
    loss: float  # what the experiment found for it, on rows not seen
    reading: FileReading
    inputs: RecipeInputs
    target: RecipeTarget
    network: str  # mlp, linear, or the user's own
    options: Mapping[str, Any]
    penalize: tuple[str, ...]
    hidden: tuple[int, ...]
    length: TrainingLength | None  # None for a linear model, which is brought to its optimum
    seed: int

    @property
    def users_network(self) -> bool:
        """Whether the network is the user's own."""
        return self.network not in ("mlp", "linear")


def make_recipe(result: RunResult, *, where: str) -> Recipe:
    """Take what a script needs from a result, whose file `where` names in errors.

    Raises
    ------
    UsageError
        E215 if it has no strength, because nothing was trained, or the table was no file; E214 if it is not
        as `recommend` writes it.
    """
    if result.recommendation.certainty == "prior":
        raise UsageError(
            "E215",
            "the result rests on prior knowledge alone: it names no strength, so there is nothing to export",
            where=where,
            fix=shell_command("recommend DATA", resources="yes")
            + " -o result.json, which trains and finds one",
        )
    if result.data.image is not None:
        raise UsageError(
            "E215",
            "the result is of images, and the scripts read tables",
            where=where,
            fix="regchoose fit IMAGES --from RESULT -o model   or   regchoose explain lightning",
        )
    if result.data.dialect.format == "memory":
        raise UsageError(
            "E215",
            "the table was in memory, and exported code reads a file",
            where=where,
            fix="write the table to a file DATA, then regchoose recommend DATA -o result.json",
        )
    try:
        return _take_recipe(result)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, IndexError) as error:
        message = f"the file is not a result of regchoose: its {type(error).__name__} at {error}"
        raise UsageError("E214", message, where=where, fix=REMEDY) from error


def _take_recipe(result: RunResult) -> Recipe:
    advice, settings, data, trained = result.recommendation, result.settings, result.data, result.recommended
    assert trained is not None, "the arm that is recommended was trained"
    assert advice.l1 is not None
    assert advice.l2 is not None
    network = str(settings.network)
    if network != "linear" and advice.training is None:
        raise ValueError("recommendation.training")
    inputs = _take_inputs(data.columns)
    columns = [column for column in data.columns if column.name not in inputs.made_of_dates]
    return Recipe(
        arm=advice.regularizer,
        l1=advice.l1,
        l2=advice.l2,
        rows=data.rows,
        loss=trained.loss,
        reading=_take_reading(data, settings, columns),
        inputs=inputs,
        target=_take_target(data, settings),
        network=network,
        options={name: _to_literal(value) for name, value in settings.network_options.items()},
        penalize=tuple(settings.penalize),
        hidden=tuple(settings.hidden),
        length=None if network == "linear" else advice.training,
        seed=int(settings.seed),
    )


def _take_inputs(columns: Sequence[TableColumn]) -> RecipeInputs:
    numeric = [column for column in columns if column.role == "numeric"]
    categories = [column for column in columns if column.role == "category"]
    if not numeric and not categories:
        raise ValueError("data.columns")
    return RecipeInputs(
        dates={c.name: _in_order(c.date, columns) for c in columns if c.date is not None},
        numbers=tuple(column.name for column in numeric),
        units={c.name: c.unit for c in columns if c.unit and c.role in ("numeric", "target")},
        flagged=tuple(column.name for column in numeric if column.missing > 0),
        categories=tuple(column.name for column in categories),
        booleans=tuple(column.name for column in categories if column.type == "boolean"),
        left_out={
            column.name: column.role
            for column in columns
            if column.role not in ("numeric", "category", "target") and column.date is None
        },
    )


def _in_order(dates: DateFormat, columns: Sequence[TableColumn]) -> DateFormat:
    """Return dates with their parts in the order of the columns; a saved result has them sorted by name."""
    parts = {column.name: dates.parts[column.name] for column in columns if column.name in dates.parts}
    return dates.model_copy(update={"parts": parts})


def _missing_words(settings: Any, *, parquet: bool) -> tuple[str, ...]:
    if parquet:
        return ()
    return ("",) if settings.na_none else MISSING_WORDS


def _take_reading(data: Data, settings: Any, columns: Sequence[TableColumn]) -> FileReading:
    dialect, path = data.dialect, data.path
    if dialect.decimal not in (".", ","):
        raise ValueError(f"{dialect.decimal!r}, wanted . or ,")
    parquet = dialect.format == "parquet"
    gaps = any(column.missing for column in columns) or settings.drop_missing_target
    return FileReading(
        path=None if path == "-" else path,
        many=any(sign in path for sign in "*?[") or not path.casefold().endswith(TABLE_ENDINGS),
        parquet=parquet,
        decimal=dialect.decimal,
        options={} if parquet else _csv_options(dialect, settings),
        further_headers=settings.header_rows - 1,
        skip_short=settings.on_bad_rows == "skip",
        names=tuple(column.name for column in columns),
        # A typed file has nulls: there the text "NA" is a text.
        missing=(_missing_words(settings, parquet=parquet), tuple(settings.na)) if gaps else None,
        words={column.name: column.words for column in columns if column.words},
    )


def _csv_options(dialect: FileDialect, settings: Any) -> dict[str, Any]:
    """Return what `pandas.read_csv` is told so that it splits the file as it was split."""
    aligned = dialect.delimiter == " " and dialect.quote is None  # runs of spaces separate
    options: dict[str, Any] = {"sep": r"\s+" if aligned else dialect.delimiter, "encoding": dialect.encoding}
    if not dialect.header or dialect.nameless:
        options["header"] = None
    if skipped := (dialect.skipped or settings.skip_rows) + bool(dialect.nameless):
        options["skiprows"] = skipped
    if dialect.quote is None:
        options["quoting"] = 3  # csv.QUOTE_NONE
    elif dialect.quote != '"':
        options["quotechar"] = dialect.quote
    if dialect.quote is not None and dialect.escape is not None:
        options |= {"doublequote": False, "escapechar": dialect.escape}
    if dialect.compression is not None:
        options["compression"] = dialect.compression
    if settings.on_bad_rows == "skip":
        options["on_bad_lines"] = "skip"
    return options


def _take_target(data: Data, settings: Any) -> RecipeTarget:
    (column,) = (column for column in data.columns if column.role == "target")
    if data.task != "regression" and len(data.classes) < 2:
        raise ValueError("data.classes")
    rest = len(data.classes) - 1 if data.merged else None
    boolean, numeric = column.type == "boolean", column.type in ("integer", "number")
    classes: dict[str | float, int] = {}
    for code, label in enumerate(data.classes):
        if code != rest:
            classes[float(label) if numeric else label.casefold() if boolean else label] = code
    return RecipeTarget(
        name=column.name,
        task=data.task,
        classes=classes,
        rest=rest,
        boolean=boolean,
        drop_missing=bool(settings.drop_missing_target),
    )


def _to_literal(value: Any) -> Any:
    if not isinstance(value, str | int | float | bool | None):
        return [_to_literal(item) for item in value] if isinstance(value, list) else str(value)
    return value
