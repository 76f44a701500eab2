"""Beyond the chart: the arm that it skipped, simpler ones, and the fixed training length."""

from regchoose.experiment.arms import pool_cells
from regchoose.experiment.judgement import Judgement
from regchoose.records import numbers
from regchoose.records.words import ARM_NAMES, Arm
from regchoose.result.experiment_sections import ArmNumbers, Audit, FixedLength
from regchoose.result.headline import RIGHT_IF_CORRELATED
from regchoose.run.wording import (
    describe_assumptions,
    describe_audit,
    describe_growth,
    describe_optimism,
    describe_split,
    describe_stages,
)
from regchoose.statistics.decide import DIAMONDS, FIRM, OUTCOME_ARMS, answer
from regchoose.statistics.posterior import Posterior, compare_arms

ALIKE = 0.8  # P(a simpler arm is not worse by more than δ): from here on it is mentioned
SIMPLER: dict[Arm, tuple[Arm, ...]] = {
    "elastic_net": ("none", "l1", "l2"),
    "l1": ("none",),
    "l2": ("none",),
    "none": (),
}


def make_audit(judgement: Judgement) -> Audit:
    """Make the section on what the chart does not ask: the best arm, simpler ones, the fixed length."""
    verdict, chart_arm = judgement.verdict, OUTCOME_ARMS[judgement.outcome]
    losses: dict[str, float] = {arm: judgement.loss(arm) for arm in judgement.arms}
    at_end = pool_cells(judgement.arms, judgement.experiment, at_end=True)
    losses_at_end: dict[str, float] = dict(zip(at_end.arms, at_end.mean.tolist(), strict=True))
    epochs = int(judgement.experiment.training.schedule.checkpoints[-1])
    linear = judgement.experiment.is_convex
    comparison = compare_arms(judgement.posterior, chart_arm, verdict.best_arm, rope=verdict.rope)
    firmly = bool(comparison.worse >= FIRM)
    simpler = _find_simpler(judgement, chart_arm)
    sentences = describe_audit(
        arm=chart_arm,
        best=verdict.best_arm,
        losses=losses,
        losses_at_end=losses_at_end,
        epochs=1 if linear else epochs,
        simpler=simpler,
        firmly=firmly,
        alike=comparison.equivalent >= FIRM,
    )
    sentences.append(describe_optimism({arm: run.optimism for arm, run in judgement.arms.items()}))
    if chart_arm in ("none", "l2"):
        sentences.append(describe_assumptions(judgement.profile))
    sentences += filter(None, [describe_split(judgement.table)])
    sentences += [f"{ARM_NAMES[arm]} was not trained: the budget was used up." for arm in judgement.skipped]
    sentences += filter(None, [describe_stages(judgement.stages, ended=judgement.ended)])
    if judgement.growth is not None:
        matters = judgement.matters_at_full_size
        sentences.append(describe_growth(judgement.growth, of=judgement.table.n_all, matters=matters))
    if verdict.certainty == "undecided":
        name = ARM_NAMES[OUTCOME_ARMS[judgement.prior_outcome]]
        weak = f" (right in at most {numbers.percent(RIGHT_IF_CORRELATED)})"
        known = weak if judgement.profile.correlated.answer == "yes" else ""
        sentences.append(f"Prior knowledge, measured on the data, would say {name}{known}.")
    return Audit(
        best_arm=verdict.best_arm,
        chart_regret=losses[chart_arm] - losses[verdict.best_arm],
        agrees=verdict.best_arm == chart_arm,
        firmly=firmly,
        simpler_equivalent=simpler[0] if simpler else None,
        safe=ArmNumbers(**dict(verdict.safe_of.items())),
        outcome_at_fixed_length=None if linear else _outcome_at(judgement, at_end),
        fixed_length=None if linear else FixedLength(epochs=epochs, loss=ArmNumbers(**losses_at_end)),
        sentences=sentences,
    )


def _outcome_at(judgement: Judgement, posterior: Posterior) -> str:
    criteria = {arm: run.criterion_at_end for arm, run in judgement.arms.items()}
    answers = {
        key: answer(posterior, criteria, key, rope=judgement.rope)
        for key, pair in DIAMONDS.items()
        if set(pair) <= set(judgement.arms)
    }
    return judgement.walk(answers)


def _find_simpler(judgement: Judgement, arm: Arm) -> tuple[Arm, float] | None:
    """Return the simplest arm that is not worse by more than δ, and how probable that is."""
    for other in SIMPLER[arm]:
        if other in judgement.arms:
            comparison = compare_arms(judgement.posterior, other, arm, rope=judgement.rope)
            probability = comparison.better + comparison.equivalent
            if probability >= ALIKE:
                return other, probability
    return None
