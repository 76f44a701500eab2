"""A linear model is convex: its optimum is reached, for m penalties, in float64.

Newton's method with the penalty kept whole: the loss is replaced by its quadratic model, which
`regchoose.training.quadratic` minimizes exactly with the penalty (for a regression the quadratic model is the
loss itself). It stops when the optimality condition holds, not after a number of epochs. Loss, gradient and
curvature are sums over rows, so it needs no more than passes over them: rows may lie in memory, or be read
anew for every sum.

The curvature of classes differs from model to model and is most of the work. So it is computed for the
nonzero weights alone and those that the optimality condition wants to be; and with rows in memory a model
starts from the optimum of a stronger penalty, on a path from strong to weak (Friedman, Hastie & Tibshirani
2010, "Regularization paths for generalized linear models via coordinate descent").
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from math import log

import numpy as np
import torch
from torch import Tensor

from regchoose.records.words import Task
from regchoose.training.block import Stopped
from regchoose.training.loss import row_loss, slope
from regchoose.training.networks.linear import with_intercept
from regchoose.training.penalty import PenaltyTensors
from regchoose.training.quadratic import Quadratic, WorkingSet, is_better, minimize, times, working_sets
from regchoose.training.row_source import Numbers, RowPart, RowSource

TOLERANCE = 1e-9  # of the optimality condition, relative to the slope at zero weights
ITERATIONS, HALVINGS = 100, 12
SEPARATED_LOSS = 1e-4  # nats, at which a model of separable classes is stopped: there is no optimum to reach
FEWEST_ON_PATH = 64  # parameters of a model; with fewer of them, calling operations costs more than they do

RowFunction = Callable[[Tensor, Tensor], Tensor]  # of rows x (n, d + 1), the last column 1, and y (n,)


# ---- rows ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SolverRows:
    """Rows x (n, d + 1), the last column 1, and y (n,), of which the solver needs nothing but sums."""

    chunks: Callable[[], Iterable[tuple[Tensor, Tensor]]]  # yields all rows, some at a time
    n_rows: int  # n
    n_columns: int  # d + 1
    in_memory: bool  # whether a sum costs no pass over a file

    @classmethod
    def of(cls, x: Numbers, y: Numbers, *, device: torch.device) -> "SolverRows":
        """Copy rows x (n, d), y (n,) to a device."""
        copies = [_copy(x, y, device)]
        return cls(lambda: copies, len(y), x.shape[1] + 1, in_memory=True)

    @classmethod
    def of_source(
        cls, source: RowSource, part: RowPart, *, device: torch.device, after_pass: Callable[[], None]
    ) -> "SolverRows":
        """Return a part of a row source: copied at once if it is in memory, else read anew for every sum.

        `after_pass` is called after each pass over rows that are read.
        """
        if source.in_memory:
            ((x, y),) = source.in_order(part)
            return cls.of(x, y, device=device)

        def read() -> Iterator[tuple[Tensor, Tensor]]:
            yield from (_copy(x, y, device) for x, y in source.in_order(part))
            after_pass()

        return cls(read, source.count(part), source.n_inputs + 1, in_memory=False)

    @cached_property
    def gram(self) -> Tensor:
        """Mean of x·xᵀ: (d + 1, d + 1)."""
        return self.mean(lambda x, _: x.T @ x / len(x))

    def mean(self, of_rows: RowFunction) -> Tensor:
        """Return the mean over all rows of a function that returns the mean over the rows it is given."""
        return reduce(torch.add, (of_rows(x, y) * (len(y) / self.n_rows) for x, y in self.chunks()))

    def largest(self, of_rows: RowFunction) -> Tensor:
        """Return the largest over all rows of a function that returns the largest of its rows: -> (m,)."""
        return torch.stack([of_rows(x, y) for x, y in self.chunks()]).amax(0)


def _copy(x: Numbers, y: Numbers, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return x (n, d + 1) and y (n,) on a device."""
    x_there, y_there = (torch.as_tensor(np.asarray(part, dtype=np.float64), device=device) for part in (x, y))
    return with_intercept(x_there), y_there


