"""The experiment: a subsample, resampled and encoded, and all that the arms share."""

from dataclasses import dataclass, replace
from math import ceil

import numpy as np

from regchoose.encoding.coding import coding
from regchoose.encoding.encoder import Encoder
from regchoose.errors import DataError, PhraseLike, setting
from regchoose.experiment.calibration import is_studied, variance_factor
from regchoose.experiment.choice import count_tuned_models, race_stops
from regchoose.experiment.design import (
    FULL_LENGTH_CELLS,
    INNER_PARTS,
    MODELS_PER_CELL,
    Layout,
    forward_cells,
    make_cells,
    make_sets,
)
from regchoose.experiment.fitted_curve import Drawing, encode_curve, make_drawing
from regchoose.experiment.grid import FEWEST_POINTS, alpha_max, make_grid
from regchoose.records.experiment import BlockStore, Cell, Penalties
from regchoose.records.table import Table
from regchoose.records.words import Arm, Int, Task
from regchoose.settings.options import Settings
from regchoose.statistics.decide import null_loss
from regchoose.table.columns.duplicates import kept_together
from regchoose.table.columns.target import WITHOUT_EXPERIMENT
from regchoose.training.block import CellData
from regchoose.training.device import devices_of
from regchoose.training.networks.choose import choose_network
from regchoose.training.networks.network import Network
from regchoose.training.schedule import USUAL_RATE, make_schedule
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
        The cells that judge the arms, and in Design B also choose the strength.
    tuning : tuple of CellData
        The cells that choose the strength: trained on `fit`, judged on `inner`.
    final : tuple of CellData
        The cells that judge: trained on `train`, judged on `test` and on the training rows themselves.
    top : float
        The strongest strength of the grids.
    loss_null : float
        Loss of predicting the class shares or the mean.
    racing : bool
        Whether the worst points are dropped on the way; otherwise every point is tried in all cells.
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
        """Rows that a model trains on while the strength is chosen."""
        return len(self.tuning[0].y)

    @property
    def rows_train(self) -> int:
        """Rows that a model trains on when it is judged."""
        return len(self.final[0].y)

    @property
    def n_rows(self) -> int:
        """Rows of a training set (Design A), or of all folds together (B)."""
        return self.layout.rows

    @property
    def is_convex(self) -> bool:
        """Whether models are solved to their optimum, and so have neither a learning rate nor a length."""
        return self.training.network.is_convex

    @property
    def n_full_length(self) -> int:
        """Cells in which training goes on to the end of the schedule."""
        return len(self.final) if self.is_convex else min(FULL_LENGTH_CELLS, len(self.final))

    def variance_factor(self, cells: int) -> float:
        """Return the factor of the covariance over so many cells."""
        return variance_factor(cells, self.layout, folds=self.settings.folds)

    def at_rate(self, lr: float) -> "Experiment":
        """Return the experiment at another learning rate."""
        return replace(self, training=self.training.at_rate(lr))

    def with_store(self, store: BlockStore | None) -> "Experiment":
        """Return the experiment with a store in which its blocks are looked up."""
        return replace(self, training=replace(self.training, store=store))

    @property
    def is_studied(self) -> bool:
        """Whether the calibration studied such experiments.

        They tune all strengths, penalize all weights, and judge by the default δ.
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
        """What the user should know of the network."""
        return self.training.network.remarks

    @property
    def network_source(self) -> str:
        """Hash of the code of the user's own network; empty for another."""
        return self.training.network.source

    def grid(self, arm: Arm) -> Penalties:
        """Return the points that an arm tries, for models trained on `rows_fit` rows."""
        settings = self.settings
        alphas = settings.alphas if settings.alpha is None else (settings.alpha,)
        # The user's strengths are for the whole subsample.
        given = Penalties.single(settings.l1 or 0.0, settings.l2 or 0.0)
        moved = given.at_rows(self.rows_fit, trained_on=self.n_rows)
        fixed = (
            None if settings.l1 is None else float(moved.l1[0]),
            None if settings.l2 is None else float(moved.l2[0]),
        )
        return make_grid(arm, top=self.top, strengths=settings.strengths, alphas=alphas, fixed=fixed)

    def is_fixed(self, arm: Arm) -> bool:
        """Whether the user set a strength of the arm."""
        return (arm in ("l1", "elastic_net") and self.settings.l1 is not None) or (
            arm in ("l2", "elastic_net") and self.settings.l2 is not None
        )

    @property
    def most_l1(self) -> float:
        """The largest l1 that makes sense: at `top` all weights of a linear model are zero."""
        return self.top if self.is_convex else np.inf

    def race_stops(self, points: int) -> tuple[int, ...]:
        """Return after how many tuning cells an arm drops its worst points; the last is their number."""
        cells = len(self.tuning)
        if not self.racing or points <= FEWEST_POINTS:
            return (cells,)
        return race_stops(cells, folds=self.settings.folds, rows=len(self.tuning[0].judged["inner"][1]))

    def models(self, arm: Arm) -> int:
        """Return how many models an arm trains at most, to tune and to judge, unless its grid is extended."""
        points = len(self.grid(arm))
        judged = MODELS_PER_CELL if points > 1 and not self.is_convex else 1
        return (
            count_tuned_models(points, self.race_stops(points))
            + (judged - 1) * self.n_full_length
            + len(self.final)
        )


