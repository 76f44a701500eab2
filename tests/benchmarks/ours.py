"""Our engine as a contender."""

import numpy as np
from threadpoolctl import threadpool_limits

from regchoose.records.words import Float, Int
from regchoose.training.block import CellData
from regchoose.training.train import train
from tests.benchmarks.contender import Contender
from tests.benchmarks.work import Work


def _our_losses(work: Work, places: Int) -> Float:
    """Train arm by arm, as an experiment does; the losses are those at the end of the schedule."""
    sheet = work.sheet
    cells = [
        CellData(sheet.x[fit], sheet.y[fit], {"inner": (sheet.x[judged], sheet.y[judged])}, seed)
        for seed, (fit, judged) in enumerate(work.splits)
    ]
    with threadpool_limits(1):
        trained = [train(work.training, cells, arm) for arm in work.arms]
    return np.concatenate([arm.losses["inner"][:, :, -1].mean(0) for arm in trained])[places]


def _our_refit(work: Work, place: int) -> float:
    sheet = work.sheet
    cell = CellData(sheet.x, sheet.y, {"test": (sheet.fresh_x, sheet.fresh_y)}, 0)
    trained = train(work.training, [cell], work.points[np.array([place])])
    return float(trained.losses["test"][0, 0, -1])


OURS = Contender("ours", _our_losses, _our_refit)
