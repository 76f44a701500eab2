"""The estimators: what scikit-learn asks of one, what they choose, and what they train with it."""

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.linear_model import ElasticNet, LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import regchoose
from regchoose.errors import RegchooseError
from regchoose.library.estimators import RegularizerClassifier, RegularizerRegressor
from tests.library.small import SMALL, N, numbers

pytestmark = pytest.mark.slow

FURTHER = {name: value for name, value in SMALL.items() if name not in ("network", "jobs")} | {"audit": False}
TINY_MLP = {**FURTHER, "epochs": 20, "steps": 40, "lr": 0.02}
# Ten folds need 40 rows: the smaller tables of the checks are fitted without an experiment.
CHECKED = {**TINY_MLP, "folds": 10, "repeats": 1, "epochs": 10, "steps": 40, "lr": 0.05}
FIXED = {**CHECKED, "l1": 1e-3, "l2": 1e-2}  # a strength each: none is tuned


def regressor(**parameters: Any) -> RegularizerRegressor:
    return RegularizerRegressor(**{"network": "linear", "settings": FURTHER, "random_state": 0, **parameters})


def classifier(**parameters: Any) -> RegularizerClassifier:
    return RegularizerClassifier(
        **{"network": "linear", "settings": FURTHER, "random_state": 0, **parameters}
    )


def table(seed: int = 3) -> tuple[pd.DataFrame, pd.Series]:
    """Return columns of many types, and a target that hangs on three of them."""
    frame = numbers(seed=seed).drop(columns="y")
    rng = np.random.default_rng(seed)
    frame["kind"] = rng.choice(["red", "green", "blue"], N)
    frame["flag"] = rng.random(N) < 0.5
    frame["rank"] = np.arange(N)  # rises from row to row, and is a feature all the same
    frame["gaps"] = np.where(rng.random(N) < 0.2, np.nan, rng.normal(size=N))
    y = frame["first"] + 2.0 * (frame["kind"] == "red") + frame["rank"] / N + 0.1 * rng.normal(size=N)
    return frame, y.rename("price")


# ---- scikit-learn's own checks -----------------------------------------------------------------------


# That a table is too small for an experiment is said by a warning.
@pytest.mark.filterwarnings("ignore::regchoose.RegchooseWarning")
@parametrize_with_checks(  # type: ignore[untyped-decorator]  # scikit-learn has no types
    [regressor(settings=CHECKED), classifier(network="mlp", hidden=(8,), settings=FIXED)]
)
def test_what_scikit_learn_asks_of_an_estimator(estimator: Any, check: Any) -> None:
    check(estimator)


# ---- what is chosen, and what is trained -------------------------------------------------------------


def test_it_chooses_what_recommend_does_and_says_so() -> None:
    x, y = table()
    model = regressor().fit(x, y)
    keep = [name for name in x if pd.api.types.is_float_dtype(x[name]) or name == "rank"]
    settings: Any = {**SMALL, "audit": False, "task": "regression", "keep": keep}
    found = regchoose.recommend(x, y, **settings)
    assert (model.regularizer_, model.l1_, model.l2_) == (found.regularizer, found.l1, found.l2)
    assert isinstance(model.result_, regchoose.Result)
    assert model.result_.to_dict()["arms"] == found.to_dict()["arms"]
    assert model.n_features_in_ == 7
    assert list(model.feature_names_in_) == list(x.columns)
    assert model.score(x, y) > 0.9


