"""The nouns that cross rooms. All are frozen; arrays in them are not to be written to.

Shapes use one alphabet: `n` rows, `d` encoded features, `k` outputs, `c` resampling cells, `m` models of a
cell, `t` checkpoints of the training.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Arrays = Mapping[str, NDArray[Any]]

Arm = Literal["none", "l1", "l2", "elastic_net"]
ARMS: tuple[Arm, ...] = ("none", "l1", "l2", "elastic_net")
AS_Y = "given as y"  # why a column is the target, where it came apart from a table in memory
ARM_NAMES: dict[Arm, str] = {"none": "none", "l1": "L1", "l2": "L2", "elastic_net": "Elastic Net"}

Task = Literal["regression", "binary", "multiclass"]
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


# ---- the table -------------------------------------------------------------------------------------


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


@dataclass(frozen=True)
class Column:
    """A column of the file: what it is taken for, and why."""

    name: str
    role: Role
    type: str  # integer, number, text, boolean, date
    why: str
    levels: tuple[str, ...] = ()  # of a category: code j is levels[j]
    missing: int = 0

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
    least: Float  # (a,): as the file states them
    greatest: Float  # (a,)
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
    groups: Int | None = None  # (n,): number of the group of each row, where --group names one
    time: Float | None = None  # (n,): what orders the rows, where --time names it
    whole: Whole | None = None  # of a table too large to be held
    image: Image | None = None  # where each row is an image: its numbers are `features`

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
    def shown(self) -> tuple[Column, ...]:
        """The columns as people see them: the pixels of images are one, for each would say the same."""
        if self.image is None:
            return self.columns
        numbers = f"{self.image.n_numbers:,} numbers of each image ({self.image})"
        return (Column("pixels", "numeric", "number", numbers), *(c for c in self.columns if not c.used))

    @property
    def used(self) -> tuple[Column, ...]:
        """The columns of `features`."""
        return tuple(column for column in self.columns if column.used)


@dataclass(frozen=True)
class Check:
    """One line of the proof that a subsample matches the whole."""

    column: str
    check: str
    value: float
    limit: float
    ok: bool


@dataclass(frozen=True)
class Subsample:
    """Rows drawn from a table, with the proof of their match."""

    rows: Int  # (m,) ascending row numbers of the table
    of: int
    method: str
    matched: bool
    reason: str  # why yes, or the rule that said no
    checks: tuple[Check, ...] = ()
    order: Check | None = None  # can the first third be told from the last? Not ok: order or time matters

    @property
    def worst(self) -> dict[str, Check]:
        """The largest value of each kind of check, relative to its limit."""
        worst: dict[str, Check] = {}
        for check in self.checks:
            known = worst.get(check.check)
            if known is None or check.value / check.limit > known.value / known.limit:
                worst[check.check] = check
        return worst


@dataclass(frozen=True)
class Finding:
    """A property of the data, measured in place of an answer."""

    answer: Literal["yes", "no", "unsure"]
    evidence: str
    figures: Mapping[str, float]


@dataclass(frozen=True)
class Neighbourhood:
    """How strongly columns go together, those alike side by side.

    Numbers lie between −1 and 1, negative only between two numbers; what chance may reach is 0.
    """

    columns: tuple[str, ...]  # p of them, clustered
    of: int  # columns used
    matrix: Float  # (p, p)
    target: Float  # (p,): each with the target


@dataclass(frozen=True)
class Profile:
    """What the data say about the questions on prior knowledge (methods, section 5)."""

    correlated: Finding
    somewhat_correlated: Finding
    entire_picture: Finding
    sparse: Finding
    warnings: tuple[str, ...] = ()
    associations: Neighbourhood | None = None  # None: fewer than two columns


# ---- the experiment --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cell:
    """One resampling cell: positions within the subsample."""

    fit: Int  # the tuning part's training rows
    inner: Int  # the tuning part's validation rows; with `fit` it makes `train`
    train: Int
    test: Int
    seed: int  # initialization and batch order, shared by all arms


@dataclass(frozen=True)
class Penalties:
    """A list of regularizers, each a point (l1, l2)."""

    l1: Float  # (m,)
    l2: Float  # (m,)

    def __len__(self) -> int:
        return len(self.l1)

    def scaled(self, l1: float, l2: float) -> "Penalties":
        """Return the same points with both strengths multiplied."""
        return Penalties(self.l1 * l1, self.l2 * l2)


@dataclass(frozen=True)
class Trained:
    """What `m` models did in each of `c` cells. Losses are without the penalty."""

    checkpoints: Int  # (t,) epochs
    losses: Mapping[str, Float]  # name of the rows → (c, m, t)
    nonzero_share: Float  # (c, m, t): of the penalized weights
    nonzero_inputs: Float  # (c, m, t): features with any weight
    stationarity: Float  # (c, m): largest violation of the optimality condition at the end
    failed: NDArray[np.bool_]  # (c, m): diverged
    outputs: tuple[Float, ...] | None = None  # a cell's (m, k, n_test) at the captured checkpoint
    note: str = ""
    drawn: tuple[Float, ...] | None = None  # the same of the rows to be drawn: (m, k, g)
    weights: tuple[Float, ...] | None = None  # a cell's (m, w): penalized weights at that checkpoint


class Kept(Protocol):
    """Where blocks of trained models outlast a run. Of other code or libraries it knows nothing."""

    def block(self, key: str) -> tuple[Arrays, str] | None:
        """Return the arrays of a block, and its note; None where it is unknown."""

    def keep_block(self, key: str, arrays: Arrays, note: str) -> None:
        """Store the arrays of a block, and its note."""


# ---- the verdict -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Comparison:
    """Loss of `a` less that of `b`: negative is better for `a`."""

    a: Arm
    b: Arm
    difference: float
    interval: tuple[float, float]
    better: float
    equivalent: float
    worse: float


@dataclass(frozen=True)
class Verdict:
    """Which arm, and how sure."""

    outcome: str  # key of the chart
    arm: Arm
    certainty: Literal["firm", "leaning", "undecided"]
    probability: float
    safe: float
    safe_of: Mapping[str, float]  # each arm's share of draws within the ROPE of the best
    rope: float
    comparisons: tuple[Comparison, ...]
    best_arm: Arm


# ---- the walk and the result -----------------------------------------------------------------------

AnsweredBy = Literal["user", "flag", "default", "measured", "trained"]


@dataclass(frozen=True)
class Answer:
    """An answer to a question of the chart, or the report of an action."""

    value: str
    by: AnsweredBy
    evidence: str = ""


@dataclass(frozen=True)
class Prompt:
    """A question for a person. Its flag answers it too."""

    flag: str
    text: str
    choices: Mapping[str, str]  # value → what it means; empty: any text
    default: str
    why: str = ""


@dataclass(frozen=True)
class Gate:
    """A condition on a document, such as `certainty != "firm"`, and whether it holds."""

    expression: str
    holds: bool | None  # None: it cannot be told, as something in it is null
    values: tuple[tuple[str, Any], ...]  # each name in it, with what it is

    @property
    def fails(self) -> bool:
        """Whether a pipeline is to stop: a gate that cannot see does not let pass."""
        return self.holds is not False


@dataclass(frozen=True)
class Result:
    """What a run found: the JSON document of the contract."""

    ok: bool
    schema_version: str
    regchoose_version: str
    fingerprint: Mapping[str, str]
    settings: Mapping[str, Any]
    partial: bool
    seconds: float
    execution: Mapping[str, Any]
    recommendation: Mapping[str, Any]
    path: tuple[Mapping[str, Any], ...]
    arms: Mapping[str, Mapping[str, Any]]
    design: Mapping[str, Any] | None
    comparisons: tuple[Mapping[str, Any], ...]
    curves: Mapping[str, Any]
    audit: Mapping[str, Any] | None
    subsample: Mapping[str, Any] | None
    data: Mapping[str, Any]
