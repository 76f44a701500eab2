"""Any torch module as a network, m of them side by side, by `torch.func`.

What a module updates while it trains, such as running statistics, is part of a model too, behind its
parameters, so models that share a module share no state.
"""

import threading
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.func import functional_call, vmap
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.utils.parametrizations import _SpectralNorm, _WeightNorm
from torch.nn.utils.parametrize import is_parametrized
from torch.nn.utils.spectral_norm import SpectralNorm
from torch.nn.utils.weight_norm import WeightNorm

from regchoose.errors import Phrase, TrainingError, UsageError, Word, setting
from regchoose.records.words import Float, Task
from regchoose.training.deterministic import (
    RowMatrix,
    padded_rows,
    quiet_modules,
    seeded_generator,
)
from regchoose.training.loss import slope
from regchoose.training.networks.network import (
    EVALUATED_ROWS,
    Precision,
    Tensors,
    TensorSlot,
    array_digest,
    consecutive_slots,
    predict_in_chunks,
    rows_by_model,
    to_named_tensors,
)
from regchoose.training.networks.user_network import BuildModule, lines_of_error, short_message
from regchoose.workers.threads import THREAD_PREFIX

TensorDict = dict[str, Tensor]
OneModel = Callable[[TensorDict, TensorDict, Tensor], tuple[Tensor, TensorDict]]

DUMMY_ROWS = 32
WEIGHT_NORMS = (_SpectralNorm, _WeightNorm, SpectralNorm, WeightNorm)
NORMALIZATIONS = (_NormBase, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm)
MOST_NAMES = 12  # listed in an error


# ---- where the tensors of a module lie ---------------------------------------------------------------


@dataclass(frozen=True)
class ModuleLayout:
    """The tensors of a model, in the order of its row.

    The gradient of those that it only carries is zero, so Adam changes no bit of them.
    """

    penalized: tuple[TensorSlot, ...]
    free: tuple[TensorSlot, ...]  # trained too, without a penalty
    carried: tuple[TensorSlot, ...]  # not trained: running statistics, frozen or random tensors

    @property
    def trained(self) -> tuple[TensorSlot, ...]:
        """The tensors that have a gradient."""
        return self.penalized + self.free


def lay_out(
    module: nn.Module, *, carried: Iterable[str], penalize: Sequence[str], unused: Collection[str] = ()
) -> ModuleLayout:
    """Give every tensor of a module its place in a row.

    Parameters
    ----------
    carried : iterable of str
        Names of the untrained tensors that differ between models.
    penalize : sequence of str
        Patterns of the names to penalize; without any, all weights of two and more dimensions.
    unused : collection of str
        Names of parameters that no output depends on. They are not penalized: all of them would be zeros.

    Raises
    ------
    UsageError
        E202 where a pattern matches no weight, E212 where there is nothing to train or to penalize.
    """
    trained = {name: tensor for name, tensor in module.named_parameters() if tensor.requires_grad}
    if not trained:
        raise UsageError(
            "E212", "the network has no parameters to train", fix="make its layers attributes of the module"
        )
    weights = [name for name in _weights(module, trained) if name not in unused]
    chosen = _matching(weights, penalize) if penalize else [n for n in weights if trained[n].ndim > 1]
    if not chosen:
        raise UsageError(
            "E212",
            "the network has no weights to penalize: no trained parameter of two or more dimensions",
            detail=[f"trained: {_listed(trained)}"],
            fix=setting(penalize=[Word(next(iter(weights), "NAME"))]) + ", or a network with torch.nn.Linear",
        )
    tensors = trained | {name: tensor for name, tensor in untrained(module).items() if name in set(carried)}
    order = [*chosen, *(n for n in trained if n not in chosen), *(n for n in tensors if n not in trained)]
    slots = consecutive_slots((name, tuple(tensors[name].shape), tensors[name].dtype) for name in order)
    first, second = len(chosen), len(trained)
    return ModuleLayout(slots[:first], slots[first:second], slots[second:])


