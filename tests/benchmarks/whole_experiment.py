"""The whole experiment: all cells, four arms, all strengths; what racing saves, and what it costs."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from regchoose.experiment.arms import ArmRun, train_arm
from regchoose.experiment.learning_rate import count_search_models, find_rate, is_searched
from regchoose.experiment.plan import Experiment, prepare
from regchoose.records.words import ARMS, Arm
from regchoose.settings.options import FIRST_ROWS, Settings
from tests.benchmarks.contender import Contender
from tests.benchmarks.same_work import places_of, warm_up
from tests.benchmarks.tables import Sheet, as_table
from tests.benchmarks.turns import by_turns
from tests.benchmarks.work import Work, workers_of


def prepared(sheet: Sheet, settings: Settings) -> Experiment:
    """Resample and encode the first rows of a table, as many as `recommend` takes at first."""
    rows = np.arange(min(len(sheet.y), FIRST_ROWS))
    return prepare(as_table(sheet), rows, settings, workers=workers_of(settings.jobs))


def with_found_rate(experiment: Experiment) -> Experiment:
    """Search the learning rate, as `recommend` does before the first arm."""
    return find_rate(experiment, advanced=lambda _: None) if is_searched(experiment) else experiment


def train_arms(experiment: Experiment) -> dict[Arm, ArmRun]:
    """Tune and judge all four arms."""
    return {arm: train_arm(experiment, arm, advanced=lambda _: None) for arm in ARMS}


def exhaustive(experiment: Experiment) -> Experiment:
    """Return the experiment without racing: every point is tried in every cell."""
    data = tuple(replace(cell, watched=True) for cell in experiment.data)
    return replace(experiment, stops=(len(data),), data=data, known=None)


def compare_experiment(
    sheet: Sheet, settings: Settings, peers: Sequence[Contender], *, rounds: int, sample: int
) -> dict[str, Any]:
    """Time our experiment, and peers that fit every strength in every cell.

    Theirs is a sample of the fits, scaled to all of them. Encoding and the search for a learning rate are in
    our seconds, not in theirs.
    """
    experiment = prepared(sheet, settings)
    work = _tuning_work(sheet, experiment)
    places = {peer: places_of(work, peer, sample) for peer in peers}
    warm_up(work, places)
    turns = by_turns(
        {"ours": partial(_ours, sheet, settings)}
        | {peer.name: partial(peer.validate, work, own) for peer, own in places.items()},
        rounds=rounds,
    )
    arms: dict[Arm, ArmRun] = turns.results["ours"]
    timed = {peer.name: len(own) * len(work.splits) for peer, own in places.items()}
    fits = len(experiment.cells) * len(work.points)
    seconds = {name: turns.median(name) * fits / n_fits for name, n_fits in timed.items()}
    return {
        "rows": experiment.n_rows,
        "features": sheet.x.shape[1],
        "cells": len(experiment.cells),
        "fits_of_ours": count_search_models(experiment) + sum(run.trained for run in arms.values()),
        "fits_of_peers": fits,
        "fits_of_peers_timed": timed,
        "load_before": turns.load_before,
        "seconds_of_rounds": {name: list(own) for name, own in turns.seconds.items()},
        "seconds": {"ours": turns.median("ours"), **seconds},
        "speedup_over": {name: own / turns.median("ours") for name, own in seconds.items()},
    }


def _ours(sheet: Sheet, settings: Settings) -> dict[Arm, ArmRun]:
    with threadpool_limits(1):
        return train_arms(with_found_rate(prepared(sheet, settings)))


def _tuning_work(sheet: Sheet, experiment: Experiment) -> Work:
    """Return the fits of the first repeat."""
    cells = experiment.cells[: experiment.settings.folds]
    return Work(
        replace(sheet, x=sheet.x[: experiment.n_rows], y=sheet.y[: experiment.n_rows]),
        tuple((cell.train, cell.test) for cell in cells),
        tuple(experiment.grid(arm) for arm in ARMS),
        experiment.training,
    )
