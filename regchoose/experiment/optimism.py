"""How much too low the loss of the chosen point is, since its own test rows chose it.

Bootstrap bias correction (Tsamardinos, Greasidou & Borboudakis 2018): rows are drawn again, the choice is
made on those drawn, and judged on those left out.
"""

import numpy as np

from regchoose.experiment.choice import Choice, smooth_checkpoints
from regchoose.records.words import Float

DRAWS = 200


def estimate_optimism(losses: Float, errors: Float, chosen: Choice, *, at_end: bool, seed: int) -> float:
    """Return by how much the chosen point's mean loss is expected to be too low; never under zero.

    Parameters
    ----------
    losses : ndarray (n, m, t)
        The loss of each test row, averaged over the cells that it judged: for each point that could have been
        chosen, at each checkpoint.
    errors : ndarray (m, t)
        What the criterion adds to the mean; it stays as it is.
    chosen : Choice
        Among these points.
    at_end : bool
        Whether the last checkpoint alone may be chosen.

    Notes
    -----
    Where the choice in a draw is the same as on all rows, it adds nothing: the loss of the chosen point on
    the rows left out is subtracted, the mean of which over the draws is its loss on all rows.
    """
    n, m, t = losses.shape
    drawn = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=DRAWS).astype(np.float64)
    flat = losses.reshape(n, m * t)
    criterion = (smooth_checkpoints((drawn @ flat / n).reshape(DRAWS, m, t)) + errors).reshape(DRAWS, m * t)
    if at_end:
        criterion[:, np.arange(m * t) % t != t - 1] = np.inf
    out = (drawn == 0).astype(np.float64)
    left_out = out @ flat / np.maximum(out.sum(1), 1)[:, None]
    again = left_out[np.arange(DRAWS), criterion.argmin(1)]
    return max(0.0, float((again - left_out[:, chosen.point * t + chosen.checkpoint]).mean()))