def untrained(module: nn.Module) -> dict[str, Tensor]:
    """Return frozen parameters and buffers by name."""
    frozen = {name: tensor for name, tensor in module.named_parameters() if not tensor.requires_grad}
    return frozen | dict(module.named_buffers())


def _weights(module: nn.Module, trained: Mapping[str, Tensor]) -> list[str]:
    """Return the trained parameters that are neither biases nor of a normalization."""
    layers = [layer for layer in module.modules() if isinstance(layer, NORMALIZATIONS)]
    inside = {id(tensor) for layer in layers for tensor in layer.parameters()}
    named = [name for name, tensor in trained.items() if id(tensor) not in inside]
    return [name for name in named if "bias" not in name.rpartition(".")[2]]


def _matching(weights: Sequence[str], patterns: Sequence[str]) -> list[str]:
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in weights):
            raise UsageError(
                "E202",
                setting(penalize=[pattern]) + f" matches none of the network's weights: {_listed(weights)}",
                where=setting("penalize"),
                detail=["biases and normalizations are never penalized"],
                fix=setting(penalize=[weights[0]]) if weights else "leave " + setting("penalize") + " out",
            )
    return [name for name in weights if any(fnmatchcase(name, pattern) for pattern in patterns)]


def _listed(names: Iterable[str]) -> str:
    some = list(names)
    more = f", … ({len(some)} in all)" if len(some) > MOST_NAMES else ""
    return ", ".join(some[:MOST_NAMES]) + more


