"""The commands on a card."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

DATA = Path(__file__).parents[2] / "data"


def run(*arguments: str, folder: Path) -> str:
    command = [sys.executable, "-m", "regchoose", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def answer(folder: Path, device: str, *further: str) -> dict[str, Any]:
    out = run(
        "recommend", str(DATA / "diabetes.csv"), "--no-input", "--json", "--preset", "quick", "--fresh",
        "--device", device, *further, folder=folder,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(out)
    return found


@pytest.mark.parametrize("network", ["mlp", "linear"])
def test_the_answer_on_a_card_is_that_of_the_cpu(network: str, tmp_path: Path) -> None:
    here, there = (answer(tmp_path, device, "--network", network) for device in ("cpu", "cuda"))
    assert "cuda" in there["execution"]["device"].lower()
    for arm, mine in here["arms"].items():
        assert there["arms"][arm]["loss"] == pytest.approx(mine["loss"], rel=0.02)


def test_a_model_is_fitted_and_predicts(tmp_path: Path) -> None:
    table = str(DATA / "diabetes.csv")
    run(
        "recommend",
        table,
        "--no-input",
        "--preset",
        "quick",
        "-o",
        "r.json",
        "--device",
        "cuda",
        folder=tmp_path,
    )
    run("fit", table, "--from", "r.json", "-o", "model", "--device", "cuda", folder=tmp_path)
    for device in ("cpu", "cuda"):
        run("predict", "model", table, "--device", device, "-o", f"{device}.csv", folder=tmp_path)
    mine, theirs = (
        np.loadtxt(tmp_path / f"{device}.csv", delimiter=",", skiprows=1) for device in ("cpu", "cuda")
    )
    assert len(mine) > 400
    np.testing.assert_allclose(theirs, mine, rtol=1e-3)
