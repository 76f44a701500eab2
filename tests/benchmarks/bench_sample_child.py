"""One measurement in a fresh process: `python -m tests.benchmarks.bench_sample_child scan|sample FILE`."""

import json
import resource
import sys
import time
from contextlib import redirect_stdout
from importlib import import_module
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from tests.benchmarks.large_columns import NUMERIC

ROWS = 5_000


def scan(path: str) -> None:
    """Take means and standard deviations of all numeric columns, as DuckDB reads them."""
    terms = ", ".join(f"avg({name}), stddev({name})" for name in NUMERIC)
    with duckdb.connect() as connection:
        connection.execute(f"SELECT {terms} FROM read_csv(?)", [path]).fetchall()


def sample(path: str) -> None:
    """Run the whole command: load the program, read, draw, prove and write."""
    with TemporaryDirectory() as folder, redirect_stdout(StringIO()):
        command = ["sample", path, "--rows", str(ROWS), "-o", str(Path(folder, "sample.csv"))]
        status = import_module("regchoose.cli.app").main(command)
    assert status == 0, status


def main(who: str, path: str) -> None:
    """Do one of the two; print seconds, those of the processor too, and the peak of memory."""
    began, used = time.perf_counter(), time.process_time()
    {"scan": scan, "sample": sample}[who](path)
    spent = {"seconds": time.perf_counter() - began, "cpu_seconds": time.process_time() - used}
    sys.stdout.write(json.dumps({**spent, "peak_mb": _peak()}) + "\n")


def _peak() -> float:
    """Return the peak of resident memory in MB; getrusage would count what the parent once held."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6  # bytes, on a Mac
    (line,) = (line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024 / 1e6


if __name__ == "__main__":
    main(*sys.argv[1:])
