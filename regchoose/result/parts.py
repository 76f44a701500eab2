"""What every document is made of."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Generic, Literal, TypeVar

import numpy as np
from annotated_types import Len
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WrapValidator, model_validator

from regchoose.records.words import ARMS
from regchoose.records.words import Arm as Arm  # named here for the models
from regchoose.result.json_text import null_unless_finite, without_surrogates

# null where it is not finite, or could not be measured
FloatOrNull = Annotated[float | None, BeforeValidator(null_unless_finite)]
# keeps a whole number as it is: 9, not 9.0
Degrees = Annotated[float, WrapValidator(lambda value, check: value if type(value) is int else check(value))]
Strength = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1)]
Interval = Annotated[list[float], Len(2, 2)]
Certainty = Literal["firm", "leaning", "undecided", "prior"]
T = TypeVar("T")


class Section(BaseModel):
    """An object with these keys and no others. What is not set has no key in the JSON document."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _take_numpy(cls, given: Any) -> Any:
        """Take numpy's numbers and arrays for Python's, tuples for lists, and make texts legal in JSON."""
        return {key: _plain(value) for key, value in given.items()} if isinstance(given, Mapping) else given


def _plain(value: Any) -> Any:
    match value:
        case str():
            return without_surrogates(value)
        case np.generic() | np.ndarray():
            return _plain(value.tolist())
        case tuple() | list():
            return [_plain(item) for item in value]
    return value


class ByArm(Section, Generic[T]):
    """One entry for each arm that was trained."""

    none: T | None = None
    l1: T | None = None
    l2: T | None = None
    elastic_net: T | None = None

    def get(self, arm: Arm) -> T | None:
        """Return the entry of an arm; None where it was not trained."""
        entry: T | None = getattr(self, arm)
        return entry

    def items(self) -> Iterator[tuple[Arm, T]]:
        """Yield the arms that were trained, each with its entry: none, L1, L2, Elastic Net."""
        for arm in ARMS:
            if (entry := self.get(arm)) is not None:
                yield arm, entry

    def __len__(self) -> int:
        """Return the number of arms that were trained."""
        return len([*self.items()])


class ErrorBody(Section):
    """What went wrong."""

    code: str = Field(description="E and three digits, of which the first is the exit status; or a word")
    message: str
    hint: str = Field(description="what to do next; may be empty")
    where: str = Field(description="file, line or flag; may be empty")


class Failure(Section):
    """What stands on stdout in place of an answer, with --json."""

    ok: Literal[False]
    error: ErrorBody
