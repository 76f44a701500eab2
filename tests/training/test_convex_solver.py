"""Linear models against scikit-learn and NumPy."""

from typing import Any

import numpy as np
import pytest
import torch
from sklearn.linear_model import ElasticNet, Lasso, LogisticRegression, Ridge
from torch.autograd.functional import hessian, jacobian

from regchoose.records.words import Float, Task
from regchoose.training.block import Stopped
from regchoose.training.convex_solver import LinearFit, LinearProblem, SolverRows, solve
from regchoose.training.deterministic import RowMatrix
from regchoose.training.loss import n_outputs
from regchoose.training.penalty import PenaltyTensors
from regchoose.training.quadratic import working_sets
from regchoose.training.train import train
from tests.training.problems import CPU, TASKS, cell, points, rows, training

KINDS = [(1.0, 0.0), (0.0, 1.0), (0.5, 0.5)]
SHAPES = [(80, 5), (50, 8)]
STRENGTHS = [0.005, 0.05, 0.5]
# Ours:                 J = mean loss + l1·Σ|w| + l2·Σw², the loss squared error or log loss.
# Ridge:                Σ error² + a·Σw²                              = n·J with l2 = a/n.
# Lasso, ElasticNet:    mean error²/2 + a·r·Σ|w| + a·(1 − r)/2·Σw²    = J/2 with l1 = 2·a·r, l2 = a·(1 − r).
# LogisticRegression:   C·Σ loss + r·Σ|w| + (1 − r)/2·Σw²             = C·n·J with l1 = r/(C·n) and
#                                                                       l2 = (1 − r)/(2·C·n).


def problem(task: Task, x: RowMatrix, y: Float, *pairs: tuple[float, float]) -> LinearProblem:
    penalties = PenaltyTensors.of(points(*pairs), device=CPU, dtype=torch.float64)
    return LinearProblem(task, SolverRows.of(x, y, device=CPU), n_outputs(task, 3), penalties)


def with_correlation(task: Task, shape: tuple[int, int]) -> tuple[Float, Float]:
    """Rows whose columns are correlated and of unlike scale."""
    x, y = rows(task, *shape, seed=3)
    x[:, 2:] += 0.8 * x[:, :1]
    return x * np.linspace(0.5, 3.0, shape[1]), y


def theirs(task: Task, x: Float, y: Float, *, l1: float, l2: float) -> Float:
    """What scikit-learn finds: (k, d + 1)."""
    n = len(y)
    model: Any
    if task == "regression" and l1 == 0:
        model = Ridge(alpha=l2 * n, tol=1e-12)
    elif task == "regression" and l2 == 0:
        model = Lasso(alpha=l1 / 2, tol=1e-14, max_iter=1_000_000)
    elif task == "regression":
        a = l1 / 2 + l2
        model = ElasticNet(alpha=a, l1_ratio=l1 / 2 / a, tol=1e-14, max_iter=1_000_000)
    else:
        both = n * (l1 + 2 * l2)
        solver, tol = ("lbfgs", 1e-11) if l1 == 0 else ("saga", 1e-11)
        C = 1 / both if both else np.inf  # noqa: N806 - scikit-learn's name
        ratio = n * l1 / both if both else 0.0
        # with some orders of the rows saga stops early
        model = LogisticRegression(
            C=C, l1_ratio=ratio, solver=solver, tol=tol, max_iter=1_000_000, random_state=0
        )
    model.fit(x, y)
    return np.column_stack([np.atleast_2d(model.coef_), np.atleast_1d(model.intercept_)])


def largest_difference(fit: LinearFit, reference: Float, *, model: int) -> float:
    """Between the weights; intercepts of several classes are determined up to a constant."""
    return float(np.abs(fit.u[model].numpy() - reference)[:, :-1].max())


