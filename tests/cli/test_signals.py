"""Ctrl-C and SIGTERM: a line at once, what is known, the exit status; the second one leaves."""

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from regchoose.cli.signals import SHOW_CURSOR, handle_signals, signal_status
from tests.cli.conftest import Shell, clean_environment, wait_for

Start = Callable[..., "subprocess.Popen[str]"]
BOTH = [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start the command line; it is gone when the test ends."""
    started: list[subprocess.Popen[str]] = []

    def run(*arguments: str, stderr: int = subprocess.PIPE) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "tests.cli.fake_shell", *arguments]
        started.append(
            subprocess.Popen(
                command,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                cwd=tmp_path,
                env=clean_environment(),
            )
        )
        return started[-1]

    yield run
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(("number", "status", "word"), BOTH)
def test_the_first_signal_is_answered_at_once_and_ends_in_order(
    number: signal.Signals, status: int, word: str, start: Start
) -> None:
    process = start("recommend", "hang.csv", "--debug")
    wait_for("none", process)
    process.send_signal(number)
    said = process.communicate(timeout=20)[1]
    assert process.returncode == status
    assert said == f"\n{word}: stopping in order; once more leaves at once\n{word}; nothing was written\n"


@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
def test_the_second_signal_leaves_whatever_is_going_on(second: signal.Signals, start: Start) -> None:
    process = start("recommend", "deaf.csv")
    wait_for("none", process)
    process.send_signal(signal.SIGINT)
    wait_for("interrupted", process)
    assert process.poll() is None
    process.send_signal(second)
    assert process.wait(timeout=20) == 130


def test_what_a_signal_turns_into_another_error_is_still_that_signal(start: Start) -> None:
    process = start("recommend", "upset.csv")
    wait_for("none", process)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=20)[1]
    assert process.returncode == 130
    assert "half a module" not in said


def test_the_cursor_is_back_on_a_terminal(start: Start) -> None:
    leader, follower = pty.openpty()
    process = start("recommend", "deaf.csv", stderr=follower)
    os.close(follower)
    seen = ""

    def read_until(sign: str, *, after: int = 0) -> None:
        nonlocal seen
        while sign not in seen[after:]:
            seen += os.read(leader, 4096).decode()

    read_until("None")
    process.send_signal(signal.SIGINT)
    read_until("once more leaves at once")
    before = len(seen)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=20) == 130
    read_until(SHOW_CURSOR, after=before)  # the end of all output is an OSError
    os.close(leader)


@pytest.mark.parametrize(("file", "status"), [("partly130.csv", 130), ("partly143.csv", 143)])
def test_a_partial_answer_is_shown_written_and_not_kept(
    file: str, status: int, shell: Shell, tmp_path: Path
) -> None:
    (tmp_path / file).write_text("a,b\n1,2\n", encoding="utf-8")
    for _ in range(2):
        done = shell("recommend", file, "--json", "-o", "r.json", "--force", "--fail-if", "partial")
        assert done.returncode == status
        assert json.loads(done.stdout)["partial"] is True
        assert (tmp_path / "r.json").read_text(encoding="utf-8") == done.stdout
    assert "partial" in shell("recommend", file).stdout


def test_other_programs_get_their_handlers_back() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with handle_signals():
        assert signal_status() is None
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        assert signal_status() == 130
    assert signal_status() is None
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
