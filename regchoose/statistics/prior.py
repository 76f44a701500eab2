"""How far the arms' true losses lie apart, before a cell is seen: a prior, and the posterior with it.

Penalties that are tuned on the same rows mostly end within a fraction of δ of one another, and now and then
do not; cells alone cannot know that. The prior says it by independent t distributions of the differences
from Elastic Net, heavy-tailed, so that clear losses outweigh it. t distributions are normal ones of random
scale, so the posterior is drawn from by turns, each turn exact (Gibbs sampling; Geweke 1993).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from regchoose.records.words import Arm, Float
from regchoose.statistics.posterior import DRAWS, Posterior, draw, root_of

REFERENCE: Arm = "elastic_net"
KEPT = 5  # turns of each chain that are kept
TURNS = 40  # of each chain in all


@dataclass(frozen=True)
class Student:
    """A t distribution: its degrees of freedom, location and scale."""

    df: float
    location: float
    scale: float


@dataclass(frozen=True)
class ArmPrior:
    """Distributions of an arm's true mean loss less Elastic Net's.

    Parameters
    ----------
    differences : mapping of Arm to Student
        In units of `unit`.
    unit : float
        δ as it is without `--rope`, in the units of the loss.
    """

    differences: Mapping[Arm, Student]
    unit: float = 1.0


def draw_with(prior: ArmPrior, posterior: Posterior, rng: np.random.Generator) -> Float:
    """Draw mean losses from what the cells and the prior say together: -> (DRAWS, a).

    Without Elastic Net, or an arm beside it that the prior knows, it says nothing.

    The mean losses are μ = m + R z with z ~ N(0, I/κ) and κ ~ Gamma(ν/2, ν/2), m, R Rᵀ and ν being the
    posterior's mean, scale and degrees of freedom; a difference has precision λ/s², λ ~ Gamma(df/2, df/2).
    Given κ and all λ, z is normal; given z, they are Gamma distributed.
    """
    known = [arm for arm in posterior.arms if arm in prior.differences]
    if REFERENCE not in posterior.arms or not known:
        return draw(posterior, rng)
    of = [prior.differences[arm] for arm in known]
    df, location, scale = (
        np.array([getattr(one, name) for one in of]) for name in ("df", "location", "scale")
    )
    root = root_of(posterior)
    places, reference = [posterior.arms.index(arm) for arm in known], posterior.arms.index(REFERENCE)
    # How far each difference is from the prior's location, in its scales: offset + slopes @ z.
    slopes = (root[places] - root[reference]) / (prior.unit * scale[:, None])
    offset = ((posterior.mean[places] - posterior.mean[reference]) / prior.unit - location) / scale
    chains = DRAWS // KEPT
    kappa = rng.chisquare(posterior.df, chains) / posterior.df
    z = _conditioned(slopes, offset, precision=np.ones((chains, len(of))), kappa=kappa, rng=rng)
    kept = []
    for turn in range(TURNS):
        rate = (df + np.square(offset + z @ slopes.T)) / 2
        precision = rng.gamma((df + 1) / 2, 1 / rate)
        kappa = rng.gamma((posterior.df + z.shape[1]) / 2, 2 / (posterior.df + np.square(z).sum(1)))
        z = _conditioned(slopes, offset, precision=precision, kappa=kappa, rng=rng)
        if turn >= TURNS - KEPT:
            kept.append(posterior.mean + z @ root.T)
    return np.concatenate(kept)


def _conditioned(
    slopes: Float, offset: Float, *, precision: Float, kappa: Float, rng: np.random.Generator
) -> Float:
    """Draw z ~ N(0, I/κ), given that offset + slopes @ z is 0 up to noise of the precisions: (chains, r).

    A draw that knows nothing of the condition is moved by what it misses it by (Matheron's rule): only a
    system of the differences is solved, and where an arm has exploded its scale is divided out.
    """
    spread = 1 / np.sqrt(kappa)
    free = rng.standard_normal((len(kappa), slopes.shape[1])) * spread[:, None]
    noise = rng.standard_normal(precision.shape) / np.sqrt(precision)
    missed = -offset - free @ slopes.T - noise
    system = (slopes @ slopes.T)[None] / kappa[:, None, None]
    place = np.arange(len(offset))
    system[:, place, place] += 1 / precision
    size = np.sqrt(system[:, place, place])
    system /= size[:, :, None] * size[:, None, :]
    solved = np.linalg.solve(system, (missed / size)[:, :, None])[:, :, 0] / size
    found: Float = free + (solved @ slopes) / kappa[:, None]
    return found
