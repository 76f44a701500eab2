"""How many models a block holds: it follows from the plan and the type of device alone, as results must."""

from collections.abc import Mapping

from regchoose.training.networks.network import Network

FLOAT = 4  # bytes
COPIES = 8  # of a model's parameters: gradient, two moments, strengths, workspace
# Bytes that the models of a block fill. On a CPU their activations stay in the cache, which is worth more
# than the few operations that larger blocks save; on a card a stage is one program, unless it is very large.
MOST_BYTES: Mapping[str, int] = {"cpu": 5 * 2**19, "cuda": 8 * 2**30}
FEWEST, MOST = 4, 64  # models of a block on a CPU
MOST_ROW_BYTES = 32 * 2**20  # of the rows of a block's cells on a CPU: they are sent to other processes


def models_a_block(network: Network, *, batch: int, device_type: str) -> int:
    """Return how many models a block is to hold, about, if it trains on `batch` rows a step."""
    activations = FLOAT * network.numbers_a_row * batch
    if device_type == "cpu":
        return min(max(MOST_BYTES["cpu"] // activations, FEWEST), MOST)
    return max(1, MOST_BYTES["cuda"] // (activations + FLOAT * COPIES * network.n_parameters))
