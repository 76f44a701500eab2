"""What an arm's points lost in the cells, and all that was recorded of their models."""

from dataclasses import dataclass, field

import numpy as np

from regchoose.experiment.choice import Bool, score_points
from regchoose.experiment.grid import grid_order
from regchoose.records.experiment import Penalties, Trained
from regchoose.records.words import Float, Int


@dataclass
class Trials:
    """The results of m points in c cells, which grow as models are trained; t checkpoints.

    Parameters
    ----------
    grid : Penalties
        The m points.
    n_cells, n_checkpoints : int
    tried : ndarray of bool (c, m)
        Where a model was trained.
    failed : ndarray of bool (c, m)
        Where its training diverged.
    recorded : dict of str to ndarray (c, m, t)
        "test", "train" and "errors" (see `Trained.losses`), "nonzero_share" and "nonzero_inputs". NaN where
        no model was trained, where it failed, and where nothing of the name was recorded.
    stationarity : ndarray (c, m)
    captured : dict of str to dict of (int, int) to ndarray (t, …)
        What `Trained.captured` names, by cell and point.
    """

    grid: Penalties
    n_cells: int
    n_checkpoints: int
    tried: Bool = field(init=False)
    failed: Bool = field(init=False)
    stationarity: Float = field(init=False)
    recorded: dict[str, Float] = field(default_factory=dict)
    captured: dict[str, dict[tuple[int, int], Float]] = field(default_factory=dict)
    notes: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        shape = (self.n_cells, len(self.grid))
        self.tried, self.failed = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
        self.stationarity = np.full(shape, np.nan)

    @property
    def losses(self) -> Float:
        """Test losses (c, m, t)."""
        return self.recorded["test"]

    @property
    def criterion(self) -> Float:
        """The criterion of each point and checkpoint, (m, t); see `score_points`."""
        return score_points(self.losses, self.tried)

    @property
    def everywhere(self) -> Bool:
        """Whether each point was tried in all cells, not dropped on the way: (m,)."""
        return np.asarray(self.tried.all(0))

    @property
    def eligible(self) -> Float:
        """The criterion (m, t) of the points that were tried in all cells; infinite for the others."""
        return np.where(self.everywhere[:, None], self.criterion, np.inf)

    def put(self, run: Trained, *, start: int, points: Int) -> None:
        """Put in the results of some points in the cells from `start` on."""
        place = np.ix_(np.arange(start, start + len(run.failed)), points)
        self.tried[place], self.failed[place] = True, run.failed
        self.stationarity[place] = run.stationarity
        arrays = {**run.losses, "nonzero_share": run.nonzero_share, "nonzero_inputs": run.nonzero_inputs}
        for name, values in arrays.items():
            self._array(name)[place] = np.where(run.failed[:, :, None], np.nan, values)
        for name, cells in run.captured.items():
            kept = self.captured.setdefault(name, {})
            for cell, values in enumerate(cells):
                kept |= {(start + cell, int(point)): own for point, own in zip(points, values, strict=True)}
        self.notes |= {run.note} - {""}

    def take_over(self, other: "Trials") -> None:
        """Put in the results of the points of these that others have tried already."""
        for theirs in range(len(other.grid)):
            same = (self.grid.l1 == other.grid.l1[theirs]) & (self.grid.l2 == other.grid.l2[theirs])
            for ours in np.flatnonzero(same).tolist():
                self._copy(other, theirs, ours)

    def join(self, other: "Trials") -> "Trials":
        """Return these points and others, in the order of a grid."""
        both = self.grid.join(other.grid)
        order = grid_order(both)
        joined = Trials(both[order], self.n_cells, self.n_checkpoints)
        for place, source in enumerate(order.tolist()):
            trials, point = (self, source) if source < len(self.grid) else (other, source - len(self.grid))
            joined._copy(trials, point, place)
        return joined

    def _array(self, name: str) -> Float:
        shape = (self.n_cells, len(self.grid), self.n_checkpoints)
        return self.recorded.setdefault(name, np.full(shape, np.nan))

    def _copy(self, source: "Trials", point: int, place: int) -> None:
        """Copy all that is known of a point."""
        for array in ("tried", "failed", "stationarity"):
            getattr(self, array)[:, place] = getattr(source, array)[:, point]
        for name, values in source.recorded.items():
            self._array(name)[:, place] = values[:, point]
        for name, models in source.captured.items():
            kept = self.captured.setdefault(name, {})
            kept |= {(cell, place): own for (cell, which), own in models.items() if which == point}
        self.notes |= source.notes
