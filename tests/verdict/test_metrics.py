"""The figures shown beside the loss."""

import numpy as np
import pytest

from regchoose.verdict.metrics import averaged, secondary


def test_metrics_of_a_regression() -> None:
    y = np.array([0.0, 1.0, 2.0, 3.0])
    assert secondary("regression", y[None], y) == {"R2": 1.0, "RMSE": 0.0}
    assert secondary("regression", np.full((1, 4), 1.5), y)["R2"] == pytest.approx(0)


def test_metrics_of_two_classes() -> None:
    found = secondary("binary", np.array([[-3.0, 2.0, -1.0, 4.0]]), np.array([0.0, 0.0, 1.0, 1.0]))
    assert found == {"accuracy": 0.5, "AUC": 0.75}
    assert "AUC" not in secondary("binary", np.array([[1.0, 2.0]]), np.ones(2))


def test_metrics_of_many_classes() -> None:
    logits = np.eye(3)[:, [0, 1, 2, 0]]
    assert secondary("multiclass", logits, np.array([0.0, 1.0, 2.0, 1.0])) == {"accuracy": 0.75}


def test_averages_leave_out_what_a_cell_lacks() -> None:
    assert averaged([{"accuracy": 0.5, "AUC": 0.5}, {"accuracy": 1.0}]) == {"accuracy": 0.75}
