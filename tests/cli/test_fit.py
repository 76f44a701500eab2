"""`regchoose fit` and `regchoose predict`, as a user gives them."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from regchoose.cli.app import main
from regchoose.refit.unfinished import Unfinished
from tests.cli.conftest import clean_environment
from tests.refit.fits import table

BY_HAND = ["--regularizer", "l2", "--l2", "0.01"]
SHORT = ["--hidden", "8", "--epochs", "3", "--steps", "0", "--no-input"]
FILES = ["model.json", "preprocessing.json", "weights.safetensors", "model_card.md"]
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in a folder with a table; return the exit status and what was said."""
    monkeypatch.chdir(tmp_path)
    table(tmp_path, 120)

    def command(*arguments: str) -> tuple[int, str, str]:
        status = main(arguments)
        said = capsys.readouterr()
        return status, said.out, said.err

    return command


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a short run recommends for the table."""
    folder = tmp_path_factory.mktemp("result")
    path = table(folder, 120)
    quick = ["--strengths", "2", "--alphas", "0.5", "--folds", "2", "--repeats", "1"]
    quick += ["--epochs", "3", "--steps", "5", "--lr", "0.01", "--no-audit"]
    with pytest.MonkeyPatch.context() as patch:
        for name, value in clean_environment().items():
            patch.setenv(name, value)
        assert main(["recommend", path, "--no-input", *quick, "-q", "-o", str(folder / "r.json")]) == 0
    return folder / "r.json"


def changed(result: Path, folder: Path, **recommended: Any) -> str:
    """A result with another recommendation."""
    document = json.loads(result.read_text())
    document["recommendation"] |= recommended
    (folder / "changed.json").write_text(json.dumps(document))
    return str(folder / "changed.json")


def test_from_a_result_to_predictions(run: Run, result: Path, tmp_path: Path) -> None:
    source = changed(result, tmp_path, regularizer="l2", l1=0.0, l2=0.003)
    status, out, err = run("fit", "t.csv", "--from", source, "-o", "model", "--no-input", "--onnx")
    assert status == 0, err
    assert "An mlp with hidden layers of 64, 64 units with L2" in out
    assert "Strengths tried, judged on 24 rows held out" in out
    assert "← chosen" in out
    assert sorted(path.name for path in (tmp_path / "model").iterdir()) == sorted([*FILES, "model.onnx"])
    said = json.loads((tmp_path / "model" / "model.json").read_text())
    recommended = json.loads(result.read_text())["recommendation"]["training"]
    assert said["length"] == {key: recommended[key] for key in said["length"]}
    assert [one["l2"] for one in said["tried"]] == pytest.approx([0.001, 0.003, 0.009])
    assert json.loads(result.read_text())["fingerprint"]["data"] == said["data"]["fingerprint"]
    status, out, err = run("predict", "model/", "t.csv", "-o", "p.csv")
    assert status == 0, err
    assert "120 predictions are in p.csv" in out
    assert "accuracy" in out
    assert "note: 1 column ignored, what the model has not seen: note" in out
    assert list(pd.read_csv(tmp_path / "p.csv")) == ["prediction", "probability of hi", "probability of lo"]


def test_a_result_of_another_table_is_refused_unless_forced(run: Run, result: Path, tmp_path: Path) -> None:
    source = changed(result, tmp_path, regularizer="l2", l1=0.0, l2=0.003)
    words = ["fit", "t.csv", "--from", source, "-o", "model", "--no-input", "--no-trial"]
    frame = pd.read_csv(tmp_path / "t.csv")
    last = list(frame)[-1]
    other = frame.rename(columns={last: f"{last}_2"})
    other.to_csv(tmp_path / "t.csv", index=False)
    status, _, err = run(*words)
    assert status == 2
    assert "error[E220]: the result was made on another table than t.csv" in err
    assert f"the result predicts '{last}', and this table '{last}_2'" in err
    assert "fix:   regchoose recommend t.csv -o result.json   or   --force to fit all the same" in err
    status, _, err = run(*words, "--force")
    assert status == 0, err
    first, *_ = frame
    frame.rename(columns={first: "renamed"}).to_csv(tmp_path / "t.csv", index=False)
    status, _, err = run(*words, "--force", "-o", "other")
    assert status == 0, err
    status, _, err = run(*words, "-o", "third")
    assert f"columns that it lacks: '{first}'" in err
    assert "columns that the result does not know: 'renamed'" in err


def test_documents_are_one_json_each(run: Run) -> None:
    status, out, _ = run("fit", "t.csv", *BY_HAND, *SHORT, "-o", "model", "--json")
    assert status == 0
    assert json.loads(out)["model"]["regularizer"] == "l2"
    status, out, _ = run("predict", "model", "t.csv", "-o", "p.parquet", "--json")
    assert status == 0
    said = json.loads(out)
    assert (said["rows"], said["judged"], said["ignored_columns"]) == (120, 120, ["note"])
    status, out, _ = run("predict", "elsewhere", "t.csv", "-o", "q.csv", "--json")
    assert (status, json.loads(out)["error"]["code"]) == (2, "E217")


def test_the_strength_of_a_result_moves_with_the_rows(run: Run, result: Path, tmp_path: Path) -> None:
    table(tmp_path, 240, name="twice.csv")
    source = changed(result, tmp_path, regularizer="l2", l1=0.0, l2=0.004)
    flags = ["--from", source, "--no-trial", "-o", "model", "--no-input"]
    status, out, _ = run("fit", "twice.csv", *flags)
    assert status == 0
    said = json.loads((tmp_path / "model" / "model.json").read_text())
    assert said["l2"] == pytest.approx(0.002)
    assert said["tried"] == []
    assert "moved from 120 rows to 240" in out
    assert "not the one of the result" in out
    assert run("fit", "twice.csv", *flags, "--force", "--l2", "0.5")[0] == 0
    assert json.loads((tmp_path / "model" / "model.json").read_text())["l2"] == 0.5


REFUSED: dict[str, tuple[str, list[str]]] = {
    "no folder": ("E207", [*BY_HAND]),
    "nothing to train": ("E202", ["-o", "m"]),
    "no strength": ("E202", ["-o", "m", "--regularizer", "l1"]),
    "half a strength": ("E202", ["-o", "m", "--regularizer", "elastic_net", "--l1", "0.1"]),
    "another strength": ("E202", ["-o", "m", "--regularizer", "l1", "--l1", "0.1", "--l2", "0.1"]),
    "no such regularizer": ("E202", ["-o", "m", "--regularizer", "l3", "--l1", "0.1"]),
    "no result": ("E201", ["-o", "m", "--from", "none.json"]),
    "a table for a result": ("E214", ["-o", "m", "--from", "t.csv"]),
    "no folder above": ("E402", ["-o", "t.csv/m", *BY_HAND]),
    "a file": ("E206", ["-o", "t.csv", *BY_HAND]),
    "onnx of another network": ("E219", ["-o", "m", *BY_HAND, "--onnx", "--network", "nets.py:a"]),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_fitted_is_refused(what: str, run: Run) -> None:
    code, flags = REFUSED[what]
    status, _, err = run("fit", "t.csv", "--no-input", *flags)
    assert not Path("m").exists()
    assert status == int(code[1])
    assert err.splitlines()[0].startswith(f"error[{code}]"), err
    assert "fix:" in err


def test_a_result_of_prior_knowledge_needs_a_strength(run: Run, result: Path, tmp_path: Path) -> None:
    none = {
        "l1": None,
        "l2": None,
        "safe": None,
        "probability": None,
        "nonzero_share": None,
        "training": None,
    }
    prior = changed(result, tmp_path, regularizer="l2", certainty="prior", **none)
    status, _, err = run("fit", "t.csv", "--from", prior, "-o", "m", *SHORT)
    assert status == 2
    assert "--l2 0.001" in err
    assert run("fit", "t.csv", "--from", prior, "-o", "m", *SHORT, "--l2", "0.02")[0] == 0
    assert json.loads((tmp_path / "m" / "model.json").read_text())["l2"] == 0.02
    assert run("fit", "t.csv", "--from", prior, "-o", "n", "--regularizer", "l2", "--l2", "1")[0] == 2


def test_onnx_without_its_package_is_refused_before_anything_is_trained(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    monkeypatch.delitem(sys.modules, "regchoose.refit.onnx_graph", raising=False)
    status, _, err = run("fit", "t.csv", *BY_HAND, "-o", "m", "--onnx")
    assert status == 2
    assert "pip install 'regchoose[onnx]'" in err
    assert not (tmp_path / "m").exists()


def test_ctrl_c_says_how_to_go_on_and_the_same_command_does(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    command = ["fit", "t.csv", *BY_HAND, *SHORT, "--trial"]
    assert run(*command, "-o", "whole")[0] == 0
    keep = Unfinished.keep_state

    def interrupted(self: Unfinished, name: str, arrays: Any, said: Any) -> None:
        keep(self, name, arrays, said)
        if (name, said) == ("final", {"epoch": 2}):
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Unfinished, "keep_state", interrupted)
        status, _, err = run(*command, "-o", "broken")
    assert status == 130
    assert "the same command goes on" in err
    assert run("predict", "broken", "t.csv", "-o", "p.csv")[0] == 2
    status, _, err = run(*command, "-o", "broken")
    assert status == 0
    assert "goes on after epoch 2 of 3" in err
    for name in FILES:
        assert (tmp_path / "broken" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


@pytest.mark.slow
def test_a_fit_that_was_killed_goes_on_to_the_same_bytes(run: Run, tmp_path: Path) -> None:
    command = ["fit", "t.csv", *BY_HAND, *SHORT, "--epochs", "200"]
    child = subprocess.Popen(
        [sys.executable, "-m", "regchoose", *command, "-o", "broken"],
        cwd=tmp_path,
        env=clean_environment(),
        stderr=subprocess.DEVNULL,
    )
    state = tmp_path / "broken" / "unfinished" / "final.safetensors"
    for _ in range(6000):
        if state.exists() or child.poll() is not None:
            break
        time.sleep(0.01)
    child.send_signal(signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    assert not (tmp_path / "broken" / "model.json").exists()
    for name in ("broken", "whole"):
        status, _, said = run(*command, "-o", name)
        assert status == 0
        assert ("goes on after epoch" in said) == (name == "broken")
    for name in FILES:
        assert (tmp_path / "broken" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert not (tmp_path / "broken" / "unfinished").exists()
