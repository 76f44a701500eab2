"""The same trainings, by whichever workers."""

from dataclasses import replace

from regchoose.records.experiment import Trained
from regchoose.records.words import Task
from regchoose.training.block import CellData
from regchoose.training.train import Training, train
from regchoose.workers.tasks import Workers
from tests.training.problems import cell, points, training

PENALTIES = points((0, 0), (0.05, 0), (0, 0.05))


def cells(task: Task, count: int) -> list[CellData]:
    made = [cell(task, seed=seed) for seed in range(count)]
    return [replace(one, drawn=one.x[:4]) for one in made]


def trained(workers: Workers | None, plan: Training | None = None, *, count: int = 6) -> Trained:
    """Train six cells, a block each, by these workers; None: by threads."""
    plan = plan or training("regression")
    plan = plan if workers is None else replace(plan, workers=workers)
    return train(plan, cells(plan.task, count), PENALTIES)
