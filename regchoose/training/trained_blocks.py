"""Blocks that were trained before: under which key one is looked up, and what of it is stored."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regchoose.records.experiment import Kept
from regchoose.records.words import Arrays
from regchoose.training.block import Block, BlockResult, array_mark
from regchoose.training.networks.any_network import AnyNetwork
from regchoose.training.networks.cnn import Cnn
from regchoose.training.networks.mlp import Mlp
from regchoose.training.networks.network import Network
from regchoose.workers.threads import THREAD_PREFIX

PLAIN = ("nonzero_share", "nonzero_inputs", "stationarity", "failed")
LOSSES, CAPTURED = "losses", "captured"


class Shelf:
    """The places of some blocks among those kept.

    Parameters
    ----------
    kept : Kept, optional
        None: nothing is known, nothing stored.
    blocks : sequence of Block
        All of one network.
    kind : str
        How they are trained.
    kinds : callable
        From a block's position to the kind of processor that trains it: what another kind comes to is
        another thing.
    """

    def __init__(
        self,
        kept: Kept | None,
        blocks: Sequence[Block],
        *,
        kind: str,
        kinds: Callable[[int], str],
    ) -> None:
        network = network_mark(blocks[0].network) if kept is not None and blocks else None
        self._kept = None if network is None else kept
        self._keys = [
            block_key(block, f"{kind} {kinds(position)} {network}")
            for position, block in enumerate(blocks if self._kept is not None else ())
        ]

    def found(self, position: int) -> BlockResult | None:
        """Return what the block at a position came to before; None where that is unknown."""
        stored = None if self._kept is None else self._kept.block(self._keys[position])
        return None if stored is None else from_arrays(*stored)

    def keep(self, position: int, result: BlockResult) -> None:
        """Store what the block at a position came to."""
        if self._kept is not None:
            self._kept.keep_block(self._keys[position], dict(arrays_of(result)), result.note)


def arrays_of(result: BlockResult) -> Iterator[tuple[str, NDArray[Any]]]:
    """Name the arrays of a result; all weights of all models are no longer needed, and large."""
    yield from ((name, getattr(result, name)) for name in PLAIN)
    yield from ((f"{LOSSES}/{name}", losses) for name, losses in result.losses.items())
    for name, cells in result.captured.items():
        yield from ((f"{CAPTURED}/{name}/{cell}", array) for cell, array in enumerate(cells))


def from_arrays(arrays: Arrays, note: str) -> BlockResult | None:
    """Return the result that `arrays_of` took apart; None where something is missing."""
    if not set(PLAIN) <= arrays.keys():
        return None
    losses: dict[str, NDArray[Any]] = {}
    captured: dict[str, tuple[NDArray[Any], ...]] = {}
    for name, array in arrays.items():
        kind, _, rest = name.partition("/")
        if kind == LOSSES:
            losses[rest] = array
        elif kind == CAPTURED:
            own = rest.rpartition("/")[0]
            captured[own] = (*captured.get(own, ()), array)
    share, inputs, stationarity, failed = (arrays[name] for name in PLAIN)
    return BlockResult(
        losses, share, inputs, stationarity, failed, captured, np.empty((*failed.shape, 0)), note
    )


def block_key(block: Block, common: str) -> str:
    """Return the mark of all that a block hangs on.

    Parameters
    ----------
    common : str
        What it shares with the others: network, device, trainer.
    """
    schedule = block.schedule
    said = (common, block.task, block.n_rows, schedule.epochs, schedule.batch, schedule.lr)
    mark = hashlib.sha256(repr(said).encode())
    for numbers in (schedule.checkpoints, block.l1, block.l2, block.capture):
        mark.update(b"none" if numbers is None else array_mark(numbers))
    for cell in block.cells:
        mark.update(cell.mark)
    return mark.hexdigest()


def network_mark(network: Network) -> str | None:
    """Return what tells a network from all others; None where it cannot be told.

    The start of a model stands in it: a network may read weights from a file.
    """
    match network:
        case Mlp(sizes=sizes):
            return f"mlp {sizes}"
        case Cnn():
            return f"cnn {network}"
        case AnyNetwork(identity=identity) if identity:
            with ThreadPoolExecutor(1, THREAD_PREFIX) as quiet:  # in there, what it prints is not shown
                start = quiet.submit(network.initial, np.random.default_rng(0)).result()
            kind = f"{network.layout} {network.random} {network.batched} {network.unseen}"
            return f"{identity} {kind} {array_mark(start).hex()}"
    return None
