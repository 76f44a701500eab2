"""The final fit, from the table to the model: what `regchoose fit` does."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from threadpoolctl import threadpool_limits

from regchoose.encoding.encoder import Encoder
from regchoose.records.answers import Ask
from regchoose.records.experiment import Penalties
from regchoose.records.listener import Listener
from regchoose.records.model import Length, Model, Tried
from regchoose.refit.encoded_rows import Plan, encode_rows
from regchoose.refit.fit_request import Request
from regchoose.refit.model_folder import FORMAT, digest, pack
from regchoose.refit.train_final import FACTORS, FinalTraining, TrainedModel, choose_tried
from regchoose.refit.unfinished import Unfinished
from regchoose.settings.options import Settings, for_images
from regchoose.training.device import choose_devices
from regchoose.training.networks.choose import choose_network, record_network
from regchoose.training.row_source import RowSource
from regchoose.training.schedule import USUAL_RATE, make_schedule
from regchoose.version import __version__

FEWEST = 10  # rows to train on, and to judge on, where strengths are tried
# Settings by which further tables are read as the first was.
READING = ("delimiter", "encoding", "skip_rows", "header_rows", "header", "decimal", "na", "on_bad_rows")


@dataclass(frozen=True)
class Outcome:
    """A fitted model with the encoder of its rows, and its weights as safetensors."""

    model: Model
    encoder: Encoder
    weights: bytes


def fit(
    path: str,
    settings: Settings,
    request: Request,
    *,
    given: frozenset[str],
    work: Unfinished,
    ask: Ask,
    listener: Listener,
) -> Outcome:
    """Train on a whole table, of any size, with a regularizer.

    Parameters
    ----------
    path : str
        The table: a file, a folder or a pattern.
    settings : Settings
        Those of the group Data say how it is read; then `network`, `hidden`, `penalize`, `network_options`,
        `epochs`, `steps`, `batch`, `lr`, `seed` and `device` count.
    request : Request
        The regularizer, its strength and the length of the training.
    given : frozenset of str
        Settings that somebody chose: they go before what the request recommends.
    work : Unfinished
        Keeps what is known so far.
    ask, listener
        Asks a person; is told what happens.

    Raises
    ------
    RegchooseError
        If the table cannot be read or used, the network not be built, or the training diverges.
    """
    with threadpool_limits(1):  # sums split over threads differ in their last bits
        return _Fit(path, settings, request, given=given, work=work, listener=listener).outcome(ask)


class _Fit:
    """One final fit."""

    def __init__(
        self,
        path: str,
        settings: Settings,
        request: Request,
        *,
        given: frozenset[str],
        work: Unfinished,
        listener: Listener,
    ) -> None:
        # There is no experiment, so no number of rows is too small for one.
        self._path, self._settings = path, replace(settings, resources="no")
        self._request, self._given, self._work, self._listener = request, given, work, listener

    def outcome(self, ask: Ask) -> Outcome:
        """Encode the rows, try strengths and train."""
        plan, encoder = self._rows(ask)
        if encoder.images is not None and self._request.result is None:
            self._settings = for_images(self._settings, given=self._given)
        training = self._training(plan, encoder)
        notes = [*plan.notes, *self._about_result(plan, encoder)]
        point = self._request.strengths(plan.n_rows)
        tried: tuple[Tried, ...] = ()
        if self._request.trial and self._request.arm != "none":
            reason = _no_trial(training.rows)
            tried = () if reason else self._try_strengths(training, point)
            notes += [reason] if reason else []
        best = choose_tried(tried) if tried else None
        if best is not None:
            point = Penalties.single(best.l1, best.l2)
        elif tried:
            notes.append("all strengths that were tried diverged; the recommended one was kept")
        found = training.fit(point)
        weights = pack(found.tensors)
        held_out = training.rows.count("held out") if tried else 0
        model = self._model(plan, training.length, found=found, point=point)
        model = replace(
            model, held_out=held_out, tried=tried, weights=digest(weights), notes=(*notes, *found.notes)
        )
        return Outcome(model, encoder, weights)

    def _rows(self, ask: Ask) -> tuple[Plan, Encoder]:
        known = self._work.plan()
        if known is not None:
            plan = Plan.of(known[0])
            self._listener.noted(f"{plan.n_rows:,} rows are encoded already: this fit goes on")
            return plan, known[1]
        precision = "float64" if self._settings.network == "linear" else "float32"
        plan, encoder = encode_rows(
            self._path,
            self._settings,
            folder=self._work.folder,
            precision=precision,
            ask=ask,
            listener=self._listener,
        )
        self._work.keep_plan(plan.as_dict(), encoder)
        return plan, encoder

    def _training(self, plan: Plan, encoder: Encoder) -> FinalTraining:
        settings, target = self._settings, encoder.target
        network = choose_network(
            settings,
            input_names=encoder.input_names,
            task=target.task,
            n_classes=len(target.classes),
            image=encoder.shape,
        )
        for remark in network.remarks:
            self._listener.noted(remark)
        return FinalTraining(
            plan.spool(self._work.folder),
            target.task,
            network,
            None if network.is_convex else self._length(plan.n_rows),
            settings.seed,
            choose_devices(settings.device).of(0),
            self._work,
            self._listener,
        )

    def _length(self, n_rows: int) -> Length:
        """Return how long and in which steps the network is trained.

        As recommended: the strength was moved to this number of rows for the same rate, batch and epochs
        (Wang & Aitchison 2025), so an epoch of more rows has more steps. By hand: for all of `epochs`.
        """
        settings, given, known = self._settings, self._given, self._request.length
        rate = USUAL_RATE if settings.lr == "auto" else settings.lr
        if known is None:
            schedule = make_schedule(
                n_rows, epochs=settings.epochs, least_steps=settings.steps, batch=settings.batch, lr=rate
            )
            return Length(rate, settings.batch, schedule.epochs, schedule.epochs)
        if "epochs" in given:
            known = replace(known, schedule_epochs=settings.epochs, stop_epoch=settings.epochs)
        return replace(
            known,
            lr=rate if "lr" in given and settings.lr != "auto" else known.lr,
            batch=settings.batch if "batch" in given else known.batch,
        )

    def _try_strengths(self, training: FinalTraining, point: Penalties) -> tuple[Tried, ...]:
        factors, rows = np.array(FACTORS), training.rows
        strengths = Penalties(point.l1 * factors, point.l2 * factors)
        at_part = self._request.move(strengths, rows.count("train"), trained_on=rows.count("all"))
        return training.try_strengths(strengths, at_part=at_part)

    def _about_result(self, plan: Plan, encoder: Encoder) -> Sequence[str]:
        """Say where the table is not the one that the recommendation was made on."""
        result, notes = self._request.result, list[str]()
        if result is None:
            return notes
        if result.fingerprint.get("data") != plan.fingerprint:
            notes.append(
                "the table is not the one of the result, or is read otherwise: the recommendation is "
                "carried over to it"
            )
        if self._request.rows not in (None, plan.n_rows):
            notes.append(f"the strength was moved from {self._request.rows:,} rows to {plan.n_rows:,}")
        if result.partial:
            notes.append("the result is partial: its run was stopped")
        for note in notes:
            self._listener.noted(note)
        return notes

    def _model(self, plan: Plan, length: Length | None, *, found: TrainedModel, point: Penalties) -> Model:
        return Model(
            FORMAT,
            __version__,
            record_network(self._settings, found.network),
            self._request.arm,
            float(point.l1[0]),
            float(point.l2[0]),
            None if length is None else replace(length, lr=found.lr or length.lr),
            self._settings.seed,
            plan.n_rows,
            0,
            (),
            found.train_loss,
            found.nonzero_share,
            {"path": self._path, "fingerprint": plan.fingerprint},
            {name: getattr(self._settings, name) for name in READING},
            self._request.result,
            "",
            (),
        )


def _no_trial(rows: RowSource) -> str:
    """Say why no strengths can be tried; empty where they can."""
    fewer = min(rows.count("train"), rows.count("held out"))
    return (
        f"too few rows ({rows.count('all')}) to hold some out: the strength was taken as it is"
        if fewer < FEWEST
        else ""
    )
