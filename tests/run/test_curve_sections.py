"""What the plots of weights and of fitted curves are made of."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.special import expit
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, RobustScaler

from regchoose.experiment.arms import pool_cells, train_arm
from regchoose.experiment.fitted_curve import INPUTS, MOST_POINTS
from regchoose.experiment.plan import prepare
from regchoose.records.table import Table
from regchoose.records.words import Task
from regchoose.run.curve_sections import BINS, make_curves
from regchoose.settings.options import Settings
from tests.benchmarks.tables import Sheet, as_table, make_sheet

SETTINGS = Settings(
    strengths=3, alphas=(0.5,), folds=3, repeats=1, epochs=4, steps=8, hidden=(8,), lr=0.02, jobs=1
)


def one_feature(task: Task, *, n: int = 400) -> Table:
    """A table whose target follows from its one feature, in units far from standardized ones."""
    rng = np.random.default_rng(1)
    x = 100 + 5 * rng.standard_normal((n, 1))
    y = 1000 + 7 * x[:, 0]
    if task != "regression":
        bounds = np.array([100.0] if task == "binary" else [95.0, 105.0])
        y = (rng.random((n, 1)) < expit(0.6 * (x - bounds))).sum(1).astype(float)
    classes = {"regression": (), "binary": ("low", "high"), "multiclass": ("low", "middle", "high")}
    return replace(as_table(Sheet(task, x, y, x, y)), classes=classes[task])


def test_a_fitted_curve_is_in_the_units_of_the_table() -> None:
    table = one_feature("regression")
    experiment = prepare(table, np.arange(400), replace(SETTINGS, network="linear"))
    assert experiment.drawing is not None
    fitted = train_arm(experiment, "none", advanced=lambda _: None).fitted
    assert fitted is not None
    assert fitted.shape == (1, INPUTS)
    clip = FunctionTransformer(lambda z: z / np.sqrt(1 + (z / 3) ** 2))
    theirs = make_pipeline(RobustScaler(), clip, LinearRegression())
    each = [
        theirs.fit(table.features[cell.train], table.target[cell.train]).predict(
            experiment.drawing.x[:, None]
        )
        for cell in experiment.cells
    ]
    np.testing.assert_allclose(fitted[0], np.mean(each, axis=0), rtol=1e-9)
    np.testing.assert_allclose(fitted[0], 1000 + 7 * experiment.drawing.x, rtol=0.01)
    np.testing.assert_allclose(experiment.drawing.points_y[0], 1000 + 7 * experiment.drawing.points_x)
    assert len(experiment.drawing.points_x) == MOST_POINTS


def test_a_fitted_curve_of_two_classes_is_the_probability_of_the_second() -> None:
    table = one_feature("binary")
    experiment = prepare(table, np.arange(400), replace(SETTINGS, network="linear"))
    run = train_arm(experiment, "none", advanced=lambda _: None)
    assert experiment.drawing is not None
    assert run.fitted is not None
    theirs = LogisticRegression(C=np.inf).fit(table.features - 100, table.target)
    wanted = theirs.predict_proba(experiment.drawing.x[:, None] - 100)[:, 1]
    # The mean over three folds is not the fit to all rows.
    np.testing.assert_allclose(run.fitted[0], wanted, atol=0.05)
    assert experiment.drawing.names == ("probability of high",)
    assert set(experiment.drawing.points_y[0]) == {0.0, 1.0}


@pytest.mark.parametrize("network", ["mlp", "linear"])
def test_the_curves_of_all_classes_sum_to_one(network: str) -> None:
    experiment = prepare(one_feature("multiclass"), np.arange(400), replace(SETTINGS, network=network))
    fitted = train_arm(experiment, "l2", advanced=lambda _: None).fitted
    assert fitted is not None
    np.testing.assert_allclose(fitted.sum(0), 1, rtol=1e-6)
    assert len(fitted) == 3


def test_weights_are_counted_between_shared_edges() -> None:
    experiment = prepare(as_table(make_sheet("binary", 120, 4, seed=0)), np.arange(120), SETTINGS)
    assert experiment.drawing is None  # four features
    arms = {arm: train_arm(experiment, arm, advanced=lambda _: None) for arm in ("none", "l1")}
    found = make_curves(arms, experiment, pool_cells(arms, experiment))  # type: ignore[arg-type]  # literals are arms
    assert found.fitted is None
    assert found.weights is not None
    assert len(found.weights.edges) == BINS + 1
    for arm, run in arms.items():
        counted: Any = found.weights.arms.get(arm)  # type: ignore[arg-type]
        assert counted.of == len(run.weights) == 3 * (4 * 8 + 8)  # of three models
        assert sum(counted.counts) + counted.zeros + counted.beyond == counted.of
        assert counted.zeros / counted.of == pytest.approx(1 - run.nonzero_share, abs=1e-6)


@pytest.mark.parametrize("value", [7.0, np.nan])
def test_a_feature_that_does_not_vary_has_no_curve(value: float) -> None:
    table = one_feature("regression")
    constant = replace(table, features=np.full_like(table.features, value))
    assert prepare(constant, np.arange(400), replace(SETTINGS, network="linear")).drawing is None
