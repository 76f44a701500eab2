"""Any torch module, m of them side by side, by `torch.func`.

The tensors of a model lie in one row, as in `regchoose.training.networks.mlp`; the module is handed views
of it. What a module keeps while it trains, such as running statistics, lies in the row too, behind the
parameters: so models that share a module share no state.
"""

import threading
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from regchoose.errors import TrainingError
from regchoose.records.words import Float, Task
from regchoose.training.loss import slope
from regchoose.training.networks.module_layout import Layout, Part, flat
from regchoose.training.networks.randomness import drawing
from regchoose.training.networks.user_traceback import lines_of, said

Build = Callable[[], nn.Module]
Tensors = dict[str, Tensor]
One = Callable[[Tensors, Tensors, Tensor], tuple[Tensor, Tensors]]

TRIED_ROWS = 32


@dataclass(frozen=True)
class AnyNetwork:
    """Models of one module; see `regchoose.training.networks.network.Network`.

    Parameters
    ----------
    build : callable
        Returns a fresh module that maps rows (n, n_inputs) to (n, n_outputs), or to (n,) for one output.
    layout : Layout
        What a row holds.
    random : bool
        Whether it draws random numbers while it trains, as dropout does. The models of a block draw the
        same ones, so that they differ by their penalty and not by luck.
    unseen : int
        Inputs without a derivative, such as codes that are looked up: taken to be in use.
    batched : bool
        Whether `vmap` can run it; otherwise one model follows the other.
    note, warnings : str, tuple of str
        What a reader of the result should know of the training, and of the network.
    file, source : Path, str
        The user's code that it is built by, and its hash.
    identity : str
        What tells it from all other networks, as far as its code and arguments do; empty where unknown.
    recipe : mapping, optional
        How it is built anew in another process; see `regchoose.training.networks.rebuild`.
    """

    build: Build
    n_inputs: int
    n_outputs: int
    layout: Layout
    random: bool = False
    unseen: int = 0
    batched: bool = True
    note: str = ""
    warnings: tuple[str, ...] = ()
    file: Path | None = None
    source: str = ""
    identity: str = ""
    recipe: Mapping[str, Any] | None = None
    _own: threading.local = field(default_factory=threading.local, repr=False, compare=False)

    @property
    def n_parameters(self) -> int:
        """Numbers in a row, p."""
        return self.layout.n_parameters

    @property
    def n_penalized(self) -> int:
        """How many of them, the first ones, are penalized."""
        return self.layout.n_penalized

    def width(self, n_inputs: int) -> int:
        """Return how many numbers apart rows are to lie: a module may want them without gaps."""
        return n_inputs

    def initial(self, rng: np.random.Generator) -> Float:
        """Draw one model's parameters, (p,): the module's own initialization, seeded by `rng`."""
        module = fresh(self.build, int(rng.integers(2**63)), n_inputs=self.n_inputs)
        row: Float = flat(module, self.layout).numpy()
        return row

    def outputs(self, parameters: Tensor, x: Tensor) -> Tensor:
        """Return the outputs of rows, in evaluation mode: (m, p), (m, n, d) -> (m, k, n)."""
        with torch.no_grad():
            return self._evaluated(parameters, x)

    def program(self, parameters: Tensor, gradient: Tensor, *, n_rows: int) -> "AnyProgram":
        """Return what writes the gradient (m, p) of parameters (m, p) on n rows a step.

        A single row is seen in evaluation mode: batch normalization cannot train on one.
        """
        return AnyProgram(self, parameters, gradient, training=n_rows > 1)

    def nonzero_inputs(self, parameters: Tensor) -> Tensor:
        """Return how many inputs move the outputs of any of the rows tried: (m, p) -> (m,)."""
        x = tried_rows(self.n_inputs).to(parameters).repeat(len(parameters), 1, 1).requires_grad_()
        with torch.enable_grad():
            outputs = self._evaluated(parameters.detach(), x)
        return moving(outputs, x).sum(1) + self.unseen

    def module(self, device: torch.device, *, training: bool) -> nn.Module:
        """Return this thread's module: `functional_call` puts tensors into it, so threads cannot share it."""
        own, key = vars(self._own), f"{device} {training}"
        if key not in own:
            own[key] = fresh(self.build, 0, n_inputs=self.n_inputs).to(device).train(training)
        module: nn.Module = own[key]
        return module

    def forward(
        self,
        module: nn.Module,
        trained: Tensors,
        carried: Tensors,
        *,
        x: Tensor,
        generator: torch.Generator | None = None,
    ) -> tuple[Tensor, Tensors]:
        """Return the outputs (m, k, n) of rows x (m, n, d), and what the models carry on.

        Raises
        ------
        TrainingError
            E511 where the user's code raises: on these rows, as it did not on those of the probe.
        """
        try:
            return self._forward(module, trained, carried, x=x, generator=generator)
        except (MemoryError, torch.OutOfMemoryError):
            raise
        except Exception as error:
            if self.file is None or "alloc" in str(error):  # PyTorch has no type for the processor's memory
                raise
            raise TrainingError(
                "E511",
                f"the network raises while it is trained: {said(error)}",
                fix=f"repair it there: it has to take any {self.n_inputs} standardized numbers",
                **lines_of(error, self.file),
            ) from error

    def _forward(
        self,
        module: nn.Module,
        trained: Tensors,
        carried: Tensors,
        *,
        x: Tensor,
        generator: torch.Generator | None,
    ) -> tuple[Tensor, Tensors]:
        dtypes = {part.name: part.dtype for part in self.layout.carried}

        def one(trained: Tensors, carried: Tensors, x: Tensor) -> tuple[Tensor, Tensors]:
            # Counters lie in the row as floats, which are exact up to 2²⁴.
            values = trained | {
                name: tensor if dtypes[name].is_floating_point else tensor.to(dtypes[name])
                for name, tensor in carried.items()
            }
            outputs = columns(functional_call(module, values, (x.clone(),)))  # it may write into its rows
            return outputs.T, {name: values[name].to(tensor.dtype) for name, tensor in carried.items()}

        if not self.batched:
            return _one_by_one(one, trained, carried, x=x, generator=generator)
        shared = x.stride(0) == 0  # all models see the same rows: the first layer can use that
        both: tuple[Tensor, Tensors] = vmap(one, in_dims=(0, 0, None if shared else 0), randomness="same")(
            trained, carried, x[0] if shared else x
        )
        return both

    def _evaluated(self, parameters: Tensor, x: Tensor) -> Tensor:
        trained, carried = (views(parameters, parts) for parts in (self.layout.trained, self.layout.carried))
        module = self.module(parameters.device, training=False)
        if not self.random:
            return self.forward(module, trained, carried, x=x)[0]
        with drawing(parameters.device, 0) as generator:  # dropout is off; what a user draws may not be
            return self.forward(module, trained, carried, x=x, generator=generator)[0]


