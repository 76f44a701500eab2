"""Mean regret of each method, beside ours.

Regret: held-out loss less that of the best of the methods compared, on the same split, in units of the loss
of predicting nothing. Splits of a table share rows, so their mean counts once, and standard errors are over
tables.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tests.benchmarks.regret.engine import ALONE, BEST, CHART, HABITS
from tests.benchmarks.regret.linear_peers import NAMES
from tests.benchmarks.regret.peers import GRID, OPTUNA
from tests.benchmarks.regret.splits import half_of

Record = Mapping[str, Any]
Methods = Mapping[str, Record]  # of one split, by name

OURS = (BEST, CHART, *ALONE.values())
QUICK = {"mlp": (*OURS, *HABITS), "linear": (*OURS, *NAMES)}
SLOW = {"mlp": (GRID, OPTUNA), "linear": ()}
HALVES = ("reporting", "tuning")


def summary(records: Sequence[Record]) -> dict[str, Any]:
    """Return, for each kind of network: all methods where all ran, and the quick ones everywhere."""
    found: dict[str, Any] = {}
    for network, quick in QUICK.items():
        slow = SLOW[network]
        own = [record for record in records if record["network"] == network]
        panels = {"with every peer": (*quick, *slow)} if slow else {}
        for panel, methods in (panels | {"quick methods": quick}).items():
            splits = _splits(own, methods)
            if splits:
                found.setdefault(network, {})[panel] = _panel(splits, methods)
    return found


def _splits(records: Sequence[Record], methods: Sequence[str]) -> dict[str, list[Methods]]:
    """Return the splits of each table on which every method ran."""
    by_split: dict[tuple[str, int], dict[str, Record]] = defaultdict(dict)
    for record in records:
        by_split[record["table"], record["split"]][record["method"]] = record
    found: dict[str, list[Methods]] = defaultdict(list)
    for (table, _), own in sorted(by_split.items()):
        if set(methods) <= set(own):
            found[table].append({method: own[method] for method in methods})
    return dict(found)


def _panel(splits: Mapping[str, list[Methods]], methods: Sequence[str]) -> dict[str, Any]:
    panel: dict[str, Any] = {}
    for half in HALVES:
        own = {table: found for table, found in splits.items() if half_of(table) == half}
        if own:
            panel[half] = _half(own, methods)
    panel["regret by table"] = {
        table: {method: float(_regrets(found, method).mean()) for method in methods}
        for table, found in splits.items()
    }
    return panel


def _half(splits: Mapping[str, list[Methods]], methods: Sequence[str]) -> dict[str, Any]:
    return {
        "tables": len(splits),
        "splits": sum(map(len, splits.values())),
        "methods": {method: _method(splits, method) for method in methods},
    }


def _method(splits: Mapping[str, list[Methods]], method: str) -> dict[str, Any]:
    tables = list(splits.values())
    regrets = np.array([_regrets(found, method).mean() for found in tables])
    more = regrets - [_regrets(found, BEST).mean() for found in tables]
    splits_of_all = [own for found in tables for own in found]
    seconds, ours = ([own[name]["seconds"] for own in splits_of_all] for name in (method, BEST))
    return {
        "regret": float(regrets.mean()),
        "more_than_ours": float(more.mean()),
        "standard_error": float(more.std(ddof=1) / np.sqrt(len(more))) if len(more) > 1 else None,
        "within": float(np.mean([_within(found, method) for found in tables])),
        "seconds": float(np.mean(seconds)),
        "times_ours": float(np.sum(seconds) / np.sum(ours)),
    }


def _regrets(found: Sequence[Methods], method: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array(
        [(own[method]["loss"] - _lowest(own)) / own[method]["loss_null"] for own in found], dtype=float
    )


def _within(found: Sequence[Methods], method: str) -> float:
    """Return the share of splits on which a method is within δ, ours, of the best."""
    return float(
        np.mean([own[method]["loss"] <= _lowest(own) + own[BEST]["choice"]["rope"] for own in found])
    )


def _lowest(own: Methods) -> float:
    return float(min(record["loss"] for record in own.values()))
