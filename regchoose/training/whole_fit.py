"""One model trained on all rows, and what it puts out for others."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from regchoose.errors import TrainingError
from regchoose.records.experiment import Penalties
from regchoose.records.words import Float, Task
from regchoose.settings.options import Settings
from regchoose.training.block import RETRY_RATE, SMALLER_RATE, Block, CellData, Schedule
from regchoose.training.descent import train_whole
from regchoose.training.deterministic import calm
from regchoose.training.linear import LinearProblem, solve
from regchoose.training.loss import n_outputs
from regchoose.training.model_outputs import ROWS
from regchoose.training.networks.choose import other_network
from regchoose.training.networks.mlp import Mlp
from regchoose.training.networks.network import Network


@dataclass(frozen=True)
class Kind:
    """Which network is trained, for which task.

    Parameters
    ----------
    input_names : tuple of str
        What each of the d encoded inputs is.
    device : str
        The name of a device that is there.
    """

    task: Task
    n_classes: int
    settings: Settings
    input_names: tuple[str, ...]
    device: str = "cpu"

    @property
    def n_outputs(self) -> int:
        """Numbers that it puts out, k."""
        return n_outputs(self.task, self.n_classes)

    def network(self) -> Network | None:
        """Build it; None for the linear model.

        Raises
        ------
        UsageError, TrainingError
            Where the user's network cannot be used; see `regchoose.training.networks.subprocess_check.probe`.
        """
        settings = self.settings
        other = other_network(
            settings, input_names=self.input_names, task=self.task, n_classes=self.n_classes
        )
        if other is not None or settings.network == "linear":
            return other
        return Mlp((len(self.input_names), *settings.hidden, self.n_outputs))


def refit(
    kind: Kind, network: Network | None, cell: CellData, *, penalty: Penalties, schedule: Schedule
) -> Float:
    """Train a network with a regularizer on all rows of a cell.

    Parameters
    ----------
    network : Network, optional
        None: the linear model, which is brought to its optimum.
    penalty : Penalties
        One point.
    schedule : Schedule
        Trained to its last checkpoint; of no meaning for the linear model.

    Returns
    -------
    ndarray
        The parameters: (p,) of a network; of the linear model (k·(d + 1),), each output's intercept last.

    Raises
    ------
    TrainingError
        E501 where it diverges, also at a tenth of the learning rate.
    """
    with calm():
        if network is None:
            return _solved(kind, cell, penalty)
        device = torch.device(kind.device)
        for rate in (1.0, RETRY_RATE):
            own = replace(schedule, lr=schedule.lr * rate)
            block = Block([cell], penalty.l1, penalty.l2, kind.task, network, own)
            (row,) = train_whole(block, device)
            if np.isfinite(row).all():
                found: Float = row
                return found
    raise TrainingError(
        "E501",
        "the network diverges on all rows, also at a tenth of the learning rate",
        fix=SMALLER_RATE,
    )


def outputs(kind: Kind, network: Network | None, parameters: Float, x: Float) -> Float:
    """Return numbers or logits of encoded rows: (n, d) -> (n, k)."""
    if network is None:
        u = parameters.reshape(kind.n_outputs, -1)
        linear: Float = x @ u[:, :-1].T + u[:, -1]
        return linear
    device = torch.device(kind.device)
    row = torch.as_tensor(parameters, dtype=torch.float32, device=device)[None]
    with calm():
        parts = [
            network.outputs(row, torch.as_tensor(part, dtype=torch.float32, device=device)[None])[0]
            for part in _parts(x)
        ]
    found: Float = torch.cat(parts, 1).T.double().cpu().numpy()
    return found


def _parts(x: Float) -> Sequence[Float]:
    return [x[start : start + ROWS] for start in range(0, max(1, len(x)), ROWS)]


def _solved(kind: Kind, cell: CellData, penalty: Penalties) -> Float:
    l1, l2 = (torch.as_tensor(strength, dtype=torch.float64) for strength in (penalty.l1, penalty.l2))
    x = torch.as_tensor(np.column_stack([cell.x, np.ones(len(cell.x))]), dtype=torch.float64)
    y = torch.as_tensor(cell.y, dtype=torch.float64)
    fit = solve(LinearProblem(kind.task, x, y, kind.n_outputs, l1, l2))
    found: Float = fit.u[0].flatten().numpy()
    return found
