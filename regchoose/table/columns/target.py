"""The target: which column is to be predicted, and its values as classes or numbers."""

import difflib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from itertools import islice

import numpy as np

from regchoose.errors import (
    DataError,
    Phrase,
    PhraseLike,
    RegchooseError,
    UsageError,
    Word,
    one_of,
    phrase_of,
    setting,
)
from regchoose.records.answers import Ask, Prompt
from regchoose.records.table import Column
from regchoose.records.words import Float, Task, count_of
from regchoose.settings.options import Settings
from regchoose.table.cell_values import BOOLEANS, clean, is_missing, to_number
from regchoose.table.columns.facts import Facts, gather_facts, to_levels
from regchoose.table.columns.odd_cells import refuse_odd_cells, warn_of_far_cells
from regchoose.table.columns.roles import rule
from regchoose.table.raw_table import Cells, RawTable

# Names of targets in an order of trust: of the first line that names exactly one column, that is the target.
# They are compared without case, and with any mark between words.
NAMES = (
    "target label class y outcome",
    "labels classes targets response dependent_variable ground_truth target_class class_label",
    "diagnosis survived default default_payment_next_month churn churned exited attrition survival_status "
    "is_fraud isfraud fraud spam is_spam is_canceled readmitted loan_status heartdisease heart_disease "
    "purchased credit_risk income_class sentiment species variety quality",
    "price saleprice sale_price selling_price median_house_value medv charges salary",
)
COORDINATES = {"x", "z"}  # beside these, y is a place
OF_DIALECT = ("delimiter", "encoding", "decimal", "header", "header_rows")  # what `Dialect.found` names

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
FEW_ROWS = ("E303", "E324")  # the target is clear, and the rows do not suffice for an experiment
SUGGESTED = 4  # columns that could be predicted instead


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


def read_target(
    raw: RawTable, settings: Settings, *, choose: Ask, lenient: bool
) -> tuple[RawTable, Column, TargetValues]:
    """Find the target; return the rows that have one, its column, and its values.

    Parameters
    ----------
    lenient : bool
        Whether a target that cannot be predicted is replaced by one class of all rows, with a warning.

    Raises
    ------
    UsageError
        E204 where `--target` is not a column, or is several; E205 for a table of one column; E208 where
        another option names a column that is not there, or the target.
    DataError
        E322 for rows without a target, unless they are to be dropped; and those of `prepare_target`.
    """
    # The column at which the search ends is the next to be read; to keep all would take several times the
    # memory of the table.
    facts = lru_cache(maxsize=1)(partial(gather_facts, raw, settings=settings))
    try:
        place, why = _find(raw, settings, facts=facts, choose=choose)
        _check_names(raw, settings, target=raw.names[place])
    except UsageError as error:
        if not lenient or error.code != "E205":  # a table of one column
            raise
        target = _give_up(facts(0), settings, error)
        return raw, _column(raw, 0, target, why="the only column"), target
    kept, target = _select(raw, facts(place), settings, lenient=lenient)
    return kept, _column(kept, place, target, why=why), target


def replace_target(
    raw: RawTable, settings: Settings, *, place: int, why: str, error: RegchooseError
) -> tuple[Column, TargetValues]:
    """Return what stands in place of a target that cannot be predicted."""
    target = _give_up(gather_facts(raw, place, settings), settings, error)
    return _column(raw, place, target, why=why), target


def _column(raw: RawTable, place: int, target: TargetValues, *, why: PhraseLike) -> Column:
    name, said = raw.names[place], Phrase.of(why).words(python=raw.dialect.in_memory)
    # Who reads the file again must know of classes that mean missing elsewhere.
    levels = target.classes if raw.words.get(name) else ()
    return Column(name, "target", target.type, said, levels=levels, unit=target.unit)


def _select(
    raw: RawTable, facts: Facts, settings: Settings, *, lenient: bool
) -> tuple[RawTable, TargetValues]:
    """Return the rows that have a target, and the target in them, or what stands in its place."""
    try:
        return _select_strictly(raw, facts, settings)
    except (DataError, UsageError) as error:
        if not lenient:
            raise
        if error.code not in FEW_ROWS:
            return raw, _give_up(facts, settings, error)
        # Without an experiment the rows need not suffice for one.
        kept, target = _select(raw, facts, replace(settings, resources="no"), lenient=True)
        return kept, replace(target, warnings=(*target.warnings, error.message))


def _give_up(facts: Facts, settings: Settings, error: RegchooseError) -> TargetValues:
    """Return one class of all rows, with a warning that says why."""
    why = f"{error.message}; {error.fix}" if error.fix else error.message
    return TargetValues(
        np.zeros(len(facts.codes)),
        "multiclass",
        why,
        ("",),
        rule(facts, settings).type,
        warnings=(f"the target cannot be predicted: {why}",),
        unusable=why,
    )


