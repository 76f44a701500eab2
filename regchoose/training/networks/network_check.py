"""Check a user's network before anything is trained: in a process of its own, with a time limit.

The child process imports it, builds it and takes a step on dummy rows; whatever goes wrong there (an error, a
call to exit, an endless loop) is a finding. The parent only reads the child's report. Where a child is killed
from outside, nothing is known of the network, and a second one tries again.
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
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from regchoose.errors import RegchooseError, ResourceError, TrainingError, UsageError, setting
from regchoose.records.words import Task
from regchoose.training.deterministic import quiet_modules
from regchoose.training.loss import row_loss
from regchoose.training.networks.output_range import warn_of_outputs
from regchoose.training.networks.torch_module import (
    ModuleNetwork,
    build_from_seed,
    columns,
    dummy_rows,
    module_network,
)
from regchoose.training.networks.user_network import (
    UserNetwork,
    is_users_code,
    lines_of_error,
    load_network,
    short_message,
)
from regchoose.training.parameters import Parameters

START_S = 60.0  # that a busy machine may take to load PyTorch, on top of the limit
PR_SET_PDEATHSIG = 1  # linux/prctl.h: the signal to get when whoever started this process is gone
KILLED = (-signal.SIGKILL, -signal.SIGTERM)  # from outside, as the system does where memory runs out
MLP_INSTEAD = setting(network="mlp") + " runs without it"
FRAME = re.compile(r'^  File "(.*)", line (\d+) in (.*)$', re.MULTILINE)
BATCH_SIZES = 7, 4  # that are tried: a network must not rely on one number of rows
DTYPE = torch.float32
CLOSE = 1e-3  # relative: vmap and a loop round differently, but they mean the same
REASONS = {
    ".item()": "it takes the value of a tensor into Python, such as .item() or float()",
    "data-dependent control flow": "its control flow depends on the data, such as an if on a tensor",
    "unwrap": "its control flow depends on the data, such as an if on a tensor",
    "lstm": "PyTorch cannot batch recurrent layers",
}
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class NetworkRequest:
    """The network that the child process checks; see `dry_step`."""

    name: str
    options: Mapping[str, Any]
    input_names: Sequence[str]
    n_outputs: int
    task: Task
    penalize: Sequence[str]


@dataclass(frozen=True)
class CheckReport:
    """The findings of a network's check."""

    batched: bool  # whether `vmap` runs it
    why: str = ""  # why not
    printed: bool = False  # whether it writes to standard output
    outputs: str = ""  # how it confines its outputs; see `regchoose.training.networks.output_range`


# ---- the parent process --------------------------------------------------------------------------


def check_network(request: NetworkRequest, *, limit_s: float = 60.0) -> CheckReport:
    """Check a network in a child process, which may take `limit_s` seconds after its start.

    Raises
    ------
    UsageError
        E201, E202, E210 to E213 where the network is not what it should be.
    TrainingError
        E511 to E514 where it cannot be trained.
    ResourceError
        E403 where the child is killed twice.
    """
    report = _attempt(request, limit_s=limit_s) or _attempt(request, limit_s=limit_s)
    if report is None:
        raise ResourceError(
            "E403",
            f"the process that tries the network {request.name} was killed twice",
            where=str(_file_of(request.name)),
            detail=["cause: memory that ran out is likely, as the system then kills a process"],
            fix="a smaller network, or more memory; " + MLP_INSTEAD,
        )
    return report


def _attempt(request: NetworkRequest, *, limit_s: float) -> CheckReport | None:
    """Try a network in a child process; return None where that was killed by others."""
    with TemporaryDirectory(prefix="regchoose-") as folder:
        status = _run(request, Path(folder), limit_s=limit_s)
        report = Path(folder, "report.json")
        if report.is_file():
            return _read_report(json.loads(report.read_text(encoding="utf-8")))
        if status in KILLED:
            return None
        stuck = Path(folder, "stuck.txt").read_text(encoding="utf-8", errors="replace")
        file = _file_of(request.name)
        if "Timeout" in stuck or status is None:
            raise _endless_error(request, stuck, file=file, limit_s=limit_s)
        last = Path(folder, "errors.txt").read_text(encoding="utf-8", errors="replace").strip().splitlines()
        how = f"by signal {-status}" if status < 0 else f"with status {status}"
        raise TrainingError(
            "E513",
            f"the network {request.name} ended its process {how}",
            where=str(file),
            detail=last[-1:],
            fix="take exit calls out of the network; " + MLP_INSTEAD,
        )


