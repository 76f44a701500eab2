"""Mean regret of each method, beside ours.

Regret: loss less that of the best of the methods compared, on the same task, in units of the loss of
predicting nothing. The tasks of a table are alike, so their mean counts once, and standard errors are over
tables.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from regchoose.records.words import Float
from tests.benchmarks.calibration.lines import Record, record_key
from tests.benchmarks.regret.our_rules import AUDITED


def join_records(records: Sequence[Record]) -> list[Record]:
    """Return one record for each task; methods that ran later are in records of their own."""
    found: dict[tuple[str, int, int, str], Record] = {}
    for record in records:
        own = found.setdefault(record_key(record), {**record, "methods": {}})
        own["methods"] |= record["methods"]
    return list(found.values())


def summarize(records: Sequence[Record], methods: Collection[str] = ()) -> dict[str, Any]:
    """Return the figures of each kind of network.

    Parameters
    ----------
    methods : collection of str
        Those that are compared, beside ours; by default all that ever ran. Only tasks on which all of them
        ran count.
    """
    found = {}
    joined = join_records(records)
    for network in sorted({record["network"] for record in joined}):
        own = [record for record in joined if record["network"] == network]
        ran = dict.fromkeys(name for record in own for name in record["methods"])
        compared = [name for name in ran if name == AUDITED or not methods or name in methods]
        tasks = [record for record in own if {AUDITED, *compared} <= set(record["methods"])]
        if tasks:
            found[network] = _compare(tasks, compared) | {"not_compared": len(own) - len(tasks)}
    return found


def _compare(tasks: Sequence[Record], methods: Sequence[str]) -> dict[str, Any]:
    rows = sorted({task["n"] for task in tasks})
    return {
        "all": _group(tasks, methods),
        "by_rows": {str(n): _group([task for task in tasks if task["n"] == n], methods) for n in rows},
        "by_table": {
            table: {
                method: float(np.mean([_regret(task, method, methods) for task in own])) for method in methods
            }
            for table, own in _by_table(tasks).items()
        },
    }


def _group(tasks: Sequence[Record], methods: Sequence[str]) -> dict[str, Any]:
    return {
        "tasks": len(tasks),
        "tables": len(_by_table(tasks)),
        "methods": {method: _figures(tasks, method, methods) for method in methods},
    }


def _figures(tasks: Sequence[Record], method: str, methods: Sequence[str]) -> dict[str, Any]:
    by_table = _by_table(tasks).values()
    regrets = _means(by_table, lambda task: _regret(task, method, methods))
    more = _means(by_table, lambda task: _regret(task, method, methods) - _regret(task, AUDITED, methods))
    seconds = [task["methods"][method]["seconds"] for task in tasks]
    ratios = [own / task["methods"][AUDITED]["seconds"] for own, task in zip(seconds, tasks, strict=True)]
    return {
        "regret": float(regrets.mean()),
        "standard_error": _standard_error(regrets),
        "median": float(np.median([_regret(task, method, methods) for task in tasks])),
        "within": float(_means(by_table, lambda task: _is_within(task, method, methods)).mean()),
        "more_than_ours": float(more.mean()),
        "standard_error_of_more": _standard_error(more),
        "seconds": float(np.mean(seconds)),
        "times_ours": float(np.median(ratios)),
        "failed": sum("failed" in task["methods"][method]["choice"] for task in tasks),
    }


def _by_table(tasks: Sequence[Record]) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = defaultdict(list)
    for task in tasks:
        found[task["table"]].append(task)
    return dict(found)


def _means(by_table: Iterable[Sequence[Record]], figure: Callable[[Record], float]) -> Float:
    """Return the mean of a figure over the tasks of each table."""
    return np.array([np.mean([figure(task) for task in own]) for own in by_table])


def _standard_error(means: Float) -> float | None:
    return float(means.std(ddof=1) / np.sqrt(len(means))) if len(means) > 1 else None


def _regret(task: Mapping[str, Any], method: str, methods: Sequence[str]) -> float:
    return float((task["methods"][method]["loss"] - _lowest(task, methods)) / task["loss_null"])


def _is_within(task: Mapping[str, Any], method: str, methods: Sequence[str]) -> bool:
    """Whether a method is within δ, ours, of the best."""
    rope = task["methods"][AUDITED]["choice"].get("rope", 0.0)
    return bool(task["methods"][method]["loss"] <= _lowest(task, methods) + rope)


def _lowest(task: Mapping[str, Any], methods: Sequence[str]) -> float:
    return float(min(task["methods"][method]["loss"] for method in methods))