def test_the_linear_model_is_scikit_learns_elastic_net() -> None:
    frame = numbers()
    x, y = frame[["first", "second", "other"]].to_numpy(), frame["y"].to_numpy()
    model = regressor(settings={**FURTHER, "l1": 0.02, "l2": 0.01, "decide": "best"}).fit(x, y)
    assert model.l1_ or model.l2_
    # Theirs is of half the mean squared error: (1/2n)·Σ(…)² + a·ρ·|w| + a·(1−ρ)/2·w².
    z, t = StandardScaler().fit_transform(_clip(x)), (y - y.mean()) / y.std()
    l1, l2 = model.l1_ / 2, model.l2_
    theirs = ElasticNet(alpha=l1 + l2, l1_ratio=l1 / (l1 + l2), tol=1e-10, max_iter=100_000).fit(z, t)
    np.testing.assert_allclose(model.predict(x), theirs.predict(z) * y.std() + y.mean(), atol=1e-5)


def _clip(x: np.ndarray[Any, Any]) -> Any:
    """What the encoding does before it standardizes: quartile ranges from the median, clipped smoothly."""
    low, center, high = np.quantile(x, [0.25, 0.5, 0.75], axis=0)
    z = (x - center) / (high - low)
    return z / np.sqrt(1 + (z / 3) ** 2)


def test_the_linear_classifier_is_scikit_learns_logistic_regression() -> None:
    x, y = make_classification(n_samples=120, n_features=5, random_state=1)
    model = classifier(settings={"resources": "no", "l1": 0.02, "l2": 0.01}).fit(x, y)
    z = StandardScaler().fit_transform(_clip(x))
    # Theirs is C·Σ loss + ρ·|w| + (1−ρ)/2·w².
    total = model.l1_ + 2 * model.l2_
    theirs = LogisticRegression(
        C=1 / (len(y) * total), l1_ratio=model.l1_ / total, solver="saga", tol=1e-9, max_iter=100_000
    ).fit(z, y)
    np.testing.assert_allclose(model.predict_proba(x), theirs.predict_proba(z), atol=1e-4)


@pytest.mark.parametrize("labels", [["no", "yes"], [7, -2], ["a", "b", "c"], [True, False], [1.0, 2.0, 9.0]])
def test_labels_of_any_kind_are_predicted(labels: list[Any]) -> None:
    rng = np.random.default_rng(1)
    codes = np.arange(N) % len(labels)
    x = rng.normal(size=(N, 3)) + 4 * np.eye(3)[codes]
    y = np.array(labels)[codes]
    settings = {**TINY_MLP, "resources": "no"}
    model = classifier(network="mlp", hidden=(8,), settings=settings).fit(x, y)
    assert list(model.classes_) == sorted(set(labels))
    assert model.classes_.dtype == y.dtype
    shares = model.predict_proba(x)
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)
    assert (model.predict(x) == model.classes_[shares.argmax(axis=1)]).all()
    assert model.score(x, y) > 0.9
    assert model.result_.to_dict()["data"]["classes"] == [str(label) for label in sorted(set(labels))]


def test_the_mlp_learns_what_no_line_can() -> None:
    rng = np.random.default_rng(2)
    x = rng.uniform(-2, 2, size=(300, 2))
    y = np.abs(x[:, 0]) + 5.0
    settings = {**TINY_MLP, "steps": 200, "subsample": "no", "correlated": "yes", "l2": 1e-4}
    model = regressor(network="mlp", hidden=(16,), settings=settings).fit(x, y)
    assert model.score(x, y) > 0.9
    assert model.predict(x[:1]).shape == (1,)


# ---- rows that come later ----------------------------------------------------------------------------


def test_later_rows_are_read_as_the_first_were() -> None:
    x, y = table()
    model = regressor().fit(x, y)
    whole = model.predict(x)
    np.testing.assert_allclose(model.predict(x.iloc[[7]]), whole[[7]])
    np.testing.assert_allclose(
        model.predict(x.astype({"kind": "category", "rank": "float32"})), whole, atol=1e-5
    )
    np.testing.assert_allclose(model.predict(x.astype({"flag": object, "rank": str})), whole)
    np.testing.assert_allclose(model.predict(x.iloc[::-1]), whole[::-1])


