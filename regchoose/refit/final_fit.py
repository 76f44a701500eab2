"""Training on all rows with a regularizer: of a file of any size, or of a table in memory.

`regchoose fit` calls `fit_file` and the estimators call `fit_table`. Both encode the rows, and hand them to
the same `FinalTraining`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from regchoose.encoding.encoder import Encoder
from regchoose.experiment.grid import alpha_max, make_grid
from regchoose.records.answers import Ask
from regchoose.records.experiment import Penalties
from regchoose.records.listener import Listener, Silent
from regchoose.records.model import Length, Model, TriedStrength
from regchoose.records.table import Table
from regchoose.records.words import Arm, Float
from regchoose.refit.encoded_rows import EncodedRows, encode_rows
from regchoose.refit.fit_request import FitRequest, recommended_length
from regchoose.refit.model_folder import FORMAT, digest, pack
from regchoose.refit.train_final import (
    FACTORS,
    FinalTraining,
    NoStore,
    StateStore,
    choose_strength,
)
from regchoose.refit.unfinished import Unfinished
from regchoose.result.document import RunResult
from regchoose.settings.options import Settings, for_images
from regchoose.table.in_memory import InMemory
from regchoose.training.device import choose_devices
from regchoose.training.networks.choose import choose_network, record_network
from regchoose.training.networks.network import Network
from regchoose.training.row_source import MemoryRows, RowSource
from regchoose.training.schedule import USUAL_RATE, make_schedule
from regchoose.version import __version__

FEWEST = 10  # rows to train on, and to judge on, for strengths to be tried
MIDDLE = 0.5  # Elastic Net's mix without an experiment
# Settings by which further tables are read as the first was.
READING = (
    *("delimiter", "encoding", "skip_rows", "header_rows", "header", "decimal"),
    *("na", "na_none", "on_bad_rows"),
)


# ---- a file ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class FittedModel:
    """A fitted model with the encoder of its rows, and its weights as safetensors."""

    model: Model
    encoder: Encoder
    weights: bytes


def fit_file(
    path: str,
    settings: Settings,
    request: FitRequest,
    *,
    given: frozenset[str],
    work: Unfinished,
    ask: Ask,
    listener: Listener,
) -> FittedModel:
    """Train on a whole table, of any size, with a regularizer.

    Parameters
    ----------
    path : str
        The table: a file, a folder or a pattern.
    settings : Settings
        Those of the group Data say how it is read; then `network`, `hidden`, `penalize`, `network_options`,
        `epochs`, `steps`, `batch`, `lr`, `seed` and `device` count.
    request : FitRequest
        The regularizer, its strength and the length of the training.
    given : frozenset of str
        Settings that somebody chose: they override what the request recommends.
    work : Unfinished
        Stores encoded rows and the states of the training, so that an interrupted fit is resumed.

    Raises
    ------
    RegchooseError
        If the table cannot be read or used, the network not be built, or the training diverges.
    """
    # There is no experiment, so no number of rows is too small for one.
    settings = replace(settings, resources="no")
    with threadpool_limits(1):  # sums split over threads differ in their last bits
        rows, encoder = _encode_or_resume(path, settings, work=work, ask=ask, listener=listener)
        if request.table is not None and request.result is not None and not settings.force:
            request.table.check(encoder.target.name, encoder.columns, where=request.result.file, path=path)
        if encoder.images is not None and request.result is None:
            settings = for_images(settings, given=given)
        training = _make_training(
            rows.file(work.folder),
            encoder,
            settings,
            length=_length(rows.n_rows, settings, request, given=given),
            device=settings.device,
            store=work,
            listener=listener,
        )
        notes = [*rows.notes, *_compare_with_result(request, rows, listener)]
        penalties = request.strengths(rows.n_rows)
        tried: tuple[TriedStrength, ...] = ()
        if request.trial and (reason := _why_no_trial(training.rows)):
            notes.append(reason)
        elif request.trial:
            tried = _try_strengths(training, request, penalties)
            best = choose_strength(tried)
            if best is None:
                notes.append("all strengths that were tried diverged; the recommended one was kept")
            else:
                penalties = Penalties.single(best.l1, best.l2)
        trained = training.fit(penalties)
    weights, length = pack(trained.tensors), training.length
    model = Model(
        format=FORMAT,
        regchoose_version=__version__,
        network=record_network(settings, training.network),
        regularizer=request.arm,
        l1=float(penalties.l1[0]),
        l2=float(penalties.l2[0]),
        length=None if length is None else replace(length, lr=trained.lr or length.lr),
        seed=settings.seed,
        rows=rows.n_rows,
        held_out=training.rows.count("held out") if tried else 0,
        tried=tried,
        train_loss=trained.train_loss,
        nonzero_share=trained.nonzero_share,
        data={"path": path, "fingerprint": rows.fingerprint},
        reading={name: getattr(settings, name) for name in READING},
        result=request.result,
        weights=digest(weights),
        notes=(*notes, *trained.notes),
    )
    return FittedModel(model, encoder, weights)


def _encode_or_resume(
    path: str, settings: Settings, *, work: Unfinished, ask: Ask, listener: Listener
) -> tuple[EncodedRows, Encoder]:
    """Return the rows that an interrupted fit has encoded, or else encode them."""
    stored = work.read_encoded()
    if stored is not None:
        listener.noted(f"{stored[0].n_rows:,} rows are encoded already: this fit goes on")
        return stored
    precision = "float64" if settings.network == "linear" else "float32"
    rows, encoder = encode_rows(
        path, settings, folder=work.folder, precision=precision, ask=ask, listener=listener
    )
    work.keep_encoded(rows, encoder)
    return rows, encoder


def _length(n_rows: int, settings: Settings, request: FitRequest, *, given: frozenset[str]) -> Length:
    """Return how long and in which steps a network is trained.

    As recommended: the strength was moved to this number of rows for the same rate, batch and epochs
    (Wang & Aitchison 2025), so an epoch of more rows has more steps. By hand: for all of `epochs`.
    """
    usual, length = _usual_length(n_rows, settings), request.length
    if length is None:
        return usual
    if "epochs" in given:
        length = replace(length, schedule_epochs=settings.epochs, stop_epoch=settings.epochs)
    return replace(
        length,
        lr=usual.lr if "lr" in given and settings.lr != "auto" else length.lr,
        batch=settings.batch if "batch" in given else length.batch,
    )


def _compare_with_result(request: FitRequest, rows: EncodedRows, listener: Listener) -> Sequence[str]:
    """Say how the table differs from the one that the recommendation was made on."""
    result, notes = request.result, list[str]()
    if result is None:
        return notes
    if result.fingerprint.get("data") != rows.fingerprint:
        notes.append(
            "the table is not the one of the result, or is read otherwise: the recommendation is "
            "carried over to it"
        )
    if request.rows not in (None, rows.n_rows):
        notes.append(f"the strength was moved from {request.rows:,} rows to {rows.n_rows:,}")
    if result.partial:
        notes.append("the result is partial: its run was stopped")
    for note in notes:
        listener.noted(note)
    return notes


def _why_no_trial(rows: RowSource) -> str:
    """Say why no strengths can be tried; empty if they can."""
    if min(rows.count("train"), rows.count("held out")) >= FEWEST:
        return ""
    return f"too few rows ({rows.count('all')}) to hold some out: the strength was taken as it is"


def _try_strengths(
    training: FinalTraining, request: FitRequest, point: Penalties
) -> tuple[TriedStrength, ...]:
    factors, rows = np.array(FACTORS), training.rows
    strengths = Penalties(point.l1 * factors, point.l2 * factors)
    at_part = request.move(strengths, rows.count("train"), trained_on=rows.count("all"))
    return training.try_strengths(strengths, at_part=at_part)


# ---- a table in memory -----------------------------------------------------------------------


@dataclass(frozen=True)
class FittedTable:
    """A network trained on all rows of a table in memory.

    Parameters
    ----------
    settings : Settings
        Those that the table was read with.
    device : str
        The name of a device of this machine.
    l1, l2 : float
        The strengths it was trained with.
    row : ndarray (p,)
        Its parameters.
    """

    encoder: Encoder
    settings: Settings
    device: str
    l1: float
    l2: float
    row: NDArray[np.floating[Any]]

    @cached_property
    def network(self) -> Network:
        """The network, built when it is first asked for."""
        return _network_of(self.encoder, self.settings)

    def __getstate__(self) -> dict[str, Any]:
        # A user's own network may hold what cannot be pickled, so it is built again.
        return {name: value for name, value in vars(self).items() if name != "network"}

    def outputs(self, data: InMemory) -> Float:
        """Return numbers in the units of the target, or logits, of rows: (n, k)."""
        x = self.encoder.transform_memory(data, self.settings)
        device = choose_devices(self.device).of(0)
        return self.encoder.target.in_units(self.network.predict(self.row, x, device=device))


def fit_table(table: Table, settings: Settings, result: RunResult) -> FittedTable:
    """Train on all rows with what a result recommends.

    If nothing was trained to find a strength, it is the middle of those that would have been tried, and the
    training has its usual length.

    Parameters
    ----------
    settings : Settings
        Those that the table was read with.

    Raises
    ------
    TrainingError
        E501 if the network diverges.
    """
    advice, rows = result.recommendation, np.arange(table.n_rows)
    learned = Encoder.fit(table, rows)
    x, y = learned.transform(table, rows)
    encoder = learned.for_text(table, settings)
    device = (result.execution.device or "cpu").partition(",")[0]
    length = recommended_length(result) or _usual_length(len(y), settings)
    training = _make_training(MemoryRows(x, y), encoder, settings, length=length, device=device)
    if advice.l1 is None or advice.l2 is None:
        penalties = _middle_strength(training, settings, x=x, y=y, arm=advice.regularizer)
    else:
        penalties = Penalties.single(advice.l1, advice.l2)
    row = training.fit(penalties).row
    return FittedTable(encoder, settings, device, float(penalties.l1[0]), float(penalties.l2[0]), row)


def _middle_strength(
    training: FinalTraining, settings: Settings, *, x: Float, y: Float, arm: Arm
) -> Penalties:
    top = alpha_max(training.task, x, y)
    top = top if training.network.is_convex else max(1.0, top)
    mix = MIDDLE if settings.alpha is None else settings.alpha
    grid = make_grid(arm, top=top, strengths=3, alphas=(mix,), fixed=(settings.l1, settings.l2))
    middle = len(grid) // 2
    return grid[middle : middle + 1]


# ---- both ------------------------------------------------------------------------------------


def _make_training(
    rows: RowSource,
    encoder: Encoder,
    settings: Settings,
    *,
    length: Length,
    device: str,
    store: StateStore | None = None,
    listener: Listener | None = None,
) -> FinalTraining:
    """Choose the network for encoded rows, and return its training; a convex network needs no length."""
    network, listener = _network_of(encoder, settings), listener or Silent()
    for remark in network.remarks:
        listener.noted(remark)
    return FinalTraining(
        rows,
        encoder.target.task,
        network,
        None if network.is_convex else length,
        settings.seed,
        choose_devices(device).of(0),
        store or NoStore(),
        listener,
    )


def _network_of(encoder: Encoder, settings: Settings) -> Network:
    target = encoder.target
    return choose_network(
        settings,
        input_names=encoder.input_names,
        task=target.task,
        n_classes=len(target.classes),
        image=encoder.shape,
    )


def _usual_length(n_rows: int, settings: Settings) -> Length:
    """Return the length of a training that no experiment has chosen: all of `epochs`."""
    rate = USUAL_RATE if settings.lr == "auto" else settings.lr
    schedule = make_schedule(
        n_rows, epochs=settings.epochs, least_steps=settings.steps, batch=settings.batch, lr=rate
    )
    return Length(rate, settings.batch, schedule.epochs, schedule.epochs)