# ---- the problem ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class LinearProblem:
    """Rows and the penalties of m linear models.

    The parameters u of a model are a (k, d + 1) matrix in one row: weights and intercept of each output.
    """

    task: Task
    rows: SolverRows  # targets are standardized numbers or class codes
    n_outputs: int  # k
    penalties: PenaltyTensors  # in float64

    def only(self, models: Tensor) -> "LinearProblem":
        """Return the problem of the models with these indices."""
        return replace(self, penalties=self.penalties[models])

    def matrix(self, u: Tensor) -> Tensor:
        """(m, k·(d+1)) -> (m, k, d+1)."""
        return u.view(len(u), self.n_outputs, -1)

    def loss(self, u: Tensor) -> Tensor:
        """Mean loss without the penalty: -> (m,)."""
        return self.rows.mean(lambda x, y: self._row_loss(u, x, y).mean(1))

    def largest_loss(self, u: Tensor) -> Tensor:
        """Loss of the row that is fitted worst: -> (m,)."""
        return self.rows.largest(lambda x, y: self._row_loss(u, x, y).amax(1))

    def objective(self, u: Tensor) -> Tensor:
        """J of each model: -> (m,)."""
        return self.loss(u) + self.penalties.value(self.matrix(u)[:, :, :-1].flatten(1))

    def gradient(self, u: Tensor) -> Tensor:
        """Gradient of the mean loss: -> (m, k·(d+1))."""

        def mean_gradient(x: Tensor, y: Tensor) -> Tensor:
            back = slope(self.task, self._outputs(u, x), y.expand(len(u), -1)) / len(y)
            return (back @ x).flatten(1)

        return self.rows.mean(mean_gradient)

    def residual(self, u: Tensor) -> Tensor:
        """Largest violation of the optimality condition, intercepts included: -> (m,)."""
        weights, gradient = self.matrix(u), self.matrix(self.gradient(u))
        of_weights = self.penalties.violation(weights[:, :, :-1].flatten(1), gradient[:, :, :-1].flatten(1))
        return torch.maximum(of_weights, gradient[:, :, -1].abs().amax(1))

    def hessian(self, u: Tensor, of: WorkingSet) -> Tensor:
        """Second derivative of the mean loss at u (m, p), by a working set: -> (g, q, q).

        For a regression, where all models share it, it is by all parameters: -> (1, p, p).
        """
        if self.task == "regression":
            return 2 * self.rows.gram[None]
        return self.rows.mean(lambda x, _: self._hessian(u[of.models], x, of))

    def _outputs(self, u: Tensor, x: Tensor) -> Tensor:
        return self.matrix(u) @ x.T

    def _row_loss(self, u: Tensor, x: Tensor, y: Tensor) -> Tensor:
        return row_loss(self.task, self._outputs(u, x), y.expand(len(u), -1))

    def _hessian(self, u: Tensor, x: Tensor, of: WorkingSet) -> Tensor:
        """Return Σ over rows of x·xᵀ, for classes i and j times πᵢ(1 − πᵢ) or −πᵢπⱼ, π the probabilities."""
        columns, outputs = of.entries % x.shape[1], of.entries // x.shape[1]
        chosen = x.T[columns]  # (g, q, n)
        if self.task == "binary":
            p = torch.sigmoid(self._outputs(u, x))
            return of.fill_up((chosen * (p * (1 - p) / len(x))) @ chosen.transpose(1, 2))
        p = torch.softmax(self._outputs(u, x), 1)
        weighted = chosen * p.gather(1, outputs[:, :, None].expand_as(chosen))
        full = torch.baddbmm(x.new_zeros(1), weighted, weighted.transpose(1, 2), beta=0, alpha=-1)
        for model in range(len(u)):
            # The parameters of a class stand side by side.
            ends = torch.bincount(outputs[model], minlength=self.n_outputs).cumsum(0).tolist()
            for begin, end in zip([0, *ends], ends, strict=False):
                block = slice(begin, end)
                full[model, block, block] += weighted[model, block] @ chosen[model, block].T
        return of.fill_up(full / len(x))


# ---- its solution --------------------------------------------------------------------------------


@dataclass(frozen=True)
class LinearFit:
    """The optimum of each model.

    Separable classes without a penalty have no optimum; then u is where the method was stopped.
    """

    u: Tensor  # (m, k, d + 1): weights, and the intercept last
    residual: Tensor  # (m,): remaining violation of the optimality condition
    converged: Tensor  # (m,): whether that is within the tolerance


