"""One arm: tuned on the inner parts, retrained on the whole training sides, tested; and the arms together."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from regchoose.errors import TrainingError
from regchoose.experiment.choice import Choice, choose, choose_at_end
from regchoose.experiment.plan import Experiment
from regchoose.experiment.race import Tuning, tune
from regchoose.records.experiment import Penalties, Trained
from regchoose.records.words import ARM_NAMES, Arm, Float
from regchoose.statistics.decide import region_of_equivalence
from regchoose.statistics.metrics import average_scores, row_losses, secondary_metrics
from regchoose.statistics.posterior import Posterior, make_posterior
from regchoose.training.schedule import SMALLER_RATE
from regchoose.training.train import Advanced, count_from, train

MOST_FAILED = 0.2  # share of trainings that may fail
FEWEST_CELLS = 3  # that a posterior needs


@dataclass(frozen=True)
class ArmRun:
    """The trainings of an arm, summarized.

    Parameters
    ----------
    chosen, chosen_at_end : Choice
        The best point at its best checkpoint (or as `--stopping` says), and the best at the last checkpoint.
    judged : Penalties
        The chosen points (one or two), for `Experiment.rows_train` rows.
    losses : ndarray (c,)
        Test loss of each cell; NaN where the training failed.
    losses_at_end : ndarray (w,)
        The same at the last checkpoint, in the w cells that are trained for the full length.
    row_losses, row_losses_at_end : ndarray (n,), optional
        Loss of each test row, averaged over the cells, where all cells share their test rows.
    curves : mapping of str to ndarray (t,)
        Mean test and train loss of the chosen point at each checkpoint.
    weights : ndarray (q,)
        Penalized weights of the models of the first cells; of large networks an evenly spaced selection.
    fitted : ndarray (k', g), optional
        Mean curve of the models; see `Experiment.drawing`.
    stationarity : float
        Largest violation of the optimality condition.
    trained, failed : int
        Models, those of the tuning included.
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
    """Tune an arm, retrain its choice and test it.

    The strength and the checkpoint are chosen by the inner loss, averaged over all cells.

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
    points = list(dict.fromkeys([chosen.point, at_end.point]))
    judged = tuning.grid[np.array(points)].at_rows(
        experiment.rows_train, trained_on=experiment.rows_fit, nonzero_share=share
    )
    full = train(
        experiment.training,
        experiment.final[: experiment.n_full_length],
        judged,
        capture=np.array([chosen.checkpoint, at_end.checkpoint][: len(points)]),
        advanced=count_from(tuning.trained, advanced),
    )
    done = tuning.trained + full.failed.size
    stopped = None
    if len(experiment.final) > experiment.n_full_length:
        stopped = train(
            experiment.training.stop_at(chosen.checkpoint),
            experiment.final[experiment.n_full_length :],
            judged[:1],
            capture=np.array([0]),
            advanced=count_from(done, advanced),
        )
    return _summary(
        experiment, (full, stopped), arm=arm, tuning=tuning, choices=(chosen, at_end), judged=judged
    )


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
    full, stopped = runs
    parts = [_Part.of(experiment, full, start=0, place=0, checkpoint=chosen.checkpoint)]
    if stopped is not None:
        parts.append(_Part.of(experiment, stopped, start=experiment.n_full_length, place=0, checkpoint=0))
    last = full.failed.shape[1] - 1
    ended = _Part.of(experiment, full, start=0, place=last, checkpoint=at_end.checkpoint)
    good = ~full.failed[:, 0]
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
        curves={name: full.losses[name][good, 0].mean(0) for name in ("test", "train")},
        weights=_weights(full),
        fitted=_mean_curve(experiment, trained),
        nonzero_share=float(np.nanmean(np.concatenate([part.nonzero_share for part in parts]))),
        nonzero_inputs=float(np.nanmean(np.concatenate([part.nonzero_inputs for part in parts]))),
        stationarity=float(full.stationarity[good, 0].max()),
        metrics=average_scores([score for part in parts for score in part.scores]),
        trained=tuning.trained + sum(run.failed.size for run in trained),
        failed=tuning.failed + int(sum(run.failed.sum() for run in trained)),
        note=full.note,
    )


def _weights(run: Trained) -> Float:
    assert run.weights is not None
    good = [cell[0] for cell, failed in zip(run.weights, run.failed[:, 0], strict=True) if not failed]
    return np.concatenate([np.empty(0), *good])


def _mean_curve(experiment: Experiment, runs: list[Trained]) -> Float | None:
    """Return the mean curve of the chosen point's models over the cells."""
    drawing, task = experiment.drawing, experiment.training.task
    if drawing is None:
        return None
    drawn = [cell[0] for run in runs for cell in run.drawn or ()]
    failed = np.concatenate([run.failed[:, 0] for run in runs])
    curves = [drawing.curves(task, drawn[cell], cell) for cell in np.flatnonzero(~failed).tolist()]
    return np.mean(curves, axis=0) if curves else None


@dataclass(frozen=True)
class _Part:
    """The results of one point in some of the cells; NaN where the training failed."""

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
            for outputs, cell, cell_failed in zip(run.outputs, cells, failed, strict=True)
            if not cell_failed
        ]
        by_row = experiment.layout.shares_test_rows and tested

        def where_trained(values: Float) -> Float:
            return np.where(failed, np.nan, values[:, place, checkpoint])

        return _Part(
            where_trained(run.losses["test"]),
            where_trained(run.nonzero_share),
            where_trained(run.nonzero_inputs),
            [secondary_metrics(task, outputs, y) for outputs, y in tested],
            np.mean([row_losses(task, outputs, y) for outputs, y in tested], axis=0) if by_row else None,
        )


def pool_cells(arms: Mapping[Arm, ArmRun], experiment: Experiment, *, at_end: bool = False) -> Posterior:
    """Return the posterior of the arms' mean losses, from the cells in which no arm failed.

    Parameters
    ----------
    at_end : bool
        At the end of the schedule instead of the tuned length.

    Raises
    ------
    TrainingError
        E501 where fewer than three such cells are left.
    """
    losses = np.column_stack([run.losses_at_end if at_end else run.losses for run in arms.values()])
    whole = np.isfinite(losses).all(1)
    if whole.sum() < min(FEWEST_CELLS, len(losses)):
        raise TrainingError(
            "E501",
            f"only in {whole.sum()} of {len(losses)} cells every arm has a loss; wanted {FEWEST_CELLS}",
            fix=SMALLER_RATE,
        )
    rows = [run.row_losses_at_end if at_end else run.row_losses for run in arms.values()]
    shared = [losses for losses in rows if losses is not None]
    by_row = np.column_stack(shared) if len(shared) == len(rows) else None
    factor = experiment.variance_factor(len(losses))
    return make_posterior(tuple(arms), losses[whole], factor=factor, by_row=by_row)


def choose_rope(arms: Mapping[Arm, ArmRun], experiment: Experiment) -> float:
    """Return δ: as the user gave it, or the default."""
    if experiment.settings.rope != "auto":
        return experiment.settings.rope
    return default_rope(arms, experiment)


def default_rope(arms: Mapping[Arm, ArmRun], experiment: Experiment) -> float:
    """Return δ as it is without `--rope`, from the losses of predicting nothing and of the baseline."""
    return region_of_equivalence(experiment.loss_null, float(np.nanmean(arms["none"].losses)))
