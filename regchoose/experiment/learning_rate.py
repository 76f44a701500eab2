"""One learning rate for all arms, found by a short search; and how long everything will take."""

from collections.abc import Callable
from dataclasses import replace
from functools import reduce

import numpy as np

from regchoose.experiment.plan import Experiment
from regchoose.experiment.race import try_points
from regchoose.experiment.trials import Trials
from regchoose.records.experiment import Penalties
from regchoose.records.words import ARMS, Float, OnProgress
from regchoose.training.schedule import USUAL_RATE
from regchoose.training.train import count_from, seconds_a_model

RATES = (0.001, 0.003, 0.01)
ERRORS = 2.0  # standard errors by which a rate must be better than the usual one
TIMED_MODELS = 16  # side by side, for the estimate of the time
WEAK = 2 / 3  # of the way from the strongest strength to the weakest


def is_searched(experiment: Experiment) -> bool:
    """Whether the rate is searched for, rather than given or of no meaning."""
    return experiment.settings.lr == "auto" and not experiment.is_convex


def count_search_models(experiment: Experiment) -> int:
    """Return how many models the search trains."""
    if not is_searched(experiment):
        return 0
    return len(RATES) * len(_trial_points(experiment)) * experiment.stops[0]


def estimate_seconds(experiment: Experiment, *, clock: Callable[[], float]) -> float:
    """Return about how many seconds everything will take, from a short stretch of training."""
    grid = experiment.grid("l2")
    block = grid[np.resize(np.arange(len(grid)), TIMED_MODELS)]
    seconds = seconds_a_model(experiment.training, experiment.data, block, clock=clock)
    return seconds * (count_search_models(experiment) + sum(experiment.models(arm) for arm in ARMS))


def find_rate(experiment: Experiment, *, advanced: OnProgress) -> Experiment:
    """Return the experiment at the rate of lowest loss in the first cells, with what was trained at it.

    The loss is averaged over no penalty and a weak one of each kind, each at its best checkpoint. Another
    rate replaces the usual one only where it is better by more than two standard errors over the cells: on a
    small table the lowest of several is luck.
    """
    points = _trial_points(experiment)
    trials: dict[float, Trials] = {}
    for rate in RATES:
        count = count_from(sum(int(known.tried.sum()) for known in trials.values()), advanced)
        trials[rate] = try_points(experiment.at_rate(rate), points, advanced=count)
    losses = {rate: _cell_losses(known, cells=experiment.stops[0]) for rate, known in trials.items()}
    best = min(losses, key=lambda rate: (_bound(losses[rate], losses[USUAL_RATE]), rate))
    chosen = best if _bound(losses[best], losses[USUAL_RATE]) < 0 else USUAL_RATE
    return replace(experiment.at_rate(chosen), known=trials[chosen])


def _trial_points(experiment: Experiment) -> Penalties:
    """Return no penalty and a weak one of each kind."""
    grids = [experiment.grid(arm) for arm in ARMS]
    places = [round(WEAK * (len(grid) - 1)) for grid in grids]
    points = [grid[place : place + 1] for grid, place in zip(grids, places, strict=True)]
    return reduce(Penalties.join, points)


def _cell_losses(trials: Trials, *, cells: int) -> Float:
    """Loss of each of the first cells, averaged over the points at their best; infinite if one failed."""
    best = trials.criterion.argmin(1)
    losses = trials.losses[:cells, np.arange(len(best)), best]
    return np.asarray(np.where(np.isnan(losses), np.inf, losses).mean(1))


def _bound(losses: Float, usual: Float) -> float:
    """Return the mean difference plus two standard errors; 0 for the usual rate itself."""
    if not np.isfinite(losses).all():
        return np.inf
    if not np.isfinite(usual).all():
        return float(losses.mean()) - 1e12  # the usual rate fails: any other is better
    difference = losses - usual
    return float(difference.mean() + ERRORS * difference.std(ddof=1) / np.sqrt(len(difference)))
