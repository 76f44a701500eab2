"""Training a block, its networks by Adam or its linear models by the solver, and recording the result."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

from regchoose.records.words import Float, Int
from regchoose.training.adam import Adam
from regchoose.training.block import (
    Block,
    BlockResult,
    CellData,
    Stopped,
    captured_rows,
    captured_weights,
)
from regchoose.training.convex_solver import LinearProblem, SolverRows, solve
from regchoose.training.descent import Batches, Descent
from regchoose.training.deterministic import RowMatrix
from regchoose.training.loss import row_loss
from regchoose.training.networks.linear import matrix_to_rows
from regchoose.training.networks.network import Tensors, rows_by_model, torch_dtype
from regchoose.training.parameters import Parameters
from regchoose.training.penalty import PenaltyTensors

MODEL_ROWS = 2**21  # rows times models that a card judges at a time
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
    rows, recorder, notes = _CellRows(block, device), _Recorder(block, device), set[str]()
    steps, batch = block.schedule.steps(rows.n)

    def batches(_: int) -> Batches:
        if stop():
            raise Stopped
        return rows.batches(steps, batch)

    penalties = PenaltyTensors.of(block.penalties, device=device, dtype=torch.float32, cells=len(block.cells))
    parameters = rows.initial_parameters()
    adam = Adam.start(parameters, penalties)
    descent = Descent(block.network, block.task, block.schedule, steps, batch, batches, noted=notes.add)
    for epoch in descent.run(parameters, adam):
        if epoch in block.schedule.checkpoints:
            recorder.take(parameters)
    violation = _violation(block, rows, parameters=parameters, penalties=penalties)
    return recorder.result(parameters, violation, note="; ".join(sorted(notes)))


class _CellRows:
    """The training rows of the cells on the device, in the batch order that all models of a cell share.

    Cells differ by a row or two: of each, `n` rows are trained on in an epoch.
    """

    def __init__(self, block: Block, device: torch.device) -> None:
        self._block, self._device = block, device
        self._rngs = [np.random.default_rng(cell.seed) for cell in block.cells]
        self.n = block.n_rows or min(len(cell.y) for cell in block.cells)
        self._d = block.cells[0].x.shape[1]
        self._sizes = [len(cell.y) for cell in block.cells]
        self._starts = np.cumsum([0, *self._sizes[:-1]])
        self._x = torch.cat([block.network.place_rows(cell.x, device=device) for cell in block.cells])
        y = np.concatenate([cell.y for cell in block.cells])
        self._y = torch.as_tensor(y, dtype=torch.float32, device=device)

    def initial_parameters(self) -> Parameters:
        """Return the models, (c·m): those of a cell start alike."""
        starts = np.stack([self._block.network.initial(rng) for rng in self._rngs])
        cells = torch.as_tensor(starts, dtype=torch.float32, device=self._device)
        return Parameters.of_rows(self._block.network, cells.repeat_interleave(len(self._block.penalties), 0))

    def batches(self, steps: int, batch: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield x (c, batch, d), y (c, batch) of an epoch in a fresh order."""
        orders = [
            start + rng.permutation(size)[: steps * batch]
            for rng, size, start in zip(self._rngs, self._sizes, self._starts, strict=True)
        ]
        x, y = self._take(np.stack(orders))
        for step in range(steps):
            part = slice(step * batch, (step + 1) * batch)
            yield x[:, part], y[:, part]

    def first_rows(self, cells: slice) -> tuple[Tensor, Tensor]:
        """Return the first `n` training rows of some cells: x (c, n, d), y (c, n)."""
        return self._take(self._starts[cells][:, None] + np.arange(self.n))

    def _take(self, places: Int) -> tuple[Tensor, Tensor]:
        """Return the rows at places (c, n)."""
        where = torch.as_tensor(places, device=self._device)
        x, y = (rows.index_select(0, where.view(-1)) for rows in (self._x, self._y))
        return x.view(*where.shape, -1)[:, :, : self._d], y.view(where.shape)


def _violation(block: Block, rows: _CellRows, *, parameters: Parameters, penalties: PenaltyTensors) -> Tensor:
    """Violation of the optimality condition at the end, on the training rows: (c·m,)."""
    gradient, total = parameters.like(), parameters.like()
    for cells in _taken_together(block, parameters.flat.device):
        models = _models(block, cells)
        x_all, y_all = rows.first_rows(cells)
        for part in _row_parts(block, parameters.flat.device, rows.n):
            x, y = x_all[:, part], y_all[:, part]
            program = block.network.program(parameters.of(models), gradient.of(models), n_rows=y.shape[1])
            program.write_gradient(block.task, x, y)
            share = y.shape[1] / rows.n
            for whole, own in zip(total.of(models), gradient.of(models), strict=True):
                whole += own * share  # not in one operation, whose last digit depends on where a number lies
    p = block.network.n_penalized
    return penalties.violation(parameters.rows()[:, :p], total.rows()[:, :p])


