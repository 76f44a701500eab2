"""The sections of a result that rest on trained arms."""

from typing import Literal

from pydantic import Field

from regchoose.result.parts import Arm, ByArm, Certainty, Degrees, FloatOrNull, Interval, Section


class ArmFigures(Section):
    """What an arm did, on the subsample's rows. Losses are without the penalty."""

    l1: float = Field(description="as trained, for the rows of the subsample")
    l2: float = Field(description="as l1")
    loss: float = Field(description="mean over the test rows of all cells, corrected for the choice")
    optimism: float = Field(description="the correction: how much too low the mean is, since it chose")
    criterion: float = Field(description="mean plus one standard error over cells: the lowest is the best")
    safe: float | None = Field(description="probability to be within no practical difference of the best")
    loss_sd: FloatOrNull = Field(description="standard deviation over cells")
    interval: Interval = Field(description="of the loss")
    train_loss: FloatOrNull
    epochs: int | None = Field(description="null for linear networks")
    nonzero_share: FloatOrNull = Field(description="of the penalized weights")
    nonzero_inputs: FloatOrNull = Field(description="features with any weight")
    stationarity: FloatOrNull = Field(description="largest violation of the optimality condition")
    at_grid_edge: Literal["", "strongest", "weakest"]
    trained: int = Field(description="models")
    failed: int = Field(description="models that diverged")
    metrics: dict[str, FloatOrNull] = Field(description="shown beside the loss; they decide nothing")
    note: str


class StageSummary(Section):
    """A stage of the experiment."""

    rows: int
    kind: Literal["A", "B"] | None = Field(default=None, description="as the design's")
    regularizer: Arm | None = None
    certainty: Certainty
    safe: float


class PriorDifference(Section):
    """A t distribution."""

    df: float
    location: float
    scale: float


class DesignPrior(Section):
    """An arm's true loss less Elastic Net's."""

    differences: dict[Arm, PriorDifference] = Field(description="in units of `unit`")
    unit: float = Field(description="the rope, as it is where none is given")


class Design(Section):
    """How the arms were compared."""

    kind: Literal["A", "B"] = Field(
        description="A: disjoint training sets, judged on the same other rows; B: cross-validation"
    )
    split: Literal["random", "groups", "time"] = "random"
    cells: int
    folds: int | None = Field(description="null for disjoint sets, as are repeats")
    repeats: int | None
    rows: int
    test_rows: int | None = Field(default=None, description="of disjoint sets; null for cross-validation")
    text: str | None = Field(default=None, description="the design in a line")
    rope: float = Field(description="differences of the loss up to this do not matter")
    variance_factor: float = Field(description="times the covariance over cells is that of their means")
    arm_prior: DesignPrior | None = Field(
        default=None,
        description="how far the arms' losses lie apart before any is seen; null without a study",
    )
    loss: str
    loss_null: float = Field(description="of predicting nothing")
    looks: list[StageSummary]
    ended: str | None = Field(default=None, description="why there was no further stage")
    firm_from: float | None = Field(default=None, description="the `safe` from which an answer is firm")


class ArmComparison(Section):
    """Loss of `a` less that of `b`: negative is better for `a`."""

    question: str
    a: Arm
    b: Arm
    difference: float
    interval: Interval
    better: float
    equivalent: float
    worse: float


class LossByStrength(Section):
    """Loss and share of weights that are not zero, at each point of an arm's grid."""

    l1: list[float]
    l2: list[float]
    criterion: list[FloatOrNull] = Field(
        description="at the best checkpoint: the mean loss over the cells plus one standard error"
    )
    nonzero_share: list[FloatOrNull]
    in_all_cells: list[bool]
    chosen: int


class LossByEpoch(Section):
    """Losses along the training."""

    epochs: list[int]
    train: list[FloatOrNull]
    test: list[FloatOrNull]


class StrengthCurves(ByArm[LossByStrength]):
    """One entry an arm trained."""


class EpochCurves(ByArm[LossByEpoch]):
    """One entry an arm trained; none for linear networks."""


class MeanLosses(Section):
    """The posterior of the arms' mean losses: a multivariate t."""

    arms: list[Arm]
    mean: list[float]
    scale: list[list[float]]
    df: Degrees


class WeightCounts(Section):
    """Weights of an arm's models; of large networks an even choice of them."""

    counts: list[int] = Field(description="between the edges, without the exact zeros")
    zeros: int = Field(description="exactly zero")
    beyond: int = Field(description="outside of all edges")
    of: int = Field(description="all that were counted")


class ArmWeightCounts(ByArm[WeightCounts]):
    """One entry an arm trained."""


class WeightCurves(Section):
    """How the weights are distributed, between edges that all arms share."""

    edges: list[float]
    arms: ArmWeightCounts


class RowPoints(Section):
    """Rows of the table."""

    x: list[float]
    y: list[float]


class FittedArms(ByArm[list[FloatOrNull]]):
    """The mean curve of each arm's models."""


class Panel(Section):
    """What the networks put out along their one input."""

    output: str
    data: RowPoints
    arms: FittedArms


class FittedCurves(Section):
    """The fitted curves of a table with one numeric feature."""

    input: str
    x: list[float]
    panels: list[Panel]


class Curves(Section):
    """What the plots show; empty where nothing was trained."""

    loss_by_strength: StrengthCurves | None = None
    loss_by_epoch: EpochCurves | None = None
    weights: WeightCurves | None = None
    fitted: FittedCurves | None = None
    posterior: MeanLosses | None = None


class ArmNumbers(ByArm[float]):
    """A number for each arm trained."""


class FixedLength(Section):
    """Losses at the end of the schedule, without early stopping."""

    epochs: int
    loss: ArmNumbers


class Audit(Section):
    """What lies beyond the chart, the arm that it skips included."""

    best_arm: Arm
    chart_regret: float = Field(description="loss of the chart's arm less that of the best")
    agrees: bool = Field(description="whether the chart's arm is the best one")
    firmly: bool = Field(description="whether the chart's arm is worse with at least 95 % probability")
    simpler_equivalent: Arm | None
    safe: ArmNumbers
    outcome_at_fixed_length: str | None
    fixed_length: FixedLength | None
    sentences: list[str]
