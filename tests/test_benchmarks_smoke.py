"""The benchmark runs, at toy sizes; how long anything takes is not asserted."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("skorch", reason="the benchmark's peers come with the extra `bench`")

from regchoose.experiment.arms import train_arm
from regchoose.records.words import Task
from tests.benchmarks.bench_engine import PARTS, QUICK, main
from tests.benchmarks.loop_peer import plain_loop
from tests.benchmarks.ours import OURS
from tests.benchmarks.sklearn_peer import SKLEARN
from tests.benchmarks.skorch_peer import SKORCH
from tests.benchmarks.tables import make_sheet
from tests.benchmarks.whole_experiment import exhaustive, prepared
from tests.benchmarks.work import make_work

pytestmark = pytest.mark.slow

HEADLINE = {
    "speedup_over_skorch",
    "speedup_over_sklearn",
    "speedup_over_loop",
    "share_of_matmul_peak",
    "verdict_speedup_over_skorch",
    "verdict_speedup_over_sklearn",
}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    path: Path = tmp_path_factory.mktemp("benchmark") / "deep" / "found.json"
    main(["--quick", "--date", "2000-01-02", "--output", str(path)])
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def test_the_file_has_every_headline_and_where_it_was_measured(found: dict[str, Any]) -> None:
    assert set(found) >= HEADLINE
    assert all(found[key] > 0 for key in HEADLINE)
    assert found["share_of_matmul_peak"] < 1
    assert set(found["measured"]) == set(PARTS)
    for how in found["measured"].values():
        assert how["date"] == "2000-01-02"
        assert how["machine"]["cores"] >= 1
        assert "absent" not in how["versions"].values()
    assert found["memory"]["experiment"]["peak_mib"] > 50


def test_one_part_is_measured_again_and_the_others_stay(tmp_path: Path) -> None:
    path = tmp_path / "found.json"
    main(["--quick", "--parts", "growth", "--date", "2000-01-02", "--output", str(path)])
    first = json.loads(path.read_text(encoding="utf-8"))
    assert set(first) == {"growth", "measured"}
    main(["--quick", "--parts", "memory", "--date", "2000-01-03", "--output", str(path)])
    second = json.loads(path.read_text(encoding="utf-8"))
    assert second["growth"] == first["growth"]
    assert {part: how["date"] for part, how in second["measured"].items()} == {
        "growth": "2000-01-02",
        "memory": "2000-01-03",
    }


def test_all_contenders_learn_the_same_task(found: dict[str, Any]) -> None:
    for table in found["same_work"]:
        losses = {name: own["test_loss"] for name, own in table["contenders"].items()}
        assert set(losses) == {"ours", "skorch", "sklearn", "loop"}
        # After four epochs all are near the loss of knowing nothing: 1, or log 2.
        assert all(0.3 < loss < 1.5 for loss in losses.values()), losses
        assert table["contenders"]["sklearn"]["chosen"]["l1"] == 0
        assert table["fits"] == (1 + 4 + 4 + 4) * 3


def test_peers_are_scaled_to_every_strength_in_every_cell(found: dict[str, Any]) -> None:
    for experiment in found["whole_experiment"]:
        assert experiment["cells"] == 6
        assert experiment["fits_of_peers"] == 13 * 6
        for name, ratio in experiment["speedup_over"].items():
            assert ratio == pytest.approx(experiment["seconds"][name] / experiment["seconds"]["ours"])
    assert len(found["quality"]["differences"]) == QUICK.tables


def test_the_exhaustive_grid_drops_no_strength_and_racing_does() -> None:
    experiment = prepared(make_sheet("binary", 60, 3, seed=0), replace(QUICK.settings))
    raced = train_arm(experiment, "elastic_net", advanced=lambda _: None)
    whole = train_arm(exhaustive(experiment), "elastic_net", advanced=lambda _: None)
    assert whole.trained - raced.trained == 4 * 6 - (4 * 3 + 3 * 3)
    assert whole.trials.everywhere.all()
    assert not raced.trials.everywhere.all()


@pytest.mark.parametrize(("task", "place"), [("regression", 12), ("binary", 13)])
def test_a_strength_means_the_same_to_all_contenders(task: Task, place: int) -> None:
    settings = replace(QUICK.settings, epochs=120, strengths=9, hidden=(16, 16))
    work = make_work(make_sheet(task, 120, 3, seed=0), settings)
    assert work.points.l1[place] == 0
    # At these places the loss still falls steeply with the strength: half of it, or twice, would be seen.
    losses = [who.refit(work, place) for who in (OURS, SKORCH, SKLEARN, plain_loop(1))]
    assert losses == pytest.approx([losses[0]] * 4, abs=0.03)


def test_growth_doubles_every_size(found: dict[str, Any]) -> None:
    assert set(found["growth"]) == {"rows", "features", "strengths", "width"}
    for curve in found["growth"].values():
        assert curve["sizes"][1] == 2 * curve["sizes"][0]
        assert min(curve["seconds"]) > 0


def test_the_arithmetic_of_a_fit_is_counted_as_documented() -> None:
    work = make_work(make_sheet("regression", 90, 3, seed=0), QUICK.settings)
    rows, products, first = 60, 3 * 8 + 8 * 8 + 8 * 1, 3 * 8
    assert work.flops_a_fit == rows * 4 * (6 * products - 2 * first)
