"""Inspecting a table without training anything; torch is not loaded."""

import numpy as np
from threadpoolctl import threadpool_limits

from regchoose.records.answers import Ask
from regchoose.records.subsample import Profile
from regchoose.records.table import Table
from regchoose.settings.options import FIRST_ROWS, Settings
from regchoose.subsample.profile import measure_profile
from regchoose.table.load import load


def inspect_table(path: str, settings: Settings, *, ask: Ask) -> tuple[Table, Profile]:
    """Read a table and measure what it says about the questions on prior knowledge.

    Parameters
    ----------
    settings : Settings
        Those of the group Data count, and the seed.
    ask : callable
        Asks a person, or returns None.

    Returns
    -------
    table : Table
    profile : Profile
        Of at most `FIRST_ROWS` rows, drawn evenly at random.

    Raises
    ------
    RegchooseError
        If the file cannot be read or used.
    """
    table = load(path, settings, choose=ask, on_unusable="show")
    generator = np.random.default_rng(settings.seed)
    rows = np.arange(table.n_rows)
    if table.n_rows > FIRST_ROWS:
        rows = np.sort(generator.choice(table.n_rows, size=FIRST_ROWS, replace=False))
    with threadpool_limits(1):  # sums split over threads differ in their last bits
        return table, measure_profile(table, rows)
