"""Which rows train and which judge: disjoint sets where rows are plenty, else cross-validation."""

from dataclasses import dataclass
from math import ceil

import numpy as np
from sklearn.model_selection import StratifiedKFold

from regchoose.records.experiment import Cell
from regchoose.records.table import TARGET_BINS
from regchoose.records.words import Float, Int, Task

SETS, FEWER_SETS = 10, 5  # disjoint training sets, and where there are not enough rows for ten
FEWEST_TEST, MOST_TEST = 5_000, 10_000  # rows that judge disjoint training sets
ENOUGH_ROWS = 500  # test rows, over the cells, from which the worst points can be told
FEWEST_FIRST = 2  # cells before any point is dropped
ROWS_OF_REPEATS = 600  # up to so many rows a cross-validation is repeated as often as the settings say
FEWEST_REPEATS = 0.6  # of these on any number of rows


@dataclass(frozen=True)
class Layout:
    """How the rows of an experiment are used.

    Either disjoint training sets, all judged on the same other rows, or repeated cross-validation of the
    same rows.

    Parameters
    ----------
    rows : int
        Rows of a training set, or of all folds together.
    sets, test_rows : int
        Number of disjoint training sets, and of the rows that judge them all; 0 in a cross-validation.
    """

    rows: int
    sets: int = 0
    test_rows: int = 0

    @property
    def drawn(self) -> int:
        """Rows of the subsample."""
        return self.rows if self.is_cross_validation else self.rows * self.sets + self.test_rows

    @property
    def is_cross_validation(self) -> bool:
        """Whether each cell is judged on a fold of the same rows; else all are judged on the same others."""
        return not self.sets


def count_repeats(rows: int, most: int) -> int:
    """Return how often a cross-validation of so many rows is repeated: the more rows, the less often.

    Repeats average over the draw of the folds and the initial weights, and not over the rows, so the error
    hardly falls with them: its square by a tenth from three to five (see `variance_factor`).
    """
    return int(np.clip(round(most * ROWS_OF_REPEATS / rows), ceil(FEWEST_REPEATS * most), most))


def count_first_cells(layout: Layout, *, folds: int) -> int:
    """Return the cells that all points are tried in: as many as judge 500 rows, but no more than a repeat."""
    judged = layout.test_rows or layout.rows / folds
    return int(np.clip(ceil(ENOUGH_ROWS / judged), FEWEST_FIRST, folds))


def make_layout(n_rows: int, *, rows: int, exchangeable: bool) -> Layout:
    """Choose the design: disjoint training sets where the table has enough rows for them.

    Parameters
    ----------
    rows : int
        Rows of a training set that are wanted.
    exchangeable : bool
        Whether rows may be dealt out at random: no groups and no order of time.
    """
    for sets in (SETS, FEWER_SETS):
        left = n_rows - rows * sets
        if exchangeable and left >= FEWEST_TEST:
            return Layout(rows, sets, min(left, MOST_TEST))
    return Layout(min(rows, n_rows))


def make_sets(target: Float, task: Task, layout: Layout, *, seed: int, groups: Int) -> tuple[Cell, ...]:
    """Deal out the rows to disjoint training sets, and the same test rows for all.

    Every set is stratified. Rows with the same number in `groups` go to the same set, so sizes differ a
    little.
    """
    members, place, counts = np.unique(groups, return_index=True, return_inverse=True, return_counts=True)[1:]
    strata = _strata(target[members], task, parts=SETS)
    order = _spread(strata, rng=np.random.default_rng(_derive_seed(seed, 0)))
    ends = layout.rows * np.arange(1, layout.sets + 1)
    part = np.empty(len(members), dtype=np.int64)
    part[order] = np.searchsorted(ends, np.cumsum(counts[order]))
    *sets, test = [np.flatnonzero(part[place] == number) for number in range(len(ends) + 1)]
    return tuple(Cell(rows, test, _derive_seed(seed, j, 1)) for j, rows in enumerate(sets))


