"""The convolutional network of PyTorch's layers."""

import numpy as np
import pytest
import torch

from regchoose.errors import UsageError
from regchoose.records.experiment import Penalties
from regchoose.records.table import Image
from regchoose.settings.options import Settings
from regchoose.training.block import CellData
from regchoose.training.device import choose_devices
from regchoose.training.networks.choose import choose_network
from regchoose.training.networks.cnn import build_cnn, cnn_network
from regchoose.training.networks.torch_module import ModuleNetwork
from regchoose.training.schedule import make_schedule
from regchoose.training.train import Training, train

IMAGES = [Image(1, 8, 8), Image(3, 7, 5), Image(1, 1, 1), Image(2, 2, 9), Image(4, 5, 4)]
N_BARS = 320


@pytest.mark.parametrize("image", IMAGES, ids=str)
def test_each_convolution_halves_the_image(image: Image) -> None:
    module = build_cnn(image, (4, 6), 3)
    x = torch.randn(7, image.n_numbers)
    assert module(x).shape == (7, 3)
    assert module[:4](x).shape[1:] == (6, -(-image.height // 4), -(-image.width // 4))


@pytest.mark.parametrize("image", IMAGES, ids=str)
def test_kernels_and_weights_are_penalized_and_biases_are_not(image: Image) -> None:
    network = cnn_network(image, (4, 6), 3)
    assert [slot.name for slot in network.layout.penalized] == ["1.weight", "3.weight", "6.weight"]
    assert [slot.name for slot in network.layout.free] == ["1.bias", "3.bias", "6.bias"]
    assert network.capturable


def data(seed: int) -> CellData:
    """Bars that stand or lie: a pixel alone tells nothing."""
    rng = np.random.default_rng(seed)
    y = np.arange(N_BARS) % 2
    x = rng.normal(0, 0.3, (N_BARS, 8, 8))
    for row, place in enumerate(rng.integers(0, 8, N_BARS)):
        if y[row]:
            x[row, place] += 2
        else:
            x[row, :, place] += 2
    rows, fit = x.reshape(N_BARS, 64).astype(np.float32), slice(0, 256)
    rest = slice(256, None)
    return CellData(rows[fit], y[fit].astype(float), {"test": (rows[rest], y[rest].astype(float))}, seed)


def test_it_learns_and_the_penalties_move_its_weights() -> None:
    schedule = make_schedule(256, epochs=15, least_steps=0, batch=32, lr=0.01)
    training = Training("binary", cnn_network(Image(1, 8, 8), (4, 8), 1), schedule, choose_devices("cpu"))
    points = Penalties(np.array([0.0, 0.01, 0.0, 10.0]), np.array([0.0, 0.0, 0.1, 0.0]))
    found = train(training, [data(0), data(1)], points)
    last = found.losses["test"][:, :, -1]
    assert last[:, 0].max() < 0.2  # a coin has 0.69
    share = found.nonzero_share[:, :, -1]
    assert (share[:, 0] == 1).all()
    assert (share[:, 1] < 0.9).all()
    assert (share[:, 3] == 0).all()
    assert found.nonzero_inputs[0, 3, -1] == 0
    assert not found.failed.any()


def test_named_weights_alone_may_be_penalized() -> None:
    settings = Settings(network="cnn", penalize=("1.*",), network_options={"channels": 5})
    chosen = choose_network(
        settings, input_names=["p"] * 64, task="multiclass", n_classes=3, image=Image(1, 8, 8)
    )
    assert isinstance(chosen, ModuleNetwork)
    assert [part.name for part in chosen.layout.penalized] == ["1.weight"]
    assert chosen.layout.penalized[0].shape == (5, 1, 3, 3)


def test_other_options_and_tables_are_refused() -> None:
    for options in ({"width": 3}, {"channels": 0}, {"channels": True}, {"channels": "8"}):
        settings = Settings(network="cnn", network_options=options)
        with pytest.raises(UsageError, match="wanted channels=N"):
            choose_network(settings, input_names=["p"] * 64, task="binary", n_classes=2, image=Image(1, 8, 8))
    with pytest.raises(UsageError, match="DATA is a table"):
        choose_network(Settings(network="cnn"), input_names=["p"], task="binary", n_classes=2)
