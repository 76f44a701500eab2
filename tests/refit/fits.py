"""Tables as files and fits of them, for the tests of the final fit."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from regchoose.refit.final_fit import FittedModel, fit_file
from regchoose.refit.fit_request import FitRequest, request_by_hand
from regchoose.refit.model_folder import read_model, write_model
from regchoose.refit.unfinished import Unfinished, begin_fit
from regchoose.settings.options import Settings
from tests.table.writing import nobody, write

HEADER = "n,gap,when,cat,flag,note,y"


class Diary:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def started(self, key: str, text: str, total: int) -> None:
        """Note it."""
        self.said.append(f"started {key}")

    def advanced(self, key: str, done: int) -> None:
        """Hear it."""

    def finished(self, key: str, summary: str) -> None:
        """Note it."""
        self.said.append(f"finished {key}: {summary}")

    def noted(self, text: str) -> None:
        """Note it."""
        self.said.append(text)


def lines(count: int, *, task: str = "binary", seed: int = 0) -> list[str]:
    """Rows with numbers, a gap, dates, two categories and a column of no use."""
    rng = np.random.default_rng(seed)
    n, gap = rng.normal(size=count), np.where(rng.random(count) < 0.2, np.nan, rng.normal(size=count))
    cat, flag = rng.choice(["a", "b", "c d"], count), rng.choice(["yes", "No"], count)
    score = n + np.where(np.isnan(gap), 0, gap) + (cat == "b") + 0.5 * rng.normal(size=count)
    days = np.datetime64("2021-01-01") + rng.integers(0, 400, count)
    cuts = {"binary": [0.3], "multiclass": [-0.5, 1.0]}
    y = score if task == "regression" else np.array(["lo", "hi", "top"])[np.digitize(score, cuts[task])]
    return [
        f"{n[i]:.6f},{'' if np.isnan(gap[i]) else f'{gap[i]:.5f}'},{days[i]},{cat[i]},{flag[i]},same,"
        f"{y[i] if task != 'regression' else f'{score[i]:.6f}'}"
        for i in range(count)
    ]


def table(folder: Path, count: int = 300, *, task: str = "binary", seed: int = 0, name: str = "t.csv") -> str:
    """Write a table; return its path."""
    return write(folder, "\n".join([HEADER, *lines(count, task=task, seed=seed), ""]), name)


def settings(**further: Any) -> Settings:
    """Settings of a short training of a small network."""
    usual: dict[str, Any] = {
        "target": "y",
        "hidden": (5,),
        "epochs": 4,
        "steps": 0,
        "batch": 32,
        "device": "cpu",
    }
    return Settings(**{**usual, **further})


def request(
    regularizer: str = "l2", *, trial: bool = False, l1: float | None = None, l2: float | None = None
) -> FitRequest:
    """What flags ask for."""
    return request_by_hand(Settings(l1=l1, l2=l2), regularizer, trial=trial)


def fitted(
    path: str, work: Unfinished, own: Settings, *, asked: FitRequest, diary: Diary | None = None
) -> FittedModel:
    """Fit a model."""
    return fit_file(path, own, asked, given=frozenset(), work=work, ask=nobody, listener=diary or Diary())


def model_in(folder: Path, path: str, own: Settings, *, asked: FitRequest) -> Path:
    """Fit a model and write it; return its folder."""
    found = fitted(path, begin_fit(folder, "key", force=False), own, asked=asked)
    write_model(folder, found.model, found.encoder, weights=found.weights)
    return folder


def layers(folder: Path) -> Iterator[tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]]:
    """Yield the weights and biases of an mlp."""
    tensors = read_model(folder)[2]
    for place in sorted(int(name.split(".")[0]) for name in tensors if name.endswith("weight")):
        yield tensors[f"{place}.weight"], tensors[f"{place}.bias"]
