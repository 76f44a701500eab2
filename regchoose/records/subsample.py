"""A subsample, how well it matches the whole table, and what is measured on its rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from regchoose.records.words import Float, Int


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
    remark: str = ""  # what to do where the order of the rows matters

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
class AssociationMatrix:
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
    associations: AssociationMatrix | None = None  # None: fewer than two columns
