"""The doctor speaks whatever the installation is like."""

import builtins
import json
from pathlib import Path
from typing import Any

import pytest

from regchoose import machine
from regchoose.cli.app import main


def test_it_says_what_is_here(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    said = capsys.readouterr().out
    for word in ("regchoose", "Python", "torch", "duckdb", "cores", "memory", "device", "temporary", "cache"):
        assert f"\n{word}" in f"\n{said}"


def test_it_names_the_extras_and_says_that_all_is_fine(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(machine, "EXTRAS", {"dask": "no-such-package", "onnx": "torch"})
    monkeypatch.setattr("regchoose.cli.doctor.find_problems", lambda *_: ["no CUDA device: none"])
    assert main(["doctor"]) == 0
    said = capsys.readouterr().out
    assert "[dask]        not installed; only if you want it: pip install 'regchoose[dask]'" in said
    assert "[onnx]        2." in said
    assert "All fine: everything that regchoose needs is here.\n–  no CUDA device" in said


def test_the_cache_is_where_the_environment_puts_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REGCHOOSE_CACHE_DIR", str(tmp_path / "here"))
    assert main(["doctor", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["cache"]["path"] == str(tmp_path / "here")


def test_its_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["ok"]
    assert found["cores"] >= 1
    assert found["packages"]["torch"] is not None
    assert found["devices"]["cuda"] or found["devices"]["why"]


def test_a_broken_torch_is_said_and_not_raised(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    usual = builtins.__import__

    def broken(name: str, *arguments: Any, **further: Any) -> Any:
        if name == "regchoose.training.device":
            raise OSError("libtorch.so: cannot open\x1b[31m")
        return usual(name, *arguments, **further)

    monkeypatch.setattr(builtins, "__import__", broken)
    assert main(["doctor"]) == 0
    said = capsys.readouterr().out
    assert "PyTorch cannot be loaded, so nothing can be trained: OSError: libtorch.so" in said
    assert "\x1b" not in said


def test_what_is_missing_or_slow_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(machine, "NEEDED", ("torch", "no-such-package"))
    monkeypatch.setattr(machine, "memory", lambda: 2**29)
    monkeypatch.setattr(machine, "cores", lambda: 1)
    found = machine.inspect_machine({"OMP_NUM_THREADS": "64"}, cache=tmp_path / "not" / "there" / "regchoose")
    said = " | ".join(machine.find_problems(found, {"cuda": [], "why": "no card"}))
    for words in (
        "no-such-package is not installed",
        "0.5 GiB of memory",
        "one core",
        "OMP_NUM_THREADS is set",
    ):
        assert words in said
    assert "no CUDA device: no card" in said
    assert found.cache["path"].startswith(str(tmp_path))
