"""The posterior with a prior of the arms' differences, against reweighted draws without it."""

import numpy as np
import pytest
from scipy.stats import t as student

from regchoose.records.words import ARMS, Arm, Float
from regchoose.statistics.posterior import DRAWS, Posterior, draw_losses, make_posterior
from regchoose.statistics.prior import ArmPrior, Student, draw_with_prior

UNIT = 0.01
LEARNED: dict[Arm, Student] = {
    "none": Student(1.5, 1.0, 1.7),
    "l1": Student(2.5, 0.03, 0.2),
    "l2": Student(2.5, 0.2, 0.6),
}
WIDE = {arm: Student(3.0, 0.0, 1e6) for arm in LEARNED}


def posterior(spread: float, *, together: float = 0.5, seed: int = 0, cells: int = 25) -> Posterior:
    """Arms whose cells scatter by so many δ around means that lie a δ or two apart."""
    rng = np.random.default_rng(seed)
    common = together * rng.standard_normal((cells, 1))
    losses = 0.5 + UNIT * (
        np.array([1.5, 0.3, 0.8, 0.0]) + spread * (common + rng.standard_normal((cells, 4)))
    )
    return make_posterior(ARMS, losses, factor=0.29)


def reweighted(found: Posterior, prior: ArmPrior, count: int = 500_000) -> tuple[Float, Float]:
    """Draws without the prior, and its density at each of them, by which they count."""
    draws = draw_losses(found, np.random.default_rng(1), n_draws=count)
    density = np.zeros(count)
    for arm, of in prior.differences.items():
        apart = (draws[:, ARMS.index(arm)] - draws[:, ARMS.index("elastic_net")]) / prior.unit
        density += student.logpdf(apart, of.df, of.location, of.scale)
    weights = np.exp(density - density.max())
    return draws, weights / weights.sum()


@pytest.mark.parametrize("spread", [0.5, 2.0, 5.0])
def test_it_is_the_product_of_posterior_and_prior(spread: float) -> None:
    found, prior = posterior(spread), ArmPrior(LEARNED, UNIT)
    draws, weights = reweighted(found, prior)
    drawn = draw_with_prior(prior, found, np.random.default_rng(2))
    assert drawn.shape == (DRAWS, 4)
    for rope in (0.3 * UNIT, UNIT, 3 * UNIT):
        expected = weights @ (draws <= draws.min(1, keepdims=True) + rope)
        np.testing.assert_allclose((drawn <= drawn.min(1, keepdims=True) + rope).mean(0), expected, atol=0.02)
    for j in range(3):
        apart, own = draws[:, j] - draws[:, 3], drawn[:, j] - drawn[:, 3]
        order = np.argsort(apart)
        reached = np.cumsum(weights[order])
        for share in (0.1, 0.5, 0.9):
            expected_at = apart[order][np.searchsorted(reached, share)]
            assert (own < expected_at).mean() == pytest.approx(share, abs=0.02)


def test_a_prior_without_opinion_changes_nothing() -> None:
    found = posterior(2.0)
    with_it = draw_with_prior(ArmPrior(WIDE, UNIT), found, np.random.default_rng(0))
    without = draw_losses(found, np.random.default_rng(0))
    np.testing.assert_allclose(with_it.mean(0), without.mean(0), atol=3e-4)
    np.testing.assert_allclose(with_it.std(0), without.std(0), rtol=0.05)


def test_clear_losses_outweigh_it() -> None:
    far = Posterior(ARMS, np.array([0.9, 0.7, 0.8, 0.5]), np.eye(4) * (0.1 * UNIT) ** 2, 24)
    drawn = draw_with_prior(ArmPrior(LEARNED, UNIT), far, np.random.default_rng(0))
    np.testing.assert_allclose(drawn.mean(0), far.mean, atol=0.2 * UNIT)


def test_penalties_that_drown_in_noise_are_drawn_together() -> None:
    found, rope = posterior(8.0), UNIT
    with_it = draw_with_prior(ArmPrior(LEARNED, UNIT), found, np.random.default_rng(0))
    without = draw_losses(found, np.random.default_rng(0))

    def alike(draws: Float) -> float:
        return float((np.abs(draws[:, 1] - draws[:, 3]) < rope).mean())

    assert alike(with_it) > 0.9 > 0.5 > alike(without)


def test_arms_that_coincide_and_one_that_has_exploded() -> None:
    rng = np.random.default_rng(0)
    cells = 0.5 + UNIT * rng.standard_normal((25, 1)) * np.ones((1, 4))
    cells[:, 0] = 1e12 * rng.random(25)
    found = make_posterior(ARMS, cells, factor=0.29)
    drawn = draw_with_prior(ArmPrior(LEARNED, UNIT), found, np.random.default_rng(1))
    assert np.isfinite(drawn).all()
    np.testing.assert_allclose(drawn[:, 1], drawn[:, 3], atol=1e-3 * UNIT)


def test_without_elastic_net_it_says_nothing() -> None:
    few = Posterior(("none", "l2"), np.array([0.5, 0.6]), np.eye(2), 24)
    prior = ArmPrior(LEARNED, UNIT)
    np.testing.assert_array_equal(
        draw_with_prior(prior, few, np.random.default_rng(3)), draw_losses(few, np.random.default_rng(3))
    )


def test_a_seed_gives_the_same_draws() -> None:
    found, prior = posterior(1.0), ArmPrior(LEARNED, UNIT)
    first, again = (draw_with_prior(prior, found, np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(first, again)
