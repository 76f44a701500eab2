"""Whole runs on small tables: the real rooms, joined."""

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from regchoose.errors import RegchooseError, TrainingError
from regchoose.records.answers import Prompt
from regchoose.records.words import ARMS
from regchoose.report.terminal import render_as_text
from regchoose.result.document import RunResult
from regchoose.result.json_text import dump_model
from regchoose.run.walk_chart import recommend_regularizer
from regchoose.settings.options import Settings

QUICK = Settings(
    strengths=3,
    alphas=(0.5,),
    folds=3,
    repeats=2,
    epochs=5,
    steps=20,
    hidden=(16,),
    lr=0.02,
    budget="1h",
    jobs=1,
)
LEAST = replace(QUICK, strengths=2, folds=2)


class Diary:
    """A listener that writes down what it hears."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.running: set[str] = set()
        self.planned: dict[str, int] = {}
        self.totals: dict[str, int] = {}
        self.done: dict[str, int] = {}
        self.notes: list[str] = []
        self.asked: list[str] = []

    def started(self, key: str, text: str, total: int) -> None:
        if key not in self.running:  # again, where there is more work than was thought
            self.steps.append(key)
        self.running.add(key)
        self.planned.setdefault(key, total)
        self.totals[key] = total

    def advanced(self, key: str, done: int) -> None:
        assert done > self.done.get(key, 0)
        assert done <= self.totals[key] or not self.totals[key]
        self.done[key] = done

    def finished(self, key: str, summary: str) -> None:
        assert self.steps[-1] == key or key == "training"  # which encloses others
        self.running.discard(key)

    def noted(self, text: str) -> None:
        self.notes.append(text)


def nobody(_: Prompt) -> str | None:
    return None


def run(
    path: Path | str,
    settings: Settings = QUICK,
    *,
    given: frozenset[str] = frozenset(),
    ask: Callable[[Prompt], str | None] = nobody,
    diary: Diary | None = None,
) -> Any:
    ticks = count()
    return recommend_regularizer(
        str(path),
        settings,
        given=given,
        ask=ask,
        listener=diary or Diary(),
        clock=lambda: next(ticks) / 10,
    )


def write(folder: Path, task: str, *, n: int = 80, name: str = "table.csv") -> Path:
    """Write a table whose first two columns matter; one category, one gap."""
    rng = np.random.default_rng(7)
    x = rng.normal(size=(n, 4)).round(3)
    score = x[:, 0] - x[:, 1] + 0.5 * rng.normal(size=n)
    target = {
        "regression": score.round(4).astype(str),
        "binary": np.where(score > 0, "good", "bad"),
        "multiclass": np.array(["low", "middle", "high"])[np.digitize(score, (-0.6, 0.6))],
    }[task]
    lines = ["a,b,c,d,kind,target"]
    for row, value in zip(x, target, strict=True):
        cells = [str(number) for number in row]
        cells[2] = "" if rng.random() < 0.1 else cells[2]
        lines.append(",".join([*cells, str(rng.choice(["red", "green", "blue"])), str(value)]))
    path = folder / name
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(
    scope="module", params=["regression", "binary", pytest.param("multiclass", marks=pytest.mark.slow)]
)
def walked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, ...]:
    path = write(tmp_path_factory.mktemp("tables"), request.param)
    diary = Diary()

    def ask(prompt: Prompt) -> None:
        diary.asked.append(prompt.setting)

    return request.param, path, run(path, diary=diary, ask=ask), diary


def test_an_answer_has_everything_the_contract_names(walked: tuple[Any, ...]) -> None:
    task, _, result, _ = walked
    document = json.loads(dump_model(result))
    assert document["ok"] is True
    assert document["data"]["task"] == task
    advice = result.recommendation
    assert advice.follows_chart == (advice.chart_outcome == f"start_{advice.regularizer}")
    assert advice.follows_chart or advice.chart_outcome.removeprefix("start_") not in advice.as_good
    for arm, figures in result.arms.items():
        assert (arm in advice.as_good) == (figures.safe >= 0.8)
        assert (arm in advice.worse) == (figures.safe <= 0.05)
    assert advice.certainty in ("firm", "leaning", "undecided")
    assert 0 <= advice.probability <= 1
    assert 0 <= advice.safe <= 1
    assert advice.training.stop_epoch <= advice.training.schedule_epochs
    assert [arm for arm, _ in result.arms.items()] == list(ARMS)
    for arm, figures in result.arms.items():
        assert (figures.l1 > 0) == (arm in ("l1", "elastic_net"))
        assert (figures.l2 > 0) == (arm in ("l2", "elastic_net"))
        assert 0 <= figures.interval[0] < figures.loss < figures.interval[1]
        assert figures.failed == 0
    assert set(document["execution"]["arm_seconds"]) == set(ARMS)


def test_what_an_extended_grid_adds_is_counted(tmp_path: Path) -> None:
    """Where nothing predicts the target, the strongest penalty is often the best."""
    for seed in range(8):
        rng = np.random.default_rng(seed)
        rows = "".join(f"{a:.3f},{b:.3f},{y:.3f}\n" for a, b, y in rng.normal(size=(60, 3)))
        (tmp_path / "noise.csv").write_text(f"a,b,y\n{rows}")
        diary = Diary()
        result = run(tmp_path / "noise.csv", diary=diary)
        trained = sum(figures.trained for _, figures in result.arms.items())
        assert diary.done["training"] == diary.totals["training"] == trained
        assert all(diary.done[step] <= total for step, total in diary.totals.items() if total)
        if trained > diary.planned["training"]:
            return
    pytest.fail("no grid was extended")


def test_steps_come_in_the_order_of_the_chart(walked: tuple[Any, ...]) -> None:
    _, _, result, diary = walked
    assert diary.steps[:6] == ["read", "subsample", "estimate", "training", "none", "elastic_net"]
    trained = {arm: figures.trained for arm, figures in result.arms.items()}
    assert {arm: diary.totals[arm] for arm in trained} == trained
    assert diary.done["training"] == diary.totals["training"] == sum(trained.values())
    chosen = "l1" if "train_l1" in [step.key for step in result.path] else "l2"
    assert diary.steps[6] == chosen
    assert sorted(diary.steps[6:]) == ["l1", "l2"]  # the skipped arm comes last: the audit
    for arm in ARMS:
        assert diary.done[arm] == result.arms.get(arm).trained
        assert diary.totals[arm] > 0


def test_the_path_is_a_walk_of_the_chart(walked: tuple[Any, ...]) -> None:
    _, _, result, _ = walked
    assert [step.key for step in result.path][:5] == [
        "subsample_possible",
        "draw_subsample",
        "resources",
        "train_baseline",
        "train_elastic_net",
    ]
    assert result.path[-1].key == result.recommendation.chart_outcome
    for step in result.path:
        assert step.why
        assert step.source
        if step.kind == "question":
            assert step.evidence


def test_the_answers_agree_with_the_losses(walked: tuple[Any, ...]) -> None:
    _, _, result, _ = walked
    losses = {arm: figures.criterion for arm, figures in result.arms.items()}
    pairs = {
        "elastic_net_vs_baseline": ("elastic_net", "none"),
        "l1_vs_elastic_net": ("l1", "elastic_net"),
        "l2_vs_baseline": ("l2", "none"),
    }
    equivalent = {found.question: found.equivalent for found in result.comparisons}
    for step in result.path:
        if step.key in pairs:
            a, b = pairs[step.key]
            kept_free = b == "none" and equivalent[step.key] >= 0.95
            assert step.answer == ("better" if losses[a] < losses[b] and not kept_free else "worse")


def test_a_short_experiment_on_all_rows_asks_for_neither_subsample_nor_time(walked: tuple[Any, ...]) -> None:
    _, _, _, diary = walked
    assert not {"subsample", "resources"}.intersection(diary.asked)


def test_an_answer_can_be_shown(walked: tuple[Any, ...]) -> None:
    _, _, result, _ = walked
    for width in (40, 80):
        shown = render_as_text(result, width=width)
        assert "The way through the chart" in shown
        before, commands = shown.split("\nNext ")  # which are copied, and so not folded
        assert max(map(len, before.splitlines())) <= width
        assert commands.count("regchoose") == len(commands.splitlines())


def lasting(result: RunResult) -> str:
    """Return what does not differ from run to run."""
    document = json.loads(dump_model(result))
    del document["seconds"], document["execution"]
    return json.dumps(document)


TWO_JOBS = pytest.param({"jobs": 2}, marks=pytest.mark.slow, id="two jobs")


@pytest.mark.parametrize("further", [pytest.param({}, id="again"), TWO_JOBS])
def test_same_seed_same_bytes(walked: tuple[Any, ...], further: dict[str, Any]) -> None:
    _, path, result, _ = walked
    other = run(path, replace(QUICK, **further))
    assert lasting(other) == lasting(result)


def test_another_seed_gives_other_losses_and_without_the_audit_the_skipped_arm_is_not_trained(
    walked: tuple[Any, ...],
) -> None:
    _, path, result, _ = walked
    other = run(path, replace(QUICK, seed=1, audit=False))
    assert other.arms.none.loss != result.arms.none.loss
    assert len(other.arms) == 3
    assert other.audit is None


def test_one_learning_rate_is_found_for_all_arms(tmp_path: Path) -> None:
    diary = Diary()
    result = run(write(tmp_path, "regression"), replace(LEAST, lr="auto"), diary=diary)
    assert diary.steps[:6] == ["read", "subsample", "estimate", "training", "rate", "none"]
    assert diary.done["rate"] == diary.totals["rate"] == 3 * 4 * 2
    assert result.recommendation.training.lr in (0.001, 0.003, 0.01)


def test_a_rate_much_better_than_the_usual_one_is_taken(tmp_path: Path) -> None:
    """In five epochs of one step each, only large steps get anywhere."""
    path = write(tmp_path, "regression", n=200)
    result = run(path, replace(QUICK, lr="auto", steps=5, batch=120))
    assert result.recommendation.training.lr == 0.01


def test_a_table_that_is_little_larger_keeps_the_strengths(walked: tuple[Any, ...]) -> None:
    _, _, result, _ = walked
    advice = result.recommendation
    assert (advice.l1, advice.l2) == (advice.subsample_size.l1, advice.subsample_size.l2)
    assert advice.rule == ""


def test_strengths_are_moved_to_the_full_table(tmp_path: Path) -> None:
    path = write(tmp_path, "regression", n=300)
    result = run(path, replace(QUICK, folds=5, rows=100, subsample="yes"), given=frozenset({"subsample"}))
    advice = result.recommendation
    assert result.subsample is not None
    assert (result.subsample.rows, result.subsample.of) == (100, 300)
    small = advice.subsample_size
    assert small.rows == 80
    gamma = 0.5 if advice.nonzero_share < 0.5 else 1.0
    assert advice.l2 == pytest.approx(small.l2 * 80 / 300)
    assert advice.l1 == pytest.approx(small.l1 * (80 / 300) ** gamma)


def test_strengths_of_the_user_are_taken(tmp_path: Path) -> None:
    path = write(tmp_path, "regression")
    result = run(path, replace(LEAST, l1=0.01, l2=0.02))
    assert result.arms.l2.l2 == result.arms.elastic_net.l2 == 0.02
    assert len(result.curves.loss_by_strength.elastic_net.l1) == 1


@pytest.mark.parametrize("task", ["regression", pytest.param("binary", marks=pytest.mark.slow)])
def test_linear_networks_have_no_training_length(tmp_path: Path, task: str) -> None:
    result = run(write(tmp_path, task), replace(LEAST, network="linear"))
    assert result.recommendation.training is None
    assert result.audit is not None
    assert result.audit.fixed_length is None
    assert result.arms.l1.stationarity < 1e-7


def test_losses_are_shown_corrected_for_the_choice(walked: tuple[Any, ...]) -> None:
    _, _, result, _ = walked
    for arm, figures in result.arms.items():
        mean = result.curves.posterior.mean[result.curves.posterior.arms.index(arm)]
        assert figures.loss == pytest.approx(mean + figures.optimism)
        assert 0 <= figures.optimism < 0.1 * figures.loss
    most = max(figures.optimism for _, figures in result.arms.items())
    assert f"Losses are corrected for having chosen strength and length: by {most:.2g} at most." in (
        result.audit.sentences
    )


def test_noise_is_said_to_predict_nothing(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    lines = ["a,b,target", *(f"{a:.4f},{b:.4f},{y:.4f}" for a, b, y in rng.standard_normal((150, 3)))]
    path = tmp_path / "noise.csv"
    path.write_text("\n".join(lines) + "\n")
    result = run(path)
    assert result.recommendation.caution == "nothing"
    assert result.recommendation.certainty != "firm"
    assert render_as_text(result, width=100).startswith("Nothing here predicts target: no network")


def test_a_leak_is_said_first_and_nothing_is_firm(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    x, y = rng.standard_normal((150, 2)), rng.integers(0, 2, 150)
    words = [
        "class,a,b,target",
        *(f"{'xy'[k]},{a:.4f},{b:.4f},{['no', 'yes'][k]}" for (a, b), k in zip(x, y, strict=True)),
    ]
    path = tmp_path / "leak.csv"
    path.write_text("\n".join(words) + "\n")
    result = run(path)
    assert result.recommendation.caution == "leak"
    assert result.recommendation.certainty != "firm"
    assert "give" in render_as_text(result, width=100).splitlines()[0]


def test_best_recommends_the_lowest_criterion(tmp_path: Path) -> None:
    result = run(write(tmp_path, "regression"), replace(LEAST, decide="best"))
    criteria = {arm: figures.criterion for arm, figures in result.arms.items()}
    assert result.recommendation.regularizer == min(criteria, key=criteria.__getitem__)


def test_a_fixed_length_trains_to_the_end(tmp_path: Path) -> None:
    result = run(write(tmp_path, "regression"), replace(LEAST, stopping="fixed"))
    training = result.recommendation.training
    assert training.stop_epoch == training.schedule_epochs


# ---- prior knowledge -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [
        ({"prior_knowledge": "no"}, "start_elastic_net"),
        ({"correlated": "yes"}, "start_l2"),
        ({"correlated": "no", "entire_picture": "yes"}, "start_l2"),
        ({"correlated": "no", "entire_picture": "no"}, "start_l1"),
    ],
)
@pytest.mark.parametrize("how", ["flags", "prompts"])
def test_prior_knowledge_answers_without_training(
    tmp_path: Path, answers: dict[str, str], outcome: str, how: str
) -> None:
    path = write(tmp_path, "binary")
    diary = Diary()
    if how == "flags":
        settings = replace(QUICK, subsample="no", **answers)  # type: ignore[arg-type]  # names of fields
        result = run(path, settings, given=frozenset({"subsample", *answers}), diary=diary)
        by = "flag"
    else:
        settings = replace(QUICK, subsample="no")
        asked = dict(answers)
        result = run(
            path,
            settings,
            given=frozenset({"subsample"}),
            ask=lambda prompt: asked.get(prompt.setting),
            diary=diary,
        )
        by = "user"
        assert {name: getattr(result.settings, name) for name in answers} == answers  # for the next command
    assert result.recommendation.chart_outcome == outcome
    assert result.recommendation.certainty == "prior"
    assert result.recommendation.l1 is None
    assert diary.steps == ["read"]
    last = [step for step in result.path if step.kind == "question"][-1]
    assert last.answered_by == by
    assert json.loads(dump_model(result))["arms"] == {}
    assert "prior knowledge" in render_as_text(result, width=80)


def test_what_nobody_knows_is_measured(tmp_path: Path) -> None:
    result = run(write(tmp_path, "binary"), replace(QUICK, resources="no"), given=frozenset({"resources"}))
    measured = {step.key: step for step in result.path if step.answered_by == "measured"}
    assert "condition number" in measured["correlated"].evidence
    assert result.data.profile.correlated.figures["condition_number"] > 0


def test_a_budget_too_small_is_answered_from_prior_knowledge(tmp_path: Path) -> None:
    result = run(write(tmp_path, "binary"), replace(QUICK, budget="0.001s"))
    resources = next(step for step in result.path if step.key == "resources")
    assert (resources.answer, resources.answered_by) == ("no", "measured")
    assert result.recommendation.certainty == "prior"


@pytest.mark.parametrize(
    ("answers", "keys"),
    [
        ({"needs_regularization": "no"}, ["regularization_needed", "start_none"]),
        ({"sparse": "yes"}, ["regularization_needed", "sparse", "start_l2"]),
        (
            {"sparse": "no", "correlated": "no"},
            ["regularization_needed", "sparse", "many_correlations", "start_l1"],
        ),
    ],
)
def test_the_second_chart(tmp_path: Path, answers: dict[str, str], keys: list[str]) -> None:
    settings = replace(QUICK, chart="three-questions", **answers)  # type: ignore[arg-type]  # names of fields
    result = run(write(tmp_path, "binary"), settings, given=frozenset(answers))
    assert [step.key for step in result.path] == keys


def test_the_second_chart_leads_to_the_experiment_and_past_it(tmp_path: Path) -> None:
    path = write(tmp_path, "binary")
    unsure = {"sparse": "no"}
    settings = replace(QUICK, chart="three-questions", resources="no", **unsure)  # type: ignore[arg-type]
    result = run(path, settings, given=frozenset({"resources", *unsure}))
    assert result.path[-1].kind == "outcome"
    assert result.recommendation.certainty == "prior"


# ---- what goes wrong -------------------------------------------------------------------------------


def test_a_subsample_that_does_not_match_is_a_no(tmp_path: Path) -> None:
    """A heavy tail cannot be matched by 20 rows."""
    rng = np.random.default_rng(0)
    lines = ["a,b,target", *(f"{a:.4g},{b:.4g},{a + b:.5g}" for a, b in rng.standard_cauchy((400, 2)))]
    path = tmp_path / "cauchy.csv"
    path.write_text("\n".join(lines) + "\n")
    result = run(path, replace(LEAST, rows=20))
    first = result.path[0]
    assert (first.answer, first.answered_by) == ("no", "measured")
    assert result.subsample is not None
    assert result.subsample.matched is False
    assert any(not check.ok for check in result.subsample.checks)


def test_trainings_that_fail_are_an_error(tmp_path: Path) -> None:
    """A strength beyond what single precision can hold."""
    settings = replace(LEAST, l2=1e39)
    with pytest.raises(TrainingError) as caught:
        run(write(tmp_path, "regression"), settings)
    assert caught.value.code == "E501"
    assert "--lr" in caught.value.fix


def test_too_few_rows_are_refused_and_answered_from_prior_knowledge(tmp_path: Path) -> None:
    path = write(tmp_path, "regression", n=12)
    with pytest.raises(RegchooseError) as caught:
        run(path, replace(QUICK, folds=5))
    assert caught.value.code == "E303"
    result = run(path, replace(QUICK, resources="no"), given=frozenset({"resources"}))
    assert result.recommendation.certainty == "prior"


def test_as_many_rows_as_are_asked_for_are_enough(tmp_path: Path) -> None:
    result = run(write(tmp_path, "regression", n=30), replace(QUICK, folds=5))
    assert result.recommendation.regularizer in ARMS
