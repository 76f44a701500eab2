"""From rows of text to the inputs of a fitted network, by what the fit has learned of the columns."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from regchoose.encoding.encode import cut, standardized_images
from regchoose.errors import DataError, setting
from regchoose.records.inputs import (
    CategoryInput,
    DateReading,
    ImageReading,
    NumberInput,
    Preparation,
    TargetReading,
)
from regchoose.records.words import Float, Int
from regchoose.settings.options import Settings
from regchoose.table.cell_values import to_number
from regchoose.table.columns.dates import calendar, read_as
from regchoose.table.columns.facts import Facts, facts_of
from regchoose.table.large.batches import Batch

FAR, FLAT = 10.0, 0.03  # standard deviations of the numbers that the fit has seen
Where = Callable[[int], str]  # a row's place in the file, for people


@dataclass
class Oddities:
    """What was met that the fit has not seen, counted over all rows interpreted so far.

    Attributes
    ----------
    unseen : dict of str to Counter
        Column → level that is new → rows.
    gaps : Counter
        Column → missing cells, where the fit has seen none.
    infinite : Counter
        Column → infinite cells, taken as missing.
    without_target : int
        Rows whose target is missing, or none of the classes.
    off_scale : int
        Images that are of one brightness, or far brighter or darker than those of the fit: so numbers from 0
        to 1 look to a model that was fitted on 0 to 255, and the other way round.
    """

    unseen: dict[str, Counter[str]] = field(default_factory=dict)
    gaps: Counter[str] = field(default_factory=Counter)
    infinite: Counter[str] = field(default_factory=Counter)
    without_target: int = 0
    off_scale: int = 0


@dataclass(frozen=True)
class Interpreted:
    """Inputs (n, d), and targets (n,): NaN where a row has none; None where the table has no such column."""

    x: Float
    y: Float | None


def interpret(
    batch: Batch, preparation: Preparation, settings: Settings, *, oddities: Oddities
) -> Interpreted:
    """Turn rows of text to inputs and targets.

    Parameters
    ----------
    batch : Batch
        Rows of a table that has all columns of the preparation; others are ignored.
    settings : Settings
        Of which `na` matters.
    oddities : Oddities
        Is added to.

    Raises
    ------
    DataError
        E326 for a text where the fit has seen numbers, or dates.
    """
    if preparation.images is not None:
        x = _image_inputs(batch, preparation.images, oddities)
    else:
        x = _inputs(batch, preparation, settings, oddities=oddities)
    raw, target = batch.raw, preparation.target
    if target.name not in raw.names:
        return Interpreted(x, None)
    of_target = facts_of(raw, raw.names.index(target.name), settings)
    y = _target(of_target, target, mark=raw.dialect.decimal, where=batch.where)
    oddities.without_target += int(np.isnan(y).sum())
    return Interpreted(x, y)


def _image_inputs(batch: Batch, reading: ImageReading, oddities: Oddities) -> Float:
    assert batch.pixels is not None, "images are read as images"
    mean, scale = np.array(reading.mean), np.array(reading.scale)
    x = standardized_images(batch.pixels, reading.shape, mean=mean, scale=scale)
    oddities.off_scale += int(((np.abs(x.mean(1)) > FAR) | (x.std(1) < FLAT)).sum())
    return x


def _inputs(batch: Batch, preparation: Preparation, settings: Settings, *, oddities: Oddities) -> Float:
    raw, where, mark = batch.raw, batch.where, batch.raw.dialect.decimal
    facts = {
        name: facts_of(raw, raw.names.index(name), settings)
        for name in preparation.columns
        if name not in batch.numbers
    }
    dates = {reading.column: _parts(facts[reading.column], reading, where) for reading in preparation.dates}
    plain = {
        name: _read_with_rows(batch, name, settings, oddities=oddities)
        if name in batch.numbers
        else _plain(facts[name], mark, where=where, oddities=oddities)
        for name in preparation.number_columns
    }
    columns = [
        dates[number.column][number.part] if number.part else plain[number.column]
        for number in preparation.numbers
    ]
    numbers = np.column_stack([*columns, np.zeros((raw.n_rows, 0))])
    _count_gaps(numbers, preparation.numbers, oddities)
    return np.hstack(
        [
            _standardized(numbers, preparation.numbers),
            np.isnan(numbers[:, [number.flagged for number in preparation.numbers]]).astype(np.float64),
            *(_levels(facts[category.column], category, oddities) for category in preparation.categories),
        ]
    )


def _standardized(numbers: Float, inputs: tuple[NumberInput, ...]) -> Float:
    center, mean, scale = (
        np.array([getattr(one, name) for one in inputs]) for name in ("center", "mean", "scale")
    )
    spread = np.array([np.inf if one.spread is None else one.spread for one in inputs])
    values = cut(numbers, center=center, spread=spread)
    standardized: Float = (np.where(np.isnan(values), 0.0, values) - mean) / scale
    return standardized


def _plain(facts: Facts, mark: str, *, where: Where, oddities: Oddities) -> Float:
    """Return a column of numbers (n,); infinite ones are missing."""
    values = facts.by_row(_numbers(facts, mark, where=where, wanted="the model reads numbers there"))
    infinite = np.isinf(values)
    if infinite.any():
        oddities.infinite[facts.name] += int(infinite.sum())
        values = np.where(infinite, np.nan, values)
    return values


def _read_with_rows(batch: Batch, name: str, settings: Settings, *, oddities: Oddities) -> Float:
    """Return a column whose plain numbers were read with the rows: what is left is read as text."""
    found = batch.numbers[name]
    if not len(found.rows):
        return found.values
    rest = replace(
        batch.raw, names=(name,), columns=(found.texts,), lines=batch.raw.lines[found.rows], kinds=("",)
    )
    facts, values = facts_of(rest, 0, settings), found.values.copy()
    values[found.rows] = _plain(
        facts,
        batch.raw.dialect.decimal,
        where=lambda row: batch.where(int(found.rows[row])),
        oddities=oddities,
    )
    return values


def _numbers(facts: Facts, mark: str, *, where: Where, wanted: str) -> Float:
    """Return the number of each text; the rules by which a column is typed do not apply any more."""
    if not np.isnan(facts.numbers).any():
        return facts.numbers
    found = [to_number(text, mark) for text in facts.texts]
    for text, number in zip(facts.texts, found, strict=True):
        if number is None:
            raise _odd(facts, text, where=where, wanted=wanted)
    return np.array(found, dtype=np.float64)


def _odd(facts: Facts, text: str, *, where: Where, wanted: str) -> DataError:
    rows = np.flatnonzero(facts.cells.where(text.__eq__))
    return DataError(
        "E326",
        f"column {facts.name!r} holds {text[:40]!r}, and {wanted}",
        where=where(int(rows[0])),
        detail=[f"{len(rows):,} such cells among the {len(facts.missing):,} rows read at a time"],
        fix=setting(na=[text[:30]]) + ", if that means missing" | "repair the file",
    )


def _parts(facts: Facts, reading: DateReading, where: Where) -> dict[str, Float]:
    """Return the parts of a column of dates, by name, each (n,)."""
    seconds = read_as(facts.texts, reading.order, clock=reading.clock) if facts.texts else np.zeros(0)
    if seconds is None:
        how = "ISO 8601" if reading.order == "ISO8601" else reading.order
        bad = next(
            text for text in facts.texts if read_as([text], reading.order, clock=reading.clock) is None
        )
        raise _odd(facts, bad, where=where, wanted=f"the model reads dates as {how} there")
    return calendar(facts.by_row(seconds), clock=reading.clock, first=reading.first)


def _count_gaps(numbers: Float, inputs: tuple[NumberInput, ...], oddities: Oddities) -> None:
    gaps = np.isnan(numbers).sum(axis=0)
    seen = set[str]()
    for one, count in zip(inputs, gaps.tolist(), strict=True):
        if count and not one.flagged and one.column not in seen:
            seen.add(one.column)  # of a date several inputs are read
            oddities.gaps[one.column] += count


def _levels(facts: Facts, category: CategoryInput, oddities: Oddities) -> Float:
    """Return the inputs (n, width) of a category."""
    known = dict(zip(map(_folding(category.boolean), category.levels), category.places, strict=True))
    unseen = len(category.names)  # a further row of the table of inputs
    rare = unseen if category.other is None else category.other
    fold = _folding(category.boolean)
    places = np.array([known.get(fold(text), -1) for text in facts.texts], dtype=np.int64)
    new = np.flatnonzero(places < 0)
    if len(new):
        counts = oddities.unseen.setdefault(category.column, Counter())
        counts.update({facts.texts[j]: int(facts.counts[j]) for j in new.tolist()})
        places[new] = rare
    if category.missing is None and (count := int(facts.missing.sum())):
        oddities.gaps[category.column] += count
    of_missing = unseen if category.missing is None else category.missing
    rows = facts.by_row(places.astype(np.float64))
    codes: Int = np.where(np.isnan(rows), of_missing, rows).astype(np.int64)
    return category.inputs[codes]


def _folding(boolean: bool) -> Callable[[str], str]:
    return str.casefold if boolean else str


def _target(facts: Facts, target: TargetReading, *, mark: str, where: Where) -> Float:
    """Return standardized numbers or codes of classes (n,); NaN where there is none."""
    if target.task == "regression":
        values = facts.by_row(_numbers(facts, mark, where=where, wanted="the target is a number"))
        y: Float = np.where(np.isinf(values), np.nan, values) / target.scale - target.mean / target.scale
        return y
    fold = _folding(target.boolean)
    codes = {fold(label): float(code) for code, label in enumerate(target.classes)}
    rest = np.nan if target.rest is None else float(target.rest)

    def label(text: str) -> str:
        number = to_number(text, mark) if target.numeric else None
        return fold(text) if number is None else f"{number:.15g}"

    return facts.by_row(np.array([codes.get(label(text), rest) for text in facts.texts]))
