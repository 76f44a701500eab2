"""Training on all rows of a row source: m models of one network side by side.

After each epoch, or each step of the solver, there is nothing but a state of plain arrays to go on from.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import count

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from regchoose.records.experiment import Penalties
from regchoose.records.words import Arrays, Float, OnProgress, Task
from regchoose.training.adam import Adam
from regchoose.training.convex_solver import LinearProblem, SolverRows, solve
from regchoose.training.descent import Descent
from regchoose.training.deterministic import deterministic
from regchoose.training.device import alone_on
from regchoose.training.loss import row_loss
from regchoose.training.networks.linear import matrix_to_rows, rows_to_matrix
from regchoose.training.networks.network import Network, torch_dtype
from regchoose.training.parameters import Parameters
from regchoose.training.penalty import PenaltyTensors
from regchoose.training.row_source import Numbers, RowPart, RowSource
from regchoose.training.schedule import Schedule

REPORTED_STEPS = 50  # between two reports of progress


@dataclass(frozen=True)
class TrainingState:
    """Where a training is."""

    epoch: int  # epochs, or steps of the solver, that are done
    parameters: NDArray[np.floating]  # (m, p): the models
    moments: tuple[NDArray[np.floating], ...] = ()  # (m, p): Adam's mean and square; empty for the solver
    converged: bool = True  # False if the solver stopped on the way, since there is no optimum

    @property
    def failed(self) -> NDArray[np.bool_]:
        """Whether each model (m,) has diverged."""
        return np.asarray(~np.isfinite(self.parameters).all(1))

    def arrays(self) -> Arrays:
        """Return the arrays by name, to be stored."""
        return {
            "parameters": self.parameters,
            **{f"moment{j}": moment for j, moment in enumerate(self.moments)},
        }

    @classmethod
    def from_arrays(cls, epoch: int, arrays: Arrays) -> "TrainingState":
        """Return the state whose `arrays` these are."""
        moments = tuple(arrays[f"moment{j}"] for j in range(len(arrays) - 1))
        return cls(epoch, arrays["parameters"], moments)


@dataclass(frozen=True)
class RowTraining:
    """What is trained on which rows."""

    network: Network
    rows: RowSource
    part: RowPart  # "all", or "train" to leave out the rows that are held out
    task: Task
    penalties: Penalties  # one of each of the m models
    schedule: Schedule | None  # None for a convex network, which has no epochs
    seed: int  # of the initial parameters and the order of rows
    device: torch.device
    resumable: bool = True  # whether it may go on from a state that was stored; see `Descent`

    @property
    def total_steps(self) -> int:
        """Steps in all; 0 for the solver, since it is unknown."""
        return 0 if self.network.is_convex else self.steps_done(self._schedule.last_epoch)

    def steps_done(self, epoch: int) -> int:
        """Return the steps that are done after an epoch; 0 for the solver, whose passes are counted anew."""
        if self.network.is_convex:
            return 0
        return self._schedule.steps(self.rows.count(self.part))[0] * epoch

    @property
    def _schedule(self) -> Schedule:
        assert self.schedule is not None, "only the solver needs no schedule"
        return self.schedule

    def run(
        self,
        start: TrainingState | None = None,
        *,
        reached: Callable[[TrainingState], None] = lambda _: None,
        advanced: OnProgress = lambda _: None,
    ) -> TrainingState:
        """Train to the last epoch, or to the optimum.

        Parameters
        ----------
        start : TrainingState, optional
            Where an earlier run was.
        reached : callable
            Called with the state after each epoch, or each step of the solver.
        advanced : callable
            Called with the steps done since the first epoch; for the solver, with the passes over the rows.
        """
        with deterministic(), alone_on(self.device):
            method = self._solve if self.network.is_convex else self._descend
            return method(start, reached, advanced)

    def losses(self, state: TrainingState, part: RowPart) -> Iterator[Float]:
        """Yield the losses (m, n) of the models on a part of the rows, some rows at a time."""
        models = self._models(state.parameters)
        size = self.network.rows_at_once
        with deterministic():
            for x, y in self.rows.in_order(part):
                for start in range(0, len(y), size):
                    rows = slice(start, start + size)
                    outputs = self.network.outputs(models.tensors, self._inputs(x[rows]))
                    targets = self._targets(y[rows]).expand(models.n_models, -1)
                    yield row_loss(self.task, outputs, targets).double().cpu().numpy()

    # ---- networks --------------------------------------------------------------------------------

    def _descend(
        self,
        start: TrainingState | None,
        reached: Callable[[TrainingState], None],
        advanced: OnProgress,
    ) -> TrainingState:
        state = start or self._initial_state()
        parameters, mean, square = map(self._models, (state.parameters, *state.moments))
        adam = replace(Adam.start(parameters, self._penalties()), mean=mean, square=square)
        steps, batch = self._schedule.steps(self.rows.count(self.part))

        def batches(epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
            for x, y in self.rows.shuffled(self.part, seed=self.seed, epoch=epoch, batch=batch):
                yield self._inputs(x), self._targets(y)

        def stepped(done: int) -> None:
            if done % REPORTED_STEPS == 0 or done % steps == 0:
                advanced(done)

        descent = Descent(
            self.network, self.task, self._schedule, steps, batch, batches, resumable=self.resumable
        )
        for epoch in descent.run(parameters, adam, epoch=state.epoch, stepped=stepped):
            arrays = (numbers.rows().cpu().numpy() for numbers in (parameters, mean, square))
            state = TrainingState(epoch, next(arrays), tuple(arrays))
            reached(state)
        return state

    def _initial_state(self) -> TrainingState:
        start = self.network.initial(self.rows.generator(self.seed)).astype(self.network.precision)
        parameters = np.tile(start, (len(self.penalties), 1))
        return TrainingState(0, parameters, (np.zeros_like(parameters), np.zeros_like(parameters)))

    # ---- linear models ---------------------------------------------------------------------------

    def _solve(
        self,
        start: TrainingState | None,
        reached: Callable[[TrainingState], None],
        advanced: OnProgress,
    ) -> TrainingState:
        k, epoch, passes = self.network.n_outputs, 0 if start is None else start.epoch, count(1)
        rows = SolverRows.of_source(
            self.rows, self.part, device=self.device, after_pass=lambda: advanced(next(passes))
        )

        def moved_to(u: Tensor) -> None:
            nonlocal epoch
            epoch += 1
            reached(TrainingState(epoch, matrix_to_rows(u.view(len(u), k, -1)).cpu().numpy()))

        first = None
        if start is not None:
            first = rows_to_matrix(self._tensor(start.parameters), n_outputs=k).flatten(1)
        fit = solve(LinearProblem(self.task, rows, k, self._penalties()), start=first, moved_to=moved_to)
        parameters = matrix_to_rows(fit.u).cpu().numpy()
        return TrainingState(epoch, parameters, converged=bool(fit.converged.all()))

    # ---- tensors ---------------------------------------------------------------------------------

    def _penalties(self) -> PenaltyTensors:
        return PenaltyTensors.of(self.penalties, device=self.device, dtype=torch_dtype(self.network))

    def _tensor(self, array: NDArray[np.floating]) -> Tensor:
        return torch.tensor(array, device=self.device)

    def _models(self, rows: NDArray[np.floating]) -> Parameters:
        return Parameters.of_rows(self.network, self._tensor(rows))

    def _inputs(self, x: Numbers) -> Tensor:
        """All models are those of one cell: (n, d) -> (1, n, d)."""
        return self.network.place_rows(x, device=self.device)[None, :, : x.shape[1]]

    def _targets(self, y: Numbers) -> Tensor:
        """(n,) -> (1, n)."""
        return torch.tensor(y, dtype=torch_dtype(self.network), device=self.device)[None]
