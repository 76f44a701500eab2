"""Which inputs a table gives: its numbers, flags of their gaps, and the levels of its categories.

That is decided on the whole table, whatever rows the figures are learned from, so that every resampling cell
has the same inputs.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from regchoose.records.table import Column, Table
from regchoose.records.words import Float, Int

MOST_LEVELS = 50  # of a category; beyond, the rare ones are one level


@dataclass(frozen=True)
class Coding:
    """Which inputs a table gives.

    Attributes
    ----------
    columns : tuple of Column
        Those of `Table.features`.
    numbers, flagged, categories : (…,) ndarray
        Places in `columns`: numeric; numeric with missing values; categorical.
    lookup : tuple of (codes + 1,) ndarray
        Of each category: the level that a code becomes; the last entry is that of a missing value.
    levels : tuple of tuple of str
        Of each category: the names of its levels.
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


def coding(table: Table) -> Coding:
    """Return which inputs the table gives."""
    numbers, categories = table.number_places, table.category_places
    gaps = np.flatnonzero(np.isnan(table.features).any(axis=0))
    pairs = [_levels(table.used[j], table.features[:, j]) for j in categories]
    return Coding(
        table.used,
        numbers,
        np.intersect1d(numbers, gaps),
        categories,
        tuple(lookup for lookup, _ in pairs),
        tuple(levels for _, levels in pairs),
    )


def look_up(codes: Float, lookup: Int) -> Int:
    """Return what codes (n,) become, of which NaN is missing and takes the last entry of `lookup`."""
    found: Int = lookup[np.where(np.isnan(codes), len(lookup) - 1, codes).astype(np.int64)]
    return found


def name_inputs(
    numbers: Iterable[str], flagged: Iterable[str], categories: Iterable[tuple[str, tuple[str, ...]]]
) -> tuple[str, ...]:
    """Return the names of inputs in their order: numbers, flags of missing numbers, levels.

    Parameters
    ----------
    categories : iterable of (str, tuple of str)
        A column and its levels, of which two make one input.
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


def _levels(column: Column, codes: Float) -> tuple[Int, tuple[str, ...]]:
    known, names = codes[~np.isnan(codes)].astype(np.int64), column.levels
    lookup = np.arange(len(names) + 1)
    if len(names) > MOST_LEVELS:
        frequent = np.argsort(-np.bincount(known, minlength=len(names)), kind="stable")
        kept = np.sort(frequent[: MOST_LEVELS - 1])
        lookup[:] = len(kept)
        lookup[kept] = np.arange(len(kept))
        names = (*(names[j] for j in kept), "other")
    if len(known) < len(codes):
        lookup[-1] = len(names)
        names = (*names, "missing")
    return lookup, names
