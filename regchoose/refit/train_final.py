"""Training on all rows: the strengths around the recommended one on a part of them, then the best on all.

After each epoch, or each step of the convex solver, the state of a training is stored, so that it can be
resumed if it is interrupted. The result is the same to the bit.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from regchoose.errors import TrainingError, setting
from regchoose.records.experiment import Penalties
from regchoose.records.listener import Listener
from regchoose.records.model import Length, TriedStrength
from regchoose.records.words import Arrays, Float, Task
from regchoose.training.device import Device
from regchoose.training.networks.network import Network
from regchoose.training.row_source import RowPart, RowSource
from regchoose.training.row_training import RowTraining, TrainingState
from regchoose.training.schedule import RETRY_RATE, Schedule

FACTORS = (1 / 3, 1.0, 3.0)
ERRORS = 2.0  # standard errors by which a strength must be better than the recommended one
TRIAL, FINAL = "trial", "final"


class StateStore(Protocol):
    """Where states of a training are stored; see `regchoose.refit.unfinished`."""

    def read_state(self, name: str) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Return the arrays of a training and the values stored beside them; None before its first epoch."""

    def keep_state(self, name: str, arrays: Arrays, values: dict[str, Any]) -> None:
        """Store where a training is."""


class NoStore:
    """Stores nothing: an interrupted training begins again."""

    def read_state(self, name: str) -> None:
        """Return nothing."""

    def keep_state(self, name: str, arrays: Arrays, values: Mapping[str, Any]) -> None:
        """Store nothing."""


@dataclass(frozen=True)
class TrainedModel:
    """A trained model.

    Parameters
    ----------
    row : ndarray (p,)
        Its parameters.
    train_loss : float
        Its mean loss on all rows.
    lr : float, optional
        The learning rate it was trained with in the end; None for a convex network.
    notes : tuple of str
        Anything unusual that happened in the training.
    """

    network: Network
    row: NDArray[np.floating[Any]]
    train_loss: float
    lr: float | None = None
    notes: tuple[str, ...] = ()

    @property
    def tensors(self) -> dict[str, NDArray[Any]]:
        """Its parameters as tensors by name."""
        return self.network.state_dict(self.row)

    @property
    def nonzero_share(self) -> float:
        """Share of nonzero weights among the penalized ones."""
        return float((self.row[: self.network.n_penalized] != 0).mean())


