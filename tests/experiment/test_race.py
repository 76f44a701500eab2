"""The points of an arm: a best one at an edge extends its grid."""

from dataclasses import replace

import numpy as np
import pytest

from regchoose.experiment.choice import best_third, choose, score_points
from regchoose.experiment.grid import at_edge
from regchoose.experiment.plan import Experiment, prepare
from regchoose.experiment.race import tune
from regchoose.records.words import Arm
from regchoose.settings.options import Settings
from tests.benchmarks.tables import as_table, make_sheet

SETTINGS = Settings(network="linear", strengths=3, alphas=(0.5,), repeats=1, jobs=1)
SHEET = make_sheet("regression", 80, 3, seed=0)


def of_noise(settings: Settings = SETTINGS) -> Experiment:
    """Return an experiment in which the features say nothing: the more is penalized, the better."""
    noise = np.random.default_rng(1).standard_normal(80)
    return prepare(as_table(replace(SHEET, y=noise)), np.arange(80), settings)


def quiet(_: int) -> None:
    pass


def test_a_best_strength_at_the_edge_extends_the_grid() -> None:
    experiment = of_noise()
    found = tune(experiment, "l2", advanced=quiet)
    assert found.grid.l2.max() > 10 * experiment.grid("l2").l2.max()
    assert (np.diff(found.grid.l2) < 0).all()
    assert found.criterion.shape == (len(found.grid), 1)
    assert found.tried.all()


def test_no_further_than_where_all_weights_are_zero() -> None:
    experiment = of_noise()
    found = tune(experiment, "l1", advanced=quiet)
    assert len(found.grid) == len(experiment.grid("l1"))
    assert found.recorded["nonzero_share"][:, 0].mean() < 0.1  # the end is that of the first cell


@pytest.mark.parametrize("arm", ["l1", "l2", "elastic_net"])
def test_a_best_strength_inside_leaves_the_grid(arm: Arm) -> None:
    wide = make_sheet("regression", 40, 15, seed=0)
    experiment = prepare(as_table(wide), np.arange(40), replace(SETTINGS, strengths=9))
    found = tune(experiment, arm, advanced=quiet)
    assert not at_edge(found.grid, choose(found.eligible).point)
    assert len(found.grid) == len(experiment.grid(arm))


def test_a_strength_of_the_user_is_not_extended() -> None:
    experiment = of_noise(replace(SETTINGS, l1=0.01))
    assert len(tune(experiment, "elastic_net", advanced=quiet).grid) == 3


def test_progress_goes_on_counting() -> None:
    heard: list[int] = []
    found = tune(of_noise(), "l2", advanced=heard.append)
    assert heard == sorted(set(heard))
    assert heard[-1] == found.tried.sum()


def test_the_worst_points_are_dropped_on_the_way() -> None:
    experiment = of_noise(replace(SETTINGS, strengths=9, repeats=3))
    found = tune(experiment, "l2", advanced=quiet)
    assert experiment.stops == (5, 10, 15)
    by_point = found.tried.sum(0)
    assert found.tried[:5].all()
    assert (by_point == 15).sum() >= 3
    kept = best_third(score_points(found.losses[:5], found.tried[:5]).min(1))
    assert set(np.flatnonzero(by_point >= 10)) >= set(kept.tolist()) - set(np.flatnonzero(by_point == 5))


def test_trials_that_are_joined_lose_nothing() -> None:
    experiment = of_noise()
    both = tune(experiment, "l2", advanced=quiet)
    extended = len(both.grid) - len(experiment.grid("l2"))
    assert extended > 0
    for name, values in both.recorded.items():
        if name != "train":
            assert np.isfinite(values).all(), name
    assert len(both.captured["row"]) == both.tried.sum()
