"""Predictions of a fitted model for a table of any size: what `regchoose predict` does."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from regchoose.encoding.encoder import Encoder
from regchoose.encoding.inputs import EncodedTarget
from regchoose.encoding.text_rows import Oddities
from regchoose.errors import DataError
from regchoose.records.answers import Ask
from regchoose.records.listener import Listener
from regchoose.records.words import Float, Task
from regchoose.refit.model_folder import read_model
from regchoose.settings.options import Settings
from regchoose.statistics.metrics import log_probabilities, probabilities
from regchoose.table.file_set import classify, is_arrays
from regchoose.table.images.image_folder import open_images_like
from regchoose.table.images.npz import open_arrays_for_model
from regchoose.table.large.batches import Rows, open_rows, rows_of_images
from regchoose.table.write import Form, PredictionWriter
from regchoose.training.loss import n_outputs
from regchoose.training.predictor import Predictor, make_predictor

LISTED = 8  # columns that an error names


@dataclass(frozen=True)
class PredictionSummary:
    """What was predicted, and how well.

    Parameters
    ----------
    rows, judged : int
        Rows predicted, and how many of them have a target to judge by.
    loss : float or None
        Mean log loss, or squared error of the standardized target, of the rows judged.
    metrics : mapping of str to float
        Accuracy; or rmse and r2 of the target in its units.
    ignored : tuple of str
        Columns that the model does not read.
    protected : int
        Class names protected against spreadsheets, which would run them as formulas.
    notes : tuple of str
        Anything unusual in the rows.
    """

    rows: int
    judged: int
    loss: float | None
    metrics: dict[str, float]
    ignored: tuple[str, ...]
    protected: int
    notes: tuple[str, ...]


@dataclass
class Score:
    """How well predictions do on the rows whose target is known: sums over the rows added so far.

    Parameters
    ----------
    scale : float
        Standard deviation of a regression's target.
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


def predict_file(
    folder: Path,
    path: str,
    settings: Settings,
    *,
    network: str | None,
    target: Path,
    form: Form,
    ask: Ask,
    listener: Listener,
) -> PredictionSummary:
    """Predict every row of a table, in its order, and write the predictions.

    Parameters
    ----------
    folder : Path
        The folder of the model.
    path : str
        The table.
    settings : Settings
        Those of the group Data say how the table is read; `device` counts too.
    network : str, optional
        Where the user's own network is now.
    target, form : Path, str
        The file, which is overwritten; "csv" or "parquet".

    Raises
    ------
    UsageError
        E217 if the folder holds no model, E218 if the user's network is another one.
    DataError
        E333 for missing columns, E326 for texts among numbers, and whatever reading the table raises.
    """
    model, encoder, tensors = read_model(folder)
    with threadpool_limits(1):
        predictor = make_predictor(
            model.network,
            tensors,
            input_names=encoder.input_names,
            image=encoder.shape,
            n_outputs=n_outputs(encoder.target.task, len(encoder.target.classes)),
            device=settings.device,
            network=network,
            where=str(folder),
        )
        for note in predictor.notes:
            listener.noted(note)
        listener.started("look", "look", 0)
        with _open_rows(path, encoder, settings, ask=ask) as rows:
            for note in rows.notes:
                listener.noted(note)
            listener.finished("look", f"{rows.count:,} rows, {len(rows.names)} columns")
            _refuse_missing(rows, encoder.columns, path)
            return _predict_rows(
                rows,
                encoder=encoder,
                predictor=predictor,
                settings=settings,
                target=target,
                form=form,
                listener=listener,
            )


@contextmanager
def _open_rows(path: str, encoder: Encoder, settings: Settings, *, ask: Ask) -> Iterator[Rows]:
    """Open a table, or images if the model reads images."""
    if encoder.shape is None:
        with open_rows(classify(path), settings, choose=ask) as rows:
            yield rows
        return
    target = encoder.target
    yield rows_of_images(
        open_arrays_for_model(path, encoder.shape, target_name=target.name)
        if is_arrays(path)
        else open_images_like(
            path, encoder.shape, target_name=target.name, classes=target.classes, numeric=target.numeric
        )
    )


def _predict_rows(
    rows: Rows,
    *,
    encoder: Encoder,
    predictor: Predictor,
    settings: Settings,
    target: Path,
    form: Form,
    listener: Listener,
) -> PredictionSummary:
    columns = list(encoder.columns)
    if encoder.target.name in rows.names and encoder.target.name not in columns:
        columns.append(encoder.target.name)
    oddities, score = Oddities(), Score(encoder.target.task, encoder.target.scale)
    listener.started("predict", "predict", rows.count)
    with PredictionWriter(encoder.target.classes, folder=target.parent) as writer:
        for batch in rows.batches(columns, numbers=encoder.number_columns):
            x, y = encoder.transform_batch(batch, settings, oddities=oddities)
            outputs = predictor.outputs(x)
            writer.add(_to_predictions(encoder.target, outputs), files=batch.files)
            if y is not None:
                score.add(outputs, y)
            listener.advanced("predict", writer.rows)
        protected = writer.finish(target, form)
    listener.finished("predict", f"{writer.rows:,} rows")
    return PredictionSummary(
        rows=writer.rows,
        judged=score.n,
        loss=score.loss,
        metrics=score.metrics,
        ignored=tuple(name for name in rows.names if name not in columns),
        protected=protected,
        notes=(*rows.notes, *_notes(oddities, score, of=writer.rows), *predictor.notes),
    )


def _notes(oddities: Oddities, score: Score, *, of: int) -> tuple[str, ...]:
    notes = oddities.notes(of=of)
    if not oddities.without_target:
        return notes
    of_others = "the loss is of the others" if score.n else "so no loss is said"
    return (*notes, f"{oddities.without_target:,} rows have no target that the model knows; {of_others}")


def _to_predictions(target: EncodedTarget, outputs: Float) -> Float:
    """Return numbers (n, 1) in the units of the file, or probabilities (n, classes), of outputs (n, k)."""
    return target.in_units(outputs) if target.task == "regression" else probabilities(target.task, outputs)


def _refuse_missing(rows: Rows, wanted: tuple[str, ...], path: str) -> None:
    missing = [name for name in wanted if name not in rows.names]
    if not missing:
        return
    listed = ", ".join(repr(name) for name in missing[:LISTED])
    has = ", ".join(rows.names[:LISTED]) + (", …" if len(rows.names) > LISTED else "")
    raise DataError(
        "E333",
        f"{len(missing)} of {len(wanted)} columns that the model reads are missing: {listed}"
        f"{', …' if len(missing) > LISTED else ''}",
        where=f"{path}   columns {has}",
        fix="give the table these columns, by these names; `regchoose inspect DATA` shows how it is read",
    )
