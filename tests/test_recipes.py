"""The recipes in configs/recipes train with the real libraries, by a result as `recommend` writes it."""

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from regchoose.cli.app import main
from regchoose.explain.find import explained
from regchoose.training.adam import Adam
from tests.cli.conftest import clean_environment

ROOT = Path(__file__).parents[1]
RECIPES = ROOT / "configs" / "recipes"
TINY = [
    "--strengths",
    "2",
    "--alphas",
    "0.5",
    "--repeats",
    "1",
    "--epochs",
    "30",
    "--hidden",
    "8",
    "--no-audit",
]


def optimizer() -> Any:
    """The recipe's class."""
    spec = importlib.util.spec_from_file_location("proximal_adam", RECIPES / "proximal_adam.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.ProximalAdam


@pytest.mark.parametrize(("l1", "l2"), [(0.0, 0.0), (0.05, 0.0), (0.0, 0.3), (0.02, 0.1)])
def test_the_recipes_optimizer_takes_the_steps_of_the_experiment(l1: float, l2: float) -> None:
    rng = np.random.default_rng(0)
    start, slopes = rng.normal(0, 0.02, 24), rng.normal(0, 0.05, (30, 24))
    ours = torch.tensor(start)[None]
    adam = Adam.start(ours, n_penalized=20, l1=torch.tensor([l1]), l2=torch.tensor([l2]))
    weights, biases = (torch.tensor(part, requires_grad=True) for part in (start[:20], start[20:]))
    theirs = optimizer()([{"params": [weights], "l1": l1, "l2": l2}, {"params": [biases]}], lr=0.01)
    for count, slope in enumerate(slopes, start=1):
        adam.step_(ours, torch.tensor(slope)[None].clone(), lr=0.01, count=count)
        weights.grad, biases.grad = torch.tensor(slope[:20]), torch.tensor(slope[20:])
        theirs.step()
    joined = torch.cat([weights, biases]).detach()
    torch.testing.assert_close(joined, ours[0])
    assert torch.equal(joined == 0, ours[0] == 0)
    assert bool((joined[:20] == 0).any()) == (l1 > 0)


@pytest.mark.parametrize(
    ("name", "library", "table", "measure"),
    [
        ("with_skorch", "skorch", "wine", "accuracy on rows not seen"),
        ("with_lightning", "lightning", "diabetes", "loss on rows not seen"),
    ],
)
def test_a_recipe_trains_by_a_result(
    name: str, library: str, table: str, measure: str, tmp_path: Path
) -> None:
    pytest.importorskip(library, exc_type=ImportError)
    path = tmp_path / "result.json"
    data = str(ROOT / "data" / f"{table}.csv")
    assert main(["recommend", data, "--no-input", *TINY, "--lr", "0.01", "-q", "-o", str(path)]) == 0
    zeros = {}
    for l1 in (0.0, 0.02):
        result = json.loads(path.read_text(encoding="utf-8"))
        result["recommendation"] |= {"l1": l1, "l2": 0.001}
        path.write_text(json.dumps(result), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, RECIPES / f"{name}.py", path],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=clean_environment(),
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        found = re.search(rf"{measure} ([\d.]+), weights exactly zero ([\d.]+)", done.stdout)
        assert found is not None, done.stdout
        better, zeros[l1] = float(found[1]), float(found[2])
        assert better > 0.8 if library == "skorch" else better < 0.8  # knowing nothing: 0.4, and 1
    assert zeros[0.0] == 0
    assert zeros[0.02] > 0.1


@pytest.mark.parametrize("topic", ["skorch", "lightning"])
def test_the_topic_says_what_the_recipe_does(topic: str) -> None:
    """Each name and argument in the topic's code stands in the recipe."""
    code = "\n".join(line for line in explained(topic, width=80).splitlines() if line.startswith("  "))
    recipe = (RECIPES / f"with_{topic}.py").read_text(encoding="utf-8")
    words = set(re.findall(r"[A-Za-z_]{4,}", code)) - {"params", "open", "result", "json", "recommendation"}
    assert len(words) > 5
    assert {word for word in words if word not in recipe} <= {"module"}
