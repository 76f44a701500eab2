"""A recommendation in skorch.

    python in_skorch.py result.json

For a classification on numeric columns; put your own module and your own rows in their places. What carries
over is the optimizer, and the group of weights that its penalty is for.
"""

import json
import sys

import numpy as np
import pandas as pd
import torch
from proximal_adam import ProximalAdam
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import LabelEncoder, StandardScaler
from skorch import NeuralNetClassifier
from skorch.callbacks import LRScheduler
from torch import nn


def main(path: str) -> None:
    """Train on four fifths of the rows, and judge on the others."""
    with open(path, encoding="utf-8") as file:
        result = json.load(file)
    best, data = result["recommendation"], result["data"]
    length, penalty = best["training"], {"l1": best["l1"], "l2": best["l2"]}
    table = pd.read_csv(data["path"])
    names = [column["name"] for column in data["columns"] if column["role"] == "numeric"]
    y = LabelEncoder().fit_transform(table[data["target"]])
    x, x_test, y, y_test = train_test_split(table[names], y, test_size=0.2, stratify=y, random_state=0)
    scaler = StandardScaler().fit(x)
    rows, rows_test = (scaler.transform(part).astype(np.float32) for part in (x, x_test))
    steps = -(-len(rows) // length["batch"]) * length["schedule_epochs"]

    torch.manual_seed(0)
    net = NeuralNetClassifier(
        nn.Sequential(nn.Linear(len(names), 64), nn.ReLU(), nn.Linear(64, len(data["classes"]))),
        criterion=nn.CrossEntropyLoss,
        optimizer=ProximalAdam,
        optimizer__param_groups=[("*.weight", penalty)],
        lr=length["lr"],
        batch_size=length["batch"],
        max_epochs=length["stop_epoch"],
        callbacks=[LRScheduler("CosineAnnealingLR", T_max=steps, step_every="batch")],
        train_split=None,
        verbose=0,
    )
    net.fit(rows, y)

    weights = torch.cat([w.flatten() for w in net.module_.parameters() if w.ndim > 1])
    zeros = (weights == 0).double().mean().item()
    print(f"accuracy on rows not seen {net.score(rows_test, y_test):.3f}, weights exactly zero {zeros:.3f}")


if __name__ == "__main__":
    main(sys.argv[1])
