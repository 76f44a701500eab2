"""Run the study, or go on with it: `make regret`, or with folders of real tables.

What the methods find on a task is a line of tests/benchmarks/results/regret.jsonl, so a study that was broken
off goes on where it stood. The tables go to the terminal and to regret.json beside it.

All methods of a task run one after another in one process, each on one thread, and their seconds are of
processor time. Compare those of the same task: other tasks may have run beside more or fewer processes.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from rich.console import Console

from tests.benchmarks.calibration.lines import Record, append_records, read_records, record_key
from tests.benchmarks.calibration.real_tables import find_tables
from tests.benchmarks.calibration.tasks import real_tasks
from tests.benchmarks.regret.compete import EARLIER, PEERS, Contestants, compete
from tests.benchmarks.regret.contest import SMALL, WHOLE
from tests.benchmarks.regret.our_rules import OURS
from tests.benchmarks.regret.show import show
from tests.benchmarks.regret.summary import join_records, summarize

RESULTS = Path(__file__).parents[1] / "results"
ROWS, DRAWS = (200, 500, 1_000), 3
METHODS = (*OURS, *(name for own in PEERS.values() for name in own), EARLIER)


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line; run what is missing; show and write the tables."""
    options = _parser().parse_args(arguments)
    options.output.mkdir(parents=True, exist_ok=True)
    console, path = Console(), options.output / "regret.jsonl"
    if not options.only_tables:
        _run(options, path, console)
    found = summarize(read_records(path), options.methods)
    show(found, console)
    (options.output / "regret.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Hold the recommendation against other choices.")
    add = parser.add_argument
    add("folders", type=Path, nargs="*", metavar="FOLDER", help="real tables: folders of files, or files")
    add("--rows", type=int, nargs="+", default=ROWS, help="rows that are drawn of a table")
    add("--draws", type=int, default=DRAWS, help="how many times they are drawn")
    add("--methods", choices=METHODS, nargs="+", default=(), help="which methods; by default all")
    add("--network", choices=tuple(PEERS), default="mlp", help="which models")
    add(
        "--earlier",
        type=_checkout,
        help="a checkout of another version, whose recommendation is a method too",
    )
    add("--jobs", type=int, default=1, help="processes, each with one thread")
    add("--small", action="store_true", help="toy sizes: shows that it runs, no more")
    add("--only-tables", action="store_true", help="run nothing")
    add("--output", type=Path, default=RESULTS, help="the folder of the results")
    return parser


def _checkout(text: str) -> Path:
    """Return the folder of a checkout; from another, Python would run the version that is installed."""
    path = Path(text).resolve()
    if not (path / "regchoose" / "__init__.py").exists():
        raise argparse.ArgumentTypeError(f"{text} is no checkout: it has no regchoose/__init__.py")
    return path


def _run(options: argparse.Namespace, path: Path, console: Console) -> None:
    """Run what has no line yet, the quick tasks first."""
    sizes = (SMALL if options.small else WHOLE).of(options.network)
    missing = sorted(_missing(options, read_records(path)), key=lambda own: own.task.slowness)
    work = partial(compete, sizes=sizes, earlier=options.earlier)
    for done, record in enumerate(append_records(path, work, missing, jobs=options.jobs), 1):
        seconds = ", ".join(f"{name} {own['seconds']:.0f} s" for name, own in record["methods"].items())
        console.print(f"{done} of {len(missing)}: {record['table']}, {record['n']} rows: {seconds}")


def _missing(options: argparse.Namespace, records: Sequence[Record]) -> Iterator[Contestants]:
    known = {record_key(record): set(record["methods"]) for record in join_records(records)}
    wanted = [*OURS, *PEERS[options.network], *([EARLIER] if options.earlier else [])]
    wanted = [name for name in wanted if not options.methods or name in options.methods]
    tables = find_tables(options.folders)
    for task in real_tasks(tables, rows=options.rows, draws=options.draws, networks=[options.network]):
        missing = tuple(name for name in wanted if name not in known.get(task.key, ()))
        if missing:
            yield Contestants(task, missing)


if __name__ == "__main__":
    main()
