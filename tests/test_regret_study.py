"""The regret study in small: its choices are refitted, its methods run, its tables count right."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, Ridge

pytest.importorskip("optuna", reason="the study's peers come with the extra `bench`")
pytest.importorskip("skorch", reason="the study's peers come with the extra `bench`")

from regchoose.errors import TrainingError
from regchoose.records.listener import Silent
from regchoose.run.walk_chart import recommend_regularizer
from tests.benchmarks.calibration.lines import Record
from tests.benchmarks.calibration.real_tables import RealTable
from tests.benchmarks.calibration.tasks import RealTask
from tests.benchmarks.regret import __main__ as command
from tests.benchmarks.regret import our_rules as ours
from tests.benchmarks.regret import peers
from tests.benchmarks.regret.compete import PEERS
from tests.benchmarks.regret.contest import SMALL, Contest, Found, Sizes
from tests.benchmarks.regret.earlier_version import earlier_version
from tests.benchmarks.regret.our_rules import AUDITED, OURS, RULES, our_rules
from tests.benchmarks.regret.refit import Choice, Length, refit
from tests.benchmarks.regret.summary import summarize

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
DATA = ROOT / "data"
N = {"diabetes": 100, "breast_cancer": 100, "digits": 150}


def contest_of(table: str, network: Literal["mlp", "linear"] = "mlp") -> Contest:
    source = RealTable(table, str(DATA / f"{table}.csv"))
    return Contest.of(RealTask(source, N[table], draw=0, network=network))


# ---- a contest, and what is refitted -------------------------------------------------------------------


def test_rows_are_encoded_by_those_drawn_alone() -> None:
    own = contest_of("diabetes")
    assert (len(own.x), len(own.y)) == (100, 100)
    assert len(own.judged_x) == len(own.judged_y) == 342
    assert own.x.mean(0) == pytest.approx(np.zeros(own.x.shape[1]), abs=1e-9)
    assert np.abs(own.judged_x.mean(0)).max() > 0.01
    assert own.y.std() == pytest.approx(1)
    assert own.loss_null == 1


@pytest.mark.parametrize(("table", "outputs"), [("diabetes", 1), ("breast_cancer", 1), ("digits", 10)])
def test_a_network_puts_out_what_the_task_needs(table: str, outputs: int) -> None:
    assert contest_of(table).n_outputs == outputs


def loss_of(own: Contest, estimator: Any) -> float:
    predicted = estimator.fit(own.x, own.y).predict(own.judged_x)
    return float(np.square(predicted - own.judged_y).mean())


def test_linear_choices_are_refitted_as_scikit_learn_would_on_all_rows_drawn() -> None:
    own, sizes = contest_of("diabetes", "linear"), SMALL.of("linear")
    plain = refit(Choice("none", 0.0, 0.0, None), own, sizes, seconds=7.0)
    assert plain.loss == pytest.approx(loss_of(own, LinearRegression()), rel=1e-6)
    assert plain.seconds > 7.0
    ridge = refit(Choice("l2", 0.0, 0.2, None), own, sizes, seconds=0.0)
    alpha = 0.2 * len(own.y)  # scikit-learn's is of the sum of squares
    assert ridge.loss == pytest.approx(loss_of(own, Ridge(alpha)), rel=1e-6)
    assert ridge.loss != pytest.approx(plain.loss, rel=1e-3)


def test_the_loss_of_a_network_is_the_mean_over_initializations() -> None:
    own = contest_of("diabetes")
    choice = Choice("l1", 0.01, 0.0, Length(lr=0.003, batch=50, schedule_epochs=10, stop_epoch=5))
    one, two = (refit(choice, own, replace(SMALL, refits=count), seconds=0.0) for count in (1, 2))
    assert one.loss != two.loss
    assert one.loss == pytest.approx(two.loss, rel=0.2)
    assert two.choice["training"]["stop_epoch"] == 5


def test_what_diverges_loses_what_predicting_nothing_does() -> None:
    own = contest_of("breast_cancer")
    assert own.mean_loss(np.array([0.1, np.nan])) == pytest.approx((0.1 + own.loss_null) / 2)
    assert own.mean_loss(np.array([np.inf])) == pytest.approx(own.loss_null)


# ---- our rules -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def chosen() -> dict[str, Found]:
    return our_rules(contest_of("diabetes"), SMALL)


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_chooses_what_a_run_of_its_own_recommends(
    chosen: dict[str, Found], rule: Literal["audited", "chart", "best"]
) -> None:
    own = contest_of("diabetes")
    table, drawn = own.sample.table, own.sample.drawn
    result = recommend_regularizer(
        replace(table, features=table.features[drawn], target=table.target[drawn]),
        replace(SMALL.settings, decide=rule, resources="yes"),
        given=frozenset({"resources"}),
        ask=lambda _: None,
        listener=Silent(),
        clock=lambda: 0.0,
    )
    said, found = result.recommendation, chosen[rule].choice
    assert found["regularizer"] == said.regularizer
    assert (found["l1"], found["l2"]) == pytest.approx((said.l1, said.l2))
    assert said.training is not None
    assert found["training"] == said.training.model_dump(exclude={"optimizer"})


def test_single_arms_take_part_of_the_time_of_the_experiment(chosen: dict[str, Found]) -> None:
    assert tuple(chosen) == OURS
    assert all(found.loss > 0 for found in chosen.values())
    assert (chosen["none"].choice["l1"], chosen["none"].choice["l2"]) == (0, 0)
    assert chosen["elastic_net"].choice["l1"] > 0
    assert chosen["elastic_net"].choice["l2"] > 0
    assert max(chosen[arm].seconds for arm in ("elastic_net", "none")) < chosen[AUDITED].seconds
    assert chosen[AUDITED].choice["rope"] > 0


def test_an_experiment_that_fails_predicts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise TrainingError("E501", "the loss became infinite")

    monkeypatch.setattr(ours, "run_experiment", fail)
    own = contest_of("breast_cancer")
    found = our_rules(own, SMALL)
    assert tuple(found) == OURS
    assert {one.loss for one in found.values()} == {own.loss_null}
    assert found[AUDITED].choice == {"failed": "E501 the loss became infinite"}


def test_an_earlier_version_recommends_from_the_rows_drawn(chosen: dict[str, Found]) -> None:
    """This version stands for it: it must come to what our rule comes to."""
    found = earlier_version(contest_of("diabetes"), SMALL, checkout=ROOT)
    assert found.seconds > 0
    said = chosen[AUDITED]
    assert found.loss == pytest.approx(said.loss, rel=1e-3)
    for name in ("regularizer", "training"):
        assert found.choice[name] == said.choice[name]
    assert (found.choice["l1"], found.choice["l2"]) == pytest.approx((said.choice["l1"], said.choice["l2"]))


def test_an_earlier_version_that_ends_in_an_error_predicts_nothing(tmp_path: Path) -> None:
    (tmp_path / "regchoose").mkdir()
    (tmp_path / "regchoose" / "__init__.py").touch()
    (tmp_path / "regchoose" / "__main__.py").write_text('raise SystemExit("broken")', encoding="utf-8")
    own = contest_of("breast_cancer")
    found = earlier_version(own, SMALL, checkout=tmp_path)
    assert (found.loss, found.choice) == (own.loss_null, {"failed": "broken"})


def test_what_is_no_checkout_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The version that is installed would run in its place."""
    with pytest.raises(SystemExit):
        command.main(["--earlier", str(tmp_path)])
    assert "is no checkout" in capsys.readouterr().err


