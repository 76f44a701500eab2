"""The fitted curves: for a table with one numeric feature the networks themselves can be drawn."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import softmax

from regchoose.encoding.encoder import Encoder
from regchoose.encoding.inputs import fit_target
from regchoose.records.experiment import Cell
from regchoose.records.table import Table
from regchoose.records.words import Float, Int, Task
from regchoose.table.columns.quantiles import quantiles

INPUTS = 50  # along the curve
MOST_POINTS = 300  # rows shown beside it
MOST_CLASSES = 8  # of more, the commonest are drawn
ENDS = (0.005, 0.995)  # quantiles of the feature between which the curve is drawn


@dataclass(frozen=True)
class Drawing:
    """Where the curves of a table with one numeric feature are drawn, and the rows beside them.

    Parameters
    ----------
    x : ndarray (g,)
        Values of the feature.
    names : tuple of str, (k',)
        What is drawn: the target of a regression, or the probability of a class.
    classes : ndarray of int (k',)
        The codes of those classes; empty for a regression.
    points_x, points_y : ndarray (p,), (k', p)
        Some rows of the subsample: their feature, and their target, or 1 where they are of the class.
    offset, scale : ndarray (c,)
        For each final cell: a standardized target times `scale` plus `offset` is in the units of the file.
    """

    feature: str
    x: Float
    names: tuple[str, ...]
    classes: Int
    points_x: Float
    points_y: Float
    offset: Float
    scale: Float

    def curves(self, task: Task, outputs: Float, cell: int) -> Float:
        """Convert a model's outputs in a final cell to the units that are drawn: (k, g) -> (k', g)."""
        if task == "regression":
            in_units: Float = outputs * self.scale[cell] + self.offset[cell]
            return in_units
        logits = np.vstack([np.zeros_like(outputs), outputs]) if task == "binary" else outputs
        shares: Float = softmax(logits, 0)[self.classes]
        return shares


def make_drawing(table: Table, rows: Int, cells: tuple[Cell, ...]) -> Drawing | None:
    """Return where the curves of a table are drawn; None unless it has one feature, a number that varies.

    Parameters
    ----------
    rows : ndarray (n,)
        The subsample.
    cells : tuple of Cell
        The cells whose models are drawn.
    """
    if len(table.used) != 1 or table.used[0].role != "numeric":
        return None
    values, target = table.features[rows, 0], table.target[rows]
    low, high = quantiles(values[:, None], ENDS)[:, 0]
    if not np.isfinite(high - low) or low >= high:
        return None
    within = np.flatnonzero((values >= low) & (values <= high))
    some = within[np.arange(min(len(within), MOST_POINTS)) * len(within) // min(len(within), MOST_POINTS)]
    classes, names, points = np.empty(0, dtype=np.int64), [table.target_name], target[None, some]
    if table.task != "regression":
        classes = _shown_classes(target, table)
        names = [f"probability of {table.classes[code]}" for code in classes]
        points = (points == classes[:, None]).astype(np.float64)
    targets = [fit_target(table, rows[cell.train]) for cell in cells]
    mean, scale = (
        np.array([fitted.mean for fitted in targets]),
        np.array([fitted.scale for fitted in targets]),
    )
    x = np.linspace(low, high, INPUTS)
    return Drawing(table.used[0].name, x, tuple(names), classes, values[some], points, mean, scale)


def _shown_classes(target: Float, table: Table) -> Int:
    """Return the codes of the classes that are drawn: the second of two, else the commonest, ascending."""
    if table.task == "binary":
        return np.array([1])
    counts = np.bincount(target.astype(np.int64), minlength=len(table.classes))
    return np.sort(np.argsort(-counts, kind="stable")[:MOST_CLASSES])


def encode_curve(table: Table, drawing: Drawing, encoder: Encoder) -> Float:
    """Encode the values along the curve as rows are encoded: -> (g, d)."""
    drawn = replace(table, features=drawing.x[:, None], target=np.zeros(len(drawing.x)))
    return encoder.transform(drawn, np.arange(len(drawing.x)))[0]
