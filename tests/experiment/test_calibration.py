"""The factor that makes the covariance of cells that of their means, and the prior that a study found."""

import json
from pathlib import Path
from typing import Any

import pytest

from regchoose.experiment.calibration import LEARNED, is_studied, learned_prior, variance_factor
from regchoose.experiment.design import Layout

STUDY = Path(__file__).parents[1] / "benchmarks" / "results" / "calibration.json"
STUDIED: dict[str, Any] = {
    "network": "mlp",
    "layout": Layout(442),
    "folds": 5,
    "repeats": 5,
}


def test_overlapping_cells_count_as_nadeau_and_bengio_say() -> None:
    layout = Layout(442)
    assert variance_factor(25, layout, folds=5) == pytest.approx(1 / 25 + 1 / 4)
    assert variance_factor(100, layout, folds=10) == pytest.approx(1 / 100 + 1 / 9)


def test_disjoint_sets_do_not_overlap() -> None:
    assert variance_factor(10, Layout(4_000, 10, 5_000), folds=5) == pytest.approx(1 / 10)


@pytest.mark.parametrize("network", ["mlp", "linear"])
def test_the_study_was_of_these(network: str) -> None:
    assert is_studied(**STUDIED | {"network": network})


@pytest.mark.parametrize(
    "other",
    [
        {"network": "cnn"},
        {"network": "net.py:Net"},
        {"layout": Layout(442, 10, 5_000)},
        {"layout": Layout(60)},
        {"layout": Layout(4_000)},
        {"folds": 10},
        {"repeats": 2},
    ],
)
def test_elsewhere_nothing_is_known(other: dict[str, Any]) -> None:
    assert not is_studied(**STUDIED | other)


def test_the_prior_is_the_one_that_the_study_found() -> None:
    found = json.loads(STUDY.read_text(encoding="utf-8"))["prior"]
    for network, arms in LEARNED.items():
        for arm, student in arms.items():
            curve = found[network]["arms"][arm]
            assert [student.df] == pytest.approx([curve["df"]])
            assert [student.location] == pytest.approx(curve["location"], abs=0.005)
            assert [student.scale] == pytest.approx(curve["scale"], rel=0.01)


@pytest.mark.parametrize(
    ("network", "layout"),
    [("cnn", Layout(442)), ("mlp", Layout(442, 10, 5_000)), ("mlp", Layout(150))],
)
def test_where_nothing_was_learned_there_is_no_prior(network: str, layout: Layout) -> None:
    assert learned_prior(network, layout, unit=0.01) is None


def test_the_prior_is_in_units_of_delta() -> None:
    prior = learned_prior("mlp", Layout(200), unit=0.01)
    assert prior is not None
    assert (prior.differences, prior.unit) == (LEARNED["mlp"], 0.01)


def test_with_it_firm_verdicts_keep_their_promise() -> None:
    """On real tables that the prior was not learned from."""
    found = json.loads(STUDY.read_text(encoding="utf-8"))["real"]["all"]["with_prior"]
    for rule in ("best", "audited"):
        assert found[rule]["firm_right"]["mean"] >= 0.95
        assert found[rule]["firm"]["mean"] >= 0.50
    assert found["worse_right"]["mean"] >= 0.95
