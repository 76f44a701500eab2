"""How a plan is cut into blocks: by the plan and the types of device alone, since results depend on it."""

from collections.abc import Mapping
from math import ceil

from regchoose.training.device import Devices
from regchoose.training.networks.network import Network

FLOAT = 4  # bytes
COPIES = 8  # of a model's parameters: gradient, two moments, strengths, workspace
# Bytes that the models of a block fill. On a CPU their activations stay in the cache, which is worth more
# than the few operations that larger blocks save; on a card a stage is one program, unless it is very large.
MOST_BYTES: Mapping[str, int] = {"cpu": 5 * 2**19, "cuda": 8 * 2**30}
FEWEST, MOST = 4, 64  # models of a block on a CPU
MOST_ROW_BYTES = 32 * 2**20  # of the rows of a block's cells on a CPU: they are sent to other processes


def cut_plan(
    network: Network, devices: Devices, *, n_cells: int, n_points: int, batch: int, row_bytes: int
) -> tuple[int, int]:
    """Return how many cells a block holds, and into how many parts the points of the grid are cut.

    Parameters
    ----------
    n_cells, n_points : int
        There is a model for each point in each cell.
    batch : int
        Rows a step.
    row_bytes : int
        Of all cells together.
    """
    most = min(models_a_block(network, batch=batch, device_type=own) for own in devices.types)
    n_parts = ceil(n_points / most)
    least_groups = devices.count  # of cells, so that no card is idle
    if "cpu" in devices.types:
        # An even number of blocks, so that neither of two workers waits long for the other.
        if n_parts % 2 and n_points // (n_parts + 1) >= FEWEST:
            n_parts += 1
        least_groups = max(1, 2 // n_parts, row_bytes // MOST_ROW_BYTES)
    points_a_block = ceil(n_points / n_parts)
    return max(1, min(most // points_a_block, ceil(n_cells / least_groups))), n_parts


def models_a_block(network: Network, *, batch: int, device_type: str) -> int:
    """Return how many models a block is to hold, about, if it trains on `batch` rows a step."""
    activations = FLOAT * network.numbers_a_row * batch
    if device_type == "cpu":
        return min(max(MOST_BYTES["cpu"] // activations, FEWEST), MOST)
    return max(1, MOST_BYTES["cuda"] // (activations + FLOAT * COPIES * network.n_parameters))
