"""What a method chose, and what that loses on the rows held out; the sizes of the study."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from regchoose.settings.options import Settings

REFITS = 5  # initializations of which the loss of a refitted network is the mean


@dataclass(frozen=True)
class Found:
    """What a method found on a split.

    Parameters
    ----------
    loss : float
        Mean on the held-out rows: log loss, or squared error in units of the training target's variance.
    seconds : float
        To choose, and to fit the choice once.
    choice : mapping
        What it chose, by name.
    """

    method: str
    loss: float
    seconds: float
    choice: Mapping[str, Any]


@dataclass(frozen=True)
class Sizes:
    """How much is done.

    Parameters
    ----------
    trials : int
        Of Optuna.
    jobs : int
        Processes of the grid search and of a trial's folds.
    """

    settings: Settings
    refits: int = REFITS
    trials: int = 60
    jobs: int = 2

    @property
    def linear(self) -> "Sizes":
        """The same for linear models, which have no initialization."""
        return replace(self, settings=replace(self.settings, network="linear"), refits=1)


WHOLE = Sizes(Settings(decide="best", resources="yes", budget="24h", device="cpu"))
SMALL = Sizes(
    replace(WHOLE.settings, strengths=2, alphas=(0.5,), folds=2, repeats=2, epochs=5, steps=10),
    refits=1,
    trials=2,
    jobs=1,
)