def test_a_new_level_counts_as_the_average_row() -> None:
    x, y = table()
    model = regressor().fit(x, y)
    kinds = sorted(set(x["kind"]))
    shares = [(x["kind"] == kind).mean() for kind in kinds]
    by_kind = [model.predict(x.assign(kind=kind)) for kind in kinds]
    expected = sum(share * predicted for share, predicted in zip(shares, by_kind, strict=True))
    np.testing.assert_allclose(model.predict(x.assign(kind="mauve")), expected)
    np.testing.assert_allclose(model.predict(x.assign(kind=None)), expected)


def test_rare_levels_are_one_and_new_ones_join_them() -> None:
    rng = np.random.default_rng(0)
    n = 400
    kind = np.where(rng.random(n) < 0.5, "often", [f"rare {i % 70}" for i in range(n)])
    x = pd.DataFrame({"kind": kind, "number": rng.normal(size=n)})
    x.loc[::9, "kind"] = None
    y = x["number"] + (kind == "often")
    model = regressor(settings={**FURTHER, "keep": ["kind"]}).fit(x, y)
    levels = pd.Series(kind[x["kind"].notna()]).value_counts(sort=True)
    seldom, new = model.predict(x.assign(kind=levels.index[-1])), model.predict(x.assign(kind="never"))
    np.testing.assert_allclose(seldom, new)
    assert not np.allclose(new, model.predict(x.assign(kind=None)))


def test_a_gap_where_there_was_none_is_the_median() -> None:
    x, y = table()
    model = regressor().fit(x, y)
    gap = model.predict(x.assign(first=np.nan))
    np.testing.assert_allclose(gap, model.predict(x.assign(first=x["first"].median())))
    np.testing.assert_allclose(gap, model.predict(x.assign(first=np.inf)))


def test_a_text_among_numbers_is_refused() -> None:
    x, y = table()
    model = regressor().fit(x, y)
    with pytest.raises(RegchooseError, match="'first' holds 'much'") as caught:
        model.predict(x.astype({"first": object}).assign(first=["much", *x["first"][1:]]))
    assert (caught.value.code, caught.value.where) == ("E326", "row 0, counted from 0")


@pytest.mark.parametrize("written", [False, True])
def test_dates_are_read_as_they_were_at_the_fit(written: bool) -> None:
    """A target that grows by the day is told from the date alone, also from that of days to come."""
    days = pd.date_range("2021-01-01", periods=N, freq="D")
    given, later = (
        pd.DataFrame({"day": moments.strftime("%d.%m.%Y") if written else moments})
        for moments in (days, days + pd.Timedelta(days=5))
    )
    noise = np.random.default_rng(0).normal(size=N)
    model = regressor().fit(given, np.arange(N) / 10 + noise)
    came = model.predict(later) - model.predict(given)
    assert 0.2 < came.mean() < 0.8
    with pytest.raises(RegchooseError, match="reads dates as"):
        model.predict(pd.DataFrame({"day": ["some day"] * 3}))


# ---- at home among others ----------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_model() -> None:
    x, y = table()
    first, second = (regressor(network="mlp", hidden=(4,), settings=TINY_MLP).fit(x, y) for _ in range(2))
    np.testing.assert_array_equal(first.predict(x), second.predict(x))
    assert first.result_.to_dict()["arms"] == second.result_.to_dict()["arms"]
    jobs = regressor(network="mlp", hidden=(4,), settings=TINY_MLP, n_jobs=-1).fit(x, y)
    np.testing.assert_array_equal(first.predict(x), jobs.predict(x))
    other = regressor(network="mlp", hidden=(4,), settings=TINY_MLP, random_state=1).fit(x, y)
    assert not np.array_equal(first.predict(x), other.predict(x))
    drawn = regressor(random_state=np.random.RandomState(3)).fit(x, y)
    assert drawn.result_.to_dict()["settings"]["seed"] == np.random.RandomState(3).randint(2**31 - 1)


