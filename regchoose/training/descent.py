"""Adam with proximal steps: the one loop that trains networks, m models in c cells as one program.

The experiment runs it on the rows of cells that lie on the device (`regchoose.training.block_training`), the
final fit and the estimators on a row source (`regchoose.training.row_training`). They differ in nothing but
where batches come from and in what is done after an epoch.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

import torch
from torch import Tensor

from regchoose.records.words import Task
from regchoose.training.adam import Adam, step_rates
from regchoose.training.captured_step import CapturedStep
from regchoose.training.networks.network import Network
from regchoose.training.parameters import Parameters
from regchoose.training.schedule import Schedule

Batches = Iterable[tuple[Tensor, Tensor]]  # x (c, n, d), y (c, n)
Step = Callable[[Tensor, Tensor, Tensor], None]  # of x, y and the rates of Adam


@dataclass(frozen=True)
class Descent:
    """The training of m models."""

    network: Network
    task: Task
    schedule: Schedule
    steps: int  # an epoch
    batch: int  # rows a step
    batches: Callable[[int], Batches]  # from the number of an epoch, from 1, to its batches: at least `steps`
    # Whether training may go on later from the state after any epoch. Then each epoch has a program of its
    # own, so that what a network draws at random follows from its parameters alone; otherwise one program,
    # which keeps its random state, runs through all epochs.
    resumable: bool = False
    noted: Callable[[str], None] = lambda _: None  # called with what a reader of the result should know

    def run(
        self,
        parameters: Parameters,
        adam: Adam,
        *,
        epoch: int = 0,
        stepped: Callable[[int], None] = lambda _: None,
    ) -> Iterator[int]:
        """Train to the last epoch of the schedule; yield the number of each epoch when it is done.

        Parameters
        ----------
        parameters : Parameters
            Changed in place, as is the state of Adam.
        epoch : int
            Epochs that were done before.
        stepped : callable
            Called after each step with the number of steps since the first epoch.
        """
        gradient, device = parameters.like(), parameters.flat.device
        rates = torch.as_tensor(step_rates(self.schedule, self.steps), dtype=gradient.flat.dtype).to(device)
        step = None
        for current in range(epoch + 1, self.schedule.last_epoch + 1):
            batches = self.batches(current)
            if step is None or (self.resumable and not self.network.capturable):
                step = self._step(parameters, gradient, adam)
            done = (current - 1) * self.steps
            for x, y in islice(batches, self.steps):
                step(x, y, rates[done])
                done += 1
                stepped(done)
            yield current

    def _step(self, parameters: Parameters, gradient: Parameters, adam: Adam) -> Step:
        program = self.network.program(parameters.tensors, gradient.tensors, n_rows=self.batch)

        def step(x: Tensor, y: Tensor, rates: Tensor) -> None:
            program.write_gradient(self.task, x, y)
            adam.step_(parameters, gradient, rates)

        if parameters.flat.is_cuda and self.network.capturable:
            state = [parameters.flat, adam.mean.flat, adam.square.flat]
            return CapturedStep(step, state, noted=self.noted)
        return step
