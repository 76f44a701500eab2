"""From columns of text to a table that is ready for an experiment."""

from typing import Literal

from regchoose.errors import Phrase, RegchooseError
from regchoose.records.answers import Ask
from regchoose.records.table import AS_Y, Column, Table
from regchoose.settings.options import Settings
from regchoose.table.columns.features import to_features
from regchoose.table.columns.leakage import find_leakage
from regchoose.table.columns.target import TargetValues, name_predictable, read_target, replace_target
from regchoose.table.csv.quoted_words import warn_of_quoted_words
from regchoose.table.raw_table import RawTable

# What becomes of a target that cannot be predicted: an error; or it is shown as the target of a table that
# nothing can be learned from; or it is a column like the others, by which rows are matched.
OnUnusable = Literal["refuse", "show", "match"]


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
    kept, column, target = read_target(raw, settings, choose=choose, lenient=on_unusable != "refuse")
    return _assemble(kept, settings, column, target, on_unusable=on_unusable), kept


def _assemble(
    raw: RawTable, settings: Settings, column: Column, target: TargetValues, *, on_unusable: OnUnusable
) -> Table:
    """Give the other columns their roles, and return the table of the rows `raw`, which have the target."""
    python = raw.dialect.in_memory
    shown = None if target.unusable and on_unusable == "match" else column
    features = to_features(raw, shown, settings, lenient=on_unusable != "refuse")
    leaking = find_leakage(features.columns, features.values, target.values, n_classes=len(target.classes))
    others = name_predictable(raw, features.columns, settings) if target.unusable else []
    quoted = warn_of_quoted_words(raw)
    warnings = (*raw.warnings, *quoted, *target.warnings, *others, *features.warnings, *leaking.values())
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
    place = raw.names.index(table.target_name)
    column, target = replace_target(raw, settings, place=place, why=table.target_why, error=error)
    return _assemble(raw, settings, column, target, on_unusable=on_unusable)