def test_in_a_pipeline_a_search_and_a_cross_validation() -> None:
    frame = numbers()
    x, y = frame[["first", "second", "other"]], frame["y"]
    model = make_pipeline(StandardScaler(), regressor())
    assert cross_val_score(model, x, y, cv=2, error_score="raise").min() > 0.8
    search = GridSearchCV(regressor(), {"decide": ["chart", "best"]}, cv=2, error_score="raise").fit(x, y)
    assert search.best_estimator_.l2_ >= 0
    copy = clone(search.best_estimator_)
    assert copy.get_params() == search.best_estimator_.get_params()
    assert not hasattr(copy, "result_")


def test_it_is_pickled_with_its_network() -> None:
    x, y = table()
    model = regressor(network="mlp", hidden=(4,), settings=TINY_MLP)
    model.fit(x, y)
    expected = model.predict(x)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(x), expected)
    assert str(again.result_) == str(model.result_)
    assert len(pickle.dumps(model._fitted)) < 10_000 + x.memory_usage().sum()


# ---- where there is no experiment --------------------------------------------------------------------


def test_too_few_rows_are_fitted_by_prior_knowledge() -> None:
    frame = numbers(n=12)
    x, y = frame[["first", "second"]], frame["y"]
    with pytest.warns(
        regchoose.RegchooseWarning, match="no experiment was possible: the table has 12 rows"
    ) as w:
        model = regressor(network="mlp", hidden=(8,), settings={"steps": 300}).fit(x, y)
    assert w[0].filename == __file__
    assert (model.result_.certainty, model.result_.l2) == ("prior", None)
    assert model.regularizer_ == model.result_.regularizer != "none"
    assert model.l1_ + model.l2_ > 0
    assert model.score(x, y) > 0.8


def test_a_class_with_few_rows_is_fitted_by_prior_knowledge() -> None:
    frame = numbers()
    y = np.where(np.arange(N) < 3, "rare", np.where(frame["first"] > 0, "up", "down"))
    with pytest.warns(regchoose.RegchooseWarning, match="no experiment was possible: class 'rare' has 3"):
        model = classifier(settings={}).fit(frame[["first", "second"]], y)
    assert model.predict_proba(frame[["first", "second"]]).shape == (N, 3)


def test_a_strength_that_is_fixed_is_used_without_an_experiment_too() -> None:
    frame = numbers()
    settings = {"l1": 0.03, "l2": 0.04, "resources": "no"}
    model = regressor(settings=settings).fit(frame[["first", "second"]], frame["y"])
    used = {"l1": (0.03, 0.0), "l2": (0.0, 0.04), "elastic_net": (0.03, 0.04)}
    assert (model.l1_, model.l2_) == used[model.regularizer_]


WRONG: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"settings": {"epoch": 3}}, RegchooseError, "recommend takes no 'epoch'"),
    ({"hidden": (0,)}, RegchooseError, "hidden got '0'"),
    ({"settings": {"target": "first"}}, RegchooseError, "y and a target were both given"),
    ({"network": "nowhere.py:Net"}, RegchooseError, "nowhere.py"),
]


@pytest.mark.parametrize("case", WRONG, ids=lambda case: str(case[0]))
def test_wrong_parameters_are_named(case: tuple[dict[str, Any], type[Exception], str]) -> None:
    parameters, kind, said = case
    frame = numbers()
    with pytest.raises(kind, match=said):
        regressor(**parameters).fit(frame[["first", "second"]], frame["y"])


def test_one_class_is_no_classification() -> None:
    with pytest.raises(ValueError, match="one class"):
        classifier().fit(numbers(), ["a"] * N)


def test_a_target_in_another_order_is_warned_of() -> None:
    frame, settings = numbers(), {"l1": 0.03, "l2": 0.04, "resources": "no"}
    with pytest.warns(regchoose.RegchooseWarning, match="another order"):
        regressor(settings=settings).fit(frame[["first", "second"]], frame["y"].iloc[::-1])
