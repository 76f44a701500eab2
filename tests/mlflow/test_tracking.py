"""Runs in MLflow: a real server of its own on loopback, with its own sqlite, asked by plain HTTP."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PATIENCE = 420  # seconds in which the server must answer for the first time; an idle machine takes some 15
TABLE = "a,b,y\n" + "".join(f"{i * 7 % 13},{i * 5 % 11},{i % 2}\n" for i in range(60))
KNOWLEDGE = ["recommend", "t.csv", "--no-input", "--resources", "no"]
Command = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("mlflow") is None, reason="MLflow is not installed"),
]


def environment(**further: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true", "GIT_PYTHON_REFRESH": "quiet"}
    quiet["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] = "false"  # jobs are another thing that the server can do
    return {**kept, **quiet, "PYTHONPATH": str(ROOT), **further}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An MLflow server; its address."""
    folder = tmp_path_factory.mktemp("mlflow")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--backend-store-uri", f"sqlite:///{folder}/runs.db", "--workers", "1"]
    command += ["--artifacts-destination", str(folder / "files")]
    with (folder / "log.txt").open("w") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=log, cwd=folder, env=environment(), start_new_session=True
        )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(address, process, log=folder / "log.txt")
        yield address
    finally:
        os.killpg(process.pid, 15)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait()


def _wait(address: str, process: subprocess.Popen[bytes], *, log: Path) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/health", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    pytest.fail(f"the server does not answer: {log.read_text(encoding='utf-8')[-2000:]}")


def asked(address: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    request = urllib.request.Request(
        f"{address}/api/2.0/mlflow/{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as reply:
        found: dict[str, Any] = json.loads(reply.read())
    return found


def runs(address: str, experiment: str) -> list[dict[str, Any]]:
    """The runs of an experiment, the newest first, with parameters, metrics and tags as dictionaries."""
    number = asked(address, f"experiments/get-by-name?experiment_name={experiment}")["experiment"]
    found = asked(address, "runs/search", {"experiment_ids": [number["experiment_id"]]}).get("runs", [])
    return [
        {
            **run["info"],
            **{
                kind: {entry["key"]: entry["value"] for entry in run["data"].get(kind, [])}
                for kind in ("params", "metrics", "tags")
            },
        }
        for run in found
    ]


def fetched(address: str, run: dict[str, Any], name: str) -> bytes:
    """A file of a run, by the server's own proxy."""
    place = run["artifact_uri"].removeprefix("mlflow-artifacts:/")
    url = f"{address}/api/2.0/mlflow-artifacts/artifacts/{place.lstrip('/')}/{name}"
    with urllib.request.urlopen(url, timeout=30) as reply:
        content: bytes = reply.read()
    return content


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """Run the command line in a process of its own, in a folder with a table."""
    (tmp_path / "t.csv").write_text(TABLE, encoding="utf-8")

    def run(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "regchoose", *arguments],
            capture_output=True,
            encoding="utf-8",
            cwd=tmp_path,
            env=environment(**environ),
            timeout=300,
            check=False,
        )

    return run


def test_a_run_is_logged_with_its_parameters_metrics_and_files(
    server: str, command: Command, tmp_path: Path
) -> None:
    few = ["--strengths", "2", "--alphas", "0.5", "--repeats", "1", "--epochs", "3", "--steps", "6"]
    done = command(
        *(
            "recommend",
            "t.csv",
            "--no-input",
            *few,
            "--lr",
            "0.01",
            "--jobs",
            "1",
            "--mlflow",
            "-o",
            "r.json",
        ),
        MLFLOW_TRACKING_URI=server,
        MLFLOW_EXPERIMENT_NAME="trained",
        MLFLOW_RUN_NAME="the first",
    )
    assert done.returncode == 0, done.stderr
    (run,) = runs(server, "trained")
    assert (run["status"], run["run_name"]) == ("FINISHED", "the first")
    assert f"The run is in MLflow as {run['run_id']}." in done.stderr
    result = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    found = result["recommendation"]
    assert run["params"]["strengths"] == "2"
    assert run["params"]["data.target"] == "y"
    assert run["tags"]["regularizer"] == found["regularizer"]
    assert run["tags"]["mlflow.note.content"] == found["sentence"]
    assert run["metrics"]["l1"] == pytest.approx(found["l1"])
    for arm, figures in result["arms"].items():
        assert run["metrics"][f"{arm}.loss"] == pytest.approx(figures["loss"])
    curve = result["curves"]["loss_by_epoch"]["none"]
    history = asked(server, f"metrics/get-history?run_id={run['run_id']}&metric_key=none.test_loss_by_epoch")[
        "metrics"
    ]
    by_epoch = {int(entry["step"]): entry["value"] for entry in history}
    assert by_epoch == pytest.approx(dict(zip(curve["epochs"], curve["test"], strict=True)))
    assert json.loads(fetched(server, run, "result.json")) == result
    assert fetched(server, run, "report.html").startswith(b"<!DOCTYPE html>")
    assert fetched(server, run, "report.md").startswith(b"#")


def test_a_run_that_fails_is_logged_as_failed(server: str, command: Command) -> None:
    done = command(  # MLflow prints to stdout, where the error is one JSON document
        *("recommend", "t.csv", "--no-input", "--target", "nothing", "--mlflow", "--json"),
        MLFLOW_TRACKING_URI=server,
    )
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["code"] == "E204"
    (run,) = runs(server, "regchoose")
    assert run["run_name"] == "t.csv"
    assert (run["status"], run["tags"]["error.code"], run["params"]["target"]) == (
        "FAILED",
        "E204",
        "nothing",
    )
    assert run["metrics"] == {}


def test_a_final_fit_is_logged_with_its_model(server: str, command: Command, tmp_path: Path) -> None:
    by_hand = ["--regularizer", "l1", "--l1", "0.01", "--network", "linear", "-o", "model"]
    done = command(
        *("fit", "t.csv", *by_hand, "--no-input", "--mlflow"),
        MLFLOW_TRACKING_URI=server,
        MLFLOW_EXPERIMENT_NAME="fitted",
    )
    assert done.returncode == 0, done.stderr
    (run,) = runs(server, "fitted")
    assert f"The run is in MLflow as {run['run_id']}." in done.stderr
    assert (run["status"], run["tags"]["mlflow.source.name"]) == ("FINISHED", "regchoose fit")
    assert (run["params"]["regularizer"], run["params"]["data.rows"]) == ("l1", "60")
    assert run["metrics"]["l1"] == 0.01
    files = [path.name for path in (tmp_path / "model").iterdir()]
    assert len(files) >= 3
    for name in files:
        assert fetched(server, run, f"model/{name}") == (tmp_path / "model" / name).read_bytes()


def test_where_the_server_is_away_the_answer_stands_and_one_line_says_so(command: Command) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody answers
        address = f"http://me:secret@127.0.0.1:{taken.getsockname()[1]}"
        done = command(
            *(*KNOWLEDGE, "--mlflow", "--json"),
            MLFLOW_TRACKING_URI=address,
            MLFLOW_HTTP_REQUEST_MAX_RETRIES="0",
        )
    assert done.returncode == 0
    assert json.loads(done.stdout)["ok"] is True
    said = [line for line in done.stderr.splitlines() if line.startswith("warning: the run is not in MLflow")]
    assert len(said) == 1
    assert "secret" not in done.stderr


def test_no_server_named_is_an_error_before_the_work(command: Command) -> None:
    done = command("recommend", "nowhere.csv", "--mlflow")
    assert done.returncode == 2
    assert done.stderr.startswith("error[E216]: --mlflow needs a tracking server")
