"""The figures shown beside the loss."""

import numpy as np
import pytest
import torch
from sklearn.metrics import r2_score, root_mean_squared_error

from regchoose.records.words import Float
from regchoose.statistics.metrics import average_scores, secondary_metrics
from regchoose.training.loss import row_loss


def log_losses(logits: list[float], y: Float) -> Float:
    """As training records them: (n,), (n,) -> (n,)."""
    outputs = torch.tensor([[logits]], dtype=torch.float64)
    return np.asarray(row_loss("binary", outputs, torch.tensor(y[None]))[0])


def test_metrics_of_a_regression() -> None:
    y = np.array([0.0, 1.0, 2.0, 3.0])
    assert secondary_metrics("regression", np.zeros(4), y) == {"R2": 1.0, "RMSE": 0.0}
    predicted = np.array([1.5, 1.0, 2.5, 4.0])
    found = secondary_metrics("regression", np.square(predicted - y), y)
    assert found["R2"] == pytest.approx(r2_score(y, predicted))
    assert found["RMSE"] == pytest.approx(root_mean_squared_error(y, predicted))


def test_metrics_of_two_classes() -> None:
    y = np.array([0.0, 0.0, 1.0, 1.0])
    losses = log_losses([-3.0, 2.0, -1.0, 4.0], y)
    assert secondary_metrics("binary", losses, y) == {"accuracy": 0.5, "AUC": 0.75}
    assert "AUC" not in secondary_metrics("binary", np.array([1.0, 2.0]), np.ones(2))
    sure = log_losses([-2000.0, -900.0, 900.0, -900.0], y)
    assert secondary_metrics("binary", sure, y)["accuracy"] == 0.75


def test_metrics_of_many_classes() -> None:
    found = secondary_metrics("multiclass", np.ones(4), np.array([0.0, 1.0, 2.0, 1.0]), errors=0.25)
    assert found == {"accuracy": 0.75}


def test_averages_leave_out_what_a_cell_lacks() -> None:
    assert average_scores([{"accuracy": 0.5, "AUC": 0.5}, {"accuracy": 1.0}]) == {"accuracy": 0.75}
