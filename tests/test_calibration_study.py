"""The calibration study in small: its truth is true, its tables count right, and it can be broken off."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, RobustScaler, StandardScaler

from regchoose.records.words import ARMS
from regchoose.statistics.prior import Student
from tests.benchmarks.calibration import __main__ as command
from tests.benchmarks.calibration.choice import WAYS, compare_ways, summary_of_ways
from tests.benchmarks.calibration.learned import half_of, learned, with_priors
from tests.benchmarks.calibration.reliability import fitting_factor, rule_at, summary
from tests.benchmarks.calibration.study import SMALL, WHOLE, answer, experiment_of
from tests.benchmarks.calibration.tasks import KINDS, law
from tests.benchmarks.calibration.truth import true_losses
from tests.benchmarks.calibration.verdicts import NADEAU_BENGIO, false_alarms, said

pytestmark = pytest.mark.slow


def test_tasks_cover_what_they_should() -> None:
    laws = [law(number) for number in range(300)]
    for task in KINDS:
        for network in (True, False):
            assert sum(own.task == task and own.network == network for own in laws) == 50
    assert sum(own.near_tie for own in laws) == 90
    assert any(own.d > own.n for own in laws)
    assert law(17) == law(17)


@pytest.mark.parametrize("number", [0, 1, 2])
def test_scores_and_targets_are_as_the_law_says(number: int) -> None:
    own = replace(law(number), shape="tanh", d=6, share=0.5)
    x, score = own.rows(20_000, seed=1)
    assert x.std(0) == pytest.approx(np.ones(6), abs=0.05)
    assert score.std(0) == pytest.approx(np.ones(score.shape[1]), abs=0.1)
    y = own.targets(score, seed=1)
    if own.task == "regression":
        assert (y - score[:, 0]).var() == pytest.approx(1 / own.signal, rel=0.05)
    else:
        shares = np.bincount(y.astype(int)) / len(y)
        assert shares == pytest.approx(own.probabilities(score).mean(0), abs=0.02)


@pytest.mark.parametrize("number", [3, 4])
def test_the_truth_without_a_penalty_is_scikit_learns(number: int) -> None:
    """A linear model on many rows: the same expected loss, up to the few sets."""
    own = replace(law(number), n=400, d=5, share=1.0, signal=1.0, correlation=0.0, shape="linear")
    training = experiment_of(own, WHOLE.settings).training
    found = true_losses(own, training, sets=4, scored=4_000)["none"]
    x_scored, score = own.rows(4_000, seed=10_000)
    clip = FunctionTransformer(lambda z: z / np.sqrt(1 + (z / 3) ** 2))
    as_encoded = make_pipeline(RobustScaler(), clip, StandardScaler())
    expected = []
    for j in range(4):
        drawn_x, drawn = own.rows(400, seed=100 + j)
        encoder = as_encoded.fit(drawn_x)
        x, scored = encoder.transform(drawn_x), encoder.transform(x_scored)
        y = own.targets(drawn, seed=100 + j)
        if own.task == "regression":
            error = np.square(LinearRegression().fit(x, y).predict(scored) - score[:, 0]).mean()
            expected.append((error + 1 / own.signal) / y.var())
        else:
            odds = own.probabilities(score)
            logs = LogisticRegression(C=np.inf).fit(x, y).predict_log_proba(scored)
            expected.append(-(odds * logs).sum(1).mean())
    assert found == pytest.approx(expected, rel=1e-3)


@pytest.fixture(scope="module")
def records() -> list[dict[str, Any]]:
    return [answer(number, SMALL) for number in (0, 3, 6, 9)]


def test_a_record_holds_what_the_study_needs(records: list[dict[str, Any]]) -> None:
    for record in records:
        assert set(record["losses"]) == set(record["truth"]) == set(ARMS)
        assert record["rope"] > 0
        assert json.loads(json.dumps(record)) == record
    assert answer(0, SMALL) == records[0]


def test_the_tables_count_each_task_once(records: list[dict[str, Any]]) -> None:
    found = summary(records)
    assert found["tasks"] == 4
    assert found["networks"]["tasks"] + found["linear"]["tasks"] == 4
    for name in ("networks", "linear"):
        for own in found[name]["without_prior"].values():
            for rule in ("best", "chart"):
                assert sum(row["observed"]["of"] for row in own[rule]["safe"]) == found[name]["tasks"]


def made_up(spread: float, *, seed: int) -> dict[str, Any]:
    """Return a record whose cells scatter independently around an estimate that is off by so much."""
    rng = np.random.default_rng(seed)
    truth = {"none": 0.6, "l1": 0.5, "l2": 0.55, "elastic_net": 0.501}
    off = spread * rng.standard_normal(4)
    cells = {
        arm: (truth[arm] + off[j] + 0.01 * rng.standard_normal(25)).tolist() for j, arm in enumerate(ARMS)
    }
    return {
        "law": {"number": seed, "network": True, "near_tie": False},
        "rope": 0.01,
        "loss_null": 1.0,
        "losses": cells,
        "truth": truth,
    }


def test_verdicts_are_held_against_the_truth() -> None:
    verdict = said(made_up(0.0, seed=1), factor=0.04, decide="best")
    assert verdict.arm in ("l1", "elastic_net")
    assert verdict.right
    assert verdict.certainty == "firm"
    turned = made_up(0.0, seed=1)
    turned["truth"] = {arm: 1 - loss for arm, loss in turned["truth"].items()}
    wrong = said(turned, factor=0.04, decide="best")
    assert not wrong.right
    assert wrong.regret == pytest.approx(0.1, abs=0.002)


def test_the_fitting_factor_is_the_most_cautious_that_is_not_silent() -> None:
    """Cells scatter by 0.01, estimates by much less: certainty is right at any factor, but often missing."""
    calm = [made_up(0.0005, seed=seed) for seed in range(100)]
    assert fitting_factor(calm) == 0.16
    assert rule_at(calm, [0.16] * 100, "best")["firm"]["share"] >= 0.8
    assert rule_at(calm, [0.20] * 100, "best")["firm"]["share"] < 0.8


def test_where_certainty_is_wrong_the_factor_stays_nadeau_and_bengios() -> None:
    """Estimates that scatter by twice as much as cells: no factor keeps false alarms at their level."""
    wild = [made_up(0.02, seed=seed) for seed in range(100)]
    assert rule_at(wild, [0.13] * 100, "best")["firm"]["share"] > 0.8
    assert fitting_factor(wild) == NADEAU_BENGIO


def drawn_apart(count: int) -> list[dict[str, Any]]:
    """Return records whose true differences from Elastic Net come from t distributions."""
    rng, delta = np.random.default_rng(5), 0.02
    found = []
    for number in range(count):
        apart = {"none": 2 + rng.standard_t(1.5), "l1": 0.3 * rng.standard_t(2.5), "l2": rng.standard_t(2.5)}
        truth = {arm: 1.0 + delta * gap for arm, gap in apart.items()} | {"elastic_net": 1.0}
        found.append(made_up(0.0, seed=number) | {"truth": truth, "rope": delta})
    return found


def test_how_far_arms_lie_apart_is_learned() -> None:
    found = learned(drawn_apart(2000))
    assert found["none"].location == pytest.approx(2, abs=0.15)
    assert [found[arm].scale for arm in ("none", "l1", "l2")] == pytest.approx([1, 0.3, 1], rel=0.1)
    assert [found[arm].df for arm in ("none", "l1", "l2")] == [1.5, 2.5, 2.5]


def test_no_task_teaches_the_prior_that_it_is_judged_with() -> None:
    records = drawn_apart(60)
    known = with_priors(records)
    for half in (0, 1):
        others = learned([own for own in records if half_of(own) != half])
        assert all(own["prior"] == others for own in known if half_of(own) == half)
    assert {half_of(own) for own in records} == {0, 1}
    assert all("prior" not in own for own in with_priors(records[:30]))


def test_a_verdict_knows_the_prior_of_its_record() -> None:
    record, narrow = made_up(0.0, seed=1), dict.fromkeys(("none", "l1", "l2"), Student(2.5, 0.0, 0.05))
    plain = said(record, factor=4.0, decide="best")
    surer = said(record | {"prior": narrow}, factor=4.0, decide="best")
    assert (surer.arm, surer.regret) == (plain.arm, plain.regret)
    assert plain.safe < 0.8 < surer.safe


def test_one_who_knows_the_truth_needs_no_penalty_that_gains_nothing() -> None:
    record = made_up(0.0, seed=1)
    record["truth"] = {"none": 0.5, "l1": 0.496, "l2": 0.495, "elastic_net": 0.494}
    record["losses"] = {arm: [loss + 1e-5 * k for k in range(25)] for arm, loss in record["truth"].items()}
    found = said(record, factor=0.29, decide="chart")
    assert (found.arm, found.same_outcome) == ("none", True)


def test_false_alarms_are_counted() -> None:
    many = [made_up(0.005, seed=seed) for seed in range(300)]
    alike = [record | {"truth": dict.fromkeys(ARMS, 0.5)} for record in many]
    wrong, asked = false_alarms(alike, [0.25] * len(alike))
    assert asked == 300 * 6
    assert wrong > 0.5 * asked  # they do differ


def test_a_study_goes_on_where_it_stood(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--small", "--output", str(tmp_path), "--tasks"]
    command.main([*arguments, "2"])
    path = tmp_path / "calibration.jsonl"
    first = path.read_text(encoding="utf-8")
    path.write_text(first + first[:40], encoding="utf-8")  # broken off in the midst of a line
    command.main([*arguments, "3"])
    lines = path.read_text(encoding="utf-8").splitlines()
    assert "\n".join(lines[:2]) + "\n" == first
    assert sorted(json.loads(line)["law"]["number"] for line in lines) == [0, 1, 2]
    assert "task 2" in capsys.readouterr().out
    assert json.loads((tmp_path / "calibration.json").read_text(encoding="utf-8"))["tasks"] == 3


def test_ways_to_choose_are_judged_on_the_same_cells(records: list[dict[str, Any]]) -> None:
    compared = [compare_ways(record, SMALL) for record in records[:2]]
    assert compare_ways(records[0], SMALL) == compared[0]
    for record in compared:
        for way in WAYS:
            assert set(record["ways"][way]) == set(ARMS)
            assert np.isfinite(np.array(record["ways"][way]["l2"], dtype=float)).all()
        # Without a penalty and without a length there is nothing to choose, so all ways agree.
        if not record["law"]["network"]:
            assert record["ways"]["pooled"]["none"] == record["ways"]["per cell"]["none"]
            assert record["ways"]["pooled"]["none"] == pytest.approx(
                record["ways"]["out of bag"]["none"], abs=2e-6
            )
    found = summary_of_ways(compared)
    assert found["tasks"] == 2


def test_what_the_study_knows_is_said_of_such_experiments_alone() -> None:
    usual = replace(WHOLE.settings, network="linear", folds=5, repeats=2)
    experiment = experiment_of(law(21), usual)
    assert experiment.is_studied
    others: list[dict[str, Any]] = [
        {"l1": 0.01},
        {"l2": 0.01},
        {"rope": 0.001},
        {"penalize": ("0.weight",)},
        {"network": "net.py:Net"},
    ]
    for other in others:
        assert not replace(experiment, settings=replace(usual, **other)).is_studied
    assert not replace(experiment, final=experiment.final[:5]).is_studied
    assert not replace(experiment, exchangeable=False).is_studied
