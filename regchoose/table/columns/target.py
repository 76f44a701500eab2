"""The target: classes or numbers, and whether the rows suffice for that."""

from dataclasses import dataclass, replace

import numpy as np

from regchoose.errors import DataError, PhraseLike, Word, one_of, setting
from regchoose.records.words import Float, Task, count_of
from regchoose.settings.options import Settings
from regchoose.table.cell_values import BOOLEANS, is_missing, to_number
from regchoose.table.columns.facts import Facts, gather_facts, to_levels
from regchoose.table.columns.odd_cells import refuse_nested, refuse_odd_texts, warn_of_far_cells
from regchoose.table.raw_table import Cells, RawTable

MOST_CLASSES = 20  # integers with more levels are quantities
# Integers with a gap, or from −1, are classes where so much of their range is there, each in so many rows.
FILLED, REPEATED = 2 / 3, 8

ID_SHARE = 0.5  # of the rows: where more are classes of their own, they are names and no classes
ID_SAMPLE = 100  # different values by which a column is taken for numbers
MOST_TARGETS = 3  # columns that are named as what may have been meant
USUAL = Settings()
MERGED = "other"  # the class of those that --min-class merges
WITHOUT_EXPERIMENT = (
    setting(resources="no") + " gives the answer from prior knowledge, which needs no experiment"
)


@dataclass(frozen=True)
class TargetValues:
    """The target as numbers, and what they mean."""

    values: Float  # (n,) numbers of a regression, or class codes
    task: Task
    task_why: PhraseLike
    classes: tuple[str, ...]
    type: str
    warnings: tuple[PhraseLike, ...] = ()
    merged: bool = False  # whether the last class holds the rare ones
    unit: str = ""  # that stands with each number
    unusable: str = ""  # why it cannot be predicted


def unusable_target(type_: str, n_rows: int, *, why: str) -> TargetValues:
    """Return what stands in place of a target that cannot be predicted: one class of all rows."""
    return TargetValues(np.zeros(n_rows), "multiclass", why, ("",), type_, unusable=why)


def select_target(raw: RawTable, facts: Facts, settings: Settings) -> tuple[RawTable, TargetValues]:
    """Return the rows that have a target, and the target in them.

    Parameters
    ----------
    facts : Facts
        Of the target, in all rows.

    Raises
    ------
    DataError
        E322 for rows without a target, unless they are to be dropped; and those of `prepare_target`.
    """
    missing, warnings = facts.missing, tuple[str, ...]()
    if missing.any():
        words, single = facts.doubtful, len(facts.texts) < 2
        other = name_other_targets(raw, facts.name) if single else setting(drop_missing_target=True)
        count, lines = int(missing.sum()), raw.lines[missing].tolist()
        if not settings.drop_missing_target or count == raw.n_rows:
            raise DataError(
                "E322",
                f"the target {facts.name!r} is missing in {count:,} of {raw.n_rows:,} rows",
                where=f"{raw.path}:{lines[0]}",
                detail=[
                    f"lines {', '.join(map(str, lines[:5]))}{', …' if count > 5 else ''}",
                    *([f"{words[0]!r} is read as missing, and may be a class"] if words else []),
                ],
                fix=one_of([*[setting(na_none=True)] * bool(words), other]),
            )
        raw = raw.take(~missing)
        facts = gather_facts(raw, raw.names.index(facts.name), settings)
        warnings = (f"{count:,} rows without a target were left out",)
    target = prepare_target(facts, raw, settings)
    return raw, replace(target, unit=facts.unit, warnings=(*warnings, *target.warnings))


def prepare_target(facts: Facts, raw: RawTable, settings: Settings) -> TargetValues:
    """Read the target under its task, merge rare classes if asked, and check that the rows suffice.

    Parameters
    ----------
    facts : Facts
        Of the target, without missing cells.

    Raises
    ------
    DataError
        E303 for too few rows and E324 for too few of a class, where an experiment is to come; E321
        constant, E323 infinite, E326 for a few texts among numbers, E327 not to be used for the task asked
        for.
    """
    refuse_nested(facts, raw)
    if settings.task != "classification":
        refuse_odd_texts(facts, raw, is_target=True)
    experiment = "no" not in (settings.resources, settings.subsample)
    if experiment:
        _check_rows(raw, settings)
    target = _to_target(facts, raw, settings)
    if target.classes and settings.min_class:
        target = _merge_rare(target, settings.min_class)
    if experiment and target.classes:
        _check_classes(target, raw, settings, name=facts.name)
    if target.task == "regression":
        return replace(target, warnings=(*target.warnings, *warn_of_far_cells(facts, raw)))
    return target


