"""Dates and times: which moment a text means, and the columns of numbers that a network can learn from."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from regchoose.records.table import Column, DateParts
from regchoose.records.words import Float
from regchoose.table.columns.facts import Facts

DAY = 86_400.0  # seconds
CLOCK = re.compile(r"[0-9]{1,2}:[0-9]{2}.*")
# Orders of day, month and year that a text may have, by the mark between them; the clock follows.
ORDERS: dict[str, tuple[str, ...]] = {
    "/": ("%d/%m/%Y", "%m/%d/%Y", "%d/%m/%y", "%m/%d/%y", "%Y/%m/%d"),
    ".": ("%d.%m.%Y", "%d.%m.%y"),
    "-": ("ISO8601", "%d-%m-%Y", "%m-%d-%Y", "%d-%b-%Y", "%d-%b-%y", "%d-%B-%Y"),
    " ": ("%d %b %Y", "%d %B %Y", "%b %d %Y", "%B %d %Y", "%b %d, %Y", "%B %d, %Y"),
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


def parse_dates(texts: Sequence[str]) -> ParsedDates | None:
    """Read the different texts of a column as dates or times of day.

    Returns
    -------
    ParsedDates or None
        None where no one order reads all of them, or where two do and disagree (01/02/2021 may be in
        January or in February).
    """
    if all(CLOCK.fullmatch(text) for text in texts):
        seconds = parse_dates_as(texts, CLOCK_DAY, clock=True)
        return None if seconds is None else ParsedDates(seconds, "times of day", clock=True, format=CLOCK_DAY)
    mark = next((mark for mark in "/.-" if mark in texts[0][:8]), " ")
    found: dict[str, Float] = {}
    for order in ORDERS[mark]:
        seconds = _parsed(texts, order)
        if seconds is not None:
            found[order] = seconds
            if order == "ISO8601":
                break
    readings = {seconds.tobytes(): order for order, seconds in found.items()}
    if len(readings) != 1:
        return None
    order = next(iter(readings.values()))
    return ParsedDates(
        found[order], "ISO 8601" if order == "ISO8601" else re.sub("%", "", order), format=order
    )


def parse_dates_as(texts: Sequence[str], order: str, *, clock: bool) -> Float | None:
    """Read texts in a known order, as `ParsedDates.format` has it; None where one of them is not in it."""
    return _parsed([f"1970-01-01 {text}" for text in texts] if clock else texts, order)


def find_unread(texts: Sequence[str], order: str, *, clock: bool) -> list[int]:
    """Return the places of the texts that are not in an order, whatever way the clock is written."""
    series = pd.Series([f"1970-01-01 {text}" for text in texts] if clock else list(texts), dtype="str")
    ways = ("",) if order == "ISO8601" else CLOCKS
    read = [pd.to_datetime(series, format=order + way, errors="coerce", utc=True).isna() for way in ways]
    return [int(place) for place in np.flatnonzero(min(read, key=sum))]


def _parsed(texts: Sequence[str], order: str) -> Float | None:
    series = pd.Series(list(texts), dtype="str")
    for clock in ("",) if order == "ISO8601" else CLOCKS:
        parsed = pd.to_datetime(series, format=order + clock, errors="coerce", utc=True)
        if not parsed.isna().any():
            return np.asarray(parsed.to_numpy(dtype="datetime64[us]").astype(np.int64) / 1e6)
    return None


def is_ambiguous_date(texts: Sequence[str]) -> bool:
    """Say whether the texts are dates whose day and month cannot be told apart."""
    return (
        any("/" in text for text in texts[:1])
        and parse_dates(texts) is None
        and any(_parsed(texts, order) is not None for order in ORDERS["/"])
    )


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
    facts: Facts, column: Column, *, taken: Sequence[str]
) -> tuple[Column, list[tuple[Column, Float]], str]:
    """Turn a column of dates into columns of numbers.

    Parameters
    ----------
    taken : sequence of str
        Names that a part must not have.

    Returns
    -------
    Column
        The column of dates, with what became of it.
    list of (Column, (n,) ndarray)
        Its parts and their values.
    str
        A warning where day and month cannot be told apart, else empty.
    """
    parsed = parse_dates(facts.texts)
    if parsed is None:
        unclear = is_ambiguous_date(facts.texts)
        why = f"column {facts.name!r} is left out: " if unclear else "left out: "
        cause = "day and month cannot be told apart, as in" if unclear else "in no one order, as in"
        why += f"{cause} {facts.texts[0]!r}; write dates as 2021-03-04"
        return replace(column, why=why), [], why if unclear else ""
    seconds = facts.by_row(parsed.seconds)
    first, known = float(np.nanmin(seconds)), ~facts.missing
    found = date_parts(seconds, clock=parsed.clock, first=first)
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
