"""Which inputs a table gives, whatever rows they are learned from: its numbers, their gaps, its levels."""

from dataclasses import dataclass

import numpy as np

from regchoose.records.table import Column, Table
from regchoose.records.words import Float, Int

MOST_LEVELS = 50  # of a category; beyond, the rare ones are one level


@dataclass(frozen=True)
class Coding:
    """Which inputs a table gives, whatever rows they are fitted on.

    Attributes
    ----------
    numbers, flagged, categories : (…,) ndarray
        Columns of `Table.features`: numeric; numeric with missing values; categorical.
    lookup : tuple of (codes + 1,) ndarray
        Of each category: the level that a code becomes; the last entry is that of a missing value.
    levels : tuple of tuple of str
        Of each category: the names of its levels.
    """

    numbers: Int
    flagged: Int
    categories: Int
    lookup: tuple[Int, ...]
    levels: tuple[tuple[str, ...], ...]


def coding(table: Table) -> Coding:
    """Return which inputs the table gives."""
    used = table.used
    roles = np.array([column.role for column in used])
    numbers, categories = np.flatnonzero(roles == "numeric"), np.flatnonzero(roles == "category")
    gaps = np.flatnonzero(np.isnan(table.features).any(axis=0))
    pairs = [_levels(used[j], table.features[:, j]) for j in categories]
    return Coding(
        numbers,
        np.intersect1d(numbers, gaps),
        categories,
        tuple(lookup for lookup, _ in pairs),
        tuple(levels for _, levels in pairs),
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


def recode(features: Float, plan: Coding) -> Int:
    """Return the levels (n, categories) of rows of `Table.features` (n, p)."""
    levels = np.empty((len(features), len(plan.categories)), dtype=np.int64)
    for place, (j, lookup) in enumerate(zip(plan.categories, plan.lookup, strict=True)):
        codes = features[:, j]
        levels[:, place] = lookup[np.where(np.isnan(codes), len(lookup) - 1, codes).astype(np.int64)]
    return levels
