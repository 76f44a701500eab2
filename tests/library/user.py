"""A user's script, which mypy checks strictly: what is right passes, and each mistake below is found."""

from pathlib import Path
from typing import Literal, assert_type

import numpy as np
import pandas as pd

import regchoose
from regchoose.errors import DataError, ExitCode

table = pd.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"], "y": [0, 1]})
X, y = np.zeros((10, 2)), np.arange(10)

found = regchoose.recommend(table, target="y", preset="quick", hidden=(32, 16), exclude=["b"], seed=1)
assert_type(found, regchoose.Result)
assert_type(found.regularizer, Literal["none", "l1", "l2", "elastic_net"])
assert_type(found.l1, float | None)
assert_type(found.certainty, Literal["firm", "leaning", "undecided", "prior"])
regchoose.recommend(X, y, network="linear", rows="auto")
regchoose.recommend({"a": [1, 2], "y": [3, 4]}, progress=True)
regchoose.recommend(Path("table.csv"), na=["?"], header="no").save("result.json")
model = regchoose.RegularizerClassifier("quick", hidden=(8,), settings={"folds": 3}, random_state=0).fit(X, y)
assert_type(model, regchoose.RegularizerClassifier)
assert_type(model.result_, regchoose.Result)
assert_type(model.l1_, float)
share: float = model.predict_proba(X)[0, 1]
text: str = regchoose.Result.load("result.json").to_json()

try:
    regchoose.recommend("table.csv", resources="no")
except DataError as error:
    said: str = error.code + error.fix
except regchoose.RegchooseError as error:
    assert_type(error.exit_code, ExitCode)

regchoose.recommend(table, epoch=3)  # type: ignore[call-arg]
regchoose.recommend(table, folds="many")  # type: ignore[arg-type]
regchoose.recommend(table, preset="quik")  # type: ignore[arg-type]
regchoose.RegularizerRegressor(epochs=3)  # type: ignore[call-arg]
regchoose.RegularizerRegressor(preset="quik")  # type: ignore[arg-type]
regchoose.nothing()  # type: ignore[attr-defined]
