"""One task of the study: what the verdict says, and what is true."""

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from regchoose.experiment.arms import choose_rope, train_arm
from regchoose.experiment.plan import Experiment, prepare
from regchoose.records.words import ARMS, Arm, Float
from regchoose.settings.options import Settings
from tests.benchmarks.calibration.tasks import Law, law
from tests.benchmarks.calibration.truth import SCORED, SETS, true_losses
from tests.benchmarks.tables import Sheet, as_table

DIGITS = 6


@dataclass(frozen=True)
class Sizes:
    """How much is trained for a task."""

    settings: Settings
    sets: int = SETS
    scored: int = SCORED
    most_rows: int = 10**9


WHOLE = Sizes(Settings(hidden=(32,), lr=0.003, device="cpu", jobs=1))
SMALL = Sizes(
    replace(WHOLE.settings, strengths=3, alphas=(0.5,), repeats=2, epochs=10, steps=20),
    sets=2,
    scored=200,
    most_rows=60,
)


def answer(number: int, sizes: Sizes = WHOLE) -> dict[str, Any]:
    """Run the experiment on a task and find out what is true; the record holds all that the study needs."""
    task = law(number)
    task = replace(task, n=min(task.n, sizes.most_rows), d=min(task.d, sizes.most_rows // 4))
    experiment = experiment_of(task, sizes.settings)
    arms = {arm: train_arm(experiment, arm, advanced=lambda _: None) for arm in ARMS}
    truth = true_losses(task, experiment.training, sets=sizes.sets, scored=sizes.scored)
    return {
        "law": asdict(task),
        "rope": choose_rope(arms, experiment),
        "loss_null": experiment.loss_null,
        "losses": {arm: rounded(run.losses) for arm, run in arms.items()},
        "truth": {arm: float(np.nanmean(losses).round(DIGITS)) for arm, losses in truth.items()},
        "truth_error": _error(truth),
    }


def answer_alone(number: int, sizes: Sizes) -> dict[str, Any]:
    """Run `answer` with one thread of linear algebra: sums split over threads differ in their last bits."""
    with threadpool_limits(1):
        return answer(number, sizes)


def experiment_of(task: Law, settings: Settings) -> Experiment:
    """Return the experiment on a sample of a task."""
    x, score = task.rows(task.n, seed=0)
    sheet = Sheet(task.task, x, task.targets(score, seed=0), x[:0], score[:0, 0])
    settings = settings if task.network else replace(settings, network="linear")
    table = as_table(sheet)
    if task.task == "multiclass":
        table = replace(table, classes=tuple("012"))
    return prepare(table, np.arange(task.n), settings)


def rounded(losses: Float) -> list[float | None]:
    """Return losses as a record keeps them; None where a training failed."""
    return [None if np.isnan(loss) else round(float(loss), DIGITS) for loss in losses]


def losses_of(record: dict[str, Any]) -> dict[Arm, float]:
    """Return the mean loss of each arm over the cells."""
    return {arm: float(np.nanmean(np.array(record["losses"][arm], dtype=float))) for arm in ARMS}


def _error(truth: dict[Arm, Float]) -> float:
    """Return the standard error of the most uncertain difference between two arms."""
    losses = np.column_stack([truth[arm] for arm in ARMS])
    spread = [np.nanstd(losses[:, a] - losses[:, b], ddof=1) for a in range(len(ARMS)) for b in range(a)]
    return round(float(max(spread) / np.sqrt(len(losses))), DIGITS)
