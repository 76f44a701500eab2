"""The experiment: a subsample, resampled and encoded, and all that the arms share."""

from dataclasses import dataclass, replace

import numpy as np

from regchoose.encoding.encoder import Encoder
from regchoose.encoding.input_plan import plan_inputs
from regchoose.errors import DataError, PhraseLike, setting
from regchoose.experiment.calibration import is_studied, variance_factor
from regchoose.experiment.choice import count_models, race_stops
from regchoose.experiment.design import Layout, count_repeats, forward_cells, make_cells, make_sets
from regchoose.experiment.fitted_curve import Drawing, encode_curve, make_drawing
from regchoose.experiment.grid import alpha_max, make_grid
from regchoose.experiment.trials import Trials
from regchoose.records.experiment import BlockStore, Cell, Penalties
from regchoose.records.table import Table
from regchoose.records.words import Arm, Int, Task
from regchoose.settings.options import Settings
from regchoose.statistics.decide import null_loss
from regchoose.table.columns.duplicates import group_copies
from regchoose.table.columns.target import WITHOUT_EXPERIMENT
from regchoose.training.block import CellData
from regchoose.training.device import devices_of
from regchoose.training.networks.choose import choose_network
from regchoose.training.networks.network import Network
from regchoose.training.networks.user_network import check_network_file
from regchoose.training.schedule import USUAL_RATE, make_schedule
from regchoose.training.train import Training
from regchoose.workers.tasks import Workers
from regchoose.workers.threads import use_threads

LEAST_WAY = 0.005  # that a weight must be able to go in a whole training


@dataclass(frozen=True)
class Experiment:
    """Everything that the arms share.

    Parameters
    ----------
    layout : Layout
        How the rows are used.
    cells : tuple of Cell
        The cells that choose strength and length, and judge the arms.
    data : tuple of CellData
        Their encoded rows: each cell is trained on `train` and judged on `test`.
    stops : tuple of int
        After how many cells an arm drops its worst points; the last number is that of all cells.
    top : float
        The strongest strength of the grids.
    loss_null : float
        Loss of predicting the class shares or the mean.
    drawing : Drawing, optional
        Where fitted curves are drawn.
    known : Trials, optional
        Points that the search of the learning rate has tried in the first cells.
    exchangeable : bool
        Whether rows were dealt out at random: no groups and no order of time.
    """

    settings: Settings
    layout: Layout
    cells: tuple[Cell, ...]
    data: tuple[CellData, ...]
    stops: tuple[int, ...]
    training: Training
    top: float
    loss_null: float
    drawing: Drawing | None = None
    known: Trials | None = None
    exchangeable: bool = True

    @property
    def rows_train(self) -> int:
        """Rows that a model trains on."""
        return len(self.data[0].y)

    @property
    def n_rows(self) -> int:
        """Rows of a training set, or of all folds together."""
        return self.layout.rows

    @property
    def n_drawn(self) -> int:
        """Rows of the subsample that the cells' positions count."""
        return 1 + max(int(max(cell.train.max(), cell.test.max())) for cell in self.cells)

    @property
    def is_convex(self) -> bool:
        """Whether models are solved to their optimum, and so have neither a learning rate nor a length."""
        return self.training.network.is_convex

    def variance_factor(self, cells: int) -> float:
        """Return the factor of the covariance over so many cells."""
        return variance_factor(cells, self.layout, folds=self.settings.folds)

    def at_rate(self, lr: float) -> "Experiment":
        """Return the experiment at another learning rate."""
        return replace(self, training=self.training.at_rate(lr), known=None)

    def with_store(self, store: BlockStore | None) -> "Experiment":
        """Return the experiment with a store in which its blocks are looked up."""
        return replace(self, training=replace(self.training, store=store))

    @property
    def is_tuned(self) -> bool:
        """Whether all strengths are tuned, on rows dealt out at random, and penalize all weights."""
        settings = self.settings
        return settings.l1 is None and settings.l2 is None and not settings.penalize and self.exchangeable

    @property
    def is_studied(self) -> bool:
        """Whether the calibration studied such experiments: tuned ones, which judge by the default δ."""
        settings = self.settings
        studied = is_studied(settings.network, self.layout, folds=settings.folds, repeats=settings.repeats)
        return studied and self.is_tuned and settings.rope == "auto"

    @property
    def remarks(self) -> tuple[str, ...]:
        """What the user should know of the network and of settings that do nothing."""
        return (*self.training.network.remarks, *self._idle_settings(), *self._standing_still())

    def _idle_settings(self) -> tuple[str, ...]:
        """Name the settings that say nothing to the network."""
        settings, standard, network = self.settings, Settings(), self.settings.network
        names = ["hidden"] if network != "mlp" else []
        names += ["network_options"] if network in ("mlp", "linear") else []
        names += ["lr", "epochs", "steps", "batch", "stopping"] if self.is_convex else []
        idle = [name for name in names if getattr(settings, name) != getattr(standard, name)]
        if not idle:
            return ()
        what = f"The setting{'s' * bool(idle[1:])} {', '.join(idle)} {'do' if idle[1:] else 'does'}"
        return (f"{what} nothing here: the network is {network}.",)

    def _standing_still(self) -> tuple[str, ...]:
        """Say so where the learning rate is too small for the weights to move."""
        schedule = self.training.schedule
        steps = schedule.epochs * schedule.steps(self.rows_train)[0]
        most = schedule.lr * steps / 2  # Adam moves a weight by the rate at most, which falls as a cosine
        if self.is_convex or most >= LEAST_WAY:
            return ()
        return (
            f"At a learning rate of {schedule.lr:g}, {steps:,} steps move a weight by {most:.1g} at most: "
            "the networks stay about as they begin, and nothing can be said of a penalty on them.",
        )

    @property
    def network_source(self) -> str:
        """Hash of the code of the user's own network; empty for another."""
        return self.training.network.source

    def grid(self, arm: Arm) -> Penalties:
        """Return the points that an arm tries."""
        settings = self.settings
        alphas = settings.alphas if settings.alpha is None else (settings.alpha,)
        fixed = settings.l1, settings.l2
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

    def models(self, arm: Arm) -> int:
        """Return how many models an arm trains at most, unless its grid is extended."""
        return count_models(len(self.grid(arm)), self.stops)


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
    layout = layout or Layout(len(rows))
    cells = _cells(table, rows, settings, layout)
    stops = race_stops(layout, cells=len(cells), folds=settings.folds)
    network = choose_network(
        settings,
        input_names=plan_inputs(table).input_names,
        task=table.task,
        n_classes=len(table.classes),
        image=table.image,
    )
    drawing = make_drawing(table, rows, cells)
    # Every point that may be chosen is tried in the cells between the first two stops, and few others are.
    watched = range(stops[0]) if len(stops) == 1 else range(stops[0], stops[1])
    data = tuple(
        _encode(table, rows, cell, precision=network.precision, drawing=drawing, watched=number in watched)
        for number, cell in enumerate(cells)
    )
    top = alpha_max(table.task, data[0].x.astype(np.float64), data[0].y)
    return Experiment(
        settings,
        layout,
        cells,
        data,
        stops,
        _training(
            network,
            settings,
            task=table.task,
            n_rows=len(data[0].y),
            workers=workers or use_threads(settings.jobs),
        ),
        top if network.is_convex else max(1.0, top),
        null_loss(table.task, table.target[rows], n_classes=len(table.classes)),
        drawing=drawing,
        exchangeable=table.exchangeable,
    )


