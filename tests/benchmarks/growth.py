"""How the cost of our engine grows: seconds against rows, features, strengths and hidden width."""

import time
from collections.abc import Mapping
from dataclasses import replace
from statistics import median
from typing import Any

import numpy as np

from regchoose.settings.options import Settings
from tests.benchmarks.ours import OURS
from tests.benchmarks.tables import make_sheet
from tests.benchmarks.work import make_work

REPEATS = 3
EPOCHS = 10


def grow(settings: Settings, smallest: Mapping[str, int], *, doublings: int) -> dict[str, Any]:
    """Double one size after another, the others kept small, at a fixed number of epochs.

    Parameters
    ----------
    smallest : mapping
        Rows, features, strengths of an arm, and width of the hidden layers.

    Returns
    -------
    dict
        For each size: its values, seconds, and the exponent of the last one or two doublings (1 is linear).
    """
    sizes = [2**power for power in range(doublings + 1)]
    return {
        name: _curve(settings, smallest, name=name, sizes=[least * size for size in sizes])
        for name, least in smallest.items()
    }


def _curve(settings: Settings, smallest: Mapping[str, int], *, name: str, sizes: list[int]) -> dict[str, Any]:
    seconds = [_seconds(settings, **{**smallest, name: size}) for size in sizes]
    exponent = np.polyfit(np.log(sizes[-3:]), np.log(seconds[-3:]), 1)[0]
    return {"sizes": sizes, "seconds": seconds, "exponent": float(exponent)}


def _seconds(settings: Settings, *, rows: int, features: int, strengths: int, width: int) -> float:
    sheet = make_sheet("regression", rows, features, seed=0)
    chosen = replace(settings, strengths=strengths, hidden=(width, width), epochs=EPOCHS, steps=0)
    work = make_work(sheet, chosen)
    taken = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        OURS.validate(work, np.arange(1))
        taken.append(time.perf_counter() - start)
    return median(taken)
