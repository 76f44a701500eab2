"""A dry run says what the experiment would do, and loads no PyTorch for it."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from regchoose.experiment.design import make_layout
from regchoose.experiment.plan import prepare
from regchoose.records.words import ARMS
from regchoose.run import dry_run
from regchoose.run.dry_run import TrainingPlan, estimate_time, plan_run, plan_trainings
from regchoose.settings.options import Settings
from regchoose.table.load import load
from tests.run.test_walk_chart import QUICK, nobody, write

SCRIPT = """
import sys
from regchoose.cli.app import main
status = main(sys.argv[1:])
assert "torch" not in sys.modules
sys.exit(status)
"""


@pytest.mark.parametrize("task", ["regression", "binary", "multiclass"])
@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"network": "linear"},
        {"l1": 0.1},
        {"alphas": (0.1, 0.9)},
        {"folds": 4, "repeats": 3},
        {"strengths": 9},
    ],
    ids=str,
)
def test_models_and_schedule_are_those_of_the_experiment(
    task: str, changed: dict[str, object], tmp_path: Path
) -> None:
    settings = replace(QUICK, **changed)  # type: ignore[arg-type]  # of several types
    table = load(str(write(tmp_path, task, n=120)), settings, choose=nobody)
    for rows in (120, 60):
        layout = make_layout(table.n_rows, rows=rows, exchangeable=True)
        experiment = prepare(table, np.arange(layout.drawn), settings, layout)
        work = plan_trainings(table, layout, settings)
        assert work.models == {arm: experiment.models(arm) for arm in ARMS}
        if settings.network != "linear":
            assert work.epochs == experiment.training.schedule.epochs
            assert work.weights == experiment.training.network.n_penalized
        assert abs(work.rows - experiment.rows_train) <= 2


def test_the_time_follows_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    work = TrainingPlan(
        rows=300, epochs=60, models={"none": 10, "l1": 90, "l2": 90, "elastic_net": 200}, weights=4800
    )
    once = estimate_time(work, workers=2)
    assert once is not None
    assert estimate_time(work, workers=1) == pytest.approx(2 * once)
    assert estimate_time(replace(work, rows=600), workers=2) == pytest.approx(2 * once)
    assert estimate_time(replace(work, weights=None), workers=2) is None
    monkeypatch.setattr(dry_run, "RATE", 3.5e9)
    assert estimate_time(work, workers=2) == pytest.approx(2 * once)


@pytest.mark.slow
def test_a_dry_run_loads_no_torch(tmp_path: Path) -> None:
    table = write(tmp_path, "binary")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, "recommend", str(table), "--dry-run", "--json", "--no-input"],
        capture_output=True,
        text=True,
        check=True,
    )
    planned = json.loads(done.stdout)
    assert planned["table"]["rows"] == 80
    assert planned["subsample"] == "80 of 80 rows"
    assert "within the budget of 10m; by rule, not measured" in planned["time"]


def test_a_plan_says_what_it_cannot_tell(tmp_path: Path) -> None:
    path = str(write(tmp_path, "regression"))
    planned = plan_run(path, Settings(network="nets.py:Own", budget="1s"), ask=nobody)
    assert planned["time"].startswith("not estimated")
    over = plan_run(path, Settings(budget="1s", hidden=(512, 512), jobs=1), ask=nobody)
    assert "over the budget of 1s" in over["time"]
