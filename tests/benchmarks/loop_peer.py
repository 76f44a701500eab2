"""A plain PyTorch loop: one model after another."""

import time
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from regchoose.records.words import Float, Int
from tests.benchmarks.contender import Contender
from tests.benchmarks.plain_network import build_network, criterion_of, l1_norm
from tests.benchmarks.work import Work, float32, shortened


def _loop_fit(work: Work, x: Tensor, y: Tensor, *, l1: float, l2: float) -> nn.Sequential:
    network = build_network(x.shape[1], work.hidden)
    weights = [parameter for parameter in network.parameters() if parameter.ndim > 1]
    biases = [parameter for parameter in network.parameters() if parameter.ndim == 1]
    groups: list[dict[str, Any]] = [{"params": weights, "weight_decay": 2 * l2}, {"params": biases}]
    optimizer, criterion = torch.optim.Adam(groups, lr=work.lr), criterion_of(work.sheet.task)()
    for _ in range(work.epochs):
        order = torch.randperm(len(y))
        for start in range(0, len(y), work.batch):
            rows = order[start : start + work.batch]
            loss = criterion(network(x[rows]), y[rows])
            if l1:
                loss = loss + l1 * l1_norm(network)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return network


def _loop_loss(work: Work, rows: tuple[Int, Int] | None, place: int) -> float:
    """Fit one point and judge it: on a split, or on all rows and the fresh ones."""
    sheet, points = work.sheet, work.points
    x, y = torch.as_tensor(float32(sheet.x)), torch.as_tensor(float32(sheet.y))[:, None]
    if rows is None:
        parts = x, y, *(torch.as_tensor(float32(part)) for part in (sheet.fresh_x, sheet.fresh_y[:, None]))
    else:
        parts = x[rows[0]], y[rows[0]], x[rows[1]], y[rows[1]]
    network = _loop_fit(work, parts[0], parts[1], l1=float(points.l1[place]), l2=float(points.l2[place]))
    with torch.no_grad():
        return float(criterion_of(sheet.task)()(network(parts[2]), parts[3]))


def _loop_losses(work: Work, places: Int, *, threads: int) -> Float:
    with torch_threads(threads):
        return np.array(
            [np.mean([_loop_loss(work, split, place) for split in work.splits]) for place in places]
        )


def _loop_refit(work: Work, place: int) -> float:
    return _loop_loss(work, None, place)


class torch_threads:  # noqa: N801 - a context manager is written like a function
    """Let torch use so many threads for each operation."""

    def __init__(self, threads: int) -> None:
        self._threads, self._before = threads, torch.get_num_threads()

    def __enter__(self) -> None:
        torch.set_num_threads(self._threads)

    def __exit__(self, *_: object) -> None:
        torch.set_num_threads(self._before)


def faster_threads(work: Work, *, of: tuple[int, ...]) -> int:
    """Return the number of threads with which the plain loop is faster here."""
    short, seconds = shortened(work, max(1, work.epochs // 20)), {}
    for threads in (*of, *of):  # the second time counts
        start = time.perf_counter()
        _loop_losses(short, np.array([0]), threads=threads)
        seconds[threads] = time.perf_counter() - start
    return min(seconds, key=lambda threads: seconds[threads])


def plain_loop(threads: int) -> Contender:
    """Return the contender, with so many threads for each operation."""
    return Contender("loop", partial(_loop_losses, threads=threads), _loop_refit)
