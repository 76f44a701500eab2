"""Predictions by a fitted model for a table of any size: what `regchoose predict` does."""

from dataclasses import dataclass
from pathlib import Path

from threadpoolctl import threadpool_limits

from regchoose.encoding.apply import Oddities, interpret
from regchoose.errors import DataError
from regchoose.records.answers import Ask
from regchoose.records.inputs import Preparation, TargetReading
from regchoose.records.listener import Listener
from regchoose.records.words import Float
from regchoose.refit.encoded_rows import oddity_notes
from regchoose.refit.model_folder import read_model
from regchoose.refit.score import Score
from regchoose.settings.options import Settings
from regchoose.statistics.metrics import probabilities
from regchoose.table.large.batches import Rows, opened_rows
from regchoose.table.large.prediction_writer import PredictionWriter
from regchoose.table.write import Form
from regchoose.training.predictor import Predictor, make_predictor

LISTED = 8  # columns of an error


@dataclass(frozen=True)
class Predicted:
    """What was predicted.

    Parameters
    ----------
    rows, judged : int
        Rows predicted; those of them whose target is known.
    loss : float or None
        Mean log loss, or squared error of the standardized target, of the rows judged.
    metrics : mapping of str to float
        Shown beside it: accuracy; or rmse and r2, of the target in its units.
    ignored : tuple of str
        Columns that the model does not read.
    protected : int
        Classes whose name a spreadsheet would run.
    notes : tuple of str
    """

    rows: int
    judged: int
    loss: float | None
    metrics: dict[str, float]
    ignored: tuple[str, ...]
    protected: int
    notes: tuple[str, ...]


def predict(
    folder: Path,
    path: str,
    settings: Settings,
    *,
    network: str | None,
    target: Path,
    form: Form,
    ask: Ask,
    listener: Listener,
) -> Predicted:
    """Predict every row of a table, in its order, and write the predictions.

    Parameters
    ----------
    folder : Path
        Of the model.
    path : str
        The table.
    settings : Settings
        Those of the group Data say how it is read; and `device`.
    network : str, optional
        Where the user's own network is now.
    target, form : Path, str
        The file, written over; "csv" or "parquet".

    Raises
    ------
    UsageError
        E217 for no model, E218 for another network.
    DataError
        E333 for missing columns; else as the table is read, and E326 for texts among numbers.
    """
    model, preparation, tensors = read_model(folder)
    with threadpool_limits(1):
        predictor = make_predictor(
            model, preparation, tensors, device=settings.device, network=network, where=str(folder)
        )
        for note in predictor.notes:
            listener.noted(note)
        listener.started("look", "look", 0)
        with opened_rows(path, settings, choose=ask, model=preparation) as rows:
            for note in rows.notes:
                listener.noted(note)
            listener.finished("look", f"{rows.count:,} rows, {len(rows.names)} columns")
            return _predicted(
                rows,
                path,
                preparation=preparation,
                predictor=predictor,
                settings=settings,
                target=target,
                form=form,
                listener=listener,
            )


def _predicted(
    rows: Rows,
    path: str,
    *,
    preparation: Preparation,
    predictor: Predictor,
    settings: Settings,
    target: Path,
    form: Form,
    listener: Listener,
) -> Predicted:
    wanted, name = preparation.columns, preparation.target.name
    _refuse_missing(rows, wanted, path)
    has_target = name in rows.names
    columns = list(dict.fromkeys([*wanted, *([name] if has_target else [])]))
    oddities, score = Oddities(), Score(preparation.target.task, preparation.target.scale)
    listener.started("predict", "predict", rows.count)
    with PredictionWriter(preparation.target, folder=target.parent) as writer:
        for batch in rows.batches(columns, numbers=preparation.number_columns):
            found = interpret(batch, preparation, settings, oddities=oddities)
            outputs = predictor.outputs(found.x)
            writer.add(stated(preparation.target, outputs), files=batch.files)
            if found.y is not None:
                score.add(outputs, found.y)
            listener.advanced("predict", writer.rows)
        protected = writer.finish(target, form)
    listener.finished("predict", f"{writer.rows:,} rows")
    ignored = tuple(one for one in rows.names if one not in columns)
    return Predicted(
        writer.rows,
        score.n,
        score.loss,
        score.metrics,
        ignored,
        protected,
        (*rows.notes, *_notes(oddities, score, of=writer.rows), *predictor.notes),
    )


def _notes(oddities: Oddities, score: Score, *, of: int) -> tuple[str, ...]:
    notes = oddity_notes(oddities, of=of)
    if not oddities.without_target:
        return notes
    of_others = "the loss is of the others" if score.n else "so no loss is said"
    return (*notes, f"{oddities.without_target:,} rows have no target that the model knows; {of_others}")


def stated(target: TargetReading, outputs: Float) -> Float:
    """Return numbers (n, 1) in the units of the file, or probabilities (n, classes), of outputs (n, k)."""
    if target.task == "regression":
        return outputs * target.scale + target.mean
    return probabilities(target.task, outputs)


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
