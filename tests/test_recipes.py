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
from regchoose.explain.find import find_page
from regchoose.training.adam import Adam
from regchoose.training.penalty import PenaltyTensors
from tests.cli.conftest import clean_environment
from tests.training.problems import stacked, step_rates_at

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
RECIPES = ROOT / "configs" / "recipes"
TINY = [
    "--strengths",
    "2",
    "--alphas",
    "0.5",
    "--folds",
    "2",
    "--repeats",
    "1",
    "--epochs",
    "30",
    "--lr",
    "0.01",
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
    ours = stacked(torch.tensor(start)[None], 20)
    strengths = (torch.tensor([strength], dtype=torch.float64) for strength in (l1, l2))
    adam = Adam.start(ours, PenaltyTensors(*strengths))
    weights, biases = (torch.tensor(part, requires_grad=True) for part in (start[:20], start[20:]))
    theirs = optimizer()([{"params": [weights], "l1": l1, "l2": l2}, {"params": [biases]}], lr=0.01)
    for count, slope in enumerate(slopes, start=1):
        adam.step_(ours, stacked(torch.tensor(slope)[None], 20), step_rates_at(0.01, count, like=ours.flat))
        weights.grad, biases.grad = torch.tensor(slope[:20]), torch.tensor(slope[20:])
        theirs.step()
    joined = torch.cat([weights, biases]).detach()
    torch.testing.assert_close(joined, ours.rows()[0])
    assert torch.equal(joined == 0, ours.rows()[0] == 0)
    assert bool((joined[:20] == 0).any()) == (l1 > 0)


def trained(name: str, result: dict[str, Any], measure: str, *, folder: Path) -> tuple[float, float]:
    """What a recipe says at its end: how well it does, and the share of zeros."""
    path = folder / "result.json"
    path.write_text(json.dumps(result), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, RECIPES / name, path],
        capture_output=True,
        text=True,
        cwd=folder,
        env=clean_environment(),
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = re.search(rf"{measure} on rows not seen ([\d.]+), weights exactly zero ([\d.]+)", done.stdout)
    assert found is not None, done.stdout
    return float(found[1]), float(found[2])


def test_skorch_trains_by_a_result(tmp_path: Path) -> None:
    pytest.importorskip("skorch")
    path = tmp_path / "wine.json"
    command = ["recommend", str(ROOT / "data" / "wine.csv"), "--no-input", *TINY, "-q", "-o", str(path)]
    assert main(command) == 0
    result = json.loads(path.read_text(encoding="utf-8"))
    result["recommendation"] |= {"l1": 0.01, "l2": 0.001}  # tiny as the run is, it may say none
    accuracy, zeros = trained("in_skorch.py", result, "accuracy", folder=tmp_path)
    assert accuracy > 0.8  # the commonest class is 0.4 of the rows
    assert 0.1 < zeros < 1


@pytest.mark.skipif(importlib.util.find_spec("lightning") is None, reason="Lightning is not installed")
def test_lightning_trains_by_a_result(tmp_path: Path) -> None:
    result = json.loads((ROOT / "tests" / "report" / "diabetes.json").read_text(encoding="utf-8"))
    result["data"]["path"] = str(ROOT / "data" / "diabetes.csv")
    result["recommendation"] |= {"l1": 0.01, "l2": 0.001}
    loss, zeros = trained("in_lightning.py", result, "loss", folder=tmp_path)
    assert loss < 0.8  # the mean alone has 1
    assert 0.1 < zeros < 1


@pytest.mark.parametrize("topic", ["skorch", "lightning"])
def test_the_topic_says_what_the_recipe_does(topic: str) -> None:
    """Each name and argument in the topic's code stands in the recipe."""
    (code,) = re.findall(r"(?ms)^```python\n(.*?)^```$", find_page(topic))
    recipe = (RECIPES / f"in_{topic}.py").read_text(encoding="utf-8")
    words = set(re.findall(r"[A-Za-z_]{4,}", code)) - {"params", "open", "result", "json", "recommendation"}
    assert len(words) > 5
    assert {word for word in words if word not in recipe} <= {"module"}
