"""Mean losses of models on the same rows, and how sure their differences are."""

from collections.abc import Iterable

import numpy as np

from regchoose.records.words import Float


def compared(losses: Iterable[Float], *, base: int) -> tuple[Float, Float]:
    """Return mean losses (m,), and the standard errors (m,) of their differences from that of one model.

    Parameters
    ----------
    losses : iterable of ndarray (m, n)
        Losses of rows, a chunk of rows at a time.
    base : int
        The place of the model that the others are compared with.
    """
    total, difference, square, count = (np.zeros(()) for _ in range(4))
    for chunk in losses:
        apart = chunk - chunk[base]
        total = total + chunk.sum(1)
        difference, square = difference + apart.sum(1), square + np.square(apart).sum(1)
        count = count + chunk.shape[1]
    variance = np.maximum(square / count - np.square(difference / count), 0.0)
    return np.asarray(total / count), np.asarray(np.sqrt(variance / count))
