"""The regret study in small: its splits hold rows out, its methods are refitted, its tables count right."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, Ridge

pytest.importorskip("optuna", reason="the study's peers come with the extra `bench`")
pytest.importorskip("skorch", reason="the study's peers come with the extra `bench`")

from regchoose.records.words import Float
from regchoose.result.document import RunResult
from regchoose.settings.options import Settings
from tests.benchmarks.regret import __main__ as command
from tests.benchmarks.regret import engine
from tests.benchmarks.regret.engine import ALONE, BEST, CHART, HABITS, Rule, habits, ours, recommended
from tests.benchmarks.regret.linear_peers import NAMES, scikit_learn
from tests.benchmarks.regret.method import SMALL, Found
from tests.benchmarks.regret.peers import GRID, OPTUNA
from tests.benchmarks.regret.splits import REPORTING, TUNING, Split, half_of, splits_of
from tests.benchmarks.regret.summary import QUICK, SLOW, summary
from tests.report.results import altered

pytestmark = pytest.mark.slow

DATA = Path(__file__).parents[1] / "data"
LINEAR = SMALL.linear


def split_of(table: str, settings: Settings = LINEAR.settings) -> Split:
    return next(splits_of(DATA / f"{table}.csv", settings))


def test_a_table_lies_in_one_half_declared_before() -> None:
    assert not TUNING & REPORTING
    assert {path.stem for path in DATA.glob("*.csv")} <= TUNING | REPORTING
    with pytest.raises(ValueError, match="'mine' is in no half"):
        half_of("mine")


def test_a_split_holds_out_30_percent_of_the_rows_and_their_text() -> None:
    first, second = splits_of(DATA / "wine.csv", LINEAR.settings, splits=2)
    rows = (DATA / "wine.csv").read_text(encoding="utf-8").splitlines()
    own = first.text.splitlines()
    assert own[0] == rows[0]
    assert set(own[1:]) <= set(rows[1:])
    assert len(own) - 1 == len(first.y) == len(first.x) == 124
    assert len(first.held_y) == len(first.held_x) == 54
    assert first.x.mean(0) == pytest.approx(np.zeros(13), abs=1e-9)  # fitted on them alone
    assert np.abs(first.held_x.mean(0)).max() > 0.01
    shares = (np.bincount(y.astype(int)) / len(y) for y in (first.y, first.held_y))
    assert next(shares) == pytest.approx(next(shares), abs=0.02)
    assert first.text != second.text


def test_the_null_loss_of_a_regression_is_the_variance_that_it_is_measured_in() -> None:
    split = split_of("diabetes")
    assert split.loss_null == 1
    assert split.y.std() == pytest.approx(1)


def loss_of(split: Split, estimator: Any) -> float:
    predicted: Float = estimator.fit(split.x, split.y).predict(split.held_x)
    return float(np.square(predicted - split.held_y).mean())


@pytest.fixture(scope="module")
def chosen() -> dict[str, Found]:
    return {one.method: one for one in ours(split_of("diabetes"), LINEAR)}


def test_our_choices_are_refitted_as_scikit_learn_would_on_all_rows_not_held_out(
    chosen: dict[str, Found],
) -> None:
    split = split_of("diabetes")
    assert set(chosen) == {BEST, CHART, *ALONE.values()}
    assert chosen[ALONE["none"]].loss == pytest.approx(loss_of(split, LinearRegression()), rel=1e-6)
    alpha = chosen[ALONE["l2"]].choice["l2"] * len(split.y)  # scikit-learn's is of the sum of squares
    assert alpha > 0
    assert chosen[ALONE["l2"]].loss == pytest.approx(loss_of(split, Ridge(alpha)), rel=1e-6)


@pytest.fixture(scope="module")
def runs() -> dict[str, RunResult]:
    split = split_of("diabetes")
    return {decide: recommended(split, LINEAR, decide=decide) for decide in get_args(Rule)}


@pytest.mark.parametrize(("method", "decide"), [(BEST, "best"), (CHART, "chart")])
def test_both_rules_are_what_a_run_of_their_own_recommends(
    chosen: dict[str, Found], runs: dict[str, RunResult], method: str, decide: str
) -> None:
    """The chart's choice is taken from the run for the best."""
    own = runs[decide].recommendation
    for name in ("regularizer", "l1", "l2"):
        assert chosen[method].choice[name] == pytest.approx(getattr(own, name))


def test_the_chart_has_a_run_of_its_own_where_the_rules_may_have_looked_at_different_rows(
    runs: dict[str, RunResult], monkeypatch: pytest.MonkeyPatch
) -> None:
    best, chart = runs["best"], runs["chart"]
    assert best.design is not None
    again = altered(best, design={"looks": 2 * [look.model_dump() for look in best.design.looks]})
    other = altered(chart, recommendation={"regularizer": "l1", "l1": 0.123})
    monkeypatch.setattr(engine, "recommended", lambda *_, decide: again if decide == "best" else other)
    found = {one.method: one for one in ours(split_of("diabetes"), LINEAR)}
    assert found[CHART].choice["l1"] == 0.123
    assert found[BEST].choice["l1"] == best.recommendation.l1


