"""A subsample with the distribution of the whole: stratified, and the best balanced of many."""

import numpy as np
from numpy.random import Generator
from sklearn.decomposition import PCA

from regchoose.records.subsample import Check, Subsample
from regchoose.records.table import TARGET_BINS, Table
from regchoose.records.words import Float, Int
from regchoose.subsample.match import broken_rule, check_match, check_row_order, missed_targets
from regchoose.subsample.moments import Coordinates, to_coordinates, to_terms
from regchoose.table.columns.group_and_time import FEWEST_GROUPS
from regchoose.table.images.patches import in_patches

CANDIDATES = 200
NEAREST = 4  # of them, which are compared by their largest difference
DIMENSIONS = 20  # what is balanced: more dimensions, less balance in each (Morgan & Rubin 2012)
REDRAWS = 5  # further candidates that are tried when the best one fails its proof
PILOT = 50_000  # rows that suffice for principal components
CHUNK = 20_000_000  # numbers held at a time


def draw_subsample(table: Table, *, size: int, folds: int, seed: int) -> Subsample:
    """Draw rows that match the whole table, with the checks that prove it.

    Parameters
    ----------
    table : Table
    size : int
        Rows wanted.
    folds : int
        Folds of the cross-validation to come: each class needs twice as many rows.
    seed : int

    Returns
    -------
    Subsample
        Depends on the table, the size and the seed alone. `matched` is false where a rule says that
        these rows do not represent the whole; `reason` is that rule.

    Notes
    -----
    Strata (classes, or ten quantile bins of a numeric target) get their share of the rows by largest
    remainder. Of 200 such candidates those are nearest to the table whose means are, in Mahalanobis distance
    (rerandomization, Morgan & Rubin 2012); of the nearest four that one is kept whose largest difference of
    a single mean is smallest. Both rules treat a difference and its opposite alike, so no mean is biased.
    Images are compared by the means of their patches; see `regchoose.table.images.patches`.
    """
    is_image = table.image is not None
    table = in_patches(table) if is_image else table
    n, coords = table.n_all, to_coordinates(table)
    # Images lie in folders in the order of their classes: that says nothing of time.
    order = None if is_image else check_row_order(table, coords, seed=seed)
    few = _too_few_groups(table)
    if n <= size:
        return Subsample(np.arange(n), n, "all rows", not few, few or f"all {n:,} rows", order=order)
    rng = np.random.default_rng(seed)
    strata = stratify(table)
    balanced = balance(coords, seed=seed)
    if table.groups is None:
        counts = None if table.whole is None or coords.regression else table.whole.classes
        candidates = _draw_candidates(strata, size=min(size, len(strata)), rng=rng, counts=counts)
        kind = "quantile of the target" if coords.regression else "class"
        strata_said = "" if table.unusable else f"stratified by {kind}, "
        method = f"{strata_said}best balanced of {CANDIDATES} draws"
    else:
        candidates = _draw_groups(table.groups, size=size, rng=rng)
        balanced = _whiten(np.hstack([balanced, np.eye(int(strata.max()) + 1)[strata]]))
        method = f"whole groups, best balanced of {CANDIDATES} draws"
    ranked = _rank(candidates, balanced, coords)
    best: tuple[int, Subsample] | None = None
    for rows in ranked[: 1 + REDRAWS]:
        checks = check_match(coords, rows, seed=seed)
        broken = sum(not check.ok for check in checks)
        reason = few or broken_rule(table, rows, checks=checks, folds=folds)
        praise = _describe_match(checks, size=len(rows), of=n)
        tried = Subsample(rows, n, method, not reason, reason or praise, checks, order)
        if best is None or broken < best[0]:
            best = broken, tried
        if broken == 0:
            break  # if a rule is broken nevertheless, another draw would not help
    assert best is not None
    return best[1]


def _describe_match(checks: tuple[Check, ...], *, size: int, of: int) -> str:
    missed = missed_targets(checks)
    strict = f", and all but {missed} within the stricter targets" if missed else " and the stricter targets"
    return f"{size:,} of {of:,} rows: all {len(checks)} checks are within their limits{strict}"


def stratify(table: Table) -> Int:
    """Return the stratum of each row: its class, or the decile of a numeric target."""
    if table.task != "regression":
        return table.target.astype(np.int64)
    cuts = np.quantile(table.target, np.arange(1, TARGET_BINS) / TARGET_BINS)
    return np.asarray(np.searchsorted(cuts, table.target, side="right"), dtype=np.int64)


def allocate(counts: Int, size: int) -> Int:
    """Share `size` rows among strata of `counts` rows (s,), by largest remainder."""
    exact = counts * (size / counts.sum())
    shares: Int = np.floor(exact).astype(np.int64)
    order = np.argsort(-(exact - shares), kind="stable")
    shares[order[: size - shares.sum()]] += 1
    return shares


