"""The moments of every column of the whole table, and the terms in which a subsample is compared with it.

Numbers are winsorized and mapped onto [0, 1] first, so that neither 1e300 nor a single outlier decides
what "the same mean and variance" means; standardized differences and ratios do not change under it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from regchoose.encoding.input_plan import InputPlan, plan_inputs
from regchoose.records.table import Table, Whole
from regchoose.records.words import Float, Int
from regchoose.table.columns.quantiles import find_cuts, winsorize

RARE_LEVEL = 0.01  # levels below this share are not balanced one by one


@dataclass(frozen=True)
class Moments:
    """Count, mean and sum of squares of each column; missing values are left out.

    Attributes
    ----------
    count, missing : (p,) ndarray
        Rows with and without a value.
    mean, m2 : (p,) ndarray
        The mean, and the sum of squared deviations from it.
    """

    count: Float
    missing: Float
    mean: Float
    m2: Float

    @property
    def sd(self) -> Float:
        """Standard deviations (p,); 0 for a constant column."""
        sd: Float = np.sqrt(self.m2 / np.maximum(self.count, 1))
        return np.where(sd > 1e-12, sd, 0.0)

    @property
    def missing_share(self) -> Float:
        """Share of rows (p,) without a value."""
        return self.missing / np.maximum(self.count + self.missing, 1)


def compute_moments(x: Float) -> Moments:
    """Return the moments of the columns of x (n, p)."""
    known = ~np.isnan(x)
    count = known.sum(axis=0).astype(float)
    mean = np.where(known, x, 0.0).sum(axis=0) / np.maximum(count, 1)
    deviation = np.where(known, x - mean, 0.0)
    return Moments(count, len(x) - count, mean, np.einsum("np,np->p", deviation, deviation))


@dataclass(frozen=True)
class Coordinates:
    """A table prepared for the comparison of rows with all rows.

    Attributes
    ----------
    numbers : (n, a) ndarray
        Winsorized onto [0, 1], missing NaN; the target of a regression is the last.
    codes : (n, b) ndarray
        Levels as the networks will see them; the class is the last.
    number_names, code_names : tuple of str
        Columns of the two.
    shares : tuple of (levels,) ndarray
        Each level's share of the rows, a column of `codes` each.
    moments : Moments
        Of `numbers`, over all rows.
    regression : bool
        Whether the target is in `numbers`.
    n_all : int
        Rows of the table, of which `numbers` and `codes` may be some.
    """

    numbers: Float
    codes: Int
    number_names: tuple[str, ...]
    code_names: tuple[str, ...]
    shares: tuple[Float, ...]
    moments: Moments
    regression: bool
    n_all: int


def to_coordinates(table: Table) -> Coordinates:
    """Return the coordinates of every row of the table."""
    plan, names = plan_inputs(table), [column.name for column in table.used]
    regression = table.task == "regression"
    numbers, codes = table.features[:, plan.numbers], plan.recode(table.features)
    number_names = [names[j] for j in plan.numbers]
    code_names = [names[j] for j in plan.categories]
    if regression:
        numbers = np.column_stack([numbers, table.target])
        number_names.append(table.target_name)
    else:
        codes = np.column_stack([codes, table.target.astype(np.int64)])
        code_names.append(table.target_name)
    levels = [*(len(level) for level in plan.levels), *(() if regression else (len(table.classes),))]
    shares: Iterable[Float] = (
        np.bincount(codes[:, j], minlength=count) / len(codes) for j, count in enumerate(levels)
    )
    whole = table.whole
    low, width = find_cuts(numbers) if whole is None else (whole.low, whole.width)
    numbers = winsorize(numbers, low, width)
    if whole is None:
        known = compute_moments(numbers)
    else:
        known = Moments(whole.count, whole.n_rows - whole.count, whole.mean, whole.m2)
        shares = _shares_of_whole(whole, plan, levels)
    return Coordinates(
        numbers, codes, tuple(number_names), tuple(code_names), tuple(shares), known, regression, table.n_all
    )


def _shares_of_whole(whole: Whole, plan: InputPlan, sizes: list[int]) -> Iterator[Float]:
    """Yield the shares of all rows; what is short of 1 has levels that no row held has."""
    for lookup, rows, size in zip(plan.lookup, whole.levels, sizes, strict=False):
        # A level without a row held (or missing cells where none are) has no place among the codes.
        yield np.bincount(lookup, weights=rows, minlength=size)[:size] / whole.n_rows
    if len(whole.classes):
        yield whole.classes / whole.n_rows


def to_terms(coords: Coordinates, rows: Int | slice, *, squares: bool) -> Float:
    """Return what is compared: z, z² if asked for, missing flags, and dummies of the levels.

    Parameters
    ----------
    coords : Coordinates
    rows : (m,) ndarray or slice
    squares : bool
        Whether z² stands beside z.

    Returns
    -------
    (m, q) ndarray
        All are centred on 0 over the whole table; z has unit variance. The last one (with squares: the
        last two) of the z are the target's in a regression; dummies of the class are left out, since
        the strata hold them.
    """
    sd = np.where(coords.moments.sd > 0, coords.moments.sd, np.inf)
    values = coords.numbers[rows]
    z = (values - coords.moments.mean) / sd
    gaps = coords.moments.missing > 0
    flags = np.isnan(values[:, gaps]) - coords.moments.missing_share[gaps]
    squared = [np.nan_to_num(z**2 - 1)] if squares else []
    features = coords.codes.shape[1] - (0 if coords.regression else 1)
    dummies = [
        (coords.codes[rows, j, None] == kept) - share[kept]
        for j, share in enumerate(coords.shares[:features])
        if len(kept := np.flatnonzero((share >= RARE_LEVEL) & (share < 1))[1:])
    ]
    return np.hstack([flags, *dummies, *squared, np.nan_to_num(z)])