def _run(request: NetworkRequest, folder: Path, *, limit_s: float) -> int | None:
    """Run the child; return its status, or None where it had to be killed."""
    for name in ("stuck.txt", "errors.txt"):
        (folder / name).touch()
    command = [
        sys.executable,
        "-P",
        "-m",
        "regchoose.training.networks.network_check",
        str(folder),
        str(limit_s),
        str(os.getpid()),
    ]
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


def _read_report(report: Mapping[str, Any]) -> CheckReport:
    if "report" in report:
        return CheckReport(**report["report"])
    raise RegchooseError.from_json(report["error"]) from _ChildError(report["traceback"])


class _ChildError(Exception):
    """What the child raised."""


def _endless_error(request: NetworkRequest, stuck: str, *, file: Path, limit_s: float) -> TrainingError:
    frames = [frame for frame in FRAME.findall(stuck) if is_users_code(frame[0], file)]
    where, detail = str(file), []
    if frames:
        path, line, function = frames[0]
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


# ---- the child process ---------------------------------------------------------------------------


class _Sink(io.TextIOBase):
    """Swallows what the network prints, and remembers that it did."""

    used = False

    def write(self, text: str) -> int:
        """Remember that something was written."""
        self.used = True
        return len(text)


def main(folder: Path, limit_s: float, *, parent: int) -> None:
    """Run the child process: check the network that stdin names, and leave a report in the folder."""
    _end_with(parent)
    request = NetworkRequest(**json.loads(sys.stdin.buffer.read()))
    torch.set_num_threads(1)
    sink = _Sink()
    with (folder / "stuck.txt").open("w") as stuck, redirect_stdout(sink):
        # The watch ends the process from a thread of its own, whatever the network is doing.
        faulthandler.dump_traceback_later(limit_s, exit=True, file=stuck)
        report: dict[str, Any]
        try:
            checked = dry_step(request)
            report = {"report": asdict(checked) | {"printed": sink.used}}
        except RegchooseError as error:
            report = {"error": error.to_json(), "traceback": "".join(traceback.format_exception(error))}
        faulthandler.cancel_dump_traceback_later()
    (folder / "report.json").write_text(json.dumps(report), encoding="utf-8")
    os._exit(0)  # threads that the network left running would keep the process


def _end_with(parent: int) -> None:
    """End with the parent, even if that is killed; elsewhere than on Linux the time limit sees to it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it was gone before that
            os._exit(1)


# ---- a step on dummy rows ------------------------------------------------------------------------


def dry_step(request: NetworkRequest) -> CheckReport:
    """Import, build and train a network for a step.

    Raises
    ------
    UsageError
        E201, E202, E210 to E213 where the network is not what it should be.
    TrainingError
        E511 to E513 where it cannot be trained.
    """
    name, task, n_inputs = request.name, request.task, len(request.input_names)
    user = _guarded(lambda: load_network(name), "while it is imported", file=_file_of(name), code="E210")
    build = user.builder(request.input_names, request.n_outputs, request.options)
    module = _guarded(
        lambda: build_from_seed(build, 0, n_inputs=n_inputs), "while it is built", file=user.file, code="E211"
    )
    _check_parameters(module, user)
    with quiet_modules():
        for training in (True, False):
            for n_rows in BATCH_SIZES:
                rows = dummy_rows(n_inputs)[:n_rows]
                _check_pass(module.train(training), user, task=task, x=rows, n_outputs=request.n_outputs)
        network = module_network(
            build, n_inputs=n_inputs, n_outputs=request.n_outputs, penalize=request.penalize
        )
        checked = _batched(network, user, task=task)
        return replace(checked, outputs=warn_of_outputs(build, n_inputs=n_inputs))


def _guarded(work: Callable[[], Answer], stage: str, *, file: Path, code: str) -> Answer:
    """Do a part of the check; an error names the place in the user's file."""
    kind = UsageError if code.startswith("E2") else TrainingError
    try:
        return work()
    except RegchooseError:
        raise
    except SystemExit as error:
        raise TrainingError(
            "E513",
            f"the network calls exit {stage}",
            fix="take the call out, or raise an error that says what is wrong",
            **lines_of_error(error, file),
        ) from error
    except BaseException as error:
        raise kind(
            code,
            f"the network raises {stage}: {short_message(error)}",
            fix=f"repair it there: {file.name} must run on rows of standard normal float32 numbers"
            if code == "E511"
            else "repair it there",
            **lines_of_error(error, file),
        ) from error


def _check_parameters(module: nn.Module, user: UserNetwork) -> None:
    if not any(parameter.requires_grad for parameter in module.parameters()):
        raise UsageError(
            "E212",
            "the network has no parameters to train",
            where=user.where,
            fix="make its layers attributes of the module, in __init__",
        )
    other = {name: p.dtype for name, p in module.named_parameters() if p.dtype != DTYPE}
    if other:
        shown = ", ".join(f"{name} ({str(kind).removeprefix('torch.')})" for name, kind in other.items())
        raise UsageError(
            "E212",
            f"parameters are of other types than float32: {shown}",
            where=user.where,
            fix="leave the parameters in PyTorch's default type",
        )


