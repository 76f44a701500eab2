"""What a run would do, and about how long that would take: `--dry-run`. PyTorch is not loaded."""

from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from typing import Any

from regchoose.encoding.input_plan import plan_inputs
from regchoose.experiment.choice import count_models, race_stops
from regchoose.experiment.design import Layout, count_repeats
from regchoose.experiment.grid import make_grid
from regchoose.machine import cores
from regchoose.records.answers import Ask
from regchoose.records.table import Table
from regchoose.records.words import ARMS, Arm
from regchoose.run.memory_estimate import first_layout
from regchoose.settings.options import Settings, for_images, parse_duration
from regchoose.settings.values import decisive_settings
from regchoose.table.load import load

# Multiplications and additions a second and core, measured in training 250 models side by side on 442 × 10
# rows, 64-64 units, on two cores of an AMD EPYC. Larger networks are faster, and machines differ.
RATE = 7e9
OPERATIONS = 6  # for each weight and row: forward, back to the inputs, back to the weights; two each
NEWTON_STEPS = 30  # for a linear model, about


@dataclass(frozen=True)
class TrainingPlan:
    """How much is to be trained.

    Parameters
    ----------
    rows : int
        Rows that a model trains on.
    epochs : int
        Epochs of the schedule; 0 for a linear model.
    models : mapping of Arm to int
        At most so many, unless a grid is extended.
    weights : int or None
        Weights of a network; None for the cnn and the user's own, whose time does not follow from it.
    """

    rows: int
    epochs: int
    models: dict[Arm, int]
    weights: int | None


def plan_run(
    path: str, settings: Settings, *, ask: Ask, given: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """Return what a run would do: how the table is read, the subsample, the trainings, and the time.

    Parameters
    ----------
    given : frozenset of str
        Settings that somebody chose; images get the cnn unless a network is among them.

    Raises
    ------
    RegchooseError
        As `regchoose.table.load.load`.
    """
    table = load(path, settings, choose=ask)
    if table.image is not None:
        settings = for_images(settings, given=given)
    layout = first_layout(table, settings)
    plan = plan_trainings(table, layout, settings)
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
        "design": describe_design(layout, settings),
        "schedule_epochs": plan.epochs or None,
        "models": dict(plan.models),
        "time": _describe_time(plan, settings),
        "settings": decisive_settings(settings),
    }


def plan_trainings(table: Table, layout: Layout, settings: Settings) -> TrainingPlan:
    """Count what is to be trained; `regchoose.experiment.plan` prepares it."""
    linear = settings.network == "linear"
    crossed = layout.is_cross_validation
    rows = layout.rows * (settings.folds - 1) // settings.folds if crossed else layout.rows
    cells = settings.folds * count_repeats(layout.rows, settings.repeats) if crossed else layout.sets
    stops = race_stops(layout, cells=cells, folds=settings.folds)
    models = {arm: count_models(_count_points(arm, settings), stops) for arm in ARMS}
    steps = max(1, round(rows / settings.batch))
    epochs = 0 if linear else max(settings.epochs, ceil(settings.steps / steps))
    return TrainingPlan(rows, epochs, models, _count_weights(table, settings))


def _count_points(arm: Arm, settings: Settings) -> int:
    alphas = settings.alphas if settings.alpha is None else (settings.alpha,)
    fixed = (settings.l1, settings.l2)
    return len(make_grid(arm, top=1.0, strengths=settings.strengths, alphas=alphas, fixed=fixed))


def _count_weights(table: Table, settings: Settings) -> int | None:
    if settings.network not in ("mlp", "linear"):
        return None
    hidden = () if settings.network == "linear" else settings.hidden
    outputs = len(table.classes) if table.task == "multiclass" else 1
    sizes = (len(plan_inputs(table).input_names), *hidden, outputs)
    return sum(before * after for before, after in pairwise(sizes))


def estimate_time(plan: TrainingPlan, *, workers: int) -> float | None:
    """Return about how many seconds the trainings take, `workers` at a time; None for unknown weights."""
    if plan.weights is None:
        return None
    passes = OPERATIONS * plan.epochs * plan.weights if plan.epochs else NEWTON_STEPS * plan.weights**2
    return sum(plan.models.values()) * plan.rows * passes / (RATE * workers)


def _describe_time(plan: TrainingPlan, settings: Settings) -> str:
    workers = settings.jobs or cores()
    seconds = estimate_time(plan, workers=workers)
    if seconds is None:
        return "not estimated: this network is timed when it trains"
    fits = "within" if seconds <= parse_duration(settings.budget) else "over"
    rule = (
        f"{sum(plan.models.values()):,} models × {plan.rows:,} rows × {plan.epochs or NEWTON_STEPS} epochs "
        f"× {plan.weights:,} weights, {workers} at a time"
    )
    return f"about {_round(seconds)}, {fits} the budget of {settings.budget}; by rule, not measured: {rule}"


def _round(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def describe_design(layout: Layout, settings: Settings) -> str:
    """Say on which rows models are trained and judged."""
    if layout.is_cross_validation:
        repeats = count_repeats(layout.rows, settings.repeats)
        return f"{settings.folds}-fold cross-validation of {layout.rows:,} rows, {repeats} times"
    sets = f"{layout.sets} separate training sets of {layout.rows:,} rows"
    return f"{sets}, judged on {layout.test_rows:,} others"
