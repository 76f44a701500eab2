"""The optimum of linear models on rows that are read anew for every sum: exact, whatever their number.

Loss, slope and curvature are sums over rows, so Newton's method needs no more than passes over them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from regchoose.records.experiment import Penalties
from regchoose.records.words import Float, Task
from regchoose.training.device import Device
from regchoose.training.linear import LinearFit, LinearProblem, solve, violation
from regchoose.training.loss import row_loss
from regchoose.training.penalty import penalty_value
from regchoose.training.row_source import Numbers, Rows

Sum = Callable[[LinearProblem, Tensor], Tensor]


@dataclass(frozen=True)
class PassesProblem:
    """The problem of `LinearProblem`, its rows read in chunks; see `regchoose.training.linear.Problem`.

    Parameters
    ----------
    rows : Rows
    part : str
        Of the rows.
    n_outputs : int
        k.
    l1, l2 : Tensor (m,), float64
    device : torch.device
    passed : callable
        Is told after each pass.
    """

    rows: Rows
    part: str
    task: Task
    n_outputs: int
    l1: Tensor
    l2: Tensor
    device: Device
    passed: Callable[[], None]

    def only(self, models: Tensor) -> "PassesProblem":
        """Return the problem of some of the models: numbers of them."""
        return replace(self, l1=self.l1[models], l2=self.l2[models])

    @property
    def n_columns(self) -> int:
        """Inputs and the intercept, d + 1."""
        return self.rows.n_inputs + 1

    def matrix(self, u: Tensor) -> Tensor:
        """(m, k·(d+1)) -> (m, k, d+1)."""
        return u.view(len(u), self.n_outputs, -1)

    def loss(self, u: Tensor) -> Tensor:
        """Mean loss without the penalty: -> (m,)."""
        return self._mean(LinearProblem.loss, u)

    def largest_loss(self, u: Tensor) -> Tensor:
        """Loss of the row that is fitted worst: -> (m,)."""
        parts = [problem.largest_loss(u) for problem in self._chunks()]
        self.passed()
        return torch.stack(parts).amax(0)

    def objective(self, u: Tensor) -> Tensor:
        """J of each model: -> (m,)."""
        weights = self.matrix(u)[:, :, :-1].flatten(1)
        return self.loss(u) + penalty_value(weights, self.l1, self.l2)

    def gradient(self, u: Tensor) -> Tensor:
        """Gradient of the mean loss: -> (m, k·(d+1))."""
        return self._mean(LinearProblem.gradient, u)

    def residual(self, u: Tensor) -> Tensor:
        """Largest violation of the optimality condition, intercepts included: -> (m,)."""
        return violation(self.matrix(u), self.matrix(self.gradient(u)), l1=self.l1, l2=self.l2)

    def hessian(self, u: Tensor) -> Tensor:
        """Second derivative of the mean loss: -> (m, p, p) or (1, p, p)."""
        return self._mean(LinearProblem.hessian, u)

    def _mean(self, of: Sum, u: Tensor) -> Tensor:
        """Return the mean over all rows of what is a mean over the rows of a chunk."""
        total, count = torch.zeros((), dtype=torch.float64, device=self.device), 0
        for problem in self._chunks():
            total = total + of(problem, u) * len(problem.y)
            count += len(problem.y)
        self.passed()
        return total / count

    def _chunks(self) -> Iterator[LinearProblem]:
        for x, y in self.rows.in_order(self.part):
            yield LinearProblem(
                self.task, _with_one(x, self.device), _on(y, self.device), self.n_outputs, self.l1, self.l2
            )


def solve_passing(
    rows: Rows,
    part: str,
    penalties: Penalties,
    *,
    task: Task,
    n_outputs: int,
    device: Device,
    start: Float | None,
    moved_to: Callable[[Float], None],
    passed: Callable[[], None],
) -> tuple[Float, bool]:
    """Return the optimum (m, k, d + 1) of each penalty on a part of the rows, and whether it was reached.

    Parameters
    ----------
    start : ndarray (m, k·(d+1)), optional
        A point that `moved_to` was told.
    moved_to : callable
        Is told the point after each step.
    passed : callable
        Is told after each pass over the rows.
    """
    l1, l2 = (_on(strength, device) for strength in (penalties.l1, penalties.l2))
    problem = PassesProblem(rows, part, task, n_outputs, l1, l2, device, passed)
    fit: LinearFit = solve(
        problem,
        start=None if start is None else _on(start, device),
        moved_to=lambda u: moved_to(u.cpu().numpy()),
    )
    return fit.u.cpu().numpy(), bool(fit.converged.all())


def linear_losses(rows: Rows, part: str, u: Float, *, task: Task, device: Device) -> Iterator[Float]:
    """Yield the losses (m, n) of linear models u (m, k, d + 1) on a part of the rows, some at a time."""
    weights = _on(u, device)
    for x, y in rows.in_order(part):
        outputs = weights @ _with_one(x, device).T
        yield row_loss(task, outputs, _on(y, device).expand(len(u), -1)).cpu().numpy()


def _with_one(x: Numbers, device: Device) -> Tensor:
    return _on(np.column_stack([x, np.ones(len(x))]), device)


def _on(values: Numbers, device: Device) -> Tensor:
    return torch.as_tensor(np.asarray(values, dtype=np.float64), device=device)
