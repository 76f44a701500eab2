"""What racing costs: the test loss of its choices against that of an exhaustive grid's."""

from math import sqrt
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from regchoose.records.words import Float, Task
from regchoose.settings.options import Settings
from tests.benchmarks.tables import make_sheet
from tests.benchmarks.whole_experiment import exhaustive, prepared, train_arms, with_found_rate

TASKS: tuple[Task, ...] = ("regression", "binary")
FEATURES = (5, 10, 20, 40)


def compare_quality(n_tables: int, rows: tuple[int, int], settings: Settings) -> dict[str, Any]:
    """Tune and judge the arms of small tables, with racing and without.

    Parameters
    ----------
    rows : pair of int
        Fewest and most rows of a table.

    Returns
    -------
    dict
        Differences of the mean test loss over cells and arms, raced less exhaustive.
    """
    sizes = np.linspace(*rows, n_tables).round().astype(int)
    losses = np.array([_losses(int(n), number, settings) for number, n in enumerate(sizes)])
    raced, grid, moved = losses.T
    difference = raced - grid
    error, spread = _standard_error(difference), _standard_error(grid)
    return {
        "tables": n_tables,
        "rows": list(rows),
        "mean_loss": float(raced.mean()),
        "mean_loss_of_exhaustive_grid": float(grid.mean()),
        "standard_error_of_exhaustive_grid": spread,
        "mean_difference": float(difference.mean()),
        "standard_error": error,
        "differences": difference.tolist(),
        "arms_with_another_choice": int(moved.sum()),
        "within_one_standard_error": bool(difference.mean() <= error),
    }


def _losses(n: int, number: int, settings: Settings) -> tuple[float, float, int]:
    """Mean test loss with racing and without, and in how many arms the choice differs."""
    task, d = TASKS[number % len(TASKS)], FEATURES[number // len(TASKS) % len(FEATURES)]
    sheet = make_sheet(task, n, d, seed=100 + number)
    with threadpool_limits(1):
        experiment = with_found_rate(prepared(sheet, settings))
        raced, grid = train_arms(experiment), train_arms(exhaustive(experiment))
    moved = sum(raced[arm].chosen != grid[arm].chosen for arm in raced)
    mean = [float(np.mean([np.nanmean(run.losses) for run in arms.values()])) for arms in (raced, grid)]
    return mean[0], mean[1], moved


def _standard_error(values: Float) -> float:
    return float(values.std(ddof=1) / sqrt(len(values)))
