"""scikit-learn estimators that choose their regularizer by experiment, then train on all rows with it."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    assert_all_finite,
    check_consistent_length,
    check_is_fitted,
    column_or_1d,
    validate_data,
)

from regchoose.errors import DataError, UsageError
from regchoose.library.arguments import resolve_keywords
from regchoose.library.python_recommend import (
    RegchooseWarning,
    list_urgent_warnings,
    translate_errors,
    walk_unattended,
)
from regchoose.library.python_result import Result
from regchoose.records.table import Table
from regchoose.records.words import Float
from regchoose.refit.final_fit import fit_table
from regchoose.settings.options import Settings
from regchoose.statistics.metrics import probabilities
from regchoose.table.in_memory import Frame, InMemory, is_number, named_columns, warn_of_other_order
from regchoose.table.load import load

SEEDS = 2**31 - 1
NAMED = ("preset", "network", "hidden", "decide", "budget", "device")  # parameters that are settings
TOO_FEW = ("E303", "E324")  # codes of the errors for tables that are too small for an experiment


class _RegularizerEstimator(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """What both estimators share."""

    def __init__(
        self,
        preset: Literal["quick", "default", "thorough", "ci"] = "default",
        *,
        network: str = "mlp",
        hidden: Sequence[int] | None = None,
        decide: Literal["audited", "chart", "best"] = "audited",
        budget: str | None = None,
        device: str | None = None,
        settings: Mapping[str, Any] | None = None,
        random_state: int | np.random.RandomState | None = None,
        n_jobs: int | None = None,
        progress: bool = False,
    ) -> None:
        self.preset = preset
        self.network = network
        self.hidden = hidden
        self.decide = decide
        self.budget = budget
        self.device = device
        self.settings = settings
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.progress = progress

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def _check_training_data(self, X: Any, y: Any, *, numeric: bool) -> tuple[InMemory, NDArray[Any]]:
        """Check features and targets; return a DataFrame unchanged, anything else as numbers."""
        if not isinstance(X, Frame):
            pair: tuple[InMemory, NDArray[Any]] = validate_data(
                self, X, y, y_numeric=numeric, ensure_all_finite="allow-nan", ensure_min_samples=2
            )
            return pair
        validate_data(self, X, y, skip_check_array=True)
        for line in warn_of_other_order(X, y):
            warnings.warn(line, RegchooseWarning, stacklevel=3)
        targets = column_or_1d(y, warn=True)
        assert_all_finite(targets, input_name="y")
        check_consistent_length(X, targets)
        return X, targets.astype(np.float64) if numeric else targets

    def _check_new_data(self, X: Any) -> InMemory:
        """Check features to predict for, and return them."""
        if isinstance(X, Frame):
            validate_data(self, X, reset=False, skip_check_array=True)
            return X
        checked: InMemory = validate_data(self, X, reset=False, ensure_all_finite="allow-nan")
        return checked

    def _fit(self, X: InMemory, y: Any, *, task: Literal["classification", "regression"]) -> None:
        """Choose and train; a classification's `y` are the codes of its classes."""
        settings, given = self._settings(X, task)
        with translate_errors():
            table, settings, given = self._load(X, y, settings, given)
            if task == "classification":
                table = replace(table, classes=tuple(map(str, self.classes_)))
            result = walk_unattended(table, settings, given=given, progress=self.progress)
            self._fitted = fit_table(table, settings, result)
        for line in list_urgent_warnings(result):
            warnings.warn(line, RegchooseWarning, stacklevel=3)
        self.result_ = Result(result)
        self.regularizer_ = self.result_.regularizer
        self.l1_, self.l2_ = self._fitted.l1, self._fitted.l2

    def _load(
        self, X: InMemory, y: Any, settings: Settings, given: frozenset[str]
    ) -> tuple[Table, Settings, frozenset[str]]:
        """Return the table; if it is too small, with settings that ask for no experiment."""
        try:
            return load(X, settings, y=y), settings, given
        except DataError as error:
            if error.code not in TOO_FEW:
                raise
            reason = error.message if error.code == "E303" else _describe_rarest(self.classes_, y, settings)
        warnings.warn(f"no experiment was possible: {reason}", RegchooseWarning, stacklevel=4)
        fewer = replace(settings, resources="no")
        return load(X, fewer, y=y), fewer, given | {"resources"}

    def _settings(self, X: InMemory, task: str) -> tuple[Settings, frozenset[str]]:
        seed = self.random_state
        if not isinstance(seed, int | np.integer):
            seed = check_random_state(seed).randint(SEEDS)
        parameters: dict[str, Any] = {name: getattr(self, name) for name in NAMED}
        further = dict(self.settings or {})
        if "target" in further:
            raise UsageError("E204", "y and a target were both given", fix="leave target out of settings")
        not_features = (further.get("group"), further.get("time"))
        # All features are used: a number that rises from row to row is not taken for an id here.
        numbers = [name for name, values in named_columns(X).items() if is_number(values)]
        used = [name for name in numbers if name not in not_features]
        keep = [*used, *further.pop("keep", ())]
        forced = {"keep": keep, "seed": int(seed), "jobs": _count_jobs(self.n_jobs), "task": task}
        with translate_errors():
            return resolve_keywords({**parameters, **further, **forced}, in_memory=True)

    def _outputs(self, X: Any) -> Float:
        check_is_fitted(self)
        with translate_errors():
            return self._fitted.outputs(self._check_new_data(X))


