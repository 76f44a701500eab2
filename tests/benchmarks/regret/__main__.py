"""Run the study, or go on with it: `make regret`, or with tables of your own that splits.py declares.

Each method's figures on a split are a line of tests/benchmarks/results/regret.jsonl, so a study that was
broken off goes on where it stood. The tables go to the terminal and to regret.json beside it.
"""

import argparse
import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from threadpoolctl import threadpool_limits

from tests.benchmarks.calibration.lines import whole_lines
from tests.benchmarks.regret import engine, linear_peers, peers
from tests.benchmarks.regret.method import SMALL, WHOLE, Found, Sizes
from tests.benchmarks.regret.show import show
from tests.benchmarks.regret.splits import SPLITS, Split, splits_of
from tests.benchmarks.regret.summary import summary

ROOT = Path(__file__).parents[3]
RESULTS = Path(__file__).parents[1] / "results"
SLOW_ROWS = 400  # of a table on which skorch and Optuna take minutes a split, not hours
Runner = Callable[[Split, Sizes], list[Found]]
RUNNERS: dict[tuple[str, bool], dict[str, Runner]] = {  # network, slow → the first method of each
    ("linear", False): {linear_peers.NAMES[0]: linear_peers.scikit_learn, engine.BEST: engine.ours},
    ("linear", True): {},
    ("mlp", False): {next(iter(engine.HABITS)): engine.habits, engine.BEST: engine.ours},
    ("mlp", True): {peers.GRID: peers.grid_search, peers.OPTUNA: peers.optuna_search},
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line; run what is missing; show and write the tables."""
    options = _parser().parse_args(arguments)
    console, path = Console(), options.output / "regret.jsonl"
    options.output.mkdir(parents=True, exist_ok=True)
    records = read(path)
    if not options.only_tables:
        torch.set_num_threads(1)
        with threadpool_limits(1):
            for found in _missing(options, records, console):
                records += found
                with path.open("a", encoding="utf-8") as file:
                    file.writelines(json.dumps(record) + "\n" for record in found)
    tables = summary(records)
    (options.output / "regret.json").write_text(json.dumps(tables, indent=1) + "\n", encoding="utf-8")
    show(tables, console)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Hold the recommendation against other choices.")
    add = parser.add_argument
    add("tables", type=Path, nargs="*", help="CSV files, or folders of them; by default data/")
    add("--network", choices=("mlp", "linear"), nargs="*", default=["linear", "mlp"], help="which models")
    add("--splits", type=int, default=SPLITS, help="splits of each table")
    add("--most-rows", type=int, default=10**9, help="leave out tables with more rows")
    add("--slow-rows", type=int, default=SLOW_ROWS, help="skorch and Optuna: up to so many rows")
    add("--slow-splits", type=int, default=SPLITS, help="skorch and Optuna: so many splits of each table")
    add("--small", action="store_true", help="toy sizes: shows that it runs, no more")
    add("--only-tables", action="store_true", help="run nothing")
    add("--output", type=Path, default=RESULTS, help="the folder of the results")
    return parser


def read(path: Path) -> list[dict[str, Any]]:
    """Return the finished lines; a last one that was broken off is left out and cut."""
    return [json.loads(line) for line in whole_lines(path)]


def _missing(
    options: argparse.Namespace, records: Sequence[dict[str, Any]], console: Console
) -> Iterator[list[dict[str, Any]]]:
    """Run what has no lines yet; yield each runner's lines on a split. The slow ones come last."""
    known = {(own["network"], own["table"], own["split"], own["method"]) for own in records}
    sizes = SMALL if options.small else WHOLE
    for network, slow in itertools.product(options.network, (False, True)):
        own = sizes.linear if network == "linear" else sizes
        for path in _files(options.tables or [ROOT / "data"]):
            splits = options.slow_splits if slow else options.splits
            for split in splits_of(path, own.settings, splits=splits):
                rows = len(split.y) + len(split.held_y)
                if rows > options.most_rows or (slow and rows > options.slow_rows):
                    break
                for name, run in RUNNERS[network, slow].items():
                    if (network, split.table, split.number, name) not in known:
                        found = run(split, own)
                        console.print(f"{network} {split.table} {split.number}: {name}")
                        yield [_record(network, split, one) for one in found]


def _record(network: str, split: Split, found: Found) -> dict[str, Any]:
    place = {"network": network, "table": split.table, "split": split.number, "loss_null": split.loss_null}
    return place | asdict(found)


def _files(tables: Sequence[Path]) -> list[Path]:
    """Return the files, the smaller first."""
    files = [file for table in tables for file in (table.glob("*.csv") if table.is_dir() else [table])]
    return sorted(files, key=lambda file: (file.stat().st_size, file.name))


if __name__ == "__main__":
    main()
