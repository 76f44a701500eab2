"""Which rows belong together, and which come first: what `--group` and `--time` name."""

from collections.abc import Callable

import numpy as np

from regchoose.errors import DataError, setting
from regchoose.records.words import Float, Int
from regchoose.settings.options import Settings
from regchoose.table.columns.dates import read_as, read_moments
from regchoose.table.columns.facts import Facts, facts_of
from regchoose.table.raw_table import RawTable


def groups_of(raw: RawTable, settings: Settings) -> Int | None:
    """Return the number of the group of each row (n,), by the column that `--group` names.

    Raises
    ------
    DataError
        E328 where rows have no group, or all rows one.
    """
    if settings.group is None:
        return None
    facts = facts_of(raw, raw.names.index(settings.group), settings)
    _refuse_missing(facts, raw, named_by="group")
    if len(facts.texts) < 2:
        raise DataError(
            "E328",
            f"all rows have one group in {facts.name!r}",
            where=raw.path,
            fix="another " + setting("group") + ", or none",
        )
    return facts.by_row(np.arange(len(facts.texts), dtype=np.float64)).astype(np.int64)


def times_of(raw: RawTable, settings: Settings) -> Float | None:
    """Return what orders the rows (n,): seconds since 1970, or the numbers of the column.

    Raises
    ------
    DataError
        E328 where rows have no time, E329 where the column holds neither dates in one order nor numbers.
    """
    if settings.time is None:
        return None
    facts = facts_of(raw, raw.names.index(settings.time), settings)
    _refuse_missing(facts, raw, named_by="time")
    if facts.all_numbers and np.isfinite(facts.numbers).all():
        return facts.by_row(facts.numbers)
    moments = read_moments(facts.texts)
    if moments is None:
        raise _no_order(facts, raw)
    return facts.by_row(moments.seconds)


def _no_order(facts: Facts, raw: RawTable) -> DataError:
    return DataError(
        "E329",
        f"{facts.name!r} does not order the rows: as {facts.texts[0][:40]!r}, it holds neither numbers "
        "nor dates in one order",
        where=raw.path,
        fix="write dates as 2021-03-04" | "another " + setting("time"),
    )


def time_reader(raw: RawTable, settings: Settings) -> Callable[[RawTable], Float]:
    """Return what reads the column of `--time` in further rows of a table as it is read in these.

    Raises
    ------
    DataError
        As `times_of`; what is returned raises E329 for a time that is written otherwise.
    """
    assert settings.time is not None
    facts = facts_of(raw, raw.names.index(settings.time), settings)
    numbers = facts.all_numbers and bool(np.isfinite(facts.numbers).all())
    moments = None if numbers else read_moments(facts.texts)
    if not numbers and moments is None:
        times_of(raw, settings)

    def read(further: RawTable) -> Float:
        own = facts_of(further, further.names.index(facts.name), settings)
        known = own.numbers
        if moments is not None:
            seconds = read_as(own.texts, moments.written, clock=moments.clock)
            known = np.full(len(own.texts), np.nan) if seconds is None else seconds
        times = own.by_row(known)
        if np.isnan(times).any():
            raise _no_order(own, raw)
        return times

    return read


def _refuse_missing(facts: Facts, raw: RawTable, *, named_by: str) -> None:
    missing = int(facts.missing.sum())
    if missing:
        line = int(raw.lines[facts.missing][0])
        raise DataError(
            "E328",
            f"{missing:,} of {raw.n_rows:,} rows have no value in {facts.name!r}, which "
            + setting(named_by)
            + " names",
            where=f"{raw.path}:{line}",
            fix="give these rows a value" | "another " + setting(named_by),
        )
