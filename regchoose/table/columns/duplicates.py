"""Rows with the same features, which must stay on one side of a split."""

import numpy as np
import pandas as pd

from regchoose.records.table import Table
from regchoose.records.words import Int


def group_duplicates(table: Table, rows: Int) -> Int:
    """Give a number to each group of identical feature rows.

    Parameters
    ----------
    table : Table
    rows : (n,) ndarray
        Row numbers of the table.

    Returns
    -------
    (n,) ndarray
        A group for each of `rows`; two rows share one exactly if all their features are equal, where
        missing equals missing. Groups count up from 0 in the order of their first row.
    """
    x = np.ascontiguousarray(table.features[rows]) + 0.0  # −0.0 becomes 0.0
    x[np.isnan(x)] = np.nan  # one pattern of bits
    whole = x.view(np.dtype((np.void, x.itemsize * x.shape[1]))).ravel()
    _, first, group = np.unique(whole, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[group]


def group_copies(table: Table, rows: Int) -> Int:
    """Give a number to each row (n,) that its copies share: a split must not separate them.

    Where most rows repeat, as in a table of a few categories, equal rows are ordinary and no sign of
    copies: then each row has a number of its own.
    """
    groups = group_duplicates(table, rows)
    return groups if 2 * len(np.unique(groups)) >= len(rows) else np.arange(len(rows))


def warn_of_duplicates(table: Table) -> tuple[str, ...]:
    """Return a warning where rows repeat the features of another, and where their targets differ.

    With one or two features, rows repeat anyway, so nothing is said.
    """
    if table.features.shape[1] < 3:
        return ()
    rows = np.flatnonzero(pd.DataFrame(table.features).duplicated(keep=False).to_numpy())
    if not len(rows):
        return ()
    groups = group_duplicates(table, rows)
    # Of each group, the rows whose target is not the commonest one.
    pairs, counts = np.unique(np.column_stack([groups, table.target[rows]]), axis=0, return_counts=True)
    commonest = np.zeros(groups.max() + 1, dtype=np.int64)
    np.maximum.at(commonest, pairs[:, 0].astype(np.int64), counts)
    unlike = len(rows) - int(commonest.sum())
    said = (
        f"{len(rows):,} of {table.n_rows:,} rows have the same features as another row, and stay on one side "
        "of each split"
    )
    return (f"{said}; {unlike:,} of them have another target than most rows like them" if unlike else said,)
