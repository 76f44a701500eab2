"""One step of a user's network on dummy rows, and what is wrong with it. Runs in the child of the probe."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from regchoose.errors import RegchooseError, TrainingError, UsageError
from regchoose.records.words import Task
from regchoose.training.loss import row_loss
from regchoose.training.networks.any_network import AnyNetwork, columns, fresh, tried_rows
from regchoose.training.networks.inspect_module import any_network
from regchoose.training.networks.user_network import UserNetwork, load, undisturbed
from regchoose.training.networks.user_traceback import lines_of, said

Found = TypeVar("Found")
SIZES = 7, 4  # rows of the batches tried: a network must not count on one number
NUMBERS = torch.float32
CLOSE = 1e-3  # relative: vmap and a loop round differently, but they mean the same
REASONS = {
    ".item()": "it takes the value of a tensor into Python, such as .item() or float()",
    "data-dependent control flow": "its control flow depends on the data, such as an if on a tensor",
    "unwrap": "its control flow depends on the data, such as an if on a tensor",
    "lstm": "PyTorch cannot batch recurrent layers",
}


@dataclass(frozen=True)
class Trial:
    """What is known of a network that can be trained.

    Parameters
    ----------
    batched : bool
        Whether `vmap` runs it.
    why : str
        Why not.
    printed : bool
        Whether it writes to standard output.
    """

    batched: bool
    why: str = ""
    printed: bool = False


def try_out(
    name: str,
    options: Mapping[str, Any],
    *,
    input_names: Sequence[str],
    n_outputs: int,
    task: Task,
    penalize: Sequence[str],
) -> Trial:
    """Import, build and train a network for a step.

    Raises
    ------
    UsageError
        E201, E202, E210 to E213 where the network is not what it should be.
    TrainingError
        E511 to E513 where it cannot be trained.
    """
    user = _guarded(lambda: load(name), "while it is imported", file=_file(name), code="E210")
    build, n_inputs = user.builder(input_names, n_outputs, options), len(input_names)
    module = _guarded(
        lambda: fresh(build, 0, n_inputs=n_inputs), "while it is built", file=user.file, code="E211"
    )
    _check_parameters(module, user)
    with undisturbed():
        for training in (True, False):
            for n_rows in SIZES:
                rows = tried_rows(n_inputs)[:n_rows]
                _check_pass(module.train(training), user, task=task, x=rows, n_outputs=n_outputs)
        network = any_network(build, n_inputs=n_inputs, n_outputs=n_outputs, penalize=penalize)
        return _batched(network, user, task=task)


def _file(name: str) -> Path:
    return Path(name.rpartition(":")[0]).resolve()


def _guarded(work: Callable[[], Found], stage: str, *, file: Path, code: str) -> Found:
    """Do a part of the trial; say where in the user's file it failed."""
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
            **lines_of(error, file),
        ) from error
    except BaseException as error:
        raise kind(
            code,
            f"the network raises {stage}: {said(error)}",
            fix=f"repair it there: {file.name} must run on rows of standard normal float32 numbers"
            if code == "E511"
            else "repair it there",
            **lines_of(error, file),
        ) from error


def _check_parameters(module: nn.Module, user: UserNetwork) -> None:
    if not any(parameter.requires_grad for parameter in module.parameters()):
        raise UsageError(
            "E212",
            "the network has no parameters to train",
            where=user.where,
            fix="make its layers attributes of the module, in __init__",
        )
    other = {name: p.dtype for name, p in module.named_parameters() if p.dtype != NUMBERS}
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


def _batched(network: AnyNetwork, user: UserNetwork, *, task: Task) -> Trial:
    """Tell whether vmap runs the network, and to the same numbers as a loop."""
    loop = replace(network, batched=False)
    wanted = _guarded(
        lambda: step(loop, task), "when its parameters are replaced by others", file=user.file, code="E511"
    )
    try:
        got = step(network, task)
    except Exception as error:  # noqa: BLE001 - whatever vmap does not like
        text = str(error)
        reasons = (reason for sign, reason in REASONS.items() if sign in text)
        return Trial(batched=False, why=next(reasons, said(error)))
    same = all(torch.allclose(a, b, rtol=CLOSE, atol=CLOSE) for a, b in zip(got, wanted, strict=True))
    return Trial(same, "" if same else "vmap and a loop give different numbers")


def step(network: AnyNetwork, task: Task) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return rows, gradient, outputs and inputs in use of two models after a step."""
    starts = np.stack([network.initial(np.random.default_rng(seed)) for seed in (0, 1)])
    rows = torch.as_tensor(starts, dtype=NUMBERS)
    gradient = torch.zeros_like(rows)
    x = tried_rows(network.n_inputs)
    y = targets(task, len(x), network.n_outputs)
    for batch in (x.expand(2, -1, -1), torch.stack([x, -x])):  # one batch for all models, and one for each
        network.program(rows, gradient, n_rows=len(x)).write_gradient(task, batch, y.expand(2, -1))
    outputs = network.outputs(rows, x.expand(2, -1, -1))
    return rows, gradient, outputs, network.nonzero_inputs(rows).float()
