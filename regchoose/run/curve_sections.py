"""The section `curves` of a result: what the plots of a report show."""

from collections.abc import Mapping

import numpy as np

from regchoose.experiment.arms import ArmRun
from regchoose.experiment.fitted_curve import Drawing
from regchoose.experiment.plan import Experiment
from regchoose.records.words import Arm, Float
from regchoose.result.experiment_sections import (
    ArmWeightCounts,
    Curves,
    EpochCurves,
    FittedArms,
    FittedCurves,
    LossByEpoch,
    LossByStrength,
    MeanLosses,
    Panel,
    RowPoints,
    StrengthCurves,
    WeightCounts,
    WeightCurves,
)
from regchoose.statistics.posterior import Posterior

BINS, WITHIN = 41, 0.995  # of the histograms of weights; BINS is odd, so that one bin is around zero


def make_curves(arms: Mapping[Arm, ArmRun], experiment: Experiment, posterior: Posterior) -> Curves:
    """Make the section: losses by strength and epoch, weights, fitted curves, the posterior."""
    schedule, linear = experiment.training.schedule, experiment.is_convex
    epochs = [] if linear else schedule.checkpoints.tolist()
    fitted = {arm: run.fitted for arm, run in arms.items() if run.fitted is not None}
    drawn = {"fitted": _fitted_curves(experiment.drawing, fitted)} if experiment.drawing and fitted else {}
    return Curves(
        loss_by_strength=StrengthCurves(**{arm: _by_strength(run) for arm, run in arms.items()}),
        loss_by_epoch=EpochCurves(
            **{
                arm: LossByEpoch(
                    epochs=epochs, train=run.curves["train"].tolist(), test=run.curves["test"].tolist()
                )
                for arm, run in arms.items()
                if not linear
            }
        ),
        weights=_count_weights({arm: run.weights for arm, run in arms.items() if len(run.weights)}),
        posterior=MeanLosses(
            arms=list(posterior.arms),
            mean=posterior.mean.tolist(),
            scale=posterior.scale.tolist(),
            df=posterior.df,
        ),
        **drawn,
    )


def _by_strength(run: ArmRun) -> LossByStrength:
    trials = run.trials
    shares = trials.recorded["nonzero_share"][:, :, run.chosen.checkpoint]
    known = np.isfinite(shares)
    return LossByStrength(
        l1=trials.grid.l1.tolist(),
        l2=trials.grid.l2.tolist(),
        criterion=trials.criterion.min(1).tolist(),
        # At one length for all, because the best length of a strength far too large is a step or two.
        nonzero_share=(np.where(known, shares, 0.0).sum(0) / np.maximum(known.sum(0), 1)).tolist(),
        in_all_cells=trials.everywhere.tolist(),
        chosen=run.chosen.point,
    )


def _count_weights(weights: Mapping[Arm, Float]) -> WeightCurves:
    """Count weights in bins that all arms share; exact zeros, and weights beyond the bins, are counted apart.

    The bins hold 99.5 % of the weights of every arm.
    """
    reaches = (float(np.quantile(np.abs(values), WITHIN)) for values in weights.values())
    reach = max(reaches, default=0.0) or 1.0
    edges = np.linspace(-reach, reach, BINS + 1)
    counted = {
        arm: WeightCounts(
            counts=np.histogram(values[values != 0], edges)[0].tolist(),
            zeros=int((values == 0).sum()),
            beyond=int((np.abs(values) > reach).sum()),
            of=len(values),
        )
        for arm, values in weights.items()
    }
    return WeightCurves(edges=edges.tolist(), arms=ArmWeightCounts(**counted))


def _fitted_curves(drawing: Drawing, fitted: Mapping[Arm, Float]) -> FittedCurves:
    """Return a panel for each name that is drawn, with the curve of each arm: (k', g)."""
    panels = [
        Panel(
            output=name,
            data=RowPoints(x=drawing.points_x.tolist(), y=drawing.points_y[place].tolist()),
            arms=FittedArms(**{arm: curves[place].tolist() for arm, curves in fitted.items()}),
        )
        for place, name in enumerate(drawing.names)
    ]
    return FittedCurves(input=drawing.feature, x=drawing.x.tolist(), panels=panels)
