"""Results as a run gives them, for tests of what is printed."""

from typing import Any

from regchoose.result.document import RunResult


def arm(
    loss: float, *, safe: float, l1: float = 0.0, l2: float = 0.0, nonzero: float = 1.0
) -> dict[str, Any]:
    return {
        "l1": l1,
        "l2": l2,
        "safe": safe,
        "loss": loss,
        "optimism": 0.002,
        "criterion": loss + 0.005,
        "loss_sd": 0.021,
        "interval": [loss - 0.02, loss + 0.02],
        "train_loss": loss - 0.05,
        "epochs": 40,
        "nonzero_share": nonzero,
        "nonzero_inputs": 9.5,
        "stationarity": 0.01,
        "at_grid_edge": "",
        "trained": 40,
        "failed": 0,
        "metrics": {"R2": 1 - loss},
        "note": "",
    }


def step(
    key: str, *, text: str, answer: str, by: str, evidence: str, kind: str = "question"
) -> dict[str, Any]:
    return {
        "key": key,
        "kind": kind,
        "text": text,
        "answer": answer,
        "why": "",
        "source": "",
        "answered_by": by,
        "evidence": evidence,
    }


def altered(result: RunResult, **sections: Any) -> RunResult:
    """Return a result with other values: mappings name what is other, `{}` alone empties; all is checked."""
    return RunResult.model_validate(_altered(result.model_dump(exclude_unset=True), sections))


