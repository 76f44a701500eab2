"""Our rules, each on one and the same experiment: what a run recommends, and single arms, always."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from regchoose.errors import RegchooseError
from regchoose.experiment.arms import ArmRun, choose_rope, pool_cells, train_arm
from regchoose.experiment.judgement import Judgement
from regchoose.experiment.learning_rate import find_rate, is_searched
from regchoose.experiment.plan import Experiment, prepare
from regchoose.records.words import ARMS, Arm
from regchoose.statistics.decide import DIAMONDS, answer
from regchoose.subsample.profile import measure_profile
from tests.benchmarks.calibration.verdicts import walk_chart
from tests.benchmarks.regret.contest import Contest, Found, Sizes
from tests.benchmarks.regret.refit import Choice, Length, refit

Rule = Literal["audited", "chart", "best"]
AUDITED: Rule = "audited"  # what the program does by itself
RULES: tuple[Rule, ...] = (AUDITED, "chart", "best")
ALONE: tuple[Arm, ...] = ("elastic_net", "none")
OURS = (*RULES, *ALONE)


@dataclass(frozen=True)
class Ran:
    """The experiment on the rows drawn, its four arms, and the seconds each took; "prepared" is the rest."""

    experiment: Experiment
    arms: Mapping[Arm, ArmRun]
    seconds: Mapping[str, float]


def our_rules(contest: Contest, sizes: Sizes) -> dict[str, Found]:
    """Run the experiment once; refit what each rule recommends, strengths unmoved."""
    start = time.process_time()
    try:
        ran = run_experiment(contest, sizes)
    except RegchooseError as error:
        failed = Found(contest.loss_null, time.process_time() - start, {"failed": f"{error.code} {error}"})
        return dict.fromkeys(OURS, failed)
    judgement = judge_experiment(contest, ran)
    verdict = judgement.verdict  # of the audited rule
    whole = time.process_time() - start
    of_rule = {rule: decide_by(judgement, rule) for rule in RULES}
    fitted = {
        arm: refit(_choice(ran, arm), contest, sizes, seconds=0.0) for arm in {*of_rule.values(), *ALONE}
    }
    found: dict[str, Found] = {rule: _after(fitted[arm], whole) for rule, arm in of_rule.items()}
    for arm in ALONE:
        found[arm] = _after(fitted[arm], ran.seconds["prepared"] + ran.seconds[arm])
    said = {"rope": judgement.rope, "certainty": verdict.certainty, "safe": verdict.safe}
    found[AUDITED] = replace(found[AUDITED], choice={**found[AUDITED].choice, **said})
    return found


def _after(fitted: Found, seconds: float) -> Found:
    """Return what was found after the seconds that the choice took."""
    return replace(fitted, seconds=seconds + fitted.seconds)


def run_experiment(contest: Contest, sizes: Sizes) -> Ran:
    """Prepare, find the learning rate, and train all four arms, as a run does."""
    clock = [time.process_time()]
    experiment = prepare(contest.sample.table, contest.sample.drawn, sizes.settings)
    if is_searched(experiment):
        experiment = find_rate(experiment, advanced=lambda _done: None)
    clock.append(time.process_time())
    arms: dict[Arm, ArmRun] = {}
    for arm in ARMS:
        arms[arm] = train_arm(experiment, arm, advanced=lambda _done: None)
        clock.append(time.process_time())
    spent = [end - begin for begin, end in pairwise(clock)]
    return Ran(experiment, arms, dict(zip(("prepared", *ARMS), spent, strict=True)))


def judge_experiment(contest: Contest, ran: Ran) -> Judgement:
    """Judge the arms, after the chart was walked by the criterion of each."""
    experiment, arms, sample = ran.experiment, ran.arms, contest.sample
    posterior, rope = pool_cells(arms, experiment), choose_rope(arms, experiment)
    criteria = {arm: run.criterion for arm, run in arms.items()}
    outcome = walk_chart({key: answer(posterior, criteria, key, rope=rope) for key in DIAMONDS})
    return Judgement(
        sample.table,
        experiment,
        arms,
        measure_profile(sample.table, sample.drawn),
        outcome,
        lambda signs: walk_chart(dict(signs)),
        outcome,
    )


def decide_by(judgement: Judgement, rule: Rule) -> Arm:
    """Return the arm that a rule (`--decide`) recommends."""
    experiment = judgement.experiment
    settings = replace(experiment.settings, decide=rule)
    return replace(judgement, experiment=replace(experiment, settings=settings)).verdict.arm


def _choice(ran: Ran, arm: Arm) -> Choice:
    """Return what a recommendation of the arm would say."""
    experiment, run = ran.experiment, ran.arms[arm]
    schedule, length = experiment.training.schedule, None
    if not experiment.is_convex:
        batch = schedule.steps(experiment.rows_train)[1]
        stop = int(schedule.checkpoints[run.checkpoint])
        length = Length(schedule.lr, batch, schedule.epochs, stop)
    return Choice(arm, float(run.strengths.l1[0]), float(run.strengths.l2[0]), length)
