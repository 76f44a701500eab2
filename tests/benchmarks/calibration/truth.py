"""What each arm truly loses: its choice, trained on all drawn rows with ten seeds, scored on other rows."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np

from regchoose.encoding.encoder import Encoder
from regchoose.experiment.arms import ArmRun
from regchoose.records.experiment import Penalties
from regchoose.records.words import ARMS, Arm, Float, Int
from regchoose.statistics.metrics import row_losses
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
    training: Training, arms: Mapping[Arm, ArmRun], sample: Sample, *, seeds: int = SEEDS
) -> Truth:
    """Train the chosen points to their chosen checkpoints; strengths stay as they were chosen."""
    table, encoder = sample.table, Encoder.fit(sample.table, sample.drawn)
    (x, y), (x_judged, y_judged) = (encoder.transform(table, rows) for rows in (sample.drawn, sample.judged))
    precision = training.network.precision
    x, x_judged = x.astype(precision), x_judged.astype(precision)
    count = 1 if training.network.is_convex else seeds  # the optimum does not depend on where one starts
    cells = [CellData(x, y, {"test": (x_judged, y_judged)}, seed) for seed in range(count)]
    points = reduce(Penalties.join, (arms[arm].strengths for arm in ARMS))
    short, at = _stop(training, np.array([arms[arm].checkpoint for arm in ARMS]))
    run = train(short, cells, points, capture=at)
    assert run.outputs is not None
    losses = np.array(  # (seeds, arms, rows)
        [[row_losses(training.task, own, y_judged) for own in outputs] for outputs in run.outputs]
    )
    losses[run.failed] = np.nan
    reference = losses[:, ARMS.index(REFERENCE)]
    return Truth(
        {arm: _mean(losses[:, place]) for place, arm in enumerate(ARMS)},
        {arm: _error(losses[:, place] - reference) for place, arm in enumerate(ARMS) if arm != REFERENCE},
    )


def _stop(training: Training, checkpoints: Int) -> tuple[Training, Int]:
    """Return the training with only those checkpoints, and the place of each among them."""
    if training.network.is_convex:
        return training, np.zeros_like(checkpoints)
    stops, places = np.unique(checkpoints, return_inverse=True)
    schedule = replace(training.schedule, checkpoints=training.schedule.checkpoints[stops])
    return replace(training, schedule=schedule), places


def _mean(losses: Float) -> float:
    """Return the mean over the rows and the seeds that did not fail."""
    good = losses[np.isfinite(losses).all(1)]
    return float(good.mean()) if len(good) else np.nan


def _error(differences: Float) -> float:
    """Return the standard error of the mean of (seeds, rows)."""
    good = differences[np.isfinite(differences).all(1)]
    if not len(good):
        return np.nan
    by_seed, by_row = good.mean(1), good.mean(0)
    among_seeds = by_seed.var(ddof=1) / len(by_seed) if len(by_seed) > 1 else 0.0
    return float(np.sqrt(among_seeds + by_row.var(ddof=1) / len(by_row)))
