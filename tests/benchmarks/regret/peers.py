"""Other ways to a network: a habit, scikit-learn's and skorch's grid search, and Optuna.

The networks of skorch are of our size, trained by Adam for as many epochs as ours while the rate falls along
the same cosine; L1 is added to the loss, and L2 is Adam's `weight_decay` on the weights. scikit-learn's keep
its defaults, but for the layers. None stops early, as none of the tools does by itself.
"""

import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from math import ceil
from typing import Any

import numpy as np
import optuna
import torch
from sklearn.exceptions import ConvergenceWarning, FitFailedWarning
from sklearn.linear_model import ElasticNetCV, LogisticRegressionCV
from sklearn.metrics import log_loss, mean_squared_error
from sklearn.model_selection import GridSearchCV, KFold, StratifiedKFold, cross_val_score
from sklearn.neural_network import MLPClassifier, MLPRegressor
from skorch.callbacks import LRScheduler
from torch.optim.lr_scheduler import CosineAnnealingLR

from regchoose.experiment.grid import DECADES, alpha_max, make_grid
from regchoose.records.words import ARMS, Float
from regchoose.training.loss import row_loss
from regchoose.training.schedule import make_schedule
from tests.benchmarks.plain_network import build_network, criterion_of
from tests.benchmarks.regret.contest import Contest, Found, Sizes
from tests.benchmarks.skorch_peer import PenalizedNet
from tests.benchmarks.work import RATE

DECAY = 0.01  # AdamW's own
WEAKEST_ALPHA, STRONGEST_ALPHA = 1e-5, 1e3  # of scikit-learn's networks, which divide it by twice the batch
MIXES = (0.1, 0.5, 0.7, 0.9, 0.95, 0.99)  # those that scikit-learn's documentation suggests
LINEAR_ITERATIONS = 2_000
Point = Mapping[str, float]


# ---- a habit -------------------------------------------------------------------------------------------


def adamw(contest: Contest, sizes: Sizes) -> Found:
    """Train with AdamW's weight decay to the end of the usual schedule; nothing is chosen."""
    net = _net(contest, sizes).set_params(
        optimizer=torch.optim.AdamW, optimizer__param_groups=[], optimizer__weight_decay=DECAY
    )
    return _refit_skorch(net, contest, sizes, choice={"weight_decay": DECAY}, seconds=0.0)


# ---- scikit-learn --------------------------------------------------------------------------------------


def sklearn_grid(contest: Contest, sizes: Sizes) -> Found:
    """Let GridSearchCV choose the `alpha` of scikit-learn's network."""
    kind = MLPRegressor if contest.task == "regression" else MLPClassifier
    net = kind(hidden_layer_sizes=sizes.settings.hidden, random_state=contest.seed)
    alphas = np.geomspace(WEAKEST_ALPHA, STRONGEST_ALPHA, sizes.alphas)
    with _without_warnings():
        start = time.process_time()
        search = GridSearchCV(
            net, {"alpha": alphas.tolist()}, cv=_folds(contest, sizes), scoring=_scoring(contest), refit=False
        )
        search.fit(contest.x, contest.y)
        chosen = time.process_time()
        losses = [
            _sklearn_loss(net.set_params(**search.best_params_, random_state=seed), contest)
            for seed in range(sizes.refits)
        ]
    seconds = chosen - start + (time.process_time() - chosen) / sizes.refits
    return Found(contest.mean_loss(np.array(losses)), seconds, dict(search.best_params_))


def sklearn_linear(contest: Contest, sizes: Sizes) -> Found:
    """Let scikit-learn's own cross-validation choose a linear model's Elastic Net."""
    if contest.task == "regression":
        model = ElasticNetCV(l1_ratio=list(MIXES), cv=sizes.folds, max_iter=LINEAR_ITERATIONS)
    else:
        model = LogisticRegressionCV(
            l1_ratios=(0.1, 0.5, 0.9),
            Cs=10,
            cv=sizes.folds,
            scoring="neg_log_loss",
            solver="saga",
            max_iter=LINEAR_ITERATIONS,
            random_state=contest.seed,
            use_legacy_attributes=False,
        )
    with _without_warnings():
        start = time.process_time()
        loss = _sklearn_loss(model, contest)
        seconds = time.process_time() - start
    named = {name: getattr(model, name, None) for name in ("alpha_", "l1_ratio_", "C_")}
    choice = {name.rstrip("_"): float(value) for name, value in named.items() if value is not None}
    return Found(contest.mean_loss(np.array([loss])), seconds, choice)


def _sklearn_loss(model: Any, contest: Contest) -> float:
    """Fit a model on all rows drawn, and return its loss; NaN where it diverged."""
    try:
        model.fit(contest.x, contest.y)
    except ValueError as error:
        if "non-finite" not in str(error):
            raise
        return np.nan
    if contest.task == "regression":
        return float(mean_squared_error(contest.judged_y, model.predict(contest.judged_x)))
    shares = model.predict_proba(contest.judged_x)
    return float(log_loss(contest.judged_y, shares, labels=model.classes_))


def _scoring(contest: Contest) -> str:
    return "neg_mean_squared_error" if contest.task == "regression" else "neg_log_loss"


