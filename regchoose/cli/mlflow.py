"""`--mlflow`: logs a run to the user's tracking server; if that fails, the answer is printed all the same."""

import io
import logging
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from regchoose.cli import output
from regchoose.errors import RegchooseError, UsageError, setting
from regchoose.report.safe_text import plain
from regchoose.result.json_text import dump_model
from regchoose.settings.options import Settings
from regchoose.settings.values import decisive_settings

if TYPE_CHECKING:
    from regchoose.mlflow.tracking import RunPlace
    from regchoose.records.model import Model
    from regchoose.result.document import RunResult

SERVER, EXPERIMENT, RUN = "MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_NAME", "MLFLOW_RUN_NAME"
# Set before MLflow is loaded: it sends no telemetry, and does not wait minutes for a server that is down.
# A time limit that the user has set stays.
NO_TELEMETRY = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
TIMEOUTS = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
}
USER = re.compile(r"//[^@/\s]*@")  # name and password in an address


def check_ready(environ: Mapping[str, str]) -> None:
    """Refuse a hand-off that cannot work, before the work and not after it.

    Raises
    ------
    UsageError
        E216 where MLflow is not installed, or no server is named.
    """
    if find_spec("mlflow") is None:
        raise UsageError(
            "E216",
            setting("mlflow") + " needs MLflow, which is not installed",
            where=setting("mlflow"),
            fix="pip install 'regchoose[mlflow]'",
        )
    if not environ.get(SERVER):
        raise UsageError(
            "E216",
            setting("mlflow") + f" needs a tracking server, and {SERVER} is not set",
            where="the environment",
            fix=f"export {SERVER}=http://127.0.0.1:5000",
        )


def log_failures(work: Callable[[], int], data: str, settings: Settings) -> int:
    """Do the work; with --mlflow, log a run that ends in an error as failed.

    A run that is stopped without an answer leaves nothing.

    Raises
    ------
    UsageError
        As `check_ready`, before the work.
    """
    if not settings.mlflow or settings.dry_run:
        return work()
    check_ready(os.environ)
    began = time.time()
    try:
        return work()
    except Exception as error:
        described = {"code": "internal", "message": f"{type(error).__name__}: {error}"}
        if isinstance(error, RegchooseError):
            described = {"code": error.code, "message": error.message, "fix": error.fix}
        params = {**decisive_settings(settings), "data.path": data}
        _attempt(
            lambda: _load_tracking().log_failure(_place(data, began), params=params, error=described),
            settings,
        )
        raise


def log_run(result: "RunResult", data: str, settings: Settings, *, began: float) -> None:
    """Log a run with its answer, the report and the result.

    Parameters
    ----------
    began : float
        When the run began, in seconds since 1970.
    """
    from regchoose.report.as_markdown import as_markdown  # late, as the documents come with them
    from regchoose.report.html import as_html

    files = {
        "result.json": dump_model(result),
        "report.html": as_html(result),
        "report.md": as_markdown(result),
    }
    _attempt(lambda: _load_tracking().log_result(result, _place(data, began), files=files), settings)


def log_fit(model: "Model", data: str, settings: Settings, *, folder: Path, began: float) -> None:
    """Log a final fit with the files of its folder; `began` as in `log_run`."""
    _attempt(lambda: _load_tracking().log_fit(model, _place(data, began), folder=folder), settings)


def _attempt(send: Callable[[], str], settings: Settings) -> None:
    """Log a run; where that fails, the answer stands, and one line says so."""
    try:
        with _silence_mlflow():
            run = send()
    except Exception as error:  # noqa: BLE001 - whatever a server, a proxy or MLflow may answer
        text = (str(error).strip().splitlines() or [type(error).__name__])[0]
        warning = f"the run is not in MLflow at {os.environ.get(SERVER)}: {text}"
        output.say(f"warning: {plain(USER.sub('//', warning), longest=300)}")
        return
    if not settings.quiet:
        output.say(f"The run is in MLflow as {run}.")


@contextmanager
def _silence_mlflow() -> Iterator[None]:
    """Keep what MLflow prints out of the answer, and what it logs out of sight."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with redirect_stdout(io.StringIO()):
            yield
    finally:
        logging.disable(before)


def _load_tracking() -> ModuleType:
    """Load MLflow, late: it takes seconds."""
    os.environ.update(NO_TELEMETRY)
    for name, value in TIMEOUTS.items():
        os.environ.setdefault(name, value)
    import regchoose.mlflow.tracking

    return regchoose.mlflow.tracking


def _place(data: str, began: float) -> "RunPlace":
    place: RunPlace = _load_tracking().RunPlace(
        uri=os.environ[SERVER],
        experiment=os.environ.get(EXPERIMENT) or "regchoose",
        run=os.environ.get(RUN) or (Path(data).name or "table"),
        start=int(1000 * began),
        end=int(1000 * time.time()),
    )
    return place
