"""Minimize ½uᵀHu − gᵀu + Σ threshold·|u| for m problems at once, exactly.

Where the signs of the nonzero entries are known, the minimum is one linear system. Accelerated proximal
gradient steps find them (FISTA, Beck & Teboulle 2009; restarted as O'Donoghue & Candès 2015 propose), which
is quick unless H is ill-conditioned; then an interior-point method does (Mehrotra 1992, "On the
implementation of a primal-dual interior point method"), in a dozen or two systems whatever H is. The systems
are those of the entries that are nonzero, or that the optimality condition wants to be; it is checked for all
others afterwards (Tibshirani et al. 2012, "Strong rules for discarding predictors in lasso-type problems").
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields

import torch
from torch import Tensor

from regchoose.training.penalty import shrink_, violation_at

STEPS, ROUNDS = 25, 4  # of proximal gradients, before the signs are tried, and before the interior is
POWERS, MARGIN = 10, 1.2  # for the largest curvature: steps of the power iteration, and what they may miss
INSIDE_STEPS, INSIDE_ROUNDS = 4, 12  # along the central path
INSIDE = 0.995  # of the way to where a slack would vanish
WIDTH = 64  # entries, to whose multiples working sets are filled up: those of one width are solved together
MOST_NUMBERS = 2**17  # of the matrices that are worked on at once: they are to stay in the cache
SINGULAR = 2.3e-16  # times p: the share of the largest curvature below which rounding is all there is
# For singular systems: small enough that a round or two correct it, and large enough that rounding errors in
# the null space stay small when they are divided by it.
HAIR = 1e-9


@dataclass(frozen=True)
class Quadratic:
    """The m problems."""

    hessian: Tensor  # (m, p, p): H without its ridge; (1, p, p) where all share it
    ridge: Tensor  # (m, p): added to H's diagonal
    linear: Tensor  # (m, p): g
    threshold: Tensor  # (m, p): what |u| costs; zero for an intercept

    def only(self, which: Tensor) -> "Quadratic":
        """Return the problems that a mask or indices select."""
        hessian = self.hessian if len(self.hessian) == 1 else self.hessian[which]
        return Quadratic(hessian, self.ridge[which], self.linear[which], self.threshold[which])

    def slope(self, u: Tensor) -> Tensor:
        """Gradient of the smooth part: (m, p) -> (m, p)."""
        return times(self.hessian, u) + self.ridge * u - self.linear

    def residual(self, u: Tensor) -> Tensor:
        """Largest violation of the optimality condition: (m, p) -> (m,)."""
        return self.measure(u)[1]

    def measure(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """Return the objective and the residual: (m, p) -> (m,), (m,)."""
        slope = self.slope(u)
        value = (0.5 * u * (slope - self.linear) + self.threshold * u.abs()).sum(1)
        return value, violation_at(u, slope, self.threshold)


def times(hessian: Tensor, u: Tensor) -> Tensor:
    """Hu of each problem: (m, p, p) or (1, p, p), (m, p) -> (m, p)."""
    if len(hessian) == 1:
        return u @ hessian[0]
    return torch.bmm(hessian, u[:, :, None])[:, :, 0]


@dataclass(frozen=True)
class WorkingSet:
    """The entries of some models that are worked on, as many for each."""

    models: Tensor  # (g,): indices of the models
    entries: Tensor  # (g, q): indices of each one's entries, in their order
    used: Tensor  # (g, q): which of them count; a model with fewer entries is filled up

    def take(self, values: Tensor, *, filler: float = 0.0) -> Tensor:
        """Return the entries of all models' values: (m, p) -> (g, q)."""
        return torch.where(self.used, values[self.models].gather(1, self.entries), filler)

    def put(self, values: Tensor, into: Tensor) -> Tensor:
        """Return values (m, p), with those of the models replaced by (g, q), and zero at other entries."""
        rows = torch.zeros_like(into[self.models]).scatter_add(1, self.entries, values * self.used)
        return into.index_put((self.models,), rows)

    def squares(self, hessian: Tensor) -> Tensor:
        """Return the entries of H, and the identity's where it is filled up: (m or 1, p, p) -> (g, q, q)."""
        which = self.models if len(hessian) > 1 else torch.zeros_like(self.models)
        if self.used.shape[1] == hessian.shape[1]:
            return self.fill_up(hessian[which])
        pairs = zip(which.tolist(), self.entries, strict=True)
        return self.fill_up(torch.stack([hessian[model][own][:, own] for model, own in pairs]))

    def fill_up(self, part: Tensor) -> Tensor:
        """Make the rows and columns of (g, q, q) that do not count those of the identity, in place."""
        if not bool(self.used.all()):
            part.mul_(self.used[:, :, None] & self.used[:, None])
            part.diagonal(dim1=1, dim2=2).add_(~self.used)
        return part


