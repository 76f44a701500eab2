"""A column of dates becomes several columns of numbers."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from regchoose.records.table import Column, DateParts
from regchoose.records.words import Float
from regchoose.table.columns.dates import is_ambiguous, parts_of, read_moments
from regchoose.table.columns.facts import Facts


def expanded(
    facts: Facts, column: Column, *, taken: Sequence[str]
) -> tuple[Column, list[tuple[Column, Float]]]:
    """Return a column of dates with what became of it, and its parts with their values (n,).

    Parameters
    ----------
    taken : sequence of str
        Names that a part must not have.
    """
    moments = read_moments(facts.texts)
    if moments is None:
        unclear = is_ambiguous(facts.texts)
        why = f"column {facts.name!r} is left out: " if unclear else "left out: "
        cause = "day and month cannot be told apart, as in" if unclear else "in no one order, as in"
        return replace(column, why=f"{why}{cause} {facts.texts[0]!r}; write dates as 2021-03-04"), []
    parts = parts_of(moments, facts.by_row(moments.seconds))
    further = [(_part(facts, name, values, taken=taken), values) for name, values in parts.items()]
    listed = ", ".join(parts) or "nothing, for it is the same in every row"
    why = f"dates, as {facts.texts[0]!r}, read as {moments.order}: gives {listed}"
    made = {part.name: name for name, (part, _) in zip(parts, further, strict=True)}
    date = DateParts(moments.written, moments.clock, made) if made else None
    return replace(column, why=why, date=date), further


def part_name(column: str, part: str, *, taken: Sequence[str]) -> str:
    """Return what a part of a column of dates is called."""
    full = f"{column}.{part}"
    while full in taken:
        full += "_2"
    return full


def _part(facts: Facts, name: str, values: Float, *, taken: Sequence[str]) -> Column:
    full = part_name(facts.name, name, taken=taken)
    unit = " in days since the first" if name == "elapsed" else ""
    whole = bool((values[~np.isnan(values)] % 1 == 0).all())
    return Column(
        full,
        "numeric",
        "integer" if whole else "number",
        f"{name} of {facts.name!r}{unit}",
        missing=int(np.isnan(values).sum()),
    )
