"""Which column is to be predicted, as classes or as numbers, and whether the rows suffice for that."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from regchoose.errors import DataError, PhraseLike, UsageError, Word, one_of, phrase_of, setting
from regchoose.records.answers import Prompt
from regchoose.records.words import Float, Task
from regchoose.settings.options import Settings
from regchoose.table.cell_values import BOOLEANS, clean, is_missing
from regchoose.table.columns.facts import Facts, gather_facts, to_levels
from regchoose.table.columns.odd_cells import refuse_odd_texts
from regchoose.table.columns.roles import ANOTHER_TARGET
from regchoose.table.csv.dialect import Choose
from regchoose.table.raw_table import RawTable

NAMES = ("target", "label", "class", "y", "outcome")
MOST_CLASSES = 20  # integers with more levels are quantities

MERGED = "other"  # the class of those that --min-class merges
WITHOUT_EXPERIMENT = (
    setting(resources="no") + " gives the answer from prior knowledge, which needs no experiment"
)
OF_DIALECT = ("delimiter", "encoding", "decimal", "header", "header_rows")  # what `Dialect.found` names


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


def find_target(raw: RawTable, settings: Settings, *, choose: Choose) -> tuple[int, PhraseLike]:
    """Return the place of the target column, and why it is that one; check the columns that options name.

    Raises
    ------
    UsageError
        E204 where `--target` is not a column, or is several; E205 for a table of one column; E208 where
        another option names a column that is not there, or the target.
    """
    place, why = _find(raw, settings, choose=choose)
    _check_names(raw, settings, target=raw.names[place])
    return place, why


def _find(raw: RawTable, settings: Settings, *, choose: Choose) -> tuple[int, PhraseLike]:
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
    if settings.target is not None:
        return _named(raw, settings.target), "by " + setting("target")
    likely = [place for place, name in enumerate(raw.names) if name.casefold() in NAMES]
    if len(likely) == 1:
        return likely[0], f"the only column called {', '.join(NAMES[:-1])} or {NAMES[-1]}"
    several = " and ".join(repr(raw.names[place]) for place in likely)
    why = (
        f"{several} may be meant" if likely else f"no column is called {', '.join(NAMES[:-1])} or {NAMES[-1]}"
    )
    last = raw.names[_last_filled(raw, settings)]
    answer = choose(
        Prompt(
            flag="--target",
            text="Which column is to be predicted?",
            choices={name: f"column {place}" for place, name in enumerate(raw.names, 1)},
            default=last,
            why=f"The names do not tell: {why}.",
        )
    )
    if answer is None:
        chosen = f"the last column, as {why}; " + setting("target") + " names another"
        return raw.names.index(last), chosen
    return _named(raw, answer), "as answered"


def _last_filled(raw: RawTable, settings: Settings) -> int:
    """Return the last column, unless it has neither name nor cells: a delimiter that ends rows makes one."""
    for place in range(len(raw.names) - 1, 0, -1):
        texts = raw.columns[place].clean().texts
        if raw.names[place] != f"c{place + 1}" or not all(is_missing(text, settings.na) for text in texts):
            return place
    return len(raw.names) - 1


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
        where=f"{raw.path}   columns {', '.join(raw.names[:8])}{', …' if len(raw.names) > 8 else ''}",
        fix=one_of([setting(target=other) for other in _nearest(name, raw.names)]),
    )


def _check_names(raw: RawTable, settings: Settings, *, target: str) -> None:
    """Raise E208 for a column that `--exclude` or `--keep` names and that is not there, or is the target."""
    for by in ("exclude", "keep", "group", "time"):
        given = getattr(settings, by)
        names = given if isinstance(given, tuple) else filter(None, [given])
        for name in names:
            if name not in raw.names:
                near = _nearest(name, raw.names)
                raise UsageError(
                    "E208",
                    setting(by) + f" names {name!r}, and there is no such column",
                    where=raw.path,
                    fix=one_of([setting(**{by: [o] if isinstance(given, tuple) else o}) for o in near]),
                )
            if name == target and by != "keep":
                raise UsageError(
                    "E208", setting(by) + f" names the target {name!r}", where=raw.path, fix=ANOTHER_TARGET
                )


def _nearest(name: str, names: tuple[str, ...]) -> Sequence[str]:
    """Return the names that may be meant; the last one where none is alike."""
    folded = {other.casefold(): other for other in names}
    near = [
        folded[match] for match in difflib.get_close_matches(clean(name).casefold(), folded, n=3, cutoff=0.5)
    ]
    return near or names[-1:]


def select_target(raw: RawTable, place: int, settings: Settings) -> tuple[RawTable, TargetValues]:
    """Return the rows that have a target, and the target in them.

    Parameters
    ----------
    place : int
        The place of the target among the columns.

    Raises
    ------
    DataError
        E322 for rows without a target, unless they are to be dropped; E326 for a few texts among numbers;
        and those of `prepare_target`.
    """
    facts, warnings = gather_facts(raw, place, settings), tuple[str, ...]()
    if facts.missing.any():
        raw, facts, warning = _drop_missing(facts, raw, settings)
        warnings = (warning,)
    if settings.task != "classification":
        refuse_odd_texts(facts, raw)
    target = prepare_target(facts, raw, settings)
    return raw, replace(target, warnings=(*warnings, *target.warnings))


def _drop_missing(facts: Facts, raw: RawTable, settings: Settings) -> tuple[RawTable, Facts, str]:
    """Return the rows that have a target, its facts in them, and a warning; E322 unless that is asked for."""
    count, lines = int(facts.missing.sum()), raw.lines[facts.missing].tolist()
    if not settings.drop_missing_target or count == raw.n_rows:
        raise DataError(
            "E322",
            f"the target {facts.name!r} is missing in {count:,} of {raw.n_rows:,} rows",
            where=f"{raw.path}:{lines[0]}",
            detail=[f"lines {', '.join(map(str, lines[:5]))}{', …' if count > 5 else ''}"],
            fix=ANOTHER_TARGET if count == raw.n_rows else setting(drop_missing_target=True),
        )
    kept = ~facts.missing
    warning = f"{count:,} rows without a target were left out"
    return raw.take(kept), facts.take(kept), warning


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
        constant, E323 infinite, E327 not to be used for the task asked for.
    """
    experiment = "no" not in (settings.resources, settings.subsample)
    if experiment:
        _check_rows(raw, settings)
    target = _to_target(facts, raw, settings)
    if target.classes and settings.min_class:
        target = _merge_rare(target, settings.min_class)
    if experiment and target.classes:
        _check_classes(target, raw, settings)
    return target


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
            fix=ANOTHER_TARGET,
        )
    if numbers is None:
        return _of_text(facts, raw, settings)
    classification, why = _task(numbers, settings)
    values = facts.by_row(facts.numbers)
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
            fix=setting(task="classification") | ANOTHER_TARGET,
        )
    folded = {text.casefold() for text in facts.texts}
    boolean = len(folded) == 2 and any(folded <= pair for pair in BOOLEANS)
    codes, levels = to_levels(facts, boolean=boolean)
    if len(levels) == 1:
        raise DataError(
            "E321", f"the target {facts.name!r} has one class", where=raw.path, fix=ANOTHER_TARGET
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


def _task(numbers: Float, settings: Settings) -> tuple[bool, PhraseLike]:
    """Say whether sorted, different numbers are classes, and why."""
    if settings.task != "auto":
        return settings.task == "classification", "by " + setting("task")
    if len(numbers) == 2:
        return True, f"the target has two values, {numbers[0]:g} and {numbers[1]:g}"
    span = f"{len(numbers)} different integers from {numbers[0]:g} to {numbers[-1]:g}"
    integers = bool((numbers == np.floor(numbers)).all())
    if integers and len(numbers) <= MOST_CLASSES:
        if numbers[0] in (0, 1) and bool((np.diff(numbers) == 1).all()):
            other = setting(task="regression") + " is the other reading"
            return True, f"the target counts up without gaps: {span}; " + other
        other = setting(task="classification") + " is the other reading"
        return False, f"the target has {span}, which do not count up from 0 or 1 without gaps; " + other
    return False, f"the target has {span if integers else f'{len(numbers):,} different numbers'}"


def _check_rows(raw: RawTable, settings: Settings) -> None:
    """Raise E303 where the rows are too few for the folds."""
    fewest = 4 * settings.folds
    if raw.n_rows < fewest:
        fewer = raw.n_rows // 4
        raise DataError(
            "E303",
            f"the table has {raw.n_rows} rows, and {settings.folds} folds need at least {fewest}",
            where=raw.path,
            detail=[WITHOUT_EXPERIMENT],
            fix=setting(resources="no") | setting(folds=fewer) if fewer >= 2 else setting(resources="no"),
        )


def _check_classes(target: TargetValues, raw: RawTable, settings: Settings) -> None:
    """Raise E324 where a class has too few rows to stand in every fold."""
    counts = np.bincount(target.values.astype(np.int64), minlength=len(target.classes))
    fewest = 2 * settings.folds
    small = np.flatnonzero(counts < fewest)
    if not len(small):
        return
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
        f"class {target.classes[rarest][:40]!r} has {counts[rarest]} rows, "
        f"and {settings.folds} folds need {fewest}",
        where=raw.path,
        detail=[
            f"{len(small)} of {len(target.classes)} classes are too small: {listed}",
            WITHOUT_EXPERIMENT,
        ],
        fix=one_of([*remedies, setting(resources="no")]),
    )
