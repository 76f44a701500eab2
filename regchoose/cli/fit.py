"""`regchoose fit`: the whole table through training with the recommended regularizer."""

import os
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regchoose.cache.fingerprint import fit_key
from regchoose.cli import mlflow, output
from regchoose.cli.command_setup import error_form, interaction, settings_from
from regchoose.cli.failures import guarded
from regchoose.cli.fit_text import as_dict, shown
from regchoose.cli.onnx import Writer, writer_of_onnx
from regchoose.errors import ExitCode, Terminated, UsageError
from regchoose.report.model_card import write_model_card
from regchoose.report.safe_text import plain
from regchoose.result.document import RunResult
from regchoose.result.json_text import dump_document
from regchoose.result.saved_result import read_result
from regchoose.settings.options import Settings

if TYPE_CHECKING:  # what trains is loaded late
    from regchoose.refit.final_fit import Outcome
    from regchoose.refit.fit_request import Request
    from regchoose.refit.unfinished import Unfinished

OWN = ("source", "regularizer", "onnx", "trial")


def fit(data: str, flags: Mapping[str, Any]) -> int:
    """Fit a model; return the exit status."""
    own = {name: flags.get(name) for name in OWN}
    source = own["source"]
    result = None if source is None else read_result(Path(source))
    recorded = None if result is None else (str(source), result.settings.given())
    settings, given = settings_from({n: v for n, v in flags.items() if n not in OWN}, recorded=recorded)
    work = partial(_fit, data, settings, given=given, result=result, own=own)
    return guarded(partial(mlflow.logged, work, data, settings), error_form(settings))


def _fit(
    data: str, settings: Settings, *, given: frozenset[str], result: RunResult | None, own: Mapping[str, Any]
) -> int:
    if settings.output is None:
        raise UsageError("E207", "fit writes a folder, and none is named", fix="-o model")
    folder, began = Path(settings.output), time.time()
    as_onnx = writer_of_onnx(settings.network) if own["onnx"] else None
    request = _request(settings, given=given, result=result, own=own)
    work = _begun(folder, fit_key(data, settings, repr(request), environ=os.environ), force=settings.force)
    try:
        found = _trained(data, settings, request, given=given, work=work)
    except (KeyboardInterrupt, Terminated) as stop:
        return _stopped(stop, kept=work.leave(), quiet=settings.quiet)
    except Exception:
        work.leave()
        raise
    _write(folder, found, as_onnx)
    work.clear()
    if settings.mlflow:
        mlflow.log_model(found.model, data, settings, folder=folder, began=began)
    if settings.json:
        output.write(dump_document(as_dict(found, path=settings.output)))
    else:
        output.show(shown(found, path=settings.output, brief=settings.quiet))
    return ExitCode.OK


def _request(
    settings: Settings, *, given: frozenset[str], result: RunResult | None, own: Mapping[str, Any]
) -> "Request":
    from regchoose.refit.fit_request import by_hand, by_result

    if result is None:
        return by_hand(settings, own["regularizer"], trial=own["trial"])
    if own["regularizer"] is not None:
        raise UsageError(
            "E202",
            "--regularizer and --from both say which regularizer it is",
            where="--regularizer",
            fix=f"leave out --regularizer   or   --from {plain(own['source'])}",
        )
    return by_result(result, settings, given=given, where=str(own["source"]), trial=own["trial"])


def _begun(folder: Path, key: str, *, force: bool) -> "Unfinished":
    from regchoose.refit.unfinished import begin

    return begin(folder, key, force=force)


def _trained(
    data: str, settings: Settings, request: "Request", *, given: frozenset[str], work: "Unfinished"
) -> "Outcome":
    from regchoose.refit.final_fit import fit as train

    with interaction(settings, json=settings.json) as (listener, ask):
        return train(data, settings, request, given=given, work=work, ask=ask, listener=listener)


def _stopped(stop: BaseException, *, kept: bool, quiet: bool) -> int:
    """Say how to go on."""
    terminated = isinstance(stop, Terminated)
    if not quiet:
        word = "terminated" if terminated else "interrupted"
        what = "what was done until the last whole epoch is kept; the same command goes on"
        output.say(f"{word}: {what if kept else 'the rows were not read to their end, so nothing is kept'}")
    return ExitCode.TERMINATED if terminated else ExitCode.INTERRUPTED


def _write(folder: Path, found: "Outcome", as_onnx: Writer | None) -> None:
    from regchoose.refit.model_folder import CARD, ONNX, write_model, write_whole

    card = write_model_card(found.model, found.encoder, onnx=as_onnx is not None)
    write_whole(folder / CARD, card.encode())
    (folder / ONNX).unlink(missing_ok=True)  # of an older model
    if as_onnx is not None:
        write_whole(folder / ONNX, as_onnx(found))
    write_model(folder, found.model, found.encoder, weights=found.weights)
