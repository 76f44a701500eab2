"""scikit-learn's networks under GridSearchCV: they know L2 alone."""

import warnings
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss, mean_squared_error
from sklearn.neural_network import MLPClassifier, MLPRegressor

from regchoose.records.words import Float, Int
from tests.benchmarks.contender import Contender, grid_search
from tests.benchmarks.work import Work, float32


def _sklearn_net(work: Work) -> Any:
    kind = MLPRegressor if work.sheet.task == "regression" else MLPClassifier
    return kind(
        hidden_layer_sizes=work.hidden,
        batch_size=work.batch,
        learning_rate_init=work.lr,
        max_iter=work.epochs,
        n_iter_no_change=work.epochs + 1,
        random_state=0,
    )


def _sklearn_point(work: Work, place: int) -> dict[str, float]:
    """Return its alpha: it divides by twice the rows of a step, and squares by two."""
    factor = 1 if work.sheet.task == "regression" else 2
    return {"alpha": factor * work.batch * float(work.points.l2[place])}


def _sklearn_losses(work: Work, places: Int) -> Float:
    points = [_sklearn_point(work, place) for place in places]
    scoring = "neg_mean_squared_error" if work.sheet.task == "regression" else "neg_log_loss"
    return grid_search(_sklearn_net(work), points, work, y=_sklearn_target(work), scoring=scoring)


def _sklearn_target(work: Work) -> Any:
    y = work.sheet.y
    return float32(y) if work.sheet.task == "regression" else y.astype(np.int64)


def _sklearn_refit(work: Work, place: int) -> float:
    sheet, net = work.sheet, _sklearn_net(work).set_params(**_sklearn_point(work, place))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        net.fit(float32(sheet.x), _sklearn_target(work))
    if sheet.task == "regression":
        return float(mean_squared_error(sheet.fresh_y, net.predict(float32(sheet.fresh_x))))
    return float(log_loss(sheet.fresh_y, net.predict_proba(float32(sheet.fresh_x))))


SKLEARN = Contender("sklearn", _sklearn_losses, _sklearn_refit, l2_only=True)