def _describe_rarest(classes: NDArray[Any], codes: NDArray[Any], settings: Settings) -> str:
    counts = np.bincount(codes)
    name, fewest, wanted = classes[counts.argmin()], counts.min(), 2 * settings.folds
    return f"class {str(name)[:40]!r} has {fewest} rows, and {settings.folds} folds need {wanted}"


def _count_jobs(n_jobs: int | None) -> int:
    """Return how many blocks are trained side by side; 0 means one per core."""
    if n_jobs is None:
        return 1
    return max(n_jobs, 0)


class RegularizerRegressor(RegressorMixin, _RegularizerEstimator):  # type: ignore[misc]
    """A network for numbers that chooses its own weight regularizer.

    `fit` runs the experiment of `regchoose.recommend` on the rows, and trains a network on all of them with
    the regularizer, the strength and the length that it found.

    Parameters
    ----------
    preset : {"quick", "default", "thorough", "ci"}
        How much is tried.
    network : str
        "mlp", "linear", or your own as "file.py:Name" or "module:Name".
    hidden : sequence of int, optional
        Hidden units of each layer of the mlp; by default those of the preset.
    decide : {"audited", "chart", "best"}
        Which arm is taken: the chart's if it is firm, else the best if that is, else the surest (audited);
        always the chart's (chart); or that of the lowest loss plus standard error (best).
    budget : str, optional
        Time allowed for the experiment, such as "90s"; a longer one is answered from prior knowledge.
    device : str, optional
        "auto", "cpu", "cuda" or "cuda:N".
    settings : mapping, optional
        Further settings of `regchoose.recommend`, such as `{"folds": 10, "sparse": "yes"}`.
    random_state : int, RandomState or None
        The seed; an int gives the same model each time.
    n_jobs : int, optional
        Blocks of models trained side by side: None is 1, -1 one a core.
    progress : bool
        Whether stderr shows how far it is.

    Attributes
    ----------
    regularizer_ : {"none", "l1", "l2", "elastic_net"}
    l1_, l2_ : float
        What the network was trained with: J = mean loss + l1·Σ|w| + l2·Σw², of standardized rows.
    result_ : Result
        Everything that the experiment found.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Where `X` has names.

    Notes
    -----
    `X` may be a DataFrame with numbers, text, categories, booleans, dates and missing values.
    Where there are too few rows for an experiment, or the budget allows none, a `RegchooseWarning` says so:
    the regularizer is then the chart's answer from prior knowledge, at a middle strength.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = RegularizerRegressor("quick", network="linear", random_state=0).fit(X, y)
    >>> model.regularizer_
    'elastic_net'
    """

    def fit(self, X: Any, y: ArrayLike) -> Self:
        """Choose the regularizer and train.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)

        Raises
        ------
        RegchooseError, ValueError
            Where the data cannot be learned from.
        """
        features, targets = self._check_training_data(X, y, numeric=True)
        self._fit(features, targets, task="regression")
        return self

    def predict(self, X: Any) -> Float:
        """Predict numbers, in the units of `y`: -> (n_samples,).

        A level of a category that `fit` has not seen counts as the average row.

        Raises
        ------
        RegchooseError
            E326 for a text in a column that held numbers.
        """
        return self._outputs(X)[:, 0]


class RegularizerClassifier(ClassifierMixin, _RegularizerEstimator):  # type: ignore[misc]
    """A network for classes that chooses its own weight regularizer.

    As `RegularizerRegressor`, which says what the parameters and the other attributes are.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    """

    def fit(self, X: Any, y: ArrayLike) -> Self:
        """Choose the regularizer and train.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
            Labels of any kind.

        Raises
        ------
        RegchooseError, ValueError
            Where the data cannot be learned from.
        """
        features, labels = self._check_training_data(X, y, numeric=False)
        check_classification_targets(labels)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"{type(self).__name__} needs two classes, and y holds one class: {labels[0]!r}")
        self._fit(features, codes, task="classification")
        return self

    def predict(self, X: Any) -> NDArray[Any]:
        """Predict labels: -> (n_samples,)."""
        shares = self.predict_proba(X)
        labels: NDArray[Any] = self.classes_[shares.argmax(axis=1)]
        return labels

    def predict_proba(self, X: Any) -> Float:
        """Predict the probability of each class: -> (n_samples, n_classes)."""
        outputs = self._outputs(X)  # says so where nothing is fitted yet
        return probabilities("binary" if len(self.classes_) == 2 else "multiclass", outputs)
