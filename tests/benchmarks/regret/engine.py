"""Our recommendation, and the habits; all of these are refitted by our trainer."""

import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from regchoose.records.experiment import Penalties
from regchoose.records.words import ARMS, Arm
from regchoose.report.progress import SilentDisplay
from regchoose.result.document import RunResult
from regchoose.run.walk_chart import recommend
from regchoose.statistics.decide import OUTCOME_ARMS
from regchoose.training.block import CellData
from regchoose.training.device import choose_devices
from regchoose.training.loss import n_outputs
from regchoose.training.networks.linear import Linear
from regchoose.training.networks.mlp import Mlp
from regchoose.training.schedule import Schedule, make_schedule
from regchoose.training.train import Training, train
from tests.benchmarks.regret.method import Found, Sizes
from tests.benchmarks.regret.splits import Split
from tests.benchmarks.work import RATE

Rule = Literal["best", "chart"]
BEST, CHART = "ours: best", "ours: chart"
ALONE: dict[Arm, str] = {arm: f"{arm} tuned" for arm in ARMS}  # one arm of our engine, always
HABITS: dict[str, float] = {"none": 0.0, "weight decay 1e-2": 1e-2, "weight decay 1e-4": 1e-4}


class _Choice(NamedTuple):
    """An arm's regularizer, for all rows that are not held out, and the training that belongs to it."""

    l1: float
    l2: float
    schedule: Schedule | None  # None: a linear model

    def as_dict(self, arm: Arm) -> dict[str, Any]:
        said: dict[str, Any] = {"regularizer": arm, "l1": self.l1, "l2": self.l2}
        if self.schedule is not None:
            said |= {"lr": self.schedule.lr, "batch": self.schedule.batch, "epochs": self.schedule.epochs}
            said["stop"] = int(self.schedule.checkpoints[-1])
        return said


def ours(split: Split, sizes: Sizes) -> list[Found]:
    """Let `recommend` choose; the chart's outcome and each single arm are taken from the same run."""
    start = time.perf_counter()
    result = recommended(split, sizes, decide="best")
    seconds = time.perf_counter() - start
    assert result.design is not None
    rope = {"rope": result.design.rope, "certainty": result.recommendation.certainty}
    best = _Chosen(BEST, result, result.recommendation.regularizer, seconds)
    found = [_judged(best, split, sizes, more=rope)]
    if len(result.design.looks) > 1:  # whether to look again depends on the rule
        start = time.perf_counter()
        again = recommended(split, sizes, decide="chart")
        arm, seconds = again.recommendation.regularizer, time.perf_counter() - start
        others = [_Chosen(CHART, again, arm, seconds)]
    else:
        others = [_Chosen(CHART, result, _end_of_chart(result), seconds)]
    own = result.execution.arm_seconds
    others += [_Chosen(ALONE[arm], result, arm, own.get(arm) or 0.0) for arm in ARMS]
    return found + [_judged(chosen, split, sizes) for chosen in others]


def habits(split: Split, sizes: Sizes) -> list[Found]:
    """Train without a regularizer, and with fixed weight decay, to the end of the usual schedule."""
    settings = sizes.settings
    schedule = make_schedule(
        len(split.y), epochs=settings.epochs, least_steps=settings.steps, batch=settings.batch, lr=RATE
    )
    schedule = schedule.at_end()
    found = []
    for name, decay in HABITS.items():
        choice = _Choice(0.0, decay / 2, schedule)  # the gradient of l2·w² is 2·l2·w
        loss, seconds = _refitted(choice, split, sizes)
        found.append(Found(name, loss, seconds, choice.as_dict("l2" if decay else "none")))
    return found


def recommended(split: Split, sizes: Sizes, *, decide: Rule) -> RunResult:
    """Run `recommend` on the rows that are not held out."""
    settings = replace(
        split.settings, decide=decide, network=sizes.settings.network, chart="which-regularizer"
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{split.table}.csv"
        path.write_text(split.text, encoding="utf-8")
        return recommend(
            str(path),
            settings,
            given=frozenset(name for name in ("resources", "subsample") if getattr(settings, name) != "auto"),
            ask=lambda _: None,
            listener=SilentDisplay(),
            clock=time.perf_counter,
        )


def _end_of_chart(result: RunResult) -> Arm:
    return OUTCOME_ARMS[result.path[-1].key]


class _Chosen(NamedTuple):
    """An arm of a run, under the name of the method that chooses it, and the seconds that took."""

    method: str
    result: RunResult
    arm: Arm
    seconds: float


def _judged(chosen: _Chosen, split: Split, sizes: Sizes, *, more: Mapping[str, Any] | None = None) -> Found:
    choice = _choice(chosen.result, chosen.arm)
    loss, refit = _refitted(choice, split, sizes)
    said = choice.as_dict(chosen.arm) | dict(more or {})
    return Found(chosen.method, loss, chosen.seconds + refit, said)


def _choice(result: RunResult, arm: Arm) -> _Choice:
    """Return an arm's choice moved to all rows, by the rule by which the recommendation is."""
    own: Any = result.arms.get(arm)
    recommended: Any = result.recommendation
    if arm == recommended.regularizer:
        l1, l2 = recommended.l1, recommended.l2
    else:
        moved = Penalties.single(own.l1, own.l2).at_rows(
            result.data.rows, trained_on=recommended.subsample_size.rows, nonzero_share=own.nonzero_share
        )
        l1, l2 = float(moved.l1[0]), float(moved.l2[0])
    training = recommended.training
    if training is None:
        return _Choice(l1, l2, None)
    stop = np.array([own.epochs])
    return _Choice(l1, l2, Schedule(training.schedule_epochs, training.batch, training.lr, stop))


def _refitted(choice: _Choice, split: Split, sizes: Sizes) -> tuple[float, float]:
    """Return the held-out loss, the mean over initializations, and the seconds of one fit."""
    linear = choice.schedule is None
    precision: type[np.floating[Any]] = np.float64 if linear else np.float32
    x, held_x = split.x.astype(precision), split.held_x.astype(precision)
    cells = [CellData(x, split.y, {"held": (held_x, split.held_y)}, seed) for seed in range(sizes.refits)]
    d, k = split.x.shape[1], n_outputs(split.task, split.n_classes)
    training = Training(
        split.task,
        Linear(d, k) if linear else Mlp((d, *sizes.settings.hidden, k)),
        choice.schedule or Schedule(1, 1, 1.0, np.array([1])),
        choose_devices("cpu"),
    )
    start = time.perf_counter()
    trained = train(training, cells, Penalties.single(choice.l1, choice.l2))
    seconds = (time.perf_counter() - start) / sizes.refits
    losses = np.where(trained.failed, split.loss_null, trained.losses["held"][:, :, -1])
    return float(losses.mean()), seconds  # what diverges says no more than the mean does
