"""What each arm truly loses: its choice, trained on all drawn rows with ten seeds, scored on other rows."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np

from regchoose.encoding.encoder import Encoder
from regchoose.experiment.arms import ArmRun
from regchoose.records.experiment import Penalties
from regchoose.records.words import ARMS, Arm, Float, Int
from regchoose.statistics.prior import REFERENCE
from regchoose.training.block import CellData
from regchoose.training.train import Training, train
from tests.benchmarks.calibration.tasks import Sample

SEEDS = 10


@dataclass(frozen=True)
class Truth:
    """The arms' losses on rows that nobody has seen, and how exactly they are known.

    Parameters
    ----------
    losses : mapping of Arm to float
        Squared errors are in units of the variance of the drawn rows' target; NaN if every training failed.
    errors : mapping of Arm to float
        Standard error of an arm's loss less Elastic Net's, over seeds and judging rows.
    """

    losses: Mapping[Arm, float]
    errors: Mapping[Arm, float]


def measure_truth(
    training: Training, arms: Mapping[Arm, ArmRun], sample: Sample, *, rows_train: int, seeds: int = SEEDS
) -> Truth:
    """Train the chosen points to their chosen checkpoints; strengths stay as they were chosen.

    Steps have as many rows as in the cells, which trained on `rows_train` rows, as where a recommendation is
    fitted.
    """
    table, encoder = sample.table, Encoder.fit(sample.table, sample.drawn)
    (x, y), (x_judged, y_judged) = (encoder.transform(table, rows) for rows in (sample.drawn, sample.judged))
    precision = training.network.precision
    x, x_judged = x.astype(precision), x_judged.astype(precision)
    count = 1 if training.network.is_convex else seeds  # the optimum does not depend on where one starts
    cells = [CellData(x, y, {"test": (x_judged, y_judged)}, seed) for seed in range(count)]
    points = reduce(Penalties.join, (arms[arm].strengths for arm in ARMS))
    checkpoints = np.array([arms[arm].checkpoint for arm in ARMS])
    batch = training.schedule.steps(rows_train)[1]
    training = replace(training, schedule=replace(training.schedule, batch=batch))
    short, at = _stop(training, checkpoints)
    run, place = train(short, cells, points), np.arange(len(ARMS))
    losses = np.where(run.failed, np.nan, run.losses["test"][:, place, at])  # (seeds, arms)
    rows = np.stack([own[place, at] for own in run.captured["row"]])  # (seeds, arms, some of the rows)
    reference = ARMS.index(REFERENCE)
    return Truth(
        {arm: _mean(losses[:, own]) for own, arm in enumerate(ARMS)},
        {
            arm: _error(
                losses[:, own] - losses[:, reference], rows[:, own] - rows[:, reference], len(y_judged)
            )
            for own, arm in enumerate(ARMS)
            if arm != REFERENCE
        },
    )


def _stop(training: Training, checkpoints: Int) -> tuple[Training, Int]:
    """Return the training with only those checkpoints, and the place of each among them."""
    if training.network.is_convex:
        return training, np.zeros_like(checkpoints)
    stops, places = np.unique(checkpoints, return_inverse=True)
    schedule = replace(training.schedule, checkpoints=training.schedule.checkpoints[stops])
    return replace(training, schedule=schedule), places


def _mean(losses: Float) -> float:
    """Return the mean over the seeds that did not fail."""
    good = losses[np.isfinite(losses)]
    return float(good.mean()) if len(good) else np.nan


def _error(by_seed: Float, rows: Float, n_rows: int) -> float:
    """Return the standard error of a mean difference.

    Parameters
    ----------
    by_seed : ndarray (s,)
        The difference on all rows; NaN where a training failed.
    rows : ndarray (s, r)
        The difference on some of the rows.
    n_rows : int
        How many there are in all.
    """
    good = np.isfinite(by_seed)
    if not good.any():
        return np.nan
    count = int(good.sum())
    among_seeds = by_seed[good].var(ddof=1) / count if count > 1 else 0.0
    return float(np.sqrt(among_seeds + rows[good].mean(0).var(ddof=1) / n_rows))