class AnyProgram:
    """The gradient of m modules, by automatic differentiation."""

    def __init__(self, network: AnyNetwork, parameters: Tensor, gradient: Tensor, *, training: bool) -> None:
        layout, self._network = network.layout, network
        self._device = parameters.device
        self._module = network.module(self._device, training=training)
        rows = parameters.detach()
        self._trained = {name: view.requires_grad_() for name, view in views(rows, layout.trained).items()}
        self._carried, self._gradients = views(rows, layout.carried), views(gradient, layout.trained)
        # The seed follows from the start of the first model, which is the same in all arms.
        self._draws: int | Tensor = zlib.crc32(rows[0].cpu().numpy().tobytes()) if network.random else 0

    def write_gradient(self, task: Task, x: Tensor, y: Tensor) -> None:
        """Write the gradient of the mean loss on rows x (m, n, d), y (m, n), and carry on what is carried."""
        with torch.enable_grad():
            outputs, carried = self._forward(x)
        back = slope(task, outputs.detach(), y) / y.shape[1]
        leaves = list(self._trained.values())
        gradients = torch.autograd.grad(outputs, leaves, back, allow_unused=True, materialize_grads=True)
        for view, gradient in zip(self._gradients.values(), gradients, strict=True):
            view.copy_(gradient)
        for name, tensor in carried.items():
            self._carried[name].copy_(tensor.detach())

    def _forward(self, x: Tensor) -> tuple[Tensor, Tensors]:
        # Copies: a module may write into what it carries, while the graph still needs the old values.
        carried = {name: tensor.clone() for name, tensor in self._carried.items()}
        if not self._network.random:
            return self._network.forward(self._module, self._trained, carried, x=x)
        with drawing(self._device, self._draws) as generator:
            both = self._network.forward(self._module, self._trained, carried, x=x, generator=generator)
            self._draws = generator.get_state()
        return both


def fresh(build: Build, seed: int, *, n_inputs: int) -> nn.Module:
    """Build a module from a seed."""
    with drawing(torch.device("cpu"), seed):
        module = build()
        if any(isinstance(parameter, nn.UninitializedParameter) for parameter in module.parameters()):
            with torch.no_grad():
                module(tried_rows(n_inputs))  # lazy layers take their sizes from the first rows they see
    return module


def tried_rows(n_inputs: int) -> Tensor:
    """Return the standard normal rows, (32, d), on which a network is tried."""
    rows = np.random.default_rng(0).standard_normal((TRIED_ROWS, n_inputs))
    return torch.as_tensor(rows, dtype=torch.float32)


def moving(outputs: Tensor, x: Tensor) -> Tensor:
    """Tell which inputs have a nonzero derivative: (…, k, n), (…, n, d) -> (…, d) of bool."""
    # Random weights, so that the derivatives of the outputs do not cancel.
    weights = np.random.default_rng(1).standard_normal(outputs.shape[-2:])
    back = torch.as_tensor(weights).to(outputs).expand_as(outputs)
    if not outputs.requires_grad:
        return torch.zeros_like(x[..., 0, :], dtype=torch.bool)
    (slopes,) = torch.autograd.grad(outputs, [x], back, allow_unused=True, materialize_grads=True)
    return (slopes != 0).any(-2)


def columns(outputs: Tensor) -> Tensor:
    """Return outputs as (n, k): one output may come as (n,)."""
    return outputs[:, None] if outputs.ndim == 1 else outputs


def views(rows: Tensor, parts: Sequence[Part]) -> Tensors:
    """Return each tensor of the models by name, (m, …), without a copy."""
    return {part.name: part.view(rows) for part in parts}


def _one_by_one(
    one: One, trained: Tensors, carried: Tensors, *, x: Tensor, generator: torch.Generator | None
) -> tuple[Tensor, Tensors]:
    """Do what vmap does, in a loop."""
    m = len(x)
    apart = {name: tensor.unbind(0) for name, tensor in (trained | carried).items()}
    state = None if generator is None else generator.get_state()
    results = []
    for model in range(m):
        if generator is not None and state is not None:  # each model draws the same
            generator.set_state(state)
        own = {name: tensors[model] for name, tensors in apart.items()}
        parts = [{name: own[name] for name in part} for part in (trained, carried)]
        results.append(one(parts[0], parts[1], x[model]))
    outputs = torch.stack([outputs for outputs, _ in results])
    return outputs, {name: torch.stack([after[name] for _, after in results]) for name in carried}
