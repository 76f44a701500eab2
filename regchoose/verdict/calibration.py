"""How uncertain the means of overlapping cells are: measured where a study knows the truth.

The losses of the cells of a cross-validation go together, for they share rows. With ρ their correlation, the
covariance of their means over J cells is (1/J + ρ/(1 − ρ))·V, V being their covariance. Nadeau & Bengio
(2003) put ρ/(1 − ρ) at test rows over training rows, here 1/4. The study of tests/benchmarks/calibration
looks on half of its tasks for the largest value that lets verdicts be firm in 80 % of them, 97 % of which
must be right, and judges it on the other half; it stays theirs where there is none.
"""

from regchoose.verdict.design import Layout

# ρ/(1 − ρ) by network: `calibrated_factor` − 1/25 of tests/benchmarks/results/calibration.json.
OVERLAP = {"mlp": 0.20, "linear": 0.25}
FOLDS = 5  # of the study
ROWS = (100, 1_000)  # of its tables


def variance_factor(cells: int, layout: Layout, *, folds: int, overlap: float | None = None) -> float:
    """Return the factor of the cells' covariance that makes it that of their means.

    Parameters
    ----------
    cells : int
        J.
    overlap : float, optional
        ρ/(1 − ρ) as `measured_overlap` has it; without it, of a cross-validation, Nadeau & Bengio's.
    """
    if layout.kind == "A":  # nothing overlaps; the shared test rows are accounted for apart
        return 1 / cells
    return 1 / cells + (1 / (folds - 1) if overlap is None else overlap)


def measured_overlap(network: str, layout: Layout, *, folds: int, exchangeable: bool) -> float | None:
    """Return ρ/(1 − ρ) as it was measured; None where the study says nothing of such an experiment."""
    studied = layout.kind == "B" and folds == FOLDS and ROWS[0] <= layout.rows <= ROWS[1]
    return OVERLAP.get(network) if studied and exchangeable else None
