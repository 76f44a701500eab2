"""Training a block: Adam with proximal steps, all its models in one program."""

from collections.abc import Callable
from math import cos, pi

import numpy as np
import torch
from torch import Tensor

from regchoose.records.words import Float
from regchoose.training.adam import Adam
from regchoose.training.block import Block, BlockResult, Stopped, captured_weights
from regchoose.training.cache_lines import spread
from regchoose.training.loss import row_loss
from regchoose.training.penalty import optimality

EVALUATED_ROWS = 1024  # at a time, so that activations stay small


def train_block(block: Block, device: torch.device, *, stop: Callable[[], bool]) -> BlockResult:
    """Train every model of the block to the last checkpoint of the schedule.

    Raises
    ------
    Stopped
        Where `stop()` became true.
    """
    c, m = len(block.cells), len(block.l1)
    rows, record = _RowsOfCells(block, device), _Record(block, device)
    parameters = _descended(block, rows, taken=record.take, stop=stop)
    l1, l2 = _strengths(block, device)
    stationarity = _stationarity(block, rows, parameters=parameters, l1=l1, l2=l2)
    return record.result(parameters, stationarity.reshape(c, m))


def train_whole(block: Block, device: torch.device) -> Float:
    """Train as `train_block` does, and return the models themselves: their parameters (c·m, p)."""
    rows = _RowsOfCells(block, device)
    parameters = _descended(block, rows, taken=lambda _: None, stop=lambda: False)
    found: Float = parameters.cpu().numpy()
    return found


def _strengths(block: Block, device: torch.device) -> tuple[Tensor, Tensor]:
    """l1 and l2 of each model: (c·m,), (c·m,)."""
    c = len(block.cells)
    l1, l2 = (
        torch.as_tensor(np.tile(s, c), dtype=torch.float32, device=device) for s in (block.l1, block.l2)
    )
    return l1, l2


def _descended(
    block: Block, rows: "_RowsOfCells", *, taken: Callable[[Tensor], None], stop: Callable[[], bool]
) -> Tensor:
    """Return the parameters (c·m, p) after the last checkpoint; `taken` is told those of each."""
    parameters = rows.initial_parameters()
    gradient = torch.zeros_like(parameters)
    steps, batch = block.schedule.steps(rows.n)
    program = block.network.program(parameters, gradient, n_rows=batch)
    l1, l2 = _strengths(block, parameters.device)
    adam = Adam.start(parameters, n_penalized=block.network.n_penalized, l1=l1, l2=l2)
    total, count = steps * block.schedule.epochs, 0
    for epoch in range(1, int(block.schedule.checkpoints[-1]) + 1):
        if stop():
            raise Stopped
        x_epoch, y_epoch = rows.shuffled(steps * batch)
        for step in range(steps):
            part = slice(step * batch, (step + 1) * batch)
            x, y = rows.to_models(x_epoch[:, part])[:, :, : rows.d], rows.to_models(y_epoch[:, part])
            program.write_gradient(block.task, x, y)
            lr = block.schedule.lr * 0.5 * (1 + cos(pi * count / total))
            count += 1
            adam.step_(parameters, gradient, lr=lr, count=count)
        if epoch in block.schedule.checkpoints:
            taken(parameters)
    return parameters


class _RowsOfCells:
    """The training rows of the cells on the device, in the batch order that all models of a cell share."""

    def __init__(self, block: Block, device: torch.device) -> None:
        self._block, self._device = block, device
        self._rngs = [np.random.default_rng(cell.seed) for cell in block.cells]
        self.n = block.n_rows or min(len(cell.y) for cell in block.cells)  # cells differ by a row or two
        self.d = block.cells[0].x.shape[1]
        width = block.network.width(self.d)
        self._x = [spread(cell.x, width, device=device) for cell in block.cells]  # (n, width)
        self._y = [torch.as_tensor(cell.y, dtype=torch.float32, device=device) for cell in block.cells]

    def initial_parameters(self) -> Tensor:
        """(c·m, p): the models of a cell start alike."""
        starts = np.stack([self._block.network.initial(rng) for rng in self._rngs])
        cells = torch.as_tensor(starts, dtype=torch.float32, device=self._device)
        return cells.repeat_interleave(len(self._block.l1), 0)

    def shuffled(self, n: int) -> tuple[Tensor, Tensor]:
        """Return the first n rows of a fresh order: (c, n, width), (c, n)."""
        orders = [
            torch.as_tensor(rng.permutation(len(y))[:n], device=self._device)
            for rng, y in zip(self._rngs, self._y, strict=True)
        ]
        x = torch.stack([x[order] for x, order in zip(self._x, orders, strict=True)])
        y = torch.stack([y[order] for y, order in zip(self._y, orders, strict=True)])
        return x, y

    def to_models(self, rows: Tensor) -> Tensor:
        """(c, …) -> (c·m, …); a view where there is one cell."""
        c, m = len(self._block.cells), len(self._block.l1)
        return rows[:, None].expand(c, m, *rows.shape[1:]).reshape(c * m, *rows.shape[1:])

    def of_cell(self, cell: int) -> tuple[Tensor, Tensor]:
        """All training rows of one cell: (n, d), (n,)."""
        return self._x[cell][:, : self.d], self._y[cell]