def prepare(
    table: Table,
    rows: Int,
    settings: Settings,
    layout: Layout | None = None,
    *,
    workers: Workers | None = None,
) -> Experiment:
    """Resample the rows of a subsample and encode each cell, fitted on its own training rows.

    Parameters
    ----------
    layout : Layout, optional
        How the rows are used; by default all in cross-validation.
    workers : Workers, optional
        Who trains; by default threads, one a core.

    Raises
    ------
    DataError
        E303 where whole groups are too few, or leave nothing to train or judge on.
    ResourceError
        E401 where the device asked for is not there, E405 where a worker has other releases.
    UsageError, TrainingError
        Where the user's network cannot be used; see `choose_network`.
    """
    layout = layout or Layout("B", len(rows))
    tuning_cells, cells = _cells(table, rows, settings, layout)
    network = choose_network(
        settings,
        input_names=coding(table).input_names,
        task=table.task,
        n_classes=len(table.classes),
        image=table.image,
    )
    precision = network.precision
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
        _training(
            network,
            settings,
            task=table.task,
            n_rows=len(tuning_cells[0].fit),
            workers=workers or use_threads(settings.jobs),
        ),
        top if network.is_convex else max(1.0, top),
        null_loss(table.task, table.target[rows], n_classes=len(table.classes)),
        drawing=drawing,
        exchangeable=table.exchangeable,
    )


def _cells(
    table: Table, rows: Int, settings: Settings, layout: Layout
) -> tuple[tuple[Cell, ...], tuple[Cell, ...]]:
    """Lay out the cells that choose the strength, and those that judge.

    They follow the order of time where there is one, and keep groups together where there are any.
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
    """Return how many groups leave one for each fold, and one for each inner part of the other folds."""
    return next(n for n in range(folds, 3 * INNER_PARTS + folds) if n - ceil(n / folds) >= INNER_PARTS)


def _few_groups(message: PhraseLike) -> DataError:
    fix = setting(resources="no") | "leave " + setting("group") + " out"
    return DataError("E303", message, detail=[WITHOUT_EXPERIMENT], fix=fix)


def _training(network: Network, settings: Settings, *, task: Task, n_rows: int, workers: Workers) -> Training:
    """Return how all models of a run are trained, with a schedule for so many rows."""
    schedule = make_schedule(
        n_rows,
        epochs=settings.epochs,
        least_steps=settings.steps,
        batch=settings.batch,
        lr=USUAL_RATE if settings.lr == "auto" else settings.lr,
    )
    may_fall_back = settings.device == "auto"
    return Training(task, network, schedule, devices_of(workers, settings.device), workers, may_fall_back)


def _tuning_data(table: Table, rows: Int, cell: Cell, *, precision: str) -> CellData:
    encoder = Encoder.fit(table, rows[cell.fit])
    (x, y), (x_inner, y_inner) = (encoder.transform(table, rows[part]) for part in (cell.fit, cell.inner))
    return CellData(x.astype(precision), y, {"inner": (x_inner.astype(precision), y_inner)}, cell.seed)


def _final_data(table: Table, rows: Int, cell: Cell, *, precision: str, drawing: Drawing | None) -> CellData:
    encoder = Encoder.fit(table, rows[cell.train])
    (x, y), (x_test, y_test) = (encoder.transform(table, rows[part]) for part in (cell.train, cell.test))
    x, x_test = x.astype(precision), x_test.astype(precision)
    drawn = None if drawing is None else encode_curve(table, drawing, encoder).astype(precision)
    return CellData(x, y, {"test": (x_test, y_test), "train": (x, y)}, cell.seed, drawn)
