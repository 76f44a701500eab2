"""The verdict's formulas, against code and simulations that share nothing with them."""

from itertools import permutations

import numpy as np
import pytest
from baycomp import two_on_single
from scipy.stats import f as fisher
from scipy.stats import kstest

from regchoose.experiment.calibration import variance_factor
from regchoose.experiment.design import Layout
from regchoose.records.words import ARMS, Arm, Float
from regchoose.statistics.posterior import compare_arms, draw_losses, make_posterior

RUNS, FOLDS = 5, 5
CELLS = RUNS * FOLDS
FACTOR = 1 / 25 + 1 / 4
SPREAD = np.array(  # of the arms' losses in a cell, a covariance
    [[4.0, 1.5, 1.0, 1.2], [1.5, 2.0, 1.4, 1.6], [1.0, 1.4, 3.0, 1.1], [1.2, 1.6, 1.1, 2.5]]
)


def cells_of(repetitions: int, *, seed: int) -> Float:
    """Draw the losses of experiments, (repetitions, cells, arms), whose cells correlate by one fifth.

    Nadeau & Bengio's correlation is the share of the rows that judge in a cell.
    """
    rng, root = np.random.default_rng(seed), np.linalg.cholesky(SPREAD)
    shared = rng.standard_normal((repetitions, 1, len(ARMS))) @ root.T
    own = rng.standard_normal((repetitions, CELLS, len(ARMS))) @ root.T
    return np.asarray(np.sqrt(1 / FOLDS) * shared + np.sqrt(1 - 1 / FOLDS) * own)


LOSSES = 0.5 + 0.01 * cells_of(1, seed=4)[0] + [0.0, -0.01, -0.004, -0.012]


@pytest.mark.parametrize("rope", [0.001, 0.005, 0.02])
@pytest.mark.parametrize(("a", "b"), list(permutations(ARMS, 2)))
def test_probabilities_are_those_of_the_correlated_t_test(a: Arm, b: Arm, rope: float) -> None:
    """baycomp judges y − x, so that "left" is: y is lower; for losses, better."""
    x, y = LOSSES[:, ARMS.index(b)], LOSSES[:, ARMS.index(a)]
    left, within, right = two_on_single(x, y, rope=rope, runs=RUNS)
    found = compare_arms(make_posterior(ARMS, LOSSES, factor=FACTOR), a, b, rope=rope)
    assert (found.better, found.equivalent, found.worse) == pytest.approx((left, within, right), abs=1e-12)
    assert 0 < left < 1  # else the sign were not seen


def test_the_factor_of_five_times_five_cells_is_nadeau_and_bengios() -> None:
    assert variance_factor(CELLS, Layout(500), folds=FOLDS) == FACTOR


def test_the_covariance_formula_is_what_correlated_cells_scatter_by() -> None:
    """c·V, averaged over experiments, is the covariance of the means over experiments."""
    losses = cells_of(20_000, seed=5)
    truth = np.cov(losses.mean(1), rowvar=False)
    found = np.mean([make_posterior(ARMS, own, factor=FACTOR).scale for own in losses[:4_000]], axis=0)
    assert found == pytest.approx(truth, rel=0.05)
    naive = np.mean([make_posterior(ARMS, own, factor=1 / CELLS).scale for own in losses[:4_000]], axis=0)
    assert (np.diag(truth) > 5 * np.diag(naive)).all()  # cells taken for independent claim far too much


def test_draws_are_jointly_of_the_multivariate_t() -> None:
    """The squared distance of a t vector from its mean, over its dimension, is Fisher's F."""
    posterior = make_posterior(ARMS, LOSSES, factor=FACTOR)
    off = draw_losses(posterior, np.random.default_rng(6), n_draws=50_000) - posterior.mean
    distance = np.einsum("ni,ij,nj->n", off, np.linalg.inv(posterior.scale), off) / len(ARMS)
    assert kstest(distance, fisher(len(ARMS), posterior.df).cdf).pvalue > 0.01
