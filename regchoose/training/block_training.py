"""Training a block, its networks by Adam or its linear models by the solver, and recording the result."""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from regchoose.records.words import Float
from regchoose.training.adam import Adam
from regchoose.training.block import (
    Block,
    BlockResult,
    CellData,
    Stopped,
    captured_rows,
    captured_weights,
)
from regchoose.training.convex_solver import DeviceRows, LinearProblem, solve
from regchoose.training.descent import Batches, Descent
from regchoose.training.deterministic import RowMatrix
from regchoose.training.loss import row_loss
from regchoose.training.networks.linear import matrix_to_rows
from regchoose.training.networks.network import EVALUATED_ROWS, torch_dtype
from regchoose.training.penalty import PenaltyTensors

EMPTY = np.empty(0)
NO_OPTIMUM = "some linear models have no finite optimum (separable classes): stopped on the way"


def train_block(block: Block, device: torch.device, *, stop: Callable[[], bool]) -> BlockResult:
    """Train every model of the block: to the last checkpoint of the schedule, or to its optimum.

    A convex model has one checkpoint, its optimum.

    Raises
    ------
    Stopped
        Where `stop()` became true.
    """
    return (_solve_block if block.network.is_convex else _descend_block)(block, device, stop)


# ---- networks ------------------------------------------------------------------------------------


def _descend_block(block: Block, device: torch.device, stop: Callable[[], bool]) -> BlockResult:
    rows, recorder = _CellRows(block, device), _Recorder(block, device)
    steps, batch = block.schedule.steps(rows.n)

    def batches(_: int) -> Batches:
        if stop():
            raise Stopped
        return rows.batches(steps, batch)

    penalties = PenaltyTensors.of(block.penalties, device=device, dtype=torch.float32, cells=len(block.cells))
    parameters = rows.initial_parameters()
    adam = Adam.start(parameters, n_penalized=block.network.n_penalized, penalties=penalties)
    descent = Descent(block.network, block.task, block.schedule, steps, batch, batches)
    for epoch in descent.run(parameters, adam):
        if epoch in block.schedule.checkpoints:
            recorder.take(parameters)
    violation = _violation(block, rows, parameters=parameters, penalties=penalties)
    return recorder.result(parameters, violation)


