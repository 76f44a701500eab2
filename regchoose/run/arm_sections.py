"""The sections of a result on trained arms."""

from dataclasses import asdict, dataclass, field
from typing import Literal

import numpy as np

from regchoose.experiment.arms import ArmRun
from regchoose.experiment.design import Layout, count_repeats
from regchoose.experiment.gain_by_rows import measure_gain
from regchoose.experiment.grid import at_edge
from regchoose.experiment.judgement import Judgement
from regchoose.records.experiment import AS_GOOD, SPARSE, WORSE, Comparison, Penalties, Verdict
from regchoose.records.words import Arm
from regchoose.result.document import (
    Arms,
    FullSizeGain,
    Gain,
    GainAt,
    Recommendation,
    SubsampleSize,
    TrainingLength,
)
from regchoose.result.experiment_sections import (
    ArmComparison,
    ArmFigures,
    Audit,
    Curves,
    Design,
    DesignPrior,
    StageSummary,
)
from regchoose.run.audit_section import make_audit
from regchoose.run.curve_sections import make_curves
from regchoose.run.dry_run import describe_design
from regchoose.run.wording import describe_growth, describe_size_rule, describe_strengths, split_of
from regchoose.statistics.decide import OUTCOME_ARMS


@dataclass(frozen=True)
class ArmSections:
    """What a result says about the arms; where none was trained, it has a recommendation alone."""

    recommendation: Recommendation
    arms: Arms = field(default_factory=Arms)
    design: Design | None = None
    comparisons: list[ArmComparison] = field(default_factory=list)
    curves: Curves = field(default_factory=Curves)
    audit: Audit | None = None


def make_arm_sections(judgement: Judgement) -> ArmSections:
    """Make the sections of a result on trained arms."""
    return ArmSections(
        _recommendation(judgement),
        Arms(**{arm: _arm(judgement, run) for arm, run in judgement.arms.items()}),
        _design(judgement),
        [_compare(key, comparison) for key, comparison in judgement.diamonds.items()],
        make_curves(judgement.arms, judgement.experiment, judgement.posterior),
        make_audit(judgement) if judgement.experiment.settings.audit else None,
    )


def _recommendation(judgement: Judgement) -> Recommendation:
    verdict, experiment = judgement.verdict, judgement.experiment
    arm, run = verdict.arm, judgement.arms[verdict.arm]
    rows, of = experiment.rows_train, judgement.table.n_all
    moved = move_strengths(judgement)
    l1, l2 = float(moved.l1[0]), float(moved.l2[0])
    linear = experiment.is_convex
    batch = experiment.training.schedule.steps(rows)[1]
    return Recommendation(
        regularizer=arm,
        chart_outcome=verdict.outcome,
        follows_chart=OUTCOME_ARMS[verdict.outcome] == arm,
        as_good=[arm for arm, safe in verdict.safe_of.items() if safe >= AS_GOOD],
        worse=[arm for arm, safe in verdict.safe_of.items() if safe <= WORSE],
        caution=judgement.caution,
        l1=l1,
        l2=l2,
        strength=l1 + l2,
        alpha=l2 / (l1 + l2) if l1 + l2 else None,
        certainty=verdict.certainty,
        probability=verdict.probability,
        safe=verdict.safe,
        calibrated=judgement.is_calibrated,
        gain=_gain(judgement, arm),
        nonzero_share=run.nonzero_share,
        training=None if linear else _training(judgement, run),
        subsample_size=SubsampleSize(l1=float(run.strengths.l1[0]), l2=float(run.strengths.l2[0]), rows=rows),
        rule=_size_rule(judgement),
        full_size=_full_size(judgement),
        in_words=describe_strengths(l1, l2, task=judgement.table.task, linear=linear, batch=batch, rows=of),
        weight_decay=2 * l2 or None,
        sentence="",
    )


def move_strengths(judgement: Judgement) -> Penalties:
    """Return the recommended strengths: moved to all rows if these are many more than were trained on.

    A table that is little larger keeps them as trained: moved by a fifth, they did worse on real tables.
    """
    run, rows = judgement.arms[judgement.verdict.arm], judgement.experiment.rows_train
    if not judgement.is_much_larger:
        return run.strengths
    exponent = judgement.growth.exponent if judgement.growth else None
    return run.strengths.at_rows(
        judgement.table.n_all, trained_on=rows, nonzero_share=run.nonzero_share, exponent=exponent
    )


