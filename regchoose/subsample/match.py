"""The proof that a subsample has the distribution of the whole table.

Effect sizes, not p-values: under a random draw the null hypothesis is true by construction. Limits of
checks that sum or maximize over many levels, pairs or rare values (variance ratio, total variation,
missing gap, largest gap of a correlation) never lie below what chance alone gives a random sample of
that size (three standard errors); otherwise no small sample of a wide table could ever match. A variance
that depends on a handful of rows (its standard error is over a quarter) is not compared, nor are the
correlations of such a column.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from scipy.stats import rankdata
from sklearn import config_context
from sklearn.ensemble import ExtraTreesClassifier

from regchoose.errors import PhraseLike, setting
from regchoose.records.subsample import Check
from regchoose.records.table import Table
from regchoose.records.words import Float, Int
from regchoose.subsample.association import correlate, correlation_ratio, standardize
from regchoose.subsample.moments import Coordinates, compute_moments, to_terms

SMD = "standardized mean difference"
VARIANCE = "variance ratio (the larger over the smaller)"
KS = "Kolmogorov-Smirnov distance"
VARIATION = "total variation"
UNSEEN = "share of rows with an unseen level"
GAP = "gap of the missing share"
CORRELATION = "gap of the correlation"
ENERGY = "percentile of the energy distance among random subsamples"
TELL = "AUC of telling the rows from the others"
ORDER = "AUC of telling the first third from the last"

LIMITS: dict[str, tuple[float, float]] = {  # check → target, hard limit (methods, section 2)
    SMD: (0.05, 0.10),
    VARIANCE: (1.11, 1.25),
    KS: (0.05, 0.08),
    VARIATION: (0.03, 0.05),
    UNSEEN: (0.05, 0.05),
    GAP: (0.01, 0.02),
    CORRELATION: (0.10, 0.10),
    ENERGY: (95.0, 99.0),
    TELL: (0.55, 0.55),
    ORDER: (0.75, 0.75),
}
SIDE = 1_000  # rows a side of the energy distance
FRESH = 200  # random subsamples that it is compared with
POOL = 3_000  # rows these are drawn from
TESTED = 2_000  # rows a side of the classifier
REFERENCE = 50_000  # rows that the table's correlations are taken from
PAIRED = 200  # columns whose correlations are compared
ERRORS = 3.0  # standard errors of chance
UNSTEADY = 0.25  # relative standard error from which a variance is not compared


def check_match(coords: Coordinates, rows: Int, *, seed: int) -> tuple[Check, ...]:
    """Compare the rows (m,) with the whole table; each check is ok where its value is within its limit."""
    rng = np.random.default_rng((seed, 2))
    return (
        *_numbers(coords, rows),
        *_categories(coords, rows),
        *_pairs(coords, rows, rng=rng),
        _energy(coords, rows, rng=rng),
        _two_sample(coords, rows, np.setdiff1d(np.arange(len(coords.codes)), rows), check=TELL, seed=seed),
    )


def broken_rule(table: Table, rows: Int, *, checks: Sequence[Check], folds: int) -> str:
    """Return the rule that says that these rows do not represent the table; empty where they do."""
    if table.task != "regression":
        codes = table.target.astype(np.int64)
        held = np.bincount(codes, minlength=len(table.classes))
        whole = held if table.whole is None else table.whole.classes
        drawn = np.bincount(codes[rows], minlength=len(table.classes))
        scarce = np.flatnonzero((drawn < 2 * folds) & (whole > 0))
        if len(scarce):
            rare = scarce[np.argmin(whole[scarce])]
            wanted = int(np.ceil(2 * folds * table.n_all / whole[rare]))
            more = (setting(rows=wanted) + " would hold them").words(python=table.dialect.in_memory)
            return (
                f"class {table.classes[rare]!r} has {drawn[rare]} rows among {len(rows):,}, {folds} folds "
                f"need {2 * folds}; {more if wanted <= table.n_all else 'the table has no more'}"
            )
    broken = [check for check in checks if not check.ok]
    if not broken:
        return ""
    worst = max(broken, key=lambda check: check.value / check.limit)
    others = f", and {len(broken) - 1} more" if len(broken) > 1 else ""
    return (
        f"{worst.check} of {worst.column} is {worst.value:.3g}, the limit {worst.limit:.3g}{others}; "
        f"more than {len(rows):,} rows would come closer "
        f"({setting('rows').words(python=table.dialect.in_memory)})"
    )


def missed_targets(checks: Sequence[Check]) -> int:
    """Count the checks that are within their limit, but not within the stricter target."""
    return sum(check.ok and LIMITS[check.check][0] < check.value for check in checks)


def _check(column: str, check: str, *, value: float, chance: float = 0.0) -> Check:
    limit = max(LIMITS[check][1], float(chance))
    return Check(column, check, float(value), limit, bool(value <= limit))


def _remaining(coords: Coordinates, rows: Int) -> float:
    """Variance of the mean of a random subsample, for a variable of variance 1: (1 − f)/m."""
    return (1 - len(rows) / coords.n_all) / len(rows)


def _numbers(coords: Coordinates, rows: Int) -> Iterator[Check]:
    whole, drawn, left = coords.moments, compute_moments(coords.numbers[rows]), _remaining(coords, rows)
    errors = _variance_errors(coords, rows)
    for j, name in enumerate(coords.number_names):
        if whole.sd[j] > 0:
            gap = abs(drawn.mean[j] - whole.mean[j]) / whole.sd[j]
            yield _check(name, SMD, value=gap)
            ratio = max(drawn.sd[j] ** 2 / whole.sd[j] ** 2, 1e-9)
            if errors[j] < UNSTEADY:
                yield _check(name, VARIANCE, value=max(ratio, 1 / ratio), chance=np.exp(ERRORS * errors[j]))
            distance = ks_distance(coords.numbers[rows, j], coords.numbers[:, j])
            yield _check(name, KS, value=distance)
        if whole.missing[j] > 0:
            share = whole.missing_share[j]
            chance = ERRORS * np.sqrt(share * (1 - share) * left)
            yield _check(name, GAP, value=abs(drawn.missing_share[j] - share), chance=chance)


def _variance_errors(coords: Coordinates, rows: Int) -> Float:
    """Return the relative standard error of each number's variance: √((kurtosis − 1)·(1 − f)/m)."""
    known = np.maximum(np.isfinite(coords.numbers).sum(axis=0), 1)
    z = (coords.numbers - coords.moments.mean) / np.where(coords.moments.sd > 0, coords.moments.sd, np.inf)
    kurtosis = np.nansum(np.square(np.square(z)), axis=0) / known
    errors: Float = np.sqrt(
        np.maximum(kurtosis - 1, 0) * _remaining(coords, rows) * len(coords.codes) / known
    )
    return errors


