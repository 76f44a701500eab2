"""The calibration study in small: its truth is true, its tables count right, and it can be broken off."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import log_loss

from regchoose.encoding.encoder import Encoder
from regchoose.errors import TrainingError
from regchoose.experiment.arms import pool_cells
from regchoose.experiment.plan import prepare
from regchoose.records.table import Table
from regchoose.records.words import ARMS, Arm, Float
from regchoose.settings.sources import resolve_settings
from regchoose.statistics.prior import Student
from regchoose.training.block import CellData
from regchoose.training.train import train
from tests.benchmarks.calibration import __main__ as command
from tests.benchmarks.calibration import prior_by_rows, study
from tests.benchmarks.calibration.laws import KINDS, law
from tests.benchmarks.calibration.lines import Record
from tests.benchmarks.calibration.prior_by_rows import (
    KNOTS,
    PriorByRows,
    StudentByRows,
    _find_widening,
    compare_forms,
    fit_curve,
    learn_prior,
    leave_out_tables,
)
from tests.benchmarks.calibration.real_tables import KNOWN, MOST_JUDGED, draw_rows, find_tables
from tests.benchmarks.calibration.reliability import mean_over_tables, summarize
from tests.benchmarks.calibration.study import SMALL, WHOLE, answer, run_experiment
from tests.benchmarks.calibration.tasks import Sample, SyntheticTask, real_tasks, synthetic_tasks
from tests.benchmarks.calibration.truth import measure_truth
from tests.benchmarks.calibration.verdicts import Answers, Said, answer_record, posterior_of
from tests.benchmarks.tables import Sheet, as_table, make_sheet

pytestmark = pytest.mark.slow


def test_laws_cover_what_they_should() -> None:
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


# ---- real tables ---------------------------------------------------------------------------------------


def table_of(task: Any, n: int) -> Table:
    """Return a table of n rows of six features."""
    return as_table(make_sheet(task, n, 6, seed=0))


def test_rows_are_drawn_at_random_and_the_others_judge() -> None:
    table = table_of("binary", 1_000)
    rows = draw_rows(table, "some", n=200, draw=0)
    assert rows is not None
    drawn, judged = rows
    assert (len(drawn), len(judged)) == (200, 800)
    assert not set(drawn) & set(judged)
    assert table.target[drawn].mean() == pytest.approx(table.target.mean(), abs=0.005)
    again = draw_rows(table, "some", n=200, draw=0)
    assert again is not None
    assert (again[0].tolist(), again[1].tolist()) == (drawn.tolist(), judged.tolist())
    for other in ({"data": "another"}, {"draw": 1}):
        unlike = draw_rows(table, **{"data": "some", "n": 200, "draw": 0, **other})  # type: ignore[arg-type]
        assert unlike is not None
        assert set(unlike[0]) != set(drawn)


def test_at_most_so_many_rows_judge() -> None:
    rows = draw_rows(table_of("regression", MOST_JUDGED + 500), "some", n=200, draw=0)
    assert rows is not None
    assert len(rows[1]) == MOST_JUDGED


@pytest.mark.parametrize(
    ("rows", "n", "possible"), [(499, 200, False), (500, 200, True), (1_499, 1_000, False)]
)
def test_a_task_needs_rows_that_judge(rows: int, n: int, possible: bool) -> None:
    assert (draw_rows(table_of("regression", rows), "some", n=n, draw=0) is not None) == possible


def test_a_class_that_is_too_rare_makes_no_task() -> None:
    table = table_of("binary", 1_000)
    rare = replace(table, target=(np.arange(1_000) % 25 == 0).astype(float))
    assert draw_rows(rare, "some", n=200, draw=0) is None
    assert draw_rows(rare, "some", n=400, draw=0) is not None


def test_no_copy_of_a_drawn_row_judges() -> None:
    sheet = make_sheet("regression", 600, 3, seed=0)
    copied = np.concatenate([sheet.x, sheet.x[:200]])
    table = as_table(
        Sheet("regression", copied, np.concatenate([sheet.y, sheet.y[:200]]), copied[:0], sheet.y[:0])
    )
    rows = draw_rows(table, "some", n=200, draw=0)
    assert rows is not None
    drawn, judged = ({tuple(row) for row in table.features[part]} for part in rows)
    assert not drawn & judged


def write_table(path: Path, *, rows: int, header: bool) -> None:
    """Write a table whose last column is the target."""
    sheet = make_sheet("regression", rows, 2, seed=1)
    lines = [f"{a:.4f},{b:.4f},{y:.4f}" for (a, b), y in zip(sheet.x, sheet.y, strict=True)]
    path.write_text("\n".join(["a,b,y", *lines] if header else lines) + "\n", encoding="utf-8")


def test_a_folder_says_how_its_tables_are_read(tmp_path: Path) -> None:
    write_table(tmp_path / "abalone.csv", rows=40, header=True)
    write_table(tmp_path / "plain.csv", rows=40, header=False)
    write_table(tmp_path / "twin.csv", rows=40, header=False)
    (tmp_path / "tables.toml").write_text(
        '[abalone]\ntarget = "b"\nheader = "yes"\nna = ["x"]\n[twin]\ndata = "plain"\n', encoding="utf-8"
    )
    found = {table.data: table for table in find_tables([tmp_path, tmp_path / "plain.csv"])}
    assert list(found) == ["abalone", "plain"]
    assert found["plain"].path.endswith("plain.csv")
    assert found["abalone"].load().target_name == "b"
    assert found["plain"].load().n_rows == 40


def test_a_folder_without_tables_is_an_error(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "none.csv"):
        with pytest.raises(ValueError, match="wanted files that end in"):
            find_tables([place])


def test_what_is_known_of_public_tables_can_be_read() -> None:
    known = find_tables.__globals__["_read_facts"](KNOWN)
    assert {"abalone", "crash", "hotel", "vocab"} <= set(known)
    for options in known.values():
        resolve_settings(
            {key.replace("-", "_"): value for key, value in options.items()}, environ={}, config=None
        )


def test_real_tables_give_the_tasks_that_they_have_rows_for(tmp_path: Path) -> None:
    write_table(tmp_path / "some.csv", rows=700, header=True)
    (table,) = find_tables([tmp_path])
    tasks = list(real_tasks([table], rows=(50, 200, 500), draws=2, networks=("mlp", "linear")))
    assert [task.key for task in tasks] == [
        ("some", n, draw, network) for n in (50, 200) for draw in (0, 1) for network in ("mlp", "linear")
    ]
    sample = tasks[0].sample()
    assert (len(sample.drawn), len(sample.judged)) == (50, 650)


# ---- truth ---------------------------------------------------------------------------------------------


def encode_all(sample: Sample) -> Float:
    """Encode all rows as networks see them, by what the drawn ones teach."""
    encoder = Encoder.fit(sample.table, sample.drawn)
    return encoder.transform(sample.table, np.arange(sample.table.n_rows))[0]


@pytest.mark.parametrize("number", [3, 4])
def test_the_truth_without_a_penalty_is_scikit_learns(number: int) -> None:
    own = replace(law(number), n=400, d=5, share=1.0, signal=1.0, correlation=0.0, shape="linear")
    sample = SyntheticTask(own, fresh=2_000).sample()
    experiment, arms = run_experiment(sample, replace(SMALL.settings, network="linear"))
    found = measure_truth(experiment.training, arms, sample, rows_train=experiment.rows_train)
    x, y = encode_all(sample), sample.table.target
    fit = x[sample.drawn], y[sample.drawn]
    if own.task == "regression":
        error = np.square(LinearRegression().fit(*fit).predict(x[sample.judged]) - y[sample.judged])
        expected = error.mean() / y[sample.drawn].var()
    else:
        odds = LogisticRegression(C=np.inf, tol=1e-8).fit(*fit).predict_proba(x[sample.judged])
        expected = log_loss(y[sample.judged], odds)
    assert found.losses["none"] == pytest.approx(expected, rel=1e-5)


def test_the_truth_is_the_choice_trained_on_all_drawn_rows() -> None:
    """Each arm trained alone, for the whole schedule, has the same loss at its checkpoint."""
    sample = SyntheticTask(replace(law(0), n=80, d=4), fresh=300).sample()
    experiment, arms = run_experiment(sample, SMALL.settings)
    found = measure_truth(experiment.training, arms, sample, rows_train=experiment.rows_train, seeds=3)
    y = sample.table.target
    y = (y - y[sample.drawn].mean()) / y[sample.drawn].std()
    x = encode_all(sample).astype(experiment.training.network.precision)
    cells = [
        CellData(x[sample.drawn], y[sample.drawn], {"test": (x[sample.judged], y[sample.judged])}, seed)
        for seed in range(3)
    ]
    trained = {arm: train(experiment.training, cells, run.strengths) for arm, run in arms.items()}
    losses = {arm: own.losses["test"][:, 0, arms[arm].checkpoint] for arm, own in trained.items()}
    for arm in ARMS:
        assert found.losses[arm] == pytest.approx(losses[arm].mean(), rel=1e-4)
    assert set(found.errors) == {"none", "l1", "l2"}
    for arm, error in found.errors.items():
        among_seeds = (losses[arm] - losses["elastic_net"]).std(ddof=1) / np.sqrt(3)
        assert error >= among_seeds * (1 - 1e-3) - 1e-6  # losses are of single precision


# ---- records -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def records() -> list[Record]:
    tasks = synthetic_tasks(10, networks=("mlp", "linear"), most_rows=SMALL.most_rows, fresh=SMALL.fresh)
    return [answer(task, SMALL) for task in tasks if task.law.number in (0, 3, 6, 9)]


def test_a_record_holds_what_the_study_needs(records: list[Record]) -> None:
    for record in records:
        for name in ("losses", "criterion", "strengths", "epoch", "truth"):
            assert set(record[name]) == set(ARMS)
        assert record["rope"] > 0
        assert json.loads(json.dumps(record)) == record
    (task, *_) = synthetic_tasks(1, networks=("mlp",), most_rows=SMALL.most_rows, fresh=SMALL.fresh)
    again = answer(task, SMALL)
    assert {**again, "seconds": 0, "truth_seconds": 0} == {**records[0], "seconds": 0, "truth_seconds": 0}


def test_records_are_judged_by_the_posterior_of_the_program() -> None:
    sample = SyntheticTask(replace(law(0), n=60, d=4), fresh=300).sample()
    experiment, arms = run_experiment(sample, SMALL.settings)
    losses = {arm: run.losses.tolist() for arm, run in arms.items()}
    found, wanted = posterior_of({"losses": losses}), pool_cells(arms, experiment)
    assert found.arms == wanted.arms
    assert found.mean == pytest.approx(wanted.mean)
    assert found.scale == pytest.approx(wanted.scale)
    assert found.df == wanted.df


def test_a_task_that_cannot_be_trained_does_not_end_the_study(
    monkeypatch: pytest.MonkeyPatch, records: list[Record]
) -> None:
    def fail(*_: object) -> None:
        raise TrainingError("E501", "the loss became infinite")

    monkeypatch.setattr(study, "run_experiment", fail)
    failed = answer(SyntheticTask(law(1), fresh=300), SMALL)
    assert failed["failed"] == "E501 the loss became infinite"
    found = summarize([*records, failed])
    assert found["tasks"] == len(records)
    assert found["failed"] == [{"table": "synthetic 1", "why": "E501 the loss became infinite"}]


def test_the_tables_count_each_task_once(records: list[Record]) -> None:
    found = summarize(records)
    assert found["tasks"] == 4
    assert found["real"] == {}
    own = found["synthetic"]
    assert own["mlp"]["tasks"] + own["linear"]["tasks"] == own["all"]["tasks"] == 4
    for judged in (own["all"]["with_prior"], own["all"]["without_prior"]):
        for rule in ("best", "chart", "audited"):
            assert sum(row["observed"]["of"] for row in judged[rule]["safe"]) == 4
        assert sum(row["observed"]["of"] for row in judged["safe_of_all"]) == 4 * len(ARMS)


# ---- verdicts ------------------------------------------------------------------------------------------

TRUTH: dict[Arm, float] = {"none": 0.6, "l1": 0.5, "l2": 0.55, "elastic_net": 0.501}


def made_up(seed: int, *, table: str = "some", truth: Mapping[Arm, float] = TRUTH, n: int = 200) -> Record:
    """Return a record whose cells scatter independently around the truth."""
    rng = np.random.default_rng(seed)
    return {
        "table": table,
        "n": n,
        "draw": seed,
        "network": "mlp",
        "synthetic": table.startswith("synthetic"),
        "rope": 0.01,
        "loss_null": 1.0,
        "criterion": dict(truth),
        "losses": {arm: (loss + 0.01 * rng.standard_normal(25)).tolist() for arm, loss in truth.items()},
        "truth": dict(truth),
        "truth_error": {"none": 0.001, "l1": 0.001, "l2": 0.001},
    }


def test_verdicts_are_held_against_the_truth() -> None:
    found = answer_record(made_up(1), None)
    assert found.of("best").arm in ("l1", "elastic_net")
    assert found.of("best").right
    assert found.of("best").safe > 0.9
    assert found.arms["none"].safe < 0.05
    turned = made_up(1)
    turned["truth"] = {arm: 1 - loss for arm, loss in turned["truth"].items()}
    wrong = answer_record(turned, None).of("best")
    assert not wrong.right
    assert wrong.regret == pytest.approx(0.1, abs=0.002)


def test_the_audited_rule_follows_the_chart_while_that_is_firm() -> None:
    """Elastic Net loses to no regularization, so the chart never tries L1."""
    never: dict[Arm, float] = {"none": 0.55, "l1": 0.5, "l2": 0.56, "elastic_net": 0.6}
    found = answer_record(made_up(1, truth=never), None)
    assert (found.rules["chart"], found.rules["best"], found.rules["audited"]) == ("none", "l1", "l1")
    close: dict[Arm, float] = {"none": 0.501, "l1": 0.5, "l2": 0.56, "elastic_net": 0.6}
    calm = made_up(1, truth=close)
    calm["losses"] = {arm: [loss + 1e-5 * k for k in range(25)] for arm, loss in close.items()}
    found = answer_record(calm, None)
    assert (found.rules["chart"], found.rules["best"], found.rules["audited"]) == ("none", "l1", "none")


def test_a_verdict_knows_the_prior_that_it_is_given() -> None:
    record = made_up(1)
    record["losses"] = {
        arm: [loss + 0.2 * (-1) ** k * (arm == "l1") for k, loss in enumerate(losses)]
        for arm, losses in record["losses"].items()
    }
    plain, surer = answer_record(record, None), answer_record(record, {"l1": Student(2.5, 0.0, 0.05)})
    assert plain.rules["best"] == surer.rules["best"]
    assert plain.arms["l1"].safe < 0.8 < surer.arms["l1"].safe


# ---- the prior -----------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Judge with few draws, since many priors are tried."""
    monkeypatch.setattr(prior_by_rows, "FEW_DRAWS", 200)


