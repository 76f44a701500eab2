"""How much memory an experiment on images takes, before it takes it."""

from regchoose.errors import ResourceError, setting
from regchoose.experiment.design import Layout, count_repeats, make_layout
from regchoose.machine import memory
from regchoose.records.table import Table
from regchoose.settings.options import Settings, first_rows

SHARE = 0.8  # of the memory that may be used
HELD, ENCODED = 8, 4  # bytes of a number in the table, and in the encoded rows of a cell
GB = 1e9


def first_layout(table: Table, settings: Settings) -> Layout:
    """Return the design of the first stage."""
    return make_layout(table.n_rows, rows=first_rows(settings), exchangeable=table.exchangeable)


def check_memory(table: Table, layout: Layout, settings: Settings) -> None:
    """Refuse an experiment on images that the machine has no memory for.

    Raises
    ------
    ResourceError
        E403 if that is more than 80 % of the machine's memory.
    """
    available, needed = memory(), _bytes_needed(table, layout, settings)
    if available is not None and needed > SHARE * available and table.image is not None:
        side = max(4, max(table.image.height, table.image.width) // 2)
        rows = max(20, int(layout.rows * SHARE * available / needed / 2))
        raise ResourceError(
            "E403",
            f"{describe_memory(table, layout, settings)}, and there are {_in_units(available)}",
            where=table.path,
            fix=setting(image_size=side) | setting(rows=rows),
        )


def describe_memory(table: Table, layout: Layout, settings: Settings) -> str:
    """Say how much memory an experiment on a table of images takes."""
    needed = _in_units(_bytes_needed(table, layout, settings))
    numbers = f"{layout.drawn:,} images of {table.features.shape[1]:,} numbers"
    return f"an experiment on {numbers} takes about {needed}"


def _bytes_needed(table: Table, layout: Layout, settings: Settings) -> int:
    """Return about how many bytes an experiment holds: the table, and the encoded rows of every cell."""
    numbers: int = table.features.shape[1]
    if layout.is_cross_validation:
        cells = layout.rows * settings.folds * count_repeats(layout.rows, settings.repeats)
    else:
        cells = layout.sets * (layout.rows + layout.test_rows)
    return numbers * (HELD * (table.n_rows + layout.rows) + ENCODED * cells)


def _in_units(n_bytes: float) -> str:
    return f"{n_bytes / GB:.1f} GB" if n_bytes >= GB / 10 else f"{max(1, round(n_bytes / 1e6)):,} MB"
