"""Choose a weight regularizer for a neural network, by experiment.

From Python::

    import regchoose

    result = regchoose.recommend("data.csv", target="y")     # or a DataFrame, or X and y
    result.regularizer, result.l1, result.l2, result.certainty

Names are loaded when they are first used: importing regchoose costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from regchoose.version import __version__

if TYPE_CHECKING:
    from regchoose import errors
    from regchoose.errors import RegchooseError
    from regchoose.library.estimators import RegularizerClassifier, RegularizerRegressor
    from regchoose.library.python_recommend import RegchooseWarning, recommend
    from regchoose.library.python_result import Result

__all__ = [
    "RegchooseError",
    "RegchooseWarning",
    "RegularizerClassifier",
    "RegularizerRegressor",
    "Result",
    "__version__",
    "errors",
    "recommend",
]
_HOMES = {
    "RegchooseError": "regchoose.errors",
    "RegchooseWarning": "regchoose.library.python_recommend",
    "RegularizerClassifier": "regchoose.library.estimators",
    "RegularizerRegressor": "regchoose.library.estimators",
    "Result": "regchoose.library.python_result",
    "recommend": "regchoose.library.python_recommend",
}


if not TYPE_CHECKING:  # to a type checker, a module with this has any name

    def __getattr__(name: str) -> Any:
        """Load a public name when it is first used."""
        if name == "errors":
            return import_module("regchoose.errors")
        if name not in _HOMES:
            raise AttributeError(f"module 'regchoose' has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(_HOMES[name]), name)
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
