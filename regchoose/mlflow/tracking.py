"""A run in MLflow: its parameters, metrics, tags and files. Nothing is sent but to the server that is named.

MLflow's own telemetry has to be off before it is loaded; see `regchoose.cli.mlflow`.
"""

import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mlflow.entities import Metric, Param
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from regchoose.records.model import Model
from regchoose.result.document import RunResult

AT_ONCE = 100  # entries of a request that every server takes
MODEL = "model"  # where the files of a model stand in a run
LONGEST = 500  # letters of a parameter that every server takes
ODD = re.compile(r"[^\w./ -]", re.ASCII)  # what the names of metrics must not have
Entries = Mapping[str, Any]


@dataclass(frozen=True)
class RunPlace:
    """Where a run is logged, and as what.

    Parameters
    ----------
    uri : str
        The tracking server.
    experiment, run : str
        Names.
    start, end : int
        Milliseconds since 1970.
    """

    uri: str
    experiment: str
    run: str
    start: int
    end: int


def log_result(result: RunResult, place: RunPlace, *, files: Mapping[str, str]) -> str:
    """Log a run that has an answer, a partial one as killed; return the id of the run.

    Parameters
    ----------
    files : mapping of str to str
        Name → text: the result, and reports of it.

    Raises
    ------
    MlflowException, OSError
        Where the server does not take it.
    """
    status = "KILLED" if result.partial else "FINISHED"
    with _start_run(place, tags=_tags_of_result(result), status=status) as (client, run):
        _log(client, run, params=_params_of_result(result), metrics=_metrics_of_result(result), at=place.end)
        with tempfile.TemporaryDirectory(prefix="regchoose-") as folder:
            for name, text in files.items():
                Path(folder, name).write_text(text, encoding="utf-8")
            client.log_artifacts(run, folder)
    return run


def log_failure(place: RunPlace, *, params: Entries, error: Entries) -> str:
    """Log a run without an answer as failed, with what went wrong; return the id of the run.

    Raises
    ------
    MlflowException, OSError
        As `log_result`.
    """
    tags = {f"error.{name}": text for name, text in error.items()}
    with _start_run(place, tags=tags, status="FAILED") as (client, run):
        _log(client, run, params=params, metrics=(), at=place.end)
    return run


def log_fit(model: Model, place: RunPlace, *, folder: Path) -> str:
    """Log a final fit, with the files of its folder as `model`; return the id of the run.

    Raises
    ------
    MlflowException, OSError
        As `log_result`.
    """
    with _start_run(place, tags=_tags_of_model(model), status="FINISHED") as (client, run):
        _log(client, run, params=_params_of_model(model), metrics=_metrics_of_model(model), at=place.end)
        client.log_artifacts(run, str(folder), artifact_path=MODEL)
    return run


def _params_of_model(model: Model) -> dict[str, Any]:
    """Return how a model was fitted."""
    length = {} if model.length is None else asdict(model.length)
    network = {"network": model.network.name, "hidden": model.network.hidden}
    data = {"data.path": model.data["path"], "data.rows": model.rows}
    return {"regularizer": model.regularizer, "seed": model.seed, **network, **length, **data}


def _tags_of_model(model: Model) -> dict[str, str]:
    """Return what a model is, in words."""
    return {
        "regularizer": model.regularizer,
        "regchoose_version": model.regchoose_version,
        "fingerprint.data": model.data["fingerprint"],
        "mlflow.source.name": "regchoose fit",
    }


def _metrics_of_model(model: Model) -> Iterator[tuple[str, float, int]]:
    """Yield the numbers of a fit: name, value, 0."""
    yield "l1", model.l1, 0
    yield "l2", model.l2, 0
    yield "train_loss", model.train_loss, 0
    yield "nonzero_share", model.nonzero_share, 0
    for tried in model.tried:
        if tried.loss is not None:
            yield f"held_out_loss.{tried.factor:.3g}_times", tried.loss, 0


