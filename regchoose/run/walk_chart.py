"""The switchboard: binds each key of a chart to what answers or does it, and walks."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from regchoose.errors import Interrupted, Terminated
from regchoose.experiment.design import Layout
from regchoose.experiment.gain_by_rows import Growth
from regchoose.experiment.judgement import Judgement, judge_by_loss
from regchoose.flowchart.charts import CHARTS
from regchoose.flowchart.nodes import Action, Question
from regchoose.flowchart.walk import Step, walk
from regchoose.records.answers import Answer, Ask, Prompt
from regchoose.records.experiment import BlockStore, Verdict
from regchoose.records.listener import Listener
from regchoose.records.subsample import Profile
from regchoose.records.table import Table
from regchoose.records.words import ARM_NAMES, ARMS, Arm
from regchoose.result.document import RunResult
from regchoose.run.build_result import make_result
from regchoose.run.chart_answers import by_profile, prior_outcome, walk_of_signs
from regchoose.run.stage import Clock, Look
from regchoose.settings.options import FIRST_ROWS, Settings, first_rows, for_images, parse_duration
from regchoose.statistics.decide import DIAMONDS, FIRM, FIRM_BETWEEN, answer
from regchoose.subsample.profile import profile
from regchoose.table.load import load_with_progress
from regchoose.workers.choose_workers import start_workers
from regchoose.workers.tasks import Workers

MUCH_LARGER = 2  # times the rows of a training: from there on it is said where the gain is heading
MEASURED = ("auto", "unsure")  # answers that hand a question over to a measurement


def recommend(
    data: str | Table,
    settings: Settings,
    *,
    given: frozenset[str],
    ask: Ask,
    listener: Listener,
    clock: Clock,
    kept: BlockStore | None = None,
) -> RunResult:
    """Walk the chart on a table and recommend a regularizer.

    Parameters
    ----------
    data : str or Table
        The table's file, or the table as it was loaded.
    given : frozenset of str
        Names of the settings that somebody chose; the others may be asked for.
    ask : callable
        Asks a person; returns None where nobody is there.
    listener : Listener
    clock : callable
        Seconds from any beginning, never falling.
    kept : BlockStore, optional
        Where trained blocks are looked up and stored, such as a journal; None: all are trained.

    Raises
    ------
    RegchooseError
        Where the table, the settings or the machine do not allow it.
    """
    # Sums split over threads differ in their last bits.
    with threadpool_limits(1), start_workers(settings) as workers:
        run = Run(
            data, settings, given=given, ask=ask, listener=listener, clock=clock, workers=workers, kept=kept
        )
        return run.result()


class Run:
    """One walk. What has been found on the way is kept here, and nowhere else."""

    def __init__(
        self,
        data: str | Table,
        settings: Settings,
        *,
        given: frozenset[str],
        ask: Ask,
        listener: Listener,
        clock: Clock,
        workers: Workers,
        kept: BlockStore | None = None,
    ) -> None:
        self._settings, self._given, self._ask = settings, given, ask
        self._listener, self._clock = listener, clock
        self._start = clock()
        self._budget = parse_duration(settings.budget)
        self._chart = CHARTS[settings.chart]
        self._table = load_with_progress(data, settings, choose=ask, listener=listener, crew=workers)
        if self._table.image is not None:
            self._settings = settings = for_images(settings, given=given)
        for warning in self._table.warnings:
            listener.noted(warning)
        self._look = Look(
            self._table,
            settings,
            rows=first_rows(settings),
            number=1,
            listener=listener,
            clock=clock,
            workers=workers,
            kept=kept,
        )
        self._look_began = self._start
        self._earlier: tuple[tuple[Layout, Verdict], ...] = ()  # looks that were in doubt
        self._known: dict[str, Answer] = {}  # answers that hold for every look
        self._profile: Profile | None = None
        self._steps: list[Step] = []
        self._judged: tuple[Look, list[Step], Judgement] | None = None  # the last look that was finished

    def result(self) -> RunResult:
        """Walk to the outcome, as often as it is in doubt and more rows may settle it; say how sure it is.

        Raises
        ------
        Interrupted
            Where somebody stops the run, and at least two arms can be compared.
        """
        try:
            return self._finished()
        except (KeyboardInterrupt, Terminated) as stop:
            known = self._known_so_far()
            if known is None:
                raise
            raise Interrupted(known, terminated=isinstance(stop, Terminated)) from stop

    def _finished(self) -> RunResult:
        steps, judgement = self._walked()
        while judgement is not None and (further := self._further(judgement)) is not None:
            self._earlier = judgement.looks
            self._look, self._look_began = further, self._clock()
            steps, judgement = self._walked()
        if judgement is not None:
            judgement = replace(judgement, growth=self._grown(judgement))
        return self._made(self._look, steps, judgement)

    def _made(
        self, look: Look, steps: Sequence[Step], judgement: Judgement | None, *, partial: bool = False
    ) -> RunResult:
        seconds = {**look.seconds, "total": self._clock() - self._start}
        return make_result(
            self._table,
            self._settings,
            steps=steps,
            subsample=look.drawn() if look.arms else look.subsample,
            experiment=look.experiment,
            judgement=judgement,
            profile=self._measured_profile(),
            seconds=seconds,
            partial=partial,
        )

    def _known_so_far(self) -> RunResult | None:
        """Return what is known of a run that was stopped: the last look that was finished, or its arms."""
        if self._judged is not None:
            return self._made(*self._judged, partial=True)
        look = self._look
        if "none" not in look.arms or len(look.arms) < 2:
            return None
        judgement = judge_by_loss(self._table, look.prepared(), look.in_order(), self._measured_profile())
        ending = CHARTS["which-regularizer"].nodes[judgement.outcome]
        return self._made(look, [*self._steps, Step(ending, None)], judgement, partial=True)

    def _walked(self) -> tuple[list[Step], Judgement | None]:
        """Walk the chart once; train the arms that it skips; judge."""
        self._steps = steps = list[Step]()
        steps.extend(walk(self._chart, self._respond))  # one by one: a run that is stopped has the first ones
        look = self._look
        if not look.arms:
            return steps, None
        skipped: list[Arm] = []
        for arm in ARMS:
            if self._settings.audit and arm not in look.arms:
                if self._clock() - self._start > self._budget:
                    skipped.append(arm)
                else:
                    look.train(arm, f"{ARM_NAMES[arm]} (audit)")
        more = self._more_rows()
        ending = steps[-1].node
        judgement = Judgement(
            self._table,
            look.prepared(),
            look.in_order(),
            self._measured_profile(),
            ending.key,
            walk_of_signs(self._chart, steps),
            prior_outcome(self._measured_profile()),
            firm=FIRM if isinstance(more, str) else FIRM_BETWEEN,
            earlier=self._earlier,
            last=more if isinstance(more, str) else "",
            skipped=tuple(skipped),
        )
        self._judged = look, steps, judgement
        return steps, judgement

    def _grown(self, judgement: Judgement) -> Growth | None:
        """Return the gain on fewer rows, where the table is much larger and the budget allows."""
        look, arm, table = self._look, judgement.verdict.arm, self._table
        trained_on = look.prepared().rows_train
        if arm == "none" or not table.exchangeable or table.n_all < MUCH_LARGER * trained_on:
            return None
        if self._clock() - self._start + sum(look.seconds.get(a, 0) for a in ("none", arm)) > self._budget:
            return None
        return look.grown(arm, judgement.posterior)

    def _more_rows(self) -> int | str:
        """Return the rows of a next look, or why there can be none. It must not depend on the verdict."""
        look = self._look
        more = look.next_rows()
        if more is None:
            return look.no_more()
        now = self._clock()
        needed = (now - self._look_began) * more / look.layout.rows
        return more if now - self._start + needed <= self._budget else "the budget does not allow more"

    def _further(self, judgement: Judgement) -> Look | None:
        """Return the next look, where the verdict is in doubt and more rows are there."""
        if judgement.verdict.certainty != "undecided" or judgement.last:
            return None
        rows = self._look.next_rows()
        assert rows is not None
        doubt = f"Undecided on {self._look.layout.rows:,} rows (safe {judgement.verdict.safe:.2f})"
        self._listener.noted(f"{doubt}: another look, on {rows:,}.")
        further = self._look.follow(rows)
        if not further.drawn().matched and self._known_yes("subsample_possible") is None:
            self._listener.noted(f"That subsample does not match the whole table: {further.drawn().reason}")
            return None
        return further

    def _known_yes(self, key: str) -> Answer | None:
        """Return the answer that somebody gave to a question, if it was yes."""
        found = self._known.get(key)
        return found if found is not None and found.value == "yes" and found.by in ("user", "flag") else None

    # ---- answers and actions -------------------------------------------------------------------

    def _respond(self, node: Question | Action) -> Answer:
        if isinstance(node, Action):
            return self._act(node)
        if node.key in DIAMONDS:
            return self._compare(node)
        known = self._known.get(node.key)
        if known is None or (node.setting == "subsample" and known.by == "measured"):
            known = self._known[node.key] = self._answered(node)
        return known

    def _answered(self, node: Question) -> Answer:
        value, by = self._stated(node)
        if value in node.arrows and value not in MEASURED:
            if node.setting == "subsample" and value == "yes" and not self._look.drawn().matched:
                reason = self._look.drawn().reason
                self._listener.noted(f"The subsample does not match the whole table: {reason}")
            return Answer(value, by)
        return self._measure(node)

    def _stated(self, node: Question) -> tuple[str, Any]:
        """Return what a flag, a person or the default says."""
        assert node.setting is not None
        value = str(getattr(self._settings, node.setting))
        if node.setting in self._given:
            return value, "flag"
        if node.setting == "resources":
            self._look.estimated()  # so that a person can weigh it
        flag = "--" + node.setting.replace("_", "-")
        reply = self._ask(Prompt(flag, node.text, node.answers, value, node.why))
        return (value, "default") if reply is None else (reply, "user")

    def _measure(self, node: Question) -> Answer:
        if node.setting == "subsample":
            drawn = self._look.drawn()
            return Answer("yes" if drawn.matched else "no", "measured", drawn.reason)
        if node.setting == "resources":
            return self._measure_resources()
        return by_profile(node, self._measured_profile())

    def _measure_resources(self) -> Answer:
        enough = self._look.estimated() <= self._budget
        verb = "fits" if enough else "does not fit"
        evidence = f"it {verb} in the budget of {self._settings.budget}"
        return Answer("yes" if enough else "no", "measured", evidence)

    def _act(self, node: Action) -> Answer:
        if node.key == "draw_subsample":
            return Answer("done", "measured", self._look.drawn().reason)
        (arm,) = (arm for arm in ARMS if node.key in (f"train_{arm}", "train_baseline" * (arm == "none")))
        run = self._look.train(arm, ARM_NAMES[arm])
        return Answer("done", "trained", f"{run.trained} models")

    def _compare(self, node: Question) -> Answer:
        look = self._look
        return Answer(answer(look.posterior(), node.key, rope=look.rope()), "trained")

    # ---- what is computed once, when first needed ----------------------------------------------

    def _measured_profile(self) -> Profile:
        if self._profile is None:
            subsample = self._look.subsample
            rows = subsample.rows if subsample else self._some_rows()
            self._profile = profile(self._table, rows)
        return self._profile

    def _some_rows(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        """Rows to measure on where no subsample was drawn."""
        n = self._table.n_rows
        rng = np.random.default_rng(self._settings.seed)
        return np.arange(n) if n <= FIRST_ROWS else np.sort(rng.choice(n, FIRST_ROWS, replace=False))
