"""The posterior, against closed forms and simulation."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import t as student

from regchoose.records.words import ARMS
from regchoose.statistics.posterior import Posterior, compare_arms, draw_losses, make_posterior

LOSSES = np.random.default_rng(5).normal(
    loc=(0.52, 0.50, 0.505, 0.501), scale=(0.03, 0.02, 0.025, 0.02), size=(25, 4)
)
FACTOR = 1 / 25 + 1 / 4
POSTERIOR = make_posterior(ARMS, LOSSES, factor=FACTOR)


def test_standard_error_is_the_corrected_resampled_t_tests() -> None:
    """Nadeau & Bengio 2003: the variance of the mean is (1/J + n2/n1)·s² of the differences."""
    difference, error = POSTERIOR.difference("l1", "none")
    cells = LOSSES[:, 1] - LOSSES[:, 0]
    assert difference == pytest.approx(cells.mean())
    assert error == pytest.approx(np.sqrt(FACTOR * cells.var(ddof=1)))
    assert POSTERIOR.df == 24


@pytest.mark.parametrize(("a", "b"), [("l1", "none"), ("elastic_net", "l1"), ("l2", "none")])
def test_probabilities_are_areas_under_the_density(a: str, b: str) -> None:
    found = compare_arms(POSTERIOR, a, b, rope=0.006)  # type: ignore[arg-type]  # parametrized by name
    difference, error = POSTERIOR.difference(a, b)  # type: ignore[arg-type]
    density = student(24, loc=difference, scale=error).pdf
    assert found.better == pytest.approx(quad(density, -np.inf, -0.006)[0], abs=1e-6)
    assert found.equivalent == pytest.approx(quad(density, -0.006, 0.006)[0], abs=1e-6)
    assert found.better + found.equivalent + found.worse == pytest.approx(1)
    assert found.interval[0] < found.difference < found.interval[1]


def test_a_comparison_turned_round_is_its_mirror() -> None:
    one, other = (
        compare_arms(POSTERIOR, "l1", "none", rope=0.005),
        compare_arms(POSTERIOR, "none", "l1", rope=0.005),
    )
    assert one.difference == -other.difference
    assert one.better == pytest.approx(other.worse)
    assert one.interval == pytest.approx((-other.interval[1], -other.interval[0]))


def test_draws_have_the_moments_of_the_distribution() -> None:
    draws = draw_losses(POSTERIOR, np.random.default_rng(0), n_draws=400_000)
    df = POSTERIOR.df
    assert draws.mean(0) == pytest.approx(POSTERIOR.mean, abs=1e-4)
    assert np.cov(draws, rowvar=False) == pytest.approx(POSTERIOR.scale * df / (df - 2), rel=0.03, abs=2e-6)


def test_draws_agree_with_the_exact_probabilities() -> None:
    draws = draw_losses(POSTERIOR, np.random.default_rng(1), n_draws=400_000)
    found = compare_arms(POSTERIOR, "l1", "none", rope=0.006)
    assert (draws[:, 1] - draws[:, 0] < -0.006).mean() == pytest.approx(found.better, abs=0.003)


def test_arms_that_coincide_are_equivalent_for_sure() -> None:
    twins = make_posterior(("none", "l2"), LOSSES[:, [0, 0]], factor=FACTOR)
    found = compare_arms(twins, "l2", "none", rope=0.001)
    assert (found.better, found.equivalent, found.worse) == (0, 1, 0)
    draws = draw_losses(twins, np.random.default_rng(0), n_draws=1000)
    assert draws[:, 0] == pytest.approx(draws[:, 1])


def test_interval_of_an_arm_is_students() -> None:
    low, high = POSTERIOR.interval("none")
    half = student.ppf(0.975, 24) * np.sqrt(FACTOR * LOSSES[:, 0].var(ddof=1))
    assert (low, high) == pytest.approx((LOSSES[:, 0].mean() - half, LOSSES[:, 0].mean() + half))


def test_more_spread_makes_wider_intervals() -> None:
    wider = Posterior(ARMS, POSTERIOR.mean, POSTERIOR.scale * 4, 24)
    one, two = POSTERIOR.interval("l1"), wider.interval("l1")
    assert two[1] - two[0] == pytest.approx(2 * (one[1] - one[0]))


def test_shared_test_rows_add_their_own_variance() -> None:
    """Disjoint sets: the spread of the estimate over both new training sets and new test rows."""
    rng = np.random.default_rng(3)
    n_sets, n_rows, repetitions = 8, 50, 4_000
    of_sets = rng.normal(size=(repetitions, n_sets, 1, 2)) * (0.3, 0.2)
    of_rows = rng.normal(size=(repetitions, 1, n_rows, 2)) * (1.0, 0.7)
    losses = of_sets + of_rows
    found = [
        make_posterior(
            ("none", "l1"),
            own.mean(1),
            factor=1 / n_sets,
            test_error=np.cov(own.mean(0), rowvar=False) / n_rows,
        ).scale
        for own in losses[:500]
    ]
    truth = np.cov(losses.mean((1, 2)), rowvar=False)
    assert np.mean(found, axis=0) == pytest.approx(truth, rel=0.06, abs=5e-4)
