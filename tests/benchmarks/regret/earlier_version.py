"""The recommendation of another version of the program, from a checkout of it."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from regchoose.settings.options import Settings
from regchoose.settings.sources import resolve_settings
from regchoose.table.load import load_with_text
from regchoose.table.write import write_rows
from tests.benchmarks.regret.contest import Contest, Found, Sizes
from tests.benchmarks.regret.refit import Choice, Length, refit

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
LISTS = ("exclude", "keep", "na")  # options that may be given again


def earlier_version(contest: Contest, sizes: Sizes, *, checkout: Path) -> Found:
    """Let it read the rows drawn from a file, and refit what it recommends as ours is refitted.

    The seconds are the processor's, as everywhere here, with the start of Python.
    """
    start, source = _child_seconds(), contest.source.source
    read, _ = resolve_settings(dict(source.options), environ={}, config=None)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        _, raw = load_with_text(source.path, read)
        write_rows(path, "csv", raw=raw, rows=contest.sample.drawn)
        run = subprocess.run(
            [sys.executable, "-m", "regchoose", "recommend", str(path), *_flags(contest, sizes, read)],
            cwd=checkout,
            env={**os.environ, **ONE_THREAD, "PYTHONPATH": str(checkout), "XDG_CACHE_HOME": folder},
            capture_output=True,
            text=True,
            check=False,
        )
    said = json.loads(run.stdout) if run.stdout.strip() else {}
    if not said.get("ok"):
        why = str(said.get("error") or run.stderr.strip()[-200:])
        return Found(contest.loss_null, _child_seconds() - start, {"failed": why})
    found = refit(_choice(said["recommendation"]), contest, sizes, seconds=_child_seconds() - start)
    return Found(found.loss, found.seconds, {**found.choice, "version": said["regchoose_version"]})


def _child_seconds() -> float:
    """Return the processor time of the children that have ended."""
    times = os.times()
    return times.children_user + times.children_system


def _flags(contest: Contest, sizes: Sizes, read: Settings) -> list[str]:
    """Return the flags: that the rows are read as the table was, and the experiment as the sizes say."""
    table, settings = contest.sample.table, sizes.settings
    task = "regression" if table.task == "regression" else "classification"
    flags = ["--target", table.target_name, "--header", "--task", task, "--resources", "yes"]
    flags += ["--budget", "24h", "--jobs", "1", "--json", "--no-input", "--fresh"]
    flags += [word for name in LISTS for value in getattr(read, name) for word in (f"--{name}", value)]
    lists = {"alphas": settings.alphas, "hidden": settings.hidden if settings.network == "mlp" else ()}
    numbers = {name: getattr(settings, name) for name in ("strengths", "repeats", "epochs", "steps", "lr")}
    given = numbers | {name: ",".join(map(str, values)) for name, values in lists.items() if values}
    given["network"] = settings.network
    return [*flags, *(word for name, value in given.items() for word in (f"--{name}", str(value)))]


def _choice(recommendation: dict[str, Any]) -> Choice:
    own = recommendation["training"]
    length = None if own is None else Length(**{name: own[name] for name in Length.__dataclass_fields__})
    return Choice(recommendation["regularizer"], recommendation["l1"], recommendation["l2"], length)
