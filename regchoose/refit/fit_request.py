"""What `regchoose fit` is asked to train: the recommendation of a result, or a regularizer given by hand."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from regchoose.errors import UsageError, setting, shell_command
from regchoose.records.experiment import Penalties
from regchoose.records.model import Length, ResultSummary
from regchoose.records.words import ARM_NAMES, ARMS, Arm
from regchoose.result.document import RunResult
from regchoose.settings.options import Settings

NEEDED: Mapping[Arm, tuple[str, ...]] = {
    "none": (),
    "l1": ("l1",),
    "l2": ("l2",),
    "elastic_net": ("l1", "l2"),
}
EXAMPLE = 0.001


@dataclass(frozen=True)
class ResultTable:
    """What a result says of its table.

    Parameters
    ----------
    columns, used : tuple of str
        Names of all columns but the target, and of those that the networks saw.
    """

    target: str
    columns: tuple[str, ...]
    used: tuple[str, ...]

    def check(self, target: str, columns: Sequence[str], *, where: str, path: str) -> None:
        """Raise E220 where a table has another target, or other columns.

        A column that was there without being used, such as one that was constant in a part of the rows, may
        be used now.
        """
        lacking = [name for name in self.used if name not in columns]
        new = [name for name in columns if name not in self.columns]
        if self.target == target and not lacking and not new:
            return
        differ = [f"the result predicts {self.target!r}, and this table {target!r}"] * (self.target != target)
        differ += [f"columns that it lacks: {', '.join(map(repr, lacking[:5]))}"] * bool(lacking)
        differ += [f"columns that the result does not know: {', '.join(map(repr, new[:5]))}"] * bool(new)
        raise UsageError(
            "E220",
            f"the result was made on another table than {path}",
            where=where,
            detail=differ[:2],
            fix=shell_command(f"recommend {shlex.quote(path)} -o result.json")
            | setting(force=True) + " to fit all the same",
        )


@dataclass(frozen=True)
class FitRequest:
    """A regularizer with its strength, and how long it is trained.

    Parameters
    ----------
    l1, l2 : float
        Strengths of the mean loss for a table of `rows` rows; if `rows` is None, for any table.
    trial : bool
        Whether a third and three times the strength are tried first.
    nonzero_share, exponent : float
        Share of nonzero weights of the recommended fit, and how l1 moves with the rows if that was measured;
        see `Penalties.at_rows`.
    length : Length, optional
        The recommended length.
    result : ResultSummary, optional
        The result that recommends all this.
    table : ResultTable, optional
        The target and the columns that the result was made on.
    """

    arm: Arm
    l1: float
    l2: float
    trial: bool
    rows: int | None = None
    nonzero_share: float = 1.0
    exponent: float | None = None
    length: Length | None = None
    result: ResultSummary | None = None
    table: ResultTable | None = None

    def strengths(self, n_rows: int) -> Penalties:
        """Return the regularizer, one point, for models trained on so many rows."""
        stated = Penalties.single(self.l1, self.l2)
        return stated if self.rows is None else self.move(stated, n_rows, trained_on=self.rows)

    def move(self, penalties: Penalties, n_rows: int, *, trained_on: int) -> Penalties:
        """Move strengths to another number of rows."""
        return penalties.at_rows(
            n_rows, trained_on=trained_on, nonzero_share=self.nonzero_share, exponent=self.exponent
        )


def request_by_hand(settings: Settings, regularizer: str | None, *, trial: bool | None) -> FitRequest:
    """Return what flags ask for.

    Parameters
    ----------
    regularizer : str, optional
        An arm; by default the one whose strengths are given.
    trial : bool, optional
        By default no other strengths are tried.

    Raises
    ------
    UsageError
        E202 if the strengths are not those of the regularizer, or nothing is named.
    """
    given = {name: value for name, value in (("l1", settings.l1), ("l2", settings.l2)) if value is not None}
    if regularizer is None and not given:
        raise UsageError(
            "E202",
            "fit got neither a result nor a regularizer, and needs one of them",
            fix="--from result.json   or   --regularizer l2 " + setting(l2=0.001),
        )
    arm = _arm_named(regularizer) if regularizer is not None else _arm_with(given)
    _refuse_others(arm, given, what=f"--regularizer {arm}")
    return FitRequest(arm, given.get("l1", 0.0), given.get("l2", 0.0), bool(trial))


def request_from_result(
    result: RunResult, settings: Settings, *, given: frozenset[str], where: str, trial: bool | None
) -> FitRequest:
    """Return what a result recommends; strengths that flags state are used unchanged.

    Raises
    ------
    UsageError
        E202 if the result rests on prior knowledge alone and no strength is given, or if one is given that
        the regularizer does not have.
    """
    advice = result.recommendation
    arm = advice.regularizer
    stated = {
        name: value
        for name, value in (("l1", settings.l1), ("l2", settings.l2))
        if value is not None and name in given
    }
    _refuse_others(arm, stated, what=f"the result recommends {ARM_NAMES[arm]}", partly=True)
    l1, l2 = advice.l1, advice.l2
    if advice.certainty == "prior" or l1 is None or l2 is None:
        missing = [name for name in NEEDED[arm] if name not in stated]
        if missing:
            raise UsageError(
                "E202",
                f"the result recommends {ARM_NAMES[arm]} from prior knowledge alone, and so no strength",
                where=where,
                fix=setting(**dict.fromkeys(missing, EXAMPLE))
                | shell_command(
                    f"recommend {shlex.quote(result.data.path)}", subsample="yes", resources="yes"
                ),
            )
        l1 = l2 = 0.0
    full_size = advice.full_size
    return FitRequest(
        arm,
        float(stated.get("l1", l1)),
        float(stated.get("l2", l2)),
        trial=arm != "none" and (not stated if trial is None else trial),
        rows=None if stated else result.data.rows,
        nonzero_share=1.0 if advice.nonzero_share is None else advice.nonzero_share,
        exponent=None if full_size is None else full_size.l1_exponent,
        length=recommended_length(result),
        result=_summarize(result, where),
        table=_describe_table(result),
    )


def recommended_length(result: RunResult) -> Length | None:
    """Return how long the recommended network is trained; None if it is linear or nothing was trained."""
    training = result.recommendation.training
    if training is None:
        return None
    return Length(training.lr, training.batch, training.schedule_epochs, training.stop_epoch)


def _arm_named(name: str) -> Arm:
    for arm in ARMS:
        if name == arm:
            return arm
    raise UsageError(
        "E202",
        f"--regularizer got {name!r}, wanted {', '.join(ARMS)}",
        where="--regularizer",
        fix="--regularizer l2",
    )


def _arm_with(given: Mapping[str, float]) -> Arm:
    return next(arm for arm, needed in NEEDED.items() if set(needed) == set(given))


def _refuse_others(arm: Arm, given: Mapping[str, float], *, what: str, partly: bool = False) -> None:
    """Raise E202 for strengths that an arm does not have, and, unless `partly`, for those that it lacks."""
    wrong = [name for name in given if name not in NEEDED[arm]]
    lacking = [] if partly else [name for name in NEEDED[arm] if name not in given]
    if wrong:
        needless = setting(wrong[0])
        fix = "leave " + needless + " out" | f"--regularizer {_arm_with(given)}"
        raise UsageError("E202", f"{what}, which has no " + needless, where=needless, fix=fix)
    if lacking:
        raise UsageError(
            "E202",
            f"{what} needs a strength, and " + setting(lacking[0]) + " is not given",
            where="--regularizer",
            fix=setting(**{lacking[0]: EXAMPLE}),
        )


def _describe_table(result: RunResult) -> ResultTable | None:
    """Return the target and columns of a result; None for images, whose columns are pixels."""
    data = result.data
    if data.image is not None or not data.columns:
        return None
    made = {part for column in data.columns if column.date is not None for part in column.date.parts}
    columns = [column for column in data.columns if column.role != "target" and column.name not in made]
    used = tuple(column.name for column in columns if column.role in ("numeric", "category"))
    return ResultTable(data.target, tuple(column.name for column in columns), used)


def _summarize(result: RunResult, where: str) -> ResultSummary:
    advice = result.recommendation
    return ResultSummary(
        file=where,
        regularizer=advice.regularizer,
        sentence=advice.sentence,
        certainty=advice.certainty,
        probability=advice.probability,
        safe=advice.safe,
        l1=advice.l1,
        l2=advice.l2,
        rule=advice.rule,
        fingerprint=result.fingerprint.marks(),
        rows=result.data.rows,
        partial=result.partial,
    )
