"""The strengths around the recommended one, side by side on a part of the rows; then the best on all of them.

A training goes on where it was broken off: after each epoch, or each step of the exact method of a linear
model, its state is kept. What is kept decides nothing, so the end is the same to the bit.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from regchoose.errors import TrainingError, setting
from regchoose.records.experiment import Penalties
from regchoose.records.listener import Listener
from regchoose.records.model import Length, Tried
from regchoose.records.words import Arrays, Float, Task
from regchoose.refit.row_file import Spool
from regchoose.training.block import RETRY_RATE, Schedule
from regchoose.training.deterministic import calm
from regchoose.training.device import Device
from regchoose.training.linear_passes import linear_losses, solve_passing
from regchoose.training.loss import n_outputs
from regchoose.training.networks.any_network import AnyNetwork
from regchoose.training.networks.named_tensors import BuiltIn, linear_named, named
from regchoose.training.paired_difference import compared
from regchoose.training.streamed_descent import Descent, State

FACTORS = (1 / 3, 1.0, 3.0)
ERRORS = 2.0  # standard errors by which a strength must be better than the recommended one
TRIAL, FINAL = "trial", "final"
Tensors = dict[str, NDArray[Any]]
Said = dict[str, Any]


class Kept(Protocol):
    """Where states of a training are kept; see `regchoose.refit.unfinished`."""

    def state(self, name: str) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Return the arrays of a training, and what was said beside them; None before its first epoch."""

    def keep_state(self, name: str, arrays: Arrays, said: Said) -> None:
        """Keep where a training is."""


