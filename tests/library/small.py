"""Tables and settings with which a run takes a fraction of a second."""

from typing import Any

import numpy as np
import pandas as pd

from regchoose.library.arguments import Keywords

SMALL: Keywords = {
    "network": "linear",
    "strengths": 2,
    "alphas": (0.5,),
    "folds": 2,
    "repeats": 1,
    "subsample": "yes",
    "resources": "yes",
    "jobs": 1,
}
N = 80


def numbers(*, seed: int = 3, n: int = N) -> pd.DataFrame:
    """Return a table of three numbers, of which `y` is the sum of two and noise."""
    rng = np.random.default_rng(seed)
    columns: dict[str, Any] = {name: rng.normal(size=n) for name in ("first", "second", "other")}
    return pd.DataFrame(columns | {"y": columns["first"] - columns["second"] + 0.3 * rng.normal(size=n)})
