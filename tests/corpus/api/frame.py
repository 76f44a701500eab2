# ruff: noqa: T201, SIM905
# mypy: ignore-errors
"""`regchoose.recommend` on tables in memory, and what a result shows."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd

import regchoose

SMALL = {"preset": "quick", "hidden": (8,), "strengths": 3}


def told(result: regchoose.Result) -> None:
    print(repr(result))
    print(str(result))
    for name in "regularizer l1 l2 strength alpha certainty safe probability gain sentence warnings".split():
        print(name, "=", repr(getattr(result, name)))


warnings.simplefilter("always")
warnings.showwarning = lambda message, category, *_, **__: print(f"{category.__name__}: {message}")
table = pd.read_csv("data/diabetes.csv")
found = regchoose.recommend(table, target="progression", rows=150, **SMALL)
told(found)
Path("frame.json").write_text(found.to_json(), encoding="utf-8")
Path("notebook.html").write_text(found._repr_html_(), encoding="utf-8")
Path("page.html").write_text(found.to_html(), encoding="utf-8")
Path("page.md").write_text(found.to_markdown(), encoding="utf-8")
found.save("saved.json")
print(regchoose.Result.load("saved.json") == found, sorted(found.to_dict()))

told(regchoose.recommend("data/wine.csv", rows=90, network="linear", preset="quick", cache_dir="journal"))
X, y = np.random.default_rng(0).normal(size=(80, 4)), np.arange(80) % 2
told(regchoose.recommend(X, y, decide="best", **SMALL))
told(
    regchoose.recommend(
        {"a": list("abcd") * 20, "b": list(range(80)), "y": [0.5, 1, 2, 3] * 20}, target="y", **SMALL
    )
)
mixed = pd.read_csv("mixed.csv", parse_dates=["seen"]).astype({"ward": "category"})
shown = regchoose.recommend(mixed, exclude=["note"], group="patient", **SMALL)
told(shown)
Path("mixed.json").write_text(shown.to_json(), encoding="utf-8")
told(regchoose.recommend(mixed, resources="no"))
told(regchoose.recommend(mixed, budget="0.001s"))
leaky = mixed.assign(told=mixed["outcome"] * 2)
told(regchoose.recommend(leaky, resources="no", target="outcome"))