def make_cells(
    target: Float, task: Task, *, folds: int, repeats: int, seed: int, groups: Int
) -> tuple[Cell, ...]:
    """Lay out folds × repeats cells, repeat by repeat.

    Parameters
    ----------
    target : ndarray (n,)
        Class codes or numbers, by which the folds are stratified.
    groups : ndarray of int (n,)
        Rows with the same number stay together: copies of a row must not both train and judge.

    Returns
    -------
    tuple of Cell
        Each with a seed of its own.
    """
    members, place = np.unique(groups, return_index=True)[1], np.unique(groups, return_inverse=True)[1]
    strata = _strata(target[members], task, parts=folds)
    cells = []
    for repeat in range(repeats):
        fold_of = _split(strata, folds, seed=_derive_seed(seed, repeat))[place]
        for fold in range(folds):
            train, test = np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold)
            cells.append(Cell(train, test, _derive_seed(seed, repeat, fold, 1)))
    return tuple(cells)


def forward_cells(
    time: Float, *, folds: int, repeats: int, seed: int, groups: Int | None = None
) -> tuple[Cell, ...]:
    """Lay out cells in which earlier rows train and later ones judge.

    The later half of the rows is cut into `folds` blocks. Each block tests models that are trained on the
    rows just before it, always the same number of them. All repeats have the same rows, and seeds of their
    own.

    Parameters
    ----------
    time : ndarray (n,)
        By which the rows are ordered; equal times keep their order.
    groups : ndarray of int (n,), optional
        Earlier rows of a group that is tested are left out.
    """
    order = np.argsort(time, kind="stable").astype(np.int64)
    block = len(order) // (2 * folds)
    window = len(order) - folds * block
    cells = []
    for repeat in range(repeats):
        for fold in range(folds):
            start = fold * block
            train = order[start : start + window]
            test = order[start + window : start + window + block]
            if groups is not None:
                train = train[~np.isin(groups[train], groups[test])]
            cells.append(Cell(np.sort(train), np.sort(test), _derive_seed(seed, repeat, fold, 1)))
    return tuple(cells)


def stratified_part(target: Float, task: Task, size: int, *, seed: int) -> Int:
    """Return the ascending indices of `size` rows in which every stratum has its share."""
    order = _spread(_strata(target, task, parts=SETS), rng=np.random.default_rng(_derive_seed(seed, 3)))
    return np.sort(order[:size])


def _strata(target: Float, task: Task, *, parts: int) -> Int:
    if task != "regression":
        return target.astype(np.int64)
    bins = int(np.clip(len(target) // parts, 1, TARGET_BINS))
    cuts = np.quantile(target, np.arange(1, bins) / bins)
    return np.searchsorted(cuts, target, side="right").astype(np.int64)


def _spread(strata: Int, *, rng: np.random.Generator) -> Int:
    """Order rows (n,) so that every stretch of them has its share of each stratum."""
    shuffled = rng.permutation(len(strata))
    by_stratum = shuffled[np.argsort(strata[shuffled], kind="stable")]
    counts = np.bincount(strata)
    rank = np.arange(len(strata)) - np.repeat(np.cumsum(counts) - counts, counts)
    shift = rng.random(len(counts))
    share = (rank + np.repeat(shift, counts)) / np.repeat(np.maximum(counts, 1), counts)
    return by_stratum[np.argsort(share, kind="stable")]


def _split(strata: Int, parts: int, *, seed: int) -> Int:
    """Give each row its part, 0 to parts − 1, with the strata spread evenly: (n,) -> (n,)."""
    _, strata, counts = np.unique(strata, return_inverse=True, return_counts=True)
    strata = np.where(counts[strata] < parts, np.argmax(counts), strata)  # too rare to be spread
    part = np.empty(len(strata), dtype=np.int64)
    splitter = StratifiedKFold(parts, shuffle=True, random_state=seed)
    for number, (_, rows) in enumerate(splitter.split(np.zeros(len(strata)), strata)):
        part[rows] = number
    return part


def _derive_seed(*numbers: int) -> int:
    """Derive a seed, a 32-bit integer, from numbers."""
    return int(np.random.SeedSequence(numbers).generate_state(1)[0])