# ---- which column it is -----------------------------------------------------------------------------


def _find(
    raw: RawTable, settings: Settings, *, facts: Callable[[int], Facts], choose: Ask
) -> tuple[int, PhraseLike]:
    if len(raw.names) == 1:
        raise UsageError(
            "E205",
            f"the table has one column, {raw.names[0][:60]!r}: a target and features were wanted",
            where=raw.path,
            detail=[phrase_of(raw.dialect.found[:150], *map(setting, OF_DIALECT))],
            fix=setting(delimiter=";") + ", where another character separates the fields"
            if raw.dialect.format == "csv"
            else "a table with the target and features",
        )
    if raw.target is not None:
        return raw.names.index(raw.target), "by " + setting("target")
    if settings.target is not None:
        return _named(raw, settings.target), "by " + setting("target")
    by_name, doubt = _find_by_name(raw, facts)
    if by_name is not None:
        why = f"the only column called {raw.names[by_name]}, as targets are; "
        return by_name, why + setting("target") + " names another"
    place, passed = _last_predictable(raw, facts)
    last = raw.names[place]
    answer = choose(
        Prompt(
            flag="--target",
            text="Which column should be predicted?",
            choices={name: _describe(cells) for name, cells in zip(raw.names, raw.columns, strict=True)},
            default=last,
            why=f"The names do not tell: {doubt}.",
        )
    )
    if answer is None:
        which = f"the last column{passed and f' that can be predicted (after it come {passed})'}"
        return place, f"{which}, as {doubt}; " + setting("target") + " names another"
    return _named(raw, answer), "as answered"


def _find_by_name(raw: RawTable, facts: Callable[[int], Facts]) -> tuple[int | None, str]:
    """Return the place of the column that is called as targets are; or none, and why that is in doubt."""
    names = [re.sub(r"\W+", "_", name.casefold()).strip("_") for name in raw.names]
    doubt = "no column is called as targets usually are"
    for trusted, line in enumerate(NAMES):
        likely = [place for place, name in enumerate(names) if name in line.split()]
        if set(names) >= COORDINATES:
            likely = [place for place in likely if names[place] != "y"]
        if trusted:  # other names than the usual ones say nothing of a column that cannot be predicted
            likely = [place for place in likely if not _why_passed(facts(place))]
        if len(likely) == 1:
            return likely[0], ""
        if likely:
            return None, f"{' and '.join(repr(raw.names[place]) for place in likely)} may be meant"
    return None, doubt


def _last_predictable(raw: RawTable, facts: Callable[[int], Facts]) -> tuple[int, str]:
    """Return the place of the last column that can be predicted, and what is passed over, for people."""
    passed = list[str]()
    for place in range(len(raw.names) - 1, -1, -1):
        why = _why_passed(facts(place))
        if not why:
            more = f" and {len(passed) - 3} more" if len(passed) > 3 else ""
            return place, ", ".join(passed[:3]) + more
        passed.append(f"{raw.names[place]!r} ({why})")
    return len(raw.names) - 1, ""


def _why_passed(facts: Facts) -> str:
    """Say why nobody would predict a column; nothing where somebody might."""
    role = rule(facts, Settings()).role
    if role not in ("numeric", "category", "constant"):
        return role
    if not facts.missing.any() or facts.doubtful:  # a word such as None may be one of its classes
        return ""
    if len(facts.texts) == 1:
        return "one value, or missing"
    return "mostly missing" if 2 * facts.present < len(facts.codes) else ""


def _named(raw: RawTable, name: str) -> int:
    if clean(name) in raw.duplicated:
        same = [other for other in raw.names if other == clean(name) or other.startswith(f"{clean(name)}_")]
        raise UsageError(
            "E204",
            f"{len(same)} columns are called {name!r}",
            where=raw.path,
            detail=[f"they are read as {', '.join(map(repr, same))}"],
            fix="give each column a name of its own in the file",
        )
    if name in raw.names:
        return raw.names.index(name)
    several = [part.strip() for part in name.split(",")]
    if len(several) > 1 and all(part in raw.names for part in several):
        raise UsageError(
            "E204",
            f"{len(several)} targets were named, and one can be predicted at a time",
            where=raw.path,
            fix=setting(target=several[0], exclude=[several[1]]),
        )
    raise UsageError(
        "E204",
        f"there is no column {name!r} to predict",
        where=_columns_of(raw),
        fix=one_of([setting(target=other) for other in _alike(name, raw.names) or raw.names[-1:]]),
    )


