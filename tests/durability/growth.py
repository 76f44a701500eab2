"""Memory of a process that recommends again and again: `python -m tests.durability.growth --runs 200`.

The same few tables come by in turn, so that what is held after each turn can be compared: a leak of any size
grows with the turns, and what is loaded late or kept ready does not.
"""

import argparse
import itertools
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console

from regchoose.errors import RegchooseError
from regchoose.records.answers import Prompt
from regchoose.result.document import RunResult
from regchoose.run.walk_chart import recommend_regularizer
from regchoose.settings.options import Settings
from tests.durability.load import resident_mib
from tests.durability.tables import make_sheet

TABLES = 10
WARM_UP = 2  # turns
SMALL = Settings(
    hidden=(8,), folds=2, repeats=1, strengths=3, alphas=(0.5,), epochs=2, steps=5, lr=0.01, subsample="yes"
)
MOST_MIB = 8.0  # that the later turns may add up to: the allocator's own unsteadiness


class Silence:
    """A listener that is told, and says nothing."""

    def started(self, key: str, text: str, total: int) -> None:
        """Hear that a step begins."""

    def advanced(self, key: str, done: int) -> None:
        """Hear how far it is."""

    def finished(self, key: str, summary: str) -> None:
        """Hear that it has ended."""

    def noted(self, text: str) -> None:
        """Hear a notice."""


def nobody(_: Prompt) -> None:
    """Where no prompt is possible."""


def one_run(path: Path) -> RunResult:
    """Recommend as a program would that uses the library."""
    return recommend_regularizer(
        str(path), SMALL, given=frozenset(), ask=nobody, listener=Silence(), clock=time.monotonic
    )


def answered_tables(folder: Path, *, count: int, seed: int = 0) -> list[Path]:
    """Write random tables that are answered, not refused."""
    found: list[Path] = []
    for number in itertools.count():
        sheet = make_sheet(np.random.default_rng([seed, number]))
        path = folder / f"{number}-{sheet.name}"
        path.write_bytes(sheet.content)
        try:
            one_run(path)
        except RegchooseError:
            continue
        found.append(path)
        if len(found) == count:
            return found
    raise AssertionError


def turns(paths: Sequence[Path], *, count: int) -> list[float]:
    """Return the memory held after each turn over the tables, in MiB."""
    held = []
    for _ in range(count):
        for path in paths:
            one_run(path)
        held.append(resident_mib())
    return held


def main(arguments: Sequence[str] | None = None) -> int:
    """Show the memory turn by turn; return 1 where it grew."""
    parser = argparse.ArgumentParser(prog="python -m tests.durability.growth", description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        paths = answered_tables(Path(folder), count=TABLES)
        held = turns(paths, count=-(-options.runs // TABLES))
    console = Console(highlight=False)
    console.print("MiB after each turn of 10 runs: " + " ".join(f"{mib:.0f}" for mib in held))
    grown = held[-1] - held[min(WARM_UP, len(held) - 1)]
    console.print(f"{held[0]:.0f} MiB after 10 runs, {held[-1]:.0f} MiB after {TABLES * len(held)}")
    return int(grown > MOST_MIB)


if __name__ == "__main__":
    sys.exit(main())
