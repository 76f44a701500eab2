"""Reading new rows of text as the table of an encoder was read."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from regchoose.encoding.inputs import CategoryInput, DateColumn, EncodedTarget, NumberInput
from regchoose.errors import DataError, setting
from regchoose.records.words import Float, Int
from regchoose.settings.options import Settings
from regchoose.table.cell_values import strip_unit, to_number
from regchoose.table.columns.dates import date_parts, find_unread, parse_dates_as
from regchoose.table.columns.facts import Facts, gather_facts
from regchoose.table.in_memory import FRAME, is_number, raw_from_columns
from regchoose.table.large.batches import Batch, Numbers
from regchoose.table.raw_table import factorize

FAR, FLAT = 10.0, 0.03  # of an image's mean and spread, in standard deviations of the images learned from
MOST_WORDS, WORD_LETTERS = 4, 30  # that may be words for missing, rather than cells in another form
NO_ROWS, NO_TEXTS = np.empty(0, dtype=np.int64), factorize([])
Where = Callable[[int], str]  # a row's place in the file, for people


@dataclass
class Oddities:
    """Counts of what the new rows hold and the table of the encoder did not.

    Attributes
    ----------
    unseen : dict of str to Counter
        Column → new level → rows.
    gaps : Counter
        Column → missing cells, for columns that had none.
    infinite : Counter
        Column → infinite cells, taken as missing.
    without_target : int
        Rows whose target is missing, or none of the classes.
    off_scale : int
        Images of one brightness, or far brighter or darker than those learned from. Numbers from 0 to 1 look
        like that to a model that was fitted on 0 to 255, and the other way round.
    """

    unseen: dict[str, Counter[str]] = field(default_factory=dict)
    gaps: Counter[str] = field(default_factory=Counter)
    infinite: Counter[str] = field(default_factory=Counter)
    without_target: int = 0
    off_scale: int = 0

    def add_scale(self, images: Float) -> None:
        """Count standardized images (n, d) on another scale of brightness."""
        self.off_scale += int(((np.abs(images.mean(1)) > FAR) | (images.std(1) < FLAT)).sum())

    def notes(self, *, of: int) -> tuple[str, ...]:
        """Say what is unusual among so many rows."""
        notes = []
        for column, levels in self.unseen.items():
            named = ", ".join(repr(level[:30]) for level, _ in levels.most_common(3))
            notes.append(
                f"column {column!r}: {sum(levels.values()):,} of {of:,} rows hold {len(levels):,} levels "
                f"that were not seen ({named}{', …' if len(levels) > 3 else ''}); each counts as a rare one "
                "where there are such, else as the average of the levels"
            )
        for column, count in self.gaps.items():
            notes.append(
                f"column {column!r}: {count:,} of {of:,} cells are missing, and none was where the column "
                "was learned; each counts as the median, or as the average of the levels"
            )
        if self.off_scale > of / 2:
            notes.append(
                f"{self.off_scale:,} of {of:,} images are on another scale of brightness than those of the "
                "fit, such as 0 to 1 instead of 0 to 255"
            )
        for column, count in self.infinite.items():
            notes.append(f"column {column!r}: {count:,} infinite cells are taken as missing")
        return tuple(notes)


# ---- rows in memory --------------------------------------------------------------------------------------


def to_batch(columns: Mapping[str, "pd.Series"], numbers: Collection[str]) -> Batch:
    """Return columns in memory as a batch; those of `numbers` with a numeric type stay numbers."""
    numeric = {name: values for name, values in columns.items() if name in numbers and is_number(values)}
    texts = {name: values for name, values in columns.items() if name not in numeric}
    n_rows = len(next(iter(columns.values())))
    raw = raw_from_columns(FRAME, tuple(texts), tuple(texts.values()), n_rows=n_rows)
    return Batch(raw, 0, _place_in_memory, {name: _to_numbers(values) for name, values in numeric.items()})


def _to_numbers(values: "pd.Series") -> Numbers:
    """Return a column of numbers; infinite ones are missing."""
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    return Numbers(np.where(np.isinf(numbers), np.nan, numbers), NO_ROWS, NO_TEXTS)


def _place_in_memory(row: int) -> str:
    return f"row {row}, counted from 0"


# ---- numbers ---------------------------------------------------------------------------------------------


def read_numbers(
    batch: Batch,
    inputs: Sequence[NumberInput],
    dates: Sequence[DateColumn],
    settings: Settings,
    *,
    oddities: Oddities,
) -> Float:
    """Read the numbers (n, a) of the inputs, with NaN for missing.

    Raises
    ------
    DataError
        E326 for a text among numbers, or among dates.
    """
    parts = {date.column: _read_parts(batch, date, settings) for date in dates}
    columns = [
        parts[number.column][number.part]
        if number.part
        else _read_column(batch, number, settings, oddities=oddities)
        for number in inputs
    ]
    numbers = np.column_stack([*columns, np.zeros((batch.raw.n_rows, 0))])
    gaps = np.isnan(numbers).sum(axis=0)
    counted = set[str]()
    for number, count in zip(inputs, gaps.tolist(), strict=True):
        if count and not number.flagged and number.column not in counted:
            counted.add(number.column)  # a date gives several inputs
            oddities.gaps[number.column] += count
    return numbers


def _read_column(batch: Batch, number: NumberInput, settings: Settings, *, oddities: Oddities) -> Float:
    """Read a column of numbers (n,)."""
    name, unit = number.column, number.unit
    if name not in batch.numbers:
        facts = _facts(batch, name, settings)
        return _parse_cells(facts, batch, unit, where=batch.where, oddities=oddities)
    numbers = batch.numbers[name]
    if not len(numbers.rows):
        return numbers.values
    # Plain numbers were parsed when the file was read; the other cells are text.
    rest = replace(
        batch.raw, names=(name,), columns=(numbers.texts,), lines=batch.raw.lines[numbers.rows], kinds=("",)
    )
    values = numbers.values.copy()
    values[numbers.rows] = _parse_cells(
        gather_facts(rest, 0, settings),
        batch,
        unit,
        where=lambda row: batch.where(int(numbers.rows[row])),
        oddities=oddities,
    )
    return values


def _parse_cells(facts: Facts, batch: Batch, unit: str, *, where: Where, oddities: Oddities) -> Float:
    """Parse a column of numbers (n,); infinite ones are missing."""
    mark = batch.raw.dialect.decimal
    values = facts.by_row(
        _parse_texts(facts, mark, unit, where=where, wanted="the model reads numbers there")
    )
    infinite = np.isinf(values)
    if infinite.any():
        oddities.infinite[facts.name] += int(infinite.sum())
        values = np.where(infinite, np.nan, values)
    return values


def _parse_texts(facts: Facts, mark: str, unit: str, *, where: Where, wanted: str) -> Float:
    """Parse each different text as a number; the column is known to be numeric."""
    if facts.unit in ("", unit) and not np.isnan(facts.numbers).any():
        return facts.numbers
    numbers = [to_number(strip_unit(text, unit), mark) for text in facts.texts]
    bad = [text for text, number in zip(facts.texts, numbers, strict=True) if number is None]
    if bad:
        raise _unreadable(facts, bad, where=where, wanted=wanted)
    return np.array(numbers, dtype=np.float64)


def _unreadable(facts: Facts, texts: Sequence[str], *, where: Where, wanted: str) -> DataError:
    """Return E326 for the texts of a column that cannot be read."""
    rows = np.flatnonzero(facts.cells.where(set(texts).__contains__))
    some = ", ".join(repr(text[:20]) for text in texts[:4])
    cells = f"{len(rows):,} such cells among the {len(facts.missing):,} rows read at a time: {some}"
    are_words = len(texts) <= MOST_WORDS and max(map(len, texts)) <= WORD_LETTERS
    missing = setting(na=list(texts)) + ", if that means missing"
    repair = f"write the column {facts.name!r} as it was where the model was fitted"
    return DataError(
        "E326",
        f"column {facts.name!r} holds {texts[0][:40]!r}, and {wanted}",
        where=where(int(rows[0])),
        detail=[f"{cells}{', …' if len(texts) > 4 else ''}"],
        fix=missing | "repair the file" if are_words else repair,
    )


def _facts(batch: Batch, name: str, settings: Settings, *, levels: Sequence[str] = ()) -> Facts:
    return gather_facts(batch.raw, batch.raw.names.index(name), settings, levels=levels)


# ---- dates -----------------------------------------------------------------------------------------------


def _read_parts(batch: Batch, date: DateColumn, settings: Settings) -> dict[str, Float]:
    """Read a column of dates; return its parts by name, each (n,)."""
    facts = _facts(batch, date.column, settings)
    # A typed date is a moment, however the dates were written that the model was fitted on.
    order = "ISO8601" if facts.kind == "date" and not date.clock else date.order
    seconds = parse_dates_as(facts.texts, order, clock=date.clock) if facts.texts else np.zeros(0)
    if seconds is None:
        how = "ISO 8601" if order == "ISO8601" else order
        bad = [facts.texts[j] for j in find_unread(facts.texts, order, clock=date.clock)]
        raise _unreadable(facts, bad, where=batch.where, wanted=f"the model reads dates as {how} there")
    return date_parts(facts.by_row(seconds), clock=date.clock, first=date.first)


# ---- categories and classes ------------------------------------------------------------------------------


def read_levels(
    batch: Batch, categories: Sequence[CategoryInput], settings: Settings, *, oddities: Oddities
) -> list[Int]:
    """Read, for each category, the rows (n,) of its `inputs`."""
    return [
        _read_category(_facts(batch, category.column, settings, levels=category.levels), category, oddities)
        for category in categories
    ]


def _read_category(facts: Facts, category: CategoryInput, oddities: Oddities) -> Int:
    fold = _case_folding(category.boolean)
    known = dict(zip(map(fold, category.levels), category.places, strict=True))
    places = np.array([known.get(fold(text), -1) for text in facts.texts], dtype=np.int64)
    new = np.flatnonzero(places < 0)
    if len(new):
        counts = oddities.unseen.setdefault(category.column, Counter())
        counts.update({facts.texts[j]: int(facts.counts[j]) for j in new.tolist()})
        places[new] = category.place_of_new
    if category.missing is None and (count := int(facts.missing.sum())):
        oddities.gaps[category.column] += count
    rows = facts.by_row(places.astype(np.float64))
    filled: Int = np.where(np.isnan(rows), category.place_of_missing, rows).astype(np.int64)
    return filled


def _case_folding(boolean: bool) -> Callable[[str], str]:
    return str.casefold if boolean else str


def read_targets(batch: Batch, target: EncodedTarget, settings: Settings) -> Float:
    """Read numbers in the units of the file, or codes of classes (n,); NaN for a row without a target.

    Raises
    ------
    DataError
        E326 for a text if numbers are predicted.
    """
    facts, mark = _facts(batch, target.name, settings, levels=target.classes), batch.raw.dialect.decimal
    if target.task == "regression":
        wanted = "the target is a number"
        values = facts.by_row(_parse_texts(facts, mark, target.unit, where=batch.where, wanted=wanted))
        return np.where(np.isinf(values), np.nan, values)
    fold = _case_folding(target.boolean)
    codes = {fold(label): float(code) for code, label in enumerate(target.classes)}
    rest = np.nan if target.rest is None else float(target.rest)

    def label(text: str) -> str:
        number = to_number(strip_unit(text, target.unit), mark) if target.numeric else None
        return fold(text) if number is None else f"{number:.15g}"

    return facts.by_row(np.array([codes.get(label(text), rest) for text in facts.texts]))
