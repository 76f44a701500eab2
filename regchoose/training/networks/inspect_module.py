"""Look at a module once, to know how its models lie in rows and what is to be said of them."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn

from regchoose.errors import UsageError
from regchoose.training.networks.any_network import AnyNetwork, Build, columns, fresh, moving, tried_rows
from regchoose.training.networks.module_layout import lay_out, normalizations, untrained
from regchoose.training.networks.randomness import drawing


def any_network(
    build: Build,
    *,
    n_inputs: int,
    n_outputs: int,
    penalize: Sequence[str] = (),
    batched: bool = True,
    note: str = "",
    warnings: Sequence[str] = (),
    file: Path | None = None,
    source: str = "",
) -> AnyNetwork:
    """Return the network of a module's models.

    Parameters
    ----------
    build : callable
        Returns a fresh module.
    penalize : sequence of str
        Patterns of parameter names; see `lay_out`.

    Raises
    ------
    UsageError
        E202, E211 or E212 where the module is not fit.
    """
    first, second = (fresh(build, seed, n_inputs=n_inputs) for seed in (0, 1))
    _refuse_changing(first, second)
    before = {name: tensor.clone() for name, tensor in untrained(first).items()}
    random = _draws(first, n_inputs)
    after, other = untrained(first), untrained(second)
    carried = [
        name
        for name, tensor in before.items()
        if not (torch.equal(tensor, after[name]) and torch.equal(tensor, other[name]))
    ]
    return AnyNetwork(
        build,
        n_inputs,
        n_outputs,
        lay_out(first, carried=carried, penalize=penalize),
        random=random,
        unseen=n_inputs - _seen(second, n_inputs),
        batched=batched,
        note=note,
        warnings=(*warnings, *_of_normalizations(first)),
        file=file,
        source=source,
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


def _draws(module: nn.Module, n_inputs: int) -> bool:
    """Tell whether a pass in training mode draws random numbers; leaves its traces in the buffers."""
    with drawing(torch.device("cpu"), 0) as generator, torch.no_grad():
        start = generator.get_state()
        module.train()(tried_rows(n_inputs))
        return not torch.equal(start, generator.get_state())


def _seen(module: nn.Module, n_inputs: int) -> int:
    """Count the inputs that have a derivative at the start."""
    x = tried_rows(n_inputs).requires_grad_()
    with drawing(torch.device("cpu"), 0), torch.enable_grad():
        return int(moving(columns(module.eval()(x.clone())).T, x).sum())


def _of_normalizations(module: nn.Module) -> tuple[str, ...]:
    names = normalizations(module)
    if not names:
        return ()
    shown = ", ".join(names[:4]) + ", …" * (len(names) > 4)
    return (
        f"The network normalizes ({shown}): smaller weights before a normalization leave what comes out of "
        "it as it was, so a penalty on them only rescales them (and so changes the speed of learning). "
        "--penalize can name the weights behind the last normalization.",
    )