# ---- the network -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ModuleNetwork:
    """Models of one module; see `regchoose.training.networks.network.Network`.

    The models of a block draw the same random numbers, so they differ by their penalty and not by luck.
    """

    build: BuildModule  # of a fresh module, from rows (n, n_inputs) to (n, n_outputs), or to (n,) for one
    n_inputs: int
    n_outputs: int
    layout: ModuleLayout  # what a row holds
    numbers_a_row: int  # how many numbers a model keeps for each row of a step, about
    random: bool = False  # whether it draws random numbers while it trains, as dropout does
    unseen: int = 0  # inputs without a derivative, such as codes that are looked up; they count as used
    batched: bool = True  # whether `vmap` can run it; otherwise the models run one after the other
    note: str = ""  # what a reader of the result should know of the training
    warnings: tuple[str, ...] = ()  # and of the network
    file: Path | None = None  # the user's code that builds it
    source: str = ""  # the hash of that
    identity: str = ""  # tells it from other networks, as far as code and arguments do; empty if unknown
    recipe: Mapping[str, Any] | None = None  # how it is rebuilt in another process; see `rebuild`
    _of_thread: threading.local = field(default_factory=threading.local, repr=False, compare=False)

    is_convex: ClassVar[bool] = False
    precision: ClassVar[Precision] = "float32"
    same_in_parts: ClassVar[bool] = False  # nobody knows how its products round
    rows_at_once: ClassVar[int] = EVALUATED_ROWS
    how_to_shrink: ClassVar[Phrase] = Phrase.of("a smaller network")

    @property
    def capturable(self) -> bool:
        """Whether it draws nothing at random, and its models are one program."""
        return self.batched and not self.random

    @property
    def remarks(self) -> tuple[str, ...]:
        """Warnings, and the note."""
        return tuple(filter(None, (*self.warnings, self.note)))

    @property
    def slots(self) -> tuple[TensorSlot, ...]:
        """The tensors of a model, in the order of its row."""
        return self.layout.trained + self.layout.carried

    @property
    def n_parameters(self) -> int:
        """Length of a row, p."""
        return self.slots[-1].end

    @property
    def n_penalized(self) -> int:
        """How many of them, the first ones, are penalized."""
        return self.layout.penalized[-1].end

    def place_rows(self, x: RowMatrix, *, device: torch.device) -> Tensor:
        """Copy rows to a device, without gaps, as a module may need them: (n, d) -> (n, d)."""
        return padded_rows(x, x.shape[1], device=device)

    def initial(self, rng: np.random.Generator) -> Float:
        """Draw one model's parameters, (p,): the module's own initialization, seeded by `rng`."""
        module = build_from_seed(self.build, int(rng.integers(2**63)), n_inputs=self.n_inputs)
        tensors = dict(module.named_parameters()) | dict(module.named_buffers())
        return np.concatenate([tensors[slot.name].detach().double().flatten() for slot in self.slots])

    def outputs(self, tensors: Tensors, x: Tensor) -> Tensor:
        """Return the outputs in evaluation mode of models for their rows: (m, …), (c, n, d) -> (m, k, n)."""
        with torch.no_grad():
            return self._evaluated(tensors, x)

    def program(self, tensors: Tensors, gradients: Tensors, *, n_rows: int) -> "ModuleProgram":
        """Return what writes the gradients of models on n rows a step: (m, …) each.

        A single row is seen in evaluation mode: batch normalization cannot train on one.
        """
        return ModuleProgram(self, tensors, gradients, training=n_rows > 1)

    def nonzero_inputs(self, tensors: Tensors) -> Tensor:
        """Return how many inputs move the outputs of any of the rows tried: (m, …) each -> (m,)."""
        m = len(tensors[0])
        x = dummy_rows(self.n_inputs).to(tensors[0]).repeat(m, 1, 1).requires_grad_()
        with torch.enable_grad():
            outputs = self._evaluated([tensor.detach() for tensor in tensors], x)
        return moving_inputs(outputs, x).sum(1) + self.unseen

    def predict(self, row: NDArray[Any], x: Float, *, device: torch.device) -> Float:
        """Return the outputs of one model, (p,): (n, d) -> (n, k)."""
        return predict_in_chunks(self, row, x, device=device)

    def state_dict(self, row: NDArray[Any]) -> dict[str, NDArray[Any]]:
        """Return the tensors of a model, (p,): tied ones under each name, and constants as they are built."""
        tensors, module = to_named_tensors(self, row), build_from_seed(self.build, 0, n_inputs=self.n_inputs)
        names = {id(own): name for name, own in (*module.named_parameters(), *module.named_buffers())}
        for name, own in module.state_dict(keep_vars=True).items():
            if isinstance(own, Tensor) and name not in tensors:
                tied = tensors.get(names.get(id(own), ""))
                tensors[name] = own.detach().numpy() if tied is None else tied
        return tensors

    def training_context(self) -> AbstractContextManager[object]:
        """Return the context in which it is trained: without its prints, and so on."""
        return quiet_modules()

    def key(self) -> str | None:
        """Return what tells it from other networks: its code, its layout, and a model's initial parameters.

        They are part of it since a network may read weights from a file.
        """
        if not self.identity:
            return None
        # In a thread of this name, what the module prints while it is built is not shown.
        with ThreadPoolExecutor(1, THREAD_PREFIX) as quiet:
            start = quiet.submit(self.initial, np.random.default_rng(0)).result()
        kind = f"{self.layout} {self.random} {self.batched} {self.unseen}"
        return f"{self.identity} {kind} {array_digest(start).hex()}"

    def spec(self) -> Mapping[str, Any]:
        """Return its recipe."""
        if self.recipe is None:
            raise TypeError("nothing says how this module is built in another process")
        return self.recipe

    def module(self, device: torch.device, *, training: bool) -> nn.Module:
        """Return this thread's module: `functional_call` replaces its tensors, so threads share none."""
        modules, key = vars(self._of_thread), f"{device} {training}"
        if key not in modules:
            modules[key] = build_from_seed(self.build, 0, n_inputs=self.n_inputs).to(device).train(training)
        module: nn.Module = modules[key]
        return module

    def apply(
        self,
        module: nn.Module,
        trained: TensorDict,
        carried: TensorDict,
        *,
        x: Tensor,
        generator: torch.Generator | None,
    ) -> tuple[Tensor, TensorDict]:
        """Return the outputs (m, k, n) for the rows of the cells, x (c, n, d), and what the models carry on.

        Raises
        ------
        TrainingError
            E511 where the user's code raises on these rows, though it did not on those it was checked with.
        """
        dtypes = {slot.name: slot.dtype for slot in self.layout.carried}

        def run_model(trained: TensorDict, carried: TensorDict, x: Tensor) -> tuple[Tensor, TensorDict]:
            # Counters lie in the row as floats, which are exact up to 2²⁴.
            values = trained | {
                name: tensor if dtypes[name].is_floating_point else tensor.to(dtypes[name])
                for name, tensor in carried.items()
            }
            outputs = columns(functional_call(module, values, (x.clone(),)))  # it may write into its rows
            return outputs.T, {name: values[name].to(tensor.dtype) for name, tensor in carried.items()}

        m = len(next(iter(trained.values())))
        with self._users_errors():
            if not self.batched:
                return _one_by_one(run_model, trained, carried, x=rows_by_model(x, m), generator=generator)
            shared = len(x) == 1  # all models see the same rows: the first layer can use that
            both: tuple[Tensor, TensorDict] = vmap(
                run_model, in_dims=(0, 0, None if shared else 0), randomness="same"
            )(trained, carried, x[0] if shared else rows_by_model(x, m))
            return both

    @contextmanager
    def _users_errors(self) -> Iterator[None]:
        """Say of an error in the user's code where it is."""
        try:
            yield
        except (MemoryError, torch.OutOfMemoryError):
            raise
        except Exception as error:
            if self.file is None or "alloc" in str(error):  # PyTorch has no type for the processor's memory
                raise
            raise TrainingError(
                "E511",
                f"the network raises while it is trained: {short_message(error)}",
                fix=f"repair it there: it has to take any {self.n_inputs} standardized numbers",
                **lines_of_error(error, self.file),
            ) from error

    def split(self, tensors: Tensors) -> tuple[TensorDict, TensorDict]:
        """Return models' tensors by name: what is trained, and what is carried."""
        named = {slot.name: tensor for slot, tensor in zip(self.slots, tensors, strict=True)}
        trained = {slot.name: named.pop(slot.name) for slot in self.layout.trained}
        return trained, named

    def _evaluated(self, tensors: Tensors, x: Tensor) -> Tensor:
        module = self.module(x.device, training=False)
        with self.drawing(x.device, 0) as generator:  # dropout is off; what a user draws may not be
            return self.apply(module, *self.split(tensors), x=x, generator=generator)[0]

    def drawing(
        self, device: torch.device, seed: int | Tensor
    ) -> AbstractContextManager[torch.Generator | None]:
        """Lend what it draws random numbers from; None where it draws none."""
        return seeded_generator(device, seed) if self.random else nullcontext()


