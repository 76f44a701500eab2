"""Words that all rooms share: the arms, the tasks, and arrays by the kind of their numbers."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Arrays = Mapping[str, NDArray[Any]]
OnProgress = Callable[[int], None]  # is told how much is done by now: models trained, or bytes read

Arm = Literal["none", "l1", "l2", "elastic_net"]
ARMS: tuple[Arm, ...] = ("none", "l1", "l2", "elastic_net")
NETWORKS = ("mlp", "linear", "cnn")  # ours; any other name is that of a user's
ARM_NAMES: dict[Arm, str] = {"none": "none", "l1": "L1", "l2": "L2", "elastic_net": "Elastic Net"}

Task = Literal["regression", "binary", "multiclass"]

# What a cell may hold in place of a value, in small letters.
# fmt: off
MISSING_WORDS: tuple[str, ...] = (
    "", "#div/0!", "#n/a", "#na", "#null!", "#num!", "#ref!", "#value!", "(null)", "-", "--", "---", "-nan",
    ".", "..", "<na>", "?", "\\n", "missing", "n.a.", "n/a", "na", "nan", "nil", "none", "null",
)
# fmt: on


def count_of(number: int, noun: str) -> str:
    """Write how many there are of something.

    >>> count_of(1, "row"), count_of(53940, "row")
    ('1 row', '53,940 rows')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def arm_phrase(arm: Arm) -> str:
    """Return an arm's name for a sentence, such as `Start with L2`."""
    return "no regularization" if arm == "none" else ARM_NAMES[arm]
