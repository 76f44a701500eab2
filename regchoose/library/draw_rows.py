"""Drawing the rows of a table that match it; apart from reading it, since scikit-learn is slow to load."""

from threadpoolctl import threadpool_limits

from regchoose.records.subsample import Subsample
from regchoose.records.table import Table
from regchoose.settings.options import Settings, first_rows
from regchoose.subsample.draw import draw_subsample


def draw_rows(table: Table, settings: Settings) -> Subsample:
    """Draw as many rows as the settings ask for, with the proof that they match."""
    with threadpool_limits(1):  # sums split over threads differ in their last bits
        return draw_subsample(table, size=first_rows(settings), folds=settings.folds, seed=settings.seed)
