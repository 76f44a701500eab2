"""What is fuzzed: inputs as they may come, and what must hold of each."""

import io
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis.strategies import SearchStrategy

from regchoose.cli.app import main
from regchoose.errors import RegchooseError


@dataclass(frozen=True)
class Target:
    """A part of the program that takes input of others.

    Parameters
    ----------
    inputs : SearchStrategy
        What comes.
    check : callable
        Fails where the program does anything but answer or refuse with an error of ours.
    few : int
        Inputs tried in the suite.
    """

    inputs: SearchStrategy[Any]
    check: Callable[[Any], None]
    few: int


def helps(error: RegchooseError) -> None:
    """Fail where an error says neither where nor what to do."""
    assert error.where or error.fix, error.message


@contextmanager
def empty_folder() -> Iterator[Path]:
    """Work in an empty folder, without settings from outside."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("REGCHOOSE_")]:
            patch.delenv(name)
        patch.setenv("REGCHOOSE_CACHE_DIR", str(Path(folder, "journal")))
        os.chdir(folder)
        try:
            yield Path(folder)
        finally:
            os.chdir(before)


def run(*arguments: str) -> tuple[int, str]:
    """Run the command line in this process; return the exit status and all that it said."""
    told = io.BytesIO(), io.BytesIO()
    out, err = (io.TextIOWrapper(stream, encoding="utf-8", write_through=True) for stream in told)
    with redirect_stdout(out), redirect_stderr(err):
        status = main(arguments)
    return status, "".join(stream.getvalue().decode("utf-8", "replace") for stream in told)
