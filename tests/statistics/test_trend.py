"""How gains and strengths move with the rows."""

import numpy as np
import pytest

from regchoose.records.experiment import Penalties
from regchoose.statistics.trend import extrapolate_gain, l1_exponent, refine_l1

ROWS = np.array([800, 1600, 3200])


@pytest.mark.parametrize("exponent", [0.0, 0.5, 1.3])
def test_a_power_law_is_carried_on(exponent: float) -> None:
    found = extrapolate_gain(ROWS, 0.08 * (ROWS / 800.0) ** -exponent, of=100_000)
    assert found.exponent == pytest.approx(exponent, abs=1e-9)
    assert found.at_full_size == pytest.approx(0.08 * (100_000 / 800) ** -exponent)


def test_a_rising_gain_is_taken_as_level_and_a_loss_as_nothing() -> None:
    assert extrapolate_gain(ROWS, np.array([0.01, 0.02, 0.04]), of=10**6).at_full_size == 0.04
    assert extrapolate_gain(ROWS, np.array([0.02, -0.01, 0.03]), of=10**6).at_full_size == 0.03
    assert extrapolate_gain(ROWS, np.array([0.02, 0.01, -0.03]), of=10**6).at_full_size == 0


@pytest.mark.parametrize(("true", "kept"), [(0.2, 0.5), (0.7, 0.7), (1.4, 1.0)])
def test_the_exponent_of_l1_stays_between_sparse_and_dense(true: float, kept: float) -> None:
    assert l1_exponent(ROWS, 0.1 * ROWS**-true) == pytest.approx(kept)


def test_the_best_strength_lies_between_the_points() -> None:
    l1 = np.logspace(0, -4, 9)
    loss = (np.log10(l1) + 2.1)[:, None] ** 2 + np.array([[0.3, 0.1]])
    best = int(loss.min(1).argmin())
    found, inside = refine_l1(Penalties(l1, np.zeros(9)), loss, best)
    assert inside
    assert np.log10(found) == pytest.approx(-2.1)
    assert refine_l1(Penalties(l1, np.zeros(9)), loss, 0) == (1.0, False)


def test_neighbours_have_the_same_mix() -> None:
    strength = np.tile(np.logspace(0, -4, 5), 2)
    alpha = np.repeat([0.1, 0.9], 5)
    grid = Penalties(strength * (1 - alpha), strength * alpha)
    loss = np.where(alpha == 0.9, 9.0, (np.log10(strength) + 2.2) ** 2)[:, None]
    found, inside = refine_l1(grid, loss, 2)
    assert inside
    assert found == pytest.approx(0.9 * 10**-2.2)
