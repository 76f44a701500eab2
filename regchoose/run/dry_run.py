"""What a run would do, and about how long it would take, without PyTorch: `--dry-run`."""

from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from typing import Any

from regchoose.encoding.coding import coding
from regchoose.experiment.choice import count_tuned_models, race_stops
from regchoose.experiment.design import (
    FULL_LENGTH_CELLS,
    INNER_PARTS,
    MODELS_PER_CELL,
    TUNING_SETS,
    Layout,
    make_layout,
)
from regchoose.experiment.grid import FEWEST_POINTS, make_grid
from regchoose.machine import cores
from regchoose.records.answers import Ask
from regchoose.records.table import Table
from regchoose.records.words import ARMS, Arm
from regchoose.settings.options import Settings, first_rows, for_images, parse_duration
from regchoose.settings.values import FIELDS, option_of
from regchoose.table.load import load

# Multiplications and additions a second and core, in training many small networks side by side: 250 models of
# 442 × 10 rows, 64-64 units, on two cores of an AMD EPYC. Larger networks do better, other machines differ.
RATE = 7e9
OPERATIONS = 6  # of a weight and row: forward, back to the inputs, back to the weights; two each
NEWTON_STEPS = 30  # of a linear model, about


@dataclass(frozen=True)
class Work:
    """What is to be trained.

    Parameters
    ----------
    rows : int
        That a model of the tuning part trains on.
    epochs : int
        Of the schedule; 0 for a linear model.
    models : mapping of Arm to int
        At most, unless a grid is extended.
    weights : int or None
        Of a network; None where a rule for it would say little: the cnn, or the user's own.
    """

    rows: int
    epochs: int
    models: dict[Arm, int]
    weights: int | None


def plan(path: str, settings: Settings, *, ask: Ask, given: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Say what a run would do: the table as it is read, the subsample, the trainings, and how long.

    Parameters
    ----------
    given : frozenset of str
        Settings that somebody chose; of images a network that nobody chose is the cnn.

    Raises
    ------
    RegchooseError
        As `regchoose.table.load.load`.
    """
    table = load(path, settings, choose=ask)
    if table.image is not None:
        settings = for_images(settings, given=given)
    layout = make_layout(table.n_rows, rows=first_rows(settings), exchangeable=table.exchangeable)
    work = work_of(table, layout, settings)
    return {
        "table": {
            "path": table.path,
            "reading": table.dialect.found,
            "rows": table.n_all,
            "features": [column.name for column in table.used] if table.image is None else str(table.image),
            "left out": [f"{c.name}: {c.why}" for c in table.columns if not c.used and c.role != "target"],
            "target": f"{table.target_name} ({table.target_why})",
            "task": f"{table.task} ({table.task_why})",
            "warnings": list(table.warnings),
        },
        "subsample": f"{layout.drawn:,} of {table.n_all:,} rows",
        "design": _said(layout, settings),
        "schedule_epochs": work.epochs or None,
        "models": dict(work.models),
        "time": _time(work, settings),
        "settings": {name: getattr(settings, name) for name in FIELDS if option_of(name).result},
    }


def work_of(table: Table, layout: Layout, settings: Settings) -> Work:
    """Return what is to be trained; see `regchoose.experiment.plan`."""
    linear = settings.network == "linear"
    crossed = layout.kind == "B"
    training = layout.rows * (settings.folds - 1) // settings.folds if crossed else layout.rows
    inner = training // INNER_PARTS if crossed else layout.rows
    rows = training - inner if crossed else layout.rows
    repeats = min(settings.tuning_repeats, settings.repeats)
    tuning = settings.folds * repeats if crossed else TUNING_SETS
    judging = settings.folds * settings.repeats if crossed else layout.sets
    models = {
        arm: _models(arm, settings, tuning=tuning, judging=judging, inner=inner, linear=linear)
        for arm in ARMS
    }
    steps = max(1, round(rows / settings.batch))
    epochs = 0 if linear else max(settings.epochs, ceil(settings.steps / steps))
    return Work(rows, epochs, models, _weights(table, settings))


def _models(arm: Arm, settings: Settings, *, tuning: int, judging: int, inner: int, linear: bool) -> int:
    alphas = settings.alphas if settings.alpha is None else (settings.alpha,)
    fixed = (settings.l1, settings.l2)
    points = len(make_grid(arm, top=1.0, strengths=settings.strengths, alphas=alphas, fixed=fixed))
    raced = points > FEWEST_POINTS
    stops = race_stops(tuning, folds=settings.folds, rows=inner) if raced else (tuning,)
    again = 0 if points == 1 or linear else (MODELS_PER_CELL - 1) * min(FULL_LENGTH_CELLS, judging)
    return count_tuned_models(points, stops) + again + judging


def _weights(table: Table, settings: Settings) -> int | None:
    if settings.network not in ("mlp", "linear"):
        return None
    hidden = () if settings.network == "linear" else settings.hidden
    outputs = len(table.classes) if table.task == "multiclass" else 1
    sizes = (len(coding(table).input_names), *hidden, outputs)
    return sum(before * after for before, after in pairwise(sizes))


def seconds(work: Work, *, workers: int, rate: float = RATE) -> float | None:
    """Return about how many seconds the trainings take; None for the user's own network.

    Parameters
    ----------
    workers : int
        Trainings side by side.
    rate : float
        Operations a second of each, as measured on the machine, where that was done.
    """
    if work.weights is None:
        return None
    passes = OPERATIONS * work.epochs * work.weights if work.epochs else NEWTON_STEPS * work.weights**2
    return sum(work.models.values()) * work.rows * passes / (rate * workers)


def _time(work: Work, settings: Settings) -> str:
    workers = settings.jobs or cores()
    took = seconds(work, workers=workers)
    if took is None:
        return "not estimated: this network is timed when it trains"
    fits = "within" if took <= parse_duration(settings.budget) else "over"
    rule = (
        f"{sum(work.models.values()):,} models × {work.rows:,} rows × {work.epochs or NEWTON_STEPS} epochs "
        f"× {work.weights:,} weights, {workers} at a time"
    )
    return f"about {_rounded(took)}, {fits} the budget of {settings.budget}; by rule, not measured: {rule}"


def _rounded(took: float) -> str:
    if took < 90:
        return f"{max(1, round(took))} s"
    return f"{took / 60:.0f} min" if took < 5400 else f"{took / 3600:.1f} h"


def _said(layout: Layout, settings: Settings) -> str:
    if layout.kind == "A":
        sets = f"{layout.sets} separate training sets of {layout.rows:,} rows"
        return f"{sets}, judged on {layout.test_rows:,} others"
    return f"{settings.folds}-fold cross-validation of {layout.rows:,} rows, {settings.repeats} times"
