"""The mathematics of a point (l1, l2), against numbers made by hand and by brute force."""

import numpy as np
import pytest
import torch

from regchoose.training.penalty import PenaltyTensors, shrink_


def vector(*values: float) -> torch.Tensor:
    return torch.tensor([values], dtype=torch.float64)


def scalar(value: float) -> torch.Tensor:
    return torch.tensor([value], dtype=torch.float64)


VALUES = [
    # weights, l1, l2, value
    ((-1.0, -2.5), 1.0, 0.0, 3.5),
    ((2.0, 4.0), 1.0, 0.0, 6.0),
    ((2.0, 4.0), 0.5, 0.0, 3.0),
    ((3.0, 4.0), 0.0, 1.0, 25.0),
    ((-1.0, -2.5), 0.0, 2.0, 14.5),
    ((2.0, -4.0), 0.5, 0.1, 5.0),
    ((0.0, 0.0), 7.0, 7.0, 0.0),
    ((5.0, -5.0), 0.0, 0.0, 0.0),
]


@pytest.mark.parametrize(("weights", "l1", "l2", "value"), VALUES)
def test_value(weights: tuple[float, ...], l1: float, l2: float, value: float) -> None:
    found = PenaltyTensors(scalar(l1), scalar(l2)).value(vector(*weights))
    assert float(found) == pytest.approx(value, rel=1e-14)


def test_each_model_has_its_own_strengths() -> None:
    weights = torch.tensor([w for w, *_ in VALUES], dtype=torch.float64)
    l1, l2, wanted = (torch.tensor([row[i] for row in VALUES], dtype=torch.float64) for i in (1, 2, 3))
    torch.testing.assert_close(PenaltyTensors(l1, l2).value(weights), wanted)


@pytest.mark.parametrize(
    ("before", "threshold", "after"),
    [
        ((3.0, -3.0), 1.0, (2.0, -2.0)),
        ((0.5, -0.5), 1.0, (0.0, 0.0)),
        ((1.0, -1.0), 1.0, (0.0, 0.0)),
        ((1e-38, -1e30), float("inf"), (0.0, 0.0)),
        ((0.0, -0.0), 0.1, (0.0, 0.0)),
    ],
)
def test_shrink_by_hand(before: tuple[float, ...], threshold: float, after: tuple[float, ...]) -> None:
    weights = vector(*before)
    shrink_(weights, scalar(threshold)[:, None])
    assert weights.tolist() == [list(after)]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_threshold_of_zero_changes_no_bit(dtype: torch.dtype) -> None:
    rng = np.random.default_rng(0)
    wild = rng.standard_normal(500) * 10.0 ** rng.integers(-30, 30, 500)
    weights = torch.tensor(np.append(wild, [0.0, 1e-37]), dtype=dtype)[None]
    kept = weights.clone()
    shrink_(weights, torch.zeros(1, 1, dtype=dtype))
    assert weights.numpy().tobytes() == kept.numpy().tobytes()


def test_shrink_is_the_proximal_operator() -> None:
    """Its result minimizes ½(w − v)² + t|w| among 200,001 candidates; each entry has its own t."""
    candidates = np.linspace(-4, 4, 200_001)
    rng = np.random.default_rng(1)
    v, t = rng.uniform(-3, 3, 25), rng.uniform(0, 2, 25)
    cost = 0.5 * (candidates[:, None] - v) ** 2 + t * np.abs(candidates[:, None])
    best = candidates[cost.argmin(0)]
    shrunk = shrink_(torch.tensor(v)[None], torch.tensor(t)[None])[0].numpy()
    np.testing.assert_allclose(shrunk, best, atol=1e-4)
    assert (shrunk == 0).sum() == (np.abs(v) <= t).sum() > 5


STATIONARY = [
    # weights, gradient of the loss, l1, l2: ∂loss + 2·l2·w + l1·sign(w) = 0, or w = 0 and |∂loss| ≤ l1
    ((1.0, -2.0), (0.0, 0.0), 0.0, 0.0),
    ((1.0, -2.0), (-0.5, 0.5), 0.5, 0.0),
    ((0.0, 0.0), (0.5, -0.25), 0.5, 0.0),
    ((1.0, -2.0), (-0.5, 1.0), 0.0, 0.25),
    ((1.0, 0.0), (-1.0, 0.5), 0.5, 0.25),
]


@pytest.mark.parametrize(("weights", "gradient", "l1", "l2"), STATIONARY)
def test_optimality_is_zero_at_stationary_points_alone(
    weights: tuple[float, ...], gradient: tuple[float, ...], l1: float, l2: float
) -> None:
    w, g = vector(*weights), vector(*gradient)
    assert float(PenaltyTensors(scalar(l1), scalar(l2)).violation(w, g)) == 0
    away = g + torch.tensor([[0.0, 3.0]])
    assert float(PenaltyTensors(scalar(l1), scalar(l2)).violation(w, away)) > 0.25


@pytest.mark.parametrize(
    ("weights", "gradient", "l1", "l2", "distance"),
    [
        ((0.0, 0.0), (0.7, -0.9), 0.5, 9.0, 0.4),
        ((1.0, 0.0), (0.0, 0.0), 0.5, 0.0, 0.5),
        ((-1.0, 0.0), (0.0, 0.0), 0.5, 0.25, 1.0),
    ],
)
def test_optimality_is_the_largest_distance(
    weights: tuple[float, ...], gradient: tuple[float, ...], l1: float, l2: float, distance: float
) -> None:
    residual = PenaltyTensors(scalar(l1), scalar(l2)).violation(vector(*weights), vector(*gradient))
    assert float(residual) == pytest.approx(distance)
