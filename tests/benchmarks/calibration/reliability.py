"""Tables of the study: stated probabilities beside what was observed, regret, and the variance factor."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.stats import binomtest

from regchoose.records.words import ARMS
from tests.benchmarks.calibration.learned import FEWEST, as_figures, learned, with_priors
from tests.benchmarks.calibration.verdicts import (
    NADEAU_BENGIO,
    Said,
    always,
    false_alarms,
    said,
)

BINS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
CLEARLY = 3  # times δ: where the best arm is that much better than every other, it should be recommended
FACTORS = (0.13, 0.16, 0.20, 0.24, NADEAU_BENGIO)
MODELS = ("networks", "linear")
OFTEN, RIGHT, LEVEL = 0.8, 0.97, 0.05  # goals: firm verdicts of all, right ones of these, false alarms
FEWER_CELLS = 10  # of the presets with two repeats
MORE = 1 / FEWER_CELLS - 1 / 25  # what these add to the factor of all cells; what overlap adds stays


def summary(records: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return everything the study says: of networks, of linear models, and of both."""
    found: dict[str, Any] = {"tasks": len(records)}
    if len(records) >= FEWEST:
        found["prior"] = as_figures(learned(records))
    known = with_priors(records)
    for name in MODELS:
        places = [j for j, own in enumerate(records) if own["law"]["network"] == (name == "networks")]
        if places:
            found[name] = _of_model([records[j] for j in places], [known[j] for j in places])
            others = [own for j, own in enumerate(records) if j not in places]
            if len(others) >= FEWEST:
                prior = learned(others)
                taught = [{**records[j], "prior": prior} for j in places]
                found[name]["with_prior_of_other_models"] = _at(taught, [NADEAU_BENGIO] * len(taught))
    found["both"] = _at(known, [NADEAU_BENGIO] * len(known))
    return found


def fitting_factor(records: Sequence[dict[str, Any]]) -> float:
    """Return the most cautious factor that is not silent: firm often enough, and right where it is.

    It is at most Nadeau & Bengio's, which is the one in use. Where none is firm that often, it
    is the least cautious one that is right; where none is, it stays theirs. Coverage of intervals is no
    measure here: between arms that are all but the same, and between one that explodes and the others, it
    fails without any harm.
    """
    right = []
    for c in sorted(FACTORS, reverse=True):
        found = _at(records, [c] * len(records))
        if _is_right(found):
            if found["best"]["firm"]["share"] >= OFTEN:
                return c
            right.append(c)
    return min(right, default=NADEAU_BENGIO)


def _is_right(own: Mapping[str, Any]) -> bool:
    """Tell whether firm verdicts keep their promise, and false alarms stay at their level."""
    shares = [own[rule]["firm_right"]["share"] for rule in ("best", "chart")]
    return (own["type_1"]["share"] or 0) <= LEVEL and all(s is None or s >= RIGHT for s in shares)


def _of_model(records: Sequence[dict[str, Any]], known: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Judge the tasks without a prior at several factors, and with the other half's at the usual one."""
    return {
        "tasks": len(records),
        "near_ties": sum(record["law"]["near_tie"] for record in records),
        "always": {arm: _regrets([always(record, arm) for record in records]) for arm in ARMS},
        "without_prior": {f"{c:.3f}": _at(records, [c] * len(records)) for c in FACTORS},
        "fitting_factor": fitting_factor(known),
        "with_prior_of_other_half": _at(known, [NADEAU_BENGIO] * len(known)),
        "with_it_and_fewer_cells": _at(
            [_fewer(record) for record in known], [NADEAU_BENGIO + MORE] * len(known)
        ),
    }


def _fewer(record: dict[str, Any]) -> dict[str, Any]:
    """Return a record as if there had been two repeats."""
    return {**record, "losses": {arm: losses[:FEWER_CELLS] for arm, losses in record["losses"].items()}}


def _at(records: Sequence[dict[str, Any]], factors: Sequence[float]) -> dict[str, Any]:
    """Return how the verdicts do, each at its factor."""
    wrong, asked = false_alarms(records, factors)
    alarms = {"type_1": {"wrong": wrong, "asked": asked, "share": wrong / asked if asked else None}}
    return alarms | {decide: rule_at(records, factors, decide) for decide in ("best", "chart")}


def rule_at(records: Sequence[dict[str, Any]], factors: Sequence[float], decide: str) -> dict[str, Any]:
    """Return how the verdicts of one rule did, each at its variance factor."""
    verdicts = [
        said(record, factor=factor, decide=decide) for record, factor in zip(records, factors, strict=True)
    ]
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
