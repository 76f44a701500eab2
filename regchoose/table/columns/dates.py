"""Dates and times: which moment a text means, and the columns of numbers that a network can learn from."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from regchoose.errors import PhraseLike, setting
from regchoose.records.table import Column, DateParts
from regchoose.records.words import Float
from regchoose.settings.options import DateOrder, Settings
from regchoose.table.columns.facts import Facts

DAY = 86_400.0  # seconds
CLOCK = re.compile(r"[0-9]{1,2}:[0-9]{2}.*")
MONDAY = "%u "  # stands before weeks, of which the first day is meant
QUARTER, WEEKS = "quarter", f"{MONDAY}%G-W%V|{MONDAY}%GW%V"
QUARTER_TEXT = re.compile(r"(?=.*[0-9]{4})(?:([0-9]{4})[- ]?)?q([1-4])(?:[- ]([0-9]{4}))?", re.IGNORECASE)
SEASON = re.compile(r"[0-9]{2}([0-9]{2})-([0-9]{2})")  # 2001-02 may be a month, or from a year to the next
# Orders of day, month and year that a text may have, by the mark between them; the clock follows.
ORDERS: dict[str, tuple[str, ...]] = {
    mark: tuple(orders.split("|"))
    for mark, orders in {
        "/": "%d/%m/%Y|%m/%d/%Y|%d/%m/%y|%m/%d/%y|%Y/%m/%d|%m/%Y|%Y/%m",
        ".": "%d.%m.%Y|%d.%m.%y",
        "-": f"ISO8601|%d-%m-%Y|%m-%d-%Y|%d-%b-%Y|%d-%b-%y|%d-%B-%Y|%m-%Y|%b-%y|%b-%Y|%B-%Y|%B-%y|%Y-%b|%Y-%B"
        f"|{QUARTER}|{WEEKS}",
        " ": f"%d %b %Y|%d %B %Y|%b %d %Y|%B %d %Y|%b %d, %Y|%B %d, %Y|%b %Y|%B %Y|%Y %b|%Y %B|%Y%b|%Y%B"
        f"|%Y%m%d|{QUARTER}|{WEEKS}",
    }.items()
}
CLOCK_DAY = "%Y-%m-%d"  # of the day that is put before a time of day
CLOCKS = ("", " %H:%M:%S", " %H:%M", " %I:%M %p", " %I:%M:%S %p", "T%H:%M:%S", "T%H:%M")
PARTS = ("year", "month", "day", "weekday", "hour", "elapsed")


@dataclass(frozen=True)
class ParsedDates:
    """What the texts of a column mean.

    Parameters
    ----------
    seconds : ndarray (k,)
        Since 1970 in UTC, one for each text; NaN where a text is none.
    order : str
        How the texts are read, for people.
    clock : bool
        Whether they are times of day alone.
    format : str
        The order in the notation of strftime, by which further texts are read alike.
    """

    seconds: Float
    order: str
    clock: bool = False
    format: str = "ISO8601"


def parse_dates(texts: Sequence[str], *, prefer: DateOrder = "auto") -> ParsedDates | None:
    """Read the different texts of a column as dates or times of day.

    Parameters
    ----------
    prefer : str
        "dmy" or "mdy", by which the texts are read where they can be read by both.

    Returns
    -------
    ParsedDates or None
        None where no one order reads all of them, or where two do and disagree (01/02/2021 may be in
        January or in February).
    """
    if all(CLOCK.fullmatch(text) for text in texts):
        seconds = parse_dates_as(texts, CLOCK_DAY, clock=True)
        return None if seconds is None else ParsedDates(seconds, "times of day", clock=True, format=CLOCK_DAY)
    if all(map(_is_season, texts)):
        return None
    mark = next((mark for mark in "/.-" if mark in texts[0][:8]), " ")
    found: dict[str, Float] = {}
    for order in ORDERS[mark]:
        seconds = _parsed(texts, order)
        if seconds is not None:
            found[order] = seconds
            if order == "ISO8601":
                break
    if prefer != "auto":
        found = {order: found[order] for order in found if order[1] == prefer[0]} or found
    readings = {seconds.tobytes(): order for order, seconds in found.items()}
    if len(readings) != 1:
        return None
    order = next(iter(readings.values()))
    return ParsedDates(found[order], _name_order(order), format=order)


def _name_order(order: str) -> str:
    known = {"ISO8601": "ISO 8601", QUARTER: "quarters", "%Y%m%d": "year, month and day in one"}
    return "weeks" if order.startswith(MONDAY) else known.get(order, re.sub("%", "", order))


def parse_dates_as(texts: Sequence[str], order: str, *, clock: bool) -> Float | None:
    """Read texts in a known order, as `ParsedDates.format` has it; None where one of them is not in it."""
    return _parsed([f"1970-01-01 {text}" for text in texts] if clock else texts, order)


def find_unread(texts: Sequence[str], order: str, *, clock: bool) -> list[int]:
    """Return the places of the texts that are not in an order."""
    return [j for j, text in enumerate(texts) if parse_dates_as([text], order, clock=clock) is None]


def _is_season(text: str) -> bool:
    years = SEASON.fullmatch(text)
    return years is not None and (int(years[1]) + 1) % 100 == int(years[2])


def _first_month(text: str) -> str:
    """Return year and month in which a quarter begins; nothing where the text is none."""
    found = QUARTER_TEXT.fullmatch(text)
    return f"{found[1] or found[3]}-{3 * int(found[2]) - 2}" if found else ""


def _parsed(texts: Sequence[str], order: str) -> Float | None:
    if order == QUARTER:
        months = [month for text in texts if (month := _first_month(text))]
        return _parsed(months, "%Y-%m") if len(months) == len(texts) else None
    if order.startswith(MONDAY):
        texts = [f"1 {text}" for text in texts]
    series = pd.Series(list(texts), dtype="str")
    has_clock = "%d" in order or order == CLOCK_DAY
    for clock in CLOCKS if has_clock and order != "%Y%m%d" else ("",):
        parsed = pd.to_datetime(series, format=order + clock, errors="coerce", utc=True)
        if not parsed.isna().any():
            return np.asarray(parsed.to_numpy(dtype="datetime64[us]").astype(np.int64) / 1e6)
    return None


def is_ambiguous_date(texts: Sequence[str]) -> bool:
    """Say whether the texts are dates whose day and month cannot be told apart."""
    return parse_dates(texts) is None and parse_dates(texts, prefer="dmy") is not None


def date_parts(seconds: Float, *, clock: bool, first: float) -> dict[str, Float]:
    """Return all parts of dates in rows (n,), by name; missing stays NaN.

    Parameters
    ----------
    clock : bool
        Whether they are times of day alone.
    first : float
        Seconds since 1970 from which `elapsed`, in days, is counted.
    """
    known = ~np.isnan(seconds)
    stamps = pd.DatetimeIndex(pd.to_datetime(np.where(known, seconds, 0.0) * 1e6, unit="us", utc=True))
    hour = stamps.hour + stamps.minute / 60 + stamps.second / 3600
    found = {"hour": np.asarray(hour, dtype=np.float64)}
    if not clock:
        days = {
            "year": stamps.year,
            "month": stamps.month,
            "day": stamps.day,
            "weekday": stamps.day_of_week,
        }
        found |= {name: np.asarray(values, dtype=np.float64) for name, values in days.items()}
        found["elapsed"] = (seconds - first) / DAY
    return {name: np.where(known, values, np.nan) for name, values in found.items()}


def expand_dates(
    facts: Facts, column: Column, settings: Settings, *, taken: Sequence[str]
) -> tuple[Column, list[tuple[Column, Float]], PhraseLike]:
    """Turn a column of dates into columns of numbers.

    Parameters
    ----------
    settings : Settings
        Only `date_order` matters.
    taken : sequence of str
        Names that a part must not have.

    Returns
    -------
    Column
        The column of dates, with what became of it.
    list of (Column, (n,) ndarray)
        Its parts and their values.
    str or Phrase
        A warning where day and month cannot be told apart, else empty.
    """
    parsed = parse_dates(facts.texts, prefer=settings.date_order)
    if parsed is None:
        if not is_ambiguous_date(facts.texts):
            why = f"left out: in no one order, as in {facts.texts[0]!r}; write dates as 2021-03-04"
            return replace(column, why=why), [], ""
        why = f"left out: day and month cannot be told apart, as in {facts.texts[0]!r}"
        remedy = setting(date_order="dmy") | setting(date_order="mdy") + " reads it"
        return replace(column, why=why), [], f"column {facts.name!r} is {why}; " + remedy
    seconds = facts.by_row(parsed.seconds)
    first, known = float(np.nanmin(seconds)), ~facts.missing
    found = date_parts(seconds, clock=parsed.clock, first=first)
    if (found.get("day", seconds)[known] == 1).all():
        del found["weekday"]  # of months and quarters it says nothing
    parts = {name: found[name] for name in PARTS if name in found and len(np.unique(found[name][known])) > 1}
    further = [(_part(facts, name, values, taken=taken), values) for name, values in parts.items()]
    listed = ", ".join(parts) or "nothing, for it is the same in every row"
    why = f"dates, as {facts.texts[0]!r}, read as {parsed.order}: gives {listed}"
    made = {part.name: name for name, (part, _) in zip(parts, further, strict=True)}
    date = DateParts(parsed.format, parsed.clock, made, first) if made else None
    return replace(column, why=why, date=date), further, ""


def _part(facts: Facts, name: str, values: Float, *, taken: Sequence[str]) -> Column:
    full = f"{facts.name}.{name}"
    while full in taken:
        full += "_2"
    unit = " in days since the first" if name == "elapsed" else ""
    whole = bool((values[~np.isnan(values)] % 1 == 0).all())
    return Column(
        full,
        "numeric",
        "integer" if whole else "number",
        f"{name} of {facts.name!r}{unit}",
        missing=int(np.isnan(values).sum()),
    )
