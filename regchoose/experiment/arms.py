"""One arm: its points are tried in the cells, and the chosen one is judged there; and the arms together."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from regchoose.errors import TrainingError
from regchoose.experiment.choice import Choice, choose_at_end, smooth_checkpoints
from regchoose.experiment.optimism import estimate_optimism
from regchoose.experiment.plan import Experiment
from regchoose.experiment.race import choice_rule, tune
from regchoose.experiment.trials import Trials
from regchoose.records.experiment import Penalties
from regchoose.records.words import ARM_NAMES, Arm, Float, OnProgress
from regchoose.statistics.decide import region_of_equivalence
from regchoose.statistics.metrics import average_scores, secondary_metrics
from regchoose.statistics.posterior import Posterior, make_posterior
from regchoose.training.block import captured_rows
from regchoose.training.schedule import SMALLER_RATE

MOST_FAILED = 0.2  # share of trainings that may fail
FEWEST_CELLS = 3  # that a posterior needs


@dataclass(frozen=True)
class ArmRun:
    """The trainings of an arm, summarized.

    Parameters
    ----------
    chosen : Choice
        The best point at its best checkpoint (or as `--stopping` says).
    strengths : Penalties
        The chosen point, for models trained on `Experiment.rows_train` rows.
    criterion, criterion_at_end : float
        By which they were chosen; see `score_points`.
    losses, losses_at_end : ndarray (c,)
        Their test loss in each cell; NaN where the training failed.
    row_losses, row_losses_at_end : ndarray (n,), optional
        Their loss of each test row, averaged over the cells, where all cells share their test rows.
    optimism : float
        By how much the mean of `losses` is expected to be too low, since they chose the point.
    curves : mapping of str to ndarray (t,)
        Mean test and train loss of the chosen point at each checkpoint, in the watched cells.
    weights : ndarray (q,)
        Penalized weights of the models of the watched cells; of large networks an evenly spaced selection.
    fitted : ndarray (k', g), optional
        Mean curve of the models; see `Experiment.drawing`.
    stationarity : float
        Largest violation of the optimality condition.
    trained, failed : int
        Models.
    """

    arm: Arm
    trials: Trials
    chosen: Choice
    strengths: Penalties
    criterion: float
    criterion_at_end: float
    losses: Float
    losses_at_end: Float
    row_losses: Float | None
    row_losses_at_end: Float | None
    optimism: float
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

    @property
    def checkpoint(self) -> int:
        """The chosen checkpoint."""
        return self.chosen.checkpoint

    @property
    def loss(self) -> float:
        """The mean of `losses`, corrected for the choice of the point."""
        return float(np.nanmean(self.losses)) + self.optimism


def train_arm(experiment: Experiment, arm: Arm, *, advanced: OnProgress) -> ArmRun:
    """Try an arm's points in the cells, and choose the point and the checkpoint of the lowest criterion.

    Raises
    ------
    TrainingError
        E501 where more than a fifth of the trainings failed.
    """
    trials = tune(experiment, arm, advanced=advanced)
    _refuse_failures(arm, trials)
    eligible = trials.eligible
    chosen, at_end = choice_rule(experiment)(eligible), choose_at_end(eligible)
    good = ~trials.failed[:, chosen.point]
    recorded = {name: values[:, chosen.point] for name, values in trials.recorded.items()}  # (c, t)
    watched = [number for number, cell in enumerate(experiment.data) if cell.watched and good[number]]
    return ArmRun(
        arm=arm,
        trials=trials,
        chosen=chosen,
        strengths=trials.grid[np.array([chosen.point])],
        criterion=float(eligible[chosen.point, chosen.checkpoint]),
        criterion_at_end=float(eligible[at_end.point, at_end.checkpoint]),
        losses=recorded["test"][:, chosen.checkpoint],
        losses_at_end=trials.losses[:, at_end.point, at_end.checkpoint],
        row_losses=_row_losses(experiment, trials, chosen),
        row_losses_at_end=_row_losses(experiment, trials, at_end),
        optimism=_optimism(experiment, trials, chosen),
        curves={name: recorded[name][watched].mean(0) for name in ("test", "train")},
        weights=np.concatenate(
            [
                np.empty(0),
                *(trials.captured["weights"][cell, chosen.point][chosen.checkpoint] for cell in watched),
            ]
        ),
        fitted=_mean_curve(experiment, trials, chosen, cells=watched),
        nonzero_share=float(np.nanmean(recorded["nonzero_share"][:, chosen.checkpoint])),
        nonzero_inputs=float(np.nanmean(recorded["nonzero_inputs"][:, chosen.checkpoint])),
        stationarity=float(trials.stationarity[good, chosen.point].max()),
        metrics=_metrics(experiment, trials, chosen),
        trained=int(trials.tried.sum()),
        failed=int(trials.failed.sum()),
        note="; ".join(sorted(trials.notes)),
    )


def _refuse_failures(arm: Arm, trials: Trials) -> None:
    trained, failed = int(trials.tried.sum()), int(trials.failed.sum())
    if failed > MOST_FAILED * trained or not np.isfinite(trials.eligible).any():
        diverged = np.isinf(trials.criterion).all(1)
        strengths = ", ".join(
            f"(l1 {l1:.3g}, l2 {l2:.3g})"
            for l1, l2 in zip(trials.grid.l1[diverged], trials.grid.l2[diverged], strict=True)
        )
        raise TrainingError(
            "E501",
            f"{failed} of {trained} trainings of the arm {ARM_NAMES[arm]} failed: the loss became infinite "
            "or not a number",
            detail=[f"strengths that failed in most cells: {strengths}"] if strengths else [],
            fix=SMALLER_RATE,
        )


def _row_losses(experiment: Experiment, trials: Trials, choice: Choice) -> Float | None:
    """Return the loss of each test row, averaged over the cells: (n,); None unless they share them."""
    if experiment.layout.is_cross_validation:
        return None
    good = np.flatnonzero(~trials.failed[:, choice.point]).tolist()
    models = trials.captured["row"]
    by_cell = [models[cell, choice.point][choice.checkpoint].astype(np.float64) for cell in good]
    return np.asarray(np.mean(by_cell, axis=0))


def _optimism(experiment: Experiment, trials: Trials, chosen: Choice) -> float:
    """Return the optimism of the chosen point among those that were tried in all cells."""
    points = np.flatnonzero(trials.everywhere & np.isfinite(trials.eligible).any(1))
    shape = (experiment.n_drawn, len(points), trials.n_checkpoints)
    total, count = np.zeros(shape), np.zeros(shape[:2])
    for number, cell in enumerate(experiment.cells):
        rows = cell.test[captured_rows(len(cell.test))]
        for place, point in enumerate(points.tolist()):
            if not trials.failed[number, point]:
                total[rows, place] += trials.captured["row"][number, point].T
                count[rows, place] += 1
    judged = count.all(1)
    losses = total[judged] / count[judged][:, :, None]
    errors = trials.criterion[points] - smooth_checkpoints(np.nanmean(trials.losses[:, points], axis=0))
    place = int(np.flatnonzero(points == chosen.point)[0])
    return estimate_optimism(
        losses,
        errors,
        Choice(place, chosen.checkpoint),
        at_end=experiment.settings.stopping == "fixed",
        seed=experiment.settings.seed,
    )


def _mean_curve(experiment: Experiment, trials: Trials, chosen: Choice, *, cells: list[int]) -> Float | None:
    """Return the mean curve of the chosen point's models over the watched cells."""
    drawing, task = experiment.drawing, experiment.training.task
    if drawing is None or not cells:
        return None
    models = trials.captured["drawn"]
    curves = [
        drawing.curves(task, models[cell, chosen.point][chosen.checkpoint].astype(np.float64), cell)
        for cell in cells
    ]
    return np.asarray(np.mean(curves, axis=0))


def _metrics(experiment: Experiment, trials: Trials, chosen: Choice) -> dict[str, float]:
    """Return the metrics that are shown beside the loss, averaged over the cells."""
    task, scores = experiment.training.task, []
    errors = trials.recorded.get("errors")
    for number in np.flatnonzero(~trials.failed[:, chosen.point]).tolist():
        losses = trials.captured["row"][number, chosen.point][chosen.checkpoint].astype(np.float64)
        y = experiment.data[number].eval_sets["test"][1]
        wrong = 0.0 if errors is None else float(errors[number, chosen.point, chosen.checkpoint])
        scores.append(secondary_metrics(task, losses, y[captured_rows(len(y))], errors=wrong))
    return average_scores(scores)


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
    by_row = np.cov(np.column_stack(shared), rowvar=False) if len(shared) == len(rows) else None
    return make_posterior(
        tuple(arms),
        losses[whole],
        factor=experiment.variance_factor(len(losses)),
        test_error=None if by_row is None else by_row / experiment.layout.test_rows,
    )


def choose_rope(arms: Mapping[Arm, ArmRun], experiment: Experiment) -> float:
    """Return δ: as the user gave it, or the default."""
    if experiment.settings.rope != "auto":
        return experiment.settings.rope
    return default_rope(arms, experiment)


def default_rope(arms: Mapping[Arm, ArmRun], experiment: Experiment) -> float:
    """Return δ as it is without `--rope`, from the losses of predicting nothing and of the baseline."""
    return region_of_equivalence(experiment.loss_null, float(np.nanmean(arms["none"].losses)))
