"""The posterior of the arms' mean losses, given those of the cells."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from regchoose.records.experiment import Comparison
from regchoose.records.words import Arm, Float

DRAWS = 20_000


@dataclass(frozen=True)
class Posterior:
    """A multivariate t distribution of the arms' mean losses.

    Parameters
    ----------
    arms : tuple of Arm
        The a arms.
    mean : ndarray (a,)
        Mean loss over the cells.
    scale : ndarray (a, a)
        c·V: the covariance over cells times the variance factor.
    df : int
        Degrees of freedom: cells − 1.
    """

    arms: tuple[Arm, ...]
    mean: Float
    scale: Float
    df: int

    def difference(self, a: Arm, b: Arm) -> tuple[float, float]:
        """Return the estimated loss of a less that of b, and its standard error."""
        weights = np.array([(arm == a) * 1.0 - (arm == b) * 1.0 for arm in self.arms])
        return float(weights @ self.mean), float(np.sqrt(max(weights @ self.scale @ weights, 0.0)))

    def interval(self, arm: Arm, *, level: float = 0.95) -> tuple[float, float]:
        """Return the central interval of one arm's mean loss."""
        place = self.arms.index(arm)
        half = float(student.ppf(0.5 + level / 2, self.df) * np.sqrt(self.scale[place, place]))
        return float(self.mean[place]) - half, float(self.mean[place]) + half


def make_posterior(
    arms: tuple[Arm, ...], losses: Float, *, factor: float, test_error: Float | None = None
) -> Posterior:
    """Return the posterior of the mean losses.

    The covariance over cells is multiplied by `factor`, since cells share rows (Nadeau & Bengio 2003;
    Benavoli, Corani, Demšar & Zaffalon 2017 for its use as a posterior).

    Parameters
    ----------
    losses : ndarray (c, a)
        Test loss of each cell and arm.
    test_error : ndarray (a, a), optional
        Where all cells share their test rows, other rows would have given other means: the covariance over
        rows of the losses, averaged over the cells, divided by the number of rows.
    """
    scale = factor * np.atleast_2d(np.cov(losses, rowvar=False))
    if test_error is not None:
        scale = scale + np.atleast_2d(test_error)
    return Posterior(arms, losses.mean(0), scale, len(losses) - 1)


def compare_arms(posterior: Posterior, a: Arm, b: Arm, *, rope: float) -> Comparison:
    """Compare two arms: the difference of their losses, its 95 % interval, and three probabilities.

    Differences within ±rope are equivalent. The probabilities are exact, from Student's t.
    """
    difference, error = posterior.difference(a, b)
    if error == 0:
        chances = (float(difference < -rope), float(abs(difference) <= rope), float(difference > rope))
        return Comparison(a, b, difference, (difference, difference), *chances)
    better = float(student.cdf((-rope - difference) / error, posterior.df))
    worse = float(student.sf((rope - difference) / error, posterior.df))
    half = float(student.ppf(0.975, posterior.df)) * error
    interval = (difference - half, difference + half)
    return Comparison(a, b, difference, interval, better, max(0.0, 1 - better - worse), worse)


def scale_root(posterior: Posterior) -> Float:
    """Return R with R Rᵀ the scale: (a, a).

    By eigenvalues, since the scale is singular where arms coincide.
    """
    values, vectors = np.linalg.eigh(posterior.scale)
    root: Float = vectors * np.sqrt(np.clip(values, 0.0, None))
    return root


def draw_losses(posterior: Posterior, rng: np.random.Generator, *, n_draws: int = DRAWS) -> Float:
    """Draw mean losses: -> (n_draws, a)."""
    root = scale_root(posterior)
    normal = rng.standard_normal((n_draws, len(posterior.arms)))
    chi_square = rng.chisquare(posterior.df, n_draws)
    spread: Float = (normal @ root.T) * np.sqrt(posterior.df / chi_square)[:, None]
    return posterior.mean + spread
