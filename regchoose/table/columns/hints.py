"""What a person may have overlooked: rows that belong together, and rows in the order of time."""

from collections.abc import Sequence

from regchoose.errors import PhraseLike, setting
from regchoose.records.table import Column
from regchoose.settings.options import Settings
from regchoose.table.cell_values import ID_NAME
from regchoose.table.cells import to_cells
from regchoose.table.raw_table import RawTable

FEWEST_GROUPS = 10


def overlooked(
    raw: RawTable, columns: Sequence[Column], *, target: int, settings: Settings
) -> list[PhraseLike]:
    """Return a warning where `--group` or `--time` may be missing.

    Parameters
    ----------
    columns : sequence of Column
        Those of the file come first, in its order.
    target : int
        Place of the target.
    """
    warnings: list[PhraseLike] = []
    if settings.group is None:
        for place, (name, column) in enumerate(zip(raw.names, columns, strict=False)):
            if place != target and column.role in ("numeric", "category", "text") and ID_NAME.fullmatch(name):
                groups = len(to_cells(raw.columns[place]).texts)
                if FEWEST_GROUPS <= groups <= raw.n_rows / 2:
                    warnings.append(
                        f"{name!r} has the name of an id, and its {groups:,} values recur: rows of one may "
                        "be alike. Where new ones are to be predicted: " + setting(group=name)
                    )
    dated = next((column.name for column in columns if column.role == "date"), None)
    if settings.time is None and dated is not None:
        warnings.append(
            f"{dated!r} holds dates, and rows are split at random: where later rows are to be predicted "
            "from earlier ones, " + setting(time=dated)
        )
    return warnings
