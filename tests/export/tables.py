"""Tables with a bit of everything, and the results that a run on them gives."""

import csv
import json
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from regchoose.result.document import RunResult
from regchoose.result.json_text import dump_model
from regchoose.result.saved_result import parse_result
from regchoose.run.walk_chart import recommend_regularizer
from regchoose.settings.options import Settings
from tests.run.test_walk_chart import Diary, nobody

SMALL = Settings(
    strengths=3,
    alphas=(0.5,),
    repeats=2,
    epochs=20,
    steps=60,
    lr=0.01,
    hidden=(16,),
    budget="1h",
    jobs=1,
)


def write_table(path: Path, *, task: str, rows: int = 240, hostile: bool = False) -> None:
    """Write numbers (some missing), a category, a boolean, dates, and an id; the target comes last."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=(rows, 4))
    town, yes = rng.choice(["Rome", "Oslo", "Lima"], rows), rng.choice(["yes", "No"], rows)
    signal = x @ np.array([1.5, -1.0, 0.5, 0.0]) + (town == "Rome") + rng.normal(size=rows)
    target = {
        "regression": [f"{value:.4f}" for value in signal],
        "binary": np.where(signal > 0.3, "pos", "neg"),
        "multiclass": np.digitize(signal, [-1, 1]),
    }[task]
    names = ["id", "a", "b", "c", "d", "town", "member", "day", "target"]
    if hostile:
        names[1:7] = HOSTILE[:6]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        for row in range(rows):
            numbers = ["NA" if row % 17 == 3 and j == 1 else f"{x[row, j]:.4f}" for j in range(4)]
            day = f"2021-{1 + row % 12:02d}-{1 + row % 28:02d}"
            writer.writerow([f"k{row:04d}", *numbers, town[row], yes[row], day, target[row]])


HOSTILE = [
    '"""; import os; os.abort(); """',
    "a'; raise SystemExit(9) #",
    "{{ 7*7 }}{% raise %}",
    "x\\\nimport os\n",
    "\u202egnp.exe \x1b[31m",
    "n" * 10_000,
]


def run_on(table: Path, settings: Settings = SMALL) -> dict[str, Any]:
    """Run a recommendation; return its document."""
    ticks = count()
    result = recommend_regularizer(
        str(table),
        settings,
        given=frozenset(),
        ask=nobody,
        listener=Diary(),
        clock=lambda: next(ticks) / 10,
    )
    document: dict[str, Any] = json.loads(dump_model(result))
    return document


def as_result(document: dict[str, Any]) -> RunResult:
    """Return the record of a document."""
    return parse_result(document, Path("r.json"))


def with_arm(document: dict[str, Any], arm: str) -> dict[str, Any]:
    """Return the document as if the arm had won."""
    found = json.loads(json.dumps(document))
    run, chosen = found["arms"][arm], found["recommendation"]
    chosen |= {"regularizer": arm, "l1": run["l1"], "l2": run["l2"]}
    if chosen["training"]:
        chosen["training"]["stop_epoch"] = run["epochs"]
    return dict(found)


def linear(document: dict[str, Any], *, l1: float, l2: float) -> dict[str, Any]:
    """Return the document as if it were of a linear model with these strengths."""
    arm = ("none", "l1", "l2", "elastic_net")[(l1 > 0) + 2 * (l2 > 0)]
    found = with_arm(document, arm)
    found["settings"]["network"], found["recommendation"]["training"] = "linear", None
    found["recommendation"] |= {"l1": l1, "l2": l2}
    return found
