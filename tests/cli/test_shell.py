"""Streams, exit codes and errors, as a script sees them."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Shell, clean_environment, wait_for

ERROR = """\
error[E312]: row has 4 fields, header has 3
  --> bad.csv:1042
  12 such rows of 50,000
  cause: an unquoted delimiter
  fix:   --on-bad-rows skip
"""


def test_the_answer_goes_to_stdout_and_the_rest_to_stderr(shell: Shell) -> None:
    done = shell("recommend", "a.csv")
    assert done.returncode == 0
    assert done.stdout.startswith(
        "Use a penalty: L1, L2 and Elastic Net do equally well here, and 6.1 % better"
    )
    reading, read, begin, end, *_ = done.stderr.splitlines()
    assert reading == "begin  read a.csv"  # before anything heavy is loaded
    assert read.startswith("end    read a.csv   442 rows   ")
    assert begin == "begin  draw a subsample"
    assert end.startswith("end    draw a subsample   442 of 442 rows   0.")
    assert "note   a notice on [bold]x[/bold] <script>" in done.stderr
    assert len(done.stderr.splitlines()) == 7


def test_quiet_prints_the_verdict_alone(shell: Shell) -> None:
    done = shell("recommend", "a.csv", "-q")
    assert done.stderr == ""
    assert "Start with Elastic Net" in done.stdout
    assert len(done.stdout.splitlines()) == 5


@pytest.mark.parametrize("where", [["--json"], []], ids=["flag", "environment"])
def test_json_is_one_document(shell: Shell, where: list[str]) -> None:
    done = shell("recommend", "a.csv", *where, **({} if where else {"REGCHOOSE_JSON": "1"}))
    assert done.returncode == 0
    assert json.loads(done.stdout)["recommendation"]["regularizer"] == "elastic_net"
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("arguments", "status", "code"),
    [
        (["recommend", "bad.csv"], 3, "E312"),
        (["recommend", "boom.csv"], 70, "internal"),
        (["recommend", "memory.csv"], 4, "E403"),
        (["recommend", "a.csv", "--epochs", "0"], 2, "E202"),
        (["recommend", "a.csv", "--epoch", "3"], 2, "E202"),
        (["recommend", "a.csv", "b.csv"], 2, "E202"),
        (["recommend", "a.csv", "--config", "no.toml"], 2, "E201"),
        (["recommend"], 2, "E202"),
        (["recomend", "a.csv"], 2, "E202"),
        (["flowchart", "--chart", "which"], 2, "E202"),
        (["recommend", "a.csv", "-o", "no/such/place.json"], 4, "E402"),
    ],
)
def test_failures(shell: Shell, arguments: list[str], status: int, code: str) -> None:
    done = shell(*arguments)
    assert (done.returncode, done.stdout) == (status, "")
    error = done.stderr[done.stderr.index("error[") :].splitlines()
    assert error[0].startswith(f"error[{code}]: ")
    assert error[-1].startswith("  fix:   ")
    assert len(error) <= 6
    assert "Traceback" not in done.stderr
    if arguments[0] == "recommend":
        done = shell(*arguments, "--json")
        assert done.returncode == status
        document = json.loads(done.stdout)
        assert document["ok"] is False
        assert sorted(document["error"]) == ["code", "hint", "message", "where"]
        assert document["error"]["code"] == code


def test_json_in_the_file_holds_for_failures_too(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "regchoose.toml").write_text("json = true", encoding="utf-8")
    assert json.loads(shell("recommend", "bad.csv").stdout)["error"]["code"] == "E312"


def test_an_error_in_the_contracts_form(shell: Shell) -> None:
    assert shell("recommend", "bad.csv", "-q").stderr == ERROR


@pytest.mark.parametrize(
    ("arguments", "fix"),
    [
        (["recommend", "a.csv", "--epoch", "3"], "--epochs"),
        (["recommend", "a.csv", "--task", "regresion"], "--task regression"),
        (["recomend", "a.csv"], "regchoose recommend a.csv"),
    ],
)
def test_the_nearest_legal_word_is_proposed(shell: Shell, arguments: list[str], fix: str) -> None:
    assert shell(*arguments).stderr.splitlines()[-1] == f"  fix:   {fix}"


def test_a_traceback_comes_with_debug_alone(shell: Shell) -> None:
    plain, debug = shell("recommend", "boom.csv"), shell("recommend", "boom.csv", "--debug")
    assert "--debug shows the traceback" in plain.stderr
    assert "Traceback" in debug.stderr
    assert "RuntimeError: oh no" in debug.stderr


def test_blocks_that_were_trained_outlive_a_fault(shell: Shell) -> None:
    kept = "2 blocks of models are kept: the same command goes on from there.\n"
    for file, status in (("boom_stored.csv", 70), ("memory_stored.csv", 4)):
        done = shell("recommend", file)
        assert done.returncode == status
        assert kept in done.stderr
        assert kept not in shell("recommend", file, "-q").stderr
    for file in ("boom.csv", "bad_stored.csv", "stored.csv"):  # none; the same again; an answer
        assert kept not in shell("recommend", file).stderr


def test_names_from_data_are_inert(shell: Shell) -> None:
    done = shell("recommend", "a.csv")
    assert "warning: [bold]x[/bold] <script>" in done.stdout
    assert "\x1b" not in done.stdout + done.stderr
    assert "\x1b" not in shell("recommend", "boom.csv").stderr


SURROUNDINGS: list[dict[str, str]] = [
    {"FORCE_COLOR": "1", "CI": "1"},
    {"NO_COLOR": "1"},
    {"TERM": "dumb"},
    {"COLUMNS": "20"},
    {"COLUMNS": "0"},
    {"PYTHONIOENCODING": "ascii"},
    {"PYTHONIOENCODING": "cp1252"},
    {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
]


@pytest.mark.slow
@pytest.mark.parametrize("environ", SURROUNDINGS, ids=str)
def test_no_surrounding_garbles(process: Shell, environ: dict[str, str]) -> None:
    done = process("recommend", "a.csv", **environ)
    assert done.returncode == 0
    assert "\x1b" not in done.stdout + done.stderr
    assert "Elastic Net" in done.stdout
    if "LANG" in environ or "PYTHONIOENCODING" in environ:
        assert done.stdout.isascii()
    json.loads(process("recommend", "a.csv", "--json", **environ).stdout)


def test_without_a_terminal_nothing_is_asked(process: Shell) -> None:
    done = process("recommend", "ask.csv", stdin="y\n")
    assert "--correlated None" in done.stdout
    assert "correlated?" not in done.stderr


@pytest.mark.slow
def test_closed_streams_do_no_harm(tmp_path: Path) -> None:
    command = f'"{sys.executable}" -m tests.cli.fake_shell recommend ask.csv'
    for closing in ("<&-", ">&-", "2>&-", "<&- >&- 2>&-"):
        done = subprocess.run(
            ["/bin/sh", "-c", f"{command} {closing}"],
            cwd=tmp_path,
            env=clean_environment(),
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, closing


def test_a_reader_that_leaves_early_does_no_harm(tmp_path: Path) -> None:
    command = f'"{sys.executable}" -m tests.cli.fake_shell recommend a.csv --json; echo $? >&2'
    done = subprocess.run(
        ["/bin/sh", "-c", f"({command}) | true"],
        cwd=tmp_path,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stderr.strip() == "0"


def test_a_full_disk_is_said(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [sys.executable, "-m", "tests.cli.fake_shell", "recommend", "a.csv", "-q"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            env=clean_environment(),
            check=False,
        )
    assert done.returncode == 4
    assert done.stderr.startswith("error[E402]: No space left on device\n  --> stdout\n")


@pytest.mark.slow
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals_end_it_at_once(number: signal.Signals, status: int, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.cli.fake_shell", "recommend", "hang.csv"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=clean_environment(),
    )
    wait_for("none", process)
    begun = time.monotonic()
    os.kill(process.pid, number)
    _, said = process.communicate(timeout=20)
    assert process.returncode == status
    assert time.monotonic() - begun < 10
    assert "Traceback" not in said


def test_a_dry_run_says_what_would_be_done(shell: Shell) -> None:
    assert shell("recommend", "a.csv", "--dry-run").stdout == (
        "path: a.csv\narms\n  1: none\n  2: elastic net\nseconds\n  none: 0.4\nbudget: 10m\n"
    ).replace("elastic net", "elastic_net")
    assert json.loads(shell("recommend", "a.csv", "--dry-run", "--json").stdout)["arms"] == [
        "none",
        "elastic_net",
    ]


@pytest.mark.parametrize("form", ["text", "mermaid", "json"])
@pytest.mark.parametrize("chart", ["which-regularizer", "three-questions"])
def test_charts_are_drawn(shell: Shell, chart: str, form: str) -> None:
    done = shell("flowchart", "--chart", chart, "--format", form)
    assert (done.returncode, done.stderr) == (0, "")
    assert "L1" in done.stdout
    if form == "json":
        json.loads(done.stdout)


@pytest.mark.parametrize(
    ("arguments", "message", "fix"),
    [
        (["recomend", "a.csv"], "no command recomend", "regchoose recommend a.csv"),
        (["comprae", "a.json"], "no command comprae", "regchoose compare a.json"),
        (["frobnicate"], "no command frobnicate", "regchoose --help shows the commands"),
        (["recommend", "a.csv", "--epoch", "3"], "regchoose recommend has no option --epoch", "--epochs"),
        (["report", "a.json", "--outptu", "b"], "regchoose report has no option --outptu", "--output"),
        (["flowchart", "--formt", "svg"], "regchoose flowchart has no option --formt", "--format"),
        (
            ["sample", "a.csv", "--zzz"],
            "regchoose sample has no option --zzz",
            "regchoose sample --help shows what it takes",
        ),
        (["report"], "regchoose report needs RESULT", "regchoose report result.json"),
        (
            ["recommend", "a.csv", "--header", "yes"],
            "regchoose recommend does not know what to do with 'yes'",
            "leave 'yes' out; regchoose recommend --help shows what it takes",
        ),
    ],
)
def test_what_was_meant_is_looked_for_among_what_that_command_takes(
    shell: Shell, arguments: list[str], message: str, fix: str
) -> None:
    done = shell(*arguments)
    assert done.returncode == 2
    assert done.stderr == f"error[E202]: {message}\n  fix:   {fix}\n"


NAMES = ["CON", "new\nline.json", "-o.json", "..", "\x1b[31m.json", "a" * 300, "é\u202e.json"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_a_name(shell: Shell, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a file is called, it lies in the folder or is refused, and the line that says so is inert."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    done = shell("recommend", "a.csv", f"--output={name}")
    assert done.returncode in (0, 2, 4)
    assert [path.name for path in tmp_path.iterdir()] == ["work"]
    assert [path.name for path in (tmp_path / "work").iterdir()] == [name] * (done.returncode == 0)
    said = done.stderr.splitlines()
    assert not any(mark in done.stderr for mark in ("\x1b", "\u202e"))
    assert sum("result is in" in line or "error[" in line for line in said) == 1


def test_a_clock_that_is_set_back_does_no_harm(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after a suspension, or where the clock on the wall is corrected."""
    moments = iter(range(10**6, 0, -1000))
    monkeypatch.setattr(time, "time", lambda: float(next(moments)))
    done = shell("recommend", "a.csv")
    assert done.returncode == 0
    assert not re.search(r"-\d+ ?s", done.stderr)
