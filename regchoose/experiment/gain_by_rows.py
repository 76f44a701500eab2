"""Where the gain is heading: the recommended arm on a quarter and half of the rows, carried on to all."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from regchoose.experiment.arm_comparison import posterior_of
from regchoose.experiment.arms import ArmRun, train_arm
from regchoose.experiment.design import Layout, stratified_part
from regchoose.experiment.plan import Experiment, prepare
from regchoose.experiment.race import Advanced, tell
from regchoose.records.table import Table
from regchoose.records.words import Arm, Int
from regchoose.statistics.posterior import Posterior, compare
from regchoose.statistics.trend import Trend, l1_exponent, optimum, trend

SHARES = (0.25, 0.5)
REPEATS = 2  # of the cross-validation at these sizes
FEWEST = 40  # rows of the smallest size


@dataclass(frozen=True)
class Size:
    """What an arm gains where its models train on so many rows."""

    rows: int
    gain: float  # of the loss without regularization
    interval: tuple[float, float]
    rows_fit: int  # that the strength was chosen on
    l1: float  # the best for these, between the points of the grid
    inside: bool  # of the grid


@dataclass(frozen=True)
class Growth:
    """The gain at each size, ascending; where it is heading; and how l1 moves with the rows."""

    sizes: tuple[Size, ...]
    trend: Trend
    exponent: float | None  # measured γ of l1; None where l1 is zero or at an edge of its grid


def parts_of(table: Table, experiment: Experiment, *, drawn: Int) -> tuple[Experiment, ...]:
    """Return the experiments on a quarter and half of the rows that a model trains on; none if too few.

    Parameters
    ----------
    drawn : ndarray of int
        The rows of the subsample.
    """
    settings = replace(experiment.settings, repeats=REPEATS, tuning_repeats=REPEATS)
    folds, lr = settings.folds, experiment.training.schedule.lr
    found = []
    for share in SHARES:
        rows = round(share * experiment.rows_train * folds / (folds - 1))
        if rows < FEWEST:
            return ()
        own = drawn[stratified_part(table.target[drawn], table.task, rows, seed=settings.seed)]
        part = prepare(table, own, settings, Layout("B", rows), workers=experiment.training.workers)
        found.append(part.at_rate(lr).with_store(experiment.training.store))
    return tuple(found)


def grow(
    arms: Sequence[ArmRun],
    experiment: Experiment,
    posterior: Posterior,
    parts: Sequence[Experiment],
    *,
    of: int,
    advanced: Advanced,
) -> Growth:
    """Train no regularization and the recommended arm on the parts, and carry the gain on.

    Parameters
    ----------
    arms : pair of ArmRun
        No regularization, and the recommended arm, as judged.
    parts : sequence of Experiment
        See `parts_of`.
    of : int
        Rows of the whole table.
    """
    arm = arms[1].arm
    done, sizes = 0, []
    for part in parts:
        runs: dict[Arm, ArmRun] = {}
        for name in ("none", arm):
            runs[name] = train_arm(part, name, advanced=partial(tell, advanced, done))
            done += runs[name].trained
        sizes.append(_size(runs[arm], part, posterior_of(runs, part)))
    sizes.append(_size(arms[1], experiment, posterior))
    rows = np.array([size.rows for size in sizes])
    gains = np.array([size.gain for size in sizes])
    exponent = None
    if arms[1].judged.l1[0] > 0 and all(size.inside for size in sizes):
        rows_fit = np.array([size.rows_fit for size in sizes])
        exponent = l1_exponent(rows_fit, np.array([size.l1 for size in sizes]))
    return Growth(tuple(sizes), trend(rows, gains, of=of), exponent)


def _size(run: ArmRun, experiment: Experiment, posterior: Posterior) -> Size:
    found = compare(posterior, "none", run.arm, rope=0.0)
    base = float(posterior.mean[posterior.arms.index("none")])
    low, high = (float(end) / base for end in found.interval)
    l1, inside = optimum(run.tuning.grid, run.tuning.eligible, run.chosen.point)
    return Size(experiment.rows_train, found.difference / base, (low, high), experiment.rows_fit, l1, inside)
