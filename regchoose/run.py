"""The switchboard: binds each key of a chart to what answers or does it, and walks."""

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from threadpoolctl import threadpool_limits

from regchoose.experiment.arms import ArmRun, train_arm
from regchoose.experiment.comparison import posterior_of, rope_of
from regchoose.experiment.plan import Experiment, prepare
from regchoose.experiment.rate import RATES, estimate, is_searched, models_searched, with_rate
from regchoose.flowchart.charts import CHARTS
from regchoose.flowchart.nodes import Action, Question
from regchoose.flowchart.walk import Step, outcome, walk
from regchoose.records import ARM_NAMES, ARMS, Answer, Arm, Finding, Profile, Prompt, Result, Subsample, Table
from regchoose.result import make_result, settings_of
from regchoose.settings import Settings, parse_duration
from regchoose.table.load import load
from regchoose.table.profile import profile
from regchoose.table.sample import draw
from regchoose.verdict.decide import DIAMONDS, answer

FIRST_LOOK = 4_000  # rows of the subsample, unless --rows says otherwise
MEASURED = ("auto", "unsure")  # answers that hand a question over to a measurement

Ask = Callable[[Prompt], str | None]
Clock = Callable[[], float]


class Listener(Protocol):
    """Who is told what happens."""

    def started(self, key: str, text: str, total: int) -> None:
        """Hear that a step begins, of so many units of work (0: unknown)."""

    def advanced(self, key: str, done: int) -> None:
        """Hear how many units are done."""

    def finished(self, key: str, summary: str) -> None:
        """Hear that a step has ended."""

    def noted(self, text: str) -> None:
        """Hear a notice."""


def recommend(
    path: str, settings: Settings, *, given: frozenset[str], ask: Ask, listener: Listener, clock: Clock
) -> Result:
    """Walk the chart on a table and recommend a regularizer.

    Parameters
    ----------
    path : str
        The table's file.
    given : frozenset of str
        Names of the settings that somebody chose; the others may be asked for.
    ask : callable
        Asks a person; returns None where nobody is there.
    listener : Listener
    clock : callable
        Seconds from any beginning, never falling.

    Raises
    ------
    RegchooseError
        Where the table, the settings or the machine do not allow it.
    """
    with threadpool_limits(1):  # sums split over threads differ in their last bits
        return Run(path, settings, given=given, ask=ask, listener=listener, clock=clock).result()


def plan(path: str, settings: Settings, *, ask: Ask) -> dict[str, Any]:
    """Say what a run would do: the table as it is read, the subsample and the trainings."""
    table = load(path, settings, choose=ask)
    size = _size(settings, table)
    experiment = prepare(table, np.arange(size), settings)
    return {
        "table": {
            "path": table.path,
            "reading": table.dialect.found,
            "rows": table.n_all,
            "features": [column.name for column in table.used],
            "left out": [f"{c.name}: {c.why}" for c in table.columns if not c.used and c.role != "target"],
            "target": f"{table.target_name} ({table.target_why})",
            "task": f"{table.task} ({table.task_why})",
            "warnings": list(table.warnings),
        },
        "subsample": f"{size:,} of {table.n_all:,} rows",
        "design": f"{settings.folds} folds × {settings.repeats} repeats",
        "schedule_epochs": experiment.training.schedule.epochs,
        "models": {arm: experiment.models(arm) for arm in ARMS},
        "settings": settings_of(settings),
    }


def _size(settings: Settings, table: Table) -> int:
    return min(table.n_rows, FIRST_LOOK if settings.rows == "auto" else settings.rows)


