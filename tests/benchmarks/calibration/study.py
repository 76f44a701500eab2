"""One task of the study: what the experiment says, and what is true."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from regchoose.errors import RegchooseError
from regchoose.experiment.arms import ArmRun, choose_rope, train_arm
from regchoose.experiment.learning_rate import find_rate, is_searched
from regchoose.experiment.plan import Experiment, prepare
from regchoose.records.words import ARMS, Arm
from regchoose.settings.options import Settings
from tests.benchmarks.calibration.lines import Record
from tests.benchmarks.calibration.tasks import FRESH, Sample, StudyTask
from tests.benchmarks.calibration.truth import SEEDS, measure_truth

DIGITS = 6


@dataclass(frozen=True)
class Sizes:
    """How much is trained for a task."""

    settings: Settings
    seeds: int = SEEDS
    fresh: int = FRESH
    most_rows: int = 10**9


WHOLE = Sizes(Settings(jobs=1))
SMALL = Sizes(
    replace(
        WHOLE.settings, strengths=3, alphas=(0.5,), repeats=2, epochs=10, steps=20, hidden=(8,), lr=0.003
    ),
    seeds=2,
    fresh=400,
    most_rows=60,
)


def answer(task: StudyTask, sizes: Sizes = WHOLE) -> Record:
    """Run the experiment on a task and find out what is true; the record holds all that the study needs.

    It takes one thread of linear algebra: sums that are split over threads differ in their last bits.
    """
    table, n, draw, network = task.key
    record: Record = {
        "table": table,
        "n": n,
        "draw": draw,
        "network": network,
        "synthetic": task.is_synthetic,
    }
    with threadpool_limits(1):
        try:
            return record | _measure(task.sample(), replace(sizes.settings, network=network), sizes.seeds)
        except RegchooseError as error:
            return record | {"failed": f"{error.code} {error}"}


def run_experiment(sample: Sample, settings: Settings) -> tuple[Experiment, dict[Arm, ArmRun]]:
    """Return the experiment on the drawn rows at its learning rate, and all four arms."""
    experiment = prepare(sample.table, sample.drawn, settings)
    if is_searched(experiment):
        experiment = find_rate(experiment, advanced=_ignore)
    return experiment, {arm: train_arm(experiment, arm, advanced=_ignore) for arm in ARMS}


def _measure(sample: Sample, settings: Settings, seeds: int) -> Record:
    start = time.perf_counter()
    experiment, arms = run_experiment(sample, settings)
    between = time.perf_counter()
    truth = measure_truth(experiment.training, arms, sample, rows_train=experiment.rows_train, seeds=seeds)
    end = time.perf_counter()
    checkpoints = experiment.training.checkpoints
    return {
        "task": sample.table.task,
        "inputs": experiment.training.network.n_inputs,
        "judged": len(sample.judged),
        "lr": experiment.training.schedule.lr,
        "rope": round(choose_rope(arms, experiment), DIGITS + 2),
        "loss_null": round(experiment.loss_null, DIGITS),
        "losses": {arm: _rounded(run.losses) for arm, run in arms.items()},
        "criterion": {arm: round(run.criterion, DIGITS + 2) for arm, run in arms.items()},
        "strengths": {
            arm: [float(run.strengths.l1[0]), float(run.strengths.l2[0])] for arm, run in arms.items()
        },
        "epoch": {arm: int(checkpoints[run.checkpoint]) for arm, run in arms.items()},
        "truth": dict(zip(truth.losses, _rounded(truth.losses.values()), strict=True)),
        "truth_error": dict(zip(truth.errors, _rounded(truth.errors.values()), strict=True)),
        "seconds": round(between - start, 2),
        "truth_seconds": round(end - between, 2),
    }


def _rounded(losses: Iterable[float]) -> list[float | None]:
    """Return losses as a record keeps them; None where a training failed."""
    return [round(float(loss), DIGITS) if np.isfinite(loss) else None for loss in losses]


def _ignore(_done: Any) -> None:
    pass
