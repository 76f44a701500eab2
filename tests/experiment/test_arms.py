"""One arm from tuning to judging, in both designs."""

from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pytest

from regchoose.experiment.arms import pool_cells, train_arm
from regchoose.experiment.choice import Choice
from regchoose.experiment.design import Layout
from regchoose.experiment.learning_rate import find_rate
from regchoose.experiment.optimism import estimate_optimism
from regchoose.experiment.plan import Experiment, prepare
from regchoose.records.words import Task
from regchoose.settings.options import Settings
from regchoose.training.train import train
from tests.benchmarks.tables import as_table, make_sheet

SETTINGS = Settings(strengths=3, alphas=(0.5,), repeats=3, epochs=6, steps=12, hidden=(8,), lr=0.02, jobs=1)


def quiet(_: int) -> None:
    pass


def of_sets(task: Task, settings: Settings = SETTINGS) -> Experiment:
    """Return an experiment of five disjoint sets of 60 rows, judged on 300 others."""
    layout = Layout(60, 5, 300)
    table = as_table(make_sheet(task, layout.drawn, 3, seed=1))
    return prepare(table, np.arange(layout.drawn), settings, layout)


@pytest.mark.parametrize("task", ["regression", "binary"])
@pytest.mark.parametrize("network", ["mlp", "linear"])
def test_disjoint_sets_are_trained_and_judged(task: Task, network: str) -> None:
    experiment = of_sets(task, replace(SETTINGS, network=network))
    assert (experiment.rows_train, experiment.n_rows) == (60, 60)
    arms = {arm: train_arm(experiment, arm, advanced=quiet) for arm in ("none", "l2")}
    for run in arms.values():
        assert run.losses.shape == (5,)
        assert run.row_losses is not None
        assert run.row_losses.shape == (300,)
        assert run.row_losses.mean() == pytest.approx(run.losses.mean(), rel=1e-5)
    posterior = pool_cells(arms, experiment)  # type: ignore[arg-type]  # the literals are arms
    losses = np.column_stack([run.losses for run in arms.values()])
    rows = np.column_stack([run.row_losses for run in arms.values() if run.row_losses is not None])
    assert posterior.df == 4
    assert posterior.scale == pytest.approx(np.cov(losses.T) / 5 + np.cov(rows.T) / 300)


@pytest.mark.parametrize("stopping", ["tuned", "fixed"])
def test_the_losses_of_the_chosen_point_judge_it(stopping: Literal["tuned", "fixed"]) -> None:
    table = as_table(make_sheet("binary", 90, 3, seed=1))
    experiment = prepare(table, np.arange(90), replace(SETTINGS, stopping=stopping))
    assert experiment.stops == (5, 10, 15)
    run = train_arm(experiment, "l2", advanced=quiet)
    data = [replace(cell, watched=False) for cell in experiment.data]
    again = train(experiment.training, data, run.strengths)
    assert run.losses == pytest.approx(again.losses["test"][:, 0, run.checkpoint], rel=1e-4)
    assert run.trials.everywhere[run.chosen.point]
    assert run.criterion == run.trials.eligible[run.chosen.point, run.checkpoint]
    assert run.criterion == (run.trials.eligible[:, -1] if stopping == "fixed" else run.trials.eligible).min()
    assert run.row_losses is None  # each cell has test rows of its own
    assert set(run.metrics) == {"accuracy", "AUC"}


def test_what_the_search_of_the_rate_has_tried_is_not_trained_again() -> None:
    table = as_table(make_sheet("regression", 60, 3, seed=1))
    plain = prepare(table, np.arange(60), replace(SETTINGS, lr="auto"))
    searched = find_rate(plain, advanced=quiet)
    lr = searched.training.schedule.lr
    heard: list[int] = []
    runs = [train_arm(each, "none", advanced=heard.append) for each in (searched, plain.at_rate(lr))]
    assert runs[0].losses == pytest.approx(runs[1].losses, rel=1e-4)
    assert runs[0].trained == runs[1].trained == 15
    assert heard[0] > 5, "five of them were known"


def test_a_loss_chosen_among_many_is_corrected() -> None:
    """Ten points of pure noise: the lowest mean is too low by about what ten tries gain."""
    rng = np.random.default_rng(0)
    losses = 1 + rng.standard_normal((300, 10, 1))
    found = losses.mean(0)
    chosen = Choice(int(found.argmin()), 0)
    optimism = estimate_optimism(losses, np.zeros((10, 1)), chosen, at_end=False, seed=0)
    assert optimism == pytest.approx(1 - found.min(), rel=0.6)
    alone = estimate_optimism(losses[:, :1], np.zeros((1, 1)), Choice(0, 0), at_end=False, seed=0)
    assert alone == 0


def remarks(**changes: Any) -> tuple[str, ...]:
    table = as_table(make_sheet("regression", 60, 3, seed=1))
    return prepare(table, np.arange(60), replace(SETTINGS, **changes)).remarks


def test_settings_that_say_nothing_to_the_network_are_told() -> None:
    assert remarks() == ()
    assert remarks(network="linear") == (
        "The settings hidden, lr, epochs, steps do nothing here: the network is linear.",
    )
    assert remarks(network_options={"width": 3}) == (
        "The setting network_options does nothing here: the network is mlp.",
    )


def test_a_rate_at_which_nothing_moves_is_told() -> None:
    (said,) = remarks(lr=1e-9)
    assert said.startswith("At a learning rate of 1e-09, 12 steps move a weight by 6e-09 at most: ")
