"""How strongly two columns go together, whatever their types: 0 not at all, 1 completely.

And the order in which columns that go together stand side by side.
"""

from dataclasses import dataclass

import numpy as np
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform
from scipy.stats import rankdata

from regchoose.encoding.encoder import Encoder
from regchoose.encoding.input_plan import plan_inputs
from regchoose.records.subsample import AssociationMatrix
from regchoose.records.table import Table
from regchoose.records.words import Float, Int


@dataclass(frozen=True)
class Associations:
    """Associations among the columns of a table, and with its target.

    Attributes
    ----------
    names : (p,) tuple of str
        Numbers first, then categories.
    pairs : (p, p) ndarray
        The larger of |Pearson| and |Spearman|, the correlation ratio, or Cramér's V; 0 on the diagonal
        and below the noise floor.
    signed : (p, p) ndarray
        The same, with the sign of a correlation.
    with_target : (p,) ndarray
        The same of each column with the target; 0 below the noise floor.
    target : (p,) ndarray
        Squared association of each column with the target, less the squared noise floor, at least 0.
    floor : float
        2·√(ln p / n): what the largest of p correlations reaches by chance.
    """

    names: tuple[str, ...]
    pairs: Float
    signed: Float
    with_target: Float
    target: Float
    floor: float


def measure_associations(table: Table, rows: Int) -> Associations:
    """Measure the associations among `rows` (n,) of the table; missing numbers are imputed."""
    plan, names = plan_inputs(table), [column.name for column in table.used]
    numbers = Encoder.fit(table, rows).transform(table, rows)[0][:, : len(plan.numbers)]
    codes = plan.recode(table.features[rows])
    floor = 2 * float(np.sqrt(np.log(len(names)) / len(rows)))
    target = table.target[rows]
    if table.task == "regression":
        unit = max(float(np.abs(target).max()), 1e-300)  # no square overflows
        joined, at = _pairs(np.column_stack([numbers, target / unit]), codes), len(plan.numbers)
    else:
        joined, at = _pairs(numbers, np.column_stack([codes, target.astype(np.int64)])), len(names)
    found = np.where(np.abs(joined) < floor, 0.0, joined)
    signed, with_target = np.delete(np.delete(found, at, axis=0), at, axis=1), np.delete(found[at], at)
    np.fill_diagonal(signed, 0.0)
    gain = np.maximum(np.delete(joined[at], at) ** 2 - floor**2, 0.0)
    ordered = [names[j] for j in (*plan.numbers, *plan.categories)]
    return Associations(tuple(ordered), np.abs(signed), signed, with_target, gain, floor)


def _pairs(numbers: Float, codes: Int) -> Float:
    a, b = numbers.shape[1], codes.shape[1]
    pairs = np.zeros((a + b, a + b))
    pearson, spearman = correlate(numbers), correlate(rankdata(numbers, axis=0))
    pairs[:a, :a] = np.where(np.abs(pearson) >= np.abs(spearman), pearson, spearman)
    for j in range(b):
        pairs[a + j, :a] = pairs[:a, a + j] = correlation_ratio(codes[:, j], numbers)
        for k in range(j):
            pairs[a + j, a + k] = pairs[a + k, a + j] = cramers_v(codes[:, j], codes[:, k])
    return pairs


def correlate(x: Float) -> Float:
    """Return Pearson's correlations (p, p) of the columns of x (n, p); 0 where one is constant."""
    z = standardize(x)
    return np.clip(z.T @ z / len(z), -1.0, 1.0)


def standardize(x: Float) -> Float:
    """Return the columns of x (n, p) with mean 0 and sd 1; constants become 0."""
    z = x - x.mean(axis=0)
    sd = z.std(axis=0)
    scaled: Float = z / np.where(sd > 1e-12 * np.maximum(np.abs(x).max(axis=0, initial=0.0), 1), sd, np.inf)
    return scaled


def correlation_ratio(codes: Int, values: Float) -> Float:
    """Return η of each column of values (n, p) given the group of each row, corrected for chance.

    η² = 1 − (1 − R²)(n − 1)/(n − k), R² the share of variance between k groups (ε² of Kelley 1935).
    """
    _, group = np.unique(codes, return_inverse=True)
    counts = np.bincount(group)
    n, k = len(codes), len(counts)
    if not 1 < k < n:
        return np.zeros(values.shape[1])
    z = standardize(values)
    means = np.eye(k)[group].T @ z / counts[:, None]
    between = (counts[:, None] * means**2).sum(axis=0) / n
    eta: Float = np.sqrt(np.clip(1 - (1 - between) * (n - 1) / (n - k), 0.0, 1.0))
    return np.where(z.any(axis=0), eta, 0.0)


def cramers_v(a: Int, b: Int) -> float:
    """Return Cramér's V of two columns of codes (n,), corrected for chance (Bergsma 2013)."""
    _, rows = np.unique(a, return_inverse=True)
    _, columns = np.unique(b, return_inverse=True)
    r, c, n = int(rows.max()) + 1, int(columns.max()) + 1, len(a)
    if min(r, c) < 2:
        return 0.0
    share = np.bincount(rows * c + columns, minlength=r * c).reshape(r, c) / n
    expected = np.outer(share.sum(axis=1), share.sum(axis=0))
    phi = float(((share - expected) ** 2 / expected).sum())
    phi = max(0.0, phi - (r - 1) * (c - 1) / (n - 1))
    least = min(r - (r - 1) ** 2 / (n - 1), c - (c - 1) ** 2 / (n - 1)) - 1
    return float(np.sqrt(min(phi / least, 1.0))) if least > 0 else 0.0


MOST_COLUMNS = 40  # in a picture


def cluster_columns(found: Associations, *, of: int) -> AssociationMatrix | None:
    """Cluster the columns by average linkage of 1 − association; None where there are fewer than two.

    Of more than 40 columns those with the strongest association to any other are taken. Leaves are ordered
    so that neighbours are as alike as they can be (Bar-Joseph, Gifford & Jaakkola 2001).

    Parameters
    ----------
    of : int
        Columns of the table that are used.
    """
    if len(found.names) < 2:
        return None
    strongest = np.argsort(-found.pairs.max(axis=1), kind="stable")[:MOST_COLUMNS]
    kept = np.sort(strongest)
    distance = 1 - found.pairs[np.ix_(kept, kept)]
    np.fill_diagonal(distance, 0.0)
    tree = linkage(squareform(distance), "average", optimal_ordering=True)
    order = kept[leaves_list(tree)]
    matrix = found.signed[np.ix_(order, order)]
    np.fill_diagonal(matrix, 1.0)
    names = tuple(found.names[j] for j in order)
    return AssociationMatrix(names, of, matrix, found.with_target[order])
