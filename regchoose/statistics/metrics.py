"""Probabilities, and the metrics shown beside the loss, which never decide."""

import numpy as np
from scipy.special import expit, log_softmax
from sklearn.metrics import accuracy_score, r2_score, roc_auc_score, root_mean_squared_error

from regchoose.records.words import Float, Task

WITHIN = (1e-30, 500.0)  # losses that tell a finite logit


def secondary_metrics(task: Task, losses: Float, y: Float, *, errors: float = 0.0) -> dict[str, float]:
    """Return metrics of one model from the losses of its test rows.

    Parameters
    ----------
    losses : ndarray (n,)
        Log losses, or squared errors of the standardized target.
    y : ndarray (n,)
        Class codes, or the standardized target.
    errors : float
        The share of rows whose class is wrong; two classes do not need it.
    """
    if task == "regression":
        predicted = y + np.sqrt(losses)  # on whichever side: the metrics are the same
        return {
            "R2": float(r2_score(y, predicted)),
            "RMSE": float(root_mean_squared_error(y, predicted)),
        }
    if task == "multiclass":
        return {"accuracy": 1 - errors}
    # The loss of a row is −log p of its class, so it tells the logit.
    logits = np.where(y > 0, 1, -1) * -np.log(np.expm1(np.clip(losses, *WITHIN)))
    scores = {"accuracy": float(accuracy_score(y, logits > 0))}
    return scores | ({"AUC": float(roc_auc_score(y, logits))} if len(np.unique(y)) == 2 else {})


def log_probabilities(task: Task, outputs: Float) -> Float:
    """Return the log of the probability of each class: logits (n, k) -> (n, classes)."""
    logits = np.hstack([np.zeros_like(outputs), outputs]) if task == "binary" else outputs
    logs: Float = log_softmax(logits, axis=1)
    return logs


def probabilities(task: Task, outputs: Float) -> Float:
    """Return the probability of each class: logits (n, k) -> (n, classes)."""
    if task == "binary":
        second: Float = expit(outputs)
        return np.hstack([1 - second, second])
    shares: Float = np.exp(log_probabilities(task, outputs))
    return shares


def average_scores(scores: list[dict[str, float]]) -> dict[str, float]:
    """Average over cells, for the metrics that every cell has."""
    names = [name for name in scores[0] if all(name in score for score in scores)]
    return {name: float(np.mean([score[name] for score in scores])) for name in names}