def test_a_curve_is_interpolated_between_its_knots_and_constant_beyond() -> None:
    curve = StudentByRows(3.0, (200, 800), (4.0, 2.0), (4.0, 1.0))
    assert curve.at(200) == curve.at(100) == Student(3.0, 4.0, pytest.approx(4.0))  # type: ignore[arg-type]
    assert curve.at(5_000).scale == pytest.approx(1.0)
    assert (curve.at(400).location, curve.at(400).scale) == pytest.approx((3.0, 2.0))


def test_a_curve_is_fitted() -> None:
    rng = np.random.default_rng(5)
    rows = np.repeat([200.0, 500.0, 1_000.0, 2_000.0], 1_000)
    truth = StudentByRows(2.5, (200, 1_000), (4.0, 1.0), (2.0, 0.4))
    drawn = [truth.at(n).location + truth.at(n).scale * rng.standard_t(2.5) for n in rows]
    for knots in KNOTS[1:]:
        found = fit_curve(rows, np.array(drawn), np.ones(len(rows)), knots=knots)
        assert found.df == pytest.approx(2.5, rel=0.1)
        for n in (200, 500, 1_000, 2_000):
            assert found.at(n).location == pytest.approx(truth.at(n).location, abs=0.2)
            assert found.at(n).scale == pytest.approx(truth.at(n).scale, rel=0.1)


