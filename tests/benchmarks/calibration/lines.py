"""Records of a study, a line each, so that one that was broken off goes on where it stood."""

import json
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

Record = dict[str, Any]


def read_records(path: Path) -> list[Record]:
    """Return the finished tasks, in the order of their names."""
    return sorted(map(json.loads, whole_lines(path)), key=lambda record: record_key(record))


def record_key(record: Record) -> tuple[str, int, int, str]:
    """Return what tells a task from all others: table, rows, draw and network."""
    return record["table"], record["n"], record["draw"], record["network"]


def whole_lines(path: Path) -> list[str]:
    """Return the lines of a file, if there is one; a last line that was broken off is left out and cut."""
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        path.write_text("".join(lines := lines[:-1]), encoding="utf-8")
    return lines


def append_records(
    path: Path, work: Callable[[Any], Record], missing: Sequence[Any], *, jobs: int
) -> Iterator[Record]:
    """Do what is missing, write a line for each, and yield it.

    Processes rather than threads: the steps of small networks are mostly Python, and hold its lock.
    """
    for record in _run(work, missing, jobs=jobs):
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
        yield record


def _run(work: Callable[[Any], Record], missing: Sequence[Any], *, jobs: int) -> Iterator[Record]:
    if jobs == 1 or len(missing) < 2:
        yield from map(work, missing)
        return
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        for done in as_completed([pool.submit(work, own) for own in missing]):
            yield done.result()