def _stationarity(block: Block, rows: _RowsOfCells, *, parameters: Tensor, l1: Tensor, l2: Tensor) -> Float:
    """Residual of the optimality condition at the end, on all training rows: (c·m,)."""
    m, p = len(block.l1), block.network.n_penalized
    total = torch.zeros_like(parameters)
    for cell in range(len(block.cells)):
        x_all, y_all = rows.of_cell(cell)
        own = slice(cell * m, (cell + 1) * m)
        gradient = torch.zeros_like(parameters[own])
        for start in range(0, len(y_all), EVALUATED_ROWS):
            x = x_all[start : start + EVALUATED_ROWS].expand(m, -1, -1)
            y = y_all[start : start + EVALUATED_ROWS].expand(m, -1)
            program = block.network.program(parameters[own], gradient, n_rows=y.shape[1])
            program.write_gradient(block.task, x, y)
            total[own] += gradient * (y.shape[1] / len(y_all))
    return optimality(parameters[:, :p], total[:, :p], l1, l2).double().cpu().numpy()


class _Record:
    """What is written down at the checkpoints."""

    def __init__(self, block: Block, device: torch.device) -> None:
        self._block, self.done = block, 0
        shape = (len(block.cells), len(block.l1), len(block.schedule.checkpoints))
        self._losses = {name: np.full(shape, np.nan) for name in block.cells[0].judged}
        self._nonzero_share, self._nonzero_inputs = np.full(shape, np.nan), np.full(shape, np.nan)
        d = block.cells[0].x.shape[1]
        width = block.network.width(d)
        self._judged = [
            {
                name: (
                    spread(x, width, device=device)[:, :d],
                    torch.as_tensor(y, dtype=torch.float32, device=device),
                )
                for name, (x, y) in cell.judged.items()
            }
            for cell in block.cells
        ]
        self._drawn = [
            None if cell.drawn is None else spread(cell.drawn, width, device=device)[:, :d]
            for cell in block.cells
        ]
        self._kept_weights = torch.as_tensor(captured_weights(block.network.n_penalized), device=device)
        self._captured: dict[str, dict[int, Float]] = {}

    def take(self, parameters: Tensor) -> None:
        """Record losses and zeros at the next checkpoint."""
        c, m = len(self._block.cells), len(self._block.l1)
        network = self._block.network
        share = (parameters[:, : network.n_penalized] != 0).float().mean(1).reshape(c, m)
        self._nonzero_share[:, :, self.done] = share.cpu().numpy()
        inputs = network.nonzero_inputs(parameters).reshape(c, m)
        self._nonzero_inputs[:, :, self.done] = inputs.cpu().numpy()
        for cell, judged in enumerate(self._judged):
            own = parameters[cell * m : (cell + 1) * m]
            for name, (x, y) in judged.items():
                loss, outputs = _judge(self._block, own, x=x, y=y)
                self._losses[name][cell, :, self.done] = loss
                if name == "test":
                    self._capture("outputs", cell, outputs)
            self._capture_model(cell, own)
        self.done += 1

    def _capture_model(self, cell: int, parameters: Tensor) -> None:
        if self._block.capture is None or not (self._block.capture == self.done).any():
            return
        self._capture("weights", cell, parameters[:, self._kept_weights].double().cpu().numpy())
        drawn = self._drawn[cell]
        if drawn is not None:
            outputs = self._block.network.outputs(parameters, drawn.expand(len(parameters), -1, -1))
            self._capture("drawn", cell, outputs.double().cpu().numpy())

    def _capture(self, name: str, cell: int, values: Float) -> None:
        """Keep the values (m, …) of the models whose checkpoint this is."""
        if self._block.capture is None:
            return
        now = self._block.capture == self.done
        kept = self._captured.setdefault(name, {}).setdefault(cell, np.zeros_like(values))
        kept[now] = values[now]

    def result(self, parameters: Tensor, stationarity: Float) -> BlockResult:
        """Return everything, once all checkpoints are taken."""
        c, m = stationarity.shape
        finite = torch.isfinite(parameters).all(1).reshape(c, m).cpu().numpy()
        for losses in self._losses.values():
            finite = finite & np.isfinite(losses).all(2)
        weights = parameters[:, : self._block.network.n_penalized].reshape(c, m, -1)
        return BlockResult(
            self._losses,
            self._nonzero_share,
            self._nonzero_inputs,
            stationarity,
            ~finite,
            {name: tuple(cells.values()) for name, cells in self._captured.items()},
            weights.double().cpu().numpy(),
        )


def _judge(block: Block, parameters: Tensor, *, x: Tensor, y: Tensor) -> tuple[Float, Float]:
    """Mean loss (m,) and outputs (m, k, n) on rows that all models share."""
    m = len(parameters)
    parts, total = [], torch.zeros(m, dtype=torch.float64, device=x.device)
    for start in range(0, len(y), EVALUATED_ROWS):
        rows = slice(start, start + EVALUATED_ROWS)
        outputs = block.network.outputs(parameters, x[rows].expand(m, -1, -1))
        total += row_loss(block.task, outputs, y[rows].expand(m, -1)).double().sum(1)
        parts.append(outputs)
    return (total / len(y)).cpu().numpy(), torch.cat(parts, 2).double().cpu().numpy()