def ks_distance(part: Float, whole: Float) -> float:
    """Return the largest gap of two distribution functions; missing values are left out."""
    part, whole = np.sort(part[~np.isnan(part)]), np.sort(whole[~np.isnan(whole)])
    if not len(part) or not len(whole):
        return 0.0
    values = np.unique(part)  # between these only the whole's function rises: look at both of its ends
    gap = 0.0
    for side in ("left", "right"):
        have = np.searchsorted(part, values, side=side) / len(part)
        want = np.searchsorted(whole, values, side=side) / len(whole)
        gap = max(gap, float(np.abs(have - want).max()))
    return gap


def _categories(coords: Coordinates, rows: Int) -> Iterator[Check]:
    left = _remaining(coords, rows)
    for j, (name, share) in enumerate(zip(coords.code_names, coords.shares, strict=True)):
        if len(share) < 2:
            continue  # the one class of a table without a target
        drawn = np.bincount(coords.codes[rows, j], minlength=len(share)) / len(rows)
        spread = share * (1 - share) * left
        chance = np.sqrt(spread / (2 * np.pi)).sum() + ERRORS * np.sqrt(spread.sum() * (0.25 - 0.5 / np.pi))
        value = np.abs(drawn - share).sum() / 2
        yield _check(name, VARIATION, value=value, chance=chance)
        unseen = share[drawn == 0].sum() + max(0.0, 1 - share.sum())  # the latter: levels of no row held
        yield _check(name, UNSEEN, value=unseen)


def _pairs(coords: Coordinates, rows: Int, *, rng: np.random.Generator) -> Iterator[Check]:
    """Compare the correlations; yield the gap that is largest against its limit.

    The table's are taken from at most 50,000 of its rows. By chance a correlation moves by about
    √(E[z₁²z₂²]·(1 − f)/m), and the largest of k such by √(2·ln k) times that.
    """
    live = np.flatnonzero((coords.moments.sd > 0) & (_variance_errors(coords, rows) < UNSTEADY))
    if len(live) > PAIRED:
        live = np.sort(rng.choice(live, PAIRED, replace=False))
    if len(live) < 2:
        return
    n = len(coords.codes)
    some = rng.choice(n, REFERENCE, replace=False) if n > REFERENCE else np.arange(n)
    whole, drawn = _scores(coords, some, columns=live), _scores(coords, rows, columns=live)
    gap = np.abs(drawn.T @ drawn / len(rows) - whole.T @ whole / len(some))
    np.fill_diagonal(gap, 0.0)
    error = np.sqrt(
        (whole**2).T @ whole**2 / len(some) * (_remaining(coords, rows) + _remaining(coords, some))
    )
    chance = (np.sqrt(np.log(len(live) * (len(live) - 1))) + 1) * error  # one more, for luck's own spread
    a, b = np.unravel_index(np.argmax(gap / np.maximum(chance, LIMITS[CORRELATION][1])), gap.shape)
    both = f"{coords.number_names[live[a]]} and {coords.number_names[live[b]]}"
    yield _check(both, CORRELATION, value=gap[a, b], chance=chance[a, b])


def _scores(coords: Coordinates, rows: Int, *, columns: Int) -> Float:
    """Standardize columns by the rows themselves (m, columns); missing is the mean, constants are 0."""
    return standardize(np.nan_to_num(coords.numbers[rows][:, columns] - coords.moments.mean[columns]))


