"""The features of a table: each column is read once, gets its role, and becomes numbers where it is used."""

import hashlib
from dataclasses import dataclass, field, replace

import numpy as np

from regchoose.errors import DataError, Phrase, PhraseLike, one_of, setting
from regchoose.records.table import Column
from regchoose.records.words import Float, Int
from regchoose.settings.options import Settings
from regchoose.table.columns.dates import expand_dates
from regchoose.table.columns.facts import Facts, gather_facts, to_levels
from regchoose.table.columns.group_and_time import suggest_group_and_time, to_groups, to_times
from regchoose.table.columns.odd_cells import check_cells
from regchoose.table.columns.roles import rule
from regchoose.table.raw_table import RawTable


@dataclass(frozen=True)
class Features:
    """The columns of a table with their roles, and the matrix of those that are used.

    Attributes
    ----------
    columns : tuple of Column
        Those of the file in its order; then the parts of dates.
    values : (n, p) ndarray
        The columns used; codes of categories; missing is NaN.
    warnings : tuple of str
    groups : (n,) ndarray or None
        The number of each row's group, where `--group` names a column.
    time : (n,) ndarray or None
        What orders the rows, where `--time` names a column.
    """

    columns: tuple[Column, ...]
    values: Float
    warnings: tuple[PhraseLike, ...]
    groups: Int | None
    time: Float | None


@dataclass
class _Reader:
    """Reads one column after the other; of each, only what the table needs of it stays in memory."""

    raw: RawTable
    settings: Settings
    lenient: bool
    columns: list[Column] = field(default_factory=list)
    parts: list[tuple[Column, Float]] = field(default_factory=list)  # of dates
    used: list[Float] = field(default_factory=list)
    warnings: list[PhraseLike] = field(default_factory=list)
    unclear_dates: list[PhraseLike] = field(default_factory=list)
    n_texts: dict[str, int] = field(default_factory=dict)
    group: Facts | None = None
    time: Facts | None = None
    _names: dict[bytes, str] = field(default_factory=dict)  # of columns already used, by their content

    def read(self, facts: Facts) -> None:
        """Give a column its role, and keep its numbers where it is used."""
        settings = self.settings
        ruling = rule(facts, settings)
        why = Phrase.of(ruling.why).words(python=self.raw.dialect.in_memory)
        column = Column(
            facts.name, ruling.role, ruling.type, why, missing=int(facts.missing.sum()), unit=facts.unit
        )
        asked = facts.name in (*settings.exclude, *settings.keep)
        column, warnings = check_cells(facts, self.raw, column, asked=asked, lenient=self.lenient)
        self.warnings += warnings
        values: Float | None = None
        if column.role == "numeric":
            values = facts.row_numbers
            if count := int(np.isinf(values).sum()):
                self.warnings.append(f"column {facts.name!r}: {count:,} infinite cells are taken as missing")
                column = replace(column, missing=column.missing + count)
                values = np.where(np.isinf(values), np.nan, values)
        elif column.role == "category":
            values, levels = to_levels(facts, boolean=column.type == "boolean")
            column = replace(column, levels=levels)
        elif column.role == "date":
            column, parts, warning = expand_dates(facts, column, settings, taken=self.raw.names)
            self.parts += parts
            self.unclear_dates += [warning] if warning else []
        self.columns.append(column if values is None else self._use(column, values))
        self.n_texts[facts.name] = len(facts.cells.texts)
        if facts.name == settings.group:
            self.group = facts
        if facts.name == settings.time:
            self.time = facts

    def _use(self, column: Column, values: Float) -> Column:
        """Take the values (n,) of a column, unless another one has the same."""
        digest = hashlib.blake2b(values.tobytes() + repr(column.levels).encode()).digest()
        first = self._names.setdefault(digest, column.name)
        if first != column.name:
            return replace(column, role="duplicate", why=f"a copy of {first!r}", levels=())
        self.used.append(values)
        return column


def to_features(
    raw: RawTable, target: Column | None, settings: Settings, *, lenient: bool = False
) -> Features:
    """Give every column its role, and turn those that are used to numbers.

    Parameters
    ----------
    raw : RawTable
        The table as text.
    target : Column or None
        The target, which is no feature.
    settings : Settings
        Only `exclude`, `keep`, `group`, `time` and `na` matter.
    lenient : bool
        Whether a column that holds a few texts among numbers is left out with a warning, and no column need
        be left.

    Returns
    -------
    Features
        The columns of the file; of dates year, month, and so on become columns at the end.

    Raises
    ------
    DataError
        E325 where no column can be used, E326 for a few texts in a column of numbers, and those of
        `to_groups` and `to_times`.
    """
    reader = _Reader(raw, settings, lenient)
    for place, name in enumerate(raw.names):
        if target is not None and name == target.name:
            reader.columns.append(target)
        else:
            reader.read(gather_facts(raw, place, settings))
    columns = (*reader.columns, *(column for column, _ in reader.parts))
    used = [*reader.used, *(values for _, values in reader.parts)]
    hints = suggest_group_and_time(columns, reader.n_texts, n_rows=raw.n_rows, settings=settings)
    if not used:
        error = _nothing_left(raw, reader.columns)
        if not lenient:
            raise error
        reader.warnings.append(f"{error.message}; {error.fix}")
    warnings = (*reader.warnings, *reader.unclear_dates, *hints)
    return Features(
        columns,
        np.column_stack(used) if used else np.empty((raw.n_rows, 0)),
        warnings,
        groups=None if reader.group is None else to_groups(reader.group, raw),
        time=None if reader.time is None else to_times(reader.time, raw, settings),
    )


def _nothing_left(raw: RawTable, columns: list[Column]) -> DataError:
    others = [column for column in columns if column.role != "target"]
    listed = "; ".join(f"{column.name!r}: {column.role} ({column.why})" for column in others[:6])
    kept = next((column.name for column in others if column.role in ("id", "text", "date")), None)
    return DataError(
        "E325",
        f"none of the {len(others)} columns beside the target can be used",
        where=raw.path,
        detail=[listed],
        fix=one_of([*([setting(keep=[kept])] if kept else []), "a table with other columns"]),
    )