def _taken_together(block: Block, device: torch.device) -> list[slice]:
    """Return the cells that are judged in one program: on a CPU each alone, so that none changes another."""
    c = len(block.cells)
    return [slice(cell, cell + 1) for cell in range(c)] if device.type == "cpu" else [slice(0, c)]


def _models(block: Block, cells: slice) -> slice:
    m = len(block.penalties)
    return slice(cells.start * m, cells.stop * m)


def _row_parts(block: Block, device: torch.device, n_rows: int) -> list[slice]:
    """Return the rows that models are judged on at a time, so that activations stay small."""
    at_once = block.network.rows_at_once
    if device.type != "cpu":
        at_once = max(at_once, MODEL_ROWS // block.n_models)
    return [slice(start, start + at_once) for start in range(0, n_rows, at_once)]


# ---- linear models -------------------------------------------------------------------------------


def _solve_block(block: Block, device: torch.device, stop: Callable[[], bool]) -> BlockResult:
    """Solve each cell's penalties together."""
    penalties = PenaltyTensors.of(block.penalties, device=device, dtype=torch.float64)
    recorder, k = _Recorder(block, device), block.network.n_outputs
    fits = []
    for cell in block.cells:
        rows = SolverRows.of(cell.x, cell.y, device=device)
        fits.append(solve(LinearProblem(block.task, rows, k, penalties), stop=stop))
    parameters = Parameters.of_rows(block.network, matrix_to_rows(torch.cat([fit.u for fit in fits])))
    recorder.take(parameters)
    reached = all(bool(fit.converged.all()) for fit in fits)
    note = "" if reached else NO_OPTIMUM
    return recorder.result(parameters, torch.cat([fit.residual for fit in fits]), note=note)


# ---- recording -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _EvalRows:
    """Rows of some cells on which losses are recorded."""

    x: Tensor  # (c, n, d), filled up with zeros where a cell has fewer rows than others
    y: Tensor  # (c, n)
    weights: Tensor  # (c, n): of a row in the mean over those of its cell
    captured: Tensor  # (c, r): rows whose own losses are captured; the last ones again where a cell has fewer


class _Recorder:
    """Records losses and zeros at each checkpoint, and captures the losses of rows and weights.

    All stays on the device until the end: to wait for it at each checkpoint would leave it idle.
    """

    def __init__(self, block: Block, device: torch.device) -> None:
        self._block, self._device, self._dtype = block, device, torch_dtype(block.network)
        self._watched = block.cells[0].watched
        self._counts_errors = block.task == "multiclass"
        self._groups = _taken_together(block, device)
        self._eval_rows = {
            name: [self._place(name, cells) for cells in self._groups] for name in _eval_sets(block.cells[0])
        }
        has_drawn = block.cells[0].drawn is not None
        self._drawn = [self._place_drawn(cells) for cells in self._groups] if has_drawn else []
        self._captured_weights = torch.as_tensor(captured_weights(block.network.n_penalized), device=device)
        self._recorded: dict[str, list[Tensor]] = {}  # name → (c·m,) by checkpoint
        self._captured: dict[str, list[Sequence[Tensor]]] = {}  # name → (m, …) by checkpoint and group

    def _place(self, name: str, cells: slice) -> _EvalRows:
        sets = [_eval_sets(cell)[name] for cell in self._block.cells[cells]]
        n = max(len(y) for _, y in sets)
        d = sets[0][0].shape[1]
        x = [self._block.network.place_rows(rows, device=self._device) for rows, _ in sets]
        filled = (
            x[0][None] if len(x) == 1 else torch.stack([pad(rows, (0, 0, 0, n - len(rows))) for rows in x])
        )
        y, weights = np.zeros((len(sets), n)), np.zeros((len(sets), n))
        captured = np.empty((len(sets), len(captured_rows(n))), dtype=np.int64)
        for place, (_, targets) in enumerate(sets):
            y[place, : len(targets)], weights[place, : len(targets)] = targets, 1 / len(targets)
            rows = captured_rows(len(targets))
            captured[place] = rows[np.minimum(np.arange(captured.shape[1]), len(rows) - 1)]
        return _EvalRows(
            filled[:, :, :d],
            torch.as_tensor(y, dtype=self._dtype, device=self._device),
            torch.as_tensor(weights, device=self._device),
            torch.as_tensor(captured, device=self._device),
        )

    def _place_drawn(self, cells: slice) -> Tensor:
        drawn = [cell.drawn for cell in self._block.cells[cells] if cell.drawn is not None]
        rows = [self._block.network.place_rows(x, device=self._device) for x in drawn]
        return torch.stack(rows)[:, :, : drawn[0].shape[1]]

    def take(self, parameters: Parameters) -> None:
        """Record losses and zeros at the next checkpoint."""
        network = self._block.network
        groups = [parameters.of(_models(self._block, cells)) for cells in self._groups]
        self._record("nonzero_share", parameters.nonzero_share())
        self._record("nonzero_inputs", network.nonzero_inputs(parameters.tensors).double())
        for name, rows in self._eval_rows.items():
            losses, wrong, of_rows = zip(*map(self._judge, groups, rows), strict=True)
            self._record(name, torch.cat(losses))
            if name == "test":
                self._capture("row", of_rows)
                if self._counts_errors:
                    self._record("errors", torch.cat(wrong))
        if self._watched:
            weights = parameters.rows()[:, self._captured_weights]
            self._capture("weights", [weights[_models(self._block, cells)] for cells in self._groups])
            if self._drawn:
                self._capture("drawn", [*map(network.outputs, groups, self._drawn)])

    def _judge(self, tensors: Tensors, rows: _EvalRows) -> tuple[Tensor, Tensor, Tensor]:
        """Return each model's loss and share of wrong classes, (m,), and its losses by row, (m, r)."""
        m = len(tensors[0])
        y, weights, captured = (rows_by_model(values, m) for values in (rows.y, rows.weights, rows.captured))
        losses, wrong = [], torch.zeros(m, dtype=torch.float64, device=self._device)
        for part in _row_parts(self._block, self._device, y.shape[1]):
            outputs = self._block.network.outputs(tensors, rows.x[:, part])
            losses.append(row_loss(self._block.task, outputs, y[:, part]))
            if self._counts_errors:
                wrong += ((outputs.argmax(1) != y[:, part]) * weights[:, part]).sum(1)
        of_rows = torch.cat(losses, 1)
        return (of_rows * weights).sum(1), wrong, of_rows.gather(1, captured).float()

    def _record(self, name: str, values: Tensor) -> None:
        self._recorded.setdefault(name, []).append(values)

    def _capture(self, name: str, values: Sequence[Tensor]) -> None:
        """Keep what the models of each group of cells came to at this checkpoint, (m, …)."""
        self._captured.setdefault(name, []).append(values)

    def result(self, parameters: Parameters, violation: Tensor, *, note: str = "") -> BlockResult:
        """Return the result, once all checkpoints are taken; the violation is (c·m,)."""
        shape = len(self._block.cells), len(self._block.penalties)
        recorded = {
            name: torch.stack(values, 1).cpu().numpy().reshape(*shape, -1)
            for name, values in self._recorded.items()
        }
        share, inputs = recorded.pop("nonzero_share"), recorded.pop("nonzero_inputs")
        rows = parameters.rows()
        finite = torch.isfinite(rows).all(1).cpu().numpy().reshape(shape)
        for losses in recorded.values():
            finite = finite & np.isfinite(losses).all(2)
        return BlockResult(
            recorded,
            share,
            inputs,
            violation.double().cpu().numpy().reshape(shape),
            ~finite,
            {name: tuple(self._by_cell(name, values)) for name, values in self._captured.items()},
            rows[:, : self._block.network.n_penalized].double().cpu().numpy().reshape(*shape, -1),
            note,
        )

    def _by_cell(self, name: str, captured: Sequence[Sequence[Tensor]]) -> Iterator[Float]:
        """Yield an array (m, t, …) for each cell."""
        for group, values in zip(self._groups, zip(*captured, strict=True), strict=True):
            cells, whole = self._block.cells[group], torch.stack(values, 1).cpu().numpy()
            for cell, own in zip(cells, np.split(whole, len(cells)), strict=True):
                last = len(captured_rows(len(cell.eval_sets["test"][1]))) if name == "row" else own.shape[2]
                yield np.array(own[:, :, :last], order="C")


def _eval_sets(cell: CellData) -> dict[str, tuple[RowMatrix, Float]]:
    """Return the rows on which losses are recorded, by name."""
    return {**cell.eval_sets, **({"train": (cell.x, cell.y)} if cell.watched else {})}
