"""Tuning an arm: its points race through the cells; the grid is extended if the best is at an edge."""

from collections.abc import Callable

import numpy as np

from regchoose.experiment.choice import Choice, best_third, choose, choose_at_end
from regchoose.experiment.grid import beyond
from regchoose.experiment.plan import Experiment
from regchoose.experiment.trials import Trials
from regchoose.records.experiment import Penalties
from regchoose.records.words import Arm, Float, OnProgress
from regchoose.training.train import count_from, train

MOST_EXTENSIONS = 2  # by a decade each
WORTH_MORE = 1e-3  # of the criterion: what an extension must gain for the next


def tune(experiment: Experiment, arm: Arm, *, advanced: OnProgress) -> Trials:
    """Try all points in the first cells, and ever fewer, the best, in the others.

    Where the best point lies at an edge of the grid, the grid is extended beyond it, at most twice. A
    strength that the user set has no edge.
    """
    trials = Trials(experiment.grid(arm), len(experiment.cells), len(experiment.training.checkpoints))
    if experiment.known is not None:
        trials.take_over(experiment.known)
    _race(experiment, trials, dropping=True, advanced=advanced)
    if experiment.is_fixed(arm):
        return trials
    for _ in range(MOST_EXTENSIONS):
        best = choice_rule(experiment)(trials.eligible).point
        further = beyond(trials.grid, best, most_l1=experiment.most_l1)
        if not len(further):
            break
        lowest = trials.eligible.min()
        before = int(trials.tried.sum())
        extension = Trials(further, trials.n_cells, trials.n_checkpoints)
        # The points at the edge were tried in all cells, so those beyond it are, too.
        _race(experiment, extension, dropping=False, advanced=count_from(before, advanced))
        trials = trials.join(extension)
        if trials.eligible.min() > (1 - WORTH_MORE) * lowest:
            break
    return trials


def choice_rule(experiment: Experiment) -> Callable[[Float], Choice]:
    """Return how a point and a checkpoint are chosen by the criterion: `--stopping` says."""
    return choose_at_end if experiment.settings.stopping == "fixed" else choose


def try_points(experiment: Experiment, penalties: Penalties, *, advanced: OnProgress) -> Trials:
    """Try points in the first cells, those that all points of an arm are tried in."""
    trials = Trials(penalties, len(experiment.cells), len(experiment.training.checkpoints))
    first = experiment.data[: experiment.stops[0]]
    run = train(experiment.training, first, penalties, advanced=advanced)
    trials.put(run, start=0, points=np.arange(len(penalties)))
    return trials


def _race(experiment: Experiment, trials: Trials, *, dropping: bool, advanced: OnProgress) -> None:
    """Train the points in all cells, or in ever more cells ever fewer of them."""
    left, start = np.arange(len(trials.grid)), 0
    for stop in experiment.stops:
        if start and dropping:
            criterion = trials.criterion[left]
            fixed = experiment.settings.stopping == "fixed"
            left = left[best_third(criterion[:, -1] if fixed else criterion.min(1))]
        unknown = left[~trials.tried[start, left]]
        if len(unknown):
            cells = experiment.data[start:stop]
            count = count_from(int(trials.tried.sum()), advanced)
            run = train(experiment.training, cells, trials.grid[unknown], advanced=count)
            trials.put(run, start=start, points=unknown)
        start = stop