def _check_pass(module: nn.Module, user: UserNetwork, *, task: Task, x: Tensor, n_outputs: int) -> None:
    """Take a pass forward and back."""
    mode = "training" if module.training else "evaluation"
    stage = f"in its forward pass ({mode} mode, {len(x)} rows of {x.shape[1]} inputs)"
    outputs = _guarded(lambda: module(x.clone()), stage, file=user.file, code="E511")
    _check_shape(outputs, user, n_rows=len(x), n_outputs=n_outputs)
    _check_finite(outputs, f"of its outputs on standard normal rows ({mode} mode)", user)
    if not module.training:
        return
    if not outputs.requires_grad:
        raise TrainingError(
            "E511",
            "no parameter moves the network's outputs: they have no gradient",
            where=user.where,
            fix="take .detach(), .numpy() and torch.no_grad() out of its forward pass",
        )
    loss = row_loss(task, columns(outputs).T[None], targets(task, len(x), n_outputs)[None]).mean()
    _guarded(loss.backward, "in its backward pass", file=user.file, code="E511")
    for name, parameter in module.named_parameters():
        if parameter.grad is not None:
            _check_finite(parameter.grad, f"of the gradient of {name}", user)
    module.zero_grad()


def _check_shape(outputs: object, user: UserNetwork, *, n_rows: int, n_outputs: int) -> None:
    wanted = [(n_rows, n_outputs), *([(n_rows,)] if n_outputs == 1 else [])]
    if isinstance(outputs, Tensor) and tuple(outputs.shape) in wanted and outputs.is_floating_point():
        return
    got = type(outputs).__name__
    if isinstance(outputs, Tensor):
        got = f"a tensor {tuple(outputs.shape)} of {str(outputs.dtype).removeprefix('torch.')}"
    raise UsageError(
        "E213",
        f"the network gave {got} for {n_rows} rows, wanted a tensor {wanted[0]} of float32",
        where=user.where,
        fix="let its last layer put out n_outputs numbers a row: one, or a logit a class",
    )


def _check_finite(values: Tensor, what: str, user: UserNetwork) -> None:
    bad = int((~torch.isfinite(values)).sum())
    if bad:
        raise TrainingError(
            "E512",
            f"{bad} of {values.numel()} numbers {what} are not finite",
            where=user.where,
            fix="look for a logarithm, a division or a root of what can be zero or negative",
        )


def targets(task: Task, n_rows: int, n_outputs: int) -> Tensor:
    """Return targets of a task for dummy rows: (n,)."""
    if task == "regression":
        return torch.linspace(-1, 1, n_rows)
    return torch.arange(n_rows).remainder(max(n_outputs, 2)).to(torch.float32)


def _batched(network: ModuleNetwork, user: UserNetwork, *, task: Task) -> CheckReport:
    """Find out whether vmap runs the network, with the same numbers as a loop."""
    loop = replace(network, batched=False)
    wanted = _guarded(
        lambda: take_a_step(loop, task),
        "when its parameters are replaced by others",
        file=user.file,
        code="E511",
    )
    try:
        got = take_a_step(network, task)
    except Exception as error:  # noqa: BLE001 - whatever vmap does not like
        text = str(error)
        reasons = (reason for sign, reason in REASONS.items() if sign in text)
        return CheckReport(batched=False, why=next(reasons, short_message(error)))
    same = all(torch.allclose(a, b, rtol=CLOSE, atol=CLOSE) for a, b in zip(got, wanted, strict=True))
    return CheckReport(same, "" if same else "vmap and a loop give different numbers")


def take_a_step(network: ModuleNetwork, task: Task) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return rows, gradient, outputs and inputs in use of two models after a step."""
    starts = np.stack([network.initial(np.random.default_rng(seed)) for seed in (0, 1)])
    models = Parameters.of_rows(network, torch.as_tensor(starts, dtype=DTYPE))
    gradient = models.like()
    x = dummy_rows(network.n_inputs)
    y = targets(task, len(x), network.n_outputs)
    for batch in (x[None], torch.stack([x, -x])):  # one batch for all models, and one for each
        program = network.program(models.tensors, gradient.tensors, n_rows=len(x))
        program.write_gradient(task, batch, y.expand(len(batch), -1))
    outputs = network.outputs(models.tensors, x[None])
    return models.rows(), gradient.rows(), outputs, network.nonzero_inputs(models.tensors).float()


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]), parent=int(sys.argv[3]))
