"""skorch under GridSearchCV."""

from typing import Any

import torch
from skorch import NeuralNet
from torch import Tensor

from regchoose.records.experiment import Penalties
from regchoose.records.words import Float, Int
from tests.benchmarks.contender import Contender, grid_search
from tests.benchmarks.plain_network import build_network, criterion_of, l1_norm
from tests.benchmarks.work import Work, float32


class PenalizedNet(NeuralNet):  # type: ignore[misc]  # skorch has no types
    """A skorch network with L1, added to the loss as skorch's documentation shows it."""

    def __init__(self, *args: Any, l1: float = 0.0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.l1 = l1

    def get_loss(self, y_pred: Tensor, y_true: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        """Return the mean loss and, where there is one, the penalty."""
        loss: Tensor = super().get_loss(y_pred, y_true, *args, **kwargs)
        return loss + self.l1 * l1_norm(self.module_) if self.l1 else loss


def _skorch_net(work: Work) -> PenalizedNet:
    return PenalizedNet(
        build_network,
        module__n_inputs=work.sheet.x.shape[1],
        module__hidden=work.hidden,
        criterion=criterion_of(work.sheet.task),
        optimizer=torch.optim.Adam,
        optimizer__param_groups=[("*.bias", {"weight_decay": 0.0})],
        lr=work.lr,
        max_epochs=work.epochs,
        batch_size=work.batch,
        iterator_train__shuffle=True,
        iterator_valid__batch_size=1024,
        train_split=None,
        callbacks="disable",
        verbose=0,
    )


def _minus_skorch_loss(net: PenalizedNet, x: Any, y: Any) -> float:
    return -float(net.criterion_(net.forward(x), torch.as_tensor(y)))


def _skorch_point(points: Penalties, place: int) -> dict[str, float]:
    return {"l1": float(points.l1[place]), "optimizer__weight_decay": 2 * float(points.l2[place])}


def _skorch_losses(work: Work, places: Int) -> Float:
    points = [_skorch_point(work.points, place) for place in places]
    y = float32(work.sheet.y)[:, None]
    return grid_search(_skorch_net(work), points, work, y=y, scoring=_minus_skorch_loss)


def _skorch_refit(work: Work, place: int) -> float:
    sheet = work.sheet
    net = _skorch_net(work).set_params(**_skorch_point(work.points, place))
    net.fit(float32(sheet.x), float32(sheet.y)[:, None])
    return -_minus_skorch_loss(net, float32(sheet.fresh_x), float32(sheet.fresh_y)[:, None])


SKORCH = Contender("skorch", _skorch_losses, _skorch_refit)
