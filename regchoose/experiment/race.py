"""The points of one arm, tried on the inner parts: raced, and extended where the best lies at an edge."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from regchoose.experiment.choice import Bool, choose, choose_at_end, kept_after, mean_inner_loss
from regchoose.experiment.grid import beyond, grid_order
from regchoose.experiment.plan import Experiment
from regchoose.records.experiment import Penalties
from regchoose.records.words import Arm, Float
from regchoose.training.train import train

MOST_EXTENSIONS = 2  # by a decade each
WORTH_MORE = 1e-3  # of the loss: what an extension must gain for the next

Advanced = Callable[[int], None]


@dataclass(frozen=True)
class Tuning:
    """What the inner parts say of an arm's m points. Losses are without the penalty.

    Parameters
    ----------
    grid : Penalties
        The points, for `Experiment.rows_fit` rows.
    loss : ndarray (m, t)
        Mean inner loss at each checkpoint.
    everywhere : ndarray of bool (m,)
        Whether the point was tried in all tuning cells; the others were hopeless in the first of them.
    nonzero_share : ndarray (m, t)
    trained, failed : int
        Models.
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
    """Try all points in the first cells, and the better ones in more and more of the tuning cells.

    Where the best lies at the edge of the grid, the grid is extended beyond it, twice at most. A strength
    that the user set has no edge.
    """
    grid = experiment.grid(arm)
    found = _raced(experiment, grid, experiment.pauses(len(grid)), advanced=advanced)
    if experiment.is_fixed(arm):
        return found
    for _ in range(MOST_EXTENSIONS):
        best = choose_at_end if experiment.settings.stopping == "fixed" else choose
        further = beyond(found.grid, best(found.eligible).point, most_l1=experiment.most_l1)
        if not len(further):
            break
        lowest = found.eligible.min()
        # Those of the edge were tried in all cells, so what lies beyond is too.
        own = _raced(
            experiment, further, (len(experiment.tuning),), advanced=partial(tell, advanced, found.trained)
        )
        found = _united(found, own)
        if found.eligible.min() > (1 - WORTH_MORE) * lowest:
            break
    return found


def _raced(experiment: Experiment, grid: Penalties, pauses: tuple[int, ...], *, advanced: Advanced) -> Tuning:
    c, m, t = len(experiment.tuning), len(grid), len(experiment.training.checkpoints)
    inner, nonzero = np.full((c, m, t), np.nan), np.full((c, m, t), np.nan)
    good, tried = np.zeros((c, m), dtype=bool), np.zeros((c, m), dtype=bool)
    kept, before, done = np.arange(m), 0, 0
    for pause in pauses:
        if before:
            kept = kept[kept_after(mean_inner_loss(inner, good, tried=tried)[kept])]
        run = train(
            experiment.training,
            experiment.tuning[before:pause],
            grid[kept],
            advanced=partial(tell, advanced, done),
        )
        place = np.ix_(np.arange(before, pause), kept)
        inner[place], nonzero[place] = run.losses["inner"], run.nonzero_share
        good[place], tried[place] = ~run.failed, True
        done += len(kept) * (pause - before)
        before = pause
    return Tuning(
        grid,
        mean_inner_loss(inner, good, tried=tried),
        np.isin(np.arange(m), kept),
        np.nan_to_num(np.where(good[:, :, None], nonzero, 0.0).sum(0) / np.maximum(good.sum(0), 1)[:, None]),
        int(tried.sum()),
        int((tried & ~good).sum()),
    )


def tell(advanced: Advanced, before: int, done: int) -> None:
    """Tell that so many models are trained, after those before."""
    advanced(before + done)


def _united(first: Tuning, second: Tuning) -> Tuning:
    """Put two sets of points together, in the order of a grid."""
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
