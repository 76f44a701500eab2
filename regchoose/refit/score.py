"""How well predictions do, on the rows whose target is known: sums over batches."""

from dataclasses import dataclass

import numpy as np

from regchoose.records.words import Float, Task
from regchoose.statistics.metrics import log_probabilities


@dataclass
class Score:
    """Sums over the rows added so far.

    Parameters
    ----------
    scale : float
        Of a regression's target.
    """

    task: Task
    scale: float
    n: int = 0
    total: float = 0.0
    right: int = 0
    sum_y: float = 0.0
    sum_squares: float = 0.0

    def add(self, outputs: Float, y: Float) -> None:
        """Add rows: outputs (n, k), and standardized targets or codes (n,), NaN where unknown."""
        known = ~np.isnan(y)
        outputs, y = outputs[known], y[known]
        self.n += len(y)
        if self.task == "regression":
            self.total += float(np.square(outputs[:, 0] - y).sum())
            self.sum_y += float(y.sum())
            self.sum_squares += float(np.square(y).sum())
            return
        codes = y.astype(np.int64)
        scores = log_probabilities(self.task, outputs)
        self.total -= float(scores[np.arange(len(codes)), codes].sum())
        self.right += int((scores.argmax(1) == codes).sum())

    @property
    def loss(self) -> float | None:
        """Mean loss; None without rows."""
        return self.total / self.n if self.n else None

    @property
    def metrics(self) -> dict[str, float]:
        """Accuracy, or rmse in the units of the file and r2."""
        if not self.n:
            return {}
        if self.task != "regression":
            return {"accuracy": self.right / self.n}
        spread = self.sum_squares - self.sum_y**2 / self.n
        rmse = float(np.sqrt(self.total / self.n)) * self.scale
        return {"rmse": rmse} | ({"r2": 1 - self.total / spread} if spread > 0 else {})
