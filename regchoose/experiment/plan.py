"""The experiment's plan: a subsample, resampled and encoded, and what all arms share."""

from dataclasses import dataclass, replace
from math import ceil
from typing import Any

import numpy as np

from regchoose.encoding.coding import coding
from regchoose.encoding.encoder import Encoder
from regchoose.errors import DataError, PhraseLike, setting
from regchoose.experiment.calibration import is_studied, variance_factor
from regchoose.experiment.choice import pauses, tuned_models
from regchoose.experiment.design import INNER, JUDGED, WHOLE, Layout, forward_cells, make_cells, make_sets
from regchoose.experiment.fitted_curve import Drawing, inputs_drawn, make_drawing
from regchoose.experiment.grid import FEWEST_POINTS, alpha_max, make_grid, to_size
from regchoose.records.experiment import Cell, Kept, Penalties
from regchoose.records.table import Table
from regchoose.records.words import Arm, Int
from regchoose.settings.options import Settings
from regchoose.statistics.decide import null_loss
from regchoose.table.columns.duplicates import kept_together
from regchoose.table.columns.target import WITHOUT_EXPERIMENT
from regchoose.training.block import USUAL_RATE, CellData, make_schedule
from regchoose.training.device import devices_of
from regchoose.training.networks.choose import cnn_network, other_network
from regchoose.training.train import Training
from regchoose.workers.tasks import Workers
from regchoose.workers.threads import use_threads


@dataclass(frozen=True)
class Experiment:
    """Everything that the arms share.

    Parameters
    ----------
    layout : Layout
        How the rows are used: Design A or B.
    cells : tuple of Cell
        Those that judge, and in Design B also choose the strength.
    tuning : tuple of CellData
        Rows that choose the strength: trained on `fit`, judged on `inner`.
    final : tuple of CellData
        Rows that judge: trained on `train`, judged on `test` and on the training rows themselves.
    top : float
        The alpha_max strength of the grids.
    loss_null : float
        Loss of predicting the class shares or the mean.
    racing : bool
        Whether hopeless points are dropped on the way; without it every point is tried in all cells.
    drawing : Drawing, optional
        Where fitted curves are drawn.
    exchangeable : bool
        Whether rows were dealt out at random: no groups and no order of time.
    """

    settings: Settings
    layout: Layout
    cells: tuple[Cell, ...]
    tuning: tuple[CellData, ...]
    final: tuple[CellData, ...]
    training: Training
    top: float
    loss_null: float
    racing: bool = True
    drawing: Drawing | None = None
    exchangeable: bool = True

    @property
    def rows_fit(self) -> int:
        """Rows that a model of the tuning part trains on."""
        return len(self.tuning[0].y)

    @property
    def rows_train(self) -> int:
        """Rows that a model of the final part trains on."""
        return len(self.final[0].y)

    @property
    def n_rows(self) -> int:
        """Rows of a training set (Design A), or of all folds together (B)."""
        return self.layout.rows

    @property
    def n_whole(self) -> int:
        """Cells in which training goes on to the end of the schedule; a linear model has no length."""
        return len(self.final) if self.training.hidden is None else min(WHOLE, len(self.final))

    def variance_factor(self, cells: int) -> float:
        """Return the factor of the covariance over so many cells."""
        return variance_factor(cells, self.layout, folds=self.settings.folds)

    @property
    def is_studied(self) -> bool:
        """Whether the certainty of such experiments was held against known truths.

        They tune all strengths of all weights, and judge by the usual δ.
        """
        settings = self.settings
        tuned = settings.l1 is None and settings.l2 is None and not settings.penalize
        studied = is_studied(
            settings.network,
            self.layout,
            folds=settings.folds,
            cells=len(self.final),
            exchangeable=self.exchangeable,
        )
        return tuned and studied and settings.rope == "auto"

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is to be said of the network."""
        other = self.training.other
        return () if other is None else tuple(filter(None, (*other.warnings, other.note)))

    @property
    def network_source(self) -> str:
        """Hash of the code of the user's own network; empty for another."""
        other = self.training.other
        return "" if other is None else other.source

    def grid(self, arm: Arm) -> Penalties:
        """Return the points that an arm tries, for models trained on `rows_fit` rows."""
        settings = self.settings
        alphas = settings.alphas if settings.alpha is None else (settings.alpha,)
        move = to_size(1.0, self.n_rows, of=self.rows_fit)  # the user's strengths are for the subsample
        l1, l2 = (
            None if value is None else value * factor
            for value, factor in zip((settings.l1, settings.l2), move, strict=True)
        )
        return make_grid(arm, top=self.top, strengths=settings.strengths, alphas=alphas, fixed=(l1, l2))

    def is_fixed(self, arm: Arm) -> bool:
        """Whether the user set a strength of the arm."""
        return (arm in ("l1", "elastic_net") and self.settings.l1 is not None) or (
            arm in ("l2", "elastic_net") and self.settings.l2 is not None
        )

    @property
    def most_l1(self) -> float:
        """The alpha_max l1 that makes sense: at `top` a linear model's weights are all zero."""
        return self.top if self.training.hidden is None else np.inf

    def pauses(self, points: int) -> tuple[int, ...]:
        """After how many tuning cells an arm drops its hopeless points; the last is all of them."""
        cells = len(self.tuning)
        if not self.racing or points <= FEWEST_POINTS:
            return (cells,)
        return pauses(cells, folds=self.settings.folds, rows=len(self.tuning[0].judged["inner"][1]))

    def models(self, arm: Arm) -> int:
        """Return how many models an arm trains at most, to tune and to judge, unless its grid is extended."""
        points = len(self.grid(arm))
        judged = JUDGED if points > 1 and self.training.hidden is not None else 1
        return tuned_models(points, self.pauses(points)) + (judged - 1) * self.n_whole + len(self.final)


