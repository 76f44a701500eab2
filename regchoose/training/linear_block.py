"""A block of linear models: each cell's penalties are solved together."""

from collections.abc import Callable

import numpy as np
import torch

from regchoose.records.words import Float
from regchoose.training.block import Block, BlockResult, Rows, captured_weights
from regchoose.training.linear import LinearProblem, solve
from regchoose.training.loss import row_loss


def train_linear_block(block: Block, device: torch.device, *, stop: Callable[[], bool]) -> BlockResult:
    """Reach the optimum of every model of the block; there is one checkpoint, the optimum.

    Raises
    ------
    Stopped
        Where `stop()` became true.
    """
    l1, l2 = (
        torch.as_tensor(strength, dtype=torch.float64, device=device) for strength in (block.l1, block.l2)
    )
    losses: dict[str, list[Float]] = {name: [] for name in block.cells[0].judged}
    weights, residuals, inputs, reached = [], [], [], []
    captured: dict[str, list[Float]] = {}
    for cell in block.cells:
        x, y = _on(device, cell.x, intercept=True), _on(device, cell.y)
        problem = LinearProblem(block.task, x, y, block.network.n_outputs, l1, l2)
        fit = solve(problem, stop=stop)
        flat = fit.u.flatten(1)
        for name, (x_judged, y_judged) in cell.judged.items():
            out = problem.outputs_of(flat, _on(device, x_judged, intercept=True))
            loss = row_loss(block.task, out, _on(device, y_judged).expand(len(flat), -1)).mean(1)
            losses[name].append(loss.cpu().numpy())
            if name == "test" and block.capture is not None:
                captured.setdefault("outputs", []).append(out.cpu().numpy())
        own = fit.u[:, :, :-1]
        if block.capture is not None:
            captured.setdefault("weights", []).append(_captured(own))
            if cell.drawn is not None:
                drawn = problem.outputs_of(flat, _on(device, cell.drawn, intercept=True))
                captured.setdefault("drawn", []).append(drawn.cpu().numpy())
        weights.append(own.flatten(1).cpu().numpy())
        inputs.append((own != 0).any(1).sum(1).cpu().numpy())
        residuals.append(fit.residual.cpu().numpy())
        reached.append(bool(fit.converged.all()))
    stacked = np.stack(weights)
    return BlockResult(
        {name: np.stack(parts)[:, :, None] for name, parts in losses.items()},
        (stacked != 0).mean(2)[:, :, None],
        np.stack(inputs)[:, :, None].astype(np.float64),
        np.stack(residuals),
        ~np.isfinite(stacked).all(2),
        {name: tuple(cells) for name, cells in captured.items()},
        stacked,
        ""
        if all(reached)
        else "some linear models have no finite optimum (separable classes): stopped on the way",
    )


def _captured(weights: torch.Tensor) -> Float:
    flat: Float = weights.flatten(1).cpu().numpy()
    return flat[:, captured_weights(flat.shape[1])]


def _on(device: torch.device, values: Rows, *, intercept: bool = False) -> torch.Tensor:
    if intercept:
        values = np.column_stack([values, np.ones(len(values))])
    return torch.as_tensor(values, dtype=torch.float64, device=device)
