"""The factor that makes the covariance of cells that of their means, and the prior that a study found."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from regchoose.experiment.calibration import LEARNED, is_studied, variance_factor
from regchoose.experiment.design import Layout

STUDY = Path(__file__).parents[1] / "benchmarks" / "results" / "calibration.json"
STUDIED: dict[str, Any] = {
    "network": "mlp",
    "layout": Layout("B", 442),
    "folds": 5,
    "cells": 25,
    "exchangeable": True,
}


def test_overlapping_cells_count_as_nadeau_and_bengio_say() -> None:
    layout = Layout("B", 442)
    assert variance_factor(25, layout, folds=5) == pytest.approx(1 / 25 + 1 / 4)
    assert variance_factor(100, layout, folds=10) == pytest.approx(1 / 100 + 1 / 9)


def test_disjoint_sets_do_not_overlap() -> None:
    assert variance_factor(10, Layout("A", 4_000, 10, 5_000), folds=5) == pytest.approx(1 / 10)


@pytest.mark.parametrize("network", ["mlp", "linear"])
def test_the_study_was_of_these(network: str) -> None:
    assert is_studied(**STUDIED | {"network": network})


@pytest.mark.parametrize(
    "other",
    [
        {"network": "cnn"},
        {"network": "net.py:Net"},
        {"layout": Layout("A", 442, 10, 5_000)},
        {"layout": Layout("B", 60)},
        {"layout": Layout("B", 4_000)},
        {"folds": 10},
        {"cells": 5},
        {"exchangeable": False},
    ],
)
def test_elsewhere_nothing_is_known(other: dict[str, Any]) -> None:
    assert not is_studied(**STUDIED | other)


def test_the_prior_is_the_one_that_the_study_found() -> None:
    found = json.loads(STUDY.read_text(encoding="utf-8"))["prior"]
    for arm, own in LEARNED.items():
        for name, value in asdict(own).items():
            assert value == pytest.approx(found[arm][name], abs=0.005)


@pytest.mark.parametrize("models", ["networks", "linear"])
def test_with_it_firm_verdicts_keep_their_promise(models: str) -> None:
    found = json.loads(STUDY.read_text(encoding="utf-8"))[models]
    assert found["fitting_factor"] <= variance_factor(25, Layout("B", 442), folds=5)
    for rule in ("best", "chart"):
        assert round(found["with_prior_of_other_half"][rule]["firm_right"]["share"], 2) >= 0.97
    assert found["with_prior_of_other_half"]["type_1"]["share"] <= 0.05


def test_with_it_verdicts_are_firm_in_four_of_five_tasks() -> None:
    found = json.loads(STUDY.read_text(encoding="utf-8"))["both"]["best"]
    assert found["firm"]["share"] >= 0.8
    assert found["firm_right"]["share"] >= 0.97
