"""Exactly the same work: fits a second of every contender on one table."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from regchoose.records.words import Int
from tests.benchmarks.contender import Contender
from tests.benchmarks.ours import OURS
from tests.benchmarks.turns import Turns, by_turns
from tests.benchmarks.work import Work, shortened


def compare_on(work: Work, peers: Sequence[Contender], *, rounds: int, sample: int) -> dict[str, Any]:
    """Return one table's figures.

    Parameters
    ----------
    sample : int
        Points of the grid that a peer fits, on every split; ours fits all. Seconds are scaled to all fits.
    """
    places = {OURS: np.arange(len(work.points))} | {peer: places_of(work, peer, sample) for peer in peers}
    warm_up(work, places)
    turns = by_turns(
        {who.name: partial(who.validate, work, own) for who, own in places.items()}, rounds=rounds
    )
    flops = work.n_fits * work.flops_a_fit / turns.median("ours")
    return {
        "task": work.sheet.task,
        "rows": work.sheet.x.shape[0],
        "features": work.sheet.x.shape[1],
        "epochs": work.epochs,
        "rows_a_step": work.batch,
        "fits": work.n_fits,
        "load_before": turns.load_before,
        "matmul_gflops": turns.matmul_rate / 1e9,
        "ours_gflops": flops / 1e9,
        "share_of_matmul_peak": flops / turns.matmul_rate,
        "contenders": {who.name: _figures(work, who, own, turns=turns) for who, own in places.items()},
    }


def places_of(work: Work, who: Contender, sample: int) -> Int:
    """Return the places of the points that a peer is timed on."""
    return work.spread(sample, l2_only=who.l2_only)


def warm_up(work: Work, places: dict[Contender, Int]) -> None:
    """Let workers start, and kernels and memory warm up, before the clock does."""
    for who, own in places.items():
        who.validate(shortened(work, 1), own[:2])


def _figures(work: Work, who: Contender, places: Int, *, turns: Turns) -> dict[str, Any]:
    losses, n_fits = turns.results[who.name], len(places) * len(work.splits)
    seconds_a_fit = turns.median(who.name) / n_fits
    chosen = int(places[np.argmin(losses)])
    return {
        "fits_timed": n_fits,
        "seconds_of_rounds": list(turns.seconds[who.name]),
        "seconds_all_fits": seconds_a_fit * work.n_fits,
        "fits_a_second": 1 / seconds_a_fit,
        "times_ours": seconds_a_fit * work.n_fits / turns.median("ours"),
        "points_tried": len(places),
        "chosen": {"l1": float(work.points.l1[chosen]), "l2": float(work.points.l2[chosen])},
        "validation_loss": float(losses.min()),
        "test_loss": who.refit(work, chosen),
    }
