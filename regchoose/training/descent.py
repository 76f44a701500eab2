"""Adam with proximal steps: the one loop that trains networks, m models in one program.

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
from regchoose.training.adam import Adam
from regchoose.training.networks.network import Network
from regchoose.training.schedule import Schedule

Batches = Iterable[tuple[Tensor, Tensor]]  # x (m, n, d), y (m, n)


@dataclass(frozen=True)
class Descent:
    """The training of m models.

    Parameters
    ----------
    steps, batch : int
        Steps an epoch, and rows a step.
    batches : callable
        From the number of an epoch, starting at 1, to its batches: at least `steps` of them.
    resumable : bool
        Whether training may go on later from the state after any epoch. Then each epoch has a program of its
        own, so that what a network draws at random follows from its parameters alone; otherwise one program,
        which keeps its random state, runs through all epochs.
    """

    network: Network
    task: Task
    schedule: Schedule
    steps: int
    batch: int
    batches: Callable[[int], Batches]
    resumable: bool = False

    def run(
        self,
        parameters: Tensor,
        adam: Adam,
        *,
        epoch: int = 0,
        stepped: Callable[[int], None] = lambda _: None,
    ) -> Iterator[int]:
        """Train to the last epoch of the schedule; yield the number of each epoch when it is done.

        Parameters
        ----------
        parameters : Tensor (m, p)
            Changed in place, as is the state of Adam.
        epoch : int
            Epochs that were done before.
        stepped : callable
            Called after each step with the number of steps since the first epoch.
        """
        gradient = torch.zeros_like(parameters)
        program, total = None, self.steps * self.schedule.epochs
        for current in range(epoch + 1, self.schedule.last_epoch + 1):
            batches = self.batches(current)
            if program is None or self.resumable:
                program = self.network.program(parameters, gradient, n_rows=self.batch)
            done = (current - 1) * self.steps
            for x, y in islice(batches, self.steps):
                program.write_gradient(self.task, x, y)
                lr = self.schedule.rate(done, total=total)
                done += 1
                adam.step_(parameters, gradient, lr=lr, count=done)
                stepped(done)
            yield current
