"""What each arm truly loses, from fresh rows: it shares with the verdict the trainer and the inputs alone.

Forty fresh training sets of the task's size. Each arm tries its grid on three quarters of a set; strength and
length are those of the lowest loss on the other quarter, averaged over two sets: about two independent sets
are what the verdict's pooled choice over ten overlapping cells is worth (by Nadeau & Bengio's factor,
1/10 + 1/3). The choice is retrained on all rows of both sets and scored on 20,000 rows against their means or
probabilities, so without the noise of targets. Points that do badly on the first eight sets are not tried
on the other 32.
"""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from scipy.special import log_expit, log_softmax

from regchoose.encoding.inputs import fit_numbers, standardize_numbers
from regchoose.records.experiment import Penalties
from regchoose.records.words import ARMS, Arm, Float, Int
from regchoose.training.block import CellData
from regchoose.training.deterministic import RowMatrix
from regchoose.training.train import Training, train
from tests.benchmarks.calibration.tasks import Law

SETS, TOGETHER, SCORED = 40, 2, 20_000
STRENGTHS, DECADES, MIXES = 9, 4, (0.1, 0.5, 0.9)
FIRST, WORTH = 8, 0.02  # sets that all points are tried on; how much worse than the best a point may do there
FIT = 0.75  # share of a set's rows that models train on while the strength is chosen
DENSE = 0.5  # share of nonzero weights from which l1 moves with the rows as l2 does


@dataclass(frozen=True)
class _Set:
    """A training set, and its rows as models see them."""

    fit: CellData
    whole: CellData
    center: float  # of the target
    scale: float


def true_losses(law: Law, training: Training, *, sets: int = SETS, scored: int = SCORED) -> dict[Arm, Float]:
    """Return the expected loss of each arm on each fresh training set, (sets,).

    Squared errors are in units of the variance of the set's target.
    """
    x_scored, score = law.rows(scored, seed=10_000)
    drawn = [_draw(law, training, x_scored, seed=100 + number) for number in range(sets)]
    top = float(np.median([_strongest(law, one.fit.x, one.fit.y) for one in drawn]))
    if not training.network.is_convex:
        top = max(top, 1.0)
    found: dict[Arm, Float] = {}
    for arm in ARMS:
        grid = _grid(arm, top)
        inner, nonzero = _tried(training, [one.fit for one in drawn], grid)
        losses = np.full(sets, np.nan)
        for (point, checkpoint), places in _choices(inner).items():
            share = float(nonzero[places, point, checkpoint].mean())
            chosen = Penalties(
                grid.l1[[point]] * FIT ** (1.0 if share >= DENSE else 0.5), grid.l2[[point]] * FIT
            )
            again = train(
                training.stop_at(checkpoint),
                [drawn[place].whole for place in places],
                chosen,
                capture=np.array([0]),
            )
            assert again.outputs is not None
            for place, outputs in zip(places, again.outputs, strict=True):
                losses[place] = _expected_loss(law, outputs[0], score, drawn[place])
        found[arm] = losses
    return found