class ModuleProgram:
    """The gradients of m modules, by automatic differentiation."""

    def __init__(
        self, network: ModuleNetwork, tensors: Tensors, gradients: Tensors, *, training: bool
    ) -> None:
        self._network, self._device = network, tensors[0].device
        self._module = network.module(self._device, training=training)
        trained, self._carried = network.split([tensor.detach() for tensor in tensors])
        self._trained = {name: tensor.requires_grad_() for name, tensor in trained.items()}
        self._gradients, _ = network.split(gradients)
        # The seed follows from the start of the first model, which is the same in all arms.
        self._draws: int | Tensor = 0
        if network.random:
            first = torch.cat([tensor[0].detach().flatten() for tensor in tensors])
            self._draws = zlib.crc32(first.cpu().numpy().tobytes())

    def write_gradient(self, task: Task, x: Tensor, y: Tensor) -> None:
        """Write the gradient of the mean loss on the rows of the cells, and update what is carried.

        Rows are x (c, n, d), y (c, n).
        """
        with torch.enable_grad():
            outputs, carried = self._forward(x)
        back = slope(task, outputs.detach(), rows_by_model(y, len(outputs))) / y.shape[1]
        leaves = list(self._trained.values())
        gradients = torch.autograd.grad(outputs, leaves, back, allow_unused=True, materialize_grads=True)
        for view, gradient in zip(self._gradients.values(), gradients, strict=True):
            view.copy_(gradient)
        for name, tensor in carried.items():
            self._carried[name].copy_(tensor.detach())

    def _forward(self, x: Tensor) -> tuple[Tensor, TensorDict]:
        # Copies: a module may write into what it carries, while the graph still needs the old values.
        carried = {name: tensor.clone() for name, tensor in self._carried.items()}
        with self._network.drawing(self._device, self._draws) as generator:
            both = self._network.apply(self._module, self._trained, carried, x=x, generator=generator)
            if generator is not None:
                self._draws = generator.get_state()
        return both


