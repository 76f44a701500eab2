"""Run the study, or go on with it: `make calibrate`.

Each finished task is a line of tests/benchmarks/results/calibration.jsonl, so a study that was broken off
goes on where it stood. The tables go to the terminal and to calibration.json beside it.
"""

import argparse
import json
import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from rich.console import Console

from tests.benchmarks.calibration.reliability import summary
from tests.benchmarks.calibration.show import show
from tests.benchmarks.calibration.study import SMALL, WHOLE, Sizes, answer_alone

RESULTS = Path(__file__).parents[1] / "results"
TASKS = 300


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line; train what is missing; show and write the tables."""
    parser = argparse.ArgumentParser(description="Hold the verdict against known truths.")
    parser.add_argument("--tasks", type=int, default=TASKS, help="how many tasks there are in all")
    parser.add_argument("--jobs", type=int, default=2, help="processes, each with one thread")
    parser.add_argument("--small", action="store_true", help="toy sizes: shows that it runs, no more")
    parser.add_argument("--only-tables", action="store_true", help="train nothing")
    parser.add_argument("--output", type=Path, default=RESULTS, help="the folder of the results")
    options = parser.parse_args(arguments)
    console, path = Console(), options.output / "calibration.jsonl"
    options.output.mkdir(parents=True, exist_ok=True)
    records = read(path)
    known = set(map(_number, records))
    missing = [] if options.only_tables else [n for n in range(options.tasks) if n not in known]
    for record in answers(missing, SMALL if options.small else WHOLE, jobs=options.jobs):
        records.append(record)
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
        console.print(f"task {record['law']['number']}: {len(records)} of {options.tasks}")
    records.sort(key=_number)
    found = summary(records)
    (options.output / "calibration.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    show(found, console)


def answers(numbers: Sequence[int], sizes: Sizes, *, jobs: int) -> Iterator[dict[str, Any]]:
    """Yield the records of tasks, as they are finished.

    Processes rather than threads: the steps of small networks are mostly Python, and hold its lock.
    """
    if jobs == 1 or len(numbers) < 2:
        yield from (answer_alone(number, sizes) for number in numbers)
        return
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        for done in as_completed([pool.submit(answer_alone, number, sizes) for number in numbers]):
            yield done.result()


def _number(record: dict[str, Any]) -> int:
    return int(record["law"]["number"])


def read(path: Path) -> list[dict[str, Any]]:
    """Return the finished tasks."""
    return sorted(map(json.loads, whole_lines(path)), key=_number)


def whole_lines(path: Path) -> list[str]:
    """Return the lines of a file, if there is one; a last line that was broken off is left out and cut."""
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        path.write_text("".join(lines := lines[:-1]), encoding="utf-8")
    return lines


if __name__ == "__main__":
    main()