class _CellRows:
    """The training rows of the cells on the device, in the batch order that all models of a cell share."""

    def __init__(self, block: Block, device: torch.device) -> None:
        self._block, self._device = block, device
        self._rngs = [np.random.default_rng(cell.seed) for cell in block.cells]
        self.n = block.n_rows or min(len(cell.y) for cell in block.cells)  # cells differ by a row or two
        self._d = block.cells[0].x.shape[1]
        self._x = [block.network.place_rows(cell.x, device=device) for cell in block.cells]
        self._y = [torch.as_tensor(cell.y, dtype=torch.float32, device=device) for cell in block.cells]

    def initial_parameters(self) -> Tensor:
        """(c·m, p): the models of a cell start alike."""
        starts = np.stack([self._block.network.initial(rng) for rng in self._rngs])
        cells = torch.as_tensor(starts, dtype=torch.float32, device=self._device)
        return cells.repeat_interleave(len(self._block.penalties), 0)

    def batches(self, steps: int, batch: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield x (c·m, batch, d), y (c·m, batch) of an epoch in a fresh order."""
        orders = [
            torch.as_tensor(rng.permutation(len(y))[: steps * batch], device=self._device)
            for rng, y in zip(self._rngs, self._y, strict=True)
        ]
        x = torch.stack([x[order] for x, order in zip(self._x, orders, strict=True)])
        y = torch.stack([y[order] for y, order in zip(self._y, orders, strict=True)])
        for step in range(steps):
            part = slice(step * batch, (step + 1) * batch)
            yield self._to_models(x[:, part])[:, :, : self._d], self._to_models(y[:, part])

    def _to_models(self, rows: Tensor) -> Tensor:
        """(c, …) -> (c·m, …); a view where there is one cell."""
        c, m = len(self._block.cells), len(self._block.penalties)
        return rows[:, None].expand(c, m, *rows.shape[1:]).reshape(c * m, *rows.shape[1:])

    def rows_of_cell(self, cell: int) -> tuple[Tensor, Tensor]:
        """All training rows of one cell: (n, d), (n,)."""
        return self._x[cell][:, : self._d], self._y[cell]


def _violation(block: Block, rows: _CellRows, *, parameters: Tensor, penalties: PenaltyTensors) -> Tensor:
    """Violation of the optimality condition at the end, on all training rows: (c·m,)."""
    m, p = len(block.penalties), block.network.n_penalized
    total = torch.zeros_like(parameters)
    for cell in range(len(block.cells)):
        x_all, y_all = rows.rows_of_cell(cell)
        models = slice(cell * m, (cell + 1) * m)
        gradient = torch.zeros_like(parameters[models])
        for start in range(0, len(y_all), EVALUATED_ROWS):
            x = x_all[start : start + EVALUATED_ROWS].expand(m, -1, -1)
            y = y_all[start : start + EVALUATED_ROWS].expand(m, -1)
            program = block.network.program(parameters[models], gradient, n_rows=y.shape[1])
            program.write_gradient(block.task, x, y)
            total[models] += gradient * (y.shape[1] / len(y_all))
    return penalties.violation(parameters[:, :p], total[:, :p])


# ---- linear models -------------------------------------------------------------------------------


def _solve_block(block: Block, device: torch.device, stop: Callable[[], bool]) -> BlockResult:
    """Solve each cell's penalties together."""
    penalties = PenaltyTensors.of(block.penalties, device=device, dtype=torch.float64)
    recorder, k = _Recorder(block, device), block.network.n_outputs
    fits = []
    for cell in block.cells:
        rows = DeviceRows.of(cell.x, cell.y, device=device)
        fits.append(solve(LinearProblem(block.task, rows, k, penalties), stop=stop))
    parameters = matrix_to_rows(torch.cat([fit.u for fit in fits]))
    recorder.take(parameters)
    reached = all(bool(fit.converged.all()) for fit in fits)
    note = "" if reached else NO_OPTIMUM
    return recorder.result(parameters, torch.cat([fit.residual for fit in fits]), note=note)


# ---- recording -----------------------------------------------------------------------------------


class _Recorder:
    """Records losses and zeros at each checkpoint, and captures the losses of rows and weights."""

    def __init__(self, block: Block, device: torch.device) -> None:
        self._block, self._done = block, 0
        self._device, self._dtype = device, torch_dtype(block.network)
        self._watched = block.cells[0].watched
        self._counts_errors = block.task == "multiclass"
        shape = (len(block.cells), len(block.penalties), len(block.schedule.checkpoints))
        names = [*block.cells[0].eval_sets, *["train"] * self._watched, *["errors"] * self._counts_errors]
        self._losses = {name: np.full(shape, np.nan) for name in names}
        self._nonzero_share, self._nonzero_inputs = np.full(shape, np.nan), np.full(shape, np.nan)
        self._eval_sets = [
            {name: self._place(x, y) for name, (x, y) in _eval_sets(cell).items()} for cell in block.cells
        ]
        self._drawn = [None if cell.drawn is None else self._place(cell.drawn)[0] for cell in block.cells]
        self._captured_weights = torch.as_tensor(captured_weights(block.network.n_penalized), device=device)
        self._captured: dict[str, list[list[Float]]] = {}  # name → an array (m, …) by cell and checkpoint

    def _place(self, x: RowMatrix, y: Float = EMPTY) -> tuple[Tensor, Tensor]:
        rows = self._block.network.place_rows(x, device=self._device)[:, : x.shape[1]]
        return rows, torch.as_tensor(y, dtype=self._dtype, device=self._device)

    def take(self, parameters: Tensor) -> None:
        """Record losses and zeros at the next checkpoint."""
        c, m = len(self._block.cells), len(self._block.penalties)
        network = self._block.network
        share = (parameters[:, : network.n_penalized] != 0).to(self._dtype).mean(1).reshape(c, m)
        self._nonzero_share[:, :, self._done] = share.cpu().numpy()
        inputs = network.nonzero_inputs(parameters).reshape(c, m)
        self._nonzero_inputs[:, :, self._done] = inputs.cpu().numpy()
        for cell, eval_sets in enumerate(self._eval_sets):
            of_cell = parameters[cell * m : (cell + 1) * m]
            for name, (x, y) in eval_sets.items():
                losses, errors = self._evaluate(of_cell, x=x, y=y)
                self._losses[name][cell, :, self._done] = losses.double().mean(1).cpu().numpy()
                if name == "test":
                    rows = torch.as_tensor(captured_rows(len(y)), device=y.device)
                    self._capture("row", cell, losses[:, rows].float())
                    if self._counts_errors:
                        self._losses["errors"][cell, :, self._done] = errors.cpu().numpy()
            if self._watched:
                self._capture("weights", cell, of_cell[:, self._captured_weights])
                drawn = self._drawn[cell]
                if drawn is not None:
                    self._capture("drawn", cell, network.outputs(of_cell, drawn.expand(m, -1, -1)))
        self._done += 1

    def _evaluate(self, parameters: Tensor, *, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Loss of each row (m, n) that all models share, and the share of wrong classes (m,)."""
        m, network = len(parameters), self._block.network
        losses, wrong = [], torch.zeros(m, dtype=torch.float64, device=x.device)
        for start in range(0, len(y), network.rows_at_once):
            rows = slice(start, start + network.rows_at_once)
            outputs = network.outputs(parameters, x[rows].expand(m, -1, -1))
            losses.append(row_loss(self._block.task, outputs, y[rows].expand(m, -1)))
            if self._counts_errors:
                wrong += (outputs.argmax(1) != y[rows]).double().sum(1)
        return torch.cat(losses, 1), wrong / len(y)

    def _capture(self, name: str, cell: int, values: Tensor) -> None:
        """Keep the values (m, …) of a cell's models at this checkpoint."""
        cells = self._captured.setdefault(name, [[] for _ in self._block.cells])
        cells[cell].append(values.cpu().numpy())

    def result(self, parameters: Tensor, violation: Tensor, *, note: str = "") -> BlockResult:
        """Return the result, once all checkpoints are taken; the violation is (c·m,)."""
        c, m = len(self._block.cells), len(self._block.penalties)
        finite = torch.isfinite(parameters).all(1).reshape(c, m).cpu().numpy()
        for losses in self._losses.values():
            finite = finite & np.isfinite(losses).all(2)
        weights = parameters[:, : self._block.network.n_penalized].reshape(c, m, -1)
        return BlockResult(
            self._losses,
            self._nonzero_share,
            self._nonzero_inputs,
            violation.double().cpu().numpy().reshape(c, m),
            ~finite,
            {
                name: tuple(np.stack(checkpoints, 1) for checkpoints in cells)
                for name, cells in self._captured.items()
            },
            weights.double().cpu().numpy(),
            note,
        )


def _eval_sets(cell: CellData) -> dict[str, tuple[RowMatrix, Float]]:
    """Return the rows on which losses are recorded, by name."""
    return {**cell.eval_sets, **({"train": (cell.x, cell.y)} if cell.watched else {})}
