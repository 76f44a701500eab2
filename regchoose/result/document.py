"""The result of `recommend`, key by key. The only place that says which keys there are."""

import functools
import operator
from typing import Any, Literal, Self

from pydantic import Field, JsonValue, create_model, model_validator

from regchoose.records.answers import AnsweredBy
from regchoose.result.experiment_sections import ArmComparison, ArmFigures, Audit, Curves, Design
from regchoose.result.parts import (
    Arm,
    ByArm,
    Certainty,
    Count,
    FloatOrNull,
    Interval,
    Section,
    Share,
    Strength,
)
from regchoose.settings.options import Settings
from regchoose.settings.values import FIELDS, Shape, option_of, shape_of

MOST_EPOCHS = 1_000_000  # of a schedule: as many as --steps can ask for


class Fingerprint(Section):
    """Equal marks: the same rows, settings, network and version."""

    data: str
    settings: str
    version: str
    network: str | None = Field(default=None, description="of a network of the user's own")

    def marks(self) -> dict[str, str]:
        """Return the marks that there are, by name."""
        return dict(sorted(self.model_dump(exclude_none=True).items()))


class ArmSeconds(ByArm[float]):
    """Wall-clock seconds of each arm trained."""


class Estimates(Section):
    """What was foretold."""

    seconds: FloatOrNull = Field(description="of the experiment; null where none was thought of")


class Execution(Section):
    """How it was computed. Like `seconds`, it may differ from run to run."""

    device: str | None
    jobs: int
    estimates: Estimates
    arm_seconds: ArmSeconds
    cached: list[Arm] = Field(default=[], description="arms of which some blocks came from the cache")


class Gain(Section):
    """How much lower the loss is than without regularization, as a share of that loss."""

    value: float
    interval: Interval


class TrainingLength(Section):
    """How the recommended network is trained; its length belongs to the recommendation."""

    optimizer: str
    lr: float = Field(gt=0, le=1)
    batch: Count = Field(description="rows a step")
    schedule_epochs: Count = Field(le=MOST_EPOCHS)
    stop_epoch: Count

    @model_validator(mode="after")
    def _stop_in_time(self) -> Self:
        if self.stop_epoch > self.schedule_epochs:
            raise ValueError(
                f"stop_epoch is {self.stop_epoch}, and the schedule ends at {self.schedule_epochs}"
            )
        return self


class SubsampleSize(Section):
    """The strengths as they were found, and the rows trained on."""

    l1: Strength
    l2: Strength
    rows: Count


class GainAt(Section):
    """The gain where models train on so many rows."""

    rows: int
    gain: float
    interval: Interval


class FullSizeGain(Section):
    """Where the gain is heading on all rows: an extrapolation from fewer."""

    rows: int
    gain: float = Field(description="expected on all rows")
    gain_exponent: float = Field(description="the gain falls as rows to the power of minus this")
    l1_exponent: float | None = Field(description="l1 falls so, as measured; null where it was not")
    matters: bool = Field(description="whether that gain is more than no practical difference")
    measured: list[GainAt]
    sentence: str


class LibraryWords(Section):
    """The same regularizer in the words of libraries."""

    pytorch: str | None = None
    keras: str | None = None
    scikit_learn: str | None = None

    def by_library(self) -> list[tuple[str, str | None]]:
        """Return the name of each library with its words."""
        return [("PyTorch", self.pytorch), ("Keras", self.keras), ("scikit-learn", self.scikit_learn)]


