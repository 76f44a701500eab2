"""A prior of the differences between the arms' true losses, and draws from the posterior with it.

Penalties that are tuned on the same rows mostly end within a fraction of δ of one another, and now and then
far apart; the losses of the cells alone do not tell this. The prior is made of independent t distributions
of the differences from Elastic Net. They are heavy-tailed, so that clear evidence outweighs them. A t
distribution is a normal one of random scale, so the posterior is drawn from by Gibbs sampling, in which each
turn is exact (Geweke 1993).
"""

from collections.abc import Mapping
from dataclasses import astuple, dataclass

import numpy as np

from regchoose.records.words import Arm, Float
from regchoose.statistics.posterior import DRAWS, Posterior, draw_losses, scale_root

REFERENCE: Arm = "elastic_net"
TURNS = 40  # of each chain
KEPT_TURNS = 5  # the last ones, which are used


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


def draw_with_prior(
    prior: ArmPrior, posterior: Posterior, rng: np.random.Generator, *, n_draws: int = DRAWS
) -> Float:
    """Draw mean losses from the posterior with a prior: -> (n_draws, a).

    Without Elastic Net, or an arm beside it for which there is a prior, it is drawn without one.

    The mean losses are μ = m + R z with z ~ N(0, I/κ) and κ ~ Gamma(ν/2, ν/2), m, R Rᵀ and ν being the
    posterior's mean, scale and degrees of freedom; a difference has precision λ/s², λ ~ Gamma(df/2, df/2).
    Given κ and all λ, z is normal; given z, they are Gamma distributed.
    """
    arms = [arm for arm in posterior.arms if arm in prior.differences]
    if REFERENCE not in posterior.arms or not arms:
        return draw_losses(posterior, rng, n_draws=n_draws)
    df, location, scale = np.array([astuple(prior.differences[arm]) for arm in arms]).T
    root = scale_root(posterior)
    places, reference = [posterior.arms.index(arm) for arm in arms], posterior.arms.index(REFERENCE)
    # Each difference less the prior's location, in units of its scale, is offset + slopes @ z.
    slopes = (root[places] - root[reference]) / (prior.unit * scale[:, None])
    offset = ((posterior.mean[places] - posterior.mean[reference]) / prior.unit - location) / scale
    chains = n_draws // KEPT_TURNS
    kappa = rng.chisquare(posterior.df, chains) / posterior.df
    z = _conditioned(slopes, offset, precision=np.ones((chains, len(arms))), kappa=kappa, rng=rng)
    draws = []
    for turn in range(TURNS):
        rate = (df + np.square(offset + z @ slopes.T)) / 2
        precision = rng.gamma((df + 1) / 2, 1 / rate)
        kappa = rng.gamma((posterior.df + z.shape[1]) / 2, 2 / (posterior.df + np.square(z).sum(1)))
        z = _conditioned(slopes, offset, precision=precision, kappa=kappa, rng=rng)
        if turn >= TURNS - KEPT_TURNS:
            draws.append(posterior.mean + z @ root.T)
    return np.concatenate(draws)


def _conditioned(
    slopes: Float, offset: Float, *, precision: Float, kappa: Float, rng: np.random.Generator
) -> Float:
    """Draw z ~ N(0, I/κ), given that offset + slopes @ z is 0 up to noise of the precisions: (chains, r).

    A draw without the condition is moved by the amount by which it misses it (Matheron's rule), so only a
    system of the size of the differences is solved. Where an arm has exploded, its scale is divided out.
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
    draws: Float = free + (solved @ slopes) / kappa[:, None]
    return draws
