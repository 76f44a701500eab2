"""What the certainty rests on: the variance of overlapping cells, and a prior learned from known truths.

The cells of a cross-validation share rows, so their losses are correlated. With ρ their correlation and V
their covariance, the covariance of their means over J cells is (1/J + ρ/(1 − ρ))·V. Nadeau & Bengio (2003)
take ρ/(1 − ρ) to be the number of test rows over that of training rows. The study in
tests/benchmarks/calibration learned on half of its tasks how far the arms truly lie apart, and tested the
verdicts with that prior on the other half. With it, no smaller factor is needed to be firm in four of five
tasks.
"""

from regchoose.experiment.design import Layout
from regchoose.records.words import Arm
from regchoose.statistics.prior import ArmPrior, Student

# `prior` of tests/benchmarks/results/calibration.json: learned from all tasks, in units of δ.
LEARNED: dict[Arm, Student] = {
    "none": Student(1.5, 1.02, 1.67),
    "l1": Student(2.5, 0.03, 0.20),
    "l2": Student(2.5, 0.17, 0.55),
}
# What was studied:
NETWORKS = ("mlp", "linear")
FOLDS = 5
FEWEST_STUDIED_CELLS = 10
ROWS = (100, 1_000)  # of a table, fewest and most


def variance_factor(cells: int, layout: Layout, *, folds: int) -> float:
    """Return the factor by which the covariance over cells becomes that of their mean.

    Parameters
    ----------
    cells : int
        J.
    """
    if layout.kind == "A":  # nothing overlaps; the shared test rows are accounted for apart
        return 1 / cells
    return 1 / cells + 1 / (folds - 1)


def is_studied(network: str, layout: Layout, *, folds: int, cells: int, exchangeable: bool) -> bool:
    """Whether the study covers such an experiment, provided that its strengths are tuned."""
    crossed = layout.kind == "B" and folds == FOLDS and cells >= FEWEST_STUDIED_CELLS
    return network in NETWORKS and crossed and exchangeable and ROWS[0] <= layout.rows <= ROWS[1]


def learned_prior(n_rows: int, *, unit: float) -> ArmPrior:
    """Return the prior of the differences between the arms on so many rows.

    Parameters
    ----------
    unit : float
        δ as it is without `--rope`.
    """
    return ArmPrior(LEARNED, unit)
