"""What the certainty rests on: the variance of overlapping cells, and what a study knows of the arms.

The losses of the cells of a cross-validation go together, for they share rows. With ρ their correlation, the
covariance of their means over J cells is (1/J + ρ/(1 − ρ))·V, V being their covariance. Nadeau & Bengio
(2003) put ρ/(1 − ρ) at test rows over training rows. The study of tests/benchmarks/calibration, where the
truth is known, looked on half of its tasks for how far the arms truly lie apart, and judged verdicts with
that prior on the other half. With it no smaller factor is needed to be firm in four of five tasks.
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
NETWORKS = ("mlp", "linear")  # of the study
FOLDS = 5
CELLS = 10  # at least
ROWS = (100, 1_000)  # of its tables
LEAST_UNIT = 0.004  # δ of its tasks, as a share of the loss of predicting nothing


def variance_factor(cells: int, layout: Layout, *, folds: int) -> float:
    """Return the factor of the cells' covariance that makes it that of their means.

    Parameters
    ----------
    cells : int
        J.
    """
    if layout.kind == "A":  # nothing overlaps; the shared test rows are accounted for apart
        return 1 / cells
    return 1 / cells + 1 / (folds - 1)


def is_studied(network: str, layout: Layout, *, folds: int, cells: int, exchangeable: bool) -> bool:
    """Tell whether the study says anything of such an experiment, if its strengths are tuned."""
    crossed = layout.kind == "B" and folds == FOLDS and cells >= CELLS
    return network in NETWORKS and crossed and exchangeable and ROWS[0] <= layout.rows <= ROWS[1]


def learned_prior(unit: float, *, loss_null: float) -> ArmPrior | None:
    """Return how far the arms' true losses lie apart; None on a table that is easier than those of the study.

    Parameters
    ----------
    unit : float
        δ as it is without `--rope`.
    loss_null : float
        Loss of predicting nothing.
    """
    return ArmPrior(LEARNED, unit) if unit >= LEAST_UNIT * loss_null else None