# ---- peers ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", ["diabetes", "breast_cancer", "digits"])
@pytest.mark.parametrize("name", list(PEERS["mlp"]))
def test_a_peer_chooses_and_is_judged(table: str, name: str) -> None:
    own, sizes = contest_of(table), replace(SMALL, refits=1)
    found = PEERS["mlp"][name](own, sizes)
    assert 0 < found.loss < 1.5 * own.loss_null
    assert found.seconds > 0
    assert set(found.choice) == {"adamw": {"weight_decay"}, "sklearn_grid": {"alpha"}}.get(name, {"l1", "l2"})


@pytest.mark.parametrize("search", [peers.skorch_grid, peers.optuna_search])
def test_a_search_in_which_all_diverges_predicts_nothing(
    monkeypatch: pytest.MonkeyPatch, search: Callable[[Contest, Sizes], Found]
) -> None:
    monkeypatch.setattr(peers, "RATE", 1e30)
    own = contest_of("diabetes")
    assert search(own, SMALL).loss == own.loss_null


@pytest.mark.parametrize("table", ["diabetes", "breast_cancer"])
def test_scikit_learns_own_search_for_a_linear_model_is_judged(table: str) -> None:
    own = contest_of(table, "linear")
    found = peers.sklearn_linear(own, SMALL.of("linear"))
    assert 0 < found.loss < own.loss_null
    assert "alpha" in found.choice or "C" in found.choice


# ---- tables --------------------------------------------------------------------------------------------


def made_up(
    losses: Mapping[str, float], *, table: str, n: int = 200, draw: int = 0, **more: Mapping[str, Any]
) -> Record:
    """Return the record of a task on which every method loses 0.5 but these."""
    methods = {
        name: {
            "loss": losses.get(name, 0.5),
            "seconds": 3.0 if name == AUDITED else 6.0,
            "choice": {"rope": 0.01} if name == AUDITED else more.get(name, {}),
        }
        for name in (AUDITED, "best", "adamw")
    }
    return {"table": table, "n": n, "draw": draw, "network": "mlp", "loss_null": 2.0, "methods": methods}


