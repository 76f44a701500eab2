"""Run the study, or go on with it: `make calibrate`, or with folders of real tables.

Each finished task is a line of tests/benchmarks/results/calibration.jsonl, so a study that was broken off
goes on where it stood. The tables go to the terminal and to calibration.json beside it.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import torch
from rich.console import Console

from tests.benchmarks.calibration.lines import append_records, read_records, record_key
from tests.benchmarks.calibration.real_tables import find_tables
from tests.benchmarks.calibration.reliability import summarize
from tests.benchmarks.calibration.show import show
from tests.benchmarks.calibration.study import SMALL, WHOLE, Sizes, answer
from tests.benchmarks.calibration.tasks import StudyTask, real_tasks, synthetic_tasks
from tests.benchmarks.machine import cores

RESULTS = Path(__file__).parents[1] / "results"
NETWORKS = ("mlp", "linear")
ROWS, DRAWS, SYNTHETIC = (200, 500, 1_000, 2_000), 3, 300
WIDTH = 140  # of the tables in a file
MOST_ON_A_CARD = 4  # processes that share a graphics card


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line; train what is missing; show and write the tables."""
    options = _parser().parse_args(arguments)
    options.output.mkdir(parents=True, exist_ok=True)
    console, path = (
        Console(width=None if sys.stdout.isatty() else WIDTH),
        options.output / "calibration.jsonl",
    )
    if not options.only_tables:
        _run(options, path, console)
    found = summarize(read_records(path))
    show(found, console)
    (options.output / "calibration.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Hold the verdict against known truths.")
    add = parser.add_argument
    add("folders", type=Path, nargs="*", metavar="FOLDER", help="real tables: folders of files, or files")
    add("--rows", type=int, nargs="+", default=ROWS, help="rows that are drawn of a real table")
    add("--draws", type=int, default=DRAWS, help="how many times they are drawn")
    add("--synthetic", type=int, default=SYNTHETIC, help="how many synthetic tasks there are in all")
    add("--network", choices=NETWORKS, nargs="+", default=NETWORKS, help="which models")
    add("--jobs", type=int, default=_default_jobs(), help="processes, each with one thread")
    add("--small", action="store_true", help="toy sizes: shows that it runs, no more")
    add("--only-tables", action="store_true", help="train nothing")
    add("--output", type=Path, default=RESULTS, help="the folder of the results")
    return parser


def _default_jobs() -> int:
    return min(cores(), MOST_ON_A_CARD) if torch.cuda.is_available() else cores()


def _run(options: argparse.Namespace, path: Path, console: Console) -> None:
    """Do the tasks that have no line yet, the quick ones first."""
    sizes = SMALL if options.small else WHOLE
    known = {record_key(record) for record in read_records(path)}
    missing = sorted(
        (task for task in _tasks(options, sizes) if task.key not in known), key=lambda task: task.slowness
    )
    work = partial(answer, sizes=sizes)
    for done, record in enumerate(append_records(path, work, missing, jobs=options.jobs), 1):
        seconds = record.get("seconds", 0) + record.get("truth_seconds", 0)
        console.print(f"{done} of {len(missing)}: {record['table']}, {record['n']} rows, {seconds:.0f} s")


def _tasks(options: argparse.Namespace, sizes: Sizes) -> list[StudyTask]:
    return [
        *real_tasks(
            find_tables(options.folders), rows=options.rows, draws=options.draws, networks=options.network
        ),
        *synthetic_tasks(
            options.synthetic, networks=options.network, most_rows=sizes.most_rows, fresh=sizes.fresh
        ),
    ]


if __name__ == "__main__":
    main()