def build_from_seed(build: BuildModule, seed: int, *, n_inputs: int) -> nn.Module:
    """Build a module from a seed."""
    with seeded_generator(torch.device("cpu"), seed):
        module = build()
        if any(isinstance(parameter, nn.UninitializedParameter) for parameter in module.parameters()):
            with torch.no_grad():
                module(dummy_rows(n_inputs))  # lazy layers take their sizes from the first rows they see
    return module


def dummy_rows(n_inputs: int) -> Tensor:
    """Return the standard normal rows, (32, d), on which a network is tried."""
    rows = np.random.default_rng(0).standard_normal((DUMMY_ROWS, n_inputs))
    return torch.as_tensor(rows, dtype=torch.float32)


def moving_inputs(outputs: Tensor, x: Tensor) -> Tensor:
    """Return which inputs have a nonzero derivative: (…, k, n), (…, n, d) -> (…, d) of bool."""
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


def _one_by_one(
    run_model: OneModel,
    trained: TensorDict,
    carried: TensorDict,
    *,
    x: Tensor,
    generator: torch.Generator | None,
) -> tuple[Tensor, TensorDict]:
    """Do what vmap does, in a loop."""
    m = len(x)
    apart = {name: tensor.unbind(0) for name, tensor in (trained | carried).items()}
    state = None if generator is None else generator.get_state()
    results = []
    for model in range(m):
        if generator is not None and state is not None:  # each model draws the same
            generator.set_state(state)
        trained_one, carried_one = (
            {name: apart[name][model] for name in part} for part in (trained, carried)
        )
        results.append(run_model(trained_one, carried_one, x[model]))
    outputs = torch.stack([outputs for outputs, _ in results])
    return outputs, {name: torch.stack([after[name] for _, after in results]) for name in carried}


# ---- inspecting a module -----------------------------------------------------------------------------


def module_network(
    build: BuildModule, *, n_inputs: int, n_outputs: int, penalize: Sequence[str] = ()
) -> ModuleNetwork:
    """Inspect a module, and return its network; `penalize` are patterns of names, see `lay_out`.

    Raises
    ------
    UsageError
        E202, E211 or E212 where the module is not fit.
    """
    first, second = (build_from_seed(build, seed, n_inputs=n_inputs) for seed in (0, 1))
    _refuse_changing(first, second)
    before = {name: tensor.clone() for name, tensor in untrained(first).items()}
    random = _draws_random(first, n_inputs)
    after, other = untrained(first), untrained(second)
    carried = [
        name
        for name, tensor in before.items()
        if not (torch.equal(tensor, after[name]) and torch.equal(tensor, other[name]))
    ]
    unused = _find_unused(second, n_inputs)
    return ModuleNetwork(
        build,
        n_inputs,
        n_outputs,
        lay_out(first, carried=carried, penalize=penalize, unused=unused),
        _count_activations(second, n_inputs),
        random=random,
        unseen=n_inputs - _count_seen(second, n_inputs),
        warnings=tuple(_list_warnings(first, unused)),
    )


