"""Answers that are measured: on data whose answer is known, and against figures computed otherwise."""

import numpy as np
import pytest
from scipy.stats import spearmanr
from scipy.stats.contingency import association
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import RobustScaler

from regchoose.records.subsample import Finding, Profile
from regchoose.records.table import Table
from regchoose.records.words import Float, Int
from regchoose.subsample.association import (
    MOST_COLUMNS,
    correlate,
    correlation_ratio,
    cramers_v,
    measure_associations,
)
from regchoose.subsample.detect_image import detect_image
from regchoose.subsample.profile import measure_profile
from tests.table.tables import mixed, table


def measured(whole: Table) -> Profile:
    return measure_profile(whole, np.arange(whole.n_rows))


def answers(found: Profile) -> list[str]:
    findings = (found.correlated, found.somewhat_correlated, found.entire_picture, found.sparse)
    return [finding.answer for finding in findings]


def noise(n: int, p: int) -> Float:
    return np.random.default_rng(0).normal(size=(n, p))


# ---- figures against their oracles -----------------------------------------------------------------


def test_variance_inflation_is_that_of_the_regressions() -> None:
    x = noise(20_000, 4)
    x[:, 3] = x[:, 0] + x[:, 1] + 0.4 * x[:, 3]
    found = measure_profile(table(x, x[:, 0]), np.arange(10_000))
    z = RobustScaler().fit_transform(x)
    z /= np.sqrt(1 + (z / 3) ** 2)  # as models see it
    fits = [LinearRegression().fit(np.delete(z, j, axis=1), z[:, j]) for j in range(4)]
    inflation = [1 / (1 - fit.score(np.delete(z, j, axis=1), z[:, j])) for j, fit in enumerate(fits)]
    assert found.correlated.figures["max_vif"] == pytest.approx(max(inflation), rel=0.05)


def test_condition_number_and_effective_rank_are_those_of_the_eigenvalues() -> None:
    x = noise(10_000, 3)
    x[:, 1] = 0.8 * x[:, 0] + 0.6 * x[:, 1]
    value = np.linalg.eigvalsh(np.corrcoef(x.T))
    share = value / value.sum()
    figures = measured(table(x, x[:, 2])).correlated.figures
    assert figures["condition_number"] == pytest.approx(np.sqrt(value[-1] / value[0]), rel=0.02)
    assert figures["effective_rank_share"] == pytest.approx(np.prod(share**-share) / 3, rel=0.02)


def test_cramers_v_is_scipys_but_for_the_correction() -> None:
    rng = np.random.default_rng(0)
    a = rng.integers(0, 4, 200_000)
    b = np.where(rng.random(200_000) < 0.5, a, rng.integers(0, 4, 200_000))
    counts = np.zeros((4, 4), dtype=np.int64)
    np.add.at(counts, (a, b), 1)
    assert cramers_v(a, b) == pytest.approx(association(counts, method="cramer"), abs=1e-3)
    assert cramers_v(a, a) == pytest.approx(1)
    assert cramers_v(a, np.zeros_like(a)) == 0


def test_chance_is_taken_out_of_small_tables() -> None:
    rng = np.random.default_rng(0)
    pairs: list[tuple[Int, Int]] = [(rng.integers(0, 10, 60), rng.integers(0, 10, 60)) for _ in range(40)]
    plain = []
    for a, b in pairs:
        counts = np.zeros((10, 10), dtype=np.int64)
        np.add.at(counts, (a, b), 1)
        counts = counts[counts.any(axis=1)][:, counts.any(axis=0)]
        plain.append(association(counts, method="cramer"))
    assert np.mean(plain) > 0.35
    assert np.mean([cramers_v(a, b) for a, b in pairs]) < 0.1
    ratios = [correlation_ratio(a, rng.normal(size=(60, 1)))[0] for a, _ in pairs]
    assert np.mean(np.square(ratios)) < 0.06


def test_the_correlation_ratio_is_the_share_between_groups() -> None:
    rng = np.random.default_rng(0)
    group = rng.integers(0, 3, 5_000)
    values = rng.normal(size=(5_000, 2)) + np.column_stack([group * 1e6, group * 0])
    dummies = np.eye(3)[group]
    r2 = LinearRegression().fit(dummies, values[:, 0]).score(dummies, values[:, 0])
    eta = correlation_ratio(group, values)
    assert eta[0] ** 2 == pytest.approx(r2, abs=1e-3)
    assert eta[1] < 0.05


def test_pairs_take_the_larger_of_pearson_and_spearman() -> None:
    x = noise(500, 2)
    x[:, 1] = np.exp(3 * x[:, 0])
    found = measure_associations(table(x, noise(500, 1)[:, 0]), np.arange(500))
    assert found.pairs[0, 1] == pytest.approx(spearmanr(x[:, 0], x[:, 1]).statistic)
    assert found.pairs[0, 1] > correlate(x)[0, 1] + 0.3