def _params_of_result(result: RunResult) -> dict[str, Any]:
    """Return the settings of a run, and what its data are."""
    data = result.data
    return {
        **result.settings.given(),
        "data.path": data.path,
        "data.rows": data.rows,
        "data.task": data.task,
        "data.target": data.target,
    }


def _tags_of_result(result: RunResult) -> dict[str, str]:
    """Return what a run found, in words."""
    advice = result.recommendation
    return {
        "regularizer": advice.regularizer,
        "certainty": advice.certainty,
        "outcome": advice.chart_outcome,
        "partial": str(result.partial).lower(),
        "regchoose_version": result.regchoose_version,
        "fingerprint.data": result.fingerprint.data,
        "fingerprint.settings": result.fingerprint.settings,
        "mlflow.note.content": advice.sentence,
        "mlflow.source.name": "regchoose recommend",
    }


def _metrics_of_result(result: RunResult) -> Iterator[tuple[str, float, int]]:
    """Yield the numbers of a run: name, value, and the epoch (0 where there is none)."""
    advice, gain = result.recommendation, result.recommendation.gain
    numbers: dict[str, Any] = {
        name: getattr(advice, name)
        for name in ("l1", "l2", "strength", "alpha", "probability", "safe", "nonzero_share")
    }
    if gain:
        low, high = gain.interval
        numbers |= {"gain": gain.value, "gain_low": low, "gain_high": high}
    numbers["seconds"] = result.seconds
    for arm, figures in result.arms.items():
        of_arm = {**dict(figures), **figures.metrics}
        numbers |= {f"{arm}.{name}": value for name, value in of_arm.items()}
    for name, value in numbers.items():
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield name, float(value), 0
    for arm, curve in result.curves.loss_by_epoch.items() if result.curves.loss_by_epoch else ():
        for side, losses in (("train", curve.train), ("test", curve.test)):
            for epoch, loss in zip(curve.epochs, losses, strict=True):
                if loss is not None:
                    yield f"{arm}.{side}_loss_by_epoch", loss, epoch


@contextmanager
def _start_run(place: RunPlace, *, tags: Entries, status: str) -> Iterator[tuple[MlflowClient, str]]:
    """Create a run, give the client and the run's id, and end the run with a status, or as failed."""
    client = MlflowClient(place.uri)
    short_tags = {name: _shorten(text) for name, text in tags.items()}
    experiment = _find_experiment(client, place.experiment)
    run = client.create_run(experiment, start_time=place.start, tags=short_tags, run_name=place.run)
    try:
        yield client, run.info.run_id
    except BaseException:
        client.set_terminated(run.info.run_id, "FAILED", end_time=place.end)
        raise
    client.set_terminated(run.info.run_id, status, end_time=place.end)


def _find_experiment(client: MlflowClient, name: str) -> str:
    """Return the id of an experiment, which is created if there is none."""
    found = client.get_experiment_by_name(name)
    if found is None:
        try:
            return str(client.create_experiment(name))
        except MlflowException:  # another run was quicker
            found = client.get_experiment_by_name(name)
            if found is None:
                raise
    return str(found.experiment_id)


def _log(
    client: MlflowClient,
    run: str,
    *,
    params: Entries,
    metrics: Iterable[tuple[str, float, int]],
    at: int,
) -> None:
    settings = [
        Param(name, _shorten(value)) for name, value in params.items() if value not in (None, (), [], {}, "")
    ]
    numbers = [Metric(ODD.sub("_", name), value, at, epoch) for name, value, epoch in metrics]
    for start in range(0, len(settings), AT_ONCE):
        client.log_batch(run, params=settings[start : start + AT_ONCE])
    for start in range(0, len(numbers), AT_ONCE):
        client.log_batch(run, metrics=numbers[start : start + AT_ONCE])


def _shorten(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
