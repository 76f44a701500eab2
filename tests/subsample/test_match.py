"""The proof of the match: each figure has an oracle, and rows that do not match fail it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import ks_2samp

from regchoose.errors import Phrase
from regchoose.records.subsample import Check
from regchoose.records.table import Column, Table
from regchoose.records.words import Float, Int
from regchoose.subsample.draw import draw_subsample
from regchoose.subsample.match import (
    CORRELATION,
    ENERGY,
    GAP,
    KS,
    SMD,
    TELL,
    UNSEEN,
    VARIANCE,
    VARIATION,
    broken_rule,
    check_match,
    check_row_order,
    explain_order,
    ks_distance,
    missed_targets,
)
from regchoose.subsample.moments import to_coordinates
from tests.table.tables import mixed, table

EVERY_CHECK = {SMD, VARIANCE, KS, VARIATION, UNSEEN, GAP, CORRELATION, ENERGY, TELL}


def proof(whole: Table, rows: Int) -> dict[tuple[str, str], Check]:
    return {(check.column, check.check): check for check in check_match(to_coordinates(whole), rows, seed=0)}


def broken(whole: Table, rows: Int) -> set[str]:
    return {check.check for check in proof(whole, rows).values() if not check.ok}


values = arrays(np.float64, st.integers(2, 30), elements=st.integers(-5, 5).map(float))


@given(values, values)
def test_the_distance_of_distributions_is_scipys(part: Float, whole: Float) -> None:
    assert ks_distance(part, whole) == pytest.approx(ks_2samp(part, whole, method="asymp").statistic)


def test_figures_are_what_they_are_called() -> None:
    rng = np.random.default_rng(0)
    x = rng.uniform(size=(4_000, 2))  # uniform: cutting the outermost values hardly matters
    whole = table(x, x.sum(axis=1) + rng.normal(size=4_000))
    rows = np.arange(1_000)
    checks, at = proof(whole, rows), to_coordinates(whole)
    u = at.numbers
    want = np.abs(u[rows].mean(axis=0) - u.mean(axis=0)) / u.std(axis=0)
    ratio = u[rows].var(axis=0) / u.var(axis=0)
    gap = np.abs(np.corrcoef(u[rows].T) - np.corrcoef(u.T)).max()
    for j, name in enumerate(("x0", "x1", "y")):
        assert checks[name, SMD].value == pytest.approx(want[j])
        assert checks[name, VARIANCE].value == pytest.approx(max(ratio[j], 1 / ratio[j]))
    assert max(check.value for check in checks.values() if check.check == CORRELATION) == pytest.approx(gap)


def test_a_random_subsample_passes_every_kind_of_check() -> None:
    whole = mixed(4_000)
    checks = draw_subsample(whole, size=1_000, folds=5, seed=0).checks
    assert {check.check for check in checks} == EVERY_CHECK
    assert all(check.ok for check in checks)
    assert missed_targets(checks) < 4


def test_shifted_rows_fail() -> None:
    whole = mixed(4_000)
    high = np.sort(np.argsort(whole.features[:, 0])[1_000:])
    assert {SMD, KS, ENERGY, TELL} <= broken(whole, high[::2])


def test_spread_out_rows_fail_by_their_variance() -> None:
    whole = mixed(4_000)
    outer = np.sort(np.argsort(np.abs(whole.features[:, 0]))[2_000:])
    assert {VARIANCE, KS, ENERGY, TELL} <= broken(whole, outer)


def test_rows_of_other_levels_and_gaps_fail() -> None:
    whole = mixed(4_000)
    known = np.flatnonzero(~np.isnan(whole.features[:, 3]) & (whole.features[:, 5] < 3))
    assert {VARIATION, UNSEEN, GAP} <= broken(whole, known[:1_500])


def test_a_broken_dependence_fails_though_each_column_is_fine() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(4_000, 2))
    x[:1_000, 1] = x[:1_000, 0]
    whole = table(x, rng.normal(size=4_000))
    assert broken(whole, np.arange(1_000)) == {CORRELATION, ENERGY, TELL}


@pytest.mark.parametrize("size", [300, 1_000])
def test_columns_of_rare_values_do_not_forbid_a_subsample(size: int) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(5_000, 8)) * (rng.random((5_000, 8)) < 0.005)
    codes = rng.integers(0, 40, 5_000)
    whole = table(np.column_stack([x, codes]), rng.normal(size=5_000), levels={8: 40})
    drawn = draw_subsample(whole, size=size, folds=5, seed=0)
    assert drawn.matched, drawn.reason


def test_no_small_sample_of_many_columns_matches_and_the_reason_names_a_remedy() -> None:
    whole = table(np.random.default_rng(0).normal(size=(2_000, 40)), np.zeros(2_000) + np.arange(2_000))
    drawn = draw_subsample(whole, size=60, folds=5, seed=0)
    assert not drawn.matched
    assert "the limit" in drawn.reason
    assert "--rows" in drawn.reason


def test_a_class_with_too_few_rows_says_how_many_are_wanted() -> None:
    whole = replace(mixed(5_000, task="binary"), target=(np.arange(5_000) % 250 == 0).astype(float))
    drawn = draw_subsample(whole, size=1_000, folds=5, seed=0)
    assert not drawn.matched
    assert drawn.reason == ("class 'k1' has 4 rows among 1,000, 5 folds need 10; --rows 2500 would hold them")
    assert draw_subsample(whole, size=2_500, folds=5, seed=0).matched
    assert "the table has no more" in broken_rule(whole, drawn.rows, checks=(), folds=11)


def order_of(whole: Table) -> Check:
    return check_row_order(whole, to_coordinates(whole), seed=0)


def test_order_is_noticed() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(1_500, 3))
    assert order_of(table(x, x[:, 0])).ok
    x[:, 1] += np.linspace(0, 3, 1_500)
    whole = table(x, x[:, 0])
    assert not order_of(whole).ok
    said = Phrase.of(explain_order(whole, order_of(whole))).shell
    assert "most of all by 'x1'" in said
    assert said.endswith("--time 'x1'")
    sites = np.column_stack([x[:, [0]], np.arange(1_500) // 100])
    blocks = table(sites, x[:, 0], levels={1: 15})
    assert Phrase.of(explain_order(blocks, order_of(blocks))).shell.endswith("--group 'x1'")


def test_an_order_by_the_target_or_beside_dates_is_not_spoken_of() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(1_500, 3))
    by_target = table(x, np.sort(x[:, 0]))
    assert not order_of(by_target).ok
    assert explain_order(by_target, order_of(by_target)) == ""
    x[:, 1] += np.linspace(0, 3, 1_500)
    whole = table(x, x[:, 0])
    dated = replace(whole, columns=(*whole.columns, Column("when", "date", "date", "test")))
    assert explain_order(dated, order_of(whole)) == ""