class Recommendation(Section):
    """What to start with, how strong, how sure. Where nothing was trained, what would be measured is null."""

    regularizer: Arm
    chart_outcome: str = Field(description="key of the chart's outcome")
    follows_chart: bool = Field(description="whether the chart's outcome is what is recommended")
    as_good: list[Arm] = Field(description="as good as any: arms whose `safe` is at least .80")
    worse: list[Arm] = Field(description="arms whose `safe` is at most .05")
    caution: Literal["", "nothing", "leak"] = Field(
        description="nothing: no arm predicts the target; leak: a column, or all, gives it away"
    )
    l1: Strength | None = Field(description="of J = mean loss + l1·Σ|w| + l2·Σw², for all rows of the table")
    l2: Strength | None = Field(description="as l1")
    strength: float | None = Field(description="l1 + l2")
    alpha: float | None = Field(description="l2 / (l1 + l2): 1 is Ridge, 0 is Lasso; null without strength")
    certainty: Certainty
    probability: Share | None = Field(description="that the chart ends here too")
    safe: Share | None = Field(description="probability to be within no practical difference of the best")
    calibrated: bool = Field(description="whether these probabilities were held against known answers")
    gain: Gain | None
    nonzero_share: Share | None = Field(description="of the penalized weights")
    training: TrainingLength | None = Field(description="null for linear networks, which have no length")
    subsample_size: SubsampleSize | None
    rule: str | None = Field(description="how the strengths were moved to all rows")
    full_size: FullSizeGain | None = Field(
        default=None, description="null where the table is hardly larger than what was trained on"
    )
    in_words: LibraryWords
    weight_decay: float | None = Field(description="2·l2: what Adam or SGD call this L2; AdamW does not")
    sentence: str

    @model_validator(mode="after")
    def _name_strengths(self) -> Self:
        missing = [name for name in ("l1", "l2") if getattr(self, name) is None]
        if missing and self.certainty != "prior":
            raise ValueError(f"{missing[0]} is null, and only an answer from prior knowledge has no strength")
        return self


class PathStep(Section):
    """A node of the chart that the walk passed."""

    key: str
    kind: Literal["question", "action", "outcome"]
    text: str
    answer: str | None
    why: str
    source: str
    answered_by: AnsweredBy | None
    evidence: str


class MatchCheck(Section):
    """One line of the proof that the subsample matches the whole."""

    column: str
    check: str
    value: FloatOrNull
    limit: FloatOrNull
    ok: bool


class SubsampleProof(Section):
    """The rows taken, and the proof of their match."""

    rows: int
    of: int
    method: str
    matched: bool
    reason: str
    worst: dict[str, MatchCheck] = Field(description="the largest value of each kind of check")
    checks: list[MatchCheck]


class FileDialect(Section):
    """How the file is written, and how that was found out."""

    format: str
    delimiter: str | None
    quote: str | None
    encoding: str | None
    compression: str | None
    header: bool
    decimal: str
    found: str
    skipped: int | None = Field(default=None, description="lines above the table; null where there are none")
    nameless: bool | None = Field(
        default=None, description="true where the header has one field less than the rows; else null"
    )
    escape: str | None = Field(
        default=None, description="what stands before a quote within quotes; null where quotes are doubled"
    )


class DateFormat(Section):
    """How dates are read, and what is made of them."""

    order: str = Field(description="ISO8601, or day, month and year in the notation of strftime")
    clock: bool = Field(description="whether they are times of day alone")
    parts: dict[str, Literal["year", "month", "day", "weekday", "hour", "elapsed"]] = Field(
        description="name of each column of numbers that is made of them"
    )


class TableColumn(Section):
    """A column of the file, and what it is taken for."""

    name: str
    role: str = Field(description="numeric or category where the network sees it, else why it does not")
    type: str
    why: str
    missing: int
    words: list[str] | None = Field(
        default=None, description="levels that mean missing in other columns; null where there are none"
    )
    unit: str | None = Field(
        default=None, description="what stands with each number, as $ or km; null where nothing does"
    )
    date: DateFormat | None = Field(
        default=None, description="null but for dates that columns of numbers are made of"
    )


class MeasuredProperty(Section):
    """A property of the data, measured in place of an answer."""

    answer: Literal["yes", "no", "unsure"]
    evidence: str
    figures: dict[str, FloatOrNull]


class ColumnAssociations(Section):
    """How columns go together, from −1 to 1, those alike side by side; what chance may reach is 0."""

    columns: list[str]
    of: int = Field(description="columns used")
    matrix: list[list[float]]
    target: list[float] = Field(description="of each column with the target")


