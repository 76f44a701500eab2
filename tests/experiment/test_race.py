"""The points of an arm: a best one at an edge extends its grid."""

from dataclasses import replace

import numpy as np
import pytest

from regchoose.experiment.choice import choose
from regchoose.experiment.grid import at_edge
from regchoose.experiment.plan import Experiment, prepare
from regchoose.experiment.race import tune
from regchoose.records.words import Arm
from regchoose.settings.options import Settings
from tests.benchmarks.tables import as_table, make_sheet

SETTINGS = Settings(network="linear", strengths=3, alphas=(0.5,), repeats=1, tuning_repeats=1, jobs=1)
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
    assert found.loss.shape == (len(found.grid), 1)
    assert found.trained == len(experiment.tuning) * len(found.grid)


def test_no_further_than_where_all_weights_are_zero() -> None:
    experiment = of_noise()
    found = tune(experiment, "l1", advanced=quiet)
    assert len(found.grid) == len(experiment.grid("l1"))
    assert found.nonzero_share[0] < 0.1  # the end is that of the first cell


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
    assert heard[-1] == found.trained