def prepare(
    table: Table,
    rows: Int,
    settings: Settings,
    layout: Layout | None = None,
    *,
    crew: Workers | None = None,
) -> Experiment:
    """Resample the rows of a subsample and encode each cell, fitted on its own training rows.

    Parameters
    ----------
    layout : Layout, optional
        How the rows are used; by default all in cross-validation.
    crew : Workers, optional
        Who trains; by default threads, one a core.

    Raises
    ------
    DataError
        E303 where whole groups are too few, or leave nothing to train or judge on.
    ResourceError
        E401 where the device asked for is not there, E405 where a worker has other releases.
    UsageError, TrainingError
        Where the user's network cannot be used; see `regchoose.training.networks.subprocess_check.probe`.
    """
    layout = layout or Layout("B", len(rows))
    tuning_cells, cells = _cells(table, rows, settings, layout)
    linear = settings.network == "linear"
    precision = np.float64 if linear else np.float32  # what the trainer computes in
    tuning = tuple(_tuning_data(table, rows, cell, precision=precision) for cell in tuning_cells)
    drawing = make_drawing(table, rows, cells)
    final = tuple(_final_data(table, rows, cell, precision=precision, drawing=drawing) for cell in cells)
    top = alpha_max(table.task, tuning[0].x.astype(np.float64), tuning[0].y)
    return Experiment(
        settings,
        layout,
        cells,
        tuning,
        final,
        _training(table, settings, n_rows=len(tuning_cells[0].fit), crew=crew or use_threads(settings.jobs)),
        top if linear else max(1.0, top),
        null_loss(table.task, table.target[rows], n_classes=len(table.classes)),
        drawing=drawing,
        exchangeable=table.exchangeable,
    )


def at_rate(experiment: Experiment, lr: float) -> Experiment:
    """Return the experiment at another learning rate."""
    training = experiment.training
    return replace(experiment, training=replace(training, schedule=replace(training.schedule, lr=lr)))


