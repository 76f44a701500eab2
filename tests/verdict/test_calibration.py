"""The factor by which the covariance of cells becomes that of their means."""

import json
from pathlib import Path
from typing import Any

import pytest

from regchoose.verdict.calibration import OVERLAP, measured_overlap, variance_factor
from regchoose.verdict.design import Layout

STUDY = Path(__file__).parents[1] / "benchmarks" / "results" / "calibration.json"
STUDIED: dict[str, Any] = {
    "network": "mlp",
    "layout": Layout("B", 442),
    "folds": 5,
    "exchangeable": True,
}


def test_without_a_study_it_is_nadeau_and_bengios() -> None:
    layout = Layout("B", 442)
    assert variance_factor(25, layout, folds=5) == pytest.approx(1 / 25 + 1 / 4)
    assert variance_factor(100, layout, folds=10) == pytest.approx(1 / 100 + 1 / 9)


def test_disjoint_sets_do_not_overlap() -> None:
    assert variance_factor(10, Layout("A", 4_000, 10, 5_000), folds=5) == pytest.approx(1 / 10)


def test_what_overlap_adds_is_the_same_for_any_number_of_cells() -> None:
    layout = Layout("B", 442)
    assert variance_factor(25, layout, folds=5, overlap=0.16) == pytest.approx(0.20)
    assert variance_factor(10, layout, folds=5, overlap=0.16) == pytest.approx(0.26)


@pytest.mark.parametrize("network", ["mlp", "linear"])
def test_it_is_as_measured_where_the_study_was(network: str) -> None:
    assert measured_overlap(**STUDIED | {"network": network}) == OVERLAP[network]


@pytest.mark.parametrize(
    "other",
    [
        {"network": "cnn"},
        {"network": "net.py:Net"},
        {"layout": Layout("A", 442, 10, 5_000)},
        {"layout": Layout("B", 60)},
        {"layout": Layout("B", 4_000)},
        {"folds": 10},
        {"exchangeable": False},
    ],
)
def test_elsewhere_nothing_was_measured(other: dict[str, Any]) -> None:
    assert measured_overlap(**STUDIED | other) is None


@pytest.mark.parametrize(("network", "models"), [("mlp", "networks"), ("linear", "linear")])
def test_the_figures_are_those_that_the_study_found(network: str, models: str) -> None:
    found = json.loads(STUDY.read_text(encoding="utf-8"))[models]
    factor = found["calibrated_factor"]
    assert OVERLAP[network] == pytest.approx(factor - 1 / 25)
    for rule in ("best", "chart"):
        assert round(found["factors"][f"{factor:.3f}"][rule]["firm_right"]["share"], 2) >= 0.97
    assert found["factors"][f"{factor:.3f}"]["type_1"]["share"] <= 0.05