@dataclass(frozen=True)
class FinalTraining:
    """A training on all rows, as `fit` and the estimators need it.

    Parameters
    ----------
    length : Length, optional
        None for a convex network.
    store : StateStore
        Where states are stored; `NoStore` if the rows cannot be read again in the same order.
    """

    rows: RowSource
    task: Task
    network: Network
    length: Length | None
    seed: int
    device: Device
    store: StateStore
    listener: Listener

    # ---- strengths around the recommended one ----------------------------------------------------

    def try_strengths(self, strengths: Penalties, *, at_part: Penalties) -> tuple[TriedStrength, ...]:
        """Train a model for each strength on the rows that are not held out, and judge it on those that are.

        Parameters
        ----------
        strengths, at_part : Penalties
            For all rows, and the same for the rows that are not held out.
        """
        training = self._training(at_part, "train")
        state = self._run(TRIAL, training, text=f"{len(strengths)} strengths")
        losses, errors = mean_and_paired_error(training.losses(state, "held out"), base=FACTORS.index(1.0))
        failed = state.failed | ~np.isfinite(losses)
        self.listener.finished(TRIAL, "loss " + ", ".join(f"{loss:.4g}" for loss in losses))
        points = zip(FACTORS, strengths.l1, strengths.l2, losses, errors, failed, strict=True)
        return tuple(
            TriedStrength(
                factor, float(l1), float(l2), *((None, None) if bad else (float(loss), _finite(error)))
            )
            for factor, l1, l2, loss, error, bad in points
        )

    # ---- the model -------------------------------------------------------------------------------

    def fit(self, penalties: Penalties) -> TrainedModel:
        """Train one model on all rows, with the one point of the penalties.

        Raises
        ------
        TrainingError
            E501 where it diverges, also at a tenth of the learning rate.
        """
        trained = self._fit_once(FINAL, penalties, text="all rows")
        if self.length is not None and not np.isfinite(trained.row).all():
            lr = self.length.lr * RETRY_RATE
            slower = replace(self, length=replace(self.length, lr=lr))
            trained = slower._fit_once(f"{FINAL}-calmer", penalties, text="all rows, calmer")
            note = f"the training diverged, and was repeated at a tenth of the learning rate, {lr:g}"
            trained = replace(trained, notes=(note, *trained.notes))
        if self.length is not None and not np.isfinite([*trained.row, trained.train_loss]).all():
            slower_rate = (trained.lr or self.length.lr) * RETRY_RATE
            raise TrainingError(
                "E501",
                "the model diverges on all rows, also at a tenth of the learning rate",
                fix=setting(lr=float(f"{slower_rate:g}")) | "another strength",
            )
        self.listener.finished(FINAL, f"loss {trained.train_loss:.4g}")
        return trained

    def _fit_once(self, name: str, penalties: Penalties, *, text: str) -> TrainedModel:
        training = self._training(penalties, "all")
        state = self._run(name, training, text=text)
        loss = float(mean_and_paired_error(training.losses(state, "all"), base=0)[0][0])
        unbounded = "the linear model has no finite optimum (separable classes): stopped on the way"
        notes = () if state.converged else (unbounded,)
        lr = None if self.length is None else self.length.lr
        return TrainedModel(self.network, state.parameters[0], loss, lr, notes)

    # ---- resumed where it was interrupted ---------------------------------------------------------------

    def _training(self, penalties: Penalties, part: RowPart) -> RowTraining:
        return RowTraining(
            self.network,
            self.rows,
            part,
            self.task,
            penalties,
            None if self.length is None else _schedule(self.length),
            self.seed,
            self.device,
            resumable=not self.rows.in_memory,
        )

    def _run(self, name: str, training: RowTraining, *, text: str) -> TrainingState:
        """Train, from the state that was stored if there is one."""
        stored = self.store.read_state(name)
        start = None
        self.listener.started(name, text, training.total_steps)
        if stored is not None:
            start = TrainingState.from_arrays(int(stored[1]["epoch"]), stored[0])
            if self.length is not None:
                self.listener.noted(f"{text}: goes on after epoch {start.epoch} of {self.length.stop_epoch}")
                self.listener.advanced(name, training.steps_done(start.epoch))
        return training.run(
            start,
            reached=lambda state: self.store.keep_state(name, state.arrays(), {"epoch": state.epoch}),
            advanced=lambda done: self.listener.advanced(name, done),
        )


def _schedule(length: Length) -> Schedule:
    return Schedule(length.schedule_epochs, length.batch, length.lr, np.array([length.stop_epoch]))


def mean_and_paired_error(losses: Iterable[Float], *, base: int) -> tuple[Float, Float]:
    """Return mean losses (m,), and the standard errors (m,) of their differences from that of one model.

    Parameters
    ----------
    losses : iterable of ndarray (m, n)
        Losses of rows, a chunk of rows at a time.
    base : int
        The index of the model that the others are compared with.
    """
    total, difference, square, count = (np.zeros(()) for _ in range(4))
    for chunk in losses:
        apart = chunk - chunk[base]
        total = total + chunk.sum(1)
        difference, square = difference + apart.sum(1), square + np.square(apart).sum(1)
        count = count + chunk.shape[1]
    variance = np.maximum(square / count - np.square(difference / count), 0.0)
    return np.asarray(total / count), np.asarray(np.sqrt(variance / count))


def choose_strength(tried: Sequence[TriedStrength]) -> TriedStrength | None:
    """Return the strength to train with; None if all have diverged.

    It is the one with the lowest loss, with one exception: the recommended strength rests on far more
    trainings, so another one must be better by more than two standard errors of their difference. On few
    rows, the lowest of three is luck.
    """
    (recommended,) = (strength for strength in tried if strength.factor == 1)
    best = min((strength for strength in tried if strength.loss is not None), key=_loss, default=None)
    if best is None or best is recommended or recommended.loss is None:
        return best
    sure = _loss(recommended) - _loss(best) > ERRORS * (np.inf if best.error is None else best.error)
    return best if sure else recommended


def _loss(tried: TriedStrength) -> float:
    return np.inf if tried.loss is None else tried.loss


def _finite(error: float) -> float | None:
    return float(error) if np.isfinite(error) else None
