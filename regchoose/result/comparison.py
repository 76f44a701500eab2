"""What changed from an old result to a new one: the document that `compare` prints, and how it is found."""

from typing import Any, Literal

from pydantic import Field, JsonValue

from regchoose.records.words import ARMS
from regchoose.result.document import Data, Recommendation, RunResult
from regchoose.result.parts import Section


class Change(Section):
    """A value that is not what it was."""

    name: str
    old: JsonValue
    new: JsonValue


class ColumnChange(Section):
    """A column that both tables have, taken for something else."""

    name: str
    old: str = Field(description="its role")
    new: str


class ResultComparison(Section):
    """What changed from an old result to a new one. An increase is new less old."""

    ok: Literal[True]
    schema_version: Literal["1"]
    changed: bool = Field(description="whether any of what follows did")
    regularizer_changed: bool
    outcome_changed: bool = Field(description="of the chart")
    certainty_changed: bool
    certainty_lower: bool = Field(description="firm is above leaning, undecided and prior, in this order")
    safe_increase: float | None = Field(description="null where one of them was not trained")
    gain_increase: float | None = Field(description="of the gain over no regularization, a share")
    zeros_increase: float | None = Field(description="of the share of weights that are zero")
    l1_factor: float | None = Field(description="new l1 / old l1; null where one of them is none")
    l2_factor: float | None = Field(description="as l1_factor")
    loss_increase: float | None = Field(
        description="of the recommended arms; null where one was not trained, or they predict another thing"
    )
    loss_increase_share: float | None = Field(description="the same, as a share of the old loss")
    intervals_overlap: bool | None = Field(description="whether the losses' intervals do: it may be noise")
    data_changed: bool = Field(description="by the fingerprint of the rows and columns used")
    rows_increase: int
    columns_added: list[str]
    columns_removed: list[str]
    roles_changed: list[ColumnChange]
    target_changed: bool
    task_changed: bool
    warnings_added: list[str]
    warnings_removed: list[str]
    settings_changed: list[Change]
    network_changed: bool
    version_changed: bool
    figures: list[Change] = Field(description="figures of the recommendation that differ")
    arms: list[Change] = Field(description="losses of the arms that differ; null where it was not trained")


RANKS = ("prior", "undecided", "leaning", "firm")  # ascending
FIGURES = (
    "regularizer",
    "chart_outcome",
    "certainty",
    "safe",
    "probability",
    "gain",
    "l1",
    "l2",
    "strength",
    "alpha",
    "nonzero_share",
    "training",
)
# A difference in one of these alone is no change: a factor of 1 is none, and the figures tell of others.
NO_CHANGES = {"intervals_overlap", "l1_factor", "l2_factor"}


def compare_results(old: RunResult, new: RunResult) -> ResultComparison:
    """Return what changed from one result to another. An increase is new less old.

    Losses are held against each other only where both predict the same target of the same kind: the unit of a
    log loss and of a standardized square differ. Where the rows differ too, so does what is compared; whether
    the intervals overlap says if the difference may be noise.
    """
    changes: dict[str, Any] = {
        **_compare_recommendations(old.recommendation, new.recommendation),
        **_compare_losses(old, new),
        **_compare_tables(old.data, new.data),
        "data_changed": old.fingerprint.data != new.fingerprint.data,
        "settings_changed": _list_changes(old.settings.given(), new.settings.given()),
        "network_changed": old.fingerprint.network != new.fingerprint.network,
        "version_changed": old.regchoose_version != new.regchoose_version,
        "figures": _list_changes(_figures(old), _figures(new)),
        "arms": _list_changes(_arm_losses(old), _arm_losses(new)),
    }
    changed = any(value not in (None, 0, []) for name, value in changes.items() if name not in NO_CHANGES)
    return ResultComparison(ok=True, schema_version="1", changed=changed, **changes)


def _compare_recommendations(old: Recommendation, new: Recommendation) -> dict[str, Any]:
    return {
        "regularizer_changed": old.regularizer != new.regularizer,
        "outcome_changed": old.chart_outcome != new.chart_outcome,
        "certainty_changed": old.certainty != new.certainty,
        "certainty_lower": RANKS.index(new.certainty) < RANKS.index(old.certainty),
        "safe_increase": _subtract(new.safe, old.safe),
        "gain_increase": _subtract(*(None if side.gain is None else side.gain.value for side in (new, old))),
        "zeros_increase": _subtract(old.nonzero_share, new.nonzero_share),
        "l1_factor": new.l1 / old.l1 if new.l1 and old.l1 else None,
        "l2_factor": new.l2 / old.l2 if new.l2 and old.l2 else None,
    }


def _compare_losses(old: RunResult, new: RunResult) -> dict[str, Any]:
    alike = (old.data.target, old.data.task) == (new.data.target, new.data.task)
    before, after = old.recommended, new.recommended
    if before is None or after is None or not alike:
        return dict.fromkeys(("loss_increase", "loss_increase_share", "intervals_overlap"))
    increase = after.loss - before.loss
    (low, high), (least, most) = before.interval, after.interval
    return {
        "loss_increase": increase,
        "loss_increase_share": increase / before.loss if before.loss else None,
        "intervals_overlap": low <= most and least <= high,
    }


def _compare_tables(old: Data, new: Data) -> dict[str, Any]:
    before, after = ({column.name: column.role for column in data.columns} for data in (old, new))
    return {
        "rows_increase": new.rows - old.rows,
        "columns_added": [name for name in after if name not in before],
        "columns_removed": [name for name in before if name not in after],
        "roles_changed": [
            ColumnChange(name=name, old=before[name], new=role)
            for name, role in after.items()
            if name in before and before[name] != role
        ],
        "target_changed": old.target != new.target,
        "task_changed": old.task != new.task,
        "warnings_added": [line for line in new.warnings if line not in old.warnings],
        "warnings_removed": [line for line in old.warnings if line not in new.warnings],
    }


def _figures(result: RunResult) -> dict[str, Any]:
    whole = result.recommendation.model_dump(exclude_unset=True)
    return {name: whole[name] for name in FIGURES}


def _arm_losses(result: RunResult) -> dict[str, Any]:
    losses = {arm: figures.loss for arm, figures in result.arms.items()}
    return {arm: losses.get(arm) for arm in ARMS}


def _list_changes(old: dict[str, Any], new: dict[str, Any]) -> list[Change]:
    """Return what differs; what one of them lacks, as an older version does a setting, counts as null."""
    names = [*new, *(name for name in old if name not in new)]
    return [
        Change(name=name, old=old.get(name), new=new.get(name))
        for name in names
        if old.get(name) != new.get(name)
    ]


def _subtract(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else a - b
