"""Which inputs a table gives a network: its numbers, flags of missing ones, and the levels of its categories.

This is decided on the whole table, whatever rows an encoder is fitted on, so that every resampling cell has
the same inputs.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from regchoose.records.table import MOST_LEVELS, Column, Table
from regchoose.records.words import Float, Int


@dataclass(frozen=True)
class InputPlan:
    """Which inputs a table gives.

    Attributes
    ----------
    columns : tuple of Column
        The columns of `Table.features`.
    numbers, flagged, categories : (…,) ndarray
        Places in `columns`: numeric; numeric with missing values; categorical.
    lookup : tuple of (codes + 1,) ndarray
        For each category, the level that a code becomes; the last entry is for a missing value.
    levels : tuple of tuple of str
        For each category, the names of its levels.
    """

    columns: tuple[Column, ...]
    numbers: Int
    flagged: Int
    categories: Int
    lookup: tuple[Int, ...]
    levels: tuple[tuple[str, ...], ...]

    @property
    def input_names(self) -> tuple[str, ...]:
        """The names of the inputs, in their order."""
        names = [column.name for column in self.columns]
        return name_inputs(
            (names[j] for j in self.numbers),
            (names[j] for j in self.flagged),
            ((names[j], levels) for j, levels in zip(self.categories, self.levels, strict=True)),
        )

    def recode(self, features: Float) -> Int:
        """Return the levels (n, categories) of rows of `Table.features` (n, p)."""
        levels = np.empty((len(features), len(self.categories)), dtype=np.int64)
        for place, (j, lookup) in enumerate(zip(self.categories, self.lookup, strict=True)):
            levels[:, place] = look_up(features[:, j], lookup)
        return levels


def plan_inputs(table: Table) -> InputPlan:
    """Decide which inputs the table gives."""
    numbers, categories = table.number_places, table.category_places
    gaps = np.flatnonzero(np.isnan(table.features).any(axis=0))
    pairs = [_merge_rare_levels(table.used[j], table.features[:, j]) for j in categories]
    return InputPlan(
        table.used,
        numbers,
        np.intersect1d(numbers, gaps),
        categories,
        tuple(lookup for lookup, _ in pairs),
        tuple(levels for _, levels in pairs),
    )


def look_up(codes: Float, lookup: Int) -> Int:
    """Look up the levels of codes (n,); NaN, which is missing, takes the last entry of `lookup`."""
    levels: Int = lookup[np.where(np.isnan(codes), len(lookup) - 1, codes).astype(np.int64)]
    return levels


def name_inputs(
    numbers: Iterable[str], flagged: Iterable[str], categories: Iterable[tuple[str, tuple[str, ...]]]
) -> tuple[str, ...]:
    """Name the inputs in their order: numbers, flags of missing numbers, levels.

    Parameters
    ----------
    categories : iterable of (str, tuple of str)
        Columns with their levels; two levels make one input.
    """
    return (
        *numbers,
        *(f"{name} is missing" for name in flagged),
        *(
            f"{column}={level}"
            for column, levels in categories
            for level in (levels[1:] if len(levels) == 2 else levels)
        ),
    )


def _merge_rare_levels(column: Column, codes: Float) -> tuple[Int, tuple[str, ...]]:
    """Return the level of each code, missing last, and the names of the levels."""
    present, names = codes[~np.isnan(codes)].astype(np.int64), column.levels
    lookup = np.arange(len(names) + 1)
    if len(names) > MOST_LEVELS:
        frequent = np.argsort(-np.bincount(present, minlength=len(names)), kind="stable")
        frequent = np.sort(frequent[: MOST_LEVELS - 1])
        lookup[:] = len(frequent)
        lookup[frequent] = np.arange(len(frequent))
        names = (*(names[j] for j in frequent), "other")
    if len(present) < len(codes):
        lookup[-1] = len(names)
        names = (*names, "missing")
    return lookup, names