def test_pairs_within_the_noise_are_none() -> None:
    found = measure_associations(table(noise(100, 30), noise(100, 1)[:, 0]), np.arange(100))
    assert found.floor == pytest.approx(2 * np.sqrt(np.log(30) / 100))
    assert (found.pairs > 0).sum() <= 4
    assert ((found.pairs == 0) | (found.pairs >= found.floor)).all()


# ---- answers that are known ------------------------------------------------------------------------


def test_independent_columns() -> None:
    x = noise(400, 30)
    assert answers(measured(table(x, x[:, 0] + noise(400, 31)[:, 30]))) == ["no", "no", "no", "no"]


def test_independent_columns_are_not_called_correlated_for_being_many() -> None:
    found = measured(table(noise(60, 80), noise(60, 81)[:, 80]))
    assert found.correlated.answer == "no"
    assert found.somewhat_correlated.answer == "no"
    assert found.warnings == ("80 inputs on 60 rows: a linear lasso keeps at most 60 of them",)


def test_copies_with_noise_are_correlated() -> None:
    x = noise(400, 8)
    x[:, 4:] = x[:, :4] + 0.02 * x[:, 4:]
    found = measured(table(x, x[:, 0]))
    assert answers(found)[:2] == ["yes", "yes"]
    assert found.correlated.figures["condition_number"] >= 30


def test_exact_copies_and_dummies_of_one_category_do_not_count() -> None:
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 4, 400).astype(float)
    x = noise(400, 3)
    whole = table(np.column_stack([x, x[:, 0], codes]), x[:, 0], levels={4: 4})
    assert measured(whole).correlated.answer in ("no", "unsure")
    assert measured(whole).correlated.figures["condition_number"] < 5
    level = (codes == codes[0]).astype(float)  # once a number, once a category
    twice = table(np.column_stack([x, level, level]), x[:, 0], levels={4: 2})
    assert measured(twice).correlated.figures["inputs"] == 4


def test_one_loosely_correlated_group_is_unsure() -> None:
    x = noise(1_000, 10)
    x[:, 1] = 0.9 * x[:, 0] + 0.4 * x[:, 1]
    assert answers(measured(table(x, x[:, 9])))[:2] == ["unsure", "yes"]


def test_pixels_are_an_entire_picture() -> None:
    digits = load_digits()
    whole = table(digits.data, digits.target.astype(float), task="multiclass", names=digits.feature_names)
    found = measured(whole).entire_picture
    assert found.answer == "yes"
    assert "pixels" in found.evidence


def bands(n: int) -> Float:
    """60 smooth, positive bands, as of a spectrum."""
    raw = np.random.default_rng(1).normal(size=(n, 68))
    smooth = np.column_stack([raw[:, j : j + 9].sum(axis=1) for j in range(60)])
    return np.asarray(np.abs(smooth), dtype=np.float64)


def test_neighbouring_bands_are_a_signal_and_shuffled_ones_are_not() -> None:
    x, names = bands(200), [f"c{j + 1}" for j in range(60)]
    found = detect_image(table(x, x[:, 30], names=names), np.arange(200))
    assert found is not None
    assert found.kind == "signal"
    assert found.neighbours > 2 * found.strangers
    shuffled = x[:, np.random.default_rng(0).permutation(60)]
    assert detect_image(table(shuffled, x[:, 30], names=names), np.arange(200)) is None


@pytest.mark.parametrize("reason", ["names", "range", "few", "category"])
def test_what_a_picture_needs(reason: str) -> None:
    x, names, levels = bands(200), [f"c{j + 1}" for j in range(60)], {}
    if reason == "names":
        names.reverse()
    elif reason == "range":
        x = x * 10.0 ** (np.arange(60) % 7)
    elif reason == "few":
        x, names = x[:, :10], names[:10]
    else:
        x[:, ::3], levels = np.arange(200)[:, None] % 4, dict.fromkeys(range(0, 60, 3), 4)
    assert detect_image(table(x, x[:, 1], names=names, levels=levels), np.arange(200)) is None


def test_a_dense_signal_is_an_entire_picture_and_a_lone_one_is_not() -> None:
    x = noise(2_000, 12)
    dense = measured(table(x, x.sum(axis=1))).entire_picture
    lone = measured(table(x, x[:, 3] + noise(2_000, 13)[:, 12])).entire_picture
    assert dense.answer == "yes"
    assert dense.figures["participation_ratio"] > 0.9
    assert lone.answer == "no"
    assert lone.figures["participation_ratio"] == pytest.approx(1 / 12, rel=0.05)
    assert "foremost: x3." in lone.evidence


def test_one_of_two_columns_is_not_a_dense_signal() -> None:
    x = noise(2_000, 2)
    found = measured(table(x, x[:, 0])).entire_picture
    assert (found.answer, found.figures["associated_share"]) == ("no", 0.5)


