"""Three ways to choose the strength and the length, held against the same truth.

*per cell*: in each cell by its own inner part. *pooled*: once, by the mean inner loss of all cells.
*out of bag*: pooled twice, by the inner losses of one half of the rows, and judged on the other half, so that
no row judges a choice that it had a part in (after Tsamardinos, Greasidou & Borboudakis 2018).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from regchoose.experiment.plan import Experiment
from regchoose.records.experiment import Penalties
from regchoose.records.words import ARMS, Arm, Float, Int
from regchoose.training.block import CellData
from regchoose.training.train import train
from tests.benchmarks.calibration.reliability import rule_at
from tests.benchmarks.calibration.study import Sizes, experiment_of, losses_of, rounded
from tests.benchmarks.calibration.tasks import law
from tests.benchmarks.calibration.verdicts import NADEAU_BENGIO

WAYS = ("per cell", "pooled", "out of bag")
HALVES = ("a", "b")
FACTORS = (0.20, NADEAU_BENGIO)


def compare_ways(record: dict[str, Any], sizes: Sizes) -> dict[str, Any]:
    """Return the arms' losses in each cell, by way of choosing; `record` holds the task's truth."""
    with threadpool_limits(1):
        return _compared(record, sizes)


def _compared(record: dict[str, Any], sizes: Sizes) -> dict[str, Any]:
    task = replace(law(record["law"]["number"]), n=record["law"]["n"], d=record["law"]["d"])
    settings = replace(sizes.settings, tuning_repeats=sizes.settings.repeats)
    experiment = experiment_of(task, settings)
    half = np.random.default_rng(task.number).permutation(task.n) % 2 == 0
    ways: dict[str, dict[Arm, list[float | None]]] = {way: {} for way in WAYS}
    for arm in ARMS:
        for way, losses in _by_way(experiment, experiment.grid(arm), half).items():
            ways[way][arm] = rounded(losses)
    kept = {key: record[key] for key in ("law", "rope", "loss_null", "truth")}
    return {**kept, "ways": ways}


def _by_way(experiment: Experiment, grid: Penalties, half: np.ndarray[Any, Any]) -> Mapping[str, Float]:
    """Try all points in all cells, on the inner parts and on the test rows; choose in each way: (c,)."""
    inner_cells = [(cell.fit, cell.inner) for cell in experiment.cells]
    tuning = [
        _halved(data, rows[1], half, name="inner")
        for data, rows in zip(experiment.tuning, inner_cells, strict=True)
    ]
    tried = train(experiment.training, tuning, grid)
    inner = {name: _clean(tried.losses[name], tried.failed) for name in HALVES}
    whole = _joined(inner, [data.judged for data in tuning])
    best = whole.mean(0).min(1).argmin(), whole.mean(0).min(0).argmin()
    moved = grid.at_rows(
        experiment.rows_train,
        trained_on=experiment.rows_fit,
        nonzero_share=float(tried.nonzero_share[:, *best].mean()),
    )
    final = [
        _halved(data, cell.test, half, name="test")
        for data, cell in zip(experiment.final, experiment.cells, strict=True)
    ]
    run = train(experiment.training, final, moved)
    test = {name: _clean(run.losses[name], run.failed) for name in HALVES}
    both = _joined(test, [data.judged for data in final])
    place = np.arange(len(final))
    t = whole.shape[2]
    own = np.array([np.divmod(int(cell.argmin()), t) for cell in whole])
    other = {
        mine: test[mine][:, *divmod(int(inner[theirs].mean(0).argmin()), t)]
        for mine, theirs in (HALVES, HALVES[::-1])
    }
    return {
        "per cell": both[place, own[:, 0], own[:, 1]],
        "pooled": both[:, *divmod(int(whole.mean(0).argmin()), t)],
        "out of bag": _joined(other, [data.judged for data in final]),
    }


def _halved(data: CellData, rows: Int, half: np.ndarray[Any, Any], *, name: str) -> CellData:
    """Judge a cell on the two halves of its rows apart."""
    x, y = data.judged[name]
    mine = half[rows]
    return replace(data, judged={"a": (x[mine], y[mine]), "b": (x[~mine], y[~mine])})


def _clean(losses: Float, failed: np.ndarray[Any, Any]) -> Float:
    return np.where(failed[:, :, None] | ~np.isfinite(losses), np.inf, losses)


def _joined(losses: Mapping[str, Float], judged: Sequence[Mapping[str, Any]]) -> Float:
    """Return the mean over the rows of both halves, (c, ...)."""
    share = np.array([len(own["a"][1]) / (len(own["a"][1]) + len(own["b"][1])) for own in judged])
    share = share.reshape(-1, *[1] * (losses["a"].ndim - 1))
    return share * losses["a"] + (1 - share) * losses["b"]


def summary_of_ways(records: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return what the verdicts would have been by each way, of networks and of linear models."""
    found: dict[str, Any] = {"tasks": len(records)}
    for name in ("networks", "linear"):
        own = [record for record in records if record["law"]["network"] == (name == "networks")]
        if own:
            found[name] = {way: _of_way(own, way) for way in WAYS}
    return found


def _of_way(records: Sequence[dict[str, Any]], way: str) -> dict[str, Any]:
    said = [{**record, "losses": record["ways"][way]} for record in records]
    rule = partial(rule_at, said)
    return {
        "tasks": len(said),
        "optimism": _optimism(said),
        "factors": {
            f"{c:.3f}": {decide: rule([c] * len(said), decide) for decide in ("best", "chart")}
            for c in FACTORS
        },
    }


def _optimism(records: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Return by how much the penalized arms gain more over none than is true, in units of δ."""
    off = []
    for record in records:
        losses, truth = losses_of(record), record["truth"]
        estimated = losses["none"] - np.mean([losses[arm] for arm in ARMS[1:]])
        true = truth["none"] - np.mean([truth[arm] for arm in ARMS[1:]])
        off.append((estimated - true) / record["rope"])
    return {"median": float(np.median(off)), "mean": float(np.mean(off))}
