"""Encoding: fitted on its rows alone, and of one width whatever these are."""

import time
from dataclasses import replace

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, RobustScaler, StandardScaler

from regchoose.encoding.encoder import Encoder
from regchoose.encoding.input_plan import plan_inputs
from regchoose.encoding.inputs import fit_target
from regchoose.records.table import Table
from regchoose.records.words import Float, Int, Task
from regchoose.table.columns.quantiles import quantiles
from tests.table.tables import mixed, table

FIT, REST = np.arange(0, 300), np.arange(300, 400)


def encode(whole: Table, fit: Int, *others: Int) -> list[tuple[Float, Float]]:
    """Learn from `fit`; encode these rows and others."""
    encoder = Encoder.fit(whole, fit)
    return [encoder.transform(whole, rows) for rows in (fit, *others)]


def test_numbers_are_scaled_and_clipped_as_by_realmlp_then_standardized() -> None:
    x = np.random.default_rng(0).standard_t(2, size=(400, 4)) * 5 + 3
    (a, _), (b, _) = encode(table(x, x[:, 0]), FIT, REST)
    clip = FunctionTransformer(lambda z: z / np.sqrt(1 + (z / 3) ** 2))
    oracle = make_pipeline(RobustScaler(), clip, StandardScaler()).fit(x[FIT])
    np.testing.assert_allclose(a, oracle.transform(x[FIT]), atol=1e-12)
    np.testing.assert_allclose(b, oracle.transform(x[REST]), atol=1e-12)


def test_where_most_values_are_one_half_the_range_takes_the_place_of_the_quartiles() -> None:
    x = np.zeros((400, 2))
    x[::10, 0], x[5, 1] = 2.0, -3.0
    fitted, encoder = encode(table(x, x[:, 0]), FIT)[0][0], Encoder.fit(table(x, x[:, 0]), FIT)
    assert [number.spread for number in encoder.numbers] == [2.0 / 8, 3.0 / 8]  # in quarters
    np.testing.assert_allclose(fitted, StandardScaler().fit_transform(x[FIT]), atol=1e-12)


def test_a_cell_far_outside_counts_as_one_at_the_edge() -> None:
    x = np.random.default_rng(0).normal(size=(400, 1))
    x[REST[:6], 0] = [30.0, 1e9, 1.7e308, -30.0, -1e9, -1.7e308]
    _, (b, _) = encode(table(x, x[:, 0]), FIT, REST)
    number = Encoder.fit(table(x, x[:, 0]), FIT).numbers[0]
    edges = (np.array([3.0, -3.0]) - number.mean) / number.scale
    np.testing.assert_allclose(b[[1, 2, 4, 5], 0], np.repeat(edges, 2), rtol=1e-12)
    np.testing.assert_allclose(b[[0, 3], 0], edges, rtol=0.02)
    assert np.abs(b).max() < 5
    ordered = np.argsort(x[REST, 0], kind="stable")
    assert np.all(np.diff(b[ordered, 0]) >= 0), "the clip keeps the order"


def test_names_say_what_each_input_is() -> None:
    whole = mixed(400)
    assert plan_inputs(whole).input_names == (
        *("x0", "x1", "x2", "x3", "x3 is missing", "x4=v1"),
        *("x5=v0", "x5=v1", "x5=v2", "x5=v3", "x5=v4"),
    )
    (x, _), (others, _) = encode(whole, FIT, REST)
    assert x.shape == (300, 11)
    np.testing.assert_array_equal(x[:, 4], np.isnan(whole.features[FIT, 3]))
    np.testing.assert_array_equal(x[:, 5], whole.features[FIT, 4])
    np.testing.assert_array_equal(others[:, 6:].argmax(axis=1), whole.features[REST, 5])
    assert np.all(others[:, 6:].sum(axis=1) == 1)


def test_missing_numbers_take_the_median_of_the_fit_rows() -> None:
    x = np.array([[1.0], [2.0], [9.0], [np.nan], [2.0]])
    (fitted, _), (other, _) = encode(table(x, x[:, 0]), np.arange(4), np.array([4]))
    assert fitted[3, 0] == other[0, 0]
    assert fitted[3, 1] == 1


@pytest.mark.parametrize("task", ["regression", "binary"])
def test_rows_that_are_not_fitted_on_change_nothing(task: Task) -> None:
    whole = mixed(400, task=task)
    features, target = whole.features.copy(), whole.target.copy()
    features[REST, :4] = features[REST, :4] * 1e6 + 7
    target[REST] = target[REST][::-1]
    before = encode(whole, FIT)[0]
    after = encode(replace(whole, features=features, target=target), FIT)[0]
    for a, b in zip(before, after, strict=True):
        np.testing.assert_array_equal(a, b)


