"""A table that is streamed: some of its rows are held, and all of them counted."""

from dataclasses import replace

from regchoose.errors import DataError, UsageError, setting
from regchoose.records.answers import Ask
from regchoose.records.table import Table
from regchoose.records.words import OnProgress
from regchoose.settings.options import Settings
from regchoose.table.columns.duplicates import warn_of_duplicates
from regchoose.table.file_set import FileSet
from regchoose.table.large.column_stats import add_column_stats
from regchoose.table.large.held_rows import HeldTable, draw_held_rows
from regchoose.table.large.rejected_rows import check_reading
from regchoose.table.large.stream import Stream, streaming
from regchoose.table.make_table import OnUnusable, make_table, without_target
from regchoose.table.raw_table import RawTable
from regchoose.workers.tasks import Workers

UNUSABLE_IN_OTHER_ROWS = ("E322", "E324")  # what only the rows that are not held show of a target


def load_large(
    parts: FileSet,
    settings: Settings,
    *,
    choose: Ask,
    advanced: OnProgress,
    workers: Workers | None,
    on_unusable: OnUnusable = "refuse",
) -> tuple[Table, RawTable]:
    """Make the table of the rows held, and count over all rows what they are like.

    Raises
    ------
    RegchooseError
        As `streaming`, `draw_held_rows`, `make_table` and `add_column_stats`; E202 for an option that needs
        all rows, where only some are held.
    """
    with streaming(parts, settings, choose=choose, advanced=advanced, workers=workers) as stream:
        held = draw_held_rows(stream, to_match=on_unusable == "match")
        if not held.complete:
            _check_possible(held.raw, settings)
        table, raw = make_table(held.raw, settings, choose=choose, on_unusable=on_unusable)
        if not held.complete:
            return _with_all_rows(table, raw, stream, held, on_unusable=on_unusable)
        skipped = check_reading(stream, held.counts, ())
        return replace(table, warnings=(*table.warnings, *skipped, *warn_of_duplicates(table))), raw


def _with_all_rows(
    table: Table, raw: RawTable, stream: Stream, held: HeldTable, *, on_unusable: OnUnusable
) -> tuple[Table, RawTable]:
    """Add the statistics of all rows, which may show that the target cannot be predicted."""
    lenient = on_unusable != "refuse"
    try:
        return add_column_stats(table, stream, held, lenient=lenient), raw
    except DataError as error:
        if not lenient or error.code not in UNUSABLE_IN_OTHER_ROWS:
            raise
        table = without_target(held.raw, stream.settings, table, error, on_unusable=on_unusable)
        return add_column_stats(table, stream, held, lenient=True), held.raw


def _check_possible(raw: RawTable, settings: Settings) -> None:
    """Raise E202 for an option that needs all rows, where only some are held."""
    reasons = {
        "group": "rows of one group would be torn apart" if settings.group is not None else "",
        "min_class": "a class may be rare among them, and not in the table" if settings.min_class else "",
    }
    for name, why in reasons.items():
        if why:
            raise UsageError(
                "E202",
                setting(name) + f" needs all rows, and of this table {raw.n_rows:,} are held: {why}",
                where=raw.path,
                fix="leave " + setting(name) + " out" | f"give a table of at most {raw.n_rows:,} rows",
            )
