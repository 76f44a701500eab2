"""Where the tensors of any module lie in a model's row of numbers, and which of them are penalized."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from math import prod

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase

from regchoose.errors import UsageError, Word, setting
from regchoose.training.cache_lines import in_lines

NORMALIZATIONS = (_NormBase, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm)
MOST_NAMES = 12  # listed in an error


@dataclass(frozen=True)
class Part:
    """A tensor of the module: its name, its shape, and where it begins in a row."""

    name: str
    shape: tuple[int, ...]
    dtype: torch.dtype
    start: int

    @property
    def end(self) -> int:
        """Where the next one begins."""
        return self.start + prod(self.shape)

    def view(self, rows: Tensor) -> Tensor:
        """(m, p) -> (m, …), without a copy."""
        return rows[:, self.start : self.end].view(len(rows), *self.shape)


@dataclass(frozen=True)
class Layout:
    """The tensors of a model, in the order of its row.

    Parameters
    ----------
    penalized, free : tuple of Part
        What is trained, with and without a penalty.
    carried : tuple of Part
        What belongs to a model and is not trained: running statistics, frozen or random tensors. Their
        gradient is zero, and then Adam changes no bit of them.
    """

    penalized: tuple[Part, ...]
    free: tuple[Part, ...]
    carried: tuple[Part, ...]

    @property
    def trained(self) -> tuple[Part, ...]:
        """What has a gradient."""
        return self.penalized + self.free

    @property
    def n_penalized(self) -> int:
        """Penalized numbers; they come first."""
        return self.penalized[-1].end

    @property
    def n_parameters(self) -> int:
        """Numbers in a row: whole cache lines, as in `Mlp`."""
        used = (self.trained + self.carried)[-1].end
        return in_lines(used)


def lay_out(module: nn.Module, *, carried: Iterable[str], penalize: Sequence[str]) -> Layout:
    """Give every tensor of a module its place.

    Parameters
    ----------
    carried : iterable of str
        Names of the untrained tensors that differ between models.
    penalize : sequence of str
        Patterns of the names to penalize; without any, all weights of two and more dimensions.

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
    weights = _weights(module, trained)
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
    parts, start = [], 0
    for name in order:
        parts.append(Part(name, tuple(tensors[name].shape), tensors[name].dtype, start))
        start = parts[-1].end
    first, second = len(chosen), len(trained)
    return Layout(tuple(parts[:first]), tuple(parts[first:second]), tuple(parts[second:]))


def untrained(module: nn.Module) -> dict[str, Tensor]:
    """Return frozen parameters and buffers by name."""
    frozen = {name: tensor for name, tensor in module.named_parameters() if not tensor.requires_grad}
    return frozen | dict(module.named_buffers())


def normalizations(module: nn.Module) -> tuple[str, ...]:
    """Return the names of the normalization layers."""
    return tuple(name for name, layer in module.named_modules() if isinstance(layer, NORMALIZATIONS))


def flat(module: nn.Module, layout: Layout) -> Tensor:
    """Write a module's tensors into a row: (p,)."""
    tensors = dict(module.named_parameters()) | dict(module.named_buffers())
    row = torch.zeros(layout.n_parameters, dtype=torch.float64)
    for part in layout.trained + layout.carried:
        row[part.start : part.end] = tensors[part.name].detach().reshape(-1)
    return row


def _weights(module: nn.Module, trained: Mapping[str, Tensor]) -> list[str]:
    """Return the trained parameters that are neither biases nor of a normalization."""
    inside = {
        f"{layer}.{name}".lstrip(".") for layer in normalizations(module) for name in _own(module, layer)
    }
    return [name for name in trained if name not in inside and "bias" not in name.rpartition(".")[2]]


def _own(module: nn.Module, layer: str) -> list[str]:
    return [name for name, _ in module.get_submodule(layer).named_parameters()]


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
