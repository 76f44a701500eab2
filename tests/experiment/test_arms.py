"""One arm from tuning to judging, in both designs."""

from dataclasses import replace

import numpy as np
import pytest

from regchoose.experiment.arms import pool_cells, train_arm
from regchoose.experiment.design import FULL_LENGTH_CELLS, Layout
from regchoose.experiment.plan import Experiment, prepare
from regchoose.records.words import Task
from regchoose.settings.options import Settings
from tests.benchmarks.tables import as_table, make_sheet

SETTINGS = Settings(
    strengths=3, alphas=(0.5,), repeats=3, tuning_repeats=1, epochs=6, steps=12, hidden=(8,), lr=0.02, jobs=1
)


def quiet(_: int) -> None:
    pass


def of_sets(task: Task, settings: Settings = SETTINGS) -> Experiment:
    """Return an experiment of Design A: five sets of 60 rows, judged on 300 others."""
    layout = Layout("A", 60, 5, 300)
    table = as_table(make_sheet(task, layout.drawn, 3, seed=1))
    return prepare(table, np.arange(layout.drawn), settings, layout)


@pytest.mark.parametrize("task", ["regression", "binary"])
@pytest.mark.parametrize("network", ["mlp", "linear"])
def test_disjoint_sets_are_trained_and_judged(task: Task, network: str) -> None:
    experiment = of_sets(task, replace(SETTINGS, network=network))
    assert (experiment.rows_fit, experiment.rows_train, experiment.n_rows) == (60, 60, 60)
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


def test_cells_beyond_the_first_stop_where_the_choice_stops() -> None:
    table = as_table(make_sheet("binary", 90, 3, seed=1))
    experiment = prepare(table, np.arange(90), SETTINGS)
    assert (experiment.n_full_length, len(experiment.final)) == (FULL_LENGTH_CELLS, 15)
    run = train_arm(experiment, "l2", advanced=quiet)
    assert run.losses.shape == (15,)
    assert run.losses_at_end.shape == (FULL_LENGTH_CELLS,)
    assert np.isfinite(run.losses).all()
    assert run.row_losses is None  # each cell has test rows of its own
    one = run.chosen.point == run.chosen_at_end.point
    assert run.trained == run.tuning.trained + 15 + (0 if one else FULL_LENGTH_CELLS)
    # The same cells, all trained to the end, have the same losses at the chosen length.
    whole = replace(
        experiment, cells=experiment.cells[:FULL_LENGTH_CELLS], final=experiment.final[:FULL_LENGTH_CELLS]
    )
    assert run.losses[:FULL_LENGTH_CELLS] == pytest.approx(train_arm(whole, "l2", advanced=quiet).losses)