def drawn_apart(name: str, count: int, *, shift: float = 0.0, draws: int = 3) -> list[Record]:
    """Return records of so many tables, whose true differences shrink as rows grow."""
    rng = np.random.default_rng(len(name) + count)
    found: list[Record] = []
    for number in range(count):
        for n in (200, 500, 1_000, 2_000):
            for _ in range(draws):
                size = 0.01 * (200 / n) ** 0.7
                apart = {
                    "none": 6 + rng.standard_t(3),
                    "l1": 0.3 * rng.standard_t(3),
                    "l2": rng.standard_t(3),
                }
                truth = {arm: 1.0 + size * (gap + shift) for arm, gap in apart.items()} | {"elastic_net": 1.0}
                record = made_up(len(found), table=f"{name} {number}", n=n, truth=TRUTH)
                found.append(record | {"truth": truth})
    return found


def test_how_much_synthetic_tasks_count_is_chosen_by_held_out_likelihood() -> None:
    real, synthetic = drawn_apart("table", 8), drawn_apart("synthetic", 20, shift=3.0, draws=1)
    scores = compare_forms([*real, *synthetic])
    assert len(scores) == 8
    knots, weight = max(scores, key=lambda form: scores[form])
    assert knots == (200, 1_000)  # the differences shrink as rows grow
    assert weight < 1  # synthetic tasks are unlike
    assert scores[knots, weight] > scores[knots, 1.0]
    assert learn_prior(real[:24]) is None  # two tables