def test_other_rows_are_encoded_alike_in_whatever_company() -> None:
    whole = mixed(400)
    many = encode(whole, FIT, REST, REST[:7])
    np.testing.assert_array_equal(many[1][0][:7], many[2][0])
    np.testing.assert_array_equal(encode(whole, FIT, FIT)[1][0], many[0][0])


def test_the_width_does_not_depend_on_the_fit_rows() -> None:
    whole = mixed(400)
    complete = np.flatnonzero(~np.isnan(whole.features[:, 3]) & (whole.features[:, 5] == 0))
    gaps = np.flatnonzero(np.isnan(whole.features[:, 3]))
    for fit in (complete, gaps, np.array([5])):
        assert all(x.shape[1] == len(plan_inputs(whole).input_names) for x, _ in encode(whole, fit, REST))
        assert all(np.isfinite(x).all() for x, _ in encode(whole, fit, REST))


def test_a_category_may_be_missing_or_have_many_levels() -> None:
    rng = np.random.default_rng(0)
    codes = np.concatenate([np.repeat(np.arange(49.0), 10), np.arange(49.0, 80.0), [np.nan] * 5])
    rng.shuffle(codes)
    whole = table(codes[:, None], rng.normal(size=len(codes)), levels={0: 80})
    names = plan_inputs(whole).input_names
    assert len(names) == 51
    assert names[:2] == ("x0=v0", "x0=v1")
    assert names[-2:] == ("x0=other", "x0=missing")
    x = encode(whole, np.arange(len(codes)))[0][0]
    np.testing.assert_array_equal(x[:, -1], np.isnan(codes))
    np.testing.assert_array_equal(x[:, -2], codes >= 49)


def test_constants_and_wild_scales_stay_finite() -> None:
    x = np.random.default_rng(1).normal(size=(400, 6))
    x[:, 0] *= 1e300
    x[:, 1] *= 1e-300
    x[3, 2] = 1e308
    x[:, 3] = np.where(np.arange(400) % 2, 1.7e308, -1.7e308)
    x[FIT, 4] = 7
    x[FIT, 5] = np.nan
    (a, y), (b, _) = encode(table(x, 1e300 * x[:, 1] * 1e300), FIT, REST)
    assert np.abs(a).max() < 100
    assert np.abs(b).max() < 100
    np.testing.assert_allclose(a[:, [0, 1, 3]].std(axis=0), 1)
    assert a[:, 2].std() == pytest.approx(1)
    assert np.delete(a[:, 2], 3).std() > 0.1, "one outlier must not flatten the column"
    assert not a[:, [4, 5]].any()
    assert not b[:, [4, 5]].any(), "what was constant in training says nothing in testing"
    assert y.std() == pytest.approx(1)


def test_the_target_is_scaled_by_the_fit_rows() -> None:
    whole = mixed(400)
    (_, y), (_, other) = encode(whole, FIT, REST)
    mean, sd = whole.target[FIT].mean(), whole.target[FIT].std()
    assert fit_target(whole, FIT).scale == pytest.approx(sd)
    np.testing.assert_allclose(y, (whole.target[FIT] - mean) / sd)
    np.testing.assert_allclose(other, (whole.target[REST] - mean) / sd)
    classes = mixed(400, task="multiclass")
    np.testing.assert_array_equal(encode(classes, FIT)[0][1], classes.target[FIT])
    assert fit_target(classes, FIT).scale == 1
    flat = table(np.arange(9.0)[:, None], np.full(9, 4.0))
    np.testing.assert_array_equal(encode(flat, np.arange(9))[0][1], 0)


@pytest.mark.parametrize("gaps", [False, True])
def test_quantiles_are_those_of_numpy(gaps: bool) -> None:
    x: Float = np.random.default_rng(0).normal(size=(101, 5))
    if gaps:
        x[np.random.default_rng(1).random(x.shape) < 0.3] = np.nan
    shares = (0.0, 0.005, 0.25, 0.5, 0.9, 1.0)
    np.testing.assert_allclose(quantiles(x, shares), np.nanquantile(x, shares, axis=0))


def test_a_resampling_takes_moments() -> None:
    rng = np.random.default_rng(0)
    whole = table(rng.normal(size=(4_000, 200)), rng.normal(size=4_000))
    rows = np.arange(4_000)
    start = time.process_time()
    for _ in range(5):
        encode(whole, rows[:2_400], rows[2_400:3_200], rows[3_200:])
    assert (time.process_time() - start) / 5 < 0.4, "25 cells of this size are to take about a second"
