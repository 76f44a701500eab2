"""What the plots of a report show: the section curves of a result."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from regchoose.experiment.arms import ArmRun
from regchoose.experiment.plan import Experiment
from regchoose.records import Arm
from regchoose.verdict.posterior import Posterior


def curves(arms: Mapping[Arm, ArmRun], experiment: Experiment, posterior: Posterior) -> dict[str, Any]:
    """Return losses by strength and by epoch, and the posterior of the mean losses."""
    schedule, linear = experiment.training.schedule, experiment.training.hidden is None
    epochs = [] if linear else schedule.checkpoints.tolist()
    return {
        "loss_by_strength": {arm: _by_strength(run) for arm, run in arms.items()},
        "loss_by_epoch": {
            arm: {"epochs": epochs, **{name: curve.tolist() for name, curve in run.curves.items()}}
            for arm, run in arms.items()
            if not linear
        },
        "posterior": {
            "arms": list(posterior.arms),
            "mean": posterior.mean.tolist(),
            "scale": posterior.scale.tolist(),
            "df": posterior.df,
        },
    }


def _by_strength(run: ArmRun) -> dict[str, Any]:
    best = run.tuning.loss.argmin(1)
    rows = np.arange(len(best))
    return {
        "l1": run.tuning.grid.l1.tolist(),
        "l2": run.tuning.grid.l2.tolist(),
        "inner_loss": run.tuning.loss[rows, best].tolist(),
        "nonzero_share": run.tuning.nonzero_share[rows, best].tolist(),
        "in_all_cells": run.tuning.everywhere.tolist(),
        "chosen": run.chosen.point,
    }
