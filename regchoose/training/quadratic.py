"""Minimize ½uᵀHu − gᵀu + Σ threshold·|u| for m problems at once, exactly.

Accelerated proximal gradient steps (FISTA, Beck & Teboulle 2009; restarted as O'Donoghue & Candès 2015
propose) find which entries are zero; solving the linear system for the others makes them exact.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from regchoose.training.penalty import shrink_

STEPS, ROUNDS = 25, 40
SINGULAR = 2.3e-16  # times p: the share of the largest curvature below which rounding is all there is


@dataclass(frozen=True)
class Quadratic:
    """The m problems.

    Parameters
    ----------
    hessian : Tensor (m, p, p) or (1, p, p)
        H without its ridge; one for all where they share it.
    ridge : Tensor (m, p)
        Added to H's diagonal.
    linear : Tensor (m, p)
        g.
    threshold : Tensor (m, p)
        What |u| costs; zero for an intercept.
    """

    hessian: Tensor
    ridge: Tensor
    linear: Tensor
    threshold: Tensor

    def only(self, which: Tensor) -> "Quadratic":
        """Return the problems that a mask or indices select."""
        hessian = self.hessian if len(self.hessian) == 1 else self.hessian[which]
        return Quadratic(hessian, self.ridge[which], self.linear[which], self.threshold[which])

    def slope(self, u: Tensor) -> Tensor:
        """Gradient of the smooth part: (m, p) -> (m, p)."""
        if len(self.hessian) == 1:
            return u @ self.hessian[0] + self.ridge * u - self.linear
        return torch.bmm(self.hessian, u[:, :, None])[:, :, 0] + self.ridge * u - self.linear

    def value(self, u: Tensor) -> Tensor:
        """Return the objective: (m, p) -> (m,)."""
        smooth = 0.5 * (u * (self.slope(u) - self.linear)).sum(1)
        return smooth + (self.threshold * u.abs()).sum(1)

    def residual(self, u: Tensor) -> Tensor:
        """Largest violation of the optimality condition: (m, p) -> (m,)."""
        slope = self.slope(u)
        active = (slope + self.threshold * u.sign()).abs()
        return torch.where(u != 0, active, (slope.abs() - self.threshold).clamp_min(0)).amax(1)


def minimize(problem: Quadratic, start: Tensor, *, tolerance: Tensor) -> Tensor:
    """Return the minimizer of each problem: (m, p). Solved problems are left out of further steps.

    Parameters
    ----------
    start : Tensor (m, p)
    tolerance : Tensor (m,)
        Of the residual.
    """
    if not bool((problem.threshold > 0).any()):
        start = _nearest_minimum(problem, start)
        if bool((problem.residual(start) <= tolerance).all()):
            return start
    solution, left = start.clone(), torch.arange(len(start), device=start.device)
    eta = _step_sizes(problem)
    threshold = eta * problem.threshold
    u = ahead = start
    momentum = torch.ones_like(start[:, :1])
    for _ in range(ROUNDS):
        for _ in range(STEPS):
            new = shrink_(ahead - eta * problem.slope(ahead), threshold)
            uphill = ((ahead - new) * (new - u)).sum(1, keepdim=True) > 0
            momentum = torch.where(uphill, 1.0, momentum)
            larger = (1 + torch.sqrt(1 + 4 * momentum**2)) / 2
            ahead = new + torch.where(uphill, 0.0, (momentum - 1) / larger) * (new - u)
            u, momentum = new, larger
        solved, moved = _solve_nonzero(problem, u)
        u = torch.where(moved[:, None], solved, u)
        ahead = torch.where(moved[:, None], solved, ahead)
        momentum = torch.where(moved[:, None], 1.0, momentum)
        solution[left] = u
        going = problem.residual(u) > tolerance[left]
        if not bool(going.any()):
            break
        if not bool(going.all()):
            problem, left = problem.only(going), left[going]
            u, ahead, momentum, eta, threshold = (x[going] for x in (u, ahead, momentum, eta, threshold))
    return solution


def _nearest_minimum(problem: Quadratic, start: Tensor) -> Tensor:
    """Return, where nothing has a threshold, the minimum nearest to each start: (m, p).

    Where H is singular there are many; what the start has in its null space stays as it is.
    """
    whole = problem.hessian + torch.diag_embed(problem.ridge)
    curvatures, directions = torch.linalg.eigh(whole)
    flat = curvatures <= SINGULAR * len(whole[0]) * curvatures[:, -1:]
    inverse = torch.where(flat, 0.0, 1 / torch.where(flat, 1.0, curvatures))
    along = torch.bmm(problem.slope(start)[:, None], directions)[:, 0] * inverse
    return start - torch.bmm(directions, along[:, :, None])[:, :, 0]


def _step_sizes(problem: Quadratic) -> Tensor:
    """Return each entry's step: (m, p), the inverse of a diagonal matrix not below H with its ridge.

    With a threshold the entries are scaled by the diagonal first, which evens out curvatures that differ.
    Without one all steps are equal, so that they stay in the span of H.
    """
    diagonal = problem.hessian.diagonal(dim1=1, dim2=2) + problem.ridge
    scaled = (problem.threshold > 0).any(1, keepdim=True)
    floor = 1e-6 * diagonal.amax(1, keepdim=True)
    root = torch.where(scaled, torch.maximum(diagonal, floor), 1.0).sqrt()
    even = problem.hessian / (root[:, :, None] * root[:, None]) + torch.diag_embed(
        problem.ridge / root.square()
    )
    largest = torch.linalg.eigvalsh(even)[:, -1:].clamp_min(1e-300)
    return torch.reciprocal(largest * root.square())


def _solve_nonzero(problem: Quadratic, u: Tensor) -> tuple[Tensor, Tensor]:
    """Solve for the nonzero entries with their signs held; return the better point and where it is better."""
    free = (u != 0) | (problem.threshold == 0)
    hessian = problem.hessian * (free[:, :, None] & free[:, None])
    # For singular systems: small enough that a round or two correct it, and large enough that rounding
    # errors in the null space stay small when they are divided by it.
    hair = 1e-9 * problem.hessian.diagonal(dim1=1, dim2=2).amax(1, keepdim=True)
    hessian = hessian + torch.diag_embed(torch.where(free, problem.ridge + hair, 1.0))
    gradient = (problem.slope(u) + problem.threshold * u.sign()) * free
    change = -torch.linalg.solve_ex(hessian, gradient[:, :, None])[0][:, :, 0]
    # Past the point where an entry crosses zero its sign no longer holds: try the whole way with those
    # entries left at zero, and the way up to the first crossing.
    crosses = (u * (u + change) < 0) & (problem.threshold > 0)
    whole = torch.where(crosses, 0.0, u + change)
    way = torch.where(crosses, -u / change, 1.0)
    first = way.amin(1, keepdim=True)
    part = torch.where(crosses & (way <= first), 0.0, u + first * change)
    best, value, residual = u, problem.value(u), problem.residual(u)
    moved = torch.zeros_like(value, dtype=torch.bool)
    for candidate in (part, whole):
        new = problem.value(candidate)
        # Near the minimum the value no longer moves in its last digits; there the residual decides.
        flatter = (new <= value + 1e-12 * value.abs()) & (problem.residual(candidate) < residual)
        better = torch.isfinite(new) & ((new < value) | flatter)
        best = torch.where(better[:, None], candidate, best)
        value, residual = torch.where(better, new, value), problem.residual(best)
        moved |= better
    return best, moved
