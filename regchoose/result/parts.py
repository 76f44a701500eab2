"""What all documents are made of."""

from typing import Annotated, Literal

from annotated_types import Len
from pydantic import BaseModel, ConfigDict, Field

from regchoose.records.words import Arm as Arm  # named here for the models

Number = float | None  # null where it is not finite, or could not be measured
Interval = Annotated[list[float], Len(2, 2)]
Certainty = Literal["firm", "leaning", "undecided", "prior"]
Answered = Literal["user", "flag", "default", "measured", "trained"]


class Part(BaseModel):
    """An object with these keys and no others."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class ErrorBody(Part):
    """What went wrong."""

    code: str = Field(description="E and three digits, of which the first is the exit status; or a word")
    message: str
    hint: str = Field(description="what to do next; may be empty")
    where: str = Field(description="file, line or flag; may be empty")


class Failure(Part):
    """What stands on stdout in place of an answer, with --json."""

    ok: Literal[False]
    error: ErrorBody
