"""Tables of the study: how often what is said is true, how much is lost, and whether the goals are reached.

Every figure is of tasks whose prior never saw their table. Intervals are over tables: these are drawn again
(bootstrap), with all their tasks, since the tasks of a table are alike.
"""

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from regchoose.records.experiment import WORSE
from regchoose.records.words import ARMS, Arm
from regchoose.statistics.decide import FIRM, LEANING
from tests.benchmarks.calibration.lines import Record
from tests.benchmarks.calibration.prior_by_rows import compare_forms, learn_prior, leave_out_tables
from tests.benchmarks.calibration.verdicts import RULES, Answers, Said, answer_record

BINS = (0.0, 0.05, 0.2, 0.5, 0.8, 0.9, 0.95, 0.98, 1.0)
RESAMPLES = 2_000
LEAST_ROWS = 200
RIGHT, RIGHT_OF_FEW_ROWS, OFTEN, WORSE_RIGHT = 0.97, 0.95, 0.50, 0.95  # the goals
Pick = Callable[[Answers], Iterable[float]]  # what a task adds to a mean: nothing, one number or several


def summarize(records: Sequence[Record]) -> dict[str, Any]:
    """Return everything the study says."""
    whole = [own for own in records if _is_whole(own)]
    networks = sorted({own["network"] for own in whole})
    by_network = {name: [own for own in whole if own["network"] == name] for name in networks}
    flat = [answer_record(own, None) for own in whole]
    taught = [answers for own in by_network.values() for answers in answer_held_out(own)]
    found: dict[str, Any] = {
        "tasks": len(whole),
        "failed": [
            {"table": own["table"], "why": own.get("failed", "no truth")}
            for own in records
            if not _is_whole(own)
        ],
        "prior": {name: _describe_prior(own) for name, own in by_network.items()},
    }
    for kind in ("real", "synthetic"):
        found[kind] = {}
        for name in ("all", *(networks if len(networks) > 1 else ())):
            own, plain = (
                [
                    answers
                    for answers in every
                    if answers.record["synthetic"] == (kind == "synthetic")
                    and name in ("all", answers.record["network"])
                ]
                for every in (taught, flat)
            )
            if own:
                found[kind][name] = _of_group(own, plain)
    return found


def answer_held_out(records: Sequence[Record]) -> list[Answers]:
    """Judge the tasks of one network, each with the prior that other tables teach."""
    return [
        answer_record(record, None if prior is None else prior.at(record["n"]))
        for held, prior in leave_out_tables(records)
        for record in held
    ]


def _is_whole(record: Record) -> bool:
    return "failed" not in record and None not in record["truth"].values()


def _describe_prior(records: Sequence[Record]) -> dict[str, Any] | None:
    """Return what all tasks of a network teach, as plain numbers, and how the forms compared."""
    prior = learn_prior(records)
    if prior is None:
        return None
    return {
        "arms": {arm: asdict(curve) for arm, curve in prior.curves.items()},
        "synthetic_weight": prior.synthetic_weight,
        "widening": prior.widening,
        "held_out": [
            {"knots": knots, "synthetic_weight": weight, "log_likelihood": score}
            for (knots, weight), score in compare_forms(records).items()
        ],
        "tables": len({own["table"] for own in records if not own["synthetic"]}),
        "tasks": len(records),
    }


def _of_group(answered: Sequence[Answers], flat: Sequence[Answers]) -> dict[str, Any]:
    """Return what is said of some tasks, with the prior and without."""
    rows = sorted({own.record["n"] for own in answered}) if not answered[0].record["synthetic"] else []
    errors = [max(own.record["truth_error"].values()) / own.record["rope"] for own in answered]
    judged = _judge(answered)
    by_rows = {n: _judge([own for own in answered if own.record["n"] == n]) for n in rows}
    return {
        "tasks": len(answered),
        "tables": len({own.record["table"] for own in answered}),
        "truth_error": float(np.median(errors)),
        "always": {arm: _of_arm(answered, _said_of(arm)) for arm in ARMS},
        "with_prior": judged,
        "without_prior": _judge(flat),
        "by_rows": by_rows,
        "goals": _hold_goals(judged, by_rows.get(LEAST_ROWS)),
    }


def _said_of(arm: Arm) -> Callable[[Answers], Said]:
    return lambda own: own.arms[arm]