def _refuse_changing(first: nn.Module, second: nn.Module) -> None:
    shapes = [
        {name: tensor.shape for name, tensor in (*module.named_parameters(), *module.named_buffers())}
        for module in (first, second)
    ]
    if shapes[0] != shapes[1]:
        raise UsageError(
            "E211",
            "the network has other parameters each time it is built",
            fix="build the same layers whenever the arguments are the same",
        )


def _draws_random(module: nn.Module, n_inputs: int) -> bool:
    """Whether a pass in training mode draws random numbers; it leaves traces in the buffers."""
    with seeded_generator(torch.device("cpu"), 0) as generator, torch.no_grad():
        start = generator.get_state()
        module.train()(dummy_rows(n_inputs))
        return not torch.equal(start, generator.get_state())


def _count_activations(module: nn.Module, n_inputs: int) -> int:
    """Count what its layers put out for a row, with as many slopes, and the copies that autograd keeps."""
    counted = [0]

    def count(_: nn.Module, __: Any, outputs: Any) -> None:
        counted[0] += outputs.numel() if isinstance(outputs, Tensor) else 0

    layers = [layer for layer in module.modules() if not next(layer.children(), None)]
    hooks = [layer.register_forward_hook(count) for layer in layers]
    with seeded_generator(torch.device("cpu"), 0), torch.no_grad():
        module.eval()(dummy_rows(n_inputs))
    for hook in hooks:
        hook.remove()
    return max(n_inputs, 4 * counted[0] // DUMMY_ROWS)


def _count_seen(module: nn.Module, n_inputs: int) -> int:
    """Count the inputs that have a derivative at the initial parameters."""
    x = dummy_rows(n_inputs).requires_grad_()
    with seeded_generator(torch.device("cpu"), 0), torch.enable_grad():
        return int(moving_inputs(columns(module.eval()(x.clone())).T, x).sum())


def _find_unused(module: nn.Module, n_inputs: int) -> tuple[str, ...]:
    """Return the names of the trained parameters that no output depends on, in training or evaluation."""
    unused = {name: tensor for name, tensor in module.named_parameters() if tensor.requires_grad}
    with seeded_generator(torch.device("cpu"), 0), torch.enable_grad():
        for training in (True, False):
            outputs = module.train(training)(dummy_rows(n_inputs))
            if unused and outputs.requires_grad:
                gradients = torch.autograd.grad(outputs.sum(), list(unused.values()), allow_unused=True)
                unused = {
                    name: tensor
                    for (name, tensor), gradient in zip(unused.items(), gradients, strict=True)
                    if gradient is None
                }
    return tuple(unused)


def _list_warnings(module: nn.Module, unused: Sequence[str]) -> Iterator[str]:
    """Say which of its weights a penalty does not make smaller, or would set to zero for nothing."""
    layers = dict(module.named_modules())
    if names := [name for name, layer in layers.items() if isinstance(layer, NORMALIZATIONS)]:
        shown = ", ".join(names[:4]) + ", …" * (len(names) > 4)
        yield (
            f"The network normalizes ({shown}): smaller weights before a normalization leave what comes out "
            "of it as it was, so a penalty on them only rescales them (and so changes the speed of "
            "learning). --penalize can name the weights behind the last normalization."
        )
    if names := [name for name, layer in layers.items() if _normalizes_weights(layer)]:
        yield (
            f"The network normalizes weights ({_listed(names)}): a layer gives the same whatever their size, "
            "so a penalty on them only rescales them. --penalize can name the weights of other layers."
        )
    if unused:
        yield f"No output of the network depends on {_listed(unused)}: they are not penalized."


def _normalizes_weights(layer: nn.Module) -> bool:
    """Whether it has spectral or weight norm, in the present form of either or in the former one."""
    steps = layer.get_submodule("parametrizations").modules() if is_parametrized(layer) else ()
    return any(isinstance(step, WEIGHT_NORMS) for step in (*steps, *layer._forward_pre_hooks.values()))