def _cells(table: Table, rows: Int, settings: Settings, layout: Layout) -> tuple[Cell, ...]:
    """Lay out the cells, in the order of time where there is one, and with groups kept together."""
    groups = None if table.groups is None else table.groups[rows]
    apart = group_copies(table, rows) if groups is None else groups
    target = table.target[rows]
    if not layout.is_cross_validation:
        return make_sets(target, table.task, layout, seed=settings.seed, groups=apart)
    size = {
        "folds": settings.folds,
        "repeats": count_repeats(layout.rows, settings.repeats),
        "seed": settings.seed,
    }
    if table.time is not None:
        cells = forward_cells(table.time[rows], groups=groups, **size)
        if not all(len(cell.train) and len(cell.test) for cell in cells):
            raise _few_groups(
                "whole groups in the order of " + setting("time") + " leave a fold without rows"
            )
        return cells
    count = len(np.unique(apart))
    if count < settings.folds:
        raise _few_groups(f"{count} groups of rows, and {settings.folds} folds need at least as many")
    return make_cells(target, table.task, groups=apart, **size)


def check_before_reading(settings: Settings, workers: Workers) -> None:
    """Raise what is wrong with the device or the file of a network, before the table is read.

    Raises
    ------
    UsageError, ResourceError
        E201 for a file of a network that there is not; E202, E401 and E405 as `devices_of`.
    """
    if settings.device != "auto":
        devices_of(workers, settings.device)
    check_network_file(settings.network)


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


def _encode(
    table: Table, rows: Int, cell: Cell, *, precision: str, drawing: Drawing | None, watched: bool
) -> CellData:
    """Encode a cell, with an encoder that learned from its training rows alone."""
    encoder = Encoder.fit(table, rows[cell.train])
    (x, y), (x_test, y_test) = (encoder.transform(table, rows[part]) for part in (cell.train, cell.test))
    drawn = None
    if watched and drawing is not None:
        drawn = encode_curve(table, drawing, encoder).astype(precision)
    return CellData(
        x.astype(precision), y, {"test": (x_test.astype(precision), y_test)}, cell.seed, drawn, watched
    )