def _size_rule(judgement: Judgement) -> str:
    if not judgement.is_much_larger:
        return ""
    run, rows = judgement.arms[judgement.verdict.arm], judgement.experiment.rows_train
    return describe_size_rule(
        run.strengths,
        rows,
        of=judgement.table.n_all,
        sparse=run.nonzero_share < SPARSE,
        exponent=judgement.growth.exponent if judgement.growth else None,
    )


def _gain(judgement: Judgement, arm: Arm) -> Gain | None:
    if arm == "none" or "none" not in judgement.arms:
        return None
    value, interval = measure_gain(judgement.arms["none"], judgement.arms[arm], judgement.posterior)
    return Gain(value=value, interval=list(interval))


def _full_size(judgement: Judgement) -> FullSizeGain | None:
    growth = judgement.growth
    if growth is None:
        return None
    of, matters = judgement.table.n_all, judgement.matters_at_full_size
    return FullSizeGain(
        rows=of,
        gain=growth.trend.at_full_size,
        gain_exponent=growth.trend.exponent,
        l1_exponent=growth.exponent,
        matters=bool(matters),
        measured=[
            GainAt(rows=size.rows, gain=size.gain, interval=list(size.interval)) for size in growth.sizes
        ],
        sentence=describe_growth(growth, of=of, matters=matters),
    )


def _training(judgement: Judgement, run: ArmRun) -> TrainingLength:
    schedule = judgement.experiment.training.schedule
    return TrainingLength(
        optimizer="Adam, rate falling to 0 as a cosine over the schedule",
        lr=schedule.lr,
        batch=schedule.steps(judgement.experiment.rows_train)[1],
        schedule_epochs=schedule.epochs,
        stop_epoch=int(schedule.checkpoints[run.chosen.checkpoint]),
    )


def _arm(judgement: Judgement, run: ArmRun) -> ArmFigures:
    schedule, linear = judgement.experiment.training.schedule, judgement.experiment.is_convex
    return ArmFigures(
        l1=float(run.strengths.l1[0]),
        l2=float(run.strengths.l2[0]),
        safe=judgement.verdict.safe_of[run.arm],
        loss=judgement.loss(run.arm),
        optimism=run.optimism,
        criterion=run.criterion,
        loss_sd=float(np.nanstd(run.losses, ddof=1)),
        interval=[max(0.0, end + run.optimism) for end in judgement.posterior.interval(run.arm)],  # a loss
        train_loss=float(run.curves["train"][run.chosen.checkpoint]),
        epochs=None if linear else int(schedule.checkpoints[run.chosen.checkpoint]),
        nonzero_share=run.nonzero_share,
        nonzero_inputs=run.nonzero_inputs,
        stationarity=run.stationarity,
        at_grid_edge=at_edge(run.trials.grid, run.chosen.point),
        trained=run.trained,
        failed=run.failed,
        metrics=dict(run.metrics),
        note=run.note,
    )


def _design(judgement: Judgement) -> Design:
    experiment, verdict, prior = judgement.experiment, judgement.verdict, judgement.arm_prior
    settings = experiment.settings
    regression = judgement.table.task == "regression"
    crossed = experiment.layout.is_cross_validation
    return Design(
        kind=_design_letter(experiment.layout),
        split=split_of(judgement.table),
        cells=len(experiment.cells),
        folds=settings.folds if crossed else None,
        repeats=count_repeats(experiment.layout.rows, settings.repeats) if crossed else None,
        rows=experiment.n_rows,
        test_rows=experiment.layout.test_rows or None,
        text=describe_design(experiment.layout, settings),
        rope=verdict.rope,
        variance_factor=experiment.variance_factor(len(experiment.cells)),
        arm_prior=None if prior is None else DesignPrior.model_validate(asdict(prior)),
        loss="squared error of the standardized target" if regression else "log loss",
        loss_null=experiment.loss_null,
        looks=[_summarize_stage(layout, stage_verdict) for layout, stage_verdict in judgement.stages],
        ended="decided" if verdict.certainty != "undecided" else judgement.ended,
        firm_from=judgement.firm,
    )


def _design_letter(layout: Layout) -> Literal["A", "B"]:
    return "B" if layout.is_cross_validation else "A"


def _summarize_stage(layout: Layout, verdict: Verdict) -> StageSummary:
    return StageSummary(
        kind=_design_letter(layout),
        rows=layout.rows,
        regularizer=verdict.arm,
        certainty=verdict.certainty,
        safe=verdict.safe,
    )


def _compare(question: str, comparison: Comparison) -> ArmComparison:
    return ArmComparison(
        question=question,
        a=comparison.a,
        b=comparison.b,
        difference=comparison.difference,
        interval=list(comparison.interval),
        better=comparison.better,
        equivalent=comparison.equivalent,
        worse=comparison.worse,
    )