def _too_few_groups(table: Table) -> str:
    """Return the rule that too few groups break; empty where there are enough."""
    count = 0 if table.groups is None else len(np.unique(table.groups))
    if not 0 < count < FEWEST_GROUPS:
        return ""
    return f"the table has {count} groups, and at least {FEWEST_GROUPS} are needed to judge by whole groups"


def _draw_groups(groups: Int, *, size: int, rng: Generator) -> list[Int]:
    """Draw whole groups, in random order, until the next would come farther from `size` rows; ascending."""
    _, group, counts = np.unique(groups, return_inverse=True, return_counts=True)
    drawn: list[Int] = []
    for _ in range(CANDIDATES):
        order = rng.permutation(len(counts))
        sums = np.cumsum(counts[order])
        chosen = np.zeros(len(counts), dtype=bool)
        chosen[order[: 1 + int(np.argmin(np.abs(sums - size)))]] = True
        drawn.append(np.flatnonzero(chosen[group]))
    return drawn


def _draw_candidates(strata: Int, *, size: int, rng: Generator, counts: Int | None = None) -> list[Int]:
    """Draw stratified random samples of `size` rows, ascending.

    Each stratum's share is that of all rows, `counts`, of which those with a stratum here may be some.
    """
    held = np.bincount(strata, minlength=0 if counts is None else len(counts))
    shares = np.minimum(allocate(held if counts is None else counts, size), held)
    shares += allocate(held - shares, size - int(shares.sum())) if shares.sum() < size else 0
    counts = held
    ends = np.cumsum(counts)
    order = np.argsort(strata, kind="stable")
    parts = list(zip(ends - counts, counts, shares, strict=True))
    picks = (
        np.concatenate([start + rng.choice(count, share, replace=False) for start, count, share in parts])
        for _ in range(CANDIDATES)
    )
    return [np.sort(order[pick]) for pick in picks]


def _rank(candidates: list[Int], balanced: Float, coords: Coordinates) -> list[Int]:
    """Sort candidates, the best balanced first: D ∝ ‖mean of the whitened terms‖².

    The nearest are sorted by their largest difference of one mean instead, of z, missing flag or level.
    """
    distance = [np.square(balanced[rows].mean(axis=0)).sum() for rows in candidates]
    ranked = [candidates[j] for j in np.argsort(distance, kind="stable")]
    gaps = [
        np.abs(to_terms(coords, rows, squares=False).mean(axis=0)).max(initial=0) for rows in ranked[:NEAREST]
    ]
    return [*(ranked[j] for j in np.argsort(gaps, kind="stable")), *ranked[NEAREST:]]


def balance(coords: Coordinates, *, seed: int) -> Float:
    """Return what is balanced: at most 20 uncorrelated terms (n, q) of mean 0 and variance 1.

    They span z and z² of the target of a regression, and principal components of z, z², missing flags
    and dummies of the features.
    """
    rng, n = np.random.default_rng((seed, 1)), len(coords.codes)
    own, width = (part.shape[1] for part in _split(coords, slice(0, 1)))
    step = max(CHUNK // max(width, 1), 1_000)
    pilot = np.sort(rng.choice(n, min(n, PILOT, step), replace=False))
    features = _split(coords, pilot)[1]
    scale = features.std(axis=0)
    live = scale > 1e-9
    count = min(DIMENSIONS - own, len(pilot), int(live.sum()))
    axes = np.zeros((width, count))
    if count:
        pca = PCA(count, random_state=seed).fit(features[:, live] / scale[live])
        axes[live] = pca.components_.T / scale[live, None]
    parts = (_split(coords, slice(start, start + step)) for start in range(0, n, step))
    every = np.vstack([np.hstack([target, features @ axes]) for target, features in parts])
    # Where only some rows are held, the terms are centred on the means of all rows already.
    return _whiten(every, center=n == coords.n_all)


def _split(coords: Coordinates, rows: Int | slice) -> tuple[Float, Float]:
    """Return the terms of the target of a regression, and those of the features."""
    every, count = to_terms(coords, rows, squares=True), len(coords.number_names)
    own = [-1 - count, -1] if coords.regression else []
    return every[:, own], np.delete(every, own, axis=1)


def _whiten(x: Float, *, center: bool = True) -> Float:
    """Turn x (n, q) to unit covariance, centred or as it stands; directions without variance are dropped."""
    centred = x - x.mean(axis=0)
    value, vector = np.linalg.eigh(centred.T @ centred / len(x))
    real = value > 1e-9 * max(value.max(initial=0.0), 1e-300)
    whitened: Float = (centred if center else x) @ (vector[:, real] / np.sqrt(value[real]))
    return whitened
