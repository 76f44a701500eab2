"""The gain by the number of rows: measured on a quarter, half and all of one training set."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from regchoose.experiment.arms import ArmRun, pool_cells, train_arm
from regchoose.experiment.design import Layout, stratified_part
from regchoose.experiment.plan import Experiment, prepare
from regchoose.records.table import Table
from regchoose.records.words import Arm, Int, OnProgress
from regchoose.statistics.posterior import Posterior, compare_arms
from regchoose.statistics.trend import Trend, extrapolate_gain, l1_exponent, refine_l1
from regchoose.training.train import count_from

SHARES = (0.25, 0.5)
REPEATS = 2  # of the cross-validation at these sizes
FEWEST = 40  # rows of the smallest size


@dataclass(frozen=True)
class Size:
    """What an arm gains over no regularization where its models train on so many rows."""

    rows: int
    gain: float  # as a share of the loss without regularization
    interval: tuple[float, float]
    l1: float  # the best for these, between the points of the grid
    inside: bool  # whether that lies inside the grid


@dataclass(frozen=True)
class Growth:
    """The gain at each size, ascending; its trend; and how l1 falls with the rows."""

    sizes: tuple[Size, ...]
    trend: Trend
    exponent: float | None  # γ of l1 ∝ rows^−γ, as measured; None where l1 is zero or at an edge of its grid


def prepare_parts(table: Table, experiment: Experiment, *, drawn: Int) -> tuple[Experiment, ...]:
    """Prepare the experiments on a quarter and half of the rows that a model trains on; none if too few.

    Parameters
    ----------
    drawn : ndarray of int
        The rows of the subsample.
    """
    settings = replace(experiment.settings, repeats=REPEATS)
    folds, lr = settings.folds, experiment.training.schedule.lr
    parts = []
    for share in SHARES:
        rows = round(share * experiment.rows_train * folds / (folds - 1))
        if rows < FEWEST:
            return ()
        part_rows = drawn[stratified_part(table.target[drawn], table.task, rows, seed=settings.seed)]
        part = prepare(table, part_rows, settings, Layout(rows), workers=experiment.training.workers)
        parts.append(part.at_rate(lr).with_store(experiment.training.store))
    return tuple(parts)


def grow(
    arms: tuple[ArmRun, ArmRun],
    experiment: Experiment,
    posterior: Posterior,
    parts: Sequence[Experiment],
    *,
    of: int,
    advanced: OnProgress,
) -> Growth:
    """Train no regularization and the recommended arm on the parts, and extrapolate the gain to all rows.

    Parameters
    ----------
    arms : pair of ArmRun
        No regularization, and the recommended arm, as judged.
    parts : sequence of Experiment
        See `prepare_parts`.
    of : int
        Rows of the whole table.
    """
    arm = arms[1].arm
    done, sizes = 0, []
    for part in parts:
        runs: dict[Arm, ArmRun] = {}
        for name in ("none", arm):
            runs[name] = train_arm(part, name, advanced=count_from(done, advanced))
            done += runs[name].trained
        sizes.append(_size(runs["none"], runs[arm], part, posterior=pool_cells(runs, part)))
    sizes.append(_size(*arms, experiment, posterior=posterior))
    rows = np.array([size.rows for size in sizes])
    gains = np.array([size.gain for size in sizes])
    exponent = None
    if arms[1].strengths.l1[0] > 0 and all(size.inside for size in sizes):
        exponent = l1_exponent(rows, np.array([size.l1 for size in sizes]))
    return Growth(tuple(sizes), extrapolate_gain(rows, gains, of=of), exponent)


def _size(none: ArmRun, run: ArmRun, experiment: Experiment, *, posterior: Posterior) -> Size:
    gain, interval = measure_gain(none, run, posterior)
    l1, inside = refine_l1(run.trials.grid, run.trials.criterion, run.chosen.point)
    return Size(experiment.rows_train, gain, interval, l1, inside)


def measure_gain(none: ArmRun, run: ArmRun, posterior: Posterior) -> tuple[float, tuple[float, float]]:
    """Return how much lower an arm's loss is than without regularization, as a share of that; its interval.

    Both losses are corrected for the choice of their points.
    """
    comparison = compare_arms(posterior, "none", run.arm, rope=0.0)
    base = float(posterior.mean[posterior.arms.index("none")]) + none.optimism
    correction = none.optimism - run.optimism
    low, high = ((float(end) + correction) / base for end in comparison.interval)
    return (comparison.difference + correction) / base, (low, high)
