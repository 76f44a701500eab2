"""A small convolutional network for digits.csv, and the pattern for your own.

    regchoose recommend data/digits.csv --network data/digits_network.py:Digits

A network is any class or function `(n_inputs, n_outputs, **options)` that gives a `torch.nn.Module`. It is
handed rows of `n_inputs` standardized numbers, (n, n_inputs), and puts out (n, n_outputs): one logit a class,
or one number where there are two classes or the target is a number. Options come from `--network-options
channels=16`, or from a table `[network_options]` of the configuration file. A network with a parameter
`input_names` is told what its inputs are: columns without information are left out before it sees the rows.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

SIDE = 8


class Digits(nn.Module):
    """Two convolutions that halve the picture, and a linear layer.

    Parameters
    ----------
    n_inputs, n_outputs : int
        Pixels that are not constant, and classes.
    input_names : sequence of str
        Names of the pixels, such as pixel_2_7: row and column.
    channels : int
        Of the first convolution; the second has twice as many.
    """

    def __init__(
        self, n_inputs: int, n_outputs: int, *, input_names: Sequence[str], channels: int = 8
    ) -> None:
        super().__init__()
        source = torch.full((SIDE * SIDE,), n_inputs)  # the number behind the last one is 0
        for place, name in enumerate(input_names):
            _, row, column = name.split("_")
            source[SIDE * int(row) + int(column)] = place
        self.register_buffer("source", source)
        self.conv1 = nn.Conv2d(1, channels, 3, stride=2, padding=1)
        self.conv2 = nn.Conv2d(channels, 2 * channels, 3, stride=2, padding=1)
        self.head = nn.Linear(2 * channels * (SIDE // 4) ** 2, n_outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits: (n, n_inputs) -> (n, n_outputs)."""
        pixels = nn.functional.pad(x, (0, 1))[:, self.source]
        picture = pixels.unflatten(1, (1, SIDE, SIDE))
        picture = torch.relu(self.conv1(picture))
        picture = torch.relu(self.conv2(picture))
        logits: Tensor = self.head(picture.flatten(1))
        return logits
