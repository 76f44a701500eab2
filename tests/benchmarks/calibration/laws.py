"""Synthetic tasks: what is drawn is known, so every arm's true loss is."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import expit, softmax

from regchoose.records.words import Float, Task

KINDS: tuple[Task, ...] = ("regression", "binary", "multiclass")
NEAR_TIES = 3  # of ten tasks
CLASSES = 3
SHIFT = 2.0  # scale of the tanh units' inputs


@dataclass(frozen=True)
class Law:
    """Where the rows of a task come from.

    Parameters
    ----------
    number : int
        Seeds everything.
    network : bool
        Whether the experiment trains networks, or linear models.
    shape : str
        What the score is of the features: linear, or with tanh units.
    n, d : int
        Rows of a sample, features.
    share : float
        Of the features that matter.
    correlation : float
        Of neighbours, AR(1).
    signal : float
        Variance of the score over that of the noise (regression), or of the logits (classification).
    """

    number: int
    task: Task
    network: bool
    shape: Literal["linear", "tanh"]
    n: int
    d: int
    share: float
    correlation: float
    signal: float
    near_tie: bool

    @property
    def width(self) -> int:
        """Weights of a linear model; 0 for a network, whose time does not depend on it."""
        return 0 if self.network else self.d * (CLASSES if self.task == "multiclass" else 1)

    def rows(self, n: int, *, seed: int) -> tuple[Float, Float]:
        """Draw features (n, d), and what each row's target is drawn from: (n, k), see `targets`."""
        rng = np.random.default_rng((self.number, seed))
        x = rng.standard_normal((n, self.d))
        for j in range(1, self.d):
            x[:, j] = self.correlation * x[:, j - 1] + np.sqrt(1 - self.correlation**2) * x[:, j]
        return x, self._score(x)

    def targets(self, score: Float, *, seed: int) -> Float:
        """Draw a target for each row: a number around its score, or a class by its probabilities."""
        rng = np.random.default_rng((self.number, seed, 1))
        if self.task == "regression":
            return np.asarray(score[:, 0] + rng.standard_normal(len(score)) / np.sqrt(self.signal))
        odds = self.probabilities(score)
        drawn: Float = (rng.random((len(score), 1)) > np.cumsum(odds, axis=1)[:, :-1]).sum(1).astype(float)
        return drawn

    def probabilities(self, score: Float) -> Float:
        """Return the classes' probabilities, (n, k)."""
        logits = np.sqrt(self.signal) * 2 * score
        if self.task == "binary":
            p = expit(logits[:, :1])
            return np.hstack([1 - p, p])
        return np.asarray(softmax(logits, axis=1))

    def _score(self, x: Float) -> Float:
        """Return scores of variance 1: (n, d) -> (n, k)."""
        rng = np.random.default_rng((self.number, 99))
        k = CLASSES if self.task == "multiclass" else 1
        count = max(1, round(self.share * self.d))
        place = rng.permutation(self.d)[:count]
        if self.shape == "linear":
            slopes = np.zeros((self.d, k))
            slopes[place] = rng.standard_normal((count, k))
            spread = np.sqrt(np.einsum("ik,ij,jk->k", slopes, self._covariance(), slopes))
            return np.asarray(x @ slopes / spread)
        units = 4
        inner = np.zeros((self.d, units))
        inner[place] = rng.standard_normal((count, units))
        inner *= SHIFT / np.sqrt(np.einsum("ik,ij,jk->k", inner, self._covariance(), inner))
        outer = rng.standard_normal((units, k))
        probe = np.random.default_rng((self.number, 98)).standard_normal((4_000, self.d))
        probe = probe @ np.linalg.cholesky(self._covariance()).T
        like = np.tanh(probe @ inner) @ outer
        return np.asarray((np.tanh(x @ inner) @ outer - like.mean(0)) / like.std(0))

    def _covariance(self) -> Float:
        place = np.arange(self.d)
        return np.asarray(self.correlation ** np.abs(place[:, None] - place)) + 1e-12 * np.eye(self.d)


def law(number: int) -> Law:
    """Return one of the tasks: kinds, models and near-ties by turns, the rest at random."""
    rng = np.random.default_rng((number, 7))
    task, network = KINDS[number % 3], number // 3 % 2 == 0
    near_tie = number % 10 < NEAR_TIES
    if near_tie:  # many rows, few features: no arm can gain much
        n, d, share = int(rng.integers(600, 1000)), int(rng.integers(3, 6)), 1.0
    else:
        n = int(np.exp(rng.uniform(np.log(120), np.log(800))))
        # A linear model of several classes has as many times the weights, and each truth takes 40 sets of it.
        widest = 60 if network else 30 if task == "multiclass" else 1.5 * n
        d = int(np.exp(rng.uniform(np.log(6), np.log(min(widest, 250)))))
        share = float(rng.choice([0.05, 0.2, 0.5, 1.0]))
    return Law(
        number,
        task,
        network,
        "tanh" if network and rng.random() < 0.5 else "linear",
        n,
        d,
        share,
        float(rng.choice([0.0, 0.6, 0.9])),
        float(np.exp(rng.uniform(np.log(0.3), np.log(4)))),
        near_tie,
    )