def test_the_knots_are_those_of_the_most_firm_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {KNOTS[0]: (1.5, 0.4), KNOTS[1]: (2.0, 0.3)}
    monkeypatch.setattr(prior_by_rows, "_find_widening", lambda _records, knots, _weight: found[knots])
    records = drawn_apart("table", 5, draws=1)
    prior = learn_prior(records)
    assert prior is not None
    assert (prior.curves["l1"].knots, prior.widening) == (KNOTS[0], 1.5)
    found[KNOTS[1]] = (2.0, 0.5)
    prior = learn_prior(records)
    assert prior is not None
    assert (prior.curves["l1"].knots, prior.widening) == (KNOTS[1], 2.0)
    # A line between two knots follows the fall of 6·(200/n)^0.7 roughly.
    assert 4 < prior.at(200)["none"].location < 7
    assert 0.5 < prior.at(1_000)["none"].location < 4


def test_a_prior_is_widened_no_more_than_firm_answers_need(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Made-up answers: firm while the scale is below 3, and wrong in one of twenty while it is below 1.75."""
    records = [made_up(seed) for seed in range(20)]

    def answers(record: Record, differences: Mapping[Arm, Student], *, n_draws: int) -> Answers:
        scale, safe = differences["l1"].scale, 0.96
        wrong = record["draw"] == 0 and scale < 1.75
        said = Said("l1", safe if scale < 3 else 0.9, 0.0, not wrong)
        return Answers(record, {"l1": said}, {"best": "l1", "audited": "l1"})

    narrow = PriorByRows({"l1": StudentByRows(3.0, (500,), (0.0,), (1.0,))}, 0.0)
    monkeypatch.setattr(prior_by_rows, "answer_record", answers)
    monkeypatch.setattr(prior_by_rows, "_hold_out", lambda *_: [(records, narrow)])
    assert _find_widening(records, (500,), 0.0) == (1.75, 1.0)


def test_every_table_counts_the_same() -> None:
    """One with 25 draws beside nine with one."""
    many = [{**own, "table": "large"} for own in drawn_apart("table", 5, shift=50.0, draws=5)]
    few = drawn_apart("table", 9, draws=1)
    prior = learn_prior([own for own in (*many, *few) if own["n"] == 200])
    assert prior is not None
    assert prior.at(200)["none"].location == pytest.approx(6, abs=1.0)


def test_no_task_teaches_the_prior_that_it_is_judged_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prior_by_rows, "WIDENINGS", (1.5,))  # each further one takes as long again
    records = [*drawn_apart("table", 5, draws=1), *drawn_apart("synthetic", 5, draws=1)]
    seen = []
    for held, prior in leave_out_tables(records):
        tables = {own["table"] for own in held}
        assert len(tables) == 1 or all(own["synthetic"] for own in held)
        if tables & {"table 0", "synthetic 0"}:  # the others would take a second each
            assert prior == learn_prior([own for own in records if own["table"] not in tables])
        seen += held
    assert len(seen) == len(records)
    assert {id(own) for own in seen} == {id(own) for own in records}


# ---- figures -------------------------------------------------------------------------------------------


def test_intervals_are_over_tables() -> None:
    """Tasks of a table are alike: a hundred of one table say no more than one."""
    answered = [answer_record(made_up(seed, table=f"table {seed % 4}"), None) for seed in range(40)]

    def by_table(own: Any) -> list[bool]:
        return [own.record["table"] in ("table 0", "table 1")]

    found = mean_over_tables(answered, by_table)
    assert (found["mean"], found["of"], found["tables"]) == (0.5, 40, 4)
    assert found["interval"] == [0.0, 1.0]
    assert mean_over_tables(answered, lambda own: [True])["interval"] is None
    assert mean_over_tables(answered, lambda own: [])["mean"] is None


def test_goals_are_held_against_the_figures() -> None:
    right = [made_up(seed, table=f"table {seed}") for seed in range(3)]  # too few for a prior
    turned = [own | {"truth": {arm: 1 - loss for arm, loss in own["truth"].items()}} for own in right]
    for records, reached in ((right, True), (turned, False)):
        found = summarize(records)["real"]["all"]
        goals = {goal["goal"]: goal["reached"] for goal in found["goals"]}
        assert goals["worse is right"] == reached
        assert "best: firm is right at 200 rows" in goals
        assert len(goals) == 10
    assert found["by_rows"][200]["best"]["right"]["mean"] == 0.0


def test_a_study_goes_on_where_it_stood(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tables := tmp_path / "tables").mkdir()
    write_table(tables / "some.csv", rows=400, header=True)
    arguments = [str(tables), "--small", "--rows", "40", "--draws", "1", "--network", "mlp", "--jobs", "1"]
    arguments += ["--output", str(tmp_path), "--synthetic"]
    command.main([*arguments, "1"])
    path = tmp_path / "calibration.jsonl"
    first = path.read_text(encoding="utf-8")
    path.write_text(first + first[:40], encoding="utf-8")  # broken off in the midst of a line
    command.main([*arguments, "2"])
    lines = path.read_text(encoding="utf-8").splitlines()
    assert "\n".join(lines[:2]) + "\n" == first
    assert sorted(json.loads(line)["table"] for line in lines) == ["some", "synthetic 0", "synthetic 1"]
    assert "synthetic 1, 60 rows" in capsys.readouterr().out
    found = json.loads((tmp_path / "calibration.json").read_text(encoding="utf-8"))
    assert found["tasks"] == 3
    assert found["real"]["all"]["tasks"] == 1
    command.main([*arguments, "2", "--only-tables"])
    assert path.read_text(encoding="utf-8").splitlines() == lines


def test_what_the_study_knows_is_said_of_such_experiments_alone() -> None:
    usual = replace(WHOLE.settings, network="linear", folds=5, repeats=5)
    sample: Sample = SyntheticTask(replace(law(21), n=240, d=4), fresh=300).sample()
    experiment = prepare(sample.table, sample.drawn, usual)
    assert experiment.is_studied
    others: list[dict[str, Any]] = [
        {"l1": 0.01},
        {"l2": 0.01},
        {"rope": 0.001},
        {"penalize": ("0.weight",)},
        {"network": "net.py:Net"},
        {"repeats": 2},
    ]
    for other in others:
        assert not replace(experiment, settings=replace(usual, **other)).is_studied
    assert not replace(experiment, exchangeable=False).is_studied
