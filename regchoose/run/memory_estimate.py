"""What an experiment on images takes of memory, before it takes it."""

from regchoose.errors import ResourceError, setting
from regchoose.experiment.design import TUNING_SETS, Layout, make_layout
from regchoose.machine import memory
from regchoose.records.table import Table
from regchoose.settings.options import Settings, first_rows

SHARE = 0.8  # of the memory that may be used
HELD, ENCODED = 8, 4  # bytes of a number in the table, and in the rows of a cell
GB = 1e9


def first_layout(table: Table, settings: Settings) -> Layout:
    """Return the design of the first look."""
    return make_layout(table.n_rows, rows=first_rows(settings), exchangeable=table.exchangeable)


def bytes_needed(table: Table, layout: Layout, settings: Settings) -> int:
    """Return about how many bytes an experiment holds: the table, and the rows of every cell, encoded."""
    numbers: int = table.features.shape[1]
    if layout.kind == "A":
        cells = layout.sets * (layout.rows + layout.test_rows) + TUNING_SETS * 2 * layout.rows
    else:
        tuning = settings.folds * min(settings.tuning_repeats, settings.repeats)
        cells = round(layout.rows * (settings.folds * settings.repeats + tuning * (1 - 1 / settings.folds)))
    return numbers * (HELD * (table.n_rows + layout.rows) + ENCODED * cells)


def refuse_too_much(table: Table, layout: Layout, settings: Settings, *, there: int | None = None) -> str:
    """Say how much an experiment on images holds.

    Parameters
    ----------
    there : int, optional
        Bytes of memory; by default those of this machine.

    Raises
    ------
    ResourceError
        E403 where that is more than 80 % of the machine's memory.
    """
    there = memory() if there is None else there
    needed, said = bytes_needed(table, layout, settings), _said(table, layout, settings)
    if there is not None and needed > SHARE * there and table.image is not None:
        side = max(4, max(table.image.height, table.image.width) // 2)
        rows = max(20, int(layout.rows * SHARE * there / needed / 2))
        rows = max(20, int(layout.rows * SHARE * there / needed / 2))
        raise ResourceError(
            "E403",
            f"{said}, and there are {_stated(there)}",
            where=table.path,
            fix=setting(image_size=side) | setting(rows=rows),
        )
    return f"{said}."


def said_of_memory(table: Table, settings: Settings) -> str:
    """Say how much the first look at a table of images holds."""
    return _said(table, first_layout(table, settings), settings)


def _said(table: Table, layout: Layout, settings: Settings) -> str:
    needed = _stated(bytes_needed(table, layout, settings))
    numbers = f"{layout.drawn:,} images of {table.features.shape[1]:,} numbers"
    return f"an experiment on {numbers} takes about {needed}"


def _stated(count: float) -> str:
    return f"{count / GB:.1f} GB" if count >= GB / 10 else f"{max(1, round(count / 1e6)):,} MB"