def name_other_targets(raw: RawTable, name: str) -> PhraseLike:
    """Name the columns that may be the target in place of one that cannot, the last first."""
    meant = [
        other
        for other, cells in zip(raw.names, raw.columns, strict=True)
        if other != name and _may_be_predicted(cells)
    ]
    varied = [
        other
        for other, cells in zip(raw.names, raw.columns, strict=True)
        if other != name and len(cells.texts) > 1
    ]
    others = meant or varied
    if not others:
        return "a table with a column of more than one value"
    return one_of([setting(target=other) for other in others[: -MOST_TARGETS - 1 : -1]])


def describe_cells(cells: Cells) -> str:
    """Return the kind of a column, and what stands in its first rows: to tell which one is meant."""
    first = [str(text)[:12] for text in cells.at(slice(0, 3)) if text is not None]
    few = len(cells.texts) <= MOST_CLASSES
    kind = "number" if _are_numbers(cells) else "category" if few else "text"
    return f"{kind:8}  {', '.join(first)}"


def _may_be_predicted(cells: Cells) -> bool:
    """Say whether cells are several values, and numbers or a few words."""
    return len(cells.texts) > 1 and (_are_numbers(cells) or len(cells.texts) <= MOST_CLASSES)


def _are_numbers(cells: Cells) -> bool:
    """Say whether the first of the different texts of a column are numbers."""
    some = cells.texts[:ID_SAMPLE].tolist()
    return all(to_number(text, ".") is not None or is_missing(text, USUAL) for text in some)


def _to_target(facts: Facts, raw: RawTable, settings: Settings) -> TargetValues:
    if facts.all_numbers and not np.isfinite(facts.numbers).all():
        infinite = facts.cells.where(
            {t for t, v in zip(facts.texts, facts.numbers, strict=True) if np.isinf(v)}.__contains__
        )
        rows = np.flatnonzero(infinite)
        raise DataError(
            "E323",
            f"the target {facts.name!r} is infinite in {len(rows):,} rows",
            where=raw.where(rows[0]),
            detail=[f"lines {', '.join(map(str, raw.lines[rows[:5]].tolist()))}"],
            fix=setting(na=[Word("inf")], drop_missing_target=True) + ", or repair the file"
            if "inf" in facts.texts
            else "repair the file",
        )
    numbers = np.unique(facts.numbers) if facts.all_numbers else None
    if len(facts.texts) == 1 or (numbers is not None and len(numbers) == 1):
        raise DataError(
            "E321",
            f"the target {facts.name!r} is {facts.texts[0][:40]!r} in every row, and two values were wanted",
            where=raw.path,
            fix=name_other_targets(raw, facts.name),
        )
    if numbers is None:
        return _of_text(facts, raw, settings)
    values = facts.by_row(facts.numbers)
    classification, why = _task(values, settings)
    type_ = "integer" if facts.all_integers else "number"
    if not classification:
        return TargetValues(values, "regression", why, (), type_)
    codes = np.searchsorted(numbers, values).astype(np.float64)
    classes = tuple(f"{number:.15g}" for number in numbers)
    return TargetValues(codes, "binary" if len(numbers) == 2 else "multiclass", why, classes, type_)


def _of_text(facts: Facts, raw: RawTable, settings: Settings) -> TargetValues:
    if settings.task == "regression":
        raise DataError(
            "E327",
            f"the target {facts.name!r} is text, as {facts.texts[0][:40]!r}, and a regression needs numbers",
            where=raw.path,
            fix=setting(task="classification") | name_other_targets(raw, facts.name),
        )
    folded = {text.casefold() for text in facts.texts}
    boolean = len(folded) == 2 and any(folded <= pair for pair in BOOLEANS)
    codes, levels = to_levels(facts, boolean=boolean)
    if len(levels) == 1:
        raise DataError(
            "E321",
            f"the target {facts.name!r} has one class",
            where=raw.path,
            fix=name_other_targets(raw, facts.name),
        )
    why: PhraseLike = "by " + setting("task") if settings.task != "auto" else "the target is text"
    return TargetValues(
        codes, "binary" if len(levels) == 2 else "multiclass", why, levels, "boolean" if boolean else "text"
    )


