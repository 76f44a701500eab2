"""The exported scripts, run against the real libraries."""

import json
import os
import runpy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from regchoose.export.recipe import make_recipe
from regchoose.export.script import Library, write_script
from regchoose.training.adam import Adam
from regchoose.training.penalty import PenaltyTensors
from tests.export.tables import as_result, linear, with_arm
from tests.export.test_reading import QUICK, on_table, write_kinds
from tests.training.problems import stacked, step_rates_at

pytestmark = pytest.mark.slow

Document = dict[str, Any]
Documents = Callable[..., Document]
SEEDS = (0, 1)
KERAS = """
import json, runpy, sys
found = []
for file in sys.argv[1:]:
    main = runpy.run_path(file)["main"]
    found.append([main(["--held-out", "0.2", "--seed", str(seed)]) for seed in range(2)])
print(json.dumps(found))
"""


def written(document: Document, library: Library, folder: Path, name: str = "script") -> Path:
    file = folder / f"{name}_{library}.py"
    file.write_text(
        write_script(make_recipe(as_result(document), where="result.json"), library), encoding="utf-8"
    )
    return file


def run(document: Document, library: Library, folder: Path) -> dict[str, Any]:
    return runpy.run_path(str(written(document, library, folder)))


def refuse_a_loss_outside(document: Document, losses: list[float]) -> None:
    low, high = document["arms"][document["recommendation"]["regularizer"]]["interval"]
    assert low <= np.mean(losses) <= high, (losses, low, high)