@dataclass(frozen=True)
class Fitted:
    """A trained model: its tensors by name, its mean loss on all rows, its nonzero weights, and remarks."""

    tensors: Tensors
    train_loss: float
    nonzero_share: float
    lr: float | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Trainer:
    """What is common to both trainings.

    Parameters
    ----------
    network : Mlp, Cnn or AnyNetwork, optional
        None for the linear model.
    length : Length, optional
        None for the linear model.
    """

    spool: Spool
    task: Task
    n_classes: int
    network: BuiltIn | AnyNetwork | None
    length: Length | None
    seed: int
    device: Device
    kept: Kept
    listener: Listener

    # ---- strengths around the recommended one ----------------------------------------------------

    def tried(self, strengths: Penalties, *, at_part: Penalties) -> tuple[Tried, ...]:
        """Train a model for each strength on the rows that are not held out, and judge it on those.

        Parameters
        ----------
        strengths, at_part : Penalties
            For all rows, and the same for the rows that are not held out.
        """
        text = f"{len(strengths)} strengths"
        if self.network is None:
            u, _ = self._solved(TRIAL, at_part, part="train", text=text)
            rows = linear_losses(self.spool, "held out", u, task=self.task, device=self.device)
            failed = ~np.isfinite(u).all((1, 2))
        else:
            state, descent = self._descended(TRIAL, at_part, every=False, text=text)
            rows, failed = descent.losses(state, "held out"), state.failed
        losses, errors = compared(rows, base=FACTORS.index(1.0))
        failed |= ~np.isfinite(losses)
        self.listener.finished(TRIAL, "loss " + ", ".join(f"{loss:.4g}" for loss in losses))
        points = zip(FACTORS, strengths.l1, strengths.l2, losses, errors, failed, strict=True)
        return tuple(
            Tried(factor, float(l1), float(l2), *((None, None) if bad else (float(loss), _finite(error))))
            for factor, l1, l2, loss, error, bad in points
        )

    # ---- the model -------------------------------------------------------------------------------

    def fitted(self, l1: float, l2: float) -> Fitted:
        """Train one model on all rows.

        Raises
        ------
        TrainingError
            E501 where it diverges, also at a tenth of the learning rate.
        """
        penalties = Penalties(np.array([l1]), np.array([l2]))
        if self.network is None:
            return self._fitted_linear(penalties)
        assert self.length is not None
        state, descent = self._descended(FINAL, penalties, every=True, text="all rows")
        lr, notes = self.length.lr, list[str]()
        if state.failed.any():
            lr *= RETRY_RATE
            notes.append(f"the training diverged, and was repeated at a tenth of the learning rate, {lr:g}")
            calmer = replace(self, length=replace(self.length, lr=lr))
            state, descent = calmer._descended(
                f"{FINAL}-calmer", penalties, every=True, text="all rows, calmer"
            )
        loss = _mean(descent.losses(state, "all"))
        if state.failed.any() or not np.isfinite(loss):
            raise TrainingError(
                "E501",
                "the model diverges on all rows, also at a tenth of the learning rate",
                fix=setting(lr=float(f"{lr * RETRY_RATE:g}")) | "another strength",
            )
        self.listener.finished(FINAL, f"loss {loss:.4g}")
        row = state.parameters[0]
        share = float((row[: self.network.n_penalized] != 0).mean())
        return Fitted(named(self.network, row), loss, share, lr, tuple(notes))

    def _fitted_linear(self, penalties: Penalties) -> Fitted:
        u, reached = self._solved(FINAL, penalties, part="all", text="all rows")
        loss = _mean(linear_losses(self.spool, "all", u, task=self.task, device=self.device))
        self.listener.finished(FINAL, f"loss {loss:.4g}")
        notes = (
            ()
            if reached
            else ("the linear model has no finite optimum (separable classes): stopped on the way",)
        )
        return Fitted(linear_named(u[0]), loss, float((u[0][:, :-1] != 0).mean()), notes=notes)

    # ---- what goes on where it was ---------------------------------------------------------------

    def _solved(self, name: str, penalties: Penalties, *, part: str, text: str) -> tuple[Float, bool]:
        """Bring linear models to their optimum."""
        before = self.kept.state(name)
        passes = _Counter(self.listener, name)
        self.listener.started(name, text, 0)
        with calm():
            return solve_passing(
                self.spool,
                part,
                penalties,
                task=self.task,
                n_outputs=n_outputs(self.task, self.n_classes),
                device=self.device,
                start=None if before is None else before[0]["u"],
                moved_to=lambda u: self.kept.keep_state(name, {"u": u}, {}),
                passed=passes.more,
            )

    def _descended(self, name: str, penalties: Penalties, *, every: bool, text: str) -> tuple[State, Descent]:
        """Train networks to their last epoch."""
        assert self.network is not None
        assert self.length is not None
        length = self.length
        schedule = Schedule(length.schedule_epochs, length.batch, length.lr, np.array([length.stop_epoch]))
        descent = Descent(
            self.network, self.spool, every, self.task, penalties, schedule, self.seed, self.device
        )
        before = self.kept.state(name)
        start = None if before is None else State(int(before[1]["epoch"]), **before[0])
        steps, _ = descent.steps
        self.listener.started(name, text, steps * length.stop_epoch)
        if start is not None:
            self.listener.noted(f"{text}: goes on after epoch {start.epoch} of {length.stop_epoch}")
            self.listener.advanced(name, steps * start.epoch)
        state = descent.run(
            start,
            saved=lambda state: self.kept.keep_state(name, state.arrays(), {"epoch": state.epoch}),
            advanced=lambda done: self.listener.advanced(name, done),
        )
        return state, descent


def chosen(tried: Sequence[Tried]) -> Tried | None:
    """Return the strength to train with; None where all have diverged.

    The lowest loss wins, but for this: the recommended strength, found by far more trainings, gives way only
    to one that is better by more than two standard errors of their difference. On few rows, the lowest of
    three is luck.
    """
    (recommended,) = (one for one in tried if one.factor == 1)
    best = min((one for one in tried if one.loss is not None), key=_loss, default=None)
    if best is None or best is recommended or recommended.loss is None:
        return best
    sure = _loss(recommended) - _loss(best) > ERRORS * (np.inf if best.error is None else best.error)
    return best if sure else recommended


def _loss(tried: Tried) -> float:
    return np.inf if tried.loss is None else tried.loss


def _finite(error: float) -> float | None:
    return float(error) if np.isfinite(error) else None


def _mean(losses: Iterable[Float]) -> float:
    """Return the mean loss of one model."""
    return float(compared(losses, base=0)[0][0])


class _Counter:
    """Counts passes over the rows, which have no known end."""

    def __init__(self, listener: Listener, name: str) -> None:
        self._listener, self._name, self._passes = listener, name, 0

    def more(self) -> None:
        """Tell of another."""
        self._passes += 1
        self._listener.advanced(self._name, self._passes)