@pytest.mark.parametrize(("zeros", "answer"), [(0.95, "yes"), (0.7, "unsure"), (0.3, "no")])
def test_zeros_are_counted(zeros: float, answer: str) -> None:
    x = noise(1_000, 10) * (np.random.default_rng(2).random((1_000, 10)) >= zeros)
    found = measured(table(x, noise(1_000, 11)[:, 10])).sparse
    assert found.answer == answer
    assert found.figures["zero_share"] == pytest.approx((x == 0).mean())


def test_zeros_are_counted_after_coding() -> None:
    codes = np.tile([0.0, 1, 2, 3], 25)
    whole = table(np.column_stack([codes, codes % 2, codes + 1]), codes, levels={0: 4, 1: 2})
    # of six inputs, four dummies are zero but for one, one is half zero, the numbers never
    assert measured(whole).sparse.figures["zero_share"] == pytest.approx((3 + 0.5) / 6)


# ---- tables that are awkward -----------------------------------------------------------------------


def test_one_column_constant_columns_and_gaps() -> None:
    x = noise(50, 1)
    assert answers(measured(table(x, x[:, 0]))) == ["no", "no", "no", "no"]
    assert answers(measured(table(np.ones((50, 2)), x[:, 0]))) == ["no", "no", "no", "no"]
    wild = noise(300, 5)
    wild[np.random.default_rng(1).random(wild.shape) < 0.2] = np.nan
    wild[:, 3], wild[:, 4] = np.nan, wild[:, 4] * 1e300
    found = measured(table(wild, noise(300, 6)[:, 5] * 1e300))
    assert np.isfinite([*found.correlated.figures.values()]).all()


@pytest.mark.parametrize("task", ["regression", "binary", "multiclass"])
def test_mixed_columns(task: str) -> None:
    whole = mixed(1_000, task=task)  # type: ignore[arg-type]
    found = measured(whole)
    assert answers(found)[:3] == ["no", "no", "no"]
    assert measure_associations(whole, np.arange(1_000)).target[:2].min() > 0.05
    assert measure_associations(whole, np.arange(1_000)).target[4:].max() < 0.05


def test_wide_tables_are_measured_on_some_columns_and_say_so() -> None:
    found = measured(table(noise(300, 700), noise(300, 1)[:, 0]))
    assert found.warnings[1] == "correlations were measured on 500 of 700 columns, drawn at random"
    assert found.correlated.figures["inputs"] == 500


def test_the_evidence_is_a_sentence_with_the_figures() -> None:
    diabetes, cancer = load_diabetes(), load_breast_cancer()
    first = measured(table(diabetes.data, diabetes.target, names=diabetes.feature_names))
    assert first.correlated == Finding(
        "unsure",
        "The condition number is 14.2 and the effective rank 62 % of the inputs (correlated from 30, or "
        "under 30 %); the closest two are s1 and s2 (association 0.89).",
        first.correlated.figures,
    )
    second = measured(table(cancer.data, cancer.target.astype(float), task="binary"))
    assert second.correlated.answer == "yes"
    assert second.correlated.figures["effective_rank_share"] < 0.3


# ---- the picture of the associations ----------------------------------------------------------------


def test_columns_that_go_together_stand_side_by_side() -> None:
    common, own = noise(500, 2), np.random.default_rng(1).normal(size=(500, 6))
    x = common[:, [0, 1, 0, 1, 0, 1]] * [1, 1, -1, 1, 1, 1] + 0.5 * own
    found = measured(table(x, x[:, 0])).associations
    assert found is not None
    assert found.of == 6
    first = {int(name[1:]) % 2 for name in found.columns[:3]}
    assert len(first) == 1  # the even or the odd ones
    place = {name: at for at, name in enumerate(found.columns)}
    assert found.matrix[place["x0"], place["x2"]] < -0.7
    assert found.matrix[place["x0"], place["x4"]] > 0.7
    assert found.matrix[place["x0"], place["x1"]] == 0
    assert (np.diag(found.matrix) == 1).all()
    assert found.target[place["x0"]] == pytest.approx(1)


def test_of_many_columns_the_closest_are_shown() -> None:
    x = noise(300, 60)
    x[:, 50] = x[:, 3] + 0.1 * x[:, 50]
    found = measured(table(x, x[:, 0])).associations
    assert found is not None
    assert (len(found.columns), found.of) == (MOST_COLUMNS, 60)
    assert abs(found.columns.index("x3") - found.columns.index("x50")) == 1


def test_one_column_has_no_picture_and_categories_have_one() -> None:
    assert measured(table(noise(100, 1), noise(100, 2)[:, 1])).associations is None
    found = measured(mixed(500)).associations
    assert found is not None
    np.testing.assert_array_equal(found.matrix, found.matrix.T)
