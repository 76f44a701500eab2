"""From columns of text to a table that is ready for an experiment."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Literal

from regchoose.errors import DataError, Phrase, PhraseLike, RegchooseError, UsageError, one_of, setting
from regchoose.records.answers import Ask
from regchoose.records.table import AS_Y, Column, Table
from regchoose.settings.options import Settings
from regchoose.table.columns.facts import Facts, gather_facts, remember_facts
from regchoose.table.columns.features import to_features
from regchoose.table.columns.find_target import find_target
from regchoose.table.columns.leakage import find_leakage
from regchoose.table.columns.odd_cells import warn_of_quoted_words
from regchoose.table.columns.roles import rule
from regchoose.table.columns.target import TargetValues, prepare_target, select_target, unusable_target
from regchoose.table.raw_table import RawTable

# What becomes of a target that cannot be predicted: an error; or it is shown as the target of a table that
# nothing can be learned from; or it is a column like the others, by which rows are matched.
OnUnusable = Literal["refuse", "show", "match"]
Found = tuple[int, PhraseLike]  # the place of the target, and why it is that one
FEW_ROWS = ("E303", "E324")  # the target is clear, and the rows do not suffice for an experiment
SUGGESTED = 4  # columns that could be predicted instead


def make_table(
    raw: RawTable, settings: Settings, *, choose: Ask, on_unusable: OnUnusable = "refuse"
) -> tuple[Table, RawTable]:
    """Give columns of text a target, roles and features; return the table, and the text of its rows.

    Parameters
    ----------
    on_unusable : str
        Where it is not "refuse", what stands in the way of learning is a warning: a target that cannot be
        predicted, too few rows, a few texts among numbers, no column to learn from.

    Raises
    ------
    UsageError
        E204, E205, E208: a column that an option names, or a table of one column.
    DataError
        E303, E321 to E329: what cannot be learned from.
    """
    lenient, facts = on_unusable != "refuse", remember_facts(raw, settings)
    try:
        found = find_target(raw, settings, facts=facts, choose=choose)
    except UsageError as error:
        if not lenient or error.code != "E205":  # a table of one column
            raise
        target = _give_up(facts(0), settings, error)
        return _assemble(raw, settings, (0, "the only column"), target, on_unusable=on_unusable), raw
    kept, target = _select(raw, settings, facts(found[0]), lenient=lenient)
    return _assemble(kept, settings, found, target, on_unusable=on_unusable), kept


def _select(
    raw: RawTable, settings: Settings, facts: Facts, *, lenient: bool
) -> tuple[RawTable, TargetValues]:
    """Return the rows that have a target, and the target in them, or what stands in its place."""
    try:
        return select_target(raw, facts, settings)
    except (DataError, UsageError) as error:
        if not lenient:
            raise
        if error.code not in FEW_ROWS:
            return raw, _give_up(facts, settings, error)
        # Without an experiment the rows need not suffice for one.
        kept, target = _select(raw, replace(settings, resources="no"), facts, lenient=True)
        return kept, replace(target, warnings=(*target.warnings, error.message))


def _assemble(
    raw: RawTable, settings: Settings, found: Found, target: TargetValues, *, on_unusable: OnUnusable
) -> Table:
    """Give the other columns their roles, and return the table of the rows `raw`, which have the target."""
    (place, why), python = found, raw.dialect.in_memory
    said = Phrase.of(why).words(python=python)
    # Who reads the file again must know of classes that mean missing elsewhere.
    levels = target.classes if raw.words.get(raw.names[place]) else ()
    column = Column(raw.names[place], "target", target.type, said, levels=levels, unit=target.unit)
    shown = None if target.unusable and on_unusable == "match" else column
    features = to_features(raw, shown, settings, lenient=on_unusable != "refuse")
    leaking = find_leakage(features.columns, features.values, target.values, n_classes=len(target.classes))
    others: Sequence[PhraseLike] = [_others(raw, features.columns, settings)] if target.unusable else []
    quoted = warn_of_quoted_words(raw)
    warnings = [*raw.warnings, *quoted, *target.warnings, *others, *features.warnings, *leaking.values()]
    return Table(
        path=raw.path,
        dialect=raw.dialect,
        columns=features.columns,
        features=features.values,
        target=target.values,
        target_name=column.name,
        target_why=column.why if raw.target is None else AS_Y,
        task=target.task,
        task_why=Phrase.of(target.task_why).words(python=python),
        classes=target.classes,
        merged=target.merged,
        warnings=tuple(Phrase.of(warning).words(python=python) for warning in warnings),
        leaks=tuple(leaking),
        groups=features.groups,
        time=features.time,
        unusable=target.unusable,
    )


def without_target(
    raw: RawTable, settings: Settings, table: Table, error: RegchooseError, *, on_unusable: OnUnusable
) -> Table:
    """Return the table of rows whose target, as is found out later, cannot be predicted."""
    found = raw.names.index(table.target_name), table.target_why
    target = _give_up(gather_facts(raw, found[0], settings), settings, error)
    return _assemble(raw, settings, found, target, on_unusable=on_unusable)


def _give_up(facts: Facts, settings: Settings, error: RegchooseError) -> TargetValues:
    """Return what stands in place of the target, with a warning that says why."""
    why = _say(error)
    target = unusable_target(rule(facts, settings).type, len(facts.codes), why=why)
    return replace(target, warnings=(f"the target cannot be predicted: {why}",))


def _say(error: RegchooseError) -> str:
    return f"{error.message}; {error.fix}" if error.fix else error.message


def _others(raw: RawTable, columns: Sequence[Column], settings: Settings) -> PhraseLike:
    """Name columns that could be predicted, the last first."""
    found = list(islice(_predictable(raw, columns, settings), SUGGESTED))
    if not found:
        return "no column could be predicted in its place"
    return "what could be predicted: " + one_of([setting(target=name) for name in found])


def _predictable(raw: RawTable, columns: Sequence[Column], settings: Settings) -> Iterator[str]:
    for column in reversed(columns):
        if column.used and column.name in raw.names and not column.missing:
            try:
                prepare_target(gather_facts(raw, raw.names.index(column.name), settings), raw, settings)
            except RegchooseError:
                continue
            yield column.name