def keeping(experiment: Experiment, kept: Kept | None) -> Experiment:
    """Return the experiment with a place where its blocks are looked up and stored."""
    return replace(experiment, training=replace(experiment.training, kept=kept))


def _cells(
    table: Table, rows: Int, settings: Settings, layout: Layout
) -> tuple[tuple[Cell, ...], tuple[Cell, ...]]:
    """Lay out the cells that choose the strength, and those that judge.

    In the order of time where there is one, whole groups together where there are.
    """
    groups = None if table.groups is None else table.groups[rows]
    apart = kept_together(table, rows) if groups is None else groups
    target = table.target[rows]
    if layout.kind == "A":
        return make_sets(target, table.task, layout, seed=settings.seed, groups=apart)
    size = {"folds": settings.folds, "repeats": settings.repeats, "seed": settings.seed}
    if table.time is not None:
        cells = forward_cells(table.time[rows], groups=groups, **size)
        if not all(min(map(len, (cell.fit, cell.inner, cell.train, cell.test))) for cell in cells):
            raise _few_groups(
                "whole groups in the order of " + setting("time") + " leave a fold without rows"
            )
    else:
        count, fewest = len(np.unique(apart)), _fewest_groups(settings.folds)
        if count < fewest:
            raise _few_groups(f"{count} groups of rows, and {settings.folds} folds need at least {fewest}")
        cells = make_cells(target, table.task, groups=apart, **size)
    return cells[: settings.folds * settings.tuning_repeats], cells


def _fewest_groups(folds: int) -> int:
    """Return how many groups give each fold one, and each part of the others, cut once more, one too."""
    return next(n for n in range(folds, 3 * INNER + folds) if n - ceil(n / folds) >= INNER)


def _few_groups(message: PhraseLike) -> DataError:
    fix = setting(resources="no") | "leave " + setting("group") + " out"
    return DataError("E303", message, detail=[WITHOUT_EXPERIMENT], fix=fix)


def _training(table: Table, settings: Settings, *, n_rows: int, crew: Workers) -> Training:
    """Return what all models of a run have in common, scheduled for so many rows."""
    schedule = make_schedule(
        n_rows,
        epochs=settings.epochs,
        least_steps=settings.steps,
        batch=settings.batch,
        lr=USUAL_RATE if settings.lr == "auto" else settings.lr,
    )
    other = other_network(
        settings,
        input_names=coding(table).input_names,
        task=table.task,
        n_classes=len(table.classes),
        image=table.image,
    )
    return Training(
        table.task,
        len(table.classes),
        None if settings.network == "linear" else settings.hidden,
        schedule,
        devices_of(crew, settings.device),
        crew,
        other,
        settings.device == "auto",
        cnn=cnn_network(settings, image=table.image, task=table.task, n_classes=len(table.classes)),
    )


def _tuning_data(table: Table, rows: Int, cell: Cell, *, precision: type[np.floating[Any]]) -> CellData:
    encoder = Encoder.fit(table, rows[cell.fit])
    (x, y), (x_inner, y_inner) = (encoder.transform(table, rows[part]) for part in (cell.fit, cell.inner))
    return CellData(x.astype(precision), y, {"inner": (x_inner.astype(precision), y_inner)}, cell.seed)


def _final_data(
    table: Table, rows: Int, cell: Cell, *, precision: type[np.floating[Any]], drawing: Drawing | None
) -> CellData:
    encoder = Encoder.fit(table, rows[cell.train])
    (x, y), (x_test, y_test) = (encoder.transform(table, rows[part]) for part in (cell.train, cell.test))
    x, x_test = x.astype(precision), x_test.astype(precision)
    drawn = None if drawing is None else inputs_drawn(table, drawing, encoder).astype(precision)
    return CellData(x, y, {"test": (x_test, y_test), "train": (x, y)}, cell.seed, drawn)
