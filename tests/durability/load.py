"""Many runs of `recommend` on random tables: `python -m tests.durability.load --runs 1000 --seed 0`.

Each must end with an answer or an error of the contract: no traceback, no internal error, no run without
end. Most run one after the other in this process, whose memory is watched; some in processes of their own.
With `--log FILE` each run is a line of the file, and a study that was broken off goes on where it stood.
`--only N` repeats one run and shows what it prints.
"""

import argparse
import faulthandler
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
from rich.console import Console

from regchoose.cli.app import main as regchoose
from tests.durability.commands import make_command
from tests.durability.ending import ANSWERED, ERRORS, GATED, Ending, code_of, fault
from tests.durability.tables import make_sheet

ROOT = Path(__file__).parents[2]
APART = 25  # one run in so many is a process of its own
WARM_UP = 50  # runs after which memory should no longer grow


class TookTooLong(BaseException):
    """A run has used up its time; nothing of the program may stop at this."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is missing, tell the counts; return 1 where a run broke the contract."""
    options = _parser().parse_args(arguments)
    console = Console(highlight=False)
    with tempfile.TemporaryDirectory() as folder, _in(Path(folder)):
        if options.only is not None:
            _repeat(options.seed, options.only, console)
            return 0
        records = _known(options.log, seed=options.seed)
        for number in range(options.runs):
            if number in records:
                continue
            record = records[number] = one_run(options.seed, number, limit_s=options.limit)
            if options.log is not None:
                with options.log.open("a", encoding="utf-8") as log:
                    log.write(json.dumps(record) + "\n")
            if record["fault"]:
                console.print(f"run {number}: {record['fault']}", markup=False)
    done = [record for number, record in records.items() if number < options.runs]
    for line in summary(done):
        console.print(line, markup=False)
    return int(any(record["fault"] for record in done))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.durability.load", description=__doc__)
    add = parser.add_argument
    add("--runs", type=int, default=1000)
    add("--seed", type=int, default=0)
    add("--limit", type=int, default=90, help="seconds a run may take")
    add("--log", type=lambda text: Path(text).resolve(), help="a file of a line a run, to go on with")
    add("--only", type=int, help="repeat this run and show it")
    return parser


def _known(log: Path | None, *, seed: int) -> dict[int, dict[str, Any]]:
    if log is None or not log.exists():
        return {}
    records = map(json.loads, log.read_text(encoding="utf-8").splitlines())
    return {record["run"]: record for record in records if record["seed"] == seed}


def one_run(seed: int, number: int, *, limit_s: int) -> dict[str, Any]:
    """Make a table and a command, run it in the current folder, and judge how it ended."""
    rng = np.random.default_rng([seed, number])
    sheet = make_sheet(rng)
    Path(sheet.name).write_bytes(sheet.content)
    command = make_command(rng, sheet)
    apart = number % APART == APART - 1
    begun = time.monotonic()
    ending = (_apart if apart else _here)(command, limit_s=limit_s)
    seconds = time.monotonic() - begun
    Path(sheet.name).unlink()
    return {
        "seed": seed,
        "run": number,
        "table": sheet.kind,
        "sound": sheet.sound,
        "command": command,
        "apart": apart,
        "status": ending.status,
        "code": "" if ending.status in (ANSWERED, GATED) else code_of(ending),
        "fault": fault(ending, command),
        "seconds": round(seconds, 2),
        "process": os.getpid(),
        "resident_mib": resident_mib(),
    }


def _repeat(seed: int, number: int, console: Console) -> None:
    rng = np.random.default_rng([seed, number])
    sheet = make_sheet(rng)
    Path(sheet.name).write_bytes(sheet.content)
    command = make_command(rng, sheet)
    console.print(f"{sheet.kind}, {sheet.names}\n{sheet.content[:600]!r}\n{command}", markup=False)
    console.print(f"status {regchoose([*command, '--debug'])}")


# ---- one run ---------------------------------------------------------------------------------------


def _here(command: Sequence[str], *, limit_s: int) -> Ending:
    """Run in this process, as a notebook or a service would."""
    told = io.BytesIO(), io.BytesIO()
    out, err = (io.TextIOWrapper(stream, encoding="utf-8", write_through=True) for stream in told)
    status, raised = None, ""
    with _timed(limit_s), redirect_stdout(out), redirect_stderr(err):
        try:
            status = regchoose(command)
        except TookTooLong:
            pass
        except BaseException as error:  # noqa: BLE001 - whatever comes through is what is looked for
            status, raised = -1, repr(error)
    said, complained = (stream.getvalue().decode(errors="replace") for stream in told)
    return Ending(status, said, complained, raised)


@contextmanager
def _timed(limit_s: int) -> Iterator[None]:
    """Raise where the time is used up; where even that does not help, show all threads and end."""

    def too_long(_number: int, _frame: FrameType | None) -> None:
        raise TookTooLong

    before = signal.signal(signal.SIGALRM, too_long)
    faulthandler.dump_traceback_later(2 * limit_s, exit=True, file=2)
    signal.alarm(limit_s)
    try:
        yield
    finally:
        signal.alarm(0)
        faulthandler.cancel_dump_traceback_later()
        signal.signal(signal.SIGALRM, before)


def _apart(command: Sequence[str], *, limit_s: int) -> Ending:
    """Run in a process of its own, as a shell would."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "regchoose", *command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            timeout=limit_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Ending(None, "", "")
    return Ending(done.returncode, done.stdout, done.stderr)


@contextmanager
def _in(folder: Path) -> Iterator[None]:
    """Work in an empty folder, with a journal there, and without a terminal."""
    before, stdin = Path.cwd(), sys.stdin
    kept = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("REGCHOOSE_")}
    os.environ["REGCHOOSE_CACHE_DIR"] = str(folder / "journal")
    (folder / "work").mkdir()
    os.chdir(folder / "work")
    sys.stdin = io.StringIO()
    try:
        yield
    finally:
        sys.stdin = stdin
        os.chdir(before)
        os.environ.pop("REGCHOOSE_CACHE_DIR")
        os.environ.update(kept)


def resident_mib() -> float:
    """Return what this process holds in memory."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, 1)


# ---- the counts ------------------------------------------------------------------------------------


def summary(records: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the counts: how the runs ended, by code, and the memory of the process that ran most."""
    statuses = Counter("fault" if r["fault"] else r["status"] for r in records)
    answers = statuses[ANSWERED] + statuses[GATED]
    codes = Counter(r["code"] for r in records if r["status"] in ERRORS and not r["fault"])
    sound = [r for r in records if r["sound"]]
    apart, slowest = sum(r["apart"] for r in records), max(r["seconds"] for r in records)
    lines = [
        f"{len(records):,} runs, {apart} of them in processes of their own; {answers} answers, "
        f"{sum(codes.values())} errors of the contract, {statuses['fault']} others; slowest {slowest:.0f} s",
        "errors: " + ", ".join(f"{code} {count}" for code, count in sorted(codes.items())),
        f"of {len(sound)} tables with nothing wrong on purpose "
        f"{sum(r['status'] in (ANSWERED, GATED) for r in sound)} were answered",
    ]
    last = records[-1]["process"] if records else 0
    here = [r["resident_mib"] for r in records if r["process"] == last]
    if len(here) > WARM_UP:
        lines.append(
            f"memory of the process: {here[WARM_UP]:.0f} MiB after {WARM_UP} runs, "
            f"{here[-1]:.0f} MiB after {len(here):,}"
        )
    return lines


if __name__ == "__main__":
    sys.exit(main())
