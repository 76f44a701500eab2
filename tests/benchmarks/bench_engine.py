"""How fast the engine is, side by side with skorch, scikit-learn and a plain PyTorch loop.

To repeat it: `make bench` on a machine with nothing else to do; it takes about three quarters of an hour on
two cores. `.venv/bin/python -m tests.benchmarks.bench_engine --quick` shows in a minute, at toy sizes, that
all of it runs. The figures go to the terminal and to tests/benchmarks/results/engine.json (or quick.json).

Same work
    Five folds, the 46 points of the four arms' default grids, network (64, 64), Adam at one rate, equal
    epochs and rows a step, float32, on each table. Ours trains all of it, arm by arm; peers a sample of
    points on all folds, scaled to all fits. scikit-learn knows L2 alone, so its sample is of those points.
    Timed by turns; figures are medians over the rounds, ratios medians over the tables.
Whole experiment
    Ours: `prepare`, `with_rate`, `train_arm` for four arms with the default settings, as `recommend` does.
    Peers: every strength in every one of the 25 cells, from a timed sample.
Quality
    What racing the strengths costs in test loss, against the same engine without racing.
Share of torch.mm
    FLOP of the matrix products of all fits, rows·epochs·(6·Σ in·out − 2·d·h₁), a second, as a share of
    what torch.mm reaches on products of 1024 × 1024 on all cores, measured between the rounds.
Memory
    Peak resident memory of fresh processes. It comes first: a child inherits its parent's peak.
"""

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console

from regchoose.records.words import Task
from regchoose.settings.options import Settings
from tests.benchmarks.growth import grow
from tests.benchmarks.loop_peer import faster_threads, plain_loop
from tests.benchmarks.machine import cores, describe, load, versions
from tests.benchmarks.memory import CONTENDERS, peak_mib
from tests.benchmarks.quality import compare_quality
from tests.benchmarks.same_work import compare_on
from tests.benchmarks.show import show
from tests.benchmarks.sklearn_peer import SKLEARN
from tests.benchmarks.skorch_peer import SKORCH
from tests.benchmarks.tables import make_sheet
from tests.benchmarks.whole_experiment import compare_experiment
from tests.benchmarks.work import make_work

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Case:
    """A table, the points that peers are timed on, and the rounds."""

    task: Task
    rows: int
    features: int
    sample: int
    rounds: int


@dataclass(frozen=True)
class Plan:
    """The sizes of everything.

    Parameters
    ----------
    sample : int
        Points that peers are timed on for the whole experiment.
    tables, table_rows : int, pair of int
        Of the comparison of quality.
    smallest, doublings : mapping, int
        Sizes from which the cost is seen to grow.
    memory_of_experiment, memory_of_work : pair of int
        Rows and features.
    in_memory : tuple of str
        Contenders whose peak is measured on the same work.
    """

    cases: tuple[Case, ...]
    settings: Settings
    sample: int
    tables: int
    table_rows: tuple[int, int]
    smallest: Mapping[str, int]
    doublings: int
    memory_of_experiment: tuple[int, int]
    memory_of_work: tuple[int, int]
    in_memory: tuple[str, ...]


FULL = Plan(
    cases=(
        Case("regression", 442, 10, sample=8, rounds=3),
        Case("binary", 2_000, 30, sample=4, rounds=2),
        Case("binary", 10_000, 100, sample=2, rounds=1),
    ),
    settings=Settings(device="cpu"),
    sample=2,
    tables=20,
    table_rows=(60, 200),
    smallest={"rows": 512, "features": 8, "strengths": 2, "width": 16},
    doublings=3,
    memory_of_experiment=(20_000, 200),
    memory_of_work=(10_000, 100),
    in_memory=tuple(CONTENDERS),
)
QUICK = Plan(
    cases=(Case("regression", 80, 3, sample=2, rounds=1), Case("binary", 120, 4, sample=2, rounds=1)),
    settings=replace(
        Settings(device="cpu"),
        strengths=4,
        alphas=(0.5,),
        folds=3,
        repeats=2,
        hidden=(8, 8),
        epochs=4,
        batch=16,
        steps=0,
    ),
    sample=1,
    tables=2,
    table_rows=(60, 80),
    smallest={"rows": 60, "features": 2, "strengths": 2, "width": 4},
    doublings=1,
    memory_of_experiment=(200, 5),
    memory_of_work=(200, 5),
    in_memory=(),
)