def _check_names(raw: RawTable, settings: Settings, *, target: str) -> None:
    """Raise E208 for a column that `--exclude` or `--keep` names and that is not there, or is the target."""
    for by in ("exclude", "keep", "group", "time"):
        given = getattr(settings, by)
        names = given if isinstance(given, tuple) else filter(None, [given])
        for name in names:
            if name not in raw.names:
                near = _alike(name, [other for other in raw.names if other != target or by == "keep"])
                raise UsageError(
                    "E208",
                    setting(by) + f" names {name!r}, and there is no such column",
                    where=_columns_of(raw),
                    fix=one_of([setting(**{by: [o] if isinstance(given, tuple) else o}) for o in near])
                    if near
                    else setting(by) + " with the name of a column, or leave it out",
                )
            if name == target and by != "keep":
                raise UsageError(
                    "E208",
                    setting(by) + f" names the target {name!r}",
                    where=raw.path,
                    fix=_name_others(raw, target),
                )


def _columns_of(raw: RawTable) -> str:
    return f"{raw.path}   columns {', '.join(raw.names[:8])}{', …' if len(raw.names) > 8 else ''}"


def _alike(name: str, names: Sequence[str]) -> list[str]:
    folded = {other.casefold(): other for other in names}
    return [
        folded[match] for match in difflib.get_close_matches(clean(name).casefold(), folded, n=3, cutoff=0.5)
    ]


def _name_others(raw: RawTable, name: str) -> PhraseLike:
    """Name the columns that may be the target in place of one that cannot, the last first."""
    cells_of = dict(zip(raw.names, raw.columns, strict=True))
    varied = [other for other in raw.names if other != name and len(cells_of[other].texts) > 1]
    others = [other for other in varied if _kind_of(cells_of[other]) != "text"] or varied
    if not others:
        return "a table with a column of more than one value"
    return one_of([setting(target=other) for other in others[: -MOST_TARGETS - 1 : -1]])


def _describe(cells: Cells) -> str:
    """Return the kind of a column, and what stands in its first rows: to tell which one is meant."""
    first = [str(text)[:12] for text in cells.at(slice(0, 3)) if text is not None]
    return f"{_kind_of(cells):8}  {', '.join(first)}"


def _kind_of(cells: Cells) -> str:
    """Say at a glance what cells are: numbers, by the first of their different texts, or a few words."""
    some = cells.texts[:ID_SAMPLE].tolist()
    if all(to_number(text, ".") is not None or is_missing(text, USUAL) for text in some):
        return "number"
    return "category" if len(cells.texts) <= MOST_CLASSES else "text"


def name_predictable(raw: RawTable, columns: Sequence[Column], settings: Settings) -> list[PhraseLike]:
    """Name the columns that could be predicted in place of the target, the last first."""
    found = list(islice(_predictable(raw, columns, settings), SUGGESTED))
    if not found:
        return ["no column could be predicted in its place"]
    return ["what could be predicted: " + one_of([setting(target=name) for name in found])]


def _predictable(raw: RawTable, columns: Sequence[Column], settings: Settings) -> Iterator[str]:
    for column in reversed(columns):
        if column.used and column.name in raw.names and not column.missing:
            try:
                prepare_target(gather_facts(raw, raw.names.index(column.name), settings), raw, settings)
            except RegchooseError:
                continue
            yield column.name


# ---- its values ---------------------------------------------------------------------------------------


def _select_strictly(raw: RawTable, facts: Facts, settings: Settings) -> tuple[RawTable, TargetValues]:
    """Return the rows that have a target, and the target in them; E322 for rows that have none."""
    missing, warnings = facts.missing, tuple[str, ...]()
    if missing.any():
        words, single = facts.doubtful, len(facts.texts) < 2
        other = _name_others(raw, facts.name) if single else setting(drop_missing_target=True)
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
        cells = raw.columns[raw.names.index(facts.name)].clean()
        facts = replace(facts, cells=cells, codes=facts.codes[~missing])
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
    refuse_odd_cells(facts, raw, as_target=True, as_classes=settings.task == "classification")
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


def _to_target(facts: Facts, raw: RawTable, settings: Settings) -> TargetValues:
    if facts.all_numbers and not np.isfinite(facts.numbers).all():
        rows = np.flatnonzero(np.isinf(facts.row_numbers))
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
            fix=_name_others(raw, facts.name),
        )
    if numbers is None:
        return _of_text(facts, raw, settings)
    values = facts.row_numbers
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
            fix=setting(task="classification") | _name_others(raw, facts.name),
        )
    folded = {text.casefold() for text in facts.texts}
    boolean = len(folded) == 2 and any(folded <= pair for pair in BOOLEANS)
    codes, levels = to_levels(facts, boolean=boolean)
    if len(levels) == 1:
        raise DataError(
            "E321",
            f"the target {facts.name!r} has one class",
            where=raw.path,
            fix=_name_others(raw, facts.name),
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
            fix=_name_others(raw, name),
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
