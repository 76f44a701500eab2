"""Whether a table has rows enough for an experiment, altogether and in each class."""

import numpy as np

from regchoose.errors import DataError, one_of, setting
from regchoose.settings.options import Settings
from regchoose.table.columns.target import Target
from regchoose.table.raw_table import RawTable

WITHOUT_EXPERIMENT = (
    setting(resources="no") + " gives the answer from prior knowledge, which needs no experiment"
)


def check_rows(raw: RawTable, settings: Settings) -> None:
    """Raise E303 where the rows are too few for the folds."""
    fewest = 4 * settings.folds
    if raw.n_rows < fewest:
        fewer = raw.n_rows // 4
        raise DataError(
            "E303",
            f"the table has {raw.n_rows} rows, and {settings.folds} folds need at least {fewest}",
            where=raw.path,
            detail=[WITHOUT_EXPERIMENT],
            fix=setting(resources="no") | setting(folds=fewer) if fewer >= 2 else setting(resources="no"),
        )


def check_classes(target: Target, raw: RawTable, settings: Settings) -> None:
    """Raise E324 where a class has too few rows to stand in every fold."""
    counts = np.bincount(target.values.astype(np.int64), minlength=len(target.classes))
    fewest = 2 * settings.folds
    small = np.flatnonzero(counts < fewest)
    if not len(small):
        return
    rarest = int(counts.argmin())
    listed = ", ".join(f"{target.classes[code][:20]!r} ({counts[code]})" for code in small[:5])
    fewer = int(counts[rarest]) // 2
    remedies = [setting(folds=fewer)] if fewer >= 2 else []
    if len(small) > 1 and counts[small].sum() >= fewest and len(small) < len(counts):
        remedies.append(setting(min_class=fewest))
    if target.type in ("integer", "number"):
        remedies.append(setting(task="regression"))
    raise DataError(
        "E324",
        f"class {target.classes[rarest][:40]!r} has {counts[rarest]} rows, "
        f"and {settings.folds} folds need {fewest}",
        where=raw.path,
        detail=[
            f"{len(small)} of {len(target.classes)} classes are too small: {listed}",
            WITHOUT_EXPERIMENT,
        ],
        fix=one_of([*remedies, setting(resources="no")]),
    )
