"""Try a user's network before anything is trained: in a process of its own, with a time limit.

The child imports it, builds it and takes a step on dummy rows; whatever goes wrong there (an error, exit, a
loop without end) is an answer. The parent only reads the child's report. A child that is killed is no answer
yet: another one tries again, once.
"""

import ctypes
import faulthandler
import io
import json
import linecache
import os
import re
import signal
import subprocess
import sys
import traceback
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from regchoose.errors import RegchooseError, ResourceError, TrainingError, setting
from regchoose.records.words import Task
from regchoose.training.networks.dry_step import Trial, try_out
from regchoose.training.networks.user_traceback import is_own

START_S = 60.0  # what a busy machine may take to load PyTorch, beside the limit
PR_SET_PDEATHSIG = 1  # linux/prctl.h: the signal to get when whoever started this process is gone
KILLED = (-signal.SIGKILL, -signal.SIGTERM)  # from outside, as the system does where memory runs out
MLP_INSTEAD = setting(network="mlp") + " runs without it"
FRAME = re.compile(r'^  File "(.*)", line (\d+) in (.*)$', re.MULTILINE)


@dataclass(frozen=True)
class Request:
    """What the child is to try; see `regchoose.training.networks.dry_step.try_out`."""

    name: str
    options: Mapping[str, Any]
    input_names: Sequence[str]
    n_outputs: int
    task: Task
    penalize: Sequence[str]


def probe(request: Request, *, limit_s: float = 60.0) -> Trial:
    """Try a network in a child process.

    Parameters
    ----------
    limit_s : float
        Seconds that it may take, without the start of the process.

    Raises
    ------
    UsageError
        E201, E202, E210 to E213 where the network is not what it should be.
    TrainingError
        E511 to E514 where it cannot be trained.
    ResourceError
        E403 where the child is killed twice.
    """
    found = _attempt(request, limit_s=limit_s) or _attempt(request, limit_s=limit_s)
    if found is None:
        raise ResourceError(
            "E403",
            f"the process that tries the network {request.name} was killed twice",
            where=str(_file_of(request.name)),
            detail=["cause: memory that ran out is likely, as the system then kills a process"],
            fix="a smaller network, or more memory; " + MLP_INSTEAD,
        )
    return found


def _attempt(request: Request, *, limit_s: float) -> Trial | None:
    """Try a network in a child process; return None where that was killed by others."""
    with TemporaryDirectory(prefix="regchoose-") as folder:
        status = _run(request, Path(folder), limit_s=limit_s)
        report = Path(folder, "report.json")
        if report.is_file():
            return _read(json.loads(report.read_text(encoding="utf-8")))
        if status in KILLED:
            return None
        stuck = Path(folder, "stuck.txt").read_text(encoding="utf-8", errors="replace")
        file = _file_of(request.name)
        if "Timeout" in stuck or status is None:
            raise _endless(request, stuck, file=file, limit_s=limit_s)
        last = Path(folder, "errors.txt").read_text(encoding="utf-8", errors="replace").strip().splitlines()
        how = f"by signal {-status}" if status < 0 else f"with status {status}"
        raise TrainingError(
            "E513",
            f"the network {request.name} ended its process {how}",
            where=str(file),
            detail=last[-1:],
            fix="take exit calls out of the network; " + MLP_INSTEAD,
        )


def _run(request: Request, folder: Path, *, limit_s: float) -> int | None:
    """Run the child; return its status, or None where it had to be killed."""
    for name in ("stuck.txt", "errors.txt"):
        (folder / name).touch()
    command = [
        sys.executable,
        "-P",
        "-m",
        "regchoose.training.networks.subprocess_check",
        str(folder),
        str(limit_s),
    ]
    command.append(str(os.getpid()))
    with (folder / "errors.txt").open("wb") as errors:
        process = subprocess.Popen(  # noqa: S603 - ourselves
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            start_new_session=True,
        )
        try:
            process.communicate(json.dumps(asdict(request)).encode(), timeout=limit_s + START_S)
        except subprocess.TimeoutExpired:
            return None
        finally:
            with suppress(ProcessLookupError):  # the child, and what it may have started
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    return process.returncode


def _read(report: Mapping[str, Any]) -> Trial:
    if "trial" in report:
        return Trial(**report["trial"])
    raise RegchooseError.from_json(report["error"]) from _Theirs(report["traceback"])


class _Theirs(Exception):  # noqa: N818 - carries the child's traceback, for --debug
    """What the child raised."""


def _endless(request: Request, stuck: str, *, file: Path, limit_s: float) -> TrainingError:
    own = [found for found in FRAME.findall(stuck) if is_own(found[0], file)]
    where, detail = str(file), []
    if own:
        path, line, function = own[0]
        where = f"{path}:{line}, in {function}"
        detail = [f"{line}: {linecache.getline(path, int(line)).strip()}"]
    return TrainingError(
        "E514",
        f"the network {request.name} did not finish one step on a few rows within {limit_s:g} s",
        where=where,
        detail=detail,
        fix="make the loop there end; " + MLP_INSTEAD,
    )


def _file_of(name: str) -> Path:
    place = name.rpartition(":")[0]
    return Path(place).resolve() if place.endswith(".py") else Path.cwd() / place.replace(".", "/")


class _Sink(io.TextIOBase):
    """Takes what the network prints, and keeps that it did."""

    used = False

    def write(self, text: str) -> int:
        """Keep nothing."""
        self.used = True
        return len(text)


def main(folder: Path, limit_s: float, *, parent: int) -> None:
    """Be the child: try what stdin asks for, and leave a report in the folder."""
    _end_with(parent)
    request = Request(**json.loads(sys.stdin.buffer.read()))
    torch.set_num_threads(1)
    sink = _Sink()
    with (folder / "stuck.txt").open("w") as stuck, redirect_stdout(sink):
        # The watch ends the process from a thread of its own, whatever the network is doing.
        faulthandler.dump_traceback_later(limit_s, exit=True, file=stuck)
        report: dict[str, Any]
        try:
            trial = try_out(**vars(request))
            report = {"trial": asdict(trial) | {"printed": sink.used}}
        except RegchooseError as error:
            report = {"error": error.to_json(), "traceback": _traceback(error)}
        faulthandler.cancel_dump_traceback_later()
    (folder / "report.json").write_text(json.dumps(report), encoding="utf-8")
    os._exit(0)  # threads that the network left running would keep the process


def _end_with(parent: int) -> None:
    """Do not outlive the parent, even one that is killed; elsewhere than on Linux the watch sees to it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it was gone before that
            os._exit(1)


def _traceback(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]), parent=int(sys.argv[3]))
