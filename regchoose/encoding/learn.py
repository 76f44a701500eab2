"""What is kept of a table for predictions: the same figures as `regchoose.encoding.encode` learns."""

from collections.abc import Mapping

import numpy as np
from sklearn.preprocessing import StandardScaler

from regchoose.encoding.encode import channel_scales, cut, location, target_scale
from regchoose.records.inputs import (
    CategoryInput,
    DateReading,
    ImageReading,
    NumberInput,
    Preparation,
    TargetReading,
)
from regchoose.records.table import Image, Table
from regchoose.settings.options import Settings
from regchoose.table.columns.coding import MOST_LEVELS, Coding, coding, recode
from regchoose.table.columns.dates import part_name, parts_of, read_moments
from regchoose.table.columns.facts import facts_of
from regchoose.table.columns.target import MERGED
from regchoose.table.raw_table import RawTable

Parts = Mapping[str, tuple[str, str]]  # name of an input → column of dates, part


def prepare(table: Table, raw: RawTable, settings: Settings) -> Preparation:
    """Learn medians, scales and levels, or the channels of images, from all rows that are held.

    Parameters
    ----------
    table : Table
    raw : RawTable
        The text of its rows.
    settings : Settings
        Those that it was read with.
    """
    if table.image is not None:
        return Preparation((), (), (), _target(table, raw, settings), (), _images(table, table.image))
    plan = coding(table)
    dates, parts = _dates(table, raw, settings)
    return Preparation(
        _numbers(table, plan, parts),
        _categories(table, plan),
        dates,
        _target(table, raw, settings),
        tuple(settings.na),
    )


def _images(table: Table, image: Image) -> ImageReading:
    mean, scale = channel_scales(table.features, image)
    return ImageReading(image, tuple(mean.tolist()), tuple(scale.tolist()))


def _dates(table: Table, raw: RawTable, settings: Settings) -> tuple[tuple[DateReading, ...], Parts]:
    """Return how dates are read, and which inputs are parts of them."""
    readings, parts = [], dict[str, tuple[str, str]]()
    for place, column in enumerate(table.columns):
        if column.role != "date":
            continue
        facts = facts_of(raw, place, settings)
        moments = read_moments(facts.texts)
        if moments is None:
            continue
        seconds = facts.by_row(moments.seconds)
        found = parts_of(moments, seconds)
        parts |= {part_name(column.name, part, taken=raw.names): (column.name, part) for part in found}
        readings.append(DateReading(column.name, moments.written, moments.clock, float(np.nanmin(seconds))))
    return tuple(readings), parts


def _numbers(table: Table, plan: Coding, parts: Parts) -> tuple[NumberInput, ...]:
    if not len(plan.numbers):
        return ()
    values = table.features[:, plan.numbers]
    center, spread = location(values)
    numbers = cut(values, center=center, spread=spread)
    scaler = StandardScaler().fit(np.where(np.isnan(numbers), 0.0, numbers))
    used, found = table.used, []
    for place, j in enumerate(plan.numbers.tolist()):
        name = used[j].name
        column, part = parts.get(name, (name, ""))
        width = float(spread[place])
        found.append(
            NumberInput(
                name,
                column,
                part,
                center=float(center[place]),
                spread=width if np.isfinite(width) else None,
                mean=float(scaler.mean_[place]),
                scale=float(scaler.scale_[place]),
                flagged=j in plan.flagged,
            )
        )
    return tuple(found)


def _categories(table: Table, plan: Coding) -> tuple[CategoryInput, ...]:
    places, used, found = recode(table.features, plan), table.used, []
    for number, j in enumerate(plan.categories.tolist()):
        column, names, lookup = used[j], plan.levels[number], plan.lookup[number]
        gaps = bool(np.isnan(table.features[:, j]).any())
        shares = np.bincount(places[:, number], minlength=len(names)) / len(places)
        found.append(
            CategoryInput(
                column.name,
                column.type == "boolean",
                column.levels,
                tuple(lookup[:-1].tolist()),
                names,
                tuple(shares.tolist()),
                other=len(names) - 1 - gaps if len(column.levels) > MOST_LEVELS else None,
                missing=len(names) - 1 if gaps else None,
            )
        )
    return tuple(found)


def _target(table: Table, raw: RawTable, settings: Settings) -> TargetReading:
    (column,) = (one for one in table.columns if one.role == "target")
    scale, mean = 1.0, 0.0
    if table.task == "regression":
        scale = target_scale(table, np.arange(table.n_rows))
        mean = float((table.target / scale).mean() * scale)
    # The class of the rare ones has a name that no cell has.
    merged = False
    if settings.min_class and table.classes:
        texts = facts_of(raw, raw.names.index(column.name), settings).texts
        merged = table.classes[-1].startswith(MERGED) and table.classes[-1] not in texts
    return TargetReading(
        table.target_name,
        table.task,
        table.classes,
        numeric=bool(table.classes) and column.type in ("integer", "number"),
        boolean=column.type == "boolean",
        rest=len(table.classes) - 1 if merged else None,
        mean=mean,
        scale=scale,
    )