def solve(
    problem: LinearProblem,
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
        A point that an earlier call has reported: the steps go on from there as they would have.
    moved_to : callable
        Called with the point after each step.

    Raises
    ------
    Stopped
        Where `stop()` became true between two steps.
    """
    penalties = problem.penalties
    zero = penalties.l1.new_zeros(len(penalties), problem.n_outputs * problem.rows.n_columns)
    scale = problem.gradient(zero).abs().amax(1).clamp_min(1e-12)
    u = zero if start is None else start
    for models, parents in _path(problem):
        untouched = (u[models] == 0).all(1)[:, None]
        from_parents = torch.where((parents >= 0)[:, None], u[parents], 0.0)
        u = u.index_put((models,), torch.where(untouched, from_parents, u[models]))
        u = _solve_together(problem, u, models, scale=scale, stop=stop, moved_to=moved_to)
    residual = problem.residual(u)
    converged = (residual <= 1e3 * TOLERANCE * scale) & ~_separated(problem, u)
    return LinearFit(problem.matrix(u), residual, converged)


def _path(problem: LinearProblem) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield models that are solved together, and for each the solved one from which it starts, or −1.

    They are those of equal strength, l1 + l2, from strong to weak, and start from the model of the nearest
    share of l1 among those that were last. A model without a penalty starts from zero: what it has in the
    null space of the rows stays there, and its minimum is to be the one of least norm. All models are solved
    together for a regression, whose curvature they share; where a pass over the rows is what costs; and where
    there are few parameters.
    """
    l1, l2 = problem.penalties.l1, problem.penalties.l2
    everything = torch.arange(len(l1), device=l1.device)
    few = problem.n_outputs * problem.rows.n_columns < FEWEST_ON_PATH
    if problem.task == "regression" or few or not problem.rows.in_memory:
        yield everything, torch.full_like(everything, -1)
        return
    share = l1 / (l1 + l2)
    strengths = [float(f"{strength:.9g}") for strength in (l1 + l2).tolist()]
    solved = everything[:0]
    for strength in sorted(set(strengths), reverse=True):
        models = everything[[other == strength for other in strengths]]
        parents = torch.full_like(models, -1)
        if len(solved) and strength > 0:
            parents = solved[(share[models, None] - share[solved]).abs().argmin(1)]
        yield models, parents
        solved = models


def _solve_together(
    problem: LinearProblem,
    u: Tensor,
    models: Tensor,
    *,
    scale: Tensor,
    stop: Callable[[], bool],
    moved_to: Callable[[Tensor], None],
) -> Tensor:
    """Return u (m, p) with some models at their optimum, by Newton's method."""
    columns = problem.rows.n_columns
    is_weight = (torch.arange(u.shape[1], device=u.device) % columns) != columns - 1
    ridge = (2 * problem.penalties.l2)[:, None] * is_weight
    threshold = problem.penalties.l1[:, None] * is_weight
    left = models
    for _ in range(ITERATIONS):
        if not len(left):
            break
        if stop():
            raise Stopped
        open_problem, at = problem.only(left), u[left]
        residual = open_problem.residual(at)
        going = (residual > TOLERANCE * scale[left]) & ~_diverges(open_problem, at)
        left, at, residual = left[going], at[going], residual[going]
        if not len(left):
            break
        open_problem = problem.only(left)
        # No more exact than the quadratic model is: far from the optimum a tenth is enough.
        share = (residual / scale[left]).clamp(1e-4, 0.1)
        tolerance = torch.maximum(0.01 * TOLERANCE * scale[left], residual * share)
        aim = _aim(open_problem, at, ridge[left], threshold[left], tolerance=tolerance)
        better, moved = _line_search(open_problem, at, aim)
        left = left[moved]  # where no point on the way is better, none will be
        u = u.index_put((left,), better[moved])
        moved_to(u)
    return u


def _aim(problem: LinearProblem, u: Tensor, ridge: Tensor, threshold: Tensor, *, tolerance: Tensor) -> Tensor:
    """Return where the quadratic model at u is lowest, over the working set alone: (m, p) -> (m, p)."""
    gradient, aim = problem.gradient(u), u
    shared = problem.task == "regression"
    wanted = (u != 0) | ((gradient + ridge * u).abs() >= threshold) | shared
    for part in working_sets(wanted, together=shared or not problem.rows.in_memory):
        hessian, at = problem.hessian(u, part), part.take(u)
        linear = times(hessian, at) - part.take(gradient)
        model = Quadratic(hessian, part.take(ridge), linear, part.take(threshold, filler=1.0))
        aim = part.put(minimize(model, at, tolerance=tolerance[part.models]), aim)
    if problem.n_outputs > 1:
        # What all classes' intercepts share has no effect, and rounding errors would move it.
        intercepts = problem.matrix(aim)[:, :, -1]
        intercepts -= intercepts.mean(1, keepdim=True)
    return aim


def _diverges(problem: LinearProblem, u: Tensor) -> Tensor:
    """Whether a model is on its way to infinity, and far enough to be stopped."""
    return _separated(problem, u) & (problem.loss(u) <= SEPARATED_LOSS)


def _separated(problem: LinearProblem, u: Tensor) -> Tensor:
    """Whether a model without penalty classifies every row correctly: then a larger u is always better.

    The gradient vanishes on the way to infinity, so the optimality condition alone would find an optimum.
    """
    free = (problem.penalties.l1 == 0) & (problem.penalties.l2 == 0)
    if problem.task == "regression" or not bool(free.any()):
        return torch.zeros_like(free)
    return free & (problem.largest_loss(u) < log(2))


def _line_search(problem: LinearProblem, u: Tensor, aim: Tensor) -> tuple[Tensor, Tensor]:
    """Halve the way to `aim` until the objective falls; return the points and where they moved."""
    value, residual = problem.objective(u), problem.residual(u)
    best, moved = u, torch.zeros_like(value, dtype=torch.bool)
    for halving in range(HALVINGS):
        candidate = torch.lerp(u, aim, 0.5**halving) if halving else aim
        new = problem.objective(candidate)
        better = is_better(new, problem.residual(candidate), than=value, residual=residual) & ~moved
        best = torch.where(better[:, None], candidate, best)
        moved |= better
        if bool(moved.all()):
            break
    return best, moved
