"""What cells far outside cost: inputs cut at 100 quartile ranges, as they once were, against the smooth clip.

``python -m tests.benchmarks.clipping FOLDER...`` trains the same models on the same rows with both: on the
tables of the folders, and on a made-up one in which 2 of 5,000 cells are far outside. Models train on n rows
and are judged on up to 4,000 others, in units of the loss of predicting the mean or the shares of classes.
Best strengths are averaged over tables; of none the median is shown, since it may lose any amount.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console

from regchoose.encoding.encoder import Encoder
from regchoose.encoding.input_plan import plan_inputs
from regchoose.encoding.inputs import spreads
from regchoose.records.experiment import Penalties
from regchoose.records.table import Table
from regchoose.records.words import Float, Int
from regchoose.settings.options import Settings
from regchoose.statistics.decide import null_loss
from regchoose.table.load import load
from regchoose.training.block import CellData
from regchoose.training.device import choose_devices
from regchoose.training.networks.choose import choose_network
from regchoose.training.schedule import USUAL_RATE, make_schedule
from regchoose.training.train import Training, train

ROWS, JUDGED, FEWEST_JUDGED, DRAWS = (200, 1_000), 4_000, 100, 3
PENALTIES = Penalties(np.array([0, 0, 0, 0, 1e-3, 1e-2]), np.array([0, 1e-3, 1e-2, 1e-1, 0, 0]))
MADE_UP, BOTH = "made up", (False, True)
# Of tables that have a header, whose target is not the last column, or whose target might be classes.
READ = {
    "abalone": Settings(header="no", task="regression"),
    "crash": Settings(target="dead"),
    "hi": Settings(target="hhi"),
    "hotel": Settings(target="avg_price_per_room"),
    "vocab": Settings(target="vocab", task="regression", drop_missing_target=True),
    "wine-white": Settings(header="no", task="regression"),
    "winequality-red": Settings(header="no", task="regression"),
}


def make_far_cells(n: int = 5_000) -> Table:
    """Return a table like that of diamonds: sizes in mm that say nearly the same, two of them far outside."""
    rng = np.random.default_rng(0)
    size = rng.lognormal(sigma=0.2, size=n)
    columns = {name: 5.7 * size * rng.normal(1, 0.005, n) for name in ("x", "y", "z")}
    columns["target"] = np.log(size) + 0.1 * rng.normal(size=n)
    columns["y"][rng.choice(n, 2, replace=False)] = 58.9, 31.8
    return load(pd.DataFrame(columns), Settings())


def encode(table: Table, fit: Int, judged: Int, *, smooth: bool) -> tuple[tuple[Float, Float], ...]:
    """Return the inputs and targets of both, by what the first are."""
    encoder = Encoder.fit(table, fit)
    parts = tuple(encoder.transform(table, rows) for rows in (fit, judged))
    if smooth:
        return parts
    center, spread = np.array([number.center for number in encoder.numbers]), spreads(encoder.numbers)
    numbers = [table.features[rows][:, table.number_places] for rows in (fit, judged)]
    cut = [np.nan_to_num(np.clip((x / 4 - center) / spread, -100, 100)) for x in numbers]
    mean, scale = cut[0].mean(0), cut[0].std(0)
    for (x, _), away in zip(parts, cut, strict=True):
        x[:, : len(center)] = (away - mean) / np.where(scale > 0, scale, 1.0)
    return parts


def measure(table: Table, n: int, network: str, *, smooth: bool) -> tuple[float, float]:
    """Return the loss of the best strength, and that without a penalty, each after its best epoch."""
    own = Settings(network=network)
    k, names = len(table.classes), plan_inputs(table).input_names
    trained = choose_network(own, input_names=names, task=table.task, n_classes=k)
    plan = make_schedule(n, epochs=own.epochs, least_steps=own.steps, batch=own.batch, lr=USUAL_RATE)
    training = Training(table.task, trained, plan, choose_devices("cpu"))
    cells, null = [], np.empty(DRAWS)
    for draw in range(DRAWS):
        order = np.random.default_rng(draw).permutation(table.n_rows)
        (x, y), (x_judged, judged) = encode(table, order[:n], order[n : n + JUDGED], smooth=smooth)
        inputs = x.astype(trained.precision), x_judged.astype(trained.precision)
        cells.append(CellData(inputs[0], y, {"test": (inputs[1], judged)}, draw))
        null[draw] = null_loss(table.task, judged, n_classes=k) if k else np.square(judged).mean()
    found = train(training, cells, PENALTIES)
    losses = np.where(found.failed[:, :, None], np.inf, found.losses["test"]) / null[:, None, None]
    lowest = losses.mean(0).min(1)
    return float(lowest.min()), float(lowest[0])


def read_tables(folders: list[str]) -> Iterator[tuple[str, Table]]:
    """Yield each table once, with its name, and the made-up one."""
    files = {path.name.split(".")[0]: path for folder in folders for path in Path(folder).glob("*.csv*")}
    for name, path in sorted(files.items()):
        yield name, load(str(path), READ.get(name, Settings(header="no")))
    yield MADE_UP, make_far_cells()


def main() -> None:
    """Print a line for each network and n: losses when cut, and what the smooth clip changes."""
    tables, console = dict(read_tables(sys.argv[1:])), Console(width=200)
    console.print("| network, rows | tables | best strength, cut | smooth | better on | none, cut | smooth |")
    console.print("|---|---|---|---|---|---|---|")
    for network in ("mlp", "linear"):
        for n in ROWS:
            known = [table for table in tables.values() if table.n_rows >= n + FEWEST_JUDGED]
            found = np.array(
                [[measure(table, n, network, smooth=s) for s in (False, True)] for table in known]
            )
            for which, some in (("real", found[:-1]), (MADE_UP, found[-1:])):
                (best, none), (d_best, d_none) = some[:, 0].T, (some[:, 1] - some[:, 0]).T
                error = f" ± {d_best.std(ddof=1) / len(some) ** 0.5:.4f}" if len(some) > 1 else ""
                change = f"{best.mean():.4f} | {d_best.mean():+.4f}{error} | {(d_best < 0).sum()}"
                bare = f"{np.median(none):.4f} | {np.median(d_none):+.4f}"
                console.print(f"| {network}, {n:,} | {len(some)} {which} | {change} | {bare} |")


if __name__ == "__main__":
    main()