class Run:
    """One walk. What has been found on the way is kept here, and nowhere else."""

    def __init__(
        self,
        path: str,
        settings: Settings,
        *,
        given: frozenset[str],
        ask: Ask,
        listener: Listener,
        clock: Clock,
    ) -> None:
        self._settings, self._given, self._ask = settings, given, ask
        self._listener, self._clock = listener, clock
        self._start = clock()
        self._budget = parse_duration(settings.budget)
        self._chart = CHARTS[settings.chart]
        self._table = load(path, settings, choose=ask)
        for warning in self._table.warnings:
            listener.noted(warning)
        self._subsample: Subsample | None = None
        self._experiment: Experiment | None = None
        self._profile: Profile | None = None
        self._arms: dict[Arm, ArmRun] = {}
        self._seconds: dict[str, float] = {}

    def result(self) -> Result:
        """Walk to the outcome, audit it, and put the result together."""
        steps = list(walk(self._chart, self._respond))
        if self._arms and self._settings.audit:
            for arm in ARMS:
                if arm not in self._arms:
                    self._train(arm, f"{ARM_NAMES[arm]} (audit)")
        return make_result(
            self._table,
            self._settings,
            steps=steps,
            subsample=self._drawn() if self._arms else self._subsample,
            experiment=self._experiment,
            arms={arm: self._arms[arm] for arm in ARMS if arm in self._arms},
            profile=self._measured_profile(),
            walk=self._walk_of_signs(steps),
            prior=self._prior_outcome(),
            seconds={**self._seconds, "total": self._clock() - self._start},
        )

    # ---- answers and actions -------------------------------------------------------------------

    def _respond(self, node: Question | Action) -> Answer:
        if isinstance(node, Action):
            return self._act(node)
        if node.key in DIAMONDS:
            return self._compare(node)
        value, by = self._stated(node)
        if value in node.arrows and value not in MEASURED:
            if node.setting == "subsample" and value == "yes" and not self._drawn().matched:
                self._listener.noted(f"The subsample does not match the whole table: {self._drawn().reason}")
            return Answer(value, by)
        return self._measure(node)

    def _stated(self, node: Question) -> tuple[str, Any]:
        """Return what a flag, a person or the default says."""
        assert node.setting is not None
        value = str(getattr(self._settings, node.setting))
        if node.setting in self._given:
            return value, "flag"
        if node.setting == "resources":
            self._estimated()  # so that a person can weigh it
        flag = "--" + node.setting.replace("_", "-")
        reply = self._ask(Prompt(flag, node.text, node.answers, value, node.why))
        return (value, "default") if reply is None else (reply, "user")

    def _measure(self, node: Question) -> Answer:
        if node.setting == "subsample":
            drawn = self._drawn()
            return Answer("yes" if drawn.matched else "no", "measured", drawn.reason)
        if node.setting == "resources":
            return self._measure_resources()
        findings = self._measured_profile()
        by_key: dict[str, Finding] = {
            "correlated": findings.correlated,
            "many_correlations": findings.correlated,
            "additional_knowledge": findings.somewhat_correlated,
            "entire_picture": findings.entire_picture,
            "sparse": findings.sparse,
        }
        if node.key not in by_key:  # nothing measures it: the answer "unsure" stands
            return Answer("unsure", "default")
        found = by_key[node.key]
        return Answer(found.answer if found.answer in node.arrows else "no", "measured", found.evidence)

    def _measure_resources(self) -> Answer:
        enough = self._estimated() <= self._budget
        verb = "fits" if enough else "does not fit"
        evidence = f"it {verb} in the budget of {self._settings.budget}"
        return Answer("yes" if enough else "no", "measured", evidence)

    def _estimated(self) -> float:
        """Return about how many seconds the experiment takes; say it once."""
        if "estimated" not in self._seconds:
            seconds = estimate(self._prepared(), clock=self._clock)
            self._seconds["estimated"] = seconds
            budget = self._settings.budget
            self._listener.noted(f"The experiment takes about {seconds:.0f} s; --budget is {budget}.")
        return self._seconds["estimated"]

    def _act(self, node: Action) -> Answer:
        if node.key == "draw_subsample":
            return Answer("done", "measured", self._drawn().reason)
        (arm,) = (arm for arm in ARMS if node.key in (f"train_{arm}", "train_baseline" * (arm == "none")))
        run = self._train(arm, ARM_NAMES[arm])
        return Answer("done", "trained", f"{run.trained} models")

    def _compare(self, node: Question) -> Answer:
        posterior = posterior_of(self._arms, self._prepared())
        rope = rope_of(self._arms, self._prepared())
        return Answer(answer(posterior, node.key, rope=rope), "trained")

    # ---- what is computed once, when first needed ----------------------------------------------

    def _drawn(self) -> Subsample:
        if self._subsample is None:
            self._listener.started("subsample", "subsample", 0)
            settings = self._settings
            size = _size(settings, self._table)
            self._subsample = draw(self._table, size=size, folds=settings.folds, seed=settings.seed)
            self._listener.finished("subsample", self._subsample.reason)
        return self._subsample

    def _prepared(self) -> Experiment:
        if self._experiment is None:
            self._experiment = prepare(self._table, self._drawn().rows, self._settings)
            for remark in self._experiment.remarks:
                self._listener.noted(remark)
        return self._experiment

    def _with_rate(self) -> Experiment:
        experiment, began = self._prepared(), self._clock()
        if self._arms or not is_searched(experiment):
            return experiment
        self._listener.started("rate", "learning rate", models_searched(experiment))
        found = with_rate(experiment, advanced=lambda done: self._listener.advanced("rate", done))
        self._experiment = found
        self._seconds["rate"] = self._clock() - began
        self._listener.finished("rate", f"{found.training.schedule.lr:g}, of {len(RATES)} tried")
        return found

    def _measured_profile(self) -> Profile:
        if self._profile is None:
            rows = self._subsample.rows if self._subsample else self._some_rows()
            self._profile = profile(self._table, rows)
        return self._profile

    def _some_rows(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        """Rows to measure on where no subsample was drawn."""
        n = self._table.n_rows
        rng = np.random.default_rng(self._settings.seed)
        return np.arange(n) if n <= FIRST_LOOK else np.sort(rng.choice(n, FIRST_LOOK, replace=False))

    def _train(self, arm: Arm, text: str) -> ArmRun:
        experiment, began = self._with_rate(), self._clock()
        self._listener.started(arm, text, experiment.models(arm))
        run = train_arm(experiment, arm, advanced=lambda done: self._listener.advanced(arm, done))
        self._arms[arm] = run
        self._seconds[arm] = self._clock() - began
        failed = f", {run.failed} of them failed" if run.failed else ""
        self._listener.finished(arm, f"{run.trained} models{failed}, loss {np.nanmean(run.losses):.4g}")
        return run

    # ---- walks that decide nothing -------------------------------------------------------------

    def _walk_of_signs(self, steps: list[Step]) -> Callable[..., str]:
        """Return the walk of the answers that were given, with other answers at the diamonds."""
        given = {step.node.key: step.answer.value for step in steps if step.answer is not None}
        return lambda signs: outcome(self._chart, {**given, **signs})

    def _prior_outcome(self) -> str:
        """Return where prior knowledge alone, measured on the data, would lead."""
        known = self._measured_profile()
        yes = {"correlated": known.correlated, "entire_picture": known.entire_picture}
        answers = {key: "yes" if found.answer == "yes" else "no" for key, found in yes.items()}
        which = CHARTS["which-regularizer"]
        return outcome(which, {"subsample_possible": "no", "prior_knowledge": "yes", **answers})