@contextmanager
def _without_warnings() -> Iterator[None]:
    """Ignore warnings: a solver that ends early, or diverges at some strength, is what a user gets."""
    with warnings.catch_warnings():
        for category in (ConvergenceWarning, FitFailedWarning):
            warnings.simplefilter("ignore", category)
        warnings.filterwarnings("ignore", message="One or more of the test scores are non-finite")
        warnings.filterwarnings("ignore", category=RuntimeWarning, module="sklearn")
        yield


# ---- skorch --------------------------------------------------------------------------------------------


def skorch_grid(contest: Contest, sizes: Sizes) -> Found:
    """Try the grids of our four arms in the folds."""
    settings, top, start = sizes.settings, _top(contest), time.process_time()
    grids = [make_grid(arm, top=top, strengths=settings.strengths, alphas=settings.alphas) for arm in ARMS]
    points = [_point(*pair) for own in grids for pair in zip(own.l1.tolist(), own.l2.tolist(), strict=True)]
    torch.manual_seed(contest.seed)
    search = GridSearchCV(
        _net(contest, sizes),
        [{name: [value] for name, value in point.items()} for point in points],
        cv=_folds(contest, sizes),
        scoring=_minus_loss,
        refit=False,
        error_score="raise",
    )
    with _without_warnings():
        search.fit(*_data(contest))
    best = points[int(np.argmax(search.cv_results_["mean_test_score"]))]
    return _refit_point(best, contest, sizes, seconds=time.process_time() - start)


def optuna_search(contest: Contest, sizes: Sizes) -> Found:
    """Let Optuna's TPE sampler search the same space, each trial in the folds."""
    start, top = time.process_time(), _top(contest)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    torch.manual_seed(contest.seed)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=contest.seed))
    study.optimize(partial(_trial, contest=contest, sizes=sizes, top=top), n_trials=sizes.trials)
    best = _suggested(study.best_trial, sizes, top=top)
    return _refit_point(best, contest, sizes, seconds=time.process_time() - start)


def _trial(trial: optuna.Trial, *, contest: Contest, sizes: Sizes, top: float) -> float:
    net = _net(contest, sizes).set_params(**_suggested(trial, sizes, top=top))
    scores: Float = cross_val_score(
        net, *_data(contest), cv=_folds(contest, sizes), scoring=_minus_loss, error_score="raise"
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


def _top(contest: Contest) -> float:
    return max(1.0, alpha_max(contest.task, contest.x, contest.y))


def _folds(contest: Contest, sizes: Sizes) -> KFold | StratifiedKFold:
    kind = KFold if contest.task == "regression" else StratifiedKFold
    return kind(sizes.folds, shuffle=True, random_state=contest.seed)


def _net(contest: Contest, sizes: Sizes) -> PenalizedNet:
    settings, rows = sizes.settings, len(contest.y)
    schedule = make_schedule(
        rows, epochs=settings.epochs, least_steps=settings.steps, batch=settings.batch, lr=RATE
    )
    return PenalizedNet(
        build_network,
        module__n_inputs=contest.x.shape[1],
        module__hidden=settings.hidden,
        module__n_outputs=contest.n_outputs,
        criterion=criterion_of(contest.task),
        optimizer=torch.optim.Adam,
        optimizer__param_groups=[("*.bias", {"weight_decay": 0.0})],
        lr=RATE,
        max_epochs=schedule.epochs,
        batch_size=ceil(rows / schedule.steps(rows)[0]),
        iterator_train__shuffle=True,
        iterator_valid__batch_size=1024,
        train_split=None,
        callbacks=[("cosine", LRScheduler(CosineAnnealingLR, T_max=schedule.epochs))],
        callbacks__epoch_timer=None,
        callbacks__train_loss=None,
        callbacks__valid_loss=None,
        callbacks__print_log=None,
        verbose=0,
    )


def _data(contest: Contest) -> tuple[Any, Any]:
    """Return rows as a network of skorch takes them."""
    x = contest.x.astype(np.float32)
    if contest.task == "multiclass":
        return x, contest.y.astype(np.int64)
    return x, contest.y.astype(np.float32)[:, None]


def _minus_loss(net: PenalizedNet, x: Any, y: Any) -> float:
    loss = float(net.criterion_(net.forward(x), torch.as_tensor(y)))
    return -loss if np.isfinite(loss) else -np.inf  # what diverges is chosen last


def _refit_point(point: Point, contest: Contest, sizes: Sizes, *, seconds: float) -> Found:
    net = _net(contest, sizes).set_params(**point)
    choice = {"l1": point["l1"], "l2": point["optimizer__weight_decay"] / 2}
    return _refit_skorch(net, contest, sizes, choice=choice, seconds=seconds)


def _refit_skorch(
    net: PenalizedNet, contest: Contest, sizes: Sizes, *, choice: Mapping[str, float], seconds: float
) -> Found:
    """Fit a network on all rows drawn, from several initializations; `seconds` were spent before."""
    x, y = contest.judged_x.astype(np.float32), torch.as_tensor(contest.judged_y, dtype=torch.float64)
    losses, start = [], time.process_time()
    for seed in range(sizes.refits):
        torch.manual_seed(seed)
        outputs = net.fit(*_data(contest)).forward(x).double().T
        losses.append(float(row_loss(contest.task, outputs[None], y[None]).mean()))
    once = (time.process_time() - start) / sizes.refits
    return Found(contest.mean_loss(np.array(losses)), seconds + once, choice)
