"""The engine on a card: seconds of the same work as in tests/benchmarks/bench_engine.py, and of commands.

`python -m tests.gpu.bench [--quick]`; figures of one machine, side by side in one run.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import make_regression

from regchoose.settings.options import Settings
from regchoose.training.block import CellData
from regchoose.training.device import choose_devices
from regchoose.training.networks.torch_module import module_network
from regchoose.training.train import Training, train
from tests.benchmarks.plain_network import build_network
from tests.benchmarks.tables import make_sheet
from tests.benchmarks.work import Work, make_work

SIZES = ((442, 10), (2_000, 30), (10_000, 100))
OWN = """
from torch import nn


class Net(nn.Sequential):
    def __init__(self, n_inputs, n_outputs):
        super().__init__(
            nn.Linear(n_inputs, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, n_outputs)
        )
"""


def seconds(run: Callable[[], object], *, rounds: int = 3) -> float:
    """Return the least seconds of some rounds, after one that warms up."""
    found = []
    for _ in range(rounds + 1):
        torch.cuda.synchronize()
        begun = time.perf_counter()
        run()
        torch.cuda.synchronize()
        found.append(time.perf_counter() - begun)
    return min(found[1:])


def cells_of(work: Work) -> list[CellData]:
    """Return the folds of a work."""
    x, y = work.sheet.x.astype(np.float32), work.sheet.y
    return [
        CellData(x[fit], y[fit], {"test": (x[test], y[test])}, seed)
        for seed, (fit, test) in enumerate(work.splits)
    ]


def on(device: str, work: Work) -> Training:
    """Return the training of a work on a device."""
    return replace(work.training, devices=choose_devices(device))


def show(name: str, *figures: str) -> None:
    """Print a row of the table."""
    sys.stdout.write(f"{name:44}" + "".join(f"{figure:>16}" for figure in figures) + "\n")
    sys.stdout.flush()


def time_same_work(sizes: tuple[tuple[int, int], ...]) -> None:
    """Time 46 points in 5 folds; on the processors of the machine, the first table alone."""
    show("46 points x 5 folds", "cuda", "cpu")
    for place, (rows, features) in enumerate(sizes):
        work = make_work(make_sheet("regression", rows, features, seed=0), Settings())
        cells = cells_of(work)
        card = seconds(partial(train, on("cuda", work), cells, work.points))
        cpu = seconds(partial(train, on("cpu", work), cells, work.points), rounds=1) if place == 0 else None
        show(f"  {rows:,} x {features}", f"{card:.3f} s", "" if cpu is None else f"{cpu:.2f} s")


def time_own_network() -> None:
    """Time a network of the user's own against the same mlp."""
    work = make_work(make_sheet("regression", 442, 10, seed=0), Settings())
    cells = cells_of(work)
    own = module_network(partial(build_network, 10, (64, 64)), n_inputs=10, n_outputs=1)
    here = on("cuda", work)
    mlp, module = (
        seconds(partial(train, replace(here, network=network), cells, work.points), rounds=1)
        for network in (here.network, own)
    )
    show("mlp, and the same as a module", f"{mlp:.3f} s", f"{module:.3f} s")


def time_skorch() -> None:
    """Time skorch on the card: one fit, scaled to all."""
    try:
        from skorch import NeuralNetRegressor
    except ImportError:
        show("skorch", "not installed")
        return
    work = make_work(make_sheet("regression", 442, 10, seed=0), Settings())
    cells = cells_of(work)
    net = NeuralNetRegressor(
        build_network, module__n_inputs=10, module__hidden=(64, 64), optimizer=torch.optim.Adam,
        lr=work.lr, max_epochs=work.epochs, batch_size=work.batch, train_split=None, callbacks="disable",
        verbose=0, device="cuda",
    )  # fmt: skip
    theirs = seconds(partial(net.fit, cells[0].x, cells[0].y.astype(np.float32)[:, None])) * work.n_fits
    ours = seconds(partial(train, on("cuda", work), cells, work.points))
    show("skorch on the card, 230 fits (from one)", f"{theirs:.1f} s", f"{theirs / ours:.0f} x ours")


def time_commands(tables: dict[str, Path], folder: Path) -> None:
    """Time whole commands."""
    show("regchoose recommend (of which the arms)", "cuda", "cpu")
    diabetes = str(tables["diabetes"])
    wide = str(tables["4,000 x 100"])
    commands = {
        "diabetes": [diabetes],
        "4,000 x 100": [wide, "--rows", "4000"],
        "diabetes, own network": [diabetes, "--network", f"{folder / 'own.py'}:Net"],
        "diabetes, linear": [diabetes, "--network", "linear"],
    }
    for name, arguments in commands.items():
        found = []
        for device in ("cuda", "cpu"):
            begun = time.perf_counter()
            command = [sys.executable, "-m", "regchoose", "recommend", *arguments, "--no-input", "--fresh"]
            done = subprocess.run(
                [*command, "--device", device, "-o", str(folder / "r.json"), "--force"],
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            took = time.perf_counter() - begun
            if done.returncode:
                sys.stdout.write(done.stderr[-600:])
                found.append(f"exit {done.returncode}")
                continue
            result = json.loads((folder / "r.json").read_text(encoding="utf-8"))
            arms = sum(result["execution"]["arm_seconds"].values())
            found.append(f"{took:.1f} s ({arms:.1f})")
        show(f"  {name}", *found)


def main(*, quick: bool) -> None:
    """Print the table."""
    show(torch.cuda.get_device_name(), f"torch {torch.__version__}")
    time_same_work(SIZES[:1] if quick else SIZES)
    time_own_network()
    time_skorch()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "own.py").write_text(OWN, encoding="utf-8")
        x, y = make_regression(4000, 100, n_informative=30, noise=20.0, random_state=0)
        wide = folder / "wide.csv"
        header = ",".join([*(f"x{j}" for j in range(100)), "y"])
        np.savetxt(wide, np.column_stack([x, y]), delimiter=",", header=header, comments="", fmt="%.6g")
        diabetes = Path(__file__).parents[2] / "data" / "diabetes.csv"
        time_commands({"diabetes": diabetes, "4,000 x 100": wide}, folder)


if __name__ == "__main__":
    main(quick="--quick" in sys.argv)
