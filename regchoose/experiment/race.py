"""Tuning an arm: its points race on the inner parts; the grid is extended if the best is at an edge."""

from dataclasses import dataclass

import numpy as np

from regchoose.experiment.choice import Bool, best_third, choose, choose_at_end, mean_inner_loss
from regchoose.experiment.grid import beyond, grid_order
from regchoose.experiment.plan import Experiment
from regchoose.records.experiment import Penalties
from regchoose.records.words import Arm, Float
from regchoose.training.train import Advanced, count_from, train

MOST_EXTENSIONS = 2  # by a decade each
WORTH_MORE = 1e-3  # of the loss: what an extension must gain for the next


@dataclass(frozen=True)
class Tuning:
    """The inner losses, without the penalty, of an arm's m points.

    Parameters
    ----------
    grid : Penalties
        The points, for `Experiment.rows_fit` rows.
    loss : ndarray (m, t)
        Mean inner loss at each checkpoint.
    everywhere : ndarray of bool (m,)
        Whether the point was tried in all tuning cells, not dropped on the way.
    nonzero_share : ndarray (m, t)
        Share of penalized weights that are not zero.
    trained, failed : int
        Numbers of models.
    """

    grid: Penalties
    loss: Float
    everywhere: Bool
    nonzero_share: Float
    trained: int
    failed: int

    @property
    def eligible(self) -> Float:
        """Losses (m, t) of the points that were tried in all cells; the others are infinite."""
        return np.where(self.everywhere[:, None], self.loss, np.inf)


def tune(experiment: Experiment, arm: Arm, *, advanced: Advanced) -> Tuning:
    """Try all points in the first tuning cells, and ever fewer, the best, in the others.

    Where the best point lies at an edge of the grid, the grid is extended beyond it, at most twice. A
    strength that the user set has no edge.
    """
    grid = experiment.grid(arm)
    tuning = _race(experiment, grid, experiment.race_stops(len(grid)), advanced=advanced)
    if experiment.is_fixed(arm):
        return tuning
    for _ in range(MOST_EXTENSIONS):
        best = choose_at_end if experiment.settings.stopping == "fixed" else choose
        further = beyond(tuning.grid, best(tuning.eligible).point, most_l1=experiment.most_l1)
        if not len(further):
            break
        lowest = tuning.eligible.min()
        # The points at the edge were tried in all cells, so those beyond it are, too.
        extension = _race(
            experiment,
            further,
            (len(experiment.tuning),),
            advanced=count_from(tuning.trained, advanced),
        )
        tuning = _join(tuning, extension)
        if tuning.eligible.min() > (1 - WORTH_MORE) * lowest:
            break
    return tuning


def _race(experiment: Experiment, grid: Penalties, stops: tuple[int, ...], *, advanced: Advanced) -> Tuning:
    c, m, t = len(experiment.tuning), len(grid), len(experiment.training.checkpoints)
    inner, nonzero = np.full((c, m, t), np.nan), np.full((c, m, t), np.nan)
    good, tried = np.zeros((c, m), dtype=bool), np.zeros((c, m), dtype=bool)
    left, before, done = np.arange(m), 0, 0
    for stop in stops:
        if before:
            left = left[best_third(mean_inner_loss(inner, good, tried=tried)[left])]
        run = train(
            experiment.training,
            experiment.tuning[before:stop],
            grid[left],
            advanced=count_from(done, advanced),
        )
        place = np.ix_(np.arange(before, stop), left)
        inner[place], nonzero[place] = run.losses["inner"], run.nonzero_share
        good[place], tried[place] = ~run.failed, True
        done += len(left) * (stop - before)
        before = stop
    return Tuning(
        grid,
        mean_inner_loss(inner, good, tried=tried),
        np.isin(np.arange(m), left),
        np.nan_to_num(np.where(good[:, :, None], nonzero, 0.0).sum(0) / np.maximum(good.sum(0), 1)[:, None]),
        int(tried.sum()),
        int((tried & ~good).sum()),
    )


def _join(first: Tuning, second: Tuning) -> Tuning:
    """Join the results of two grids, in the order of a grid."""
    grid = first.grid.join(second.grid)
    order = grid_order(grid)
    return Tuning(
        grid[order],
        np.concatenate([first.loss, second.loss])[order],
        np.concatenate([first.everywhere, second.everywhere])[order],
        np.concatenate([first.nonzero_share, second.nonzero_share])[order],
        first.trained + second.trained,
        first.failed + second.failed,
    )
