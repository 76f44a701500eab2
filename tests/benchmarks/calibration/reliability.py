"""Tables of the study: stated probabilities beside what was observed, regret, and the variance factor."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.stats import binomtest

from regchoose.records import ARMS
from tests.benchmarks.calibration.verdicts import (
    NADEAU_BENGIO,
    Said,
    always,
    false_alarms,
    needed_factor,
    said,
)

BINS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
CLEARLY = 3  # times δ: where the best arm is that much better than every other, it should be recommended
FACTORS = (0.13, 0.16, 0.20, 0.24, NADEAU_BENGIO)
MODELS = ("networks", "linear")


def summary(records: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return everything the study says, of networks and of linear models."""
    found: dict[str, Any] = {"tasks": len(records)}
    for name in MODELS:
        own = [record for record in records if record["law"]["network"] == (name == "networks")]
        if own:
            found[name] = _of_model(own)
    return found


def _of_model(records: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Find the factor on one half of the tasks, and judge it on the other."""
    fitted = [record for record in records if record["law"]["number"] // 6 % 2 == 0]
    held = [record for record in records if record["law"]["number"] // 6 % 2 == 1]
    factor = min(max(needed_factor(fitted or records), FACTORS[0]), NADEAU_BENGIO)
    shown = {"tasks": len(records), "near_ties": sum(record["law"]["near_tie"] for record in records)}
    return {
        **shown,
        "always": {arm: _regrets([always(record, arm) for record in records]) for arm in ARMS},
        "factors": {f"{c:.3f}": _at(records, c) for c in FACTORS},
        "calibrated_factor": factor,
        "judged_on": len(held),
        "calibrated_on_others": _at(held, factor) if held else None,
    }


def _at(records: Sequence[dict[str, Any]], factor: float) -> dict[str, Any]:
    wrong, asked = false_alarms(records, factor=factor)
    alarms = {"type_1": {"wrong": wrong, "asked": asked, "share": wrong / asked if asked else None}}
    return alarms | {decide: rule_at(records, factor, decide) for decide in ("best", "chart")}


def rule_at(records: Sequence[dict[str, Any]], factor: float, decide: str) -> dict[str, Any]:
    """Return how the verdicts of one rule at one variance factor did."""
    verdicts = [said(record, factor=factor, decide=decide) for record in records]
    firm = [verdict for verdict in verdicts if verdict.certainty == "firm"]
    return {
        **_regrets([(verdict.regret, verdict.right) for verdict in verdicts]),
        "firm": _share([verdict.certainty == "firm" for verdict in verdicts]),
        "firm_right": _share([verdict.right for verdict in firm]),
        "safe": _reliability([(verdict.safe, verdict.right) for verdict in verdicts]),
        "probability": _reliability([(verdict.probability, verdict.same_outcome) for verdict in verdicts]),
        "clear": _share(_clear(records, verdicts)),
    }


def _regrets(found: Sequence[tuple[float, bool]]) -> dict[str, float]:
    regrets, within = zip(*found, strict=True)
    return {"regret": float(np.mean(regrets)), "within": float(np.mean(within))}


def _clear(records: Sequence[dict[str, Any]], verdicts: Sequence[Said]) -> list[bool]:
    """Return, for the tasks with a clearly best arm, whether it was the one recommended."""
    found = []
    for record, verdict in zip(records, verdicts, strict=True):
        losses: Mapping[str, float] = record["truth"]
        first, second = sorted(losses.values())[:2]
        if second - first > CLEARLY * record["rope"]:
            found.append(losses[verdict.arm] == first)
    return found


def _share(hits: Sequence[bool]) -> dict[str, Any]:
    """Return a share with its Wilson interval."""
    if not hits:
        return {"share": None, "of": 0, "interval": None}
    interval = binomtest(sum(hits), len(hits)).proportion_ci(method="wilson")
    return {"share": sum(hits) / len(hits), "of": len(hits), "interval": [interval.low, interval.high]}


def _reliability(found: Sequence[tuple[float, bool]]) -> list[dict[str, Any]]:
    """Return, for each bin of stated probabilities, their mean and the observed share."""
    stated = np.array([probability for probability, _ in found])
    right = np.array([hit for _, hit in found])
    place = np.clip(np.searchsorted(BINS, stated, side="right") - 1, 0, len(BINS) - 2)
    return [
        {
            "from": BINS[j],
            "to": BINS[j + 1],
            "stated": float(stated[place == j].mean()),
            "observed": _share(right[place == j].tolist()),
        }
        for j in range(len(BINS) - 1)
        if (place == j).any()
    ]
