"""Let methods choose on a task, one after another; in a file of its own, which other processes can import."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from threadpoolctl import threadpool_limits

from tests.benchmarks.calibration.lines import Record
from tests.benchmarks.calibration.tasks import RealTask
from tests.benchmarks.regret import peers
from tests.benchmarks.regret.contest import Contest, Found, Sizes
from tests.benchmarks.regret.earlier_version import earlier_version
from tests.benchmarks.regret.our_rules import OURS, our_rules

EARLIER = "earlier"
PEERS: Mapping[str, Mapping[str, Callable[[Contest, Sizes], Found]]] = {
    "mlp": {
        "adamw": peers.adamw,
        "sklearn_grid": peers.sklearn_grid,
        "skorch_grid": peers.skorch_grid,
        "optuna": peers.optuna_search,
    },
    "linear": {"sklearn": peers.sklearn_linear},
}


@dataclass(frozen=True)
class Contestants:
    """A task, and the methods that have not run on it."""

    task: RealTask
    methods: tuple[str, ...]


def compete(own: Contestants, *, sizes: Sizes, earlier: Path | None = None) -> Record:
    """Let methods choose on a task, one after another, and return what each found."""
    torch.set_num_threads(1)
    with threadpool_limits(1):
        contest = Contest.of(own.task)
        found = dict(_find(contest, own.methods, sizes=sizes, earlier=earlier))
    table, n, draw, network = own.task.key
    return {
        "table": table,
        "n": n,
        "draw": draw,
        "network": network,
        "task": contest.task,
        "inputs": contest.x.shape[1],
        "judged": len(contest.judged_y),
        "loss_null": contest.loss_null,
        "methods": {name: asdict(one) for name, one in found.items()},
    }


def _find(
    contest: Contest, methods: Sequence[str], *, sizes: Sizes, earlier: Path | None
) -> Iterator[tuple[str, Found]]:
    if set(methods) & set(OURS):
        yield from our_rules(contest, sizes).items()
    for name, run in PEERS[contest.source.network].items():
        if name in methods:
            yield name, run(contest, sizes)
    if EARLIER in methods and earlier is not None:
        yield EARLIER, earlier_version(contest, sizes, checkout=earlier)
