"""What a contender is, and the grid search that two of them use.

None pays for what its user could switch off: skorch runs without callbacks and validation, scikit-learn
without early stopping, and L2 is Adam's `weight_decay` on the weights, which is the L2 penalty there and
costs nothing. skorch and scikit-learn have two processes of one thread each, started before the clock is.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV

from regchoose.records.words import Float, Int
from tests.benchmarks.work import Work, float32

JOBS = 2  # processes of GridSearchCV


@dataclass(frozen=True)
class Contender:
    """A way to do the work.

    Parameters
    ----------
    validate : callable
        (work, places of points) → mean validation loss of each, (m,).
    refit : callable
        (work, place of a point) → loss on fresh rows after a fit on all rows.
    l2_only : bool
        Whether it knows no L1.
    """

    name: str
    validate: Callable[[Work, Int], Float]
    refit: Callable[[Work, int], float]
    l2_only: bool = False


def grid_search(net: Any, points: list[dict[str, float]], work: Work, *, y: Any, scoring: Any) -> Float:
    grid = [{name: [value] for name, value in point.items()} for point in points]
    search = GridSearchCV(
        net, grid, cv=work.splits, scoring=scoring, refit=False, n_jobs=JOBS, error_score="raise"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the epochs are set, not a tolerance
        search.fit(float32(work.sheet.x), y)
    losses: Float = -search.cv_results_["mean_test_score"]
    return losses
