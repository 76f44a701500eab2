"""The minimizer of ½uᵀHu − gᵀu + Σ threshold·|u| against scipy."""

import numpy as np
import pytest
import torch
from scipy.optimize import minimize as scipy_minimize

from regchoose.records.words import Float
from regchoose.training.quadratic import Quadratic, minimize

M = 4


def by_scipy(hessian: Float, linear: Float, threshold: Float) -> Float:
    """Minimize over u = a − b with a, b ≥ 0, where the objective is smooth."""
    p = len(linear)

    def value(ab: Float) -> float:
        u = ab[:p] - ab[p:]
        return float(0.5 * u @ hessian @ u - linear @ u + threshold @ (ab[:p] + ab[p:]))

    def slope(ab: Float) -> Float:
        smooth = hessian @ (ab[:p] - ab[p:]) - linear
        return np.concatenate([smooth + threshold, threshold - smooth])

    found = scipy_minimize(
        value,
        np.zeros(2 * p),
        jac=slope,
        bounds=[(0, None)] * (2 * p),
        method="L-BFGS-B",
        options={"ftol": 1e-16, "gtol": 1e-12, "maxiter": 100_000, "maxfun": 1_000_000},
    )
    return np.asarray(found.x[:p] - found.x[p:])


def problem(*, p: int, shared: bool, threshold: float, ridge: float, rank: int, seed: int) -> Quadratic:
    rng = np.random.default_rng(seed)
    half = rng.standard_normal((1 if shared else M, p, rank))
    hessian = half @ half.transpose(0, 2, 1) / rank
    # g in the span of H, so that a minimum exists without penalty too
    linear = (hessian @ rng.standard_normal((M, p, 1)))[:, :, 0]
    thresholds = np.full((M, p), threshold) * np.linspace(0.2, 1, M)[:, None]
    thresholds[:, -1] = 0.0  # as an intercept's
    return Quadratic(*(torch.tensor(a) for a in (hessian, np.full((M, p), ridge), linear, thresholds)))


def solution(quadratic: Quadratic) -> torch.Tensor:
    start = torch.zeros_like(quadratic.linear)
    return minimize(quadratic, start, tolerance=torch.full((M,), 1e-12).double())


@pytest.mark.parametrize("shared", [True, False], ids=["one H", "an H each"])
@pytest.mark.parametrize(("p", "rank"), [(1, 3), (5, 8), (6, 4)], ids=["one entry", "full rank", "singular"])
@pytest.mark.parametrize(("threshold", "ridge"), [(0.0, 0.0), (0.3, 0.0), (0.0, 0.2), (0.3, 0.2), (1e6, 0.0)])
def test_minimum(*, shared: bool, p: int, rank: int, threshold: float, ridge: float) -> None:
    quadratic = problem(p=p, shared=shared, threshold=threshold, ridge=ridge, rank=rank, seed=p)
    u = solution(quadratic)
    assert (quadratic.residual(u) < 1e-10).all()
    hessian = (quadratic.hessian + torch.diag_embed(quadratic.ridge)).expand(M, p, p)
    oracle = np.stack(
        [
            by_scipy(h.numpy(), g.numpy(), t.numpy())
            for h, g, t in zip(hessian, quadratic.linear, quadratic.threshold, strict=True)
        ]
    )
    value, theirs = quadratic.measure(u)[0], quadratic.measure(torch.tensor(oracle))[0]
    assert (value <= theirs + 1e-10).all()
    if rank > p or ridge > 0:  # the minimum is one point
        np.testing.assert_allclose(u.numpy(), oracle, atol=1e-4)
    if threshold == 1e6:
        assert (u[:, :-1] == 0).all()


def test_the_residual_is_large_away_from_the_minimum() -> None:
    quadratic = problem(p=5, shared=False, threshold=0.3, ridge=0.1, rank=8, seed=0)
    u = solution(quadratic)
    assert (quadratic.residual(u + 0.1) > 1e-2).all()
    assert (quadratic.measure(u + 0.1)[0] > quadratic.measure(u)[0]).all()
    assert (quadratic.measure(u - 0.01)[0] > quadratic.measure(u)[0]).all()


def test_one_solved_problem_does_not_disturb_the_others() -> None:
    quadratic = problem(p=5, shared=False, threshold=0.3, ridge=0.1, rank=8, seed=0)
    together = solution(quadratic)
    for model in range(M):
        own = slice(model, model + 1)
        alone = Quadratic(
            quadratic.hessian[own], quadratic.ridge[own], quadratic.linear[own], quadratic.threshold[own]
        )
        u = minimize(alone, torch.zeros(1, 5).double(), tolerance=torch.tensor([1e-12]))
        torch.testing.assert_close(u[0], together[model], rtol=1e-8, atol=1e-10)