def test_regret_is_to_the_best_of_a_task_in_units_of_predicting_nothing() -> None:
    records = [
        made_up({AUDITED: 0.4, "adamw": 0.6}, table="wine"),
        made_up({"adamw": 0.3}, table="diabetes"),
    ]
    own = summarize(records)["mlp"]
    found = own["all"]["methods"]
    assert own["by_table"]["wine"]["adamw"] == pytest.approx(0.1)
    assert found[AUDITED]["regret"] == pytest.approx((0 + 0.1) / 2)
    assert found["adamw"]["regret"] == pytest.approx((0.1 + 0) / 2)
    assert found["adamw"]["standard_error"] == pytest.approx(np.std([0.1, 0], ddof=1) / np.sqrt(2))
    assert found["adamw"]["more_than_ours"] == pytest.approx(0)
    assert found["adamw"]["standard_error_of_more"] == pytest.approx(np.std([0.1, -0.1], ddof=1) / np.sqrt(2))
    assert found["adamw"]["within"] == 0.5
    assert found["best"]["within"] == 0
    assert found["best"]["times_ours"] == pytest.approx(2)


def test_a_table_counts_once_however_often_it_was_drawn() -> None:
    records = [made_up({"adamw": loss}, table="wine", draw=draw) for draw, loss in enumerate((0.7, 0.9))]
    records.append(made_up({}, table="diabetes"))
    found = summarize(records)["mlp"]["all"]
    assert (found["tables"], found["tasks"]) == (2, 3)
    assert found["methods"]["adamw"]["regret"] == pytest.approx((0.15 + 0) / 2)
    assert summarize(records[:2])["mlp"]["all"]["methods"]["adamw"]["standard_error"] is None


def test_regrets_are_shown_by_rows_too() -> None:
    records = [made_up({"adamw": 0.7}, table="wine"), made_up({"adamw": 0.9}, table="wine", n=500)]
    found = summarize(records)["mlp"]["by_rows"]
    assert {n: own["methods"]["adamw"]["regret"] for n, own in found.items()} == pytest.approx(
        {"200": 0.1, "500": 0.2}
    )


def test_only_tasks_of_all_methods_that_are_compared_count() -> None:
    whole, partly = made_up({}, table="wine"), made_up({"best": 0.3}, table="diabetes")
    late = {**partly, "methods": {"adamw": partly["methods"].pop("adamw")}}
    found = summarize([whole, partly])["mlp"]
    assert (found["all"]["tasks"], found["not_compared"]) == (1, 1)
    found = summarize([whole, partly], ["best"])["mlp"]
    assert list(found["all"]["methods"]) == [AUDITED, "best"]
    assert (found["all"]["tasks"], found["not_compared"]) == (2, 0)
    assert summarize([whole, partly, late])["mlp"]["all"]["tasks"] == 2
    assert summarize([late]) == {}


def test_failures_are_counted() -> None:
    failed = made_up({}, table="wine", adamw={"failed": "it diverged"})
    found = summarize([failed])["mlp"]["all"]["methods"]
    assert (found["adamw"]["failed"], found["best"]["failed"]) == (1, 0)


def test_a_study_runs_every_method_and_goes_on_where_it_stood(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [str(DATA / "diabetes.csv"), "--small", "--rows", "60", "--draws"]
    more = ["--output", str(tmp_path)]
    command.main([*arguments, "1", *more, "--methods", "audited", "adamw"])
    path = tmp_path / "regret.jsonl"
    first = path.read_text(encoding="utf-8")
    path.write_text(first + first[:40], encoding="utf-8")  # broken off in the midst of a line
    command.main([*arguments, "1", *more])
    whole = path.read_text(encoding="utf-8")
    assert whole.startswith(first)
    assert str(DATA) not in whole
    early, late = (json.loads(line)["methods"] for line in whole.splitlines())
    assert set(early) == {*OURS, "adamw"}
    assert set(late) == {"sklearn_grid", "skorch_grid", "optuna"}
    command.main([*arguments, "1", *more])
    command.main([*arguments, "2", *more, "--only-tables"])
    assert path.read_text(encoding="utf-8") == whole
    out = capsys.readouterr().out
    assert out.count("1 of 1: diabetes, 60 rows") == 2
    assert "mlp: 60 rows, 1 tasks of 1 tables" in out
    tables = json.loads((tmp_path / "regret.json").read_text(encoding="utf-8"))
    assert set(tables["mlp"]["all"]["methods"]) == {*OURS, *PEERS["mlp"]}
