import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from regchoose.cli.app import main
from tests.cli.fake_shell import REPLACED, Board

ROOT = Path(__file__).parents[2]
EARLY = ROOT / "tests" / "offline" / "early"  # what Python finds there keeps it off the network
Shell = Callable[..., subprocess.CompletedProcess[str]]
CHANGING = (
    "CI",
    "NO_COLOR",
    "FORCE_COLOR",
    "TERM",
    "COLUMNS",
    "PYTHONIOENCODING",
    "PYTHONUTF8",
    "LC_ALL",
    "LANG",
)
KEPT = ("REGCHOOSE_CACHE_DIR", "REGCHOOSE_FRESH")  # without them a test would use the developer's journal
USUAL = {"LANG": "C.UTF-8", "TERM": "xterm-256color"}


def clean_environment(**further: str) -> dict[str, str]:
    """The environment without what changes a command line's behaviour."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in CHANGING and (name in KEPT or not name.startswith("REGCHOOSE_"))
    }
    return {**kept, "PYTHONPATH": f"{ROOT}{os.pathsep}{EARLY}", **USUAL, **further}


def wait_for(sign: str, process: "subprocess.Popen[str] | subprocess.Popen[bytes]") -> None:
    """Read what a process says until a line has the sign; that it ends before is a failure."""
    assert process.stderr is not None
    seen = ""
    while sign not in seen:
        line = process.stderr.readline()
        assert line, f"ended without {sign!r}: {seen}"
        seen += line.decode() if isinstance(line, bytes) else line


@pytest.fixture(autouse=True)
def own_surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Take away what the developer's terminal sets, and the user's cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
    for name in [*CHANGING, *(name for name in os.environ if name.startswith("REGCHOOSE_"))]:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """Run the command line in this process, over the switchboard that trains nothing, in an empty folder."""
    for module in REPLACED:
        monkeypatch.setitem(sys.modules, module, Board())
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        with monkeypatch.context() as patch:
            for name, value in {**USUAL, **environ}.items():
                patch.setenv(name, value)
            status = main(arguments)
        said = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, status, said.out, said.err)

    return run


@pytest.fixture
def process(tmp_path: Path) -> Shell:
    """Run the same in a process of its own."""

    def run(*arguments: str, stdin: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "tests.cli.fake_shell", *arguments],
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            cwd=tmp_path,
            env=clean_environment(**environ),
            timeout=60,
            check=False,
        )

    return run
