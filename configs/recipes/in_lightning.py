"""A recommendation in Lightning.

    python in_lightning.py result.json

For a regression on numeric columns; put your own module and your own rows in their places. What carries over
is `configure_optimizers`.
"""

import json
import sys
from typing import Any

import lightning
import numpy as np
import pandas as pd
import torch
from proximal_adam import ProximalAdam
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset


class Regularized(lightning.LightningModule):
    """A network, trained as a result recommends; its weight matrices are penalized."""

    def __init__(self, network: nn.Module, best: dict[str, Any], steps: int) -> None:
        super().__init__()
        self.network, self.best, self.steps = network, best, steps  # steps of an epoch

    def training_step(self, batch: tuple[Tensor, Tensor], _: int) -> Tensor:
        """Return the loss; the penalty is the optimizer's."""
        x, y = batch
        return nn.functional.mse_loss(self.network(x)[:, 0], y)

    def configure_optimizers(self) -> Any:
        """Penalize the weights, and let the rate fall to 0 over the schedule."""
        length, penalty = self.best["training"], {"l1": self.best["l1"], "l2": self.best["l2"]}
        weights = [w for w in self.parameters() if w.ndim > 1]
        biases = [b for b in self.parameters() if b.ndim == 1]
        groups = [{"params": weights, **penalty}, {"params": biases}]
        optimizer = ProximalAdam(groups, lr=length["lr"])
        cosine = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, self.steps * length["schedule_epochs"])
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": cosine, "interval": "step"}}


def main(path: str) -> None:
    """Train on four fifths of the rows, and judge on the others."""
    with open(path, encoding="utf-8") as file:
        result = json.load(file)
    best, data = result["recommendation"], result["data"]
    table = pd.read_csv(data["path"])
    names = [column["name"] for column in data["columns"] if column["role"] == "numeric"]
    x, x_test, y, y_test = train_test_split(
        table[names], table[data["target"]], test_size=0.2, random_state=0
    )
    scaler, mean, sd = StandardScaler().fit(x), y.mean(), y.std(ddof=0)
    rows, rows_test = (torch.tensor(scaler.transform(part).astype(np.float32)) for part in (x, x_test))
    target, target_test = (torch.tensor(((part - mean) / sd).to_numpy(np.float32)) for part in (y, y_test))

    lightning.seed_everything(0, verbose=False)
    loader = DataLoader(TensorDataset(rows, target), best["training"]["batch"], shuffle=True)
    network = nn.Sequential(nn.Linear(len(names), 64), nn.ReLU(), nn.Linear(64, 1))
    trainer = lightning.Trainer(
        max_epochs=best["training"]["stop_epoch"],
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(Regularized(network, best, steps=len(loader)), loader)

    with torch.no_grad():
        loss = nn.functional.mse_loss(network(rows_test)[:, 0], target_test).item()
    weights = torch.cat([w.flatten() for w in network.parameters() if w.ndim > 1])
    zeros = (weights == 0).double().mean().item()
    print(f"loss on rows not seen {loss:.3f}, weights exactly zero {zeros:.3f}")


if __name__ == "__main__":
    main(sys.argv[1])