def _energy(coords: Coordinates, rows: Int, *, rng: np.random.Generator) -> Check:
    """Rank the energy distance of the rows to the table among those of random subsamples.

    Energy distance: 2·E‖X − Y‖ − E‖X − X′‖ − E‖Y − Y′‖ (Székely & Rizzo 2013), on z, flags and dummies;
    E‖Y − Y′‖ is common to all and left out.
    """
    n, side = len(coords.codes), min(SIDE, len(rows))
    mine = to_terms(coords, rng.choice(rows, side, replace=False), squares=False)
    pool = to_terms(coords, rng.choice(n, min(POOL, n), replace=False), squares=False)
    other = to_terms(coords, rng.choice(n, min(SIDE, n), replace=False), squares=False)
    drawn = 2 * _distances(mine, other).mean() - _distances(mine, mine).mean()
    weights = np.zeros((len(pool), FRESH), dtype=np.float32)
    for column in weights.T:
        column[rng.choice(len(pool), side, replace=False)] = 1 / side
    within = np.einsum("pf,pf->f", weights, _distances(pool, pool) @ weights)
    fresh = 2 * (_distances(pool, other).mean(axis=1) @ weights) - within
    return _check("all columns", ENERGY, value=100 * (fresh < drawn).mean())


def _distances(a: Float, b: Float) -> Float:
    """Euclidean distances (n, m) between rows, in single precision."""
    x, y = a.astype(np.float32), b.astype(np.float32)
    squared = np.square(x).sum(axis=1)[:, None] + np.square(y).sum(axis=1) - 2 * (x @ y.T)
    distances: Float = np.sqrt(np.maximum(squared, 0, out=squared), out=squared)
    return distances


def check_row_order(table: Table, coords: Coordinates, *, seed: int) -> Check:
    """Try to tell the first third of the rows from the last; where that works, time or order matters.

    The rows stand in the order of the table's time where it has one, else in that of the file.
    """
    third = table.n_rows // 3
    order = np.arange(table.n_rows) if table.time is None else np.argsort(table.time, kind="stable")
    first, last = order[:third], order[table.n_rows - third :]
    return _two_sample(coords, first, last, check=ORDER, seed=seed)


def explain_order(table: Table, order: Check) -> PhraseLike:
    """Return what to do where the order of the rows matters: nothing to say where it does not.

    Rows that stand in the order of their target are dealt out by it; dates, and a time, are spoken of anyway.
    """
    if order.ok or table.time is not None or any(column.role == "date" for column in table.columns):
        return ""
    row = np.arange(table.n_rows, dtype=np.float64)[:, None]
    names = [*(column.name for column in table.used), table.target_name]
    is_code = [*(column.role == "category" for column in table.used), table.task != "regression"]
    columns = np.nan_to_num(np.column_stack([table.features, table.target]), nan=-1.0)
    strengths = [
        correlation_ratio(values.astype(np.int64), row)[0]
        if code
        else abs(correlate(rankdata(np.column_stack([values, row]), axis=0))[0, 1])
        for values, code in zip(columns.T, is_code, strict=True)
    ]
    strongest = int(np.argmax(strengths))
    if strongest == len(names) - 1:
        return ""
    name = names[strongest]
    remedy = setting(group=name) if is_code[strongest] else setting(time=name)
    return (
        f"the first third of the rows can be told from the last (AUC {order.value:.2f}), most of all by "
        f"{name!r}, and they are split at random: where new rows will come later, or of others, "
    ) + remedy


def _two_sample(coords: Coordinates, rows: Int, others: Int, *, check: str, seed: int) -> Check:
    """Try to tell `rows` from `others` by a classifier (Lopez-Paz & Oquab 2017).

    Half of at most 2,000 rows a side trains extremely randomized trees, the other half gives the AUC.
    1.645 of its standard deviations under chance are allowed.
    """
    rng = np.random.default_rng((seed, 3))
    side = min(TESTED, len(rows), len(others))
    if side < 4:
        return _check("all columns", check, value=0.5)  # too few to learn anything from
    chosen = np.concatenate([rng.choice(part, side, replace=False) for part in (rows, others)])
    label, train = np.repeat([0, 1], side), np.tile(np.arange(side) % 2 == 0, 2)
    x = to_terms(coords, chosen, squares=False)
    trees = ExtraTreesClassifier(100, min_samples_leaf=5, random_state=seed)
    with config_context(assume_finite=True, skip_parameter_validation=True):  # once for each of the trees
        score = trees.fit(x[train], label[train]).predict_proba(x[~train])[:, 1]
    truth = label[~train]
    ones, zeros = truth.sum(), (1 - truth).sum()
    auc = (rankdata(score)[truth == 1].sum() - ones * (ones + 1) / 2) / (ones * zeros)
    chance = 0.5 + 1.645 * np.sqrt((ones + zeros + 1) / (12 * ones * zeros))
    return _check("all columns", check, value=auc, chance=chance)
