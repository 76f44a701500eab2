"""`regchoose predict`: what a fitted model says of every row of a table."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.text import Text

from regchoose.cli import output
from regchoose.cli.command_setup import interaction, print_answer, run_with_settings
from regchoose.cli.flags import PREDICT, PREDICT_EXTRA
from regchoose.errors import UsageError
from regchoose.records import numbers
from regchoose.records.words import count_of
from regchoose.report.safe_text import plain
from regchoose.settings.options import Settings

if TYPE_CHECKING:  # what computes is loaded late
    from regchoose.refit.prediction import PredictionSummary

LISTED = 8  # columns that are ignored


def predict(data: str, flags: Mapping[str, Any]) -> int:
    """Write the predictions of a fitted model; return the exit status."""
    folder = Path(flags["model"])
    from regchoose.refit.model_folder import read_model

    model, encoder, _ = read_model(folder)
    reading = {**model.reading, "na": encoder.na}  # how the table of the fit was read

    def work(settings: Settings, given: frozenset[str]) -> int:
        settings = replace(settings, na=tuple(dict.fromkeys([*encoder.na, *settings.na])))
        network = settings.network if "network" in given else None
        return _predict(folder, data, settings, network=network)

    settings = {name: value for name, value in flags.items() if name != "model"}
    return run_with_settings(
        work, settings, takes=[*PREDICT, *PREDICT_EXTRA], recorded=(str(folder), reading)
    )


def _predict(folder: Path, data: str, settings: Settings, *, network: str | None) -> int:
    if settings.output is None:
        raise UsageError("E207", "predict writes a file, and none is named", fix="-o predictions.csv")
    from regchoose.library.extract import output_form
    from regchoose.refit.prediction import predict_file

    path = settings.output
    form, target = output_form(path), Path(path)
    if form == "npz":
        message = f"predictions are written as .csv or .parquet, and not as {plain(path)}"
        raise UsageError("E209", message, fix="-o predictions.csv")
    output.check_output(target, data=Path(data), force=settings.force)
    with interaction(settings, json=settings.json) as (listener, ask), output.replacing(target) as temporary:
        predicted = predict_file(
            folder,
            data,
            settings,
            network=network,
            target=temporary,
            form=form,
            ask=ask,
            listener=listener,
        )
    print_answer(
        settings,
        values=lambda: _as_dict(predicted, path),
        drawing=lambda: _draw(predicted, path, brief=settings.quiet),
    )
    return 0


def _as_dict(predicted: "PredictionSummary", path: str) -> dict[str, Any]:
    return {
        "ok": True,
        "path": path,
        "rows": predicted.rows,
        "judged": predicted.judged,
        "loss": predicted.loss,
        "metrics": predicted.metrics,
        "ignored_columns": predicted.ignored,
        "protected_classes": predicted.protected,
        "notes": predicted.notes,
    }


def _draw(predicted: "PredictionSummary", path: str, *, brief: bool) -> RenderableType:
    lines = [f"{predicted.rows:,} predictions are in {plain(path)}"]
    if predicted.loss is not None:
        metrics = ", ".join(f"{name} {numbers.loss(value)}" for name, value in predicted.metrics.items())
        judged = f"{predicted.judged:,} rows whose target is known"
        lines.append(f"loss {numbers.loss(predicted.loss)} on {judged}; {metrics}")
    if not brief:
        lines += [f"note: {note}" for note in _notes(predicted)]
    return Group(*map(Text, lines))


def _notes(predicted: "PredictionSummary") -> Iterator[str]:
    if predicted.ignored:
        named = ", ".join(map(plain, predicted.ignored[:LISTED]))
        more = ", …" if len(predicted.ignored) > LISTED else ""
        columns, what = count_of(len(predicted.ignored), "column"), "what the model has not seen"
        yield f"{columns} ignored, {what}: {named}{more}"
    if predicted.protected:
        yield f"{predicted.protected} classes that a spreadsheet would run now begin with an apostrophe"
    yield from (plain(note, longest=400) for note in predicted.notes)