@pytest.mark.parametrize("task", ["regression", "binary", "multiclass"])
def test_pytorch_reaches_the_loss_of_the_recommendation(
    task: str, documents: Documents, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = with_arm(documents(task), "elastic_net")
    main = run(document, "pytorch", tmp_path)["main"]
    losses = [main(["--held-out", "0.2", "--seed", str(seed)]) for seed in SEEDS]
    refuse_a_loss_outside(document, losses)
    said = capsys.readouterr().out
    assert said.count("of the penalized weights are exactly zero") == len(SEEDS)
    assert f"loss on 48 rows held out: {losses[0]:.4f}" in said
    assert main([]) < losses[0]  # of the rows trained on


def test_keras_reaches_the_loss_of_the_recommendation(documents: Documents, tmp_path: Path) -> None:
    chosen = [with_arm(documents("regression"), "elastic_net"), with_arm(documents("binary"), "l2")]
    chosen += [with_arm(documents("multiclass"), "none"), with_arm(documents("regression", "linear"), "l1")]
    table = tmp_path / "gaps.parquet"
    write_kinds(table, "parquet", gaps=True, target="text")
    with_gaps = on_table(with_arm(documents("binary"), "l2"), table, QUICK)
    files = [
        written(document, "keras", tmp_path, str(place))
        for place, document in enumerate([*chosen, with_gaps])
    ]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", KERAS, *map(str, files)],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "KERAS_HOME": str(tmp_path)},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert np.isfinite(found.pop()).all()
    for document, losses in zip(chosen, found, strict=True):
        refuse_a_loss_outside(document, losses)


@pytest.mark.parametrize(("task", "arm"), [("regression", "l2"), ("binary", "none"), ("multiclass", "l2")])
def test_networks_of_scikit_learn_train(
    task: str, arm: str, documents: Documents, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = with_arm(documents(task), arm)
    loss = run(document, "sklearn", tmp_path)["main"](["--held-out", "0.2"])
    assert loss < 0.9 * document["design"]["loss_null"]
    assert "loss on 48 rows held out" in capsys.readouterr().out


def test_the_step_is_that_of_the_trainer(documents: Documents, tmp_path: Path) -> None:
    made = run(with_arm(documents("regression"), "elastic_net"), "pytorch", tmp_path)["ProximalAdam"]
    start = torch.linspace(-0.3, 0.3, 40)
    w, l1, l2 = torch.nn.Parameter(start.clone()), 0.05, 0.01
    optimizer = made([{"params": [w], "l1": l1, "l2": l2}], lr=0.01)
    ours = stacked(start[None], 40)
    adam = Adam.start(ours, PenaltyTensors(torch.tensor([l1]), torch.tensor([l2])))
    generator = torch.Generator().manual_seed(0)
    for count in range(1, 60):
        slope = 0.1 * torch.randn(40, generator=generator) + ours.rows()[0] - 0.02 * torch.arange(40)
        w.grad = slope.clone()
        optimizer.step()
        adam.step_(ours, stacked(slope[None], 40), step_rates_at(0.01, count, like=slope))
    assert torch.allclose(w.detach(), ours.rows()[0], atol=1e-6)
    assert torch.equal(w == 0, ours.rows()[0] == 0)
    assert 0 < int((w == 0).sum()) < 40


# ---- linear models: the scripts must reach the optimum of our objective --------------------------------

STRENGTHS = [(0.0, 0.0), (0.02, 0.0), (0.0, 0.02), (0.02, 0.01)]


@pytest.mark.parametrize("task", ["regression", "binary", "multiclass"])
@pytest.mark.parametrize(("l1", "l2"), STRENGTHS)
def test_linear_models_reach_the_optimum_of_our_objective(
    task: str, l1: float, l2: float, documents: Documents, tmp_path: Path
) -> None:
    document = linear(documents(task), l1=l1, l2=l2)
    x, y, weights, bias = fitted_by_sklearn(run(document, "sklearn", tmp_path), document)
    ours = run(document, "pytorch", tmp_path)
    network = ours["train"](x, y, 0)
    torchs = network.weight.detach().numpy(), network.bias.detach().numpy()
    if task == "binary":
        assert weights.shape == (1, x.shape[1])
    best = objective(task, x, y, weights=torchs[0], bias=torchs[1], l1=l1, l2=l2)
    theirs = objective(task, x, y, weights=weights, bias=bias, l1=l1, l2=l2)
    assert theirs == pytest.approx(best, abs=2e-5)
    if l1:
        assert (torchs[0] == 0).any()
        assert np.array_equal(torchs[0] == 0, weights == 0)


def fitted_by_sklearn(found: dict[str, Any], document: Document) -> tuple[Any, Any, Any, Any]:
    """Return encoded inputs, target, weights (k, d) and intercepts (k,)."""
    inputs, target = found["read"](document["data"]["path"])
    model = found["model"](len(target), 0).fit(inputs, target)
    x = found["encoder"]().fit_transform(inputs)
    if document["data"]["task"] == "regression":
        last = model.regressor_[-1]
        target = (target - target.mean()) / target.std()
    else:
        last = model[-1]
    weights = np.atleast_2d(np.squeeze(last.coef_))
    return x, target, weights, np.atleast_1d(np.squeeze(last.intercept_))


def objective(task: str, x: Any, y: Any, *, weights: Any, bias: Any, l1: float, l2: float) -> float:
    """J by the formula, with NumPy alone."""
    outputs = x @ weights.T + bias
    if task == "regression":
        loss = ((outputs[:, 0] - y) ** 2).mean()
    elif task == "binary":
        loss = np.logaddexp(0, np.where(y == 1, -1, 1) * outputs[:, 0]).mean()
    else:
        loss = (np.log(np.exp(outputs).sum(1)) - outputs[np.arange(len(y)), y]).mean()
    return float(loss + l1 * np.abs(weights).sum() + l2 * (weights**2).sum())


@pytest.mark.parametrize("task", ["regression", "binary"])
def test_alpha_of_scikit_learns_networks_is_our_l2(task: str, documents: Documents, tmp_path: Path) -> None:
    document = with_arm(documents(task), "l2")
    document["recommendation"]["l2"], document["recommendation"]["training"]["batch"] = 0.5, 240
    found = run(document, "sklearn", tmp_path)
    inputs, target = found["read"](document["data"]["path"])
    model = found["model"](len(target), 0)
    network = (model.regressor if task == "regression" else model)[-1]
    network.set_params(max_iter=2, n_iter_no_change=2, learning_rate_init=1e-12)  # stay at the start
    with pytest.warns(UserWarning, match="Maximum iterations"):
        model.fit(inputs, target)
    network = (model.regressor_ if task == "regression" else model)[-1]
    penalty = 0.5 * sum((w**2).sum() for w in network.coefs_)
    network_without = type(network)(**network.get_params() | {"alpha": 0.0})
    model.set_params(
        **{f"{'regressor__' if task == 'regression' else ''}{network_name(model)}": network_without}
    )
    with pytest.warns(UserWarning, match="Maximum iterations"):
        model.fit(inputs, target)
    without = (model.regressor_ if task == "regression" else model)[-1]
    half = 0.5 if task == "regression" else 1.0
    assert network.loss_ - without.loss_ == pytest.approx(half * penalty, rel=1e-6)


def network_name(model: Any) -> str:
    pipeline = getattr(model, "regressor", model)
    return str(pipeline.steps[-1][0])
