"""Which rows belong together, and which come first: what `--group` and `--time` name, or should."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from regchoose.errors import DataError, PhraseLike, one_of, setting
from regchoose.records.table import Column
from regchoose.records.words import Float, Int
from regchoose.settings.options import Settings
from regchoose.table.cell_values import ID_NAME
from regchoose.table.columns.dates import is_ambiguous_date, parse_dates, parse_dates_as
from regchoose.table.columns.facts import Facts, gather_facts
from regchoose.table.raw_table import RawTable

FEWEST_GROUPS = 10  # from which values that recur look like groups of rows


def to_groups(facts: Facts, raw: RawTable) -> Int:
    """Return the number of the group of each row (n,), by the column that `--group` names.

    Raises
    ------
    DataError
        E328 where rows have no group, or all rows one.
    """
    _refuse_missing(facts, raw, named_by="group")
    if len(facts.texts) < 2:
        raise DataError(
            "E328",
            f"all rows have one group in {facts.name!r}",
            where=raw.path,
            fix="another " + setting("group") + ", or none",
        )
    return facts.codes.astype(np.int64)


def to_times(facts: Facts, raw: RawTable, settings: Settings) -> Float:
    """Return what orders the rows (n,): seconds since 1970, or the numbers of the column.

    Raises
    ------
    DataError
        E328 where rows have no time, E329 where the column holds neither dates in one order nor numbers.
    """
    _refuse_missing(facts, raw, named_by="time")
    if _is_finite(facts):
        return facts.row_numbers
    parsed = parse_dates(facts.texts, prefer=settings.date_order)
    if parsed is None:
        raise _no_order(facts, raw)
    return facts.by_row(parsed.seconds)


def _is_finite(facts: Facts) -> bool:
    return facts.all_numbers and bool(np.isfinite(facts.numbers).all())


def _no_order(facts: Facts, raw: RawTable) -> DataError:
    orders = [setting(date_order="dmy"), setting(date_order="mdy")] if is_ambiguous_date(facts.texts) else []
    return DataError(
        "E329",
        f"{facts.name!r} does not order the rows: as {facts.texts[0][:40]!r}, it holds neither numbers "
        "nor dates in one order",
        where=raw.path,
        fix=one_of([*orders, "write dates as 2021-03-04", "another " + setting("time")]),
    )


def make_time_reader(raw: RawTable, settings: Settings) -> Callable[[RawTable], Float]:
    """Return a function that reads the column of `--time` in further rows just as it is read in these.

    Raises
    ------
    DataError
        As `to_times`; what is returned raises E329 for a time that is written otherwise.
    """
    assert settings.time is not None
    facts = gather_facts(raw, raw.names.index(settings.time), settings)
    parsed = None if _is_finite(facts) else parse_dates(facts.texts, prefer=settings.date_order)
    if parsed is None:
        to_times(facts, raw, settings)  # numbers, or an error

    def read(further: RawTable) -> Float:
        own = gather_facts(further, further.names.index(facts.name), settings)
        known = own.numbers
        if parsed is not None:
            seconds = parse_dates_as(own.texts, parsed.format, clock=parsed.clock)
            known = np.full(len(own.texts), np.nan) if seconds is None else seconds
        times = own.by_row(known)
        if np.isnan(times).any():
            raise _no_order(own, raw)
        return times

    return read


def _refuse_missing(facts: Facts, raw: RawTable, *, named_by: str) -> None:
    missing = int(facts.missing.sum())
    if missing:
        where = raw.where(int(facts.missing.argmax()))
        raise missing_values_error(facts.name, missing, n_rows=raw.n_rows, named_by=named_by, where=where)


def missing_values_error(name: str, missing: int, *, n_rows: int, named_by: str, where: str) -> DataError:
    """Return E328 for rows without a value in the column that `--group` or `--time` names."""
    return DataError(
        "E328",
        f"{missing:,} of {n_rows:,} rows have no value in {name!r}, which " + setting(named_by) + " names",
        where=where,
        fix="give these rows a value" | "another " + setting(named_by),
    )


def suggest_group_and_time(
    columns: Sequence[Column], n_texts: Mapping[str, int], *, n_rows: int, settings: Settings
) -> list[PhraseLike]:
    """Return a warning where `--group` or `--time` may be missing.

    Parameters
    ----------
    n_texts : mapping of str to int
        How many different texts each column of the file holds, except the target.
    """
    warnings: list[PhraseLike] = []
    if settings.group is None:
        for column in columns:
            groups = n_texts.get(column.name, 0)
            is_named_as_id = ID_NAME.fullmatch(column.name) is not None
            used_or_text = column.role in ("numeric", "category", "text")
            if used_or_text and is_named_as_id and FEWEST_GROUPS <= groups <= n_rows / 2:
                warnings.append(
                    f"{column.name!r} has the name of an id, and its {groups:,} values recur: rows of one "
                    "may be alike. Where new ones are to be predicted: " + setting(group=column.name)
                )
    dated = next((column.name for column in columns if column.role == "date"), None)
    if settings.time is None and dated is not None:
        warnings.append(
            f"{dated!r} holds dates, and rows are split at random: where later rows are to be predicted "
            "from earlier ones, " + setting(time=dated)
        )
    return warnings
