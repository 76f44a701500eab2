"""How far the arms truly lie apart, learned from tasks whose truth is known, as a function of the rows.

The difference of an arm's true loss from Elastic Net's, in units of δ, has a t distribution. Its location and
the logarithm of its scale are interpolated in log n between knots, and stay as they are beyond the outermost;
with one knot they are the same for any number of rows. How much synthetic tasks count beside real tables is
chosen by held-out likelihood.

The likeliest prior is too narrow: most differences are tiny, so it says that of all, and the few large ones
make firm answers wrong. So its scales are widened, by as much as firm answers need to be right on tables that
are held out. The knots are those with which the most answers are firm then.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import digamma, gammaln

from regchoose.records.words import ARMS, Arm, Float
from regchoose.statistics.decide import FIRM
from regchoose.statistics.prior import REFERENCE, Student
from tests.benchmarks.calibration.lines import Record
from tests.benchmarks.calibration.verdicts import answer_record

KNOTS: tuple[tuple[int, ...], ...] = ((500,), (200, 1_000))
WIDENINGS = (1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0)  # of the scales
RIGHT = 0.97  # share of firm answers that must be right
FEW_DRAWS = 4_000  # of a posterior, where many are tried
WEIGHTS = (0.0, 0.1, 0.3, 1.0)  # of all synthetic tasks together, beside that of all real tables
LEAST_DF, MOST_DF = 2.5, 30.0  # heavy tails, so that clear evidence outweighs the prior
LEAST_SCALE, MOST_SCALE = 0.02, 1_000.0
FEWEST_TABLES = 4  # from which anything is learned
PARTS = 5  # of the tables, each held out once, where forms are compared
COMPARED: tuple[Arm, ...] = tuple(arm for arm in ARMS if arm != REFERENCE)


@dataclass(frozen=True)
class StudentByRows:
    """A t distribution for each number of rows.

    Location and the logarithm of the scale are interpolated in the logarithm of the rows, and stay as they
    are beyond the outermost knots.

    Parameters
    ----------
    df : float
        Degrees of freedom.
    knots : tuple of int (k,)
        Rows, ascending.
    location, scale : tuple of float (k,)
        At the knots.
    """

    df: float
    knots: tuple[int, ...]
    location: tuple[float, ...]
    scale: tuple[float, ...]

    def at(self, n_rows: float) -> Student:
        """Return the distribution for so many rows."""
        place, knots = np.log(n_rows), np.log(self.knots)
        location = float(np.interp(place, knots, self.location))
        return Student(self.df, location, float(np.exp(np.interp(place, knots, np.log(self.scale)))))


@dataclass(frozen=True)
class PriorByRows:
    """The curves of all arms but Elastic Net, and how they were chosen."""

    curves: Mapping[Arm, StudentByRows]
    synthetic_weight: float
    widening: float = 1.0  # by which the likeliest scales were multiplied

    def widen(self, factor: float) -> "PriorByRows":
        """Return the prior with its scales multiplied by a factor."""
        curves = {
            arm: replace(curve, scale=tuple(factor * scale for scale in curve.scale))
            for arm, curve in self.curves.items()
        }
        return PriorByRows(curves, self.synthetic_weight, factor)

    def at(self, n: float) -> dict[Arm, Student]:
        """Return the distributions for n rows."""
        return {arm: curve.at(n) for arm, curve in self.curves.items()}


def learn_prior(records: Sequence[Record]) -> PriorByRows | None:
    """Return the prior that tasks of one network teach; None where their tables are too few."""
    if len(_teaching_tables(records)) < FEWEST_TABLES:
        return None
    found = compare_forms(records)
    priors = []
    for knots in KNOTS:
        weight = max((form for form in found if form[0] == knots), key=lambda form: found[form])[1]
        widening, firm = _find_widening(records, knots, weight)
        priors.append((firm, _fit(records, knots, weight).widen(widening)))
    return max(priors, key=lambda own: own[0])[1]


def _find_widening(records: Sequence[Record], knots: tuple[int, ...], weight: float) -> tuple[float, float]:
    """Return the least widening with which firm answers are right, and the share of firm answers then.

    Both on tables that are held out in parts.
    """
    held_out, firm = list(_hold_out(records, knots, weight)), 0.0
    for factor in WIDENINGS:
        answered = [
            answer_record(own, prior.widen(factor).at(own["n"]), n_draws=FEW_DRAWS)
            for held, prior in held_out
            for own in held
        ]
        said = [own.of(rule) for own in answered for rule in ("best", "audited")]
        right = [own.right for own in said if own.safe >= FIRM]
        firm = len(right) / len(said)
        if not right or np.mean(right) >= RIGHT:
            return factor, firm
    return WIDENINGS[-1], firm


def _hold_out(
    records: Sequence[Record], knots: tuple[int, ...], weight: float
) -> Iterator[tuple[list[Record], PriorByRows]]:
    """Yield the tasks of a part of the teaching tables, and what the others teach."""
    tables = _teaching_tables(records)
    for part in range(PARTS):
        held = set(tables[part::PARTS])
        kept = [record for record in records if record["table"] not in held]
        if held and len(_teaching_tables(kept)) > 1:
            yield [own for own in records if own["table"] in held], _fit(kept, knots, weight)


def compare_forms(records: Sequence[Record]) -> dict[tuple[tuple[int, ...], float], float]:
    """Return the mean held-out log likelihood by knots and weight of the synthetic tasks.

    Tables are held out in five parts. Each counts the same, however many draws it has; real ones alone count,
    if there are any.
    """
    only_synthetic = all(record["synthetic"] for record in records)
    found = {}
    for knots, weight in itertools.product(KNOTS, (1.0,) if only_synthetic else WEIGHTS):
        scores: dict[str, float] = {}
        for held, prior in _hold_out(records, knots, weight):
            scores |= _score(prior, held)
        found[knots, weight] = float(np.mean(list(scores.values())))
    return found


def leave_out_tables(records: Sequence[Record]) -> Iterator[tuple[list[Record], PriorByRows | None]]:
    """Yield the tasks of each real table, or of a fifth of the synthetic ones, and what the others teach."""
    real = sorted({own["table"] for own in records if not own["synthetic"]})
    synthetic = sorted({own["table"] for own in records if own["synthetic"]})
    for held in (*({table} for table in real), *(set(synthetic[part::PARTS]) for part in range(PARTS))):
        own = [record for record in records if record["table"] in held]
        if own:
            yield own, learn_prior([record for record in records if record["table"] not in held])


def _teaching_tables(records: Sequence[Record]) -> list[str]:
    """Return the names of the real tables; where there are none, of the synthetic ones."""
    real = sorted({own["table"] for own in records if not own["synthetic"]})
    return real or sorted({own["table"] for own in records})


def _fit(records: Sequence[Record], knots: tuple[int, ...], weight: float) -> PriorByRows:
    rows = np.array([own["n"] for own in records], dtype=float)
    weights = _weigh(records, weight)
    return PriorByRows(
        {arm: fit_curve(rows, _differences(records, arm), weights, knots=knots) for arm in COMPARED}, weight
    )


def _weigh(records: Sequence[Record], synthetic: float) -> Float:
    """Weigh tasks so that every table counts the same, all synthetic ones together as `synthetic` says."""
    names = [own["table"] for own in records]
    places, counts = np.unique(names, return_inverse=True, return_counts=True)[1:]
    made = np.array([own["synthetic"] for own in records])
    weights = 1 / counts[places]
    if made.any() and not made.all():
        weights[made] *= synthetic * weights[~made].sum() / weights[made].sum()
    return np.asarray(weights)


def _differences(records: Sequence[Record], arm: Arm) -> Float:
    """Return the true losses less Elastic Net's, in units of δ: (n,)."""
    return np.array([(own["truth"][arm] - own["truth"][REFERENCE]) / own["rope"] for own in records])