def _tried(training: Training, sets: list[CellData], grid: Penalties) -> tuple[Float, Float]:
    """Return inner losses and shares of nonzero weights, (s, m, t); infinite where a point was not tried.

    The points that go on are those within a fiftieth of the best, on average over the first sets, and at
    least a third of them.
    """
    first = train(training, sets[:FIRST], grid)
    inner = np.where(first.failed[:, :, None], np.inf, first.losses["inner"])
    lowest = inner.mean(0).min(1)
    good = lowest <= max((1 + WORTH) * lowest.min(), np.sort(lowest)[len(lowest) // 3])
    if len(sets) <= FIRST:
        return inner, first.nonzero_share
    kept = np.flatnonzero(good)
    rest = train(training, sets[FIRST:], Penalties(grid.l1[kept], grid.l2[kept]))
    shape = (len(sets) - FIRST, *inner.shape[1:])
    more, nonzero = np.full(shape, np.inf), np.zeros(shape)
    more[:, kept] = np.where(rest.failed[:, :, None], np.inf, rest.losses["inner"])
    nonzero[:, kept] = rest.nonzero_share
    return np.concatenate([inner, more]), np.concatenate([first.nonzero_share, nonzero])


def _choices(inner: Float) -> dict[tuple[int, int], Int]:
    """Return the point and checkpoint of lowest loss for every two sets, and the sets that chose them."""
    sets, _, t = inner.shape
    places: dict[tuple[int, int], list[int]] = defaultdict(list)
    for start in range(0, sets, TOGETHER):
        best = int(inner[start : start + TOGETHER].mean(0).argmin())
        places[divmod(best, t)] += range(start, min(start + TOGETHER, sets))
    return {choice: np.array(own) for choice, own in places.items()}


def _draw(law: Law, training: Training, x_scored: Float, *, seed: int) -> _Set:
    precision = training.network.precision
    x, score = law.rows(law.n, seed=seed)
    y = law.targets(score, seed=seed)
    n_fit = round(FIT * law.n)
    fit_x, inner_x = _inputs(x[:n_fit], x[n_fit:], precision=precision)
    center_y, scale_y = (y[:n_fit].mean(), y[:n_fit].std()) if law.task == "regression" else (0.0, 1.0)
    inner = inner_x, (y[n_fit:] - center_y) / scale_y
    fit = CellData(fit_x, (y[:n_fit] - center_y) / scale_y, {"inner": inner}, seed)
    all_x, x_scored = _inputs(x, x_scored, precision=precision)
    center_y, scale_y = (y.mean(), y.std()) if law.task == "regression" else (0.0, 1.0)
    scored = x_scored, np.zeros(len(x_scored))
    whole = CellData(all_x, (y - center_y) / scale_y, {"test": scored}, seed)
    return _Set(fit, whole, float(center_y), float(scale_y))


def _inputs(x: Float, others: Float, *, precision: str) -> tuple[Float, Float]:
    """Encode rows (n, d) and others (m, d), by what the first are."""
    d = x.shape[1]
    numbers = fit_numbers(x, [""] * d, [False] * d)
    rows, more = (standardize_numbers(part, numbers).astype(precision) for part in (x, others))
    return rows, more


def _strongest(law: Law, x: RowMatrix, y: Float) -> float:
    """Return the l1 from which on a linear model has no weights."""
    if law.task == "regression":
        return float(2 * np.abs(x.T @ y).max() / len(y))
    classes = (y[:, None] == np.unique(y)).astype(float)
    return float(np.abs(x.T @ (classes - classes.mean(0))).max() / len(y))


def _grid(arm: Arm, top: float) -> Penalties:
    levels = top * 10.0 ** -np.linspace(0, DECADES, STRENGTHS)
    zeros = np.zeros(STRENGTHS)
    if arm == "none":
        return Penalties(zeros[:1], zeros[:1])
    if arm == "elastic_net":
        return Penalties(
            np.concatenate([(1 - mix) * levels for mix in MIXES]),
            np.concatenate([mix * levels for mix in MIXES]),
        )
    return Penalties(levels, zeros) if arm == "l1" else Penalties(zeros, levels)


def _expected_loss(law: Law, outputs: Float, score: Float, one: _Set) -> float:
    """Return the mean loss over the targets that the scored rows may have: outputs (k, n)."""
    if law.task == "regression":
        error = np.square(outputs[0] * one.scale + one.center - score[:, 0]).mean()
        return float((error + 1 / law.signal) / one.scale**2)
    odds = law.probabilities(score)
    if law.task == "binary":
        return float(-(odds[:, 1] * log_expit(outputs[0]) + odds[:, 0] * log_expit(-outputs[0])).mean())
    return float(-(odds * log_softmax(outputs.T, axis=1)).sum(1).mean())
