"""Real tables, 30 % of whose rows are held out before anything is done with the rest."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from sklearn.model_selection import train_test_split

from regchoose.encoding.encoder import Encoder
from regchoose.records.table import Table
from regchoose.records.words import Float, Task
from regchoose.settings.options import Settings
from regchoose.statistics.decide import null_loss
from regchoose.table.load import load

HELD_OUT = 0.3
SPLITS = 5
# Prototypes and defaults were looked at on these, so what they say is no evidence.
TUNING = frozenset(
    {"german", "housing", "ionosphere", "loans", "pima-indians-diabetes", "sonar", "winequality-red"}
)
REPORTING = frozenset({"abalone", "banknote_authentication", "breast_cancer", "diabetes", "digits", "wine"})


@dataclass(frozen=True)
class Split:
    """A table, some of whose rows are held out; encoded as ours is, fitted on the rows that are not.

    The target of a regression is in units of its standard deviation over the rows that are not held out.

    Parameters
    ----------
    x, y, held_x, held_y : ndarray (n, d), (n,), (h, d), (h,)
    text : str
        The rows that are not held out, as their file has them.
    settings : Settings
        How that text is read, so that it is read as the whole file was.
    loss_null : float
        Loss of predicting the mean or the class shares.
    """

    table: str
    number: int
    task: Task
    n_classes: int
    x: Float
    y: Float
    held_x: Float
    held_y: Float
    text: str
    settings: Settings
    loss_null: float

    @property
    def n_outputs(self) -> int:
        """Numbers that a network puts out."""
        return self.n_classes if self.task == "multiclass" else 1


def half_of(table: str) -> Literal["tuning", "reporting"]:
    """Return the half that a table was declared for.

    Raises
    ------
    ValueError
        If it is in neither: a half chosen after the figures are seen would be none.
    """
    if table in TUNING:
        return "tuning"
    if table in REPORTING:
        return "reporting"
    raise ValueError(f"the table {table!r} is in no half; wanted one in TUNING or REPORTING of {__name__}")


def splits_of(path: Path, settings: Settings, *, splits: int = SPLITS) -> Iterator[Split]:
    """Yield the splits of a table's file, classes in the same shares on both sides."""
    half_of(path.stem)
    table = load(str(path), settings, choose=lambda _: None)
    header, lines = _lines(path, table)
    for number in range(splits):
        kept, held = train_test_split(
            np.arange(table.n_rows),
            test_size=HELD_OUT,
            random_state=number,
            stratify=None if table.task == "regression" else table.target,
        )
        kept, held = np.sort(kept), np.sort(held)
        encoder = Encoder.fit(table, kept)
        (x, y), (held_x, held_y) = encoder.transform(table, kept), encoder.transform(table, held)
        yield Split(
            table=path.stem,
            number=number,
            task=table.task,
            n_classes=len(table.classes),
            x=x,
            y=y,
            held_x=held_x,
            held_y=held_y,
            text="\n".join([*header, *(lines[row] for row in kept)]) + "\n",
            settings=_read_alike(table, settings),
            loss_null=null_loss(table.task, table.target[kept], n_classes=len(table.classes)),
        )


def _read_alike(table: Table, settings: Settings) -> Settings:
    return replace(
        settings,
        header="yes" if table.dialect.header else "no",
        task="regression" if table.task == "regression" else "classification",
        target=table.target_name if table.dialect.header else settings.target,
    )


def _lines(path: Path, table: Table) -> tuple[list[str], list[str]]:
    """Return the header's line, if there is one, and a line for each row."""
    text = path.read_text(encoding=table.dialect.encoding or "utf-8")
    lines = [line for line in text.splitlines() if line.strip()]
    count = int(table.dialect.header)
    if len(lines) - count != table.n_rows:
        raise ValueError(
            f"{path.name} has {len(lines) - count} lines for {table.n_rows} rows; wanted one a row"
        )
    return lines[:count], lines[count:]
