"""The figures shown beside the loss."""

import numpy as np
import pytest
from scipy.special import expit, softmax
from sklearn.metrics import log_loss, mean_squared_error, r2_score, root_mean_squared_error

from regchoose.statistics.metrics import average_scores, row_losses, secondary_metrics


def test_metrics_of_a_regression() -> None:
    y = np.array([0.0, 1.0, 2.0, 3.0])
    assert secondary_metrics("regression", np.zeros(4), y) == {"R2": 1.0, "RMSE": 0.0}
    predicted = np.array([1.5, 1.0, 2.5, 4.0])
    found = secondary_metrics("regression", np.square(predicted - y), y)
    assert found["R2"] == pytest.approx(r2_score(y, predicted))
    assert found["RMSE"] == pytest.approx(root_mean_squared_error(y, predicted))


def test_metrics_of_two_classes() -> None:
    y = np.array([0.0, 0.0, 1.0, 1.0])
    losses = row_losses("binary", np.array([[-3.0, 2.0, -1.0, 4.0]]), y)
    assert secondary_metrics("binary", losses, y) == {"accuracy": 0.5, "AUC": 0.75}
    assert "AUC" not in secondary_metrics("binary", np.array([1.0, 2.0]), np.ones(2))
    sure = row_losses("binary", np.array([[-2000.0, -900.0, 900.0, -900.0]]), y)
    assert secondary_metrics("binary", sure, y)["accuracy"] == 0.75


def test_metrics_of_many_classes() -> None:
    found = secondary_metrics("multiclass", np.ones(4), np.array([0.0, 1.0, 2.0, 1.0]), errors=0.25)
    assert found == {"accuracy": 0.75}


def test_averages_leave_out_what_a_cell_lacks() -> None:
    assert average_scores([{"accuracy": 0.5, "AUC": 0.5}, {"accuracy": 1.0}]) == {"accuracy": 0.75}


def test_losses_of_rows_average_to_the_loss_that_scikit_learn_computes() -> None:
    rng = np.random.default_rng(0)
    logits, codes = rng.normal(size=(3, 50)) * 3, rng.integers(0, 3, 50).astype(float)
    of_three = row_losses("multiclass", logits, codes)
    assert of_three.shape == (50,)
    assert of_three.mean() == pytest.approx(log_loss(codes, softmax(logits, axis=0).T))
    both = row_losses("binary", logits[:1], (codes > 0).astype(float))
    assert both.mean() == pytest.approx(log_loss(codes > 0, expit(logits[0])))
    number = row_losses("regression", logits[:1], codes)
    assert number.mean() == pytest.approx(mean_squared_error(codes, logits[0]))