def _merge_rare(target: TargetValues, fewest: int) -> TargetValues:
    """Merge the classes with fewer than `fewest` rows into one, where there are several of them."""
    counts = np.bincount(target.values.astype(np.int64), minlength=len(target.classes))
    rare = counts < fewest
    if rare.sum() < 2:
        return target
    name = MERGED if MERGED not in target.classes else f"{MERGED} (merged)"
    kept = [label for label, flag in zip(target.classes, rare, strict=True) if not flag]
    lookup = np.where(rare, len(kept), np.cumsum(~rare) - 1).astype(np.float64)
    listed = ", ".join(repr(target.classes[code][:20]) for code in np.flatnonzero(rare)[:5])
    classes = (*kept, name)
    return replace(
        target,
        values=lookup[target.values.astype(np.int64)],
        task="binary" if len(classes) == 2 else "multiclass",
        classes=classes,
        merged=True,
        warnings=(
            f"{int(rare.sum())} classes with fewer than {fewest} rows are one class, {name!r}, by "
            + setting("min_class")
            + f": {listed}{', …' if rare.sum() > 5 else ''}",
        ),
    )


def _task(values: Float, settings: Settings) -> tuple[bool, PhraseLike]:
    """Say whether the numbers of the rows (n,) are classes, and why."""
    if settings.task != "auto":
        return settings.task == "classification", "by " + setting("task")
    numbers, counts = np.unique(values, return_counts=True)
    if len(numbers) == 2:
        return True, f"the target has two values, {numbers[0]:g} and {numbers[1]:g}"
    span = f"{len(numbers)} different integers from {numbers[0]:g} to {numbers[-1]:g}"
    integers = bool((numbers == np.floor(numbers)).all())
    if not integers or len(numbers) > MOST_CLASSES:
        return False, f"the target has {span if integers else f'{len(numbers):,} different numbers'}"
    steps = np.diff(numbers)
    if numbers[0] in (0, 1) and bool((steps == 1).all()):
        other = setting(task="regression") + " is the other reading"
        return True, f"the target counts up without gaps: {span}; " + other
    filled = len(numbers) >= FILLED * (numbers[-1] - numbers[0] + 1)
    if numbers[0] in (-1, 0, 1) and filled and counts.min() >= REPEATED:
        other = setting(task="regression") + " is the other reading"
        return True, f"the target has {span}, each in {counts.min():,} rows or more; " + other
    other = setting(task="classification") + " is the other reading"
    return False, f"the target has {span}, which do not count up from 0 or 1 without gaps; " + other


def _check_rows(raw: RawTable, settings: Settings) -> None:
    """Raise E303 where the rows are too few for the folds."""
    fewest = 4 * settings.folds
    if raw.n_rows < fewest:
        fewer = raw.n_rows // 4
        raise DataError(
            "E303",
            f"the table has {count_of(raw.n_rows, 'row')}, and {settings.folds} folds need at least {fewest}",
            where=raw.path,
            detail=[WITHOUT_EXPERIMENT],
            fix=setting(resources="no") | setting(folds=fewer) if fewer >= 2 else setting(resources="no"),
        )


def _check_classes(target: TargetValues, raw: RawTable, settings: Settings, *, name: str) -> None:
    """Raise E324 where a class has too few rows to stand in every fold."""
    counts = np.bincount(target.values.astype(np.int64), minlength=len(target.classes))
    fewest = 2 * settings.folds
    small = np.flatnonzero(counts < fewest)
    if not len(small):
        return
    if len(counts) > ID_SHARE * raw.n_rows:
        raise DataError(
            "E324",
            f"{name!r} has {len(counts):,} different values in {raw.n_rows:,} rows: it looks like an id",
            where=raw.path,
            detail=["the target is what is to be predicted, a class or a number"],
            fix=name_other_targets(raw, name),
        )
    rarest = int(counts.argmin())
    listed = ", ".join(f"{target.classes[code][:20]!r} ({counts[code]})" for code in small[:5])
    fewer = int(counts[rarest]) // 2
    remedies = [setting(folds=fewer)] if fewer >= 2 else []
    if len(small) > 1 and counts[small].sum() >= fewest and len(small) < len(counts):
        remedies.append(setting(min_class=fewest))
    if target.type in ("integer", "number"):
        remedies.append(setting(task="regression"))
    raise DataError(
        "E324",
        f"class {target.classes[rarest][:40]!r} has {count_of(int(counts[rarest]), 'row')}, "
        f"and {settings.folds} folds need {fewest}",
        where=raw.path,
        detail=[
            f"{len(small)} of {len(target.classes)} classes are too small: {listed}",
            WITHOUT_EXPERIMENT,
        ],
        fix=one_of([*remedies, setting(resources="no")]),
    )
