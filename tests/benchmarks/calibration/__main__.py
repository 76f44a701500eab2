"""Run the study, or go on with it: `make calibrate`.

Each finished task is a line of tests/benchmarks/results/calibration.jsonl, so a study that was broken off
goes on where it stood. The tables go to the terminal and to calibration.json beside it. With --ways the
tasks whose truth is known are taken again, to compare ways to choose the strength: choice.jsonl, choice.json.
"""

import argparse
import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from tests.benchmarks.calibration.choice import compare_ways, summary_of_ways
from tests.benchmarks.calibration.lines import Record, completed, number, read
from tests.benchmarks.calibration.reliability import summary
from tests.benchmarks.calibration.show import show, show_ways
from tests.benchmarks.calibration.study import SMALL, WHOLE, Sizes, answer_alone
from tests.benchmarks.calibration.tasks import law

RESULTS = Path(__file__).parents[1] / "results"
TASKS = 300


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line; train what is missing; show and write the tables."""
    options = _parser().parse_args(arguments)
    sizes = SMALL if options.small else WHOLE
    options.output.mkdir(parents=True, exist_ok=True)
    console = Console()
    if options.ways:
        records = _ways(options, sizes, console)
        found = summary_of_ways(records)
        show_ways(found, console)
    else:
        records = _study(options, sizes, console)
        found = summary(records)
        show(found, console)
    path = options.output / ("choice.json" if options.ways else "calibration.json")
    path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Hold the verdict against known truths.")
    parser.add_argument("--tasks", type=int, default=TASKS, help="how many tasks there are in all")
    parser.add_argument("--jobs", type=int, default=2, help="processes, each with one thread")
    parser.add_argument("--small", action="store_true", help="toy sizes: shows that it runs, no more")
    parser.add_argument("--only-tables", action="store_true", help="train nothing")
    parser.add_argument("--ways", action="store_true", help="compare ways to choose the strength")
    parser.add_argument("--output", type=Path, default=RESULTS, help="the folder of the results")
    return parser


def _study(options: argparse.Namespace, sizes: Sizes, console: Console) -> list[Record]:
    path = options.output / "calibration.jsonl"
    tasks = [] if options.only_tables else list(range(options.tasks))
    known = set(map(number, read(path)))
    missing = sorted((own for own in tasks if own not in known), key=_width)
    return _all(path, partial(answer_alone, sizes=sizes), missing, options, console)


def _ways(options: argparse.Namespace, sizes: Sizes, console: Console) -> list[Record]:
    path = options.output / "choice.jsonl"
    known = set(map(number, read(path)))
    truths = [] if options.only_tables else read(options.output / "calibration.jsonl")
    chosen = [own for own in truths if number(own) < options.tasks and number(own) not in known]
    missing = sorted(chosen, key=lambda own: _width(number(own)))
    return _all(path, partial(compare_ways, sizes=sizes), missing, options, console)


def _width(own: int) -> int:
    """Sort by this: wide linear models take minutes, and so come last if the study is broken off."""
    return max(60, law(own).width)


def _all(
    path: Path, work: Any, missing: Sequence[Any], options: argparse.Namespace, console: Console
) -> list[Record]:
    before = len(read(path))
    for done, record in enumerate(completed(path, work, missing, jobs=options.jobs), before + 1):
        console.print(f"task {number(record)}: {done} of {before + len(missing)}")
    return read(path)


if __name__ == "__main__":
    main()
