"""One arm: tuned on the inner parts, retrained on the whole training sides, judged on the test rows."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from regchoose.errors import TrainingError
from regchoose.experiment.plan import Experiment
from regchoose.experiment.tuning import Advanced, Tuning, tune
from regchoose.records import ARM_NAMES, Arm, Float, Penalties, Trained
from regchoose.training.train import train
from regchoose.verdict.metrics import averaged, secondary
from regchoose.verdict.tune import Choice, choose, choose_at_end, subset, to_size

MOST_FAILED = 0.2  # share of trainings that may fail


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
    tuning = tune(experiment, arm, advanced=advanced)
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
        advanced=lambda done: advanced(tuning.trained + done),
    )
    return _summary(experiment, final, arm=arm, tuning=tuning, choices=(chosen, at_end), judged=both)


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
