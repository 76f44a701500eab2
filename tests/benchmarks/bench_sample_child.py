"""One measurement in a fresh process: `python -m tests.benchmarks.bench_sample_child scan|sample FILE`."""

import json
import resource
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
from rich.console import Console

from regchoose.library.extract import classify, extract
from regchoose.settings.options import Settings
from tests.benchmarks.large_tables import NUMERIC


def scan(path: str) -> None:
    """Take means and standard deviations of all numeric columns, as DuckDB reads them."""
    terms = ", ".join(f"avg({name}), stddev({name})" for name in NUMERIC)
    with duckdb.connect() as connection:
        connection.execute(f"SELECT {terms} FROM read_csv(?)", [path]).fetchall()


def sample(path: str) -> None:
    """Read, draw, prove and write."""
    with TemporaryDirectory() as folder:
        target = Path(folder, "sample.csv")
        extract(
            classify(path),
            Settings(),
            everything=False,
            target=target,
            form="csv",
            ask=lambda _: None,
            advanced=lambda _: None,
        )


def main(who: str, path: str) -> None:
    """Do one of the two; print seconds and the peak of memory."""
    began = time.perf_counter()
    {"scan": scan, "sample": sample}[who](path)
    seconds = time.perf_counter() - began
    Console().print_json(json.dumps({"seconds": seconds, "peak_mb": _peak()}))


def _peak() -> float:
    """Return the peak of resident memory in MB; getrusage would count what the parent once held."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6  # bytes, on a Mac
    (line,) = (line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024 / 1e6


if __name__ == "__main__":
    main(*sys.argv[1:])
