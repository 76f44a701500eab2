"""Which rows train and which judge: repeated stratified cross-validation (Design B of the methods)."""

import numpy as np
from sklearn.model_selection import StratifiedKFold

from regchoose.records import Cell, Float, Int, Task

BINS = 10  # quantile bins by which a numeric target is stratified
INNER = 4  # one part in so many of a training side chooses the strength


def make_cells(
    target: Float, task: Task, *, folds: int, repeats: int, seed: int, groups: Int
) -> tuple[Cell, ...]:
    """Lay out folds × repeats cells, repeat by repeat.

    Parameters
    ----------
    target : ndarray (n,)
        Class codes or numbers, by which the folds are stratified.
    groups : ndarray of int (n,)
        Rows of one number stay together: copies of a row must not train and judge at once.

    Returns
    -------
    tuple of Cell
        Each with a seed of its own.
    """
    members, place = np.unique(groups, return_index=True)[1], np.unique(groups, return_inverse=True)[1]
    strata = _strata(target[members], task, parts=folds * INNER)
    cells = []
    for repeat in range(repeats):
        outer = _split(strata, folds, seed=_derived(seed, repeat))
        for fold in range(folds):
            judged = outer == fold
            training = np.flatnonzero(~judged)
            inner_parts = _split(strata[training], INNER, seed=_derived(seed, repeat, fold))
            inner = np.zeros(len(members), dtype=bool)
            inner[training[inner_parts == 0]] = True
            cells.append(
                Cell(
                    fit=np.flatnonzero(~judged[place] & ~inner[place]),
                    inner=np.flatnonzero(inner[place]),
                    train=np.flatnonzero(~judged[place]),
                    test=np.flatnonzero(judged[place]),
                    seed=_derived(seed, repeat, fold, 1),
                )
            )
    return tuple(cells)


def forward_cells(
    time: Float, *, folds: int, repeats: int, seed: int, groups: Int | None = None
) -> tuple[Cell, ...]:
    """Lay out cells in which earlier rows train and later ones judge.

    The later half of the rows is cut into `folds` blocks. Each is judged by what the rows just before it
    teach, always as many; the last part of these chooses the strength. All repeats have the same rows and
    seeds of their own.

    Parameters
    ----------
    time : ndarray (n,)
        What orders the rows; equal times keep their order.
    groups : ndarray of int (n,), optional
        Earlier rows of a group that is judged are left out.
    """
    order = np.argsort(time, kind="stable").astype(np.int64)
    block = len(order) // (2 * folds)
    window = len(order) - folds * block
    cells = []
    for repeat in range(repeats):
        for fold in range(folds):
            start = fold * block
            training = order[start : start + window]
            test = order[start + window : start + window + block]
            cut = window - window // INNER
            fit, inner = training[:cut], training[cut:]
            if groups is not None:
                training = training[~np.isin(groups[training], groups[test])]
                inner = inner[np.isin(inner, training)]
                fit = fit[np.isin(fit, training) & ~np.isin(groups[fit], groups[inner])]
            cells.append(
                Cell(
                    fit=np.sort(fit),
                    inner=np.sort(inner),
                    train=np.sort(training),
                    test=np.sort(test),
                    seed=_derived(seed, repeat, fold, 1),
                )
            )
    return tuple(cells)


def variance_factor(*, folds: int, repeats: int) -> float:
    """Return the factor of the cells' covariance: 1/cells + test/train rows (Nadeau & Bengio 2003)."""
    return 1 / (folds * repeats) + 1 / (folds - 1)


def _strata(target: Float, task: Task, *, parts: int) -> Int:
    if task != "regression":
        return target.astype(np.int64)
    bins = int(np.clip(len(target) // parts, 1, BINS))
    cuts = np.quantile(target, np.arange(1, bins) / bins)
    return np.searchsorted(cuts, target, side="right").astype(np.int64)


def _split(strata: Int, parts: int, *, seed: int) -> Int:
    """Give each row its part, 0 to parts − 1, with the strata spread evenly: (n,) -> (n,)."""
    _, strata, counts = np.unique(strata, return_inverse=True, return_counts=True)
    strata = np.where(counts[strata] < parts, np.argmax(counts), strata)  # too rare to be spread
    part = np.empty(len(strata), dtype=np.int64)
    splitter = StratifiedKFold(parts, shuffle=True, random_state=seed)
    for number, (_, rows) in enumerate(splitter.split(np.zeros(len(strata)), strata)):
        part[rows] = number
    return part


def _derived(*numbers: int) -> int:
    """Return a seed made of numbers, as a 32-bit integer."""
    return int(np.random.SeedSequence(numbers).generate_state(1)[0])
