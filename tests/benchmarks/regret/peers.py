"""Other tools that choose a network's regularizer: skorch under GridSearchCV, and Optuna.

Both cross-validate skorch networks of our size, trained by Adam for as many epochs as ours; L1 is added to
the loss, and L2 is Adam's `weight_decay` on the weights. Neither stops early, as neither tool does by itself.
"""

import time
from collections.abc import Mapping
from functools import partial
from math import ceil
from typing import Any

import numpy as np
import optuna
import torch
from sklearn.model_selection import GridSearchCV, KFold, StratifiedKFold, cross_val_score

from regchoose.experiment.grid import DECADES, alpha_max, make_grid
from regchoose.records.words import ARMS, Float
from regchoose.statistics.metrics import row_losses
from regchoose.training.schedule import make_schedule
from tests.benchmarks.plain_network import build_network, criterion_of
from tests.benchmarks.regret.method import Found, Sizes
from tests.benchmarks.regret.splits import Split
from tests.benchmarks.skorch_peer import PenalizedNet
from tests.benchmarks.work import RATE

GRID, OPTUNA = "skorch + GridSearchCV", "Optuna"
FOLDS = 5
Point = Mapping[str, float]


def grid_search(split: Split, sizes: Sizes) -> list[Found]:
    """Try the grids of our four arms in five folds."""
    settings, top, start = sizes.settings, _top(split), time.perf_counter()
    grids = [make_grid(arm, top=top, strengths=settings.strengths, alphas=settings.alphas) for arm in ARMS]
    points = [_point(*pair) for own in grids for pair in zip(own.l1.tolist(), own.l2.tolist(), strict=True)]
    search = GridSearchCV(
        _net(split, sizes),
        [{name: [value] for name, value in point.items()} for point in points],
        cv=_folds(split, sizes),
        scoring=_minus_loss,
        refit=False,
        n_jobs=sizes.jobs,
        error_score="raise",
    )
    search.fit(*_data(split))
    best = points[int(np.argmax(search.cv_results_["mean_test_score"]))]
    return [_refitted(GRID, split, sizes, point=best, start=start)]


def optuna_search(split: Split, sizes: Sizes) -> list[Found]:
    """Let Optuna's TPE sampler search the same space, each trial in five folds."""
    start = time.perf_counter()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=split.number))
    study.optimize(partial(_trial, split=split, sizes=sizes, top=_top(split)), n_trials=sizes.trials)
    best = _suggested(study.best_trial, sizes, top=_top(split))
    return [_refitted(OPTUNA, split, sizes, point=best, start=start)]


def _trial(trial: optuna.Trial, *, split: Split, sizes: Sizes, top: float) -> float:
    net = _net(split, sizes).set_params(**_suggested(trial, sizes, top=top))
    folds = _folds(split, sizes)
    x, y = _data(split)
    scores: Float = cross_val_score(
        net, x, y, cv=folds, scoring=_minus_loss, n_jobs=sizes.jobs, error_score="raise"
    )
    return -float(scores.mean())


def _suggested(trial: optuna.Trial | optuna.trial.FrozenTrial, sizes: Sizes, *, top: float) -> Point:
    """Return a point of the space that our grids lie in: an arm, its strength, Elastic Net's mix."""
    arm = trial.suggest_categorical("regularizer", list(ARMS))
    if arm == "none":
        return _point(0.0, 0.0)
    strength = trial.suggest_float("strength", top * 10.0**-DECADES, top, log=True)
    alphas = sizes.settings.alphas
    mixes = {"l1": 0.0, "l2": 1.0}
    mix = mixes[arm] if arm in mixes else trial.suggest_float("alpha", min(alphas), max(alphas))
    return _point(strength * (1 - mix), strength * mix)


def _point(l1: float, l2: float) -> Point:
    return {"l1": l1, "optimizer__weight_decay": 2 * l2}


def _top(split: Split) -> float:
    return max(1.0, alpha_max(split.task, split.x, split.y))


def _folds(split: Split, sizes: Sizes) -> KFold | StratifiedKFold:
    kind = KFold if split.task == "regression" else StratifiedKFold
    return kind(min(FOLDS, sizes.settings.folds), shuffle=True, random_state=split.number)


def _net(split: Split, sizes: Sizes) -> PenalizedNet:
    settings, rows = sizes.settings, len(split.y)
    schedule = make_schedule(
        rows, epochs=settings.epochs, least_steps=settings.steps, batch=settings.batch, lr=RATE
    )
    return PenalizedNet(
        build_network,
        module__n_inputs=split.x.shape[1],
        module__hidden=settings.hidden,
        module__n_outputs=split.n_outputs,
        criterion=criterion_of(split.task),
        optimizer=torch.optim.Adam,
        optimizer__param_groups=[("*.bias", {"weight_decay": 0.0})],
        lr=RATE,
        max_epochs=schedule.epochs,
        batch_size=ceil(rows / schedule.steps(rows)[0]),
        iterator_train__shuffle=True,
        iterator_valid__batch_size=1024,
        train_split=None,
        callbacks="disable",
        verbose=0,
    )


def _data(split: Split) -> tuple[Any, Any]:
    """Return rows as a network of skorch takes them."""
    x = split.x.astype(np.float32)
    if split.task == "multiclass":
        return x, split.y.astype(np.int64)
    return x, split.y.astype(np.float32)[:, None]


def _minus_loss(net: PenalizedNet, x: Any, y: Any) -> float:
    return -float(net.criterion_(net.forward(x), torch.as_tensor(y)))


def _refitted(method: str, split: Split, sizes: Sizes, *, point: Point, start: float) -> Found:
    """Fit the choice on all rows that are not held out, from several initializations."""
    chosen, losses = time.perf_counter(), []
    for seed in range(sizes.refits):
        torch.manual_seed(seed)
        net = _net(split, sizes).set_params(**point).fit(*_data(split))
        outputs = net.forward(split.held_x.astype(np.float32)).numpy().astype(np.float64).T
        losses.append(float(row_losses(split.task, outputs, split.held_y).mean()))
    refit = (time.perf_counter() - chosen) / sizes.refits
    choice = {"l1": point["l1"], "l2": point["optimizer__weight_decay"] / 2}
    return Found(method, float(np.mean(losses)), chosen - start + refit, choice)
