"""The sections of a result that rest on trained arms."""

from dataclasses import asdict, dataclass

import numpy as np

from regchoose.experiment.arms import ArmRun
from regchoose.experiment.design import Layout
from regchoose.experiment.grid import at_edge
from regchoose.experiment.judgement import Judgement
from regchoose.records.experiment import SPARSE, Comparison, Verdict
from regchoose.records.words import Arm, arm_phrase
from regchoose.result.document import (
    Arms,
    FullSize,
    Gain,
    GainAt,
    Recommendation,
    SubsampleSize,
    TrainingLength,
)
from regchoose.result.experiment_sections import (
    ArmFigures,
    Audit,
    Compared,
    Curves,
    Design,
    DesignPrior,
    StageSummary,
)
from regchoose.run.audit_section import audit
from regchoose.run.curve_sections import curves
from regchoose.run.wording import (
    advice,
    comparison_sentence,
    design_sentence,
    growth_sentence,
    in_words,
    size_rule,
    split_of,
)
from regchoose.statistics.posterior import compare_arms


@dataclass(frozen=True)
class ArmSections:
    """What a result says of the arms."""

    recommendation: Recommendation
    arms: Arms
    design: Design
    comparisons: list[Compared]
    curves: Curves
    audit: Audit | None


def sections_of(judgement: Judgement) -> ArmSections:
    """Return the sections of a result that rest on trained arms."""
    return ArmSections(
        _recommendation(judgement),
        Arms(**{arm: _arm(judgement, run) for arm, run in judgement.arms.items()}),
        _design(judgement),
        [_compared(key, found) for key, found in judgement.diamonds.items()],
        curves(judgement.arms, judgement.experiment, judgement.posterior),
        audit(judgement) if judgement.experiment.settings.audit else None,
    )


def evidence_of(judgement: Judgement) -> dict[str, str]:
    """Return a line for each diamond of the chart: the difference, its interval, and the probabilities."""
    return {key: comparison_sentence(found) for key, found in judgement.diamonds.items()}


def _recommendation(judgement: Judgement) -> Recommendation:
    verdict, experiment = judgement.verdict, judgement.experiment
    arm, run = verdict.arm, judgement.arms[verdict.arm]
    rows, of = experiment.rows_train, judgement.table.n_all
    exponent = judgement.growth.exponent if judgement.growth else None
    moved = run.judged.at_rows(of, trained_on=rows, nonzero_share=run.nonzero_share, exponent=exponent)
    l1, l2 = float(moved.l1[0]), float(moved.l2[0])
    linear = experiment.is_convex
    batch = experiment.training.schedule.steps(rows)[1]
    practical = any(
        abs(judgement.loss(other) - judgement.loss(arm)) > verdict.rope for other in judgement.arms
    )
    said = {"safe": verdict.safe, "practical": practical, "arms": len(judgement.arms)}
    return Recommendation(
        regularizer=arm,
        outcome=verdict.outcome,
        outcome_text=f"Start with {arm_phrase(arm)}",
        l1=l1,
        l2=l2,
        strength=l1 + l2,
        alpha=l2 / (l1 + l2) if l1 + l2 else None,
        certainty=verdict.certainty,
        probability=verdict.probability,
        safe=verdict.safe,
        calibrated=judgement.arm_prior is not None,
        gain=_gain(judgement, arm),
        nonzero_share=run.nonzero_share,
        training=None if linear else _training(judgement, run),
        subsample_size=SubsampleSize(l1=float(run.judged.l1[0]), l2=float(run.judged.l2[0]), rows=rows),
        rule=size_rule(run.judged, rows, of=of, sparse=run.nonzero_share < SPARSE, exponent=exponent),
        full_size=_full_size(judgement),
        in_words=in_words(l1, l2, task=judgement.table.task, linear=linear, batch=batch, rows=of),
        weight_decay=2 * l2 or None,
        sentence=advice(arm, certainty=verdict.certainty, evidence=said),
    )


def _gain(judgement: Judgement, arm: Arm) -> Gain | None:
    if arm == "none" or "none" not in judgement.arms:
        return None
    found = compare_arms(judgement.posterior, "none", arm, rope=judgement.rope)
    base = judgement.loss("none")
    low, high = found.interval
    return Gain(value=found.difference / base, interval=[low / base, high / base])


def _full_size(judgement: Judgement) -> FullSize | None:
    growth = judgement.growth
    if growth is None:
        return None
    of, matters = judgement.table.n_all, judgement.matters_at_full_size
    return FullSize(
        rows=of,
        gain=growth.trend.at_full_size,
        gain_exponent=growth.trend.exponent,
        l1_exponent=growth.exponent,
        matters=bool(matters),
        measured=[
            GainAt(rows=size.rows, gain=size.gain, interval=list(size.interval)) for size in growth.sizes
        ],
        sentence=growth_sentence(growth, of=of, matters=matters),
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
        l1=float(run.judged.l1[0]),
        l2=float(run.judged.l2[0]),
        loss=judgement.loss(run.arm),
        loss_sd=float(np.nanstd(run.losses, ddof=1)),
        interval=list(judgement.posterior.interval(run.arm)),
        train_loss=float(run.curves["train"][run.chosen.checkpoint]),
        epochs=None if linear else int(schedule.checkpoints[run.chosen.checkpoint]),
        nonzero_share=run.nonzero_share,
        nonzero_inputs=run.nonzero_inputs,
        stationarity=run.stationarity,
        at_grid_edge=at_edge(run.tuning.grid, run.chosen.point),
        trained=run.trained,
        failed=run.failed,
        metrics=dict(run.metrics),
        note=run.note,
    )


def _design(judgement: Judgement) -> Design:
    experiment, verdict, prior = judgement.experiment, judgement.verdict, judgement.arm_prior
    settings = experiment.settings
    regression = judgement.table.task == "regression"
    crossed = experiment.layout.kind == "B"
    return Design(
        kind=experiment.layout.kind,
        split=split_of(judgement.table),
        cells=len(experiment.final),
        folds=settings.folds if crossed else None,
        repeats=settings.repeats if crossed else None,
        rows=experiment.n_rows,
        test_rows=experiment.layout.test_rows or None,
        text=design_sentence(experiment),
        rope=verdict.rope,
        variance_factor=experiment.variance_factor(len(experiment.final)),
        arm_prior=None if prior is None else DesignPrior.model_validate(asdict(prior)),
        loss="squared error of the standardized target" if regression else "log loss",
        loss_null=experiment.loss_null,
        looks=[_summary(layout, seen) for layout, seen in judgement.looks],
        ended="decided" if verdict.certainty != "undecided" else judgement.last,
        firm_from=judgement.firm,
    )


def _summary(layout: Layout, verdict: Verdict) -> StageSummary:
    return StageSummary(
        kind=layout.kind,
        rows=layout.rows,
        regularizer=verdict.arm,
        certainty=verdict.certainty,
        safe=verdict.safe,
    )


def _compared(question: str, found: Comparison) -> Compared:
    return Compared(
        question=question,
        a=found.a,
        b=found.b,
        difference=found.difference,
        interval=list(found.interval),
        better=found.better,
        equivalent=found.equivalent,
        worse=found.worse,
    )