@pytest.mark.parametrize("kind", KINDS, ids=["l1", "l2", "both"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("task", TASKS)
def test_the_optimum_is_scikit_learns(task: Task, shape: tuple[int, int], kind: tuple[float, float]) -> None:
    x, y = with_correlation(task, shape)
    pairs = [(kind[0] * s, kind[1] * s) for s in STRENGTHS]
    ours = problem(task, x, y, *pairs)
    fit = solve(ours)
    assert fit.converged.all()
    assert (fit.residual < 1e-8).all()
    references = [theirs(task, x, y, l1=l1, l2=l2) for l1, l2 in pairs]
    mine = ours.objective(fit.u.flatten(1))
    their = ours.objective(torch.tensor(np.stack(references)).flatten(1))
    assert (mine <= their * (1 + 1e-8)).all(), (mine, their)
    for model, reference in enumerate(references):
        assert largest_difference(fit, reference, model=model) < 1e-5
        if task == "regression":
            assert ((fit.u[model, :, :-1].numpy() == 0) == (reference[:, :-1] == 0)).all()
            np.testing.assert_allclose(fit.u[model, :, -1], reference[:, -1], atol=1e-6)


@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_without_penalty_it_is_maximum_likelihood(task: Task) -> None:
    x, y = with_correlation(task, (80, 5))
    ours = problem(task, x, y, (0, 0))
    fit = solve(ours)
    reference = theirs(task, x, y, l1=0, l2=0)
    assert fit.converged.all()
    mine, their = ours.objective(fit.u.flatten(1)), ours.objective(torch.tensor(reference).reshape(1, -1))
    assert float(mine) <= float(their) * (1 + 1e-12)
    shift = (fit.u[0].numpy() - reference).mean(0)  # common to all classes, and without effect
    assert np.abs(fit.u[0].numpy() - reference - shift * (task == "multiclass")).max() < 1e-3


@pytest.mark.parametrize("shape", [(60, 5), (20, 50), (12, 11)], ids=str)
def test_a_regression_without_penalty_is_least_squares_of_least_norm(shape: tuple[int, int]) -> None:
    x, y = rows("regression", *shape, seed=5)
    ours = problem("regression", x, y, (0, 0))
    wanted, *_ = np.linalg.lstsq(np.column_stack([x, np.ones(len(x))]), y, rcond=None)
    fit = solve(ours)
    assert fit.converged.all()
    np.testing.assert_allclose(fit.u[0, 0].numpy(), wanted, atol=1e-5)


def test_more_features_than_rows_with_a_penalty() -> None:
    x, y = rows("regression", 25, 60, seed=6)
    pairs = [(0.1, 0.0), (0.05, 0.05), (0.0, 0.1)]
    ours = problem("regression", x, y, *pairs)
    fit = solve(ours)
    assert fit.converged.all()
    for model, (l1, l2) in enumerate(pairs):
        reference = theirs("regression", x, y, l1=l1, l2=l2)
        assert largest_difference(fit, reference, model=model) < 1e-5
        assert ((fit.u[model, :, :-1].numpy() == 0) == (reference[:, :-1] == 0)).all()


@pytest.mark.parametrize("task", TASKS)
def test_at_the_largest_slope_all_weights_are_zero_and_just_below_one_is_not(task: Task) -> None:
    """The smallest l1 that leaves no weight is the largest |∂loss| at the best intercept alone."""
    x, y = with_correlation(task, (80, 5))
    alone = problem(task, x, y, (1e9, 0))
    fit = solve(alone)
    limit = float(alone.gradient(fit.u.flatten(1)).abs().max())
    above, below = solve(problem(task, x, y, (limit * 1.0001, 0), (limit * 0.99, 0))).u[:, :, :-1]
    assert (above == 0).all()
    assert (below != 0).any()


@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_separable_classes_without_penalty_are_stopped_on_the_way(task: Task) -> None:
    data = cell(task)
    code = np.digitize(data.x[:, 0], [0.0] if task == "binary" else [-0.5, 0.5]).astype(np.float64)
    fit = solve(problem(task, data.x, code, (0, 0), (0, 0.01)))
    assert fit.converged.tolist() == [False, True]
    assert torch.isfinite(fit.u).all()
    separable = type(data)(data.x, code, {"test": (data.x, code)}, 0)
    trained = train(training(task, hidden=None), [separable], points((0, 0), (0, 0.01)))
    assert "separable" in trained.note
    assert not trained.failed.any()
    assert np.isfinite(trained.losses["test"]).all()
    assert trained.losses["test"][0, 0, 0] < 1e-2 < trained.losses["test"][0, 1, 0]


def test_converged_models_need_no_note() -> None:
    for task in TASKS:
        assert train(training(task, hidden=None), [cell(task)], points((0.01, 0), (0, 0.01))).note == ""


@pytest.mark.parametrize("task", TASKS)
def test_gradient_and_hessian_are_autograds(task: Task) -> None:
    x, y = with_correlation(task, (30, 3))
    ours = problem(task, x, y, (0, 0), (0, 0))
    u = torch.tensor(np.random.default_rng(0).standard_normal((2, ours.n_outputs * 4)))
    for model in range(2):
        one = u[model : model + 1]
        gradient = jacobian(lambda v: ours.loss(v).sum(), one)[0]  # type: ignore[no-untyped-call]
        torch.testing.assert_close(ours.gradient(u)[model], gradient)
        second = hessian(lambda v: ours.loss(v).sum(), one)[0, :, 0]  # type: ignore[no-untyped-call]
        (whole,) = working_sets(torch.ones_like(u, dtype=torch.bool))
        torch.testing.assert_close(ours.hessian(u, whole).expand(2, -1, -1)[model], second)
        if task != "regression":
            wanted = torch.arange(len(u[0])) % 3 != model  # not as many of one class as of another
            (part,) = working_sets(wanted.expand(2, -1))
            torch.testing.assert_close(ours.hessian(u, part)[model], part.squares(second[None])[model])


@pytest.mark.parametrize("task", TASKS)
def test_trained_linear_models_report_what_was_solved(task: Task) -> None:
    cells, pairs = [cell(task, seed=seed) for seed in range(2)], [(0.1, 0.0), (0.0, 0.1)]
    trained = train(training(task, hidden=None), cells, points(*pairs))
    assert trained.checkpoints.tolist() == [0]
    for c, data in enumerate(cells):
        ours = problem(task, data.x, data.y, *pairs)
        fit = solve(ours)
        loss = ours.loss(fit.u.flatten(1)).numpy()
        np.testing.assert_allclose(trained.losses["train"][c, :, 0], loss, rtol=1e-9)
        used = (fit.u[:, :, :-1] != 0).any(1).sum(1).tolist()
        assert trained.nonzero_inputs[c, :, 0].tolist() == used
        assert trained.captured["row"][c].shape == (2, 1, 30)


def test_a_solution_can_be_stopped_between_two_steps() -> None:
    x, y = with_correlation("binary", (80, 5))
    asked = iter([False, False, True])
    with pytest.raises(Stopped):
        solve(problem("binary", x, y, (0.001, 0.001)), stop=lambda: next(asked))
