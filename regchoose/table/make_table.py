"""From columns of text to a table that is ready for an experiment."""

from regchoose.errors import Phrase
from regchoose.records.answers import Ask
from regchoose.records.table import AS_Y, Column, Table
from regchoose.settings.options import Settings
from regchoose.table.columns.features import to_features
from regchoose.table.columns.find_target import find_target
from regchoose.table.columns.leakage import find_leakage
from regchoose.table.columns.target import select_target
from regchoose.table.raw_table import RawTable


def make_table(raw: RawTable, settings: Settings, *, choose: Ask) -> tuple[Table, RawTable]:
    """Give columns of text a target, roles and features; return the table, and the text of its rows.

    Raises
    ------
    UsageError
        E204, E205, E208: a column that an option names, or a table of one column.
    DataError
        E303, E321 to E329: what cannot be learned from.
    """
    place, why = find_target(raw, settings, choose=choose)
    raw, target = select_target(raw, place, settings)
    python = raw.dialect.in_memory
    column = Column(raw.names[place], "target", target.type, Phrase.of(why).words(python=python))
    features = to_features(raw, column, settings)
    leaking = find_leakage(features.columns, features.values, target.values, n_classes=len(target.classes))
    warnings = [*raw.warnings, *target.warnings, *features.warnings, *leaking.values()]
    table = Table(
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
    )
    return table, raw
