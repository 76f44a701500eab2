"""`regchoose fit`: trains on the whole table with the recommended regularizer, and writes a model."""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.table import Table as Grid
from rich.text import Text

from regchoose.cache.fingerprint import fit_key
from regchoose.cli import mlflow, output
from regchoose.cli.command_setup import interaction, print_answer, run_with_settings
from regchoose.cli.flags import FIT, FIT_EXTRA
from regchoose.errors import ExitCode, Terminated, UsageError
from regchoose.records import numbers
from regchoose.records.words import NETWORKS
from regchoose.report.model_card import (
    describe_difference,
    describe_factor,
    describe_loss,
    describe_network,
    describe_regularizer,
    rows_or_images,
    write_model_card,
)
from regchoose.report.safe_text import plain
from regchoose.result.document import RunResult
from regchoose.result.saved_result import read_result
from regchoose.settings.options import Settings

if TYPE_CHECKING:  # what trains is loaded late
    from regchoose.refit.final_fit import FittedModel
    from regchoose.refit.fit_request import FitRequest

Writer = Callable[["FittedModel"], bytes]
MOST_NOTES = 20


def fit(data: str, flags: Mapping[str, Any]) -> int:
    """Fit a model; return the exit status."""
    extra = {name: flags.get(name) for name in FIT_EXTRA if name != "output"}
    source = extra["source"]
    result = None if source is None else read_result(Path(source))
    recorded = None if result is None else (str(source), result.settings.given())

    def work(settings: Settings, given: frozenset[str]) -> int:
        fit_logged = partial(_fit, data, settings, given=given, result=result, extra=extra)
        return mlflow.log_failures(fit_logged, data, settings)

    own = {name: value for name, value in flags.items() if name not in extra}
    return run_with_settings(work, own, takes=[*FIT, *FIT_EXTRA, "from"], recorded=recorded)


def _fit(
    data: str,
    settings: Settings,
    *,
    given: frozenset[str],
    result: RunResult | None,
    extra: Mapping[str, Any],
) -> int:
    if settings.output in (None, output.STDOUT):
        raise UsageError("E207", "fit writes a folder, and none is named", fix="-o model")
    folder, began = Path(settings.output), time.time()
    as_onnx = _onnx_writer(settings.network) if extra["onnx"] else None
    request = _request(settings, given=given, result=result, extra=extra)
    from regchoose.refit.final_fit import fit_file
    from regchoose.refit.unfinished import begin_fit

    key = fit_key(data, settings, repr(request), environ=os.environ)
    unfinished = begin_fit(folder, key, force=settings.force)
    try:
        with interaction(settings, json=settings.json) as (listener, ask):
            outcome = fit_file(
                data, settings, request, given=given, work=unfinished, ask=ask, listener=listener
            )
    except (KeyboardInterrupt, Terminated) as stop:
        return _report_interruption(stop, saved=unfinished.leave(), quiet=settings.quiet)
    except Exception:
        unfinished.leave()
        raise
    _write_folder(folder, outcome, as_onnx)
    unfinished.clear()
    if settings.mlflow:
        mlflow.log_fit(outcome.model, data, settings, folder=folder, began=began)
    path = settings.output
    print_answer(
        settings,
        values=lambda: _as_dict(outcome, path=path),
        drawing=lambda: _draw(outcome, path=path, brief=settings.quiet),
    )
    return ExitCode.OK


def _request(
    settings: Settings, *, given: frozenset[str], result: RunResult | None, extra: Mapping[str, Any]
) -> "FitRequest":
    """Gather what is to be fitted: by hand, or by a saved result."""
    from regchoose.refit.fit_request import request_by_hand, request_from_result

    if result is None:
        return request_by_hand(settings, extra["regularizer"], trial=extra["trial"])
    if extra["regularizer"] is not None:
        raise UsageError(
            "E202",
            "--regularizer and --from both say which regularizer it is",
            where="--regularizer",
            fix=f"leave out --regularizer   or   --from {plain(extra['source'])}",
        )
    return request_from_result(
        result, settings, given=given, where=str(extra["source"]), trial=extra["trial"]
    )


