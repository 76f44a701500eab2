"""A run that is killed and resumed until it ends, and what its journal held each time."""

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.cli.conftest import clean_environment

VARYING = ("seconds", "execution")
OLD = "an older result"
RUN = ["--preset", "quick", "--hidden", "8", "--repeats", "4", "--subsample", "yes", "--resources", "yes"]
PATIENCE = 600  # seconds

Due = Callable[[str, float], bool]  # what was said so far, seconds of processor time → whether to kill
Rows = dict[str, tuple[int, float]]  # key of a block → where it lies, and when it was stored


@dataclass(frozen=True)
class Place:
    """Where a run works: its table, its cache, its result."""

    folder: Path
    table: Path
    epochs: int
    jobs: int = 2
    threads: int = 2  # that libraries would use

    @property
    def result(self) -> Path:
        """The file of the result."""
        return self.folder / "result.json"

    @property
    def journal(self) -> Path:
        """The file of the journal."""
        return self.folder / "cache" / "journal.sqlite"

    @property
    def environ(self) -> dict[str, str]:
        """The environment of the run."""
        threads = {f"{name}_NUM_THREADS": str(self.threads) for name in ("OMP", "MKL", "OPENBLAS")}
        return clean_environment(REGCHOOSE_FRESH="no", **threads)

    @property
    def command(self) -> list[str]:
        """The command of the run."""
        own = ["--epochs", str(self.epochs), "--jobs", str(self.jobs), "-o", "result.json", "--force"]
        places = ["--cache-dir", "cache", "--budget", "9h", "--no-input"]
        return [sys.executable, "-m", "regchoose", "recommend", str(self.table), *RUN, *own, *places]


@dataclass(frozen=True)
class Attempt:
    """One start of the program: how it ended, what it said, what the journal held after."""

    killed: bool
    said: str
    seconds: float  # of processor time: on a busy machine the clock says little of how far a run is
    rows: Rows


def attempt(place: Place, *, due: Due) -> Attempt:
    """Start the run; kill it with -9 as soon as it is due."""
    place.folder.mkdir(exist_ok=True)
    saying = place.folder / "said.txt"
    with saying.open("w") as stream:
        process = subprocess.Popen(
            place.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stream,
            cwd=place.folder,
            env=place.environ,
        )
    until = time.monotonic() + PATIENCE
    seconds = 0.0
    try:
        while process.poll() is None:
            seconds = max(seconds, worked(process.pid))
            assert time.monotonic() < until
            if due(saying.read_text(encoding="utf-8"), seconds):
                break
            time.sleep(0.005)
    finally:  # due, or this program itself is stopped
        process.kill()
    status = process.wait()
    said = saying.read_text(encoding="utf-8")
    assert status in (0, -9), said  # it may just have ended when it was due
    return Attempt(status != 0, said, seconds, blocks(place.journal))


def worked(pid: int) -> float:
    """Return the seconds of processor time that a process has taken, all its threads together (Linux)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")  # utime and stime, see proc(5)


def blocks(journal: Path) -> Rows:
    """Read the blocks of a copy, so that whatever the killed run left is still the next run's to repair."""
    with TemporaryDirectory() as folder:
        for side in ("", "-wal"):
            if (file := journal.with_name(journal.name + side)).exists():
                shutil.copy(file, Path(folder, f"copy{side}"))
        if not Path(folder, "copy").exists():
            return {}
        with closing(sqlite3.connect(Path(folder, "copy"))) as connection:
            if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'entries'").fetchall():
                return {}  # killed before it was made
            query = "SELECT key, rowid, used FROM entries WHERE kind = 'block'"
            return {key: (row, used) for key, row, used in connection.execute(query)}


def lasting(result: Path) -> bytes:
    """Return the bytes of a result without what may differ."""
    document = json.loads(result.read_text(encoding="utf-8"))
    return json.dumps({name: value for name, value in document.items() if name not in VARYING}).encode()


def lost(attempts: Sequence[Attempt]) -> int:
    """Count the blocks that one attempt left in the journal and a later one did not."""
    return sum(len(before.rows.keys() - after.rows.keys()) for before, after in pairwise(attempts))


def trained_again(attempts: Sequence[Attempt]) -> int:
    """Count the blocks that were stored, and then trained and stored once more.

    A row that is stored again lies elsewhere, or its time is another. A run whose walk has ended notes when
    it asked for each block; of such a one the place alone tells, and what it says itself (`found`).
    """
    count = 0
    for before, after in pairwise(attempts):
        for key in before.rows.keys() & after.rows.keys():
            (row, used), (row_after, used_after) = before.rows[key], after.rows[key]
            count += row != row_after or (found(after) is None and used != used_after)
    return count


def found(attempt: Attempt) -> int | None:
    """Return how many blocks an attempt says that it found; None where it was killed before it could."""
    said = re.search(r"^(\d+) of \d+ blocks of models were in the cache", attempt.said, re.MULTILINE)
    return int(said[1]) if said else None
