"""One arm: tuned on the inner parts, retrained on the whole training sides, judged on the test rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from regchoose.errors import TrainingError
from regchoose.experiment.choice import Choice, choose, choose_at_end
from regchoose.experiment.plan import Experiment
from regchoose.experiment.race import Advanced, Tuning, tell, tune
from regchoose.records.experiment import Penalties, Trained
from regchoose.records.words import ARM_NAMES, Arm, Float
from regchoose.statistics.metrics import averaged, row_losses, secondary
from regchoose.training.schedule import SMALLER_RATE
from regchoose.training.train import train

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
    losses : ndarray (c,)
        Test loss of each cell; NaN where the training failed.
    losses_at_end : ndarray (w,)
        The same at the end of the schedule, in the first w cells, which are trained so far.
    row_losses, row_losses_at_end : ndarray (n,), optional
        Loss of each test row, averaged over the cells, where all cells share their test rows.
    curves : mapping of str to ndarray (t,)
        Mean test and train loss of the chosen point at each checkpoint.
    weights : ndarray (w,)
        Penalized weights of the models of the first cells; of large networks an even choice.
    fitted : ndarray (k', g), optional
        Mean curve of the models; see `Experiment.drawing`.
    """

    arm: Arm
    tuning: Tuning
    chosen: Choice
    chosen_at_end: Choice
    judged: Penalties
    losses: Float
    losses_at_end: Float
    row_losses: Float | None
    row_losses_at_end: Float | None
    curves: Mapping[str, Float]
    weights: Float
    fitted: Float | None
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
    both = tuning.grid[np.array(places)].at_rows(
        experiment.rows_train, trained_on=experiment.rows_fit, nonzero_share=share
    )
    whole = train(
        experiment.training,
        experiment.final[: experiment.n_whole],
        both,
        capture=np.array([chosen.checkpoint, at_end.checkpoint][: len(places)]),
        advanced=partial(tell, advanced, tuning.trained),
    )
    done = tuning.trained + whole.failed.size
    short = None
    if len(experiment.final) > experiment.n_whole:
        short = train(
            experiment.training.stop_at(chosen.checkpoint),
            experiment.final[experiment.n_whole :],
            both[:1],
            capture=np.array([0]),
            advanced=partial(tell, advanced, done),
        )
    return _summary(experiment, (whole, short), arm=arm, tuning=tuning, choices=(chosen, at_end), judged=both)


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
            fix=SMALLER_RATE,
        )


def _summary(
    experiment: Experiment,
    runs: tuple[Trained, Trained | None],
    *,
    arm: Arm,
    tuning: Tuning,
    choices: tuple[Choice, Choice],
    judged: Penalties,
) -> ArmRun:
    chosen, at_end = choices
    whole, short = runs
    parts = [_Part.of(experiment, whole, start=0, place=0, checkpoint=chosen.checkpoint)]
    if short is not None:
        parts.append(_Part.of(experiment, short, start=experiment.n_whole, place=0, checkpoint=0))
    last = whole.failed.shape[1] - 1
    ended = _Part.of(experiment, whole, start=0, place=last, checkpoint=at_end.checkpoint)
    good = ~whole.failed[:, 0]
    trained = [run for run in runs if run is not None]
    return ArmRun(
        arm=arm,
        tuning=tuning,
        chosen=chosen,
        chosen_at_end=at_end,
        judged=judged,
        losses=np.concatenate([part.losses for part in parts]),
        losses_at_end=ended.losses,
        row_losses=parts[0].row_losses,
        row_losses_at_end=ended.row_losses,
        curves={name: whole.losses[name][good, 0].mean(0) for name in ("test", "train")},
        weights=_weights(whole),
        fitted=_fitted(experiment, trained),
        nonzero_share=float(np.nanmean(np.concatenate([part.nonzero_share for part in parts]))),
        nonzero_inputs=float(np.nanmean(np.concatenate([part.nonzero_inputs for part in parts]))),
        stationarity=float(whole.stationarity[good, 0].max()),
        metrics=averaged([score for part in parts for score in part.scores]),
        trained=tuning.trained + sum(run.failed.size for run in trained),
        failed=tuning.failed + int(sum(run.failed.sum() for run in trained)),
        note=whole.note,
    )


def _weights(run: Trained) -> Float:
    assert run.weights is not None
    good = [own[0] for own, bad in zip(run.weights, run.failed[:, 0], strict=True) if not bad]
    return np.concatenate([np.empty(0), *good])


def _fitted(experiment: Experiment, runs: list[Trained]) -> Float | None:
    """Return the mean curve of the chosen point's models over the cells."""
    drawing, task = experiment.drawing, experiment.training.task
    if drawing is None:
        return None
    drawn = [own[0] for run in runs for own in run.drawn or ()]
    failed = np.concatenate([run.failed[:, 0] for run in runs])
    curves = [drawing.curves(task, drawn[cell], cell) for cell in np.flatnonzero(~failed).tolist()]
    return np.mean(curves, axis=0) if curves else None


@dataclass(frozen=True)
class _Part:
    """What one point did in some of the cells; NaN where the training failed."""

    losses: Float
    nonzero_share: Float
    nonzero_inputs: Float
    scores: list[dict[str, float]]
    row_losses: Float | None

    @staticmethod
    def of(experiment: Experiment, run: Trained, *, start: int, place: int, checkpoint: int) -> "_Part":
        failed, task = run.failed[:, place], experiment.training.task
        assert run.outputs is not None
        cells = experiment.final[start : start + len(failed)]
        tested = [
            (outputs[place], cell.judged["test"][1])
            for outputs, cell, bad in zip(run.outputs, cells, failed, strict=True)
            if not bad
        ]
        by_row = experiment.layout.shares_test_rows and tested

        def of_good(found: Float) -> Float:
            return np.where(failed, np.nan, found[:, place, checkpoint])

        return _Part(
            of_good(run.losses["test"]),
            of_good(run.nonzero_share),
            of_good(run.nonzero_inputs),
            [secondary(task, outputs, y) for outputs, y in tested],
            np.mean([row_losses(task, outputs, y) for outputs, y in tested], axis=0) if by_row else None,
        )