def _judge(answered: Sequence[Answers]) -> dict[str, Any]:
    """Return how the rules did, and the arms that were called worse."""

    def worse(own: Answers) -> list[bool]:
        return [not said.right for said in own.arms.values() if said.safe <= WORSE]

    rules = {rule: _of_rule(answered, rule) for rule in RULES}
    return {
        **rules,
        "worse_right": mean_over_tables(answered, worse),
        "safe_of_all": _reliability(answered, lambda own: own.arms.values()),
    }


def _of_rule(answered: Sequence[Answers], rule: str) -> dict[str, Any]:
    """Return how one rule did."""

    def is_firm(own: Answers) -> bool:
        return own.of(rule).safe >= FIRM

    def is_leaning(own: Answers) -> bool:
        return LEANING <= own.of(rule).safe < FIRM

    def right_where(said: Callable[[Answers], bool]) -> dict[str, Any]:
        return mean_over_tables(answered, lambda own: [own.of(rule).right] if said(own) else [])

    return {
        **_of_arm(answered, lambda own: own.of(rule)),
        "firm": mean_over_tables(answered, lambda own: [is_firm(own)]),
        "firm_right": right_where(is_firm),
        "leaning": mean_over_tables(answered, lambda own: [is_leaning(own)]),
        "leaning_right": right_where(is_leaning),
        "safe": _reliability(answered, lambda own: [own.of(rule)]),
    }


def _of_arm(answered: Sequence[Answers], pick: Callable[[Answers], Said]) -> dict[str, Any]:
    """Return the regret of the arm picked in each task, and how often it is within δ of the best."""
    return {
        "regret": mean_over_tables(answered, lambda own: [pick(own).regret]),
        "median_regret": float(np.median([pick(own).regret for own in answered])),
        "right": mean_over_tables(answered, lambda own: [pick(own).right]),
    }


def _reliability(
    answered: Sequence[Answers], pick: Callable[[Answers], Iterable[Said]]
) -> list[dict[str, Any]]:
    """Return, for each bin of `safe`, what it says on average and how often that is true."""
    found = []
    for low, high in itertools.pairwise(BINS):

        def within(own: Answers, low: float = low, high: float = high) -> list[Said]:
            return [said for said in pick(own) if low <= said.safe < high or said.safe == high == 1]

        observed = mean_over_tables(answered, lambda own: [said.right for said in within(own)])
        if observed["of"]:
            stated = mean_over_tables(answered, lambda own: [said.safe for said in within(own)])
            found.append({"from": low, "to": high, "stated": stated["mean"], "observed": observed})
    return found


def mean_over_tables(answered: Sequence[Answers], pick: Pick) -> dict[str, Any]:
    """Return the mean of what tasks add, of how many numbers, and its 95 % interval over tables.

    There is no interval where fewer than two tables add anything, or where all numbers are the same.
    """
    by_table: dict[str, list[float]] = {}
    for own in answered:
        by_table.setdefault(own.record["table"], []).extend(map(float, pick(own)))
    sums, counts = np.array([(sum(own), len(own)) for own in by_table.values() if own]).reshape(-1, 2).T
    if not counts.sum():
        return {"mean": None, "of": 0, "tables": 0, "interval": None}
    interval = None
    if len(counts) > 1 and len({value for own in by_table.values() for value in own}) > 1:
        times = np.random.default_rng(0).multinomial(
            len(counts), np.full(len(counts), 1 / len(counts)), RESAMPLES
        )
        interval = np.quantile(times @ sums / (times @ counts), [0.025, 0.975]).tolist()
    return {
        "mean": float(sums.sum() / counts.sum()),
        "of": int(counts.sum()),
        "tables": len(counts),
        "interval": interval,
    }


def _hold_goals(judged: Mapping[str, Any], least: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Hold the figures against the goals."""
    asked = [("worse is right", judged["worse_right"], WORSE_RIGHT)]
    for rule in RULES:
        asked.append((f"{rule}: firm is right", judged[rule]["firm_right"], RIGHT))
        if least is not None:
            asked.append(
                (f"{rule}: firm is right at {LEAST_ROWS} rows", least[rule]["firm_right"], RIGHT_OF_FEW_ROWS)
            )
        asked.append((f"{rule}: firm", judged[rule]["firm"], OFTEN))
    return [
        {
            "goal": name,
            "wanted": wanted,
            "found": found["mean"],
            "reached": None if found["mean"] is None else found["mean"] >= wanted,
        }
        for name, found, wanted in asked
    ]
