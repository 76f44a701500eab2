"""The arms that were trained, side by side."""

from collections.abc import Mapping

import numpy as np

from regchoose.errors import TrainingError
from regchoose.experiment.arms import ArmRun
from regchoose.experiment.plan import Experiment
from regchoose.records.words import Arm
from regchoose.statistics.decide import region_of_equivalence
from regchoose.statistics.posterior import Posterior, make_posterior
from regchoose.training.schedule import SMALLER_RATE

FEWEST_CELLS = 3


def posterior_of(arms: Mapping[Arm, ArmRun], experiment: Experiment, *, at_end: bool = False) -> Posterior:
    """Return the posterior of the arms' mean losses, over the cells in which no arm failed.

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
    known = [own for own in rows if own is not None]
    by_row = np.column_stack(known) if len(known) == len(rows) else None
    factor = experiment.variance_factor(len(losses))
    return make_posterior(tuple(arms), losses[whole], factor=factor, by_row=by_row)


def rope_of(arms: Mapping[Arm, ArmRun], experiment: Experiment) -> float:
    """Return δ, given or from the losses of predicting nothing and of the baseline."""
    if experiment.settings.rope != "auto":
        return experiment.settings.rope
    return usual_rope(arms, experiment)


def usual_rope(arms: Mapping[Arm, ArmRun], experiment: Experiment) -> float:
    """Return δ as it is where nobody gives it."""
    return region_of_equivalence(experiment.loss_null, float(np.nanmean(arms["none"].losses)))
