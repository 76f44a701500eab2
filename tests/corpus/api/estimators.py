# ruff: noqa: T201, BLE001
# mypy: ignore-errors
"""The two estimators: chosen, trained, asked."""

import pickle
import warnings

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from regchoose import RegularizerClassifier, RegularizerRegressor

SETTINGS = {"strengths": 3, "rows": 100}

warnings.simplefilter("always")
warnings.showwarning = lambda message, category, *_, **__: print(f"{category.__name__}: {message}")
table = pd.read_csv("data/diabetes.csv")
X, y = table.drop(columns="progression"), table["progression"]
model = RegularizerRegressor("quick", hidden=(8,), settings=SETTINGS, random_state=0)
print(model, clone(model).get_params())
model.fit(X, y)
print(model.regularizer_, model.l1_, model.l2_, model.result_)
print(model.predict(X[:5]).tolist(), model.score(X, y))
print(pickle.loads(pickle.dumps(model)).predict(X[:5]).tolist())

wine = pd.read_csv("data/wine.csv")
classes = RegularizerClassifier("quick", network="linear", settings=SETTINGS, random_state=1)
made = make_pipeline(StandardScaler(), classes).fit(wine.drop(columns="cultivar"), wine["cultivar"])
print(classes.classes_, classes.result_, made.predict_proba(wine.drop(columns="cultivar")[:3]).tolist())

mixed = pd.read_csv("mixed.csv", parse_dates=["seen"])
texts = RegularizerClassifier(
    "quick", hidden=(4,), settings={"strengths": 2, "exclude": ["note"]}, random_state=2
)
texts.fit(mixed.drop(columns="outcome"), np.where(mixed["outcome"] > 3, "high", "low"))
later = mixed.drop(columns="outcome")[:4].assign(ward="Z")
print(texts.result_, texts.predict(later).tolist(), texts.predict_proba(later).tolist())

few = RegularizerClassifier("quick", random_state=0).fit(X[:12], np.arange(12) % 2)
print(few.result_, few.predict(X[:3]).tolist())
for call in (
    lambda: RegularizerRegressor("quick").predict(X),
    lambda: RegularizerRegressor("quik").fit(X, y),
    lambda: RegularizerRegressor("quick", settings={"target": "y"}).fit(X, y),
    lambda: RegularizerClassifier("quick").fit(X, y),
    lambda: model.predict(X[["age"]]),
):
    try:
        call()
    except Exception as error:  # its text is what is recorded
        print(type(error).__name__, error)
