"""`regchoose predict`: what a fitted model says of every row of a table."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.text import Text

from regchoose.cli import output
from regchoose.cli.command_setup import error_form, interaction, settings_from
from regchoose.cli.failures import guarded
from regchoose.errors import UsageError
from regchoose.report import numbers
from regchoose.report.safe_text import plain
from regchoose.result.json_text import dump_document
from regchoose.settings.options import Settings

if TYPE_CHECKING:  # what computes is loaded late
    from regchoose.refit.prediction import Predicted

LISTED = 8  # columns that are ignored


def predict(data: str, flags: Mapping[str, Any]) -> int:
    """Predict; return the exit status."""
    folder = Path(flags["model"])
    rest = {name: value for name, value in flags.items() if name != "model"}
    reading = _reading(folder)
    settings, given = settings_from(rest, recorded=(str(folder), reading))
    settings = replace(settings, na=tuple(dict.fromkeys([*reading["na"], *settings.na])))
    network = settings.network if "network" in given else None
    return guarded(partial(_predict, folder, data, settings, network=network), error_form(settings))


def _reading(folder: Path) -> Mapping[str, Any]:
    """Return the settings by which the table of the fit was read."""
    from regchoose.refit.model_folder import read_model

    model, encoder, _ = read_model(folder)
    return {**model.reading, "na": encoder.na}


def _predict(folder: Path, data: str, settings: Settings, *, network: str | None) -> int:
    if settings.output is None:
        raise UsageError("E207", "predict writes a file, and none is named", fix="-o predictions.csv")
    from regchoose.library.sample import output_form
    from regchoose.refit.prediction import predict as run

    form, target = output_form(settings.output), Path(settings.output)
    if form == "npz":
        message = f"predictions are written as .csv or .parquet, and not as {plain(settings.output)}"
        raise UsageError("E209", message, fix="-o predictions.csv")
    output.check_output(target, data=Path(data), force=settings.force)
    with interaction(settings, json=settings.json) as (listener, ask), output.replacing(target) as temporary:
        found = run(
            folder,
            data,
            settings,
            network=network,
            target=temporary,
            form=form,
            ask=ask,
            listener=listener,
        )
    if settings.json:
        output.write(dump_document(_as_dict(found, settings.output)))
    else:
        output.show(_shown(found, settings.output, brief=settings.quiet))
    return 0


def _as_dict(found: "Predicted", path: str) -> dict[str, Any]:
    return {
        "ok": True,
        "path": path,
        "rows": found.rows,
        "judged": found.judged,
        "loss": found.loss,
        "metrics": found.metrics,
        "ignored_columns": found.ignored,
        "protected_classes": found.protected,
        "notes": found.notes,
    }


def _shown(found: "Predicted", path: str, *, brief: bool) -> RenderableType:
    lines: list[RenderableType] = [Text(f"{found.rows:,} predictions are in {plain(path)}")]
    if found.loss is not None:
        metrics = ", ".join(f"{name} {numbers.loss(value)}" for name, value in found.metrics.items())
        lines.append(
            Text(f"loss {numbers.loss(found.loss)} on {found.judged:,} rows whose target is known; {metrics}")
        )
    if brief:
        return Group(*lines)
    if found.ignored:
        named = ", ".join(map(plain, found.ignored[:LISTED]))
        more = ", …" if len(found.ignored) > LISTED else ""
        lines.append(
            Text(
                f"note: {len(found.ignored)} columns were ignored, for the model does not read them: "
                f"{named}{more}"
            )
        )
    if found.protected:
        lines.append(
            Text(f"note: {found.protected} classes that a spreadsheet would run now begin with an apostrophe")
        )
    lines += [Text(f"note: {plain(note, longest=400)}") for note in found.notes]
    return Group(*lines)
