"""What `compare` finds between two results, key by key. The only place that says which keys there are."""

from typing import Literal

from pydantic import Field, JsonValue

from regchoose.result.parts import Part


class Change(Part):
    """A value that is not what it was."""

    name: str
    old: JsonValue
    new: JsonValue


class ColumnChange(Part):
    """A column that both tables have, taken for something else."""

    name: str
    old: str = Field(description="its role")
    new: str


class Comparison(Part):
    """What changed from an old result to a new one. An increase is new less old."""

    ok: Literal[True]
    schema_version: Literal["1"]
    changed: bool = Field(description="whether any of what follows did")
    regularizer_changed: bool
    outcome_changed: bool = Field(description="of the chart")
    certainty_changed: bool
    certainty_lower: bool = Field(description="firm is above leaning, undecided and prior, in this order")
    safe_increase: float | None = Field(description="null where one of them was not trained")
    loss_increase: float | None = Field(
        description="of the recommended arms; null where one was not trained, or they predict another thing"
    )
    loss_increase_share: float | None = Field(description="the same, as a share of the old loss")
    intervals_overlap: bool | None = Field(description="whether the losses' intervals do: it may be noise")
    gain_increase: float | None = Field(description="of the gain over no regularization, a share")
    zeros_increase: float | None = Field(description="of the share of weights that are zero")
    l1_factor: float | None = Field(description="new l1 / old l1; null where one of them is none")
    l2_factor: float | None = Field(description="as l1_factor")
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
