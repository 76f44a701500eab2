"""The final fit of a network: m models side by side, on rows that are read anew in every epoch.

The steps are those of `regchoose.training.descent`: Adam, its rate falling to 0 as a cosine, and exact
proximal steps. After each epoch there is nothing but the parameters and Adam's moments to go on from.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import cos, pi

import numpy as np
import torch
from torch import Tensor

from regchoose.records.experiment import Penalties
from regchoose.records.words import Arrays, Float, Task
from regchoose.training.adam import Adam
from regchoose.training.block import Schedule
from regchoose.training.cache_lines import spread
from regchoose.training.descent import EVALUATED_ROWS
from regchoose.training.deterministic import calm
from regchoose.training.loss import row_loss
from regchoose.training.networks.network import Network
from regchoose.training.row_source import Numbers, Rows

TOLD = 50  # steps between two reports of progress


@dataclass(frozen=True)
class State:
    """Where a training is, after so many epochs.

    Parameters
    ----------
    parameters, mean, square : ndarray (m, p), float32
        The models, and Adam's moments.
    """

    epoch: int
    parameters: np.ndarray[tuple[int, ...], np.dtype[np.float32]]
    mean: np.ndarray[tuple[int, ...], np.dtype[np.float32]]
    square: np.ndarray[tuple[int, ...], np.dtype[np.float32]]

    @property
    def failed(self) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        """Whether each model (m,) has diverged."""
        return np.asarray(~np.isfinite(self.parameters).all(1))

    def arrays(self) -> Arrays:
        """Return what is to be kept, by name."""
        return {"parameters": self.parameters, "mean": self.mean, "square": self.square}


@dataclass(frozen=True)
class Descent:
    """What is trained.

    Parameters
    ----------
    every : bool
        Whether rows that are held out are trained on too.
    seed : int
        Of the start, and with the number of the epoch of the order of rows.
    """

    network: Network
    rows: Rows
    every: bool
    task: Task
    penalties: Penalties
    schedule: Schedule
    seed: int
    device: torch.device

    @property
    def steps(self) -> tuple[int, int]:
        """Steps an epoch, and rows a step."""
        return self.schedule.steps(self.rows.count(every=self.every))

    @property
    def last_epoch(self) -> int:
        """The epoch after which training stops."""
        return int(self.schedule.checkpoints[-1])

    def run(
        self,
        start: State | None,
        *,
        saved: Callable[[State], None],
        advanced: Callable[[int], None],
    ) -> State:
        """Train to the last epoch.

        Parameters
        ----------
        start : State, optional
            Where an earlier run was.
        saved : callable
            Is told the state after each epoch.
        advanced : callable
            Is told the steps done since the first epoch.
        """
        state = start or self._begin()
        with calm():
            for epoch in range(state.epoch + 1, self.last_epoch + 1):
                state = self._epoch(epoch, state, advanced=advanced)
                saved(state)
        return state

    def losses(self, state: State, part: str) -> Iterator[Float]:
        """Yield the losses (m, n) of the models on a part of the rows, some rows at a time."""
        parameters = torch.tensor(state.parameters, device=self.device)
        with calm():
            for x, y in self.rows.in_order(part):
                for start in range(0, len(y), EVALUATED_ROWS):
                    rows = slice(start, start + EVALUATED_ROWS)
                    outputs = self.network.outputs(parameters, self._inputs(x[rows]))
                    yield row_loss(self.task, outputs, self._targets(y[rows])).double().cpu().numpy()

    def _begin(self) -> State:
        start = self.network.initial(np.random.default_rng(self.seed)).astype(np.float32)
        parameters = np.tile(start, (len(self.penalties), 1))
        return State(0, parameters, np.zeros_like(parameters), np.zeros_like(parameters))

    def _epoch(self, epoch: int, state: State, *, advanced: Callable[[int], None]) -> State:
        parameters, mean, square = (
            torch.tensor(kept, device=self.device) for kept in (state.parameters, state.mean, state.square)
        )
        gradient = torch.zeros_like(parameters)
        steps, batch = self.steps
        # A program of its own for each epoch: what it draws then follows from the parameters alone.
        program = self.network.program(parameters, gradient, n_rows=batch)
        l1, l2 = (
            torch.as_tensor(s, dtype=torch.float32, device=self.device)
            for s in (self.penalties.l1, self.penalties.l2)
        )
        adam = Adam.start(parameters, n_penalized=self.network.n_penalized, l1=l1, l2=l2)
        adam = replace(adam, mean=mean, square=square)
        done, total = (epoch - 1) * steps, self.schedule.epochs * steps
        for x, y in self.rows.shuffled(seed=(self.seed, epoch), batch=batch, every=self.every):
            program.write_gradient(self.task, self._inputs(x), self._targets(y))
            lr = self.schedule.lr * 0.5 * (1 + cos(pi * done / total))
            done += 1
            adam.step_(parameters, gradient, lr=lr, count=done)
            if done % TOLD == 0:
                advanced(done)
            if done == epoch * steps:
                break
        advanced(done)
        return State(epoch, *(t.cpu().numpy() for t in (parameters, adam.mean, adam.square)))

    def _inputs(self, x: Numbers) -> Tensor:
        """Let all models see the same rows, in lines of memory: (n, d) -> (m, n, d), without copies."""
        rows = spread(x, self.network.width(x.shape[1]), device=self.device)[:, : x.shape[1]]
        return rows.expand(len(self.penalties), *rows.shape)

    def _targets(self, y: Numbers) -> Tensor:
        """(n,) -> (m, n)."""
        found = torch.tensor(y, dtype=torch.float32, device=self.device)
        return found.expand(len(self.penalties), len(y))