PARTS = ("memory", "same_work", "whole_experiment", "growth", "quality")


def bench(
    plan: Plan,
    *,
    date: str,
    say: Console,
    keep: Callable[[Mapping[str, Any]], None],
    known: Mapping[str, Any],
    parts: Sequence[str] = PARTS,
) -> dict[str, Any]:
    """Measure some parts; `keep` is given what there is after each. Return what the file holds.

    Parameters
    ----------
    known : mapping
        What an earlier run found; parts that are not measured again stay, with their date and machine.
    """
    measures: dict[str, Callable[[], Any]] = {
        "memory": lambda: _memory(plan),
        "same_work": lambda: [_same_work(plan, case) for case in plan.cases],
        "whole_experiment": lambda: [_whole(plan, case) for case in plan.cases],
        "growth": lambda: grow(plan.settings, plan.smallest, doublings=plan.doublings),
        "quality": lambda: compare_quality(plan.tables, plan.table_rows, plan.settings),
    }
    found = dict(known)
    for name in parts:
        say.print(f"{name.replace('_', ' ')} …")
        here = {"date": date, "machine": describe(), "versions": versions(), "load_before": load()}
        found[name] = measures[name]()
        found["measured"] = {**found.get("measured", {}), name: {**here, "load_after": load()}}
        keep(found)
    if found.keys() >= {"same_work", "whole_experiment"}:
        found = {**found, **_headline(found["same_work"], found["whole_experiment"])}
    return found


def _whole(plan: Plan, case: Case) -> dict[str, Any]:
    sheet = make_sheet(case.task, case.rows, case.features, seed=0)
    return compare_experiment(sheet, plan.settings, (SKORCH, SKLEARN), rounds=case.rounds, sample=plan.sample)


def _memory(plan: Plan) -> dict[str, Any]:
    rows, features = plan.memory_of_experiment
    return {
        "experiment": {
            "rows": rows,
            "features": features,
            "arms": 4,
            "epochs": 1,
            "peak_mib": peak_mib("experiment", rows, features),
        },
        "same_work": {name: peak_mib(name, *plan.memory_of_work) for name in plan.in_memory},
        "same_work_rows_and_features": list(plan.memory_of_work),
    }


def _same_work(plan: Plan, case: Case) -> dict[str, Any]:
    work = make_work(make_sheet(case.task, case.rows, case.features, seed=0), plan.settings)
    threads = faster_threads(work, of=(1, cores()))
    peers = (SKORCH, SKLEARN, plain_loop(threads))
    found = compare_on(work, peers, rounds=case.rounds, sample=case.sample)
    return {**found, "threads_of_loop": threads}


def _headline(tables: Sequence[dict[str, Any]], experiments: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Medians over the tables."""
    speedups = {
        f"speedup_over_{name}": median(table["contenders"][name]["times_ours"] for table in tables)
        for name in ("skorch", "sklearn", "loop")
    }
    verdicts = {
        f"verdict_speedup_over_{name}": median(found["speedup_over"][name] for found in experiments)
        for name in ("skorch", "sklearn")
    }
    share = median(table["share_of_matmul_peak"] for table in tables)
    return {**speedups, "share_of_matmul_peak": share, **verdicts}


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line, measure, show, and write."""
    parser = argparse.ArgumentParser(description="Compare the engine with its peers.")
    parser.add_argument("--quick", action="store_true", help="toy sizes: shows that it runs, no more")
    parser.add_argument("--date", default=datetime.now(UTC).date().isoformat(), help="written to the file")
    parser.add_argument("--output", type=Path, help="the JSON file; by default under results/")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, help="measure these alone")
    options = parser.parse_args(arguments)
    console = Console()
    output = options.output or RESULTS / ("quick.json" if options.quick else "engine.json")
    output.parent.mkdir(parents=True, exist_ok=True)

    def keep(found: Mapping[str, Any]) -> None:
        output.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")

    again = tuple(options.parts) != PARTS and output.exists()
    found = bench(
        QUICK if options.quick else FULL,
        date=options.date,
        say=console,
        keep=keep,
        known=json.loads(output.read_text(encoding="utf-8")) if again else {},
        parts=options.parts,
    )
    keep(found)
    show(found, console)
    console.print(f"Written to {output}")


if __name__ == "__main__":
    main()
