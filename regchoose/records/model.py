"""A fitted model: what it is, and how it was trained.

Plain values in frozen dataclasses, so that they can be written as JSON and read back to the bit.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from regchoose.records.words import NETWORKS, Arm


@dataclass(frozen=True)
class NetworkPlan:
    """Which network a model is.

    Attributes
    ----------
    name : str
        mlp, linear, cnn, or the user's own as the setting names it.
    hidden : tuple of int
        Units of the hidden layers of the mlp.
    options : mapping
        Further arguments of the user's own; the channels of the cnn.
    penalize : tuple of str
        Patterns of the names of penalized weights; empty for all.
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
        return self.name not in NETWORKS


@dataclass(frozen=True)
class Length:
    """How long a network is trained, and in which steps.

    Attributes
    ----------
    lr : float
        Adam's initial learning rate.
    batch : int
        Rows a step.
    schedule_epochs, stop_epoch : int
        Epochs of the schedule, and the one after which the training stops.
    """

    lr: float
    batch: int
    schedule_epochs: int
    stop_epoch: int


@dataclass(frozen=True)
class TriedStrength:
    """A strength that was tried, with its loss on the rows held out."""

    factor: float  # of the recommended one
    l1: float  # for all rows of the table
    l2: float
    loss: float | None  # on the rows held out; None where it diverged
    error: float | None  # standard error of its difference from that of the recommended one


@dataclass(frozen=True)
class ResultSummary:
    """The result that a model was fitted by, in short, and its file."""

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
        Version of the format of the files.
    regularizer, l1, l2
        What it was trained with; strengths are of the mean loss.
    length : Length or None
        None for a linear model, which is trained to its optimum.
    rows, held_out : int
        Rows of the table, all of which the model was trained on, and how many of them chose the strength.
    tried : tuple of TriedStrength
        Empty if no other strengths were tried.
    train_loss : float
        Mean loss without the penalty on all rows.
    nonzero_share : float
        Share of nonzero weights among the penalized ones.
    data : mapping of str to str
        `path`, and `fingerprint`: a hash of the rows that the columns were judged by.
    reading : mapping
        Settings by which further tables are read as this one was.
    result : ResultSummary or None
        None if regularizer and strength were given by hand.
    weights : str
        SHA-256 of the file of weights.
    notes : tuple of str
        Anything unusual in the table or the training.
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
