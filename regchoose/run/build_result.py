"""From everything that a run found to the document of the contract."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

import numpy as np

from regchoose.errors import phrase_of, setting
from regchoose.experiment.judgement import Judgement
from regchoose.experiment.plan import Experiment
from regchoose.experiment.wording import advice
from regchoose.flowchart.nodes import Action, Outcome, Question
from regchoose.flowchart.walk import Step
from regchoose.records.answers import Result
from regchoose.records.subsample import AssociationMatrix, Profile, Subsample
from regchoose.records.table import Table
from regchoose.run.arm_sections import sections
from regchoose.settings.options import Option, Settings
from regchoose.statistics.decide import OUTCOME_ARMS
from regchoose.table.content_hash import content_hash
from regchoose.version import __version__

SCHEMA_VERSION = "1"


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
) -> Result:
    """Put the result of a walk together.

    Parameters
    ----------
    judgement : Judgement, optional
        None where the walk went by prior knowledge.
    seconds : mapping of str to float
        "total", "estimated" where there was an estimate, and each arm's.
    """
    ending = steps[-1].node
    assert isinstance(ending, Outcome)
    judged: dict[str, Any] = {
        "recommendation": _of_knowledge(ending),
        "arms": {},
        "design": None,
        "comparisons": (),
        "curves": {},
        "audit": None,
    }
    evidence: Mapping[str, str] = {}
    if judgement is not None:
        judged, evidence = sections(judgement), judgement.evidence()
    return Result(
        ok=True,
        schema_version=SCHEMA_VERSION,
        regchoose_version=__version__,
        fingerprint=_fingerprint(table, settings, experiment),
        settings=settings_of(settings),
        partial=False,
        seconds=seconds["total"],
        execution=_execution(settings, experiment, seconds=seconds),
        path=tuple(_step(step, evidence) for step in steps),
        subsample=None if subsample is None else _subsample(subsample),
        data=_data(table, profile, remarks=_remarks(table, subsample, experiment)),
        **judged,
    )


def _remarks(table: Table, subsample: Subsample | None, experiment: Experiment | None) -> tuple[str, ...]:
    """Return what is to be said of the network and of the order of the rows."""
    said = [phrase_of(line, setting("penalize")) for line in (experiment.remarks if experiment else ())]
    order = subsample.order if subsample else None
    if not (order is None or order.ok or table.time is not None):
        said.append(
            f"the first third of the rows can be told from the last (AUC {order.value:.2f}), so their order "
            "means something, and they are split at random: where it is time, "
            + setting("time")
            + " names its column"
        )
    return tuple(phrase.words(python=table.dialect.in_memory) for phrase in said)


def settings_of(settings: Settings) -> dict[str, Any]:
    """Return the settings that can change a result."""
    return {
        field.name: getattr(settings, field.name)
        for field in fields(Settings)
        if any(item.result for item in field.type.__metadata__ if isinstance(item, Option))  # type: ignore[union-attr]  # all are Annotated
    }


def _fingerprint(table: Table, settings: Settings, experiment: Experiment | None) -> dict[str, str]:
    said = json.dumps(settings_of(settings), sort_keys=True)
    source = experiment.network_source if experiment else ""
    network = {"network": source} if source else {}
    return network | {
        "data": content_hash(table),
        "settings": hashlib.sha256(said.encode()).hexdigest()[:16],
        "version": __version__,
    }


def _execution(
    settings: Settings, experiment: Experiment | None, *, seconds: Mapping[str, float]
) -> dict[str, Any]:
    device = str(experiment.training.devices) if experiment else None
    return {
        "device": device,
        "jobs": settings.jobs,
        "estimates": {"seconds": seconds.get("estimated")},
        "arm_seconds": {arm: seconds[arm] for arm in OUTCOME_ARMS.values() if arm in seconds},
    }


def _step(step: Step, evidence: Mapping[str, str]) -> dict[str, Any]:
    kind = {Question: "question", Action: "action", Outcome: "outcome"}[type(step.node)]
    reply = step.answer
    return {
        "key": step.node.key,
        "kind": kind,
        "text": step.node.text,
        "answer": None if reply is None else reply.value,
        "why": step.node.why,
        "source": step.node.source,
        "answered_by": None if reply is None else reply.by,
        "evidence": evidence.get(step.node.key, "" if reply is None else reply.evidence),
    }


def _subsample(subsample: Subsample) -> dict[str, Any]:
    return {
        "rows": len(subsample.rows),
        "of": subsample.of,
        "method": subsample.method,
        "matched": subsample.matched,
        "reason": subsample.reason,
        "worst": {kind: asdict(check) for kind, check in subsample.worst.items()},
        "checks": [asdict(check) for check in subsample.checks],
    }


def _data(table: Table, profile: Profile, *, remarks: Sequence[str]) -> dict[str, Any]:
    return {
        "path": table.path,
        "dialect": asdict(table.dialect),
        "rows": table.n_all,
        "image": None if table.image is None else asdict(table.image),
        "columns": [
            {"name": c.name, "role": c.role, "type": c.type, "why": c.why, "missing": c.missing}
            for c in table.shown
        ],
        "target": table.target_name,
        "target_why": table.target_why,
        "task": table.task,
        "task_why": table.task_why,
        "classes": list(table.classes),
        "warnings": [*table.warnings, *profile.warnings, *remarks],
        "profile": {
            name: asdict(getattr(profile, name))
            for name in ("correlated", "somewhat_correlated", "entire_picture", "sparse")
        }
        | {"associations": _associations(profile.associations)},
    }


def _associations(found: AssociationMatrix | None) -> dict[str, Any] | None:
    """Return the picture of the associations; three decimals are enough for it."""
    if found is None:
        return None
    rounded = {"matrix": np.round(found.matrix, 3).tolist(), "target": np.round(found.target, 3).tolist()}
    return {"columns": list(found.columns), "of": found.of, **rounded}


def _of_knowledge(ending: Outcome) -> dict[str, Any]:
    """Return the recommendation of a walk that trained nothing."""
    return {
        "regularizer": ending.regularizer,
        "outcome": ending.key,
        "outcome_text": ending.text,
        "certainty": "prior",
        "sentence": advice(ending.regularizer, certainty="prior", evidence={}),
        "calibrated": False,
        **dict.fromkeys(
            ("l1", "l2", "strength", "alpha", "probability", "safe", "gain", "nonzero_share", "training")
        ),
        **dict.fromkeys(("subsample_size", "rule", "weight_decay")),
        "in_words": {},
    }
