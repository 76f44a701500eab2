"""One arm: tuned on the inner parts, retrained on the whole training sides, judged on the test rows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from regchoose.errors import TrainingError
from regchoose.experiment.plan import Experiment
from regchoose.records import ARM_NAMES, Arm, Float, Penalties, Trained
from regchoose.training.train import train
from regchoose.verdict.metrics import averaged, secondary
from regchoose.verdict.tune import (
    Choice,
    choose,
    choose_at_end,
    kept_after,
    mean_inner_loss,
    subset,
    to_size,
)

MOST_FAILED = 0.2  # share of trainings that may fail

Advanced = Callable[[int], None]


@dataclass(frozen=True)
class Tuning:
    """What the inner parts say of an arm's m points. Losses are without the penalty.

    Parameters
    ----------
    grid : Penalties
        The points, for `Experiment.rows_fit` rows.
    loss : ndarray (m, t)
        Mean inner loss at each checkpoint.
    everywhere : ndarray of bool (m,)
        Whether the point was tried in all tuning cells; the others were hopeless in the first of them.
    nonzero_share : ndarray (m, t)
    trained, failed : int
        Models.
    """

    grid: Penalties
    loss: Float
    everywhere: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
    nonzero_share: Float
    trained: int
    failed: int

    @property
    def eligible(self) -> Float:
        """Losses (m, t) of the points that were tried in all cells; the others are infinite."""
        return np.where(self.everywhere[:, None], self.loss, np.inf)


@dataclass(frozen=True)
class ArmRun:
    """What an arm's trainings found.

    Parameters
    ----------
    chosen, chosen_at_end : Choice
        With the training length tuned (or as `--stopping` says), and at its end.
    judged : Penalties
        These points (one or two), for `Experiment.rows_train` rows.
    losses, losses_at_end : ndarray (c,)
        Test loss of each cell; NaN where the training failed.
    curves : mapping of str to ndarray (t,)
        Mean test and train loss of the chosen point at each checkpoint.
    """

    arm: Arm
    tuning: Tuning
    chosen: Choice
    chosen_at_end: Choice
    judged: Penalties
    losses: Float
    losses_at_end: Float
    curves: Mapping[str, Float]
    nonzero_share: float
    nonzero_inputs: float
    stationarity: float
    metrics: Mapping[str, float]
    trained: int
    failed: int
    note: str


def train_arm(experiment: Experiment, arm: Arm, *, advanced: Advanced) -> ArmRun:
    """Tune an arm, retrain its choice and judge it.

    The strength and the checkpoint are chosen by the mean inner loss over all cells (pooled).

    Raises
    ------
    TrainingError
        E501 where more than a fifth of the trainings failed.
    """
    tuning = _tune(experiment, arm, advanced=advanced)
    _refuse_failures(arm, tuning)
    at_end = choose_at_end(tuning.eligible)
    chosen = at_end if experiment.settings.stopping == "fixed" else choose(tuning.eligible)
    share = float(tuning.nonzero_share[chosen.point, chosen.checkpoint])
    # Often one point is the choice at both lengths: then one model serves.
    places = list(dict.fromkeys([chosen.point, at_end.point]))
    both = subset(tuning.grid, np.array(places))
    both = both.scaled(*to_size(share, experiment.rows_fit, of=experiment.rows_train))
    final = train(
        experiment.training,
        experiment.final,
        both,
        capture=np.array([chosen.checkpoint, at_end.checkpoint][: len(places)]),
        advanced=partial(_tell, advanced, tuning.trained),
    )
    return _summary(experiment, final, arm=arm, tuning=tuning, choices=(chosen, at_end), judged=both)


def _tune(experiment: Experiment, arm: Arm, *, advanced: Advanced) -> Tuning:
    """Try all points in the first cells, and the better ones in more and more of the tuning cells."""
    grid = experiment.grid(arm)
    c, m, t = len(experiment.tuning), len(grid), len(experiment.training.checkpoints)
    inner, nonzero = np.full((c, m, t), np.nan), np.full((c, m, t), np.nan)
    good, tried = np.zeros((c, m), dtype=bool), np.zeros((c, m), dtype=bool)
    kept, before, done = np.arange(m), 0, 0
    for pause in experiment.pauses:
        if before:
            kept = kept[kept_after(mean_inner_loss(inner, good, tried=tried)[kept])]
        run = train(
            experiment.training,
            experiment.tuning[before:pause],
            subset(grid, kept),
            advanced=partial(_tell, advanced, done),
        )
        _enter(run, slice(before, pause), kept, into=(inner, nonzero, good, tried))
        done += len(kept) * (pause - before)
        before = pause
    return Tuning(
        grid,
        mean_inner_loss(inner, good, tried=tried),
        np.isin(np.arange(m), kept),
        np.nan_to_num(np.where(good[:, :, None], nonzero, 0.0).sum(0) / np.maximum(good.sum(0), 1)[:, None]),
        int(tried.sum()),
        int((tried & ~good).sum()),
    )


def _tell(advanced: Advanced, before: int, done: int) -> None:
    advanced(before + done)


def _enter(trained: Trained, cells: slice, points: np.ndarray, *, into: tuple[np.ndarray, ...]) -> None:
    """Put what was trained in some cells, for some points, into the arrays of all."""
    inner, nonzero, good, tried = into
    rows = np.arange(cells.start, cells.stop)[:, None]
    inner[rows, points] = trained.losses["inner"]
    nonzero[rows, points] = trained.nonzero_share
    good[rows, points] = ~trained.failed
    tried[rows, points] = True


def _refuse_failures(arm: Arm, tuning: Tuning) -> None:
    if tuning.failed > MOST_FAILED * tuning.trained or not np.isfinite(tuning.eligible).any():
        diverged = np.isinf(tuning.loss).all(1)
        strengths = ", ".join(
            f"(l1 {l1:.3g}, l2 {l2:.3g})"
            for l1, l2 in zip(tuning.grid.l1[diverged], tuning.grid.l2[diverged], strict=True)
        )
        raise TrainingError(
            "E501",
            f"{tuning.failed} of {tuning.trained} trainings of the arm {ARM_NAMES[arm]} failed: the loss "
            "became infinite or not a number",
            detail=[f"strengths that failed in most cells: {strengths}"] if strengths else [],
            fix="--lr with a smaller rate, such as --lr 0.0003",
        )


def _summary(
    experiment: Experiment,
    final: Trained,
    *,
    arm: Arm,
    tuning: Tuning,
    choices: tuple[Choice, Choice],
    judged: Penalties,
) -> ArmRun:
    chosen, at_end = choices
    good = ~final.failed[:, 0]
    last = final.failed.shape[1] - 1
    losses = [
        np.where(final.failed[:, place], np.nan, final.losses["test"][:, place, choice.checkpoint])
        for place, choice in zip((0, last), choices, strict=True)
    ]
    assert final.outputs is not None
    scores = [
        secondary(experiment.training.task, outputs[0], cell.judged["test"][1])
        for outputs, cell, fine in zip(final.outputs, experiment.final, good, strict=True)
        if fine
    ]
    return ArmRun(
        arm=arm,
        tuning=tuning,
        chosen=chosen,
        chosen_at_end=at_end,
        judged=judged,
        losses=losses[0],
        losses_at_end=losses[1],
        curves={name: final.losses[name][good, 0].mean(0) for name in ("test", "train")},
        nonzero_share=float(final.nonzero_share[good, 0, chosen.checkpoint].mean()),
        nonzero_inputs=float(final.nonzero_inputs[good, 0, chosen.checkpoint].mean()),
        stationarity=float(final.stationarity[good, 0].max()),
        metrics=averaged(scores),
        trained=tuning.trained + final.failed.size,
        failed=tuning.failed + int(final.failed.sum()),
        note=final.note,
    )