def working_sets(wanted: Tensor, *, together: bool = False) -> Iterator[WorkingSet]:
    """Yield the wanted entries (m, p), of models with about as many together; of all models if `together`."""
    p = wanted.shape[1]
    counts = wanted.sum(1)
    widths = (-(-counts // WIDTH) * WIDTH).clamp(1, p)
    if together:
        widths = widths.amax().expand_as(widths)
    order = torch.argsort((~wanted).to(torch.int8), dim=1, stable=True)  # those wanted first
    for width in sorted(set(widths.tolist())):
        alike = (widths == width).nonzero()[:, 0]
        for models in [alike] if together else alike.split(max(1, MOST_NUMBERS // width**2)):
            entries = order[models, :width].sort(1).values
            yield WorkingSet(models, entries, wanted[models].gather(1, entries))


def minimize(problem: Quadratic, start: Tensor, *, tolerance: Tensor) -> Tensor:
    """Return the minimizer of each problem: (m, p). Solved problems are left out of further rounds.

    Parameters
    ----------
    start : Tensor (m, p)
    tolerance : Tensor (m,)
        Of the residual.
    """
    if not bool((problem.threshold > 0).any() | (problem.ridge > 0).any()):
        return _nearest_minimum(problem, start)
    solution, left = start, torch.arange(len(start), device=start.device)
    # The signs of a start that is nonzero may be right already.
    first = 0 if bool((start != 0).any()) or not bool((problem.threshold > 0).any()) else 1
    for number in range(first, 1 + ROUNDS + INSIDE_ROUNDS):
        u = solution[left]
        going = problem.residual(u) > tolerance[left]
        if not bool(going.any()):
            break
        if not bool(going.all()):
            problem, left, u = problem.only(going), left[going], u[going]
        if number == 0:
            u = _solve_signed(problem, u)
        elif number <= ROUNDS:
            u = _solve_signed(problem, _accelerate(problem, u))
        else:
            u = _solve_inside(problem, u, tolerance=tolerance[left])
        solution = solution.index_put((left,), u)
    return solution


def _nearest_minimum(problem: Quadratic, start: Tensor) -> Tensor:
    """Return, where nothing has a threshold, the minimum nearest to each start: (m, p).

    Where H is singular there are many; what the start has in its null space stays as it is.
    """
    whole = problem.hessian.expand(len(start), -1, -1)
    curvatures, directions = torch.linalg.eigh(whole)
    flat = curvatures <= SINGULAR * len(whole[0]) * curvatures[:, -1:]
    inverse = torch.where(flat, 0.0, 1 / torch.where(flat, 1.0, curvatures))
    along = torch.bmm(problem.slope(start)[:, None], directions)[:, 0] * inverse
    return start - torch.bmm(directions, along[:, :, None])[:, :, 0]


def _accelerate(problem: Quadratic, start: Tensor) -> Tensor:
    """Return the points after some steps of proximal gradients."""
    eta = _step_sizes(problem)
    threshold = eta * problem.threshold
    u = ahead = start
    momentum = torch.ones_like(start[:, :1])
    for _ in range(STEPS):
        new = shrink_(ahead - eta * problem.slope(ahead), threshold)
        uphill = ((ahead - new) * (new - u)).sum(1, keepdim=True) > 0
        momentum = torch.where(uphill, 1.0, momentum)
        larger = (1 + torch.sqrt(1 + 4 * momentum**2)) / 2
        ahead = new + torch.where(uphill, 0.0, (momentum - 1) / larger) * (new - u)
        u, momentum = new, larger
    return u


def _step_sizes(problem: Quadratic) -> Tensor:
    """Return each entry's step: (m, p), about the inverse of a diagonal matrix not below H with its ridge.

    The entries are scaled by the diagonal first, which evens out curvatures that differ.
    """
    diagonal = problem.hessian.diagonal(dim1=1, dim2=2) + problem.ridge
    root = torch.maximum(diagonal, 1e-6 * diagonal.amax(1, keepdim=True)).clamp_min(1e-300).sqrt()
    v, largest = torch.ones_like(root), torch.ones_like(root[:, :1])
    for _ in range(POWERS):
        v = v / largest
        v = (times(problem.hessian, v / root) + problem.ridge * v / root) / root
        largest = v.square().sum(1, keepdim=True).sqrt().clamp_min(1e-300)
    return torch.reciprocal(MARGIN * largest * root.square())


def _solve_signed(problem: Quadratic, u: Tensor) -> Tensor:
    """Solve with the signs held, and return the better points.

    The sign of a zero entry is the one that it would take downhill. Entries that end up with another sign are
    left at zero (the two-metric projection of Bertsekas 1982).
    """
    slope = problem.slope(u)
    sign = torch.where(u != 0, u.sign(), -slope.sign()) * (problem.threshold > 0)
    gradient, change = slope + problem.threshold * sign, torch.zeros_like(u)
    hair = HAIR * problem.hessian.diagonal(dim1=1, dim2=2).amax(1).expand(len(u))
    for part in working_sets((u != 0) | (slope.abs() >= problem.threshold)):
        matrix = part.squares(problem.hessian)
        matrix.diagonal(dim1=1, dim2=2).add_(part.take(problem.ridge))
        right, factor = part.take(gradient)[:, :, None], _factor(matrix, hair[part.models, None])
        x = torch.cholesky_solve(right, factor)
        x = x + torch.cholesky_solve(right - torch.bmm(matrix, x), factor)
        change = part.put(-x[:, :, 0], change)
    # Past the point where an entry crosses zero its sign no longer holds: try the whole way with those
    # entries left at zero, and the way up to the first crossing.
    crosses = sign * (u + change) < 0
    whole = torch.where(crosses, 0.0, u + change)
    way = torch.where(crosses & (u != 0), -u / change, 1.0)
    first = way.amin(1, keepdim=True)
    part_way = torch.where(crosses & ((u == 0) | (way <= first)), 0.0, u + first * change)
    value, residual = problem.measure(u)
    for candidate in (part_way, whole):
        new, its_residual = problem.measure(candidate)
        better = torch.isfinite(new) & is_better(new, its_residual, than=value, residual=residual)
        u = torch.where(better[:, None], candidate, u)
        value, residual = torch.where(better, new, value), torch.where(better, its_residual, residual)
    return u


def is_better(new: Tensor, new_residual: Tensor, *, than: Tensor, residual: Tensor) -> Tensor:
    """Whether objectives are lower; where they differ in their last digits alone, the residual decides."""
    return (new < than) | ((new <= than + 1e-12 * than.abs()) & (new_residual < residual))


def _factor(matrix: Tensor, diagonal: Tensor) -> Tensor:
    """Return the Cholesky factor of a matrix with something added to its diagonal."""
    matrix = matrix.clone()
    matrix.diagonal(dim1=1, dim2=2).add_(diagonal)
    factor: Tensor = torch.linalg.cholesky_ex(matrix)[0]
    return factor


# ---- the interior-point method -------------------------------------------------------------------


def _solve_inside(problem: Quadratic, u: Tensor, *, tolerance: Tensor) -> Tensor:
    """Return the minimizers over the entries that are nonzero or want to be; the others stay zero."""
    for part in working_sets((u != 0) | (problem.slope(u).abs() >= problem.threshold)):
        inner = Quadratic(
            part.squares(problem.hessian),
            part.take(problem.ridge),
            part.take(problem.linear),
            part.take(problem.threshold, filler=1.0),
        )
        u = part.put(_follow_central_path(inner, tolerance=tolerance[part.models]), u)
    return u


@dataclass(frozen=True)
class _Interior:
    """A point inside: u = plus − minus, and the slope's distances from both thresholds, all positive.

    At the minimum plus·above = minus·below = 0, with z = g − Hu between −threshold and threshold,
    above = threshold − z and below = threshold + z. On the central path both products are μ > 0.
    """

    u: Tensor
    plus: Tensor
    minus: Tensor
    above: Tensor
    below: Tensor

    def only(self, which: Tensor) -> "_Interior":
        """Return the points that a mask selects."""
        return _Interior(*(getattr(self, field.name)[which] for field in fields(self)))


def _follow_central_path(problem: Quadratic, *, tolerance: Tensor) -> Tensor:
    """Return the minimizers: (m, p)."""
    solution, left = torch.zeros_like(problem.linear), torch.arange(len(tolerance), device=tolerance.device)
    lowest, at = problem.residual(solution), _central_start(problem)
    for _ in range(INSIDE_ROUNDS):
        whole = problem.hessian + torch.diag_embed(problem.ridge)
        for _ in range(INSIDE_STEPS):
            at = _step_inside(problem, whole, at)
        u = _solve_signed(problem, _snap_to_zero(problem, at))
        residual = problem.residual(u)
        better = residual < lowest[left]  # which no point is that is not finite
        solution = solution.index_put((left[better],), u[better])
        lowest = lowest.index_put((left[better],), residual[better])
        going = ~(residual <= tolerance[left])
        if not bool(going.any()):
            break
        if not bool(going.all()):
            problem, left, at = problem.only(going), left[going], at.only(going)
    return solution


def _central_start(problem: Quadratic) -> _Interior:
    """Return u = 0, with parts as large as the largest that one entry alone might be."""
    diagonal = problem.hessian.diagonal(dim1=1, dim2=2) + problem.ridge
    root = diagonal.clamp_min(1e-12 * diagonal.amax()).sqrt()
    size = (problem.linear.abs() / root).amax(1, keepdim=True).clamp_min(1e-12) / root
    slack = torch.where(problem.threshold > 0, problem.threshold, 1.0)
    return _Interior(torch.zeros_like(size), size, size, slack, slack)


def _step_inside(problem: Quadratic, whole: Tensor, at: _Interior) -> _Interior:
    """Return the point after one step of Mehrotra's predictor and corrector."""
    penalized = problem.threshold > 0
    count = penalized.sum(1, keepdim=True).clamp_min(1)
    theta = at.plus / at.above + at.minus / at.below
    stiffness = torch.where(penalized, 1 / theta, 0.0)
    hair = HAIR * 1e-3 * whole.diagonal(dim1=1, dim2=2).amax(1, keepdim=True)
    factor = _factor(whole, stiffness + hair)
    z = torch.where(penalized, (at.below - at.above) / 2, 0.0)
    rest = -problem.slope(at.u) - z

    def direction(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Change of u, plus, minus and z so that both products change by so much."""
        shift = (first / at.above - second / at.below) * penalized
        du = torch.cholesky_solve((rest + shift * stiffness)[:, :, None], factor)[:, :, 0]
        dz = (du - shift) * stiffness
        return du, (first + at.plus * dz) / at.above, (second - at.minus * dz) / at.below, dz

    def longest(dplus: Tensor, dminus: Tensor, dz: Tensor) -> Tensor:
        ratio = torch.stack([dplus / at.plus, dminus / at.minus, -dz / at.above, dz / at.below])
        steepest = (-ratio * penalized).amax((0, 2))[:, None]
        return (1 / steepest.clamp_min(1e-12)).clamp_max(1 / INSIDE) * INSIDE

    def products(plus: Tensor, minus: Tensor, above: Tensor, below: Tensor) -> Tensor:
        return ((plus * above + minus * below) * penalized).sum(1, keepdim=True) / (2 * count)

    mu = products(at.plus, at.minus, at.above, at.below)
    _, dplus, dminus, dz = direction(-at.plus * at.above, -at.minus * at.below)
    way = longest(dplus, dminus, dz)
    ahead = products(at.plus + way * dplus, at.minus + way * dminus, at.above - way * dz, at.below + way * dz)
    target = (ahead / mu.clamp_min(1e-300)) ** 3 * mu
    first = target - at.plus * at.above + dplus * dz
    second = target - at.minus * at.below - dminus * dz
    du, dplus, dminus, dz = direction(first, second)
    way = longest(dplus, dminus, dz)
    moved = (at.plus + way * dplus, at.minus + way * dminus, at.above - way * dz, at.below + way * dz)
    inside = (
        torch.where(penalized, new, old)
        for new, old in zip(moved, (at.plus, at.minus, at.above, at.below), strict=True)
    )
    return _Interior(at.u + way * du, *inside)


def _snap_to_zero(problem: Quadratic, at: _Interior) -> Tensor:
    """Return u with the entries at zero that are nearer to it than their slope is to its threshold."""
    size = at.u.abs().amax(1, keepdim=True).clamp_min(1e-300)
    slack = torch.minimum(at.above, at.below) / torch.where(problem.threshold > 0, problem.threshold, 1.0)
    zero = (problem.threshold > 0) & (at.u.abs() / size < slack)
    return torch.where(zero, 0.0, at.u)
