"""Peak resident memory, each in a process of its own: `python -m tests.benchmarks.memory WHO ROWS FEATURES`.

A child inherits the peak of the process that starts it, so measure before anything large was done.
"""

import json
import resource
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from joblib.externals.loky import get_reusable_executor
from rich.console import Console

from regchoose.experiment.plan import prepare
from regchoose.settings.options import Settings
from tests.benchmarks.contender import JOBS, Contender
from tests.benchmarks.loop_peer import plain_loop
from tests.benchmarks.ours import OURS
from tests.benchmarks.sklearn_peer import SKLEARN
from tests.benchmarks.skorch_peer import SKORCH
from tests.benchmarks.tables import as_table, make_sheet
from tests.benchmarks.whole_experiment import train_arms
from tests.benchmarks.work import end_workers, make_work, workers_of

ROOT = Path(__file__).parents[2]
UNIT = 1 if sys.platform == "darwin" else 1024  # bytes in which ru_maxrss counts
CONTENDERS = {who.name: who for who in (OURS, SKORCH, SKLEARN, plain_loop(1))}
ONE_EPOCH = replace(Settings(device="cpu"), epochs=1, steps=0, lr=0.003)  # memory does not grow with epochs


def peak_mib(who: str, rows: int, features: int) -> float:
    """Return the peak of a fresh process that does one epoch of the work, in MiB.

    Parameters
    ----------
    who : str
        A contender, or "experiment": all four arms on all 25 cells, resampled and encoded.
    """
    command = [sys.executable, "-m", "tests.benchmarks.memory", who, str(rows), str(features)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return float(json.loads(done.stdout)["peak_mib"])


def main(who: str, rows: int, features: int) -> None:
    """Do the work, and print the peak."""
    sheet = make_sheet("binary", rows, features, seed=0)
    if who == "experiment":
        workers = workers_of(ONE_EPOCH.jobs)
        train_arms(prepare(as_table(sheet), np.arange(rows), ONE_EPOCH, workers=workers))
    else:
        _work(CONTENDERS[who], rows, features)
    children = JOBS if who in ("skorch", "sklearn") else workers_of(ONE_EPOCH.jobs).size - 1
    get_reusable_executor().shutdown(wait=True)  # so that workers count as ended children
    end_workers()
    own, child = (
        resource.getrusage(whose).ru_maxrss * UNIT / 2**20
        for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    Console().print_json(data={"peak_mib": own + children * child})


def _work(who: Contender, rows: int, features: int) -> None:
    work = make_work(make_sheet("binary", rows, features, seed=0), ONE_EPOCH)
    who.validate(work, work.spread(2 if who is not OURS else len(work.points), l2_only=who.l2_only))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
