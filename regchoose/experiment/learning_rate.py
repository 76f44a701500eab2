"""One learning rate for all arms, found by a short search; and how long everything will take."""

from collections.abc import Callable
from dataclasses import replace
from functools import reduce

import numpy as np

from regchoose.experiment.choice import mean_inner_loss
from regchoose.experiment.plan import Experiment
from regchoose.records.experiment import Penalties, Trained
from regchoose.records.words import ARMS, Float
from regchoose.training.block import CellData
from regchoose.training.schedule import USUAL_RATE
from regchoose.training.train import MODELS_A_BLOCK, Advanced, count_from, seconds_a_model, train

RATES = (0.001, 0.003, 0.01)
ERRORS = 2.0  # standard errors by which a rate must be better than the usual one
WEAK = 2 / 3  # of the way from the strongest strength to the weakest


def is_searched(experiment: Experiment) -> bool:
    """Whether the rate is searched for, rather than given or of no meaning."""
    return experiment.settings.lr == "auto" and not experiment.is_convex


def count_search_models(experiment: Experiment) -> int:
    """Return how many models the search trains."""
    if not is_searched(experiment):
        return 0
    return len(RATES) * len(_trial_points(experiment)) * len(_first_repeat(experiment))


def estimate_seconds(experiment: Experiment, *, clock: Callable[[], float]) -> float:
    """Return about how many seconds everything will take, from a short stretch of training."""
    grid = experiment.grid("l2")
    block = grid[np.resize(np.arange(len(grid)), MODELS_A_BLOCK)]
    seconds = seconds_a_model(experiment.training, experiment.tuning, block, clock=clock)
    return seconds * (count_search_models(experiment) / 2 + sum(experiment.models(arm) for arm in ARMS))


def find_rate(experiment: Experiment, *, advanced: Advanced) -> Experiment:
    """Return the experiment at the rate of lowest inner loss on the cells of the first repeat.

    The loss is averaged over no penalty and a weak one of each kind, each at its best checkpoint. Another
    rate replaces the usual one only where it is better by more than two standard errors over the cells: on a
    small table the lowest of several is luck. Half the schedule is enough: on ten tables of 80 to 1,600 rows
    it chose the same rate as the whole schedule.
    """
    half = replace(experiment.training, schedule=experiment.training.schedule.halve())
    cells, points = _first_repeat(experiment), _trial_points(experiment)
    losses: dict[float, Float] = {}
    for rate in RATES:
        count = count_from(len(losses) * len(cells) * len(points), advanced)
        losses[rate] = _cell_losses(train(half.at_rate(rate), cells, points, advanced=count))
    best = min(losses, key=lambda rate: (_bound(losses[rate], losses[USUAL_RATE]), rate))
    chosen = best if _bound(losses[best], losses[USUAL_RATE]) < 0 else USUAL_RATE
    return experiment.at_rate(chosen)


def _first_repeat(experiment: Experiment) -> tuple[CellData, ...]:
    """Return the tuning cells of the first repeat."""
    return experiment.tuning[: experiment.settings.folds]


def _trial_points(experiment: Experiment) -> Penalties:
    """Return no penalty and a weak one of each kind."""
    grids = [experiment.grid(arm) for arm in ARMS]
    places = [round(WEAK * (len(grid) - 1)) for grid in grids]
    points = [grid[place : place + 1] for grid, place in zip(grids, places, strict=True)]
    return reduce(Penalties.join, points)


def _cell_losses(run: Trained) -> Float:
    """Inner loss of each cell, averaged over the points at their best checkpoints; infinite if one failed."""
    inner, good = run.losses["inner"], ~run.failed
    best = mean_inner_loss(inner, good, tried=np.ones_like(good)).argmin(1)
    losses = np.where(good, inner[:, np.arange(len(best)), best], np.inf)
    return np.asarray(losses.mean(1))


def _bound(losses: Float, usual: Float) -> float:
    """Return the mean difference plus two standard errors; 0 for the usual rate itself."""
    if not np.isfinite(losses).all():
        return np.inf
    if not np.isfinite(usual).all():
        return float(losses.mean()) - 1e12  # the usual rate fails: any other is better
    difference = losses - usual
    return float(difference.mean() + ERRORS * difference.std(ddof=1) / np.sqrt(len(difference)))
