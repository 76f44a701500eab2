"""Whole runs that are stopped, go on, and are repeated."""

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from regchoose.cache.block_cache import Cache
from regchoose.errors import Interrupted, Terminated
from regchoose.records.words import ARMS
from regchoose.report.terminal import render_as_text
from regchoose.result.document import RunResult
from regchoose.result.json_text import dump_model
from regchoose.result.saved_result import restore_result
from regchoose.run.walk_chart import recommend_regularizer
from regchoose.settings.options import Settings
from tests.run.test_walk_chart import QUICK, Diary, nobody, write

pytestmark = pytest.mark.slow

VARYING = ("seconds", "execution")


class Stopping(Diary):
    """Stops the run at so many models of a step."""

    def __init__(self, step: str = "", *, at: int = 0, by: type[BaseException] = KeyboardInterrupt) -> None:
        super().__init__()
        self._step, self._at, self._by = step, at, by

    def started(self, key: str, text: str, total: int) -> None:
        super().started(key, text, total)
        if key == self._step and not self._at:
            raise self._by

    def advanced(self, key: str, done: int) -> None:
        super().advanced(key, done)
        if key == self._step and done >= self._at > 0:
            raise self._by


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("table"), "regression")


def run(
    path: Path, settings: Settings = QUICK, *, diary: Diary | None = None, journal: Cache | None = None
) -> RunResult:
    ticks: Iterator[int] = count()
    return recommend_regularizer(
        str(path),
        settings,
        given=frozenset(),
        ask=nobody,
        listener=diary or Diary(),
        clock=lambda: next(ticks) / 10,
        store=journal,
    )


def lasting(result: RunResult) -> dict[str, Any]:
    return {name: value for name, value in json.loads(dump_model(result)).items() if name not in VARYING}


@pytest.fixture(scope="module")
def whole(table: Path) -> dict[str, Any]:
    return lasting(run(table))


def opened(folder: Path) -> Cache:
    return Cache(folder / "journal.sqlite", engine="", fresh=False, now=lambda: 0.0)


@pytest.mark.parametrize(("step", "at"), [("rate", 1), ("none", 1), ("elastic_net", 20)])
def test_a_stopped_run_goes_on_and_says_what_an_unbroken_one_says(
    step: str, at: int, table: Path, whole: dict[str, Any], tmp_path: Path
) -> None:
    settings = replace(QUICK, lr="auto") if step == "rate" else QUICK
    wanted = lasting(run(table, settings)) if step == "rate" else whole
    first = opened(tmp_path)
    with pytest.raises((KeyboardInterrupt, Interrupted)):
        run(table, settings, diary=Stopping(step, at=at), journal=first)
    first.close()
    second = opened(tmp_path)
    assert lasting(run(table, settings, journal=second)) == wanted
    assert second.n_found == first.n_stored > 0
    assert second.n_stored > 0
    second.close()
    third = opened(tmp_path)
    assert lasting(run(table, settings, journal=third)) == wanted
    assert (third.n_found, third.n_stored) == (second.n_found + second.n_stored, 0)
    third.close()


def test_one_more_strength_trains_only_what_has_changed(table: Path, tmp_path: Path) -> None:
    first, second = opened(tmp_path), opened(tmp_path)
    small = replace(QUICK, network="linear", folds=3)
    run(table, replace(small, l2=0.01), journal=first)
    changed = replace(small, l2=0.02)
    assert lasting(run(table, changed, journal=second)) == lasting(run(table, changed))
    assert second.n_found > 0  # the baseline and L1 stay as they were
    assert 0 < second.n_stored < first.n_stored
    first.close()
    second.close()


def test_jobs_share_their_blocks(table: Path, whole: dict[str, Any], tmp_path: Path) -> None:
    first, second = opened(tmp_path), opened(tmp_path)
    run(table, journal=first)
    assert lasting(run(table, replace(QUICK, jobs=2), journal=second)) == whole
    assert second.n_stored == 0
    first.close()
    second.close()


# ---- what is known of a run that was stopped -------------------------------------------------------


def third_arm(whole: dict[str, Any]) -> str:
    """Return the arm that the chart trains after none and Elastic Net."""
    (key,) = {step["key"] for step in whole["path"]} & {"train_l1", "train_l2"}
    return str(key).removeprefix("train_")


@pytest.mark.parametrize(("by", "status"), [(KeyboardInterrupt, 130), (Terminated, 143)])
def test_what_is_known_so_far_is_a_partial_result(
    by: type[BaseException], status: int, table: Path, whole: dict[str, Any]
) -> None:
    with pytest.raises(Interrupted) as stopped:
        run(table, diary=Stopping(third_arm(whole), by=by))
    assert stopped.value.status == status
    known = stopped.value.result
    document = json.loads(dump_model(known))
    assert dump_model(restore_result(document)) == dump_model(known)
    assert document["partial"] is True
    assert list(document["arms"]) == ["elastic_net", "none"]
    assert document["arms"]["none"]["loss"] == pytest.approx(whole["arms"]["none"]["loss"], rel=0.05)
    criteria = {arm: figures.criterion for arm, figures in known.arms.items()}
    assert known.recommendation.regularizer == min(criteria, key=lambda arm: criteria[arm])
    assert known.path[-1].key == known.recommendation.chart_outcome
    assert [step.key for step in known.path[:-1]] == [
        step["key"] for step in whole["path"][: len(known.path) - 1]
    ]
    assert document["settings"] == whole["settings"]
    assert "this answer is partial: the run was cut short" in render_as_text(known, width=100)


def test_after_the_walk_the_chart_has_answered(table: Path, whole: dict[str, Any]) -> None:
    skipped = {"l1": "l2", "l2": "l1"}[third_arm(whole)]
    with pytest.raises(Interrupted) as stopped:
        run(table, diary=Stopping(skipped))
    assert {arm for arm, _ in stopped.value.result.arms.items()} == set(ARMS) - {skipped}


@pytest.mark.parametrize("step", ["subsample", "none", "elastic_net"])
def test_with_one_arm_there_is_nothing_to_tell(step: str, table: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(table, diary=Stopping(step))
    with pytest.raises(Terminated):
        run(table, diary=Stopping(step, by=Terminated))


def test_of_a_further_look_that_was_stopped_the_finished_one_stays(
    table: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("regchoose.settings.options.FIRST_ROWS", 60)
    settings = replace(QUICK, network="linear", folds=3, subsample="yes")
    rows = write(tmp_path, "regression", n=300)
    finished: list[RunResult] = []

    class SecondLook(Diary):
        def started(self, key: str, text: str, total: int) -> None:
            if key == "subsample" and "stage 2" in text:
                raise KeyboardInterrupt
            super().started(key, text, total)

    monkeypatch.setattr("regchoose.statistics.decide.LEANING", 2.0)  # no look is ever sure
    with pytest.raises(Interrupted) as stopped:
        finished.append(run(rows, settings, diary=SecondLook()))
    known = stopped.value.result
    assert known.partial
    assert [arm for arm, _ in known.arms.items()] == list(ARMS)
    assert known.path[-1].kind == "outcome"
    assert dump_model(restore_result(json.loads(dump_model(known)))) == dump_model(known)
    assert not finished