def _altered(known: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    merged = dict(known)
    for name, value in changes.items():
        old = known.get(name)
        merged[name] = (
            _altered(old, value) if isinstance(value, dict) and isinstance(old, dict) and value else value
        )
    return merged


FIRM = RunResult.model_validate(
    {
        "ok": True,
        "schema_version": "2",
        "regchoose_version": "0.1.0",
        "fingerprint": {"data": "d1", "settings": "s1", "version": "0.1.0"},
        "settings": {"decide": "audited", "chart": "which-regularizer", "seed": 0},
        "partial": False,
        "seconds": 12.4,
        "execution": {
            "device": "cpu",
            "jobs": 0,
            "estimates": {"seconds": 11.0},
            "arm_seconds": {"none": 0.42, "l1": 3.14, "l2": 2.9, "elastic_net": 6.0},
        },
        "recommendation": {
            "regularizer": "elastic_net",
            "chart_outcome": "start_elastic_net",
            "follows_chart": True,
            "as_good": ["l1", "l2", "elastic_net"],
            "worse": ["none"],
            "caution": "",
            "l1": 0.0021,
            "l2": 0.0086,
            "strength": 0.0107,
            "alpha": 0.8037,
            "certainty": "firm",
            "probability": 0.71,
            "safe": 0.97,
            "calibrated": True,
            "gain": {"value": 0.061, "interval": [0.038, 0.083]},
            "nonzero_share": 0.69,
            "training": {
                "optimizer": "Adam",
                "lr": 0.003,
                "batch": 128,
                "schedule_epochs": 100,
                "stop_epoch": 40,
            },
            "subsample_size": {"l1": 0.0024, "l2": 0.0107, "rows": 353},
            "rule": "l2 falls as 1/n, l1 as its square root",
            "in_words": {
                "pytorch": "l1 * |w| and l2 * w^2 added to the mean loss",
                "keras": "kernel_regularizer=L1L2(l1=0.0021, l2=0.0086)",
                "scikit_learn": "no L1 for networks; MLPRegressor(alpha=7.6) is the L2 part",
            },
            "weight_decay": 0.0172,
            "sentence": "Elastic Net gains 6.1 % over no regularization.",
        },
        "path": [
            step(
                "subsample_possible",
                text="Can you take a subsample with the same distribution?",
                answer="yes",
                by="measured",
                evidence="all 442 rows",
            ),
            step("draw_subsample", text="Draw it", answer="", by="trained", evidence="", kind="action"),
            step(
                "resources",
                text="Do you have resources available for validation?",
                answer="yes",
                by="user",
                evidence="about 12 s of 5 min",
            ),
            step(
                "elastic_net_vs_baseline",
                text="How does Elastic Net perform against the baseline?",
                answer="better",
                by="trained",
                evidence="−0.034 ± 0.012",
            ),
            step(
                "l1_vs_elastic_net",
                text="How does L1 perform against Elastic Net?",
                answer="worse",
                by="trained",
                evidence="+0.002 ± 0.004; no practical difference: 93 %",
            ),
            step(
                "start_elastic_net",
                text="Start with Elastic Net",
                answer="",
                by="trained",
                evidence="",
                kind="outcome",
            ),
        ],
        "arms": {
            "none": arm(0.561, safe=0.01),
            "l1": arm(0.529, safe=0.9, l1=0.003, nonzero=0.56),
            "l2": arm(0.534, safe=0.81, l2=0.01),
            "elastic_net": arm(0.527, safe=0.97, l1=0.0021, l2=0.0086, nonzero=0.69),
        },
        "design": {
            "kind": "B",
            "split": "random",
            "cells": 25,
            "folds": 5,
            "repeats": 5,
            "rows": 442,
            "rope": 0.01,
            "variance_factor": 0.29,
            "loss": "squared error of the standardized target",
            "loss_null": 1.0,
            "looks": [{"rows": 442, "certainty": "firm", "safe": 0.97}],
        },
        "comparisons": [
            {
                "question": "l1_vs_elastic_net",
                "a": "l1",
                "b": "elastic_net",
                "difference": 0.002,
                "interval": [-0.002, 0.006],
                "better": 0.05,
                "equivalent": 0.93,
                "worse": 0.02,
            },
        ],
        "curves": {},
        "audit": {
            "best_arm": "elastic_net",
            "chart_regret": 0.0,
            "agrees": True,
            "firmly": False,
            "simpler_equivalent": "l2",
            "safe": {"none": 0.01, "l1": 0.9, "l2": 0.81, "elastic_net": 0.97},
            "outcome_at_fixed_length": "start_elastic_net",
            "fixed_length": {"epochs": 100, "loss": {"none": 0.774, "elastic_net": 0.53}},
            "sentences": ["L2 was trained too: alike (P = .81), and simpler by one strength."],
        },
        "subsample": {
            "rows": 442,
            "of": 442,
            "method": "all rows",
            "matched": True,
            "reason": "all rows were taken",
            "worst": {},
            "checks": [],
        },
        "data": {
            "path": "data/diabetes.csv",
            "dialect": {
                "format": "csv",
                "delimiter": ",",
                "quote": None,
                "encoding": "utf-8",
                "compression": None,
                "header": True,
                "decimal": ".",
                "found": "comma-separated",
            },
            "rows": 442,
            "columns": [],
            "target": "progression",
            "target_why": "the last column",
            "task": "regression",
            "task_why": "numbers",
            "classes": [],
            "warnings": ["2 rows are duplicates"],
            "profile": {
                name: {"answer": "no", "evidence": "measured", "figures": {"inputs": 10.0}}
                for name in ("correlated", "somewhat_correlated", "entire_picture", "sparse")
            },
        },
    }
)


UNDECIDED = altered(
    FIRM,
    recommendation={
        "regularizer": "l1",
        "chart_outcome": "start_l1",
        "as_good": [],
        "worse": [],
        "certainty": "undecided",
        "safe": 0.71,
        "l1": 0.003,
        "l2": 0.0,
    },
    arms={
        "none": {"safe": 0.64},
        "l1": {"safe": 0.71},
        "l2": {"safe": 0.3},
        "elastic_net": {"safe": 0.6},
    },
    audit={"safe": {"none": 0.64, "l1": 0.71, "l2": 0.3, "elastic_net": 0.6}},
    comparisons=[
        {
            **dict(FIRM.comparisons[0]),
            "a": "l1",
            "b": "none",
            "difference": 0.011,
            "interval": [-0.005, 0.027],
        },
    ],
    subsample={"rows": 208, "of": 208},
    design={"rows": 208},
)

PRIOR = altered(
    FIRM,
    recommendation={
        "regularizer": "l2",
        "chart_outcome": "start_l2",
        "as_good": [],
        "worse": [],
        "calibrated": False,
        "l1": None,
        "l2": None,
        "strength": None,
        "alpha": None,
        "certainty": "prior",
        "probability": 0.6,
        "safe": None,
        "gain": None,
        "nonzero_share": None,
        "training": None,
        "subsample_size": None,
        "rule": "",
        "in_words": {},
        "weight_decay": None,
        "sentence": "Correlated features speak for L2; begin with strengths from 0.001 to 1.",
    },
    path=[
        step(
            "correlated",
            text="Are your features correlated?",
            answer="yes",
            by="measured",
            evidence="condition number 48",
        ),
        step("start_l2", text="Start with L2", answer="", by="measured", evidence="", kind="outcome"),
    ],
    arms={},
    design=None,
    comparisons=[],
    audit=None,
    subsample=None,
)