def test_habits_train_to_the_end_of_the_usual_schedule() -> None:
    split = split_of("loans", SMALL.settings)
    found = {one.method: one for one in habits(split, SMALL)}
    assert set(found) == set(HABITS)
    assert found["weight decay 1e-2"].choice["l2"] == 0.005
    assert len({one.loss for one in found.values()}) == 3
    assert all(one.choice["stop"] == one.choice["epochs"] for one in found.values())


@pytest.mark.parametrize("table", ["diabetes", "wine"])
def test_scikit_learns_estimators_choose_and_are_scored(table: str) -> None:
    split = split_of(table)
    found = scikit_learn(split, LINEAR)
    assert [one.method for one in found] == list(NAMES)
    assert all(0 < one.loss < split.loss_null for one in found)


def made_up(losses: Mapping[str, float], *, table: str, split: int = 0) -> list[dict[str, Any]]:
    """Return the lines of a split in which every quick method loses 0.5 but these."""
    return [
        {
            "network": "linear",
            "table": table,
            "split": split,
            "loss_null": 2.0,
            "method": method,
            "loss": losses.get(method, 0.5),
            "seconds": 3.0 if method == BEST else 6.0,
            "choice": {"rope": 0.01},
        }
        for method in QUICK["linear"]
    ]


def test_regret_is_to_the_best_of_a_split_in_units_of_predicting_nothing() -> None:
    lines = made_up({BEST: 0.4, NAMES[0]: 0.6}, table="wine") + made_up({NAMES[0]: 0.3}, table="diabetes")
    panel = summary(lines)["linear"]["quick methods"]
    found = panel["reporting"]["methods"]
    assert panel["regret by table"]["wine"][NAMES[0]] == pytest.approx(0.1)
    assert found[BEST]["regret"] == pytest.approx((0 + 0.1) / 2)
    assert found[NAMES[0]]["regret"] == pytest.approx((0.1 + 0) / 2)
    assert found[NAMES[0]]["more_than_ours"] == pytest.approx(0)
    assert found[NAMES[0]]["standard_error"] == pytest.approx(np.std([0.1, -0.1], ddof=1) / np.sqrt(2))
    assert found[NAMES[0]]["within"] == 0.5
    assert found[CHART]["within"] == 0
    assert found[CHART]["times_ours"] == pytest.approx(2)


def test_a_table_counts_once_and_in_its_half_however_many_splits_it_has() -> None:
    lines = made_up({NAMES[0]: 0.7}, table="wine") + made_up({NAMES[0]: 0.9}, table="wine", split=1)
    lines += made_up({}, table="diabetes") + made_up({NAMES[0]: 1.5}, table="loans")
    panel = summary(lines)["linear"]["quick methods"]
    assert panel["reporting"]["methods"][NAMES[0]]["regret"] == pytest.approx((0.15 + 0) / 2)
    assert (panel["reporting"]["tables"], panel["reporting"]["splits"]) == (2, 3)
    assert panel["tuning"]["methods"][NAMES[0]]["regret"] == pytest.approx(0.5)
    assert panel["tuning"]["methods"][NAMES[0]]["standard_error"] is None


def test_a_split_that_not_every_method_has_run_on_is_left_out() -> None:
    lines = made_up({}, table="wine") + made_up({}, table="diabetes")[1:]
    assert summary(lines)["linear"]["quick methods"]["reporting"]["tables"] == 1


def test_a_study_runs_every_method_and_goes_on_where_it_stood(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [str(DATA / "loans.csv"), "--small", "--splits", "1", "--output", str(tmp_path)]
    command.main([*arguments, "--network", "linear"])
    path = tmp_path / "regret.jsonl"
    first = path.read_text(encoding="utf-8")
    path.write_text(first + first[:40], encoding="utf-8")  # broken off in the midst of a line
    command.main([*arguments, "--slow-splits", "1"])
    whole = path.read_text(encoding="utf-8")
    assert whole.startswith(first)
    assert str(DATA) not in whole
    lines = [json.loads(line) for line in whole.splitlines()]
    for network, quick in QUICK.items():
        own = [line["method"] for line in lines if line["network"] == network]
        assert sorted(own) == sorted((*quick, *SLOW[network]))
    assert capsys.readouterr().out.count("linear loans 0: ours") == 1
    tables = json.loads((tmp_path / "regret.json").read_text(encoding="utf-8"))
    assert set(tables["mlp"]["with every peer"]["tuning"]["methods"]) >= {BEST, GRID, OPTUNA}
    command.main([*arguments, "--only-tables"])
    assert path.read_text(encoding="utf-8") == whole
