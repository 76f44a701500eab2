"""scikit-learn's estimators that choose a linear model's regularizer by themselves."""

import time
import warnings
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import (
    ElasticNetCV,
    LassoCV,
    LinearRegression,
    LogisticRegression,
    LogisticRegressionCV,
    RidgeCV,
)

from regchoose.records.words import Float
from regchoose.statistics.metrics import row_losses
from tests.benchmarks.regret.method import Found, Sizes
from tests.benchmarks.regret.splits import Split

FOLDS = 5
MIXES = (0.1, 0.5, 0.7, 0.9, 0.95, 0.99)  # those that scikit-learn's documentation suggests
ITERATIONS = 2_000
NAMES = ("scikit-learn: Elastic Net", "scikit-learn: L1", "scikit-learn: L2", "scikit-learn: none")


def scikit_learn(split: Split, sizes: Sizes) -> list[Found]:
    """Fit each on the rows that are not held out; it cross-validates within them."""
    folds = min(FOLDS, sizes.settings.folds)
    made = _regressors(folds) if split.task == "regression" else _classifiers(folds)
    found = []
    for name, estimator in zip(NAMES, made, strict=True):
        start = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # a slow solver is part of what a user gets
            estimator.fit(split.x, split.y)
        seconds = time.perf_counter() - start
        loss = row_losses(split.task, _outputs(estimator, split), split.held_y).mean()
        found.append(Found(name, float(loss), seconds, _choice(estimator)))
    return found


def _regressors(folds: int) -> list[Any]:
    return [
        ElasticNetCV(l1_ratio=list(MIXES), cv=folds, max_iter=ITERATIONS),
        LassoCV(cv=folds, max_iter=ITERATIONS),
        RidgeCV(alphas=np.logspace(-4, 4, 25)),
        LinearRegression(),
    ]


def _classifiers(folds: int) -> list[Any]:
    common = {"Cs": 10, "cv": folds, "scoring": "neg_log_loss", "use_legacy_attributes": False}
    saga = {"solver": "saga", "max_iter": ITERATIONS, "random_state": 0}
    return [
        LogisticRegressionCV(l1_ratios=(0.1, 0.5, 0.9), **common, **saga),
        LogisticRegressionCV(l1_ratios=(1.0,), **common, **saga),
        LogisticRegressionCV(l1_ratios=(0.0,), max_iter=ITERATIONS, **common),
        LogisticRegression(C=np.inf, max_iter=ITERATIONS),
    ]


def _outputs(estimator: Any, split: Split) -> Float:
    """Return numbers or logits, (k, h)."""
    if split.task == "regression":
        return np.asarray(estimator.predict(split.held_x))[None]
    logits = np.asarray(estimator.decision_function(split.held_x))
    return logits[None] if split.task == "binary" else logits.T


def _choice(estimator: Any) -> dict[str, float]:
    """Return the estimator's own parameters, in scikit-learn's words."""
    named = {name: getattr(estimator, name, None) for name in ("alpha_", "l1_ratio_", "C_")}
    return {name.rstrip("_"): float(value) for name, value in named.items() if value is not None}
