"""Building the result of a run from everything that it found."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Literal

import numpy as np

from regchoose.errors import phrase_of, setting
from regchoose.experiment.judgement import Judgement
from regchoose.experiment.plan import Experiment
from regchoose.flowchart.nodes import Action, Outcome, Question
from regchoose.flowchart.walk import Step
from regchoose.records.subsample import AssociationMatrix, Check, Finding, Profile, Subsample
from regchoose.records.table import Column, Dialect, Table
from regchoose.records.words import MISSING_WORDS, Arm
from regchoose.result.document import (
    ArmSeconds,
    ColumnAssociations,
    Data,
    DataProfile,
    DateFormat,
    Estimates,
    Execution,
    FileDialect,
    Fingerprint,
    ImageShape,
    LibraryWords,
    MatchCheck,
    MeasuredProperty,
    PathStep,
    Recommendation,
    ResultSettings,
    RunResult,
    SubsampleProof,
    TableColumn,
)
from regchoose.result.headline import write_sentence
from regchoose.run.arm_sections import ArmSections, make_arm_sections
from regchoose.run.wording import describe_comparison
from regchoose.settings.options import Settings
from regchoose.settings.values import decisive_settings
from regchoose.statistics.decide import OUTCOME_ARMS
from regchoose.version import __version__

SCHEMA_VERSION: Literal["2"] = "2"


def make_result(
    table: Table,
    settings: Settings,
    *,
    steps: Sequence[Step],
    subsample: Subsample | None,
    experiment: Experiment | None,
    judgement: Judgement | None,
    profile: Profile,
    seconds: Mapping[str, float],
    cached: Sequence[Arm] = (),
    partial: bool = False,
) -> RunResult:
    """Build the result of a run.

    Parameters
    ----------
    judgement : Judgement, optional
        None if nothing was trained, and the outcome follows from prior knowledge.
    seconds : mapping of str to float
        "total", each arm by its name, and "estimated" if there was an estimate.
    cached : sequence of Arm
        Arms of which some blocks came from the cache.
    partial : bool
        Whether the run was stopped before its end.
    """
    ending = steps[-1].node
    assert isinstance(ending, Outcome)
    sections = (
        ArmSections(_from_prior_knowledge(ending)) if judgement is None else make_arm_sections(judgement)
    )
    diamonds = {} if judgement is None else judgement.diamonds
    evidence = {key: describe_comparison(comparison) for key, comparison in diamonds.items()}
    result = RunResult(
        ok=True,
        schema_version=SCHEMA_VERSION,
        regchoose_version=__version__,
        fingerprint=_fingerprint(table, settings, experiment),
        settings=ResultSettings(**decisive_settings(settings)),
        partial=partial,
        seconds=seconds["total"],
        execution=_execution(settings, experiment, seconds=seconds, cached=cached),
        recommendation=sections.recommendation,
        path=[_step(step, evidence) for step in steps],
        arms=sections.arms,
        design=sections.design,
        comparisons=sections.comparisons,
        curves=sections.curves,
        audit=sections.audit,
        subsample=None if subsample is None else _subsample(subsample),
        data=_data(table, profile, remarks=_remarks(table, subsample, experiment)),
    )
    # What the document says in a sentence is what every report opens with.
    advice = result.recommendation.model_copy(update={"sentence": write_sentence(result)})
    return result.model_copy(update={"recommendation": advice})


def _remarks(table: Table, subsample: Subsample | None, experiment: Experiment | None) -> tuple[str, ...]:
    """Return warnings about the network and the order of the rows."""
    remarks = [phrase_of(line, setting("penalize")) for line in (experiment.remarks if experiment else ())]
    said = (remark.words(python=table.dialect.in_memory) for remark in remarks)
    return (*said, *([subsample.remark] if subsample and subsample.remark else []))


def _fingerprint(table: Table, settings: Settings, experiment: Experiment | None) -> Fingerprint:
    content = json.dumps(decisive_settings(settings), sort_keys=True)
    source = experiment.network_source if experiment else ""
    network = {"network": source} if source else {}
    return Fingerprint(
        data=table.content_hash(),
        settings=hashlib.sha256(content.encode()).hexdigest()[:16],
        version=__version__,
        **network,
    )


def _execution(
    settings: Settings,
    experiment: Experiment | None,
    *,
    seconds: Mapping[str, float],
    cached: Sequence[Arm],
) -> Execution:
    marked: dict[str, Any] = {"cached": list(cached)} if cached else {}
    return Execution(
        device=str(experiment.training.devices) if experiment else None,
        jobs=settings.jobs,
        estimates=Estimates(seconds=seconds.get("estimated")),
        arm_seconds=ArmSeconds(**{arm: seconds[arm] for arm in OUTCOME_ARMS.values() if arm in seconds}),
        **marked,
    )


def _step(step: Step, evidence: Mapping[str, str]) -> PathStep:
    kinds: dict[type, Literal["question", "action", "outcome"]] = {
        Question: "question",
        Action: "action",
        Outcome: "outcome",
    }
    node, reply = step.node, step.answer
    return PathStep(
        key=node.key,
        kind=kinds[type(node)],
        text=node.text,
        answer=None if reply is None else reply.value,
        why=node.why,
        source=node.source,
        answered_by=None if reply is None else reply.by,
        evidence=evidence.get(node.key, "" if reply is None else reply.evidence),
    )


def _subsample(subsample: Subsample) -> SubsampleProof:
    return SubsampleProof(
        rows=len(subsample.rows),
        of=subsample.of,
        method=subsample.method,
        matched=bool(subsample.matched),
        reason=subsample.reason,
        worst={kind: _check(check) for kind, check in subsample.worst.items()},
        checks=[_check(check) for check in subsample.checks],
    )


def _check(check: Check) -> MatchCheck:
    return MatchCheck(**asdict(check))


def _data(table: Table, profile: Profile, *, remarks: Sequence[str]) -> Data:
    sometimes: dict[str, Any] = {"merged": True} if table.merged else {}
    if table.classes:
        counts = np.bincount(table.target.astype(np.int64), minlength=len(table.classes))
        sometimes["smallest_class"] = int(counts.min())
    if table.leaks:
        sometimes["leaks"] = list(table.leaks)
    return Data(
        path=table.path,
        dialect=_dialect(table.dialect),
        rows=table.n_all,
        image=None if table.image is None else ImageShape(**asdict(table.image)),
        columns=[_column(column) for column in table.display_columns],
        target=table.target_name,
        target_why=table.target_why,
        task=table.task,
        task_why=table.task_why,
        classes=list(table.classes),
        warnings=[*table.warnings, *profile.warnings, *remarks],
        profile=DataProfile(
            correlated=_measured(profile.correlated),
            somewhat_correlated=_measured(profile.somewhat_correlated),
            entire_picture=_measured(profile.entire_picture),
            sparse=_measured(profile.sparse),
            associations=_associations(profile.associations),
        ),
        **sometimes,
    )


def _dialect(dialect: Dialect) -> FileDialect:
    fields_of_dialect = asdict(dialect)
    for name in ("escape", "skipped", "nameless"):
        if not fields_of_dialect[name]:
            del fields_of_dialect[name]
    return FileDialect(**fields_of_dialect)


def _column(column: Column) -> TableColumn:
    further: dict[str, Any] = {"unit": column.unit} if column.unit else {}
    if words := [level for level in column.levels if level.casefold() in MISSING_WORDS]:
        further["words"] = words
    if column.date is not None:
        read = asdict(column.date)
        del read["first"]  # only for whoever encodes rows
        further["date"] = DateFormat(**read)
    return TableColumn(
        name=column.name,
        role=column.role,
        type=column.type,
        why=column.why,
        missing=column.missing,
        **further,
    )


def _measured(finding: Finding) -> MeasuredProperty:
    return MeasuredProperty(answer=finding.answer, evidence=finding.evidence, figures=dict(finding.figures))


def _associations(associations: AssociationMatrix | None) -> ColumnAssociations | None:
    """Return the associations for their plot, for which three decimals are enough."""
    if associations is None:
        return None
    return ColumnAssociations(
        columns=list(associations.columns),
        of=associations.of,
        matrix=np.round(associations.matrix, 3).tolist(),
        target=np.round(associations.target, 3).tolist(),
    )


def _from_prior_knowledge(ending: Outcome) -> Recommendation:
    """Return the recommendation of a run that trained nothing."""
    return Recommendation(
        regularizer=ending.regularizer,
        chart_outcome=ending.key,
        follows_chart=True,
        as_good=[],
        worse=[],
        caution="",
        l1=None,
        l2=None,
        strength=None,
        alpha=None,
        certainty="prior",
        probability=None,
        safe=None,
        calibrated=False,
        gain=None,
        nonzero_share=None,
        training=None,
        subsample_size=None,
        rule=None,
        in_words=LibraryWords(),
        weight_decay=None,
        sentence="",
    )
