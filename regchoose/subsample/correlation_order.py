"""The columns in an order in which those that go together stand side by side."""

import numpy as np
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform

from regchoose.records.subsample import Neighbourhood
from regchoose.subsample.association import Associations

MOST_COLUMNS = 40  # in a picture


def neighbourhood(found: Associations, *, of: int) -> Neighbourhood | None:
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
    return Neighbourhood(names, of, matrix, found.with_target[order])
