"""Small cells, schedules and penalties for the tests of training."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from regchoose.records.experiment import Penalties, Trained
from regchoose.records.words import Float, Task
from regchoose.training.adam import BETA1, BETA2, EPSILON
from regchoose.training.block import Block, BlockResult, CellData
from regchoose.training.block_training import train_block
from regchoose.training.device import choose_devices
from regchoose.training.loss import n_outputs
from regchoose.training.networks.linear import Linear
from regchoose.training.networks.mlp import Mlp
from regchoose.training.networks.network import consecutive_slots
from regchoose.training.parameters import Parameters
from regchoose.training.schedule import make_schedule
from regchoose.training.train import Training
from regchoose.workers.threads import Threads

CPU = torch.device("cpu")
TASKS: tuple[Task, ...] = ("regression", "binary", "multiclass")


def rows(task: Task, n: int, d: int, *, seed: int) -> tuple[Float, Float]:
    """Rows whose first two features matter: (n, d), (n,)."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, d))
    signal = x[:, 0] - x[:, 1] + 0.7 * rng.standard_normal(n)
    if task == "regression":
        return x, (signal - signal.mean()) / signal.std()
    return x, np.digitize(signal, [0.0] if task == "binary" else [-0.6, 0.6]).astype(np.float64)


def cell(task: Task, *, n: int = 60, d: int = 4, seed: int = 0) -> CellData:
    x, y = rows(task, n + 30, d, seed=seed)
    return CellData(x[:n], y[:n], {"test": (x[n:], y[n:])}, seed, watched=True)


def arrays_of(trained: Trained) -> list[bytes]:
    """Return all that a training came to, to the bit."""
    captured = [array for name in sorted(trained.captured) for array in trained.captured[name]]
    plain = [trained.nonzero_share, trained.nonzero_inputs, trained.stationarity, trained.failed]
    whole = [*trained.losses.values(), *plain, *captured]
    return [array.dtype.str.encode() + array.tobytes() for array in whole] + [trained.note.encode()]


def points(*pairs: tuple[float, float]) -> Penalties:
    """Penalties from pairs (l1, l2)."""
    array = np.array(pairs, dtype=np.float64)
    return Penalties(array[:, 0], array[:, 1])


def training(
    task: Task,
    *,
    hidden: tuple[int, ...] | None = (6,),
    d: int = 4,
    epochs: int = 8,
    lr: float = 0.01,
    jobs: int = 1,
    n: int = 60,
    batch: int = 15,
    device: torch.device = CPU,
) -> Training:
    schedule = make_schedule(n, epochs=epochs, least_steps=0, batch=batch, lr=lr)
    k = n_outputs(task, 3)
    network = Linear(d, k) if hidden is None else Mlp((d, *hidden, k))
    return Training(task, network, schedule, choose_devices(str(device)), Threads(jobs))


def stacked(rows: Tensor, n_penalized: int) -> Parameters:
    """Parameters of models that have nothing but some penalized numbers and others: from (m, p)."""
    sizes = {"weights": n_penalized, "biases": rows.shape[1] - n_penalized}
    slots = consecutive_slots((name, (size,), rows.dtype) for name, size in sizes.items() if size)
    network: Any = SimpleNamespace(slots=slots, n_penalized=n_penalized)
    return Parameters.of_rows(network, rows)


def step_rates_at(lr: float, count: int, *, like: Tensor) -> Tensor:
    """What Adam multiplies by at a step (from 1) whose learning rate is lr."""
    first = 1 - BETA1**count
    root = (1 - BETA2**count) ** 0.5
    return torch.tensor([first / (lr * root), first * EPSILON / lr, first], dtype=like.dtype)


def block_result(plan: Training, cells: Sequence[CellData], penalties: Penalties) -> BlockResult:
    """Train everything as one block; unlike `train` this gives the weights too."""
    block = Block(cells, penalties, plan.task, plan.network, plan.schedule)
    return train_block(block, plan.devices.of(0), stop=lambda: False)
