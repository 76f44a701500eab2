"""The program is stopped wherever it may be: at a prompt, reading, trying a network, training, writing."""

import json
import os
import re
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect
import pytest

from tests.cli.conftest import clean_environment, wait_for
from tests.cli.test_real_terminal import QUICK
from tests.run.test_walk_chart import write

pytestmark = pytest.mark.slow

Start = Callable[..., "subprocess.Popen[bytes]"]
BOTH = [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")]
REAL, FAKE = ("-m", "regchoose"), ("-m", "tests.cli.fake_shell")
AT_ONCE = "stopping in order; once more leaves at once"
# Each arm trains for about a second, so that one of them is at work when the signal comes.
SLOW = [*QUICK, "--epochs", "400", "--budget", "1h"]
PATIENCE = 300  # seconds, for a busy machine
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
HIDE, SHOW = "\x1b[?25l", "\x1b[?25h"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a command in a session of its own; all that is left of it is gone when the test ends."""
    started: list[subprocess.Popen[bytes]] = []

    def run(*arguments: str, stdin: int = subprocess.DEVNULL) -> "subprocess.Popen[bytes]":
        started.append(
            subprocess.Popen(
                [sys.executable, *arguments],
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=tmp_path,
                env=clean_environment(),
                start_new_session=True,
            )
        )
        return started[-1]

    yield run
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Callable[..., pexpect.spawn]]:
    """Start a command at a terminal of its own."""
    started: list[pexpect.spawn] = []

    def run(*arguments: str) -> pexpect.spawn:
        started.append(
            pexpect.spawn(
                sys.executable,
                list(arguments),
                cwd=str(tmp_path),
                env=clean_environment(),
                dimensions=(50, 100),
                encoding="utf-8",
                timeout=PATIENCE,
            )
        )
        return started[-1]

    yield run
    for child in started:
        child.close(force=True)


def ended(child: pexpect.spawn) -> tuple[str, int | None]:
    """What a terminal showed until the program ended, and the exit status."""
    child.expect(pexpect.EOF)
    child.close()
    return child.before, child.exitstatus


@pytest.mark.parametrize(("number", "status", "word"), BOTH)
def test_at_a_prompt(
    number: signal.Signals, status: int, word: str, terminal: Callable[..., pexpect.spawn]
) -> None:
    child = terminal(*FAKE, "recommend", "ask.csv")
    before = termios.tcgetattr(child.child_fd)
    child.expect("unsure .*for help: ")
    if number == signal.SIGINT:
        child.sendintr()
    else:
        child.kill(number)
    child.expect_exact(f"{word}: {AT_ONCE}")
    after = termios.tcgetattr(child.child_fd)
    screen, left = ended(child)
    assert left == status
    assert f"{word}; nothing was written" in screen
    assert after == before


@pytest.mark.parametrize(("number", "status", "word"), BOTH)
def test_while_the_table_is_read(number: signal.Signals, status: int, word: str, start: Start) -> None:
    process = start(*REAL, "recommend", "-", "--no-input", stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(b"a,b\n" + b"1,2\n" * 500_000)  # more than a pipe holds: it reads, and wants more
    process.stdin.flush()
    process.send_signal(number)
    out, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == status
    assert out == b""
    begun = "begin  read standard input\n"
    assert said.decode() == f"{begun}\n{word}: {AT_ONCE}\n{word}; nothing was written\n"


def test_while_it_trains_the_partial_answer_is_shown_on_a_terminal_as_it_was(
    terminal: Callable[..., pexpect.spawn], tmp_path: Path
) -> None:
    write(tmp_path, "regression")
    child = terminal(*REAL, "recommend", "table.csv", *SLOW, "--subsample", "yes", "--resources", "yes")
    before = termios.tcgetattr(child.child_fd)
    child.expect_exact("L2 ")  # the third arm
    child.sendintr()
    child.expect_exact(f"interrupted: {AT_ONCE}")
    after = termios.tcgetattr(child.child_fd)
    screen, status = ended(child)
    assert status == 130
    assert after == before
    assert screen.rfind(SHOW) > screen.rfind(HIDE)
    shown = ESCAPES.sub("", screen)
    assert "this answer is partial: the run was cut short" in " ".join(shown.split())
    assert re.search(r"\d+ blocks of models are kept: the same command goes on from there", shown)
    assert "Traceback" not in shown


def test_while_it_trains_the_partial_result_is_written(start: Start, tmp_path: Path) -> None:
    write(tmp_path, "regression")
    process = start(*REAL, "recommend", "table.csv", *SLOW, "--format", "text", "-o", "r.json")
    wait_for("begin  L2", process)
    process.send_signal(signal.SIGTERM)
    out, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 143
    assert said.decode().startswith(f"\nterminated: {AT_ONCE}\n")
    document = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert document["partial"] is True
    assert set(document["arms"]) >= {"none", "elastic_net"}
    assert "this answer is partial" in out.decode()
    with pytest.raises(ProcessLookupError):  # nothing of its session is left
        os.killpg(process.pid, 0)


WRITING = """
import os, sys, time
from tests.cli import fake_shell
from regchoose.cli.app import main

def endless(_file):
    sys.stderr.write("it is written\\n")
    sys.stderr.flush()
    time.sleep(600)

def second(_file):
    os.fsync = endless

class Board(fake_shell.Board):
    def recommend_regularizer(self, *arguments, **named):
        os.fsync = second if "-o" in sys.argv and "--report" in sys.argv else endless  # past the checks
        return super().recommend_regularizer(*arguments, **named)

sys.modules["regchoose.run.walk_chart"] = Board()
sys.exit(main())
"""


@pytest.mark.parametrize(("number", "status", "word"), BOTH)
@pytest.mark.parametrize("option", ["-o", "--report"])
def test_while_a_file_is_written(
    option: str, number: signal.Signals, status: int, word: str, start: Start, tmp_path: Path
) -> None:
    name = "r.json" if option == "-o" else "r.txt"
    (tmp_path / name).write_text("old", encoding="utf-8")
    process = start("-c", WRITING, "recommend", "none.csv", option, name, "--force", "--json")
    wait_for("it is written", process)
    process.send_signal(number)
    out, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == status
    assert json.loads(out)["partial"] is False  # the answer is whole; only the file is not
    assert said.decode().splitlines() == [
        "",
        f"{word}: {AT_ONCE}",
        "The writing was stopped: no other file was made, and an older one is as it was.",
    ]
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text(encoding="utf-8") == "old"


def test_what_was_written_before_is_told(start: Start, tmp_path: Path) -> None:
    process = start("-c", WRITING, "recommend", "none.csv", "-o", "r.json", "--report", "r.txt")
    wait_for("it is written", process)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=PATIENCE)[1].decode()
    assert process.returncode == 130
    assert said.splitlines()[-2:] == [
        "The result is in r.json.",
        "The writing was stopped: no other file was made, and an older one is as it was.",
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["r.json"]


ENDLESS = """
import os
from pathlib import Path
from torch import nn


class Net(nn.Module):
    def __init__(self, n_inputs, n_outputs):
        super().__init__()
        self.layer = nn.Linear(n_inputs, n_outputs)

    def forward(self, x):
        Path("half").write_text(str(os.getpid()))
        Path("half").rename("pid")
        while True:
            pass
"""


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_while_a_network_is_tried_its_process_goes_too(
    number: signal.Signals, status: int, start: Start, tmp_path: Path
) -> None:
    write(tmp_path, "regression")
    (tmp_path / "net.py").write_text(ENDLESS, encoding="utf-8")
    process = start(*REAL, "recommend", "table.csv", "--network", "net.py:Net", "-q")
    pid = tmp_path / "pid"
    eventually(pid.exists)
    child = int(pid.read_text())
    assert is_running(child)
    process.send_signal(number)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == status
    eventually(lambda: not is_running(child))


def is_running(pid: int) -> bool:
    """A process that has ended may still be listed, until whoever inherits it asks for its status."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def eventually(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.02)
