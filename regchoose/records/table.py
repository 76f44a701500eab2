"""A table as it was read."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from regchoose.records.words import Float, Int, Task

MOST_LEVELS = 50  # of a category that become inputs: if there are more, the rare ones are merged
TARGET_BINS = 10  # quantile bins of a numeric target, by which rows are stratified
IMAGE_ENDINGS = (".png", ".jpg", ".jpeg")
AS_Y = "given as y"  # why a column is the target, where it came apart from a table in memory

Role = Literal[
    "numeric",
    "category",
    "id",
    "constant",
    "empty",
    "text",
    "date",
    "duplicate",
    "excluded",
    "group",
    "time",
    "target",
]


@dataclass(frozen=True)
class Dialect:
    """How a file is written, and how that was found out."""

    format: Literal["csv", "parquet", "images", "npz", "memory"]
    delimiter: str | None
    quote: str | None
    encoding: str | None
    compression: str | None
    header: bool
    decimal: str
    found: str  # one sentence for people
    skipped: int = 0  # lines above the table
    nameless: bool = False  # whether the header has one field less than the rows do
    escape: str | None = None  # what stands before a quote within quotes, where quotes are not doubled

    @property
    def in_memory(self) -> bool:
        """Whether the table was a DataFrame or arrays, for which there is no command."""
        return self.format == "memory"


@dataclass(frozen=True)
class DateParts:
    """How the texts of a column of dates are read, and the columns of numbers that are made of them."""

    order: str  # ISO8601, or day, month and year in the notation of strftime
    clock: bool  # whether they are times of day alone
    parts: Mapping[str, str]  # name of a column → year, month, day, weekday, hour or elapsed
    first: float  # seconds since 1970 from which `elapsed`, in days, is counted


@dataclass(frozen=True)
class Column:
    """A column of the file: what it is taken for, and why."""

    name: str
    role: Role
    type: str  # integer, number, text, boolean, date
    why: str
    levels: tuple[str, ...] = ()  # of a category: code j is levels[j]
    missing: int = 0
    unit: str = ""  # that stands with each number, as $ or km
    date: DateParts | None = None  # of dates that columns of numbers are made of

    @property
    def used(self) -> bool:
        """Whether the networks see it."""
        return self.role in ("numeric", "category")


@dataclass(frozen=True)
class Whole:
    """What is known of all `n` rows of a table of which only some, drawn evenly, are held.

    Numbers are the numeric columns used, in order, then the target of a regression; they are cut and mapped
    onto [0, 1] by unit = (clip(x/4, low, low + width) − low)/width.
    """

    n_rows: int
    low: Float  # (a,)
    width: Float  # (a,): inf for a constant
    count: Float  # (a,): finite values
    mean: Float  # (a,): of the units
    m2: Float  # (a,): sum of their squared deviations
    levels: tuple[Int, ...]  # of each category used: rows of each level, and last those without a value
    classes: Int  # (k,): rows of each class; empty for a regression


@dataclass(frozen=True)
class Image:
    """The shape of images, of which each is a row: channels, then rows of pixels, then columns."""

    channels: int
    height: int
    width: int

    @property
    def n_numbers(self) -> int:
        """Numbers of an image."""
        return self.channels * self.height * self.width

    @property
    def names(self) -> tuple[str, ...]:
        """What each number is called: pixel_2_7 is row 2, column 7, counted from 0."""
        several = tuple(f"_channel{c}" for c in range(self.channels))
        colours = {1: ("",), 3: ("_red", "_green", "_blue")}.get(self.channels, several)
        rows, columns = range(self.height), range(self.width)
        return tuple(f"pixel_{i}_{j}{colour}" for colour in colours for i in rows for j in columns)

    def __str__(self) -> str:
        colour = {1: "grey", 3: "colour"}.get(self.channels, f"{self.channels} channels")
        return f"{self.height} × {self.width}, {colour}"


@dataclass(frozen=True)
class Table:
    """A table as it was read, ready for an experiment.

    Of a table too large to be held, `features` and `target` are rows drawn evenly, in their order, and
    `whole` says what all rows are like.
    """

    path: str
    dialect: Dialect
    columns: tuple[Column, ...]  # all of the file, in its order
    features: Float  # (n, p): the used columns in order; categories as codes; missing is NaN
    target: Float  # (n,): numbers of a regression, or class codes 0 … k−1
    target_name: str
    target_why: str
    task: Task
    task_why: str
    classes: tuple[str, ...]  # of a classification, in order of their codes
    warnings: tuple[str, ...] = ()
    leaks: tuple[str, ...] = ()  # columns that seem to give the target away
    groups: Int | None = None  # (n,): number of the group of each row, where --group names one
    time: Float | None = None  # (n,): what orders the rows, where --time names it
    whole: Whole | None = None  # of a table too large to be held
    image: Image | None = None  # where each row is an image: its numbers are `features`
    merged: bool = False  # whether the last class holds the rare ones, as --min-class asks
    unusable: str = ""  # why the target cannot be predicted: then all rows are of one class

    @property
    def n_rows(self) -> int:
        """Rows held, all with a target."""
        return len(self.target)

    @property
    def n_all(self) -> int:
        """Rows of the table, held or not."""
        return len(self.target) if self.whole is None else self.whole.n_rows

    @property
    def exchangeable(self) -> bool:
        """Whether rows may be dealt out at random: no groups and no order of time."""
        return self.groups is None and self.time is None

    @property
    def display_columns(self) -> tuple[Column, ...]:
        """The columns as people see them: the pixels of images are one, for each would say the same."""
        if self.image is None:
            return self.columns
        numbers = f"{self.image.n_numbers:,} numbers of each image ({self.image})"
        return (Column("pixels", "numeric", "number", numbers), *(c for c in self.columns if not c.used))

    @property
    def used(self) -> tuple[Column, ...]:
        """The columns of `features`."""
        return tuple(column for column in self.columns if column.used)

    @property
    def number_places(self) -> Int:
        """Columns of `features` that are numbers."""
        return self._places("numeric")

    @property
    def category_places(self) -> Int:
        """Columns of `features` that are categories."""
        return self._places("category")

    def content_hash(self) -> str:
        """Return a fingerprint of the rows held, and of what the columns are taken for."""
        content = hashlib.sha256(repr([(c.name, c.role, c.levels) for c in self.columns]).encode())
        content.update(np.ascontiguousarray(self.features).tobytes())
        content.update(np.ascontiguousarray(self.target).tobytes())
        return content.hexdigest()[:16]

    def _places(self, role: Role) -> Int:
        return np.flatnonzero([column.role == role for column in self.used])
