"""A run: binds each node of a chart to what answers it or does it, and walks."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from regchoose.errors import Interrupted, Terminated
from regchoose.experiment.arms import choose_rope, pool_cells
from regchoose.experiment.design import Layout
from regchoose.experiment.gain_by_rows import Growth
from regchoose.experiment.judgement import Judgement, judge_by_loss
from regchoose.experiment.plan import check_before_reading
from regchoose.flowchart.charts import CHARTS
from regchoose.flowchart.nodes import Action, Question
from regchoose.flowchart.walk import Step, find_outcome, walk
from regchoose.records import numbers
from regchoose.records.answers import Answer, Ask, Prompt, ask_noting
from regchoose.records.experiment import BlockStore, Verdict
from regchoose.records.listener import Listener
from regchoose.records.subsample import Profile
from regchoose.records.table import Table
from regchoose.records.words import ARM_NAMES, ARMS, Arm, Int
from regchoose.result.document import RunResult
from regchoose.run.build_result import make_result
from regchoose.run.stage import Clock, RunContext, Stage
from regchoose.settings.options import FIRST_ROWS, Settings, first_rows, for_images, parse_duration
from regchoose.statistics.decide import DIAMONDS, FIRM, FIRM_BETWEEN, answer
from regchoose.subsample.profile import measure_profile
from regchoose.table.load import load_with_progress
from regchoose.workers.choose_workers import start_workers
from regchoose.workers.tasks import Workers

ARM_OF_ACTION: dict[str, Arm] = {
    "train_baseline": "none",
    "train_l1": "l1",
    "train_l2": "l2",
    "train_elastic_net": "elastic_net",
}
SOON = 30  # seconds: nobody is asked whether there is time for a shorter experiment
MEASURED = ("auto", "unsure")  # answers that hand a question over to a measurement
# Questions on prior knowledge, with the field of the profile that measures each.
PROFILE_FIELDS = {
    "correlated": "correlated",
    "many_correlations": "correlated",
    "additional_knowledge": "somewhat_correlated",
    "entire_picture": "entire_picture",
    "sparse": "sparse",
}


def recommend_regularizer(
    data: str | Table,
    settings: Settings,
    *,
    given: frozenset[str],
    ask: Ask,
    listener: Listener,
    clock: Clock,
    store: BlockStore | None = None,
) -> RunResult:
    """Walk the chart on a table and recommend a regularizer.

    Parameters
    ----------
    data : str or Table
        The table's file, or a table that is loaded already.
    given : frozenset of str
        Names of the settings that somebody chose; the others may be asked for.
    ask : callable
        Asks a person; returns None if nobody is there.
    listener : Listener
    clock : callable
        Returns seconds from any beginning, never falling.
    store : BlockStore, optional
        Where trained blocks are looked up and stored, such as the cache; None: all are trained.

    Raises
    ------
    RegchooseError
        If the table, the settings or the machine do not allow it.
    """
    # Sums split over threads differ in their last bits.
    with threadpool_limits(1), start_workers(settings) as workers:
        run = Run(
            data, settings, given=given, ask=ask, listener=listener, clock=clock, workers=workers, store=store
        )
        return run.result()


class Run:
    """One run of the chart, with everything found on the way."""

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
        store: BlockStore | None = None,
    ) -> None:
        self._given, self._listener, self._clock = given, listener, clock
        self._answered: dict[str, Any] = {}  # settings by what a person answered
        self._ask = ask_noting(ask, self._answered)
        self._start = self._stage_start = clock()
        self._budget = parse_duration(settings.budget)
        self._chart = CHARTS[settings.chart]
        if "no" not in (settings.resources, settings.subsample):
            check_before_reading(settings, workers)
        self._table = table = load_with_progress(
            data, settings, choose=self._ask, listener=listener, workers=workers
        )
        self._settings = settings if table.image is None else for_images(settings, given=given)
        for warning in table.warnings:
            listener.noted(warning)
        context = RunContext(table, self._settings, listener, clock, workers, store)
        self._stage = Stage(context, rows=first_rows(self._settings))
        self._earlier: tuple[tuple[Layout, Verdict], ...] = ()  # of undecided stages
        self._answers: dict[str, Answer] = {}  # by question, for all stages
        self._profile: Profile | None = None
        self._steps: list[Step] = []
        self._judged: tuple[Stage, list[Step], Judgement] | None = None  # the last stage that was finished

    def result(self) -> RunResult:
        """Walk the chart; while undecided, repeat on twice the rows. Return the result.

        Raises
        ------
        Interrupted
            If somebody stops the run, and at least two arms can be compared.
        """
        try:
            return self._run()
        except (KeyboardInterrupt, Terminated) as stop:
            partial = self._make_partial_result()
            if partial is None:
                raise
            raise Interrupted(partial, terminated=isinstance(stop, Terminated)) from stop

    def _run(self) -> RunResult:
        steps, judgement = self._run_stage()
        while judgement is not None and (stage := self._next_stage(judgement)) is not None:
            self._earlier = judgement.stages
            self._stage, self._stage_start = stage, self._clock()
            steps, judgement = self._run_stage()
        if judgement is not None:
            judgement = replace(judgement, growth=self._measure_growth(judgement))
        return self._make_result(self._stage, steps, judgement)

    def _make_result(
        self, stage: Stage, steps: Sequence[Step], judgement: Judgement | None, *, partial: bool = False
    ) -> RunResult:
        seconds = {**stage.seconds, "total": self._clock() - self._start}
        return make_result(
            self._table,
            replace(self._settings, **self._answered),
            steps=steps,
            subsample=stage.subsample,
            experiment=stage.experiment,
            judgement=judgement,
            profile=self._measure_profile(),
            seconds=seconds,
            cached=stage.cached,
            partial=partial,
        )

    def _make_partial_result(self) -> RunResult | None:
        """Return the result of a run that was stopped: of the last finished stage, or of the arms so far."""
        if self._judged is not None:
            return self._make_result(*self._judged, partial=True)
        stage = self._stage
        if "none" not in stage.arms or len(stage.arms) < 2:
            return None
        experiment, arms = stage.prepare_experiment(), stage.ordered_arms()
        judgement = judge_by_loss(self._table, experiment, arms, self._measure_profile())
        ending = CHARTS["which-regularizer"].nodes[judgement.outcome]
        return self._make_result(stage, [*self._steps, Step(ending, None)], judgement, partial=True)

    def _run_stage(self) -> tuple[list[Step], Judgement | None]:
        """Walk the chart once; train the arms that it skips; judge."""
        self._steps = steps = list[Step]()
        steps.extend(walk(self._chart, self._respond))  # one by one: a run that is stopped has the first ones
        stage = self._stage
        if not stage.arms:
            return steps, None
        skipped: list[Arm] = []
        for arm in ARMS:
            if self._settings.audit and arm not in stage.arms:
                if self._clock() - self._start > self._budget:
                    skipped.append(arm)
                else:
                    stage.train(arm, f"{ARM_NAMES[arm]} (audit)")
        stage.finish_training()
        why_last = self._why_last()
        replies = {step.node.key: step.answer.value for step in steps if step.answer is not None}
        profile = self._measure_profile()
        judgement = Judgement(
            self._table,
            stage.prepare_experiment(),
            stage.ordered_arms(),
            profile,
            steps[-1].node.key,
            lambda diamonds: find_outcome(self._chart, {**replies, **diamonds}),
            _prior_outcome(profile),
            firm=FIRM if why_last else FIRM_BETWEEN,
            earlier=self._earlier,
            ended=why_last,
            skipped=tuple(skipped),
        )
        self._judged = stage, steps, judgement
        return steps, judgement

    def _measure_growth(self, judgement: Judgement) -> Growth | None:
        """Measure the gain on fewer rows, if the table is much larger and the budget allows."""
        stage, arm, table = self._stage, judgement.verdict.arm, self._table
        if arm == "none" or not table.exchangeable or not judgement.is_much_larger:
            return None
        if self._clock() - self._start + sum(stage.seconds.get(a, 0) for a in ("none", arm)) > self._budget:
            return None
        return stage.measure_growth(arm, judgement.posterior)

    def _why_last(self) -> str:
        """Say why there can be no next stage; empty if there can. It must not depend on the verdict."""
        stage = self._stage
        more = stage.next_rows()
        if more is None:
            return stage.why_last()
        now = self._clock()
        needed = (now - self._stage_start) * more / stage.layout.rows
        return "" if now - self._start + needed <= self._budget else "the budget does not allow more"

    def _next_stage(self, judgement: Judgement) -> Stage | None:
        """Return the next stage, if the verdict is undecided and more rows are there."""
        if judgement.verdict.certainty != "undecided" or judgement.ended:
            return None
        rows = self._stage.next_rows()
        assert rows is not None
        safe = numbers.probability(judgement.verdict.safe)
        doubt = f"Undecided on {self._stage.layout.rows:,} rows ({safe} sure)"
        self._listener.noted(f"{doubt}: the next stage takes {rows:,}.")
        stage = self._stage.make_next(rows)
        subsample, reply = stage.draw_subsample(), self._answers.get("subsample_possible")
        insisted = reply is not None and reply.value == "yes" and reply.by in ("user", "flag")
        if not subsample.matched and not insisted:
            self._listener.noted(f"That subsample does not match the whole table: {subsample.reason}")
            return None
        return stage

    # ---- answers and actions -------------------------------------------------------------------

    def _respond(self, node: Question | Action) -> Answer:
        if isinstance(node, Action):
            return self._act(node)
        if node.key in DIAMONDS:
            return self._compare(node)
        reply = self._answers.get(node.key)
        if reply is None or (node.setting == "subsample" and reply.by == "measured"):
            reply = self._answers[node.key] = self._answer(node)
        return reply

    def _answer(self, node: Question) -> Answer:
        value, by = self._ask_for(node)
        if value not in node.arrows or value in MEASURED:
            return self._measure(node)
        if node.setting == "subsample" and value == "yes" and not self._stage.draw_subsample().matched:
            reason = self._stage.draw_subsample().reason
            self._listener.noted(f"The subsample does not match the whole table: {reason}")
        return Answer(value, by)

    def _ask_for(self, node: Question) -> tuple[str, Any]:
        """Return the answer of a flag, a person or the default, and which of them it is."""
        assert node.setting is not None
        value = str(getattr(self._settings, node.setting))
        if node.setting in self._given:
            return value, "flag"
        if node.setting == "subsample" and self._stage.layout.drawn == self._table.n_all:
            return value, "default"  # there is nothing to draw
        if node.setting == "resources" and self._stage.estimate_seconds() <= min(SOON, self._budget):
            return value, "default"  # a person would wait for it anyway
        flag = "--" + node.setting.replace("_", "-")
        reply = self._ask(Prompt(flag, node.text, node.answers, value, node.why))
        return (value, "default") if reply is None else (reply, "user")

    def _measure(self, node: Question) -> Answer:
        if node.setting == "subsample":
            subsample = self._stage.draw_subsample()
            return Answer("yes" if subsample.matched else "no", "measured", subsample.reason)
        if node.setting == "resources":
            fits = self._stage.estimate_seconds() <= self._budget
            verb = "fits" if fits else "does not fit"
            evidence = f"it {verb} in the budget of {self._settings.budget}"
            return Answer("yes" if fits else "no", "measured", evidence)
        profile = self._measure_profile()
        if node.key not in PROFILE_FIELDS:  # nothing measures it: the answer "unsure" stands
            return Answer("unsure", "default")
        finding = getattr(profile, PROFILE_FIELDS[node.key])
        value = finding.answer if finding.answer in node.arrows else "no"
        return Answer(value, "measured", finding.evidence)

    def _act(self, node: Action) -> Answer:
        if node.key == "draw_subsample":
            return Answer("done", "measured", self._stage.draw_subsample().reason)
        arm = ARM_OF_ACTION[node.key]
        self._stage.prepare_experiment()
        self._measure_profile()  # the answer needs it: where it fails, it fails before the training
        run = self._stage.train(arm, ARM_NAMES[arm])
        return Answer("done", "trained", f"{run.trained} models")

    def _compare(self, node: Question) -> Answer:
        arms, experiment = self._stage.arms, self._stage.prepare_experiment()
        posterior, rope = pool_cells(arms, experiment), choose_rope(arms, experiment)
        criteria = {arm: run.criterion for arm, run in arms.items()}
        return Answer(answer(posterior, criteria, node.key, rope=rope), "trained")

    def _measure_profile(self) -> Profile:
        """Measure what the chart asks about the data, once."""
        if self._profile is None:
            subsample = self._stage.subsample
            rows = subsample.rows if subsample else self._draw_rows()
            self._profile = measure_profile(self._table, rows)
        return self._profile

    def _draw_rows(self) -> Int:
        """Draw rows to measure on if there is no subsample."""
        n = self._table.n_rows
        rng = np.random.default_rng(self._settings.seed)
        return np.arange(n) if n <= FIRST_ROWS else np.sort(rng.choice(n, FIRST_ROWS, replace=False))


def _prior_outcome(known: Profile) -> str:
    """Return the outcome that prior knowledge alone, measured on the data, would lead to."""
    findings = {"correlated": known.correlated, "entire_picture": known.entire_picture}
    answers = {key: "yes" if finding.answer == "yes" else "no" for key, finding in findings.items()}
    chart = CHARTS["which-regularizer"]
    return find_outcome(chart, {"subsample_possible": "no", "prior_knowledge": "yes", **answers})
