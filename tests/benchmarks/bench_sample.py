"""Measure the subsample: `python -m tests.benchmarks.bench_sample`; by hand, on an idle machine, minutes.

Seconds beside one DuckDB scan of the same file that takes means and standard deviations of its numeric
columns; peak memory; how much nearer than a random sample's the means are; and whether a model's
cross-validated error on the rows is that on random rows.
"""

import argparse
import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import numpy as np
from rich.console import Console

from regchoose.records.table import Table
from regchoose.records.words import Int
from regchoose.subsample.draw import allocate, draw_subsample, stratify
from regchoose.subsample.match import SMD
from tests.benchmarks.large_tables import FAMILIES, family, largest_smd, ridge_error, write_large
from tests.benchmarks.machine import describe, versions
from tests.benchmarks.machine import load as busy

ROOT = Path(__file__).parents[2]
OUTPUT = Path(__file__).parent / "results" / "sample.json"


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    file_rows: int
    runs: int  # of the two that are timed, in turns
    rows: int  # of a synthetic table
    size: int  # of its subsample
    seeds: int
    repeats: int


FULL = Size(5_000_000, 3, 10_000, 1_000, 50, 50)
QUICK = Size(20_000, 1, 1_500, 300, 2, 2)


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    """Measure, write the file, and return what it holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="toy sizes, to see that it runs")
    parser.add_argument("--only", choices=["speed", "proofs"], help="measure one half, and keep the other")
    parser.add_argument("--date", default=time.strftime("%Y-%m-%d"))
    parser.add_argument("--output", type=Path, default=OUTPUT)
    chosen = parser.parse_args(arguments)
    size = QUICK if chosen.quick else FULL
    known = _known(chosen.output) if chosen.only else {}
    where = {
        "date": chosen.date,
        "machine": describe(),
        "load": busy(),
        "versions": {**versions(), "duckdb": duckdb.__version__},
        "size": asdict(size),
    }
    if chosen.only != "proofs":
        speed = measure_speed(size)
        known |= {"sample_seconds_over_scan": speed["ratio"], "sample_peak_mb": speed["peak_mb"]}
        known["speed"] = {**speed, **where}
    if chosen.only != "speed":
        proofs = [prove_family(name, size) for name in FAMILIES]
        known["smd_ratio_to_random"] = max(proof["smd_ratio"] for proof in proofs)
        known["proofs"] = {"tables": proofs, **where}
    keys = ("sample_seconds_over_scan", "sample_peak_mb", "smd_ratio_to_random", "speed", "proofs")
    found = {key: known[key] for key in keys if key in known}
    chosen.output.parent.mkdir(parents=True, exist_ok=True)
    chosen.output.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    Console().print_json(data=found)
    return found


def _known(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return found


def measure_speed(size: Size) -> dict[str, Any]:
    """Time the whole of `sample` and the scan in turns, each in a process of its own."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "large.csv")
        write_large(path, size.file_rows)
        turns = [{who: _child(who, path) for who in ("scan", "sample")} for _ in range(size.runs)]
        text = path.stat().st_size
    seconds = {who: median(turn[who]["seconds"] for turn in turns) for who in turns[0]}
    used = {who: median(turn[who]["cpu_seconds"] for turn in turns) for who in turns[0]}
    return {
        "ratio": seconds["sample"] / seconds["scan"],
        "seconds": seconds,
        "cpu_ratio": used["sample"] / used["scan"],
        "cpu_seconds": used,
        "peak_mb": max(turn["sample"]["peak_mb"] for turn in turns),
        "rows": size.file_rows,
        "bytes": text,
        "turns": turns,
    }


def _child(who: str, path: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.benchmarks.bench_sample_child", who, str(path)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    measured: dict[str, float] = json.loads(done.stdout)
    return measured


def prove_family(name: str, size: Size) -> dict[str, Any]:
    """Compare our subsamples of one table with random ones of the same size."""
    table = family(name, size.rows)
    drawn = [draw_subsample(table, size=size.size, folds=5, seed=seed) for seed in range(size.seeds)]
    rng = np.random.default_rng(0)
    plain = [rng.choice(size.rows, size.size, replace=False) for _ in range(size.seeds)]
    ours, theirs = (
        [largest_smd(table, rows) for rows in every] for every in ([one.rows for one in drawn], plain)
    )
    errors = np.array(
        [
            ridge_error(table, one.rows) - ridge_error(table, rows)
            for one, rows in zip(drawn, plain, strict=True)
        ]
    )[: size.repeats]
    broken = [one.reason for one in drawn if not one.matched]
    return {
        "table": name,
        "smd_ratio": median(ours) / median(theirs),
        "largest_smd": {"ours": median(ours), "random": median(theirs)},
        "unexplained": sum(one.matched != all(check.ok for check in one.checks) for one in drawn),
        "no": len(broken),
        "reasons": sorted(set(broken))[:3],
        "error_difference": float(errors.mean()),
        "error_standard_error": float(errors.std(ddof=1) / np.sqrt(len(errors))),
        "class_share_gap": _share_gap(table, [one.rows for one in drawn]),
        "worst_smd": max((c.value for one in drawn for c in one.checks if c.check == SMD), default=0.0),
    }


def _share_gap(table: Table, drawn: list[Int]) -> float:
    """Return the largest gap, in rows, between a stratum's count and its proportional share."""
    strata = stratify(table)
    counts = np.bincount(strata)
    return max(
        float(np.abs(np.bincount(strata[rows], minlength=len(counts)) - allocate(counts, len(rows))).max())
        for rows in drawn
    )


if __name__ == "__main__":
    main()
