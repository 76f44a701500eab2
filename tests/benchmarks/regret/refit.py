"""A choice of regularizer, rate and length, refitted by our trainer on all rows drawn."""

import time
from dataclasses import asdict, dataclass

import numpy as np

from regchoose.records.experiment import Penalties
from regchoose.training.block import CellData
from regchoose.training.device import choose_devices
from regchoose.training.networks.linear import Linear
from regchoose.training.networks.mlp import Mlp
from regchoose.training.networks.network import Network
from regchoose.training.schedule import Schedule
from regchoose.training.train import Training, train
from regchoose.workers.threads import use_threads
from tests.benchmarks.regret.contest import Contest, Found, Sizes


@dataclass(frozen=True)
class Length:
    """How a network is trained, as a recommendation says it."""

    lr: float
    batch: int
    schedule_epochs: int
    stop_epoch: int


@dataclass(frozen=True)
class Choice:
    """What a recommendation says: an arm, its strengths, and the training; None for a linear model."""

    regularizer: str
    l1: float
    l2: float
    training: Length | None


def refit(choice: Choice, contest: Contest, sizes: Sizes, *, seconds: float) -> Found:
    """Train with a choice on all rows drawn, from several initializations; `seconds` were spent before."""
    length = choice.training
    if length is None:
        network: Network = Linear(contest.x.shape[1], contest.n_outputs)
        schedule = Schedule(1, 1, 1.0, np.array([1]))
    else:
        network = Mlp((contest.x.shape[1], *sizes.settings.hidden, contest.n_outputs))
        stop = np.array([length.stop_epoch])
        schedule = Schedule(length.schedule_epochs, length.batch, length.lr, stop)
    x, judged_x = (rows.astype(network.precision) for rows in (contest.x, contest.judged_x))
    judged = {"judged": (judged_x, contest.judged_y)}
    cells = [CellData(x, contest.y, judged, seed) for seed in range(sizes.refits)]
    training = Training(contest.task, network, schedule, choose_devices("cpu"), use_threads(1))
    start = time.process_time()
    trained = train(training, cells, Penalties.single(choice.l1, choice.l2))
    once = (time.process_time() - start) / sizes.refits
    losses = np.where(trained.failed[:, 0], np.nan, trained.losses["judged"][:, 0, -1])
    return Found(contest.mean_loss(losses), seconds + once, asdict(choice))
