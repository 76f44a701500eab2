"""One stage of a run: rows drawn, prepared and trained on. While undecided, another has twice the rows."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from regchoose.errors import ResourceError, is_lack_of_memory, setting
from regchoose.experiment.arms import ArmRun, train_arm
from regchoose.experiment.design import make_layout
from regchoose.experiment.gain_by_rows import Growth, grow, prepare_parts
from regchoose.experiment.learning_rate import (
    RATES,
    count_search_models,
    estimate_seconds,
    find_rate,
    is_searched,
)
from regchoose.experiment.plan import Experiment, prepare
from regchoose.records import numbers
from regchoose.records.experiment import BlockStore
from regchoose.records.listener import Listener
from regchoose.records.subsample import Subsample
from regchoose.records.table import Table
from regchoose.records.words import ARMS, Arm, Arrays
from regchoose.run.memory_estimate import check_memory, describe_memory
from regchoose.settings.options import MIN_ROWS, Settings
from regchoose.statistics.posterior import Posterior
from regchoose.subsample.draw import draw_subsample
from regchoose.workers.tasks import Workers

MOST_ROWS = 20_000  # of a training set or cross-validation, unless --rows says otherwise
MOST_STAGES = 3
TRAINING = "training"  # the step that encloses those of the arms
WORTH = 1.5  # times as many rows must be there for another stage

Clock = Callable[[], float]


@dataclass(frozen=True)
class RunContext:
    """What all stages of a run share.

    Parameters
    ----------
    clock : callable
        Returns seconds from any beginning, never falling.
    workers : Workers
        Train the models.
    store : BlockStore, optional
        Where trained blocks are looked up and stored.
    """

    table: Table
    settings: Settings
    listener: Listener
    clock: Clock
    workers: Workers
    store: BlockStore | None = None


class _CountingStore:
    """A store that counts the blocks that it has found."""

    def __init__(self, store: BlockStore) -> None:
        self._store, self.n_found = store, 0

    def block(self, key: str) -> tuple[Arrays, str] | None:
        """Return a block and its note; None where it is not stored."""
        found = self._store.block(key)
        self.n_found += found is not None
        return found

    def keep_block(self, key: str, arrays: Arrays, note: str) -> None:
        """Store a block and its note."""
        self._store.keep_block(key, arrays, note)


class Stage:
    """One stage of a run: rows are drawn, prepared and trained on. Each step is done when it is first needed.

    Parameters
    ----------
    rows : int
        Rows of a training set, or of the cross-validation.
    number : int
        1 for the first stage.
    lr : float, optional
        The learning rate that an earlier stage found.

    Attributes
    ----------
    subsample, experiment
        None before they are drawn and prepared.
    seconds : dict of str to float
        How long the arms and other steps took; "estimated" is the estimate.
    cached : list of Arm
        Arms of which some blocks came from the store, so that their seconds say little.
    """

    def __init__(self, context: RunContext, *, rows: int, number: int = 1, lr: float | None = None) -> None:
        table = context.table
        self.layout = make_layout(table.n_rows, rows=rows, exchangeable=table.exchangeable)
        self.subsample: Subsample | None = None
        self.experiment: Experiment | None = None
        self.arms: dict[Arm, ArmRun] = {}
        self.seconds: dict[str, float] = {}
        self.cached: list[Arm] = []
        self._trained: int | None = None  # networks so far; None before the first
        self._announced: dict[str, tuple[str, int]] = {}  # steps: their text, and how many networks they take
        self._context, self._number, self._lr = context, number, lr
        self._store = None if context.store is None else _CountingStore(context.store)
        self._table, self._settings = table, context.settings
        self._listener, self._clock = context.listener, context.clock

    def draw_subsample(self) -> Subsample:
        """Draw the subsample; return it."""
        if self.subsample is None:
            self._listener.started("subsample", self._label("subsample"), 0)
            size, folds, seed = self.layout.drawn, self._settings.folds, self._settings.seed
            with self._within_memory():
                self.subsample = draw_subsample(self._table, size=size, folds=folds, seed=seed)
            self._listener.finished("subsample", self.subsample.reason)
        return self.subsample

    def prepare_experiment(self) -> Experiment:
        """Prepare the experiment on the subsample; return it."""
        if self.experiment is None:
            if self._table.image is not None:
                of_images = self._table, self.layout, self._settings
                check_memory(*of_images)
                self._listener.noted(f"{describe_memory(*of_images)}.")
            rows, workers = self.draw_subsample().rows, self._context.workers
            with self._within_memory():
                prepared = prepare(self._table, rows, self._settings, self.layout, workers=workers)
                experiment = prepared.with_store(self._store)
            self.experiment = experiment if self._lr is None else experiment.at_rate(self._lr)
            if self._number == 1:
                for remark in self.experiment.remarks:
                    self._listener.noted(remark)
                if self.experiment.training.devices.mixed:
                    self._listener.noted(
                        "The workers' processors are of several kinds: last digits may differ."
                    )
        return self.experiment

    def estimate_seconds(self) -> float:
        """Return about how many seconds the experiment takes; tell the listener once."""
        if "estimated" not in self.seconds:
            experiment = self.prepare_experiment()
            self._listener.started("estimate", "timing a few networks", 0)
            with self._within_memory():
                self.seconds["estimated"] = seconds = estimate_seconds(experiment, clock=self._clock)
            self._listener.finished("estimate", "")
            about, budget = max(1, round(seconds)), self._settings.budget
            note = f"The experiment takes about {about} s; " + setting("budget") + f" is {budget}."
            self._listener.noted(note.words(python=self._table.dialect.in_memory))
        return self.seconds["estimated"]

    def train(self, arm: Arm, text: str) -> ArmRun:
        """Train one arm, after the learning rate was found."""
        self._start_training()
        experiment, began = self._find_rate(), self._clock()
        found = 0 if self._store is None else self._store.n_found
        self._announce(arm, text, experiment.models(arm))
        with self._within_memory():
            run = train_arm(experiment, arm, advanced=lambda done: self._advance(arm, done))
        self._correct_count(arm, run.trained)
        self.arms[arm] = run
        self._trained = (self._trained or 0) + run.trained
        self.seconds[arm] = self._clock() - began
        if self._store is not None and self._store.n_found > found:
            self.cached.append(arm)
        failed = f", {run.failed} of them failed" if run.failed else ""
        self._listener.finished(arm, f"{run.trained} models{failed}, loss {numbers.loss(run.loss)}")
        return run

    def _start_training(self) -> None:
        """Tell the listener how many networks all arms together take."""
        if self._trained is not None:
            return
        experiment = self.prepare_experiment()
        self._trained = 0
        searched = self._lr is None and is_searched(experiment)
        models = {arm: experiment.models(arm) for arm in ARMS}
        if not self._settings.audit:  # the chart passes one of these
            models["l1"], models["l2"] = max(models["l1"], models["l2"]), 0
        total = searched * count_search_models(experiment) + sum(models.values())
        self._announce(TRAINING, f"training about {total:,} networks", total)

    def _announce(self, key: str, text: str, total: int) -> None:
        self._announced[key] = text, total
        self._listener.started(key, self._label(text), total)

    def _advance(self, key: str, done: int) -> None:
        if done > self._announced[key][1]:
            self._correct_count(key, done)
        self._listener.advanced(key, done)
        self._listener.advanced(TRAINING, (self._trained or 0) + done)

    def _correct_count(self, key: str, total: int) -> None:
        """Tell the listener how many networks a step takes after all: a grid may be extended on the way."""
        text, planned = self._announced[key]
        if total != planned:
            in_all, before = self._announced[TRAINING]
            self._announce(TRAINING, in_all, before + total - planned)
            self._announce(key, text, total)

    def finish_training(self) -> None:
        """Tell the listener that all arms are trained."""
        if self._trained is not None:
            self._listener.finished(TRAINING, f"{self._trained:,} networks")

    def measure_growth(self, arm: Arm, posterior: Posterior) -> Growth | None:
        """Measure what an arm gains on fewer rows, and where that is heading; None if they are too few."""
        experiment, began = self.prepare_experiment(), self._clock()
        parts = prepare_parts(self._table, experiment, drawn=self.draw_subsample().rows)
        if not parts:
            return None
        total = sum(part.models("none") + part.models(arm) for part in parts)
        self._listener.started("growth", "fewer rows", total)
        growth = grow(
            (self.arms["none"], self.arms[arm]),
            experiment,
            posterior,
            parts,
            of=self._table.n_all,
            advanced=lambda done: self._listener.advanced("growth", done),
        )
        self.seconds["growth"] = self._clock() - began
        gains = ", ".join(f"{numbers.percent(size.gain)} on {size.rows:,} rows" for size in growth.sizes)
        self._listener.finished("growth", f"gain over none: {gains}")
        return growth

    def ordered_arms(self) -> dict[Arm, ArmRun]:
        """Return the arms trained, in the order none, L1, L2, Elastic Net."""
        return {arm: self.arms[arm] for arm in ARMS if arm in self.arms}

    def next_rows(self) -> int | None:
        """Return the rows of a next stage, twice as many; None if there can be none."""
        rows = self.layout.rows
        more = min(2 * rows, MOST_ROWS, self._table.n_rows)
        is_last = self._settings.rows != "auto" or self._number == MOST_STAGES
        return None if is_last or more < WORTH * rows else more

    def why_last(self) -> str:
        """Say why there can be no next stage."""
        if self._settings.rows != "auto":
            return (setting("rows") + " fixes the rows").words(python=self._table.dialect.in_memory)
        if self._number == MOST_STAGES:
            return f"{MOST_STAGES} stages are the most"
        return (
            "all rows are used" if self.layout.rows == self._table.n_rows else "there are too few more rows"
        )

    def make_next(self, rows: int) -> "Stage":
        """Return the next stage, at the learning rate found in this one."""
        lr = self.prepare_experiment().training.schedule.lr
        return Stage(self._context, rows=rows, number=self._number + 1, lr=lr)

    @contextmanager
    def _within_memory(self) -> Iterator[None]:
        """Raise E403 with a remedy if memory runs out.

        If a single network is too large, the training itself has raised E403 and said how many rows fit.
        """
        try:
            yield
        except Exception as error:
            if not is_lack_of_memory(error):
                raise
            raise ResourceError(
                "E403",
                f"memory ran out on {self.layout.drawn:,} rows and {len(self._table.used):,} columns",
                fix=setting(rows=max(MIN_ROWS, self.layout.rows // 2)) | setting(jobs=1),
            ) from error

    def _label(self, text: str) -> str:
        return text if self._number == 1 else f"{text}, stage {self._number}"

    def _find_rate(self) -> Experiment:
        """Return the experiment at the best learning rate, which is searched before the first arm."""
        experiment, began = self.prepare_experiment(), self._clock()
        if self.arms or self._lr is not None or not is_searched(experiment):
            return experiment
        self._announce("rate", "learning rate", count_search_models(experiment))
        with self._within_memory():
            experiment = find_rate(experiment, advanced=lambda done: self._advance("rate", done))
        self.experiment = experiment
        self._trained = (self._trained or 0) + count_search_models(experiment)
        self.seconds["rate"] = self._clock() - began
        self._listener.finished("rate", f"{experiment.training.schedule.lr:g}, of {len(RATES)} tried")
        return experiment
