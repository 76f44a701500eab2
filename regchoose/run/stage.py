"""One look: so many rows drawn, prepared and trained on. A doubtful verdict is looked at again, on more."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from regchoose.errors import ResourceError, is_lack_of_memory, setting
from regchoose.experiment.arms import ArmRun, choose_rope, pool_cells, train_arm
from regchoose.experiment.design import Layout, make_layout
from regchoose.experiment.gain_by_rows import Growth, grow, prepare_parts
from regchoose.experiment.learning_rate import (
    RATES,
    count_search_models,
    estimate_seconds,
    find_rate,
    is_searched,
)
from regchoose.experiment.plan import Experiment, prepare
from regchoose.records.experiment import BlockStore
from regchoose.records.listener import Listener
from regchoose.records.subsample import Subsample
from regchoose.records.table import Table
from regchoose.records.words import ARMS, Arm
from regchoose.run.memory_estimate import refuse_too_much
from regchoose.settings.options import MIN_ROWS, Settings
from regchoose.statistics.posterior import Posterior
from regchoose.subsample.draw import draw
from regchoose.workers.tasks import Workers

MOST_ROWS = 20_000  # of a training set or cross-validation, unless --rows says otherwise
MOST_LOOKS = 3
WORTH = 1.5  # times as many rows must be there for another look
MIXED = "The workers' processors are of several kinds, which may round otherwise: last digits may differ."

Clock = Callable[[], float]


def layout_of(table: Table, *, rows: int) -> Layout:
    """Return the design for so many rows of a table."""
    return make_layout(table.n_rows, rows=rows, exchangeable=table.exchangeable)


class Look:
    """One look at a table. What has been found is kept here; each part is done when first needed.

    Parameters
    ----------
    number : int
        1 for the first look.
    workers : Workers
        Who trains.
    lr : float, optional
        The learning rate that an earlier look found.
    kept : BlockStore, optional
        Where trained blocks are looked up and stored.
    """

    def __init__(
        self,
        table: Table,
        settings: Settings,
        *,
        rows: int,
        number: int,
        listener: Listener,
        clock: Clock,
        workers: Workers,
        lr: float | None = None,
        kept: BlockStore | None = None,
    ) -> None:
        self.table, self.settings, self.number = table, settings, number
        self.layout = layout_of(table, rows=rows)
        self.arms: dict[Arm, ArmRun] = {}
        self.seconds: dict[str, float] = {}
        self._listener, self._clock, self._lr = listener, clock, lr
        self._workers, self._kept = workers, kept
        self._subsample: Subsample | None = None
        self._experiment: Experiment | None = None

    @property
    def subsample(self) -> Subsample | None:
        """The subsample, if it was drawn."""
        return self._subsample

    @property
    def experiment(self) -> Experiment | None:
        """The experiment, if it was prepared."""
        return self._experiment

    def drawn(self) -> Subsample:
        """Return the subsample."""
        if self._subsample is None:
            self._listener.started("subsample", self._text("subsample"), 0)
            settings = self.settings
            size = self.layout.drawn
            with self._within_memory():
                self._subsample = draw(self.table, size=size, folds=settings.folds, seed=settings.seed)
            self._listener.finished("subsample", self._subsample.reason)
        return self._subsample

    def prepared(self) -> Experiment:
        """Return the experiment on the subsample."""
        if self._experiment is None:
            if self.table.image is not None:
                said = refuse_too_much(self.table, self.layout, self.settings)
                self._listener.noted(said)
            rows = self.drawn().rows
            with self._within_memory():
                made = prepare(self.table, rows, self.settings, self.layout, workers=self._workers)
                found = made.with_store(self._kept)
            self._experiment = found if self._lr is None else found.at_rate(self._lr)
            if self.number == 1:
                for remark in self._experiment.remarks:
                    self._listener.noted(remark)
                if self._experiment.training.devices.mixed:
                    self._listener.noted(
                        "The workers' processors are of several kinds: last digits may differ."
                    )
        return self._experiment

    def estimated(self) -> float:
        """Return about how many seconds the experiment takes; say it once."""
        if "estimated" not in self.seconds:
            experiment = self.prepared()
            with self._within_memory():
                self.seconds["estimated"] = seconds = estimate_seconds(experiment, clock=self._clock)
            about, budget = max(1, round(seconds)), self.settings.budget
            said = f"The experiment takes about {about} s; " + setting("budget") + f" is {budget}."
            self._listener.noted(said.words(python=self.table.dialect.in_memory))
        return self.seconds["estimated"]

    def train(self, arm: Arm, text: str) -> ArmRun:
        """Train one arm, after the learning rate was found."""
        experiment, began = self._with_rate(), self._clock()
        self._listener.started(arm, self._text(text), experiment.models(arm))
        with self._within_memory():
            run = train_arm(experiment, arm, advanced=lambda done: self._listener.advanced(arm, done))
        self.arms[arm] = run
        self.seconds[arm] = self._clock() - began
        failed = f", {run.failed} of them failed" if run.failed else ""
        self._listener.finished(arm, f"{run.trained} models{failed}, loss {np.nanmean(run.losses):.4g}")
        return run

    def grown(self, arm: Arm, posterior: Posterior) -> Growth | None:
        """Return what an arm gains on fewer rows, and where that is heading; None where they are too few."""
        experiment, began = self.prepared(), self._clock()
        parts = prepare_parts(self.table, experiment, drawn=self.drawn().rows)
        if not parts:
            return None
        total = sum(part.models("none") + part.models(arm) for part in parts)
        self._listener.started("growth", "fewer rows", total)
        found = grow(
            (self.arms["none"], self.arms[arm]),
            experiment,
            posterior,
            parts,
            of=self.table.n_all,
            advanced=lambda done: self._listener.advanced("growth", done),
        )
        self.seconds["growth"] = self._clock() - began
        gains = ", ".join(f"{size.gain:.1%} on {size.rows:,} rows" for size in found.sizes)
        self._listener.finished("growth", f"gain over none: {gains}")
        return found

    def posterior(self) -> Posterior:
        """Return what the cells say of the arms trained so far."""
        return pool_cells(self.arms, self.prepared())

    def rope(self) -> float:
        """Return δ."""
        return choose_rope(self.arms, self.prepared())

    def in_order(self) -> dict[Arm, ArmRun]:
        """Return the arms trained, in the order none, L1, L2, Elastic Net."""
        return {arm: self.arms[arm] for arm in ARMS if arm in self.arms}

    def next_rows(self) -> int | None:
        """Return the rows of a next look, twice as many; None where there can be none."""
        rows = self.layout.rows
        more = min(2 * rows, MOST_ROWS, self.table.n_rows)
        settled = self.settings.rows != "auto" or self.number == MOST_LOOKS
        return None if settled or more < WORTH * rows else more

    def no_more(self) -> str:
        """Say why there can be no next look."""
        if self.settings.rows != "auto":
            return (setting("rows") + " fixes the rows").words(python=self.table.dialect.in_memory)
        if self.number == MOST_LOOKS:
            return f"{MOST_LOOKS} looks are the most"
        return "all rows are used" if self.layout.rows == self.table.n_rows else "there are too few more rows"

    def follow(self, rows: int) -> "Look":
        """Return the next look, at the learning rate found in this one."""
        lr = self.prepared().training.schedule.lr
        return Look(
            self.table,
            self.settings,
            rows=rows,
            number=self.number + 1,
            listener=self._listener,
            clock=self._clock,
            workers=self._workers,
            lr=lr,
            kept=self._kept,
        )

    @contextmanager
    def _within_memory(self) -> Iterator[None]:
        """Say of memory that runs out that fewer rows need less.

        Where one network is too much, the training has said so, and how many rows fit.
        """
        try:
            yield
        except Exception as error:
            if not is_lack_of_memory(error):
                raise
            raise ResourceError(
                "E403",
                f"memory ran out on {self.layout.drawn:,} rows and {len(self.table.used):,} columns",
                fix=setting(rows=max(MIN_ROWS, self.layout.rows // 2)) | setting(jobs=1),
            ) from error

    def _text(self, text: str) -> str:
        return text if self.number == 1 else f"{text}, look {self.number}"

    def _with_rate(self) -> Experiment:
        experiment, began = self.prepared(), self._clock()
        if self.arms or self._lr is not None or not is_searched(experiment):
            return experiment
        self._listener.started("rate", "learning rate", count_search_models(experiment))
        with self._within_memory():
            found = find_rate(experiment, advanced=lambda done: self._listener.advanced("rate", done))
        self._experiment = found
        self.seconds["rate"] = self._clock() - began
        self._listener.finished("rate", f"{found.training.schedule.lr:g}, of {len(RATES)} tried")
        return found