class DataProfile(Section):
    """What the data say about the questions on prior knowledge."""

    correlated: MeasuredProperty
    somewhat_correlated: MeasuredProperty
    entire_picture: MeasuredProperty
    sparse: MeasuredProperty
    associations: ColumnAssociations | None = Field(default=None, description="null: fewer than two columns")


class ImageShape(Section):
    """The shape of images."""

    channels: int
    height: int
    width: int


class Data(Section):
    """The table as it was read."""

    path: str
    dialect: FileDialect
    rows: Count
    image: ImageShape | None = Field(default=None, description="null where the rows are no images")
    columns: list[TableColumn]
    target: str
    target_why: str
    task: Literal["regression", "binary", "multiclass"]
    task_why: str
    classes: list[str]
    smallest_class: int | None = Field(default=None, description="rows of the rarest class, as read")
    merged: bool = Field(default=False, description="whether the last class holds the rare ones")
    warnings: list[str]
    leaks: list[str] = Field(default=[], description="columns that seem to give the target away")
    profile: DataProfile

    @property
    def features(self) -> list[TableColumn]:
        """The columns of the file but for the target, without the numbers that are made of dates."""
        made = {name for column in self.columns if column.date is not None for name in column.date.parts}
        return [column for column in self.columns if column.role != "target" and column.name not in made]

    @property
    def used(self) -> list[TableColumn]:
        """Those of them that the networks see, whole or in parts."""
        return [c for c in self.features if c.role in ("numeric", "category") or c.date is not None]


def _annotate(shape: Shape, *, none: bool) -> Any:
    """Return the type of a setting in the document."""
    if shape.table:
        return dict[str, JsonValue]
    kinds: list[Any] = [Literal[shape.words]] if shape.words else []
    kinds += [shape.number] if shape.number else []
    kinds += [bool] * shape.switch + [str] * shape.text
    item: Any = functools.reduce(operator.or_, kinds)
    value = list[item] if shape.many else item
    return value | None if none else value


_settings: dict[str, Any] = {
    name: (
        _annotate(shape_of(FIELDS[name].type), none=getattr(Settings, name, ()) is None),
        # Absent keys are of an older version, which did not have the setting yet.
        Field(default=None, description=option_of(name).help),
    )
    for name in FIELDS
    if option_of(name).result
}


class _StatedSettings(Section):
    def given(self) -> dict[str, Any]:
        """Return the settings that the document states, by name; an older version knew fewer."""
        return dict(sorted(self.model_dump(exclude_unset=True).items()))


ResultSettings: Any = create_model(
    "ResultSettings", __base__=_StatedSettings, __doc__="The settings that can change a result.", **_settings
)


class RunResult(Section):
    """The result of `regchoose recommend`."""

    ok: Literal[True]
    schema_version: Literal["2"]
    regchoose_version: str
    fingerprint: Fingerprint
    settings: ResultSettings
    partial: bool
    seconds: float
    execution: Execution
    recommendation: Recommendation
    path: list[PathStep]
    arms: "Arms"
    design: Design | None
    comparisons: list[ArmComparison]
    curves: Curves
    audit: Audit | None
    subsample: SubsampleProof | None
    data: Data

    @model_validator(mode="after")
    def _have_trained(self) -> Self:
        advice = self.recommendation
        if advice.certainty != "prior" and self.recommended is None:
            raise ValueError(f"arms.{advice.regularizer} is missing, and it is the arm that is recommended")
        return self

    @property
    def recommended(self) -> ArmFigures | None:
        """The figures of the recommended arm; None where it was not trained."""
        return self.arms.get(self.recommendation.regularizer)

    @property
    def beyond(self) -> list[str]:
        """What lies beyond the chart, in sentences; empty without an audit."""
        return [] if self.audit is None else self.audit.sentences


class Arms(ByArm[ArmFigures]):
    """The arms that were trained; empty where prior knowledge answered."""
