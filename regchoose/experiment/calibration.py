"""What the certainty rests on: the variance of overlapping cells, and a prior learned from known truths.

The cells of a cross-validation share rows, so their losses are correlated. With ρ their correlation and V
their covariance, the covariance of their means over J cells is (1/J + ρ/(1 − ρ))·V. Nadeau & Bengio (2003)
take ρ/(1 − ρ) to be the number of test rows over that of training rows. The cells alone do not tell that
tuned penalties mostly end close together; the study in tests/benchmarks/calibration learned on real tables
how far apart they truly are, and held the verdicts against tables that it had not learned from.
"""

from collections.abc import Mapping

from regchoose.experiment.design import Layout
from regchoose.records.words import Arm
from regchoose.statistics.prior import ArmPrior, Student

# `prior` of tests/benchmarks/results/calibration.json: an arm's loss less Elastic Net's, in units of δ.
LEARNED: Mapping[str, Mapping[Arm, Student]] = {
    "mlp": {
        "none": Student(2.5, 1.30, 2.19),
        "l1": Student(2.5, 0.093, 0.594),
        "l2": Student(2.5, 0.018, 1.10),
    },
    "linear": {
        "none": Student(2.5, 1.20, 5.89),
        "l1": Student(2.5, 0.133, 0.540),
        "l2": Student(2.5, -0.019, 0.410),
    },
}
# What was studied:
FOLDS, REPEATS = 5, 5
ROWS = (200, 1_000)  # of a table, fewest and most


def variance_factor(cells: int, layout: Layout, *, folds: int) -> float:
    """Return the factor by which the covariance over cells becomes that of their mean.

    Parameters
    ----------
    cells : int
        J.
    """
    if layout.is_cross_validation:
        return 1 / cells + 1 / (folds - 1)
    return 1 / cells  # nothing overlaps; the shared test rows are accounted for apart


def learned_prior(network: str, layout: Layout, *, unit: float) -> ArmPrior | None:
    """Return the prior of the differences between tuned arms; None where none was learned.

    The more rows, the closer together the arms lie, so beyond the rows that were studied the prior is on
    the safe side; on fewer they may lie further apart than any that was learned from.

    Parameters
    ----------
    unit : float
        δ as it is without `--rope`.
    """
    if network not in LEARNED or not layout.is_cross_validation or layout.rows < ROWS[0]:
        return None
    return ArmPrior(LEARNED[network], unit)


def is_studied(network: str, layout: Layout, *, folds: int, repeats: int) -> bool:
    """Whether the study covers such an experiment, provided that it is `Experiment.is_tuned`."""
    crossed = layout.is_cross_validation and folds == FOLDS and repeats >= REPEATS
    return network in LEARNED and crossed and ROWS[0] <= layout.rows <= ROWS[1]
