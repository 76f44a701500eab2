"""A linear model is convex: its optimum is reached, for m penalties at once, in float64.

Newton's method with the penalty kept whole: the loss is replaced by its quadratic model, which
`regchoose.training.quadratic` minimizes exactly with the penalty (for a regression that is the problem
itself). What stops it is the optimality condition, not a number of epochs.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import log
from typing import Protocol, Self

import torch
from torch import Tensor

from regchoose.records.words import Task
from regchoose.training.block import Stopped
from regchoose.training.loss import row_loss, slope
from regchoose.training.penalty import optimality, penalty_value
from regchoose.training.quadratic import Quadratic, minimize

TOLERANCE = 1e-9  # of the optimality condition, against the slope at zero weights
ITERATIONS, HALVINGS = 100, 12
SEPARATED_LOSS = 1e-4  # nats, at which a model of separable classes is stopped: there is no optimum to reach


@dataclass(frozen=True)
class LinearProblem:
    """One cell's rows and the penalties of its m models.

    The parameters u of a model are a (k, d + 1) matrix in one row: weights and intercept of each output.

    Parameters
    ----------
    x : Tensor (n, d + 1), float64
        The last column is 1.
    y : Tensor (n,), float64
        Standardized numbers, or class codes.
    n_outputs : int
        k.
    l1, l2 : Tensor (m,), float64
    """

    task: Task
    x: Tensor
    y: Tensor
    n_outputs: int
    l1: Tensor
    l2: Tensor

    def only(self, models: Tensor) -> "LinearProblem":
        """Return the problem of some of the models: numbers of them."""
        return replace(self, l1=self.l1[models], l2=self.l2[models])

    @property
    def n_columns(self) -> int:
        """Inputs and the intercept, d + 1."""
        return self.x.shape[1]

    def matrix(self, u: Tensor) -> Tensor:
        """(m, k·(d+1)) -> (m, k, d+1)."""
        return u.view(len(u), self.n_outputs, -1)

    def outputs(self, u: Tensor) -> Tensor:
        """(m, k·(d+1)) -> (m, k, n)."""
        return self.outputs_of(u, self.x)

    def outputs_of(self, u: Tensor, x: Tensor) -> Tensor:
        """Return the outputs for other rows: (m, k·(d+1)), (n', d+1) -> (m, k, n')."""
        return self.matrix(u) @ x.T

    def loss(self, u: Tensor) -> Tensor:
        """Mean loss without the penalty: -> (m,)."""
        return row_loss(self.task, self.outputs(u), self.y.expand(len(u), -1)).mean(1)

    def objective(self, u: Tensor) -> Tensor:
        """J of each model: -> (m,)."""
        weights = self.matrix(u)[:, :, :-1].flatten(1)
        return self.loss(u) + penalty_value(weights, self.l1, self.l2)

    def gradient(self, u: Tensor) -> Tensor:
        """Gradient of the mean loss: -> (m, k·(d+1))."""
        back = slope(self.task, self.outputs(u), self.y.expand(len(u), -1)) / len(self.y)
        return (back @ self.x).flatten(1)

    def residual(self, u: Tensor) -> Tensor:
        """Largest violation of the optimality condition, intercepts included: -> (m,)."""
        return violation(self.matrix(u), self.matrix(self.gradient(u)), l1=self.l1, l2=self.l2)

    def largest_loss(self, u: Tensor) -> Tensor:
        """Loss of the row that is fitted worst: -> (m,)."""
        return row_loss(self.task, self.outputs(u), self.y.expand(len(u), -1)).amax(1)

    def hessian(self, u: Tensor) -> Tensor:
        """Second derivative of the mean loss: -> (m, p, p), or (1, p, p) where it is the same for all."""
        x, n = self.x, len(self.x)
        if self.task == "regression":
            return (2 / n * x.T @ x)[None]
        if self.task == "binary":
            p = torch.sigmoid(self.outputs(u))[:, 0]
            return (x * (p * (1 - p) / n)[:, :, None]).transpose(1, 2) @ x
        p = torch.softmax(self.outputs(u), 1)
        m, k, d = len(u), self.n_outputs, x.shape[1]
        full = x.new_empty(m, k, d, k, d)
        for i in range(k):
            for j in range(i + 1):
                weight = p[:, i] * (float(i == j) - p[:, j]) / n
                full[:, i, :, j] = (x * weight[:, :, None]).transpose(1, 2) @ x
                full[:, j, :, i] = full[:, i, :, j]
        return full.view(m, k * d, k * d)


def violation(weights: Tensor, gradient: Tensor, *, l1: Tensor, l2: Tensor) -> Tensor:
    """Largest violation of the optimality condition: (m, k, d + 1), (m, k, d + 1) -> (m,).

    Parameters
    ----------
    weights, gradient : Tensor
        The last column is the intercept's.
    """
    of_weights = optimality(weights[:, :, :-1].flatten(1), gradient[:, :, :-1].flatten(1), l1, l2)
    return torch.maximum(of_weights, gradient[:, :, -1].abs().amax(1))


class Problem(Protocol):
    """What the method asks of a problem: see `LinearProblem`, which holds its rows."""

    def only(self, models: Tensor) -> Self:
        """Return the problem of some of the models: numbers of them."""

    @property
    def task(self) -> Task:
        """The task."""

    @property
    def n_columns(self) -> int:
        """Inputs and the intercept, d + 1."""

    @property
    def n_outputs(self) -> int:
        """Outputs, k."""

    @property
    def l1(self) -> Tensor:
        """Strengths (m,), float64."""

    @property
    def l2(self) -> Tensor:
        """Strengths (m,), float64."""

    def matrix(self, u: Tensor) -> Tensor:
        """(m, k·(d+1)) -> (m, k, d+1)."""

    def loss(self, u: Tensor) -> Tensor:
        """Mean loss without the penalty: -> (m,)."""

    def largest_loss(self, u: Tensor) -> Tensor:
        """Loss of the row that is fitted worst: -> (m,)."""

    def objective(self, u: Tensor) -> Tensor:
        """J of each model: -> (m,)."""

    def gradient(self, u: Tensor) -> Tensor:
        """Gradient of the mean loss: -> (m, k·(d+1))."""

    def residual(self, u: Tensor) -> Tensor:
        """Largest violation of the optimality condition, intercepts included: -> (m,)."""

    def hessian(self, u: Tensor) -> Tensor:
        """Second derivative of the mean loss: -> (m, p, p) or (1, p, p)."""


@dataclass(frozen=True)
class LinearFit:
    """The optimum of each model.

    Parameters
    ----------
    u : Tensor (m, k, d + 1)
        Weights, and the intercept last.
    residual : Tensor (m,)
        What is left of the optimality condition.
    converged : Tensor (m,), bool
        Whether that is within the tolerance. Separable classes without a penalty have no optimum: there the
        solution is the one at which the method was stopped.
    """

    u: Tensor
    residual: Tensor
    converged: Tensor


def solve(
    problem: Problem,
    *,
    stop: Callable[[], bool] = lambda: False,
    start: Tensor | None = None,
    moved_to: Callable[[Tensor], None] = lambda _: None,
) -> LinearFit:
    """Minimize J for each penalty, from zero weights.

    Where several minima exist (no penalty and more features than rows), the steps stay in the span of the
    rows, so the minimum found is the one of least norm.

    Parameters
    ----------
    start : Tensor (m, k·(d+1)), optional
        A point that an earlier call has told: the steps go on from there as they would have.
    moved_to : callable
        Is told the point after each step.

    Raises
    ------
    Stopped
        Where `stop()` became true between two steps.
    """
    m, columns = len(problem.l1), problem.n_columns
    u = problem.l1.new_zeros(m, problem.n_outputs * columns)
    scale = problem.gradient(u).abs().amax(1).clamp_min(1e-12)
    u = u if start is None else start
    is_weight = (torch.arange(u.shape[1], device=u.device) % columns) != columns - 1
    ridge, threshold = (2 * problem.l2)[:, None] * is_weight, problem.l1[:, None] * is_weight
    left = torch.arange(m, device=u.device)
    for _ in range(ITERATIONS):
        if stop():
            raise Stopped
        own, at = problem.only(left), u[left]
        residual = own.residual(at)
        going = (residual > TOLERANCE * scale[left]) & ~_endless(own, at)
        left, at, residual = left[going], at[going], residual[going]
        if not len(left):
            break
        own = problem.only(left)
        hessian = own.hessian(at)
        product = at @ hessian[0] if len(hessian) == 1 else torch.bmm(hessian, at[:, :, None])[:, :, 0]
        model = Quadratic(hessian, ridge[left], product - own.gradient(at), threshold[left])
        # No more exact than the model is: far from the optimum a tenth will do.
        share = (residual / scale[left]).clamp(1e-4, 0.1)
        aim = minimize(model, at, tolerance=torch.maximum(0.01 * TOLERANCE * scale[left], residual * share))
        better, moved = _line_search(own, at, aim)
        left = left[moved]  # where nothing is better, nothing will be
        u = u.index_put((left,), better[moved])
        moved_to(u)
    residual = problem.residual(u)
    converged = (residual <= 1e3 * TOLERANCE * scale) & ~_separated(problem, u)
    return LinearFit(problem.matrix(u), residual, converged)


def _endless(problem: Problem, u: Tensor) -> Tensor:
    """Whether a model is on its way to infinity, and far enough on it."""
    return _separated(problem, u) & (problem.loss(u) <= SEPARATED_LOSS)


def _separated(problem: Problem, u: Tensor) -> Tensor:
    """Whether a model without penalty puts every row into its class: then a larger u is better, for ever.

    The slope fades on that way, so the optimality condition alone would call it an optimum.
    """
    free = (problem.l1 == 0) & (problem.l2 == 0)
    if problem.task == "regression":
        return torch.zeros_like(free)
    return free & (problem.largest_loss(u) < log(2))


def _line_search(problem: Problem, u: Tensor, aim: Tensor) -> tuple[Tensor, Tensor]:
    """Halve the way to `aim` until the objective falls; return the points and where they moved."""
    value, residual = problem.objective(u), problem.residual(u)
    best, moved = u, torch.zeros_like(value, dtype=torch.bool)
    for halving in range(HALVINGS):
        candidate = torch.lerp(u, aim, 0.5**halving) if halving else aim
        new = problem.objective(candidate)
        calmer = (new <= value + 1e-12 * value.abs()) & (problem.residual(candidate) < residual)
        better = ((new < value) | calmer) & ~moved
        best = torch.where(better[:, None], candidate, best)
        moved |= better
        if bool(moved.all()):
            break
    return best, moved
