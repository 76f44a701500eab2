# ruff: noqa: T201, BLE001, SIM905, E501
# mypy: ignore-errors
"""The exceptions of the Python API: their class, texts and remedies."""

import math
from typing import Any

import numpy as np
import pandas as pd

import regchoose

table = pd.read_csv("data/wine.csv")
numbers = np.arange(60.0)
CALLS: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "no column": ((table,), {"target": "cultvar"}),
    "no keyword": ((table,), {"epoch": 3}),
    "out of range": ((table,), {"folds": 1}),
    "a text": ((table,), {"rows": "many"}),
    "no preset": ((table,), {"preset": "quik"}),
    "of files": ((table,), {"delimiter": ";"}),
    "exclude": ((table,), {"exclude": ["hew"]}),
    "group": ((table,), {"group": "hew"}),
    "twice": ((table, numbers), {"target": "hue"}),
    "y of a file": (("data/wine.csv", numbers), {}),
    "device": ((table,), {"device": "tpu"}),
    "network": ((table,), {"network": "nowhere.py:Net"}),
    "empty": ((pd.DataFrame(index=range(60)),), {}),
    "no rows": ((pd.DataFrame({"x": [], "y": []}),), {}),
    "lengths": ((numbers[:, None], numbers[1:]), {}),
    "constant": (({"x": numbers, "y": ["a"] * 60},), {}),
    "missing": (({"x": numbers, "z": numbers % 7, "y": [math.nan, *numbers[1:]]},), {}),
    "infinite": (({"x": numbers, "z": numbers % 7, "y": [math.inf, *numbers[1:]]},), {}),
    "text": (({"x": [*map(str, numbers[1:]), "much"], "y": list("ab") * 30},), {}),
    "few": (({"x": numbers[:9] % 4, "y": numbers[:9]},), {}),
    "nothing left": (({"x": [1] * 60, "y": numbers},), {}),
    "kind": ((7,), {}),
    **{
        name: ((f"faults/{name}",), {"preset": "quick"})
        for name in "absent.csv ragged.csv missing.csv binary.csv ids.csv latin.csv parts wrong.npz pictures".split()
    },
}


def told(call: Any) -> None:
    try:
        print("nothing raised:", call())
    except regchoose.RegchooseError as error:
        print(type(error).__name__, error.code, int(error.exit_code))
        for name in ("message", "where", "detail", "fix"):
            print(f"  {name}: {getattr(error, name)!r}")
        print(f"  str: {error}")
    except Exception as error:  # its text is what is recorded
        print(type(error).__name__, error)


for name, (given, settings) in CALLS.items():
    print(f"--- {name}")
    told(lambda given=given, settings=settings: regchoose.recommend(*given, **settings))
for path in ("faults/no_result.json", "faults/no_json.json", "absent.json"):
    print(f"--- {path}")
    told(lambda path=path: regchoose.Result.load(path))
print(sorted(regchoose.errors.CODES.items()))
print(sorted(regchoose.__all__), [member.name for member in regchoose.errors.ExitCode])
