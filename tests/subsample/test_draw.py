"""The subsample: proportional, better balanced than chance, and a matter of table and seed alone."""

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regchoose.records.table import Table
from regchoose.records.words import Task
from regchoose.subsample.draw import allocate, balance, draw_subsample, stratify
from regchoose.subsample.moments import compute_moments, to_coordinates
from tests.table.tables import mixed, table

TASKS: list[Task] = ["regression", "binary", "multiclass"]


@given(st.lists(st.integers(0, 500), min_size=1, max_size=20), st.floats(0, 1))
def test_allocation_is_proportional_to_less_than_a_row(counts: list[int], share: float) -> None:
    strata = np.array([*counts, 1])
    size = max(1, int(share * strata.sum()))
    given_rows = allocate(strata, size)
    assert given_rows.sum() == size
    assert np.all(given_rows <= strata)
    assert np.all(np.abs(given_rows - strata * size / strata.sum()) < 1)


def test_a_small_table_is_taken_whole() -> None:
    whole = draw_subsample(mixed(100), size=100, folds=5, seed=0)
    np.testing.assert_array_equal(whole.rows, np.arange(100))
    assert whole.matched
    assert whole.reason == "all 100 rows"


@pytest.mark.parametrize("task", TASKS)
def test_the_rows_match_and_the_proof_says_so(task: Task) -> None:
    whole = mixed(5_000, task=task)
    drawn = draw_subsample(whole, size=1_000, folds=5, seed=3)
    assert drawn.matched, drawn.reason
    assert all(check.ok and check.value <= check.limit for check in drawn.checks)
    assert len(np.unique(drawn.rows)) == 1_000
    assert np.all(np.diff(drawn.rows) > 0)
    counts = np.bincount(stratify(whole))
    np.testing.assert_array_equal(np.bincount(stratify(whole)[drawn.rows]), allocate(counts, 1_000))


def test_a_rare_class_keeps_its_share() -> None:
    whole = mixed(5_000, task="binary")
    rare = (np.arange(5_000) % 50 == 0).astype(float)
    drawn = draw_subsample(replace(whole, target=rare), size=1_000, folds=5, seed=0)
    assert drawn.matched
    assert rare[drawn.rows].sum() == 20


def test_it_depends_on_table_and_seed_alone() -> None:
    whole = mixed(2_000)
    np.random.seed(1)
    random.seed(1)
    first = draw_subsample(whole, size=400, folds=5, seed=7)
    np.random.seed(2)
    random.seed(2)
    again = draw_subsample(whole, size=400, folds=2, seed=7)
    assert first.checks == again.checks
    np.testing.assert_array_equal(first.rows, again.rows)
    assert not np.array_equal(first.rows, draw_subsample(whole, size=400, folds=5, seed=8).rows)


@pytest.mark.parametrize("task", ["regression", pytest.param("binary", marks=pytest.mark.slow)])
def test_means_are_nearer_to_the_tables_than_those_of_a_random_sample(task: Task) -> None:
    whole = mixed(3_000, task=task)
    x = np.nan_to_num(to_coordinates(whole).numbers)
    mean, sd = x.mean(axis=0), x.std(axis=0)
    ours = [draw_subsample(whole, size=300, folds=5, seed=seed).rows for seed in range(5)]
    plain = [np.random.default_rng(seed).choice(3_000, 300, replace=False) for seed in range(200)]
    near, far = (
        np.median([np.abs(x[rows].mean(axis=0) - mean) / sd for rows in rows_]) for rows_ in (ours, plain)
    )
    assert near <= 0.65 * far


def test_what_is_balanced_has_at_most_twenty_uncorrelated_terms() -> None:
    rng = np.random.default_rng(0)
    wide = table(rng.normal(size=(2_000, 40)) @ rng.normal(size=(40, 40)), rng.normal(size=2_000))
    terms = balance(to_coordinates(wide), seed=0)
    assert terms.shape == (2_000, 20)
    np.testing.assert_allclose(terms.T @ terms / 2_000, np.eye(20), atol=1e-8)
    target = to_coordinates(wide).numbers[:, -1]
    left = np.linalg.lstsq(terms, target - target.mean(), rcond=None)[1]
    assert left[0] < 1e-12 * len(target), "the target is among the terms"


def test_constants_gaps_and_wild_scales_are_drawn_from() -> None:
    x = np.random.default_rng(0).normal(size=(900, 5))
    x[:, 0] = 3
    x[:, 1] = np.nan
    x[:, 2] *= 1e300
    x[5, 3] = -1.7e308
    drawn = draw_subsample(table(x, 1e300 * x[:, 4]), size=600, folds=5, seed=0)
    assert all(np.isfinite(check.value) for check in drawn.checks)
    assert drawn.matched, drawn.reason


def only(kind: str) -> Table:
    """900 rows of one awkward kind."""
    rng = np.random.default_rng(0)
    share, target = (rng.random(900) < 0.3).astype(float), rng.normal(size=900)
    codes = rng.integers(0, 300, size=(900, 1)).astype(float)
    return {
        "a constant": table(np.ones((900, 1)), target),
        "a constant and classes": table(np.ones((900, 1)), share, task="binary"),
        "missing values": table(np.full((900, 2), np.nan), target),
        "one flag": table(share[:, None], share, task="binary", levels={0: 2}),
        "rare levels": table(codes, share, task="binary", levels={0: 300}),
        "a target of mostly zeros": table(codes, target * share),
        "tiny numbers": table(codes * 1e-315, target * 1e-310),
    }[kind]


@pytest.mark.parametrize(
    "kind",
    [
        *("a constant", "a constant and classes", "missing values", "one flag", "rare levels"),
        *("a target of mostly zeros", "tiny numbers"),
    ],
)
def test_any_table_can_be_drawn_from(kind: str) -> None:
    drawn = draw_subsample(only(kind), size=500, folds=5, seed=0)
    assert drawn.matched, drawn.reason
    assert len(drawn.rows) == 500


def test_moments_leave_out_missing_values() -> None:
    x = np.random.default_rng(0).normal(5, 2, size=(301, 4))
    x[np.random.default_rng(1).random(x.shape) < 0.2] = np.nan
    x[:, 3] = np.nan
    whole = compute_moments(x)
    np.testing.assert_allclose(whole.mean[:3], np.nanmean(x[:, :3], axis=0))
    np.testing.assert_allclose(whole.sd[:3], np.nanstd(x[:, :3], axis=0))
    assert whole.missing_share[3] == 1
