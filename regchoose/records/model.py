"""The nouns of a final fit: what the model is, and how it was trained.

Plain values in frozen dataclasses, so that they can be written as JSON and read back to the bit.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from regchoose.records.words import Arm


@dataclass(frozen=True)
class NetworkPlan:
    """Which network a model is.

    Attributes
    ----------
    name : str
        mlp, linear, cnn, or the user's own as it was named.
    hidden : tuple of int
        Units of the hidden layers of the mlp.
    options : mapping
        Further arguments of the user's own; of the cnn its channels.
    penalize : tuple of str
        Patterns of the weights that are penalized; empty: all.
    source : str
        Hash of the user's file; empty for the built-in ones.
    """

    name: str
    hidden: tuple[int, ...]
    options: Mapping[str, Any]
    penalize: tuple[str, ...]
    source: str = ""

    @property
    def is_own(self) -> bool:
        """Whether it is the user's own."""
        return self.name not in ("mlp", "linear", "cnn")


@dataclass(frozen=True)
class Length:
    """How long and in which steps: Adam's first rate, rows a step, epochs of the schedule and at its stop."""

    lr: float
    batch: int
    schedule_epochs: int
    stop_epoch: int


@dataclass(frozen=True)
class TriedStrength:
    """A strength that was tried on the rows held out."""

    factor: float  # of the recommended one
    l1: float  # for all rows of the table
    l2: float
    loss: float | None  # on the rows held out; None where it diverged
    error: float | None  # standard error of its difference from that of the recommended one


@dataclass(frozen=True)
class ResultSummary:
    """The recommendation that a model was fitted by, in short, and the file that it came from."""

    file: str
    regularizer: Arm
    sentence: str
    certainty: str
    probability: float | None
    safe: float | None
    l1: float | None
    l2: float | None
    rule: str | None
    fingerprint: Mapping[str, str]
    rows: int
    partial: bool


@dataclass(frozen=True)
class Model:
    """A fitted model: everything but its weights and the encoder of its rows.

    Attributes
    ----------
    format : str
        Of the files.
    regularizer, l1, l2
        What it was trained with; strengths are of the mean loss.
    length : Length or None
        None for a linear model, which is brought to its optimum.
    rows, held_out : int
        Rows of the table, all of which the model was trained on; those that chose the strength before.
    tried : tuple of TriedStrength
        Empty where the strength was taken as it was.
    train_loss : float
        Mean loss without the penalty on all rows.
    nonzero_share : float
        Of the penalized weights.
    data : mapping of str to str
        path, and the fingerprint of the rows that the columns were judged by.
    reading : mapping
        Settings by which further tables are read as this one was.
    result : ResultSummary or None
        None where regularizer and strength were given by hand.
    weights : str
        SHA-256 of the file of weights.
    notes : tuple of str
        What is to be known of the fit.
    """

    format: str
    regchoose_version: str
    network: NetworkPlan
    regularizer: Arm
    l1: float
    l2: float
    length: Length | None
    seed: int
    rows: int
    held_out: int
    tried: tuple[TriedStrength, ...]
    train_loss: float
    nonzero_share: float
    data: Mapping[str, str]
    reading: Mapping[str, Any]
    result: ResultSummary | None
    weights: str
    notes: tuple[str, ...]