def _report_interruption(stop: BaseException, *, saved: bool, quiet: bool) -> int:
    """Say how to go on, and return the exit status."""
    terminated = isinstance(stop, Terminated)
    if not quiet:
        word = "terminated" if terminated else "interrupted"
        what = "what was done until the last whole epoch is kept; the same command goes on"
        output.say(f"{word}: {what if saved else 'the rows were not read to their end, so nothing is kept'}")
    return ExitCode.TERMINATED if terminated else ExitCode.INTERRUPTED


def _write_folder(folder: Path, outcome: "FittedModel", as_onnx: Writer | None) -> None:
    from regchoose.refit.model_folder import CARD, ONNX, write_model, write_whole

    card = write_model_card(outcome.model, outcome.encoder, onnx=as_onnx is not None)
    write_whole(folder / CARD, card.encode())
    (folder / ONNX).unlink(missing_ok=True)  # of an older model
    if as_onnx is not None:
        write_whole(folder / ONNX, as_onnx(outcome))
    write_model(folder, outcome.model, outcome.encoder, weights=outcome.weights)


def _onnx_writer(network: str) -> Writer:
    """Return what writes a fitted model as ONNX.

    Raises
    ------
    UsageError
        E219 where onnx is not installed, or the network is the user's own.
    """
    if network not in NETWORKS:
        raise UsageError(
            "E219",
            f"--onnx writes the built-in mlp, cnn and linear, and the network is {network}",
            where="--onnx",
            fix="leave --onnx out, and export the network by torch.onnx from weights.safetensors",
        )
    try:
        from regchoose.refit.onnx_graph import as_onnx
    except ImportError as error:
        raise UsageError(
            "E219",
            f"--onnx needs the package onnx: {error}",
            where="--onnx",
            fix="pip install 'regchoose[onnx]'   or   leave --onnx out",
        ) from error
    from regchoose.refit.model_folder import unpack

    return lambda outcome: as_onnx(outcome.model, outcome.encoder, unpack(outcome.weights)[0])


def _as_dict(outcome: "FittedModel", *, path: str) -> dict[str, Any]:
    """Return the answer as a document."""
    target = outcome.encoder.target
    return {
        "ok": True,
        "path": path,
        "model": asdict(outcome.model),
        "target": target.name,
        "task": target.task,
        "inputs": len(outcome.encoder.input_names),
    }


def _draw(outcome: "FittedModel", *, path: str, brief: bool) -> RenderableType:
    """Return the answer as text.

    Parameters
    ----------
    brief : bool
        The first line alone.
    """
    model = outcome.model
    first = Text(f"{plain(describe_network(model))} with {describe_regularizer(model)}", style="bold")
    if brief:
        return first
    lines: list[RenderableType] = [first, Text(_describe_training(outcome))]
    if model.tried:
        lines += [
            "",
            Text(f"Strengths tried, judged on {model.held_out:,} rows held out:"),
            _draw_strengths(outcome),
            "",
        ]
    lines += [Text(f"note: {plain(note, longest=400)}") for note in model.notes[:MOST_NOTES]]
    lines.append(Text(f"The model is in {plain(path)}: regchoose predict {plain(path)} DATA -o OUT.csv"))
    return Group(*lines)


def _describe_training(outcome: "FittedModel") -> str:
    model, encoder = outcome.model, outcome.encoder
    length, inputs, rows = model.length, len(encoder.input_names), rows_or_images(encoder)
    how = (
        "to its optimum" if length is None else f"for {length.stop_epoch} epochs of {length.schedule_epochs}"
    )
    return (
        f"trained {how} on {model.rows:,} {rows}, {inputs} input{'s' * (inputs > 1)}; "
        f"{describe_loss(encoder)} on these {rows} {numbers.loss(model.train_loss)}, "
        f"{numbers.percent(1 - model.nonzero_share)} of the weights are zero"
    )


def _draw_strengths(outcome: "FittedModel") -> Grid:
    model = outcome.model
    grid = Grid(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for name in ("strength", "l1", "l2", "loss", "difference", ""):
        grid.add_column(name, justify="left" if name in ("strength", "") else "right")
    for tried in model.tried:
        chosen = (tried.l1, tried.l2) == (model.l1, model.l2)
        cells = (
            describe_factor(tried),
            numbers.strength(tried.l1),
            numbers.strength(tried.l2),
            numbers.loss(tried.loss),
            describe_difference(model, tried),
            "← chosen" if chosen else "",
        )
        grid.add_row(*map(Text, cells))
    return grid