def fit_curve(rows: Float, differences: Float, weights: Float, *, knots: tuple[int, ...]) -> StudentByRows:
    """Fit a t distribution to the differences by maximum likelihood: (n,), (n,), (n,)."""
    basis = np.stack([np.interp(np.log(rows), np.log(knots), row) for row in np.eye(len(knots))], axis=1)
    k, share = len(knots), weights / weights.sum()
    quarters = [0.25, 0.5, 0.75]
    low, middle, high = np.quantile(differences, quarters, weights=share, method="inverted_cdf")
    spread = np.clip((high - low) / 2, LEAST_SCALE, MOST_SCALE)
    start = np.concatenate([np.full(k, middle), np.full(k, np.log(spread)), [np.log(3.0)]])

    def loss(parameters: Float) -> tuple[float, Float]:
        values, by_location, by_scale, by_df = _log_density(
            differences, basis @ parameters[:k], basis @ parameters[k : 2 * k], float(np.exp(parameters[-1]))
        )
        slope = [(share * by_location) @ basis, (share * by_scale) @ basis, [share @ by_df]]
        return -float(share @ values), -np.concatenate(slope)

    bounds = [(None, None)] * k
    bounds += [(np.log(LEAST_SCALE), np.log(MOST_SCALE))] * k + [(np.log(LEAST_DF), np.log(MOST_DF))]
    best: Any = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    location, scale, df = best[:k], np.exp(best[k:-1]), np.exp(best[-1])
    return StudentByRows(float(df), knots, tuple(location.tolist()), tuple(scale.tolist()))


def _log_density(
    values: Float, location: Float, log_scale: Float, df: float
) -> tuple[Float, Float, Float, Float]:
    """Return the log density of a t distribution, and its slopes by location, log scale and log df."""
    off = (values - location) / np.exp(log_scale)
    square = np.square(off)
    tail = np.log1p(square / df)
    density = (
        gammaln((df + 1) / 2) - gammaln(df / 2) - np.log(df * np.pi) / 2 - log_scale - (df + 1) / 2 * tail
    )
    pull = (df + 1) * off / (df + square)
    by_df = digamma((df + 1) / 2) - digamma(df / 2) - 1 / df - tail + (df + 1) * square / (df * (df + square))
    return density, pull / np.exp(log_scale), off * pull - 1, by_df * df / 2


def _score(prior: PriorByRows, records: Sequence[Record]) -> dict[str, float]:
    """Return the mean log likelihood of each table, over its tasks, summed over the arms."""
    rows = np.array([own["n"] for own in records], dtype=float)
    total = np.zeros(len(records))
    for arm, curve in prior.curves.items():
        students = [curve.at(n) for n in rows]
        location, scale = np.array([(own.location, own.scale) for own in students]).T
        total += _log_density(_differences(records, arm), location, np.log(scale), curve.df)[0]
    tables = np.array([own["table"] for own in records])
    return {str(table): float(total[tables == table].mean()) for table in np.unique(tables)}
