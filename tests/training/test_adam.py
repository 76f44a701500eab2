"""The optimizer against torch.optim.Adam, step by step."""

import numpy as np
import pytest
import torch

from regchoose.training.adam import Adam
from regchoose.training.penalty import PenaltyTensors

M, WEIGHTS, BIASES = 3, 6, 2
P = WEIGHTS + BIASES


def gradients(parameters: torch.Tensor, count: int) -> torch.Tensor:
    """Gradient (m, p) of a loss that moves with the step, as batches move it."""
    target = torch.tensor(np.random.default_rng(count).standard_normal(P))
    return 2 * (parameters - target)


def walk(l1: torch.Tensor, l2: torch.Tensor, *, steps: int, lr: float = 0.05) -> list[torch.Tensor]:
    """The parameters after each step."""
    parameters = torch.tensor(np.random.default_rng(99).standard_normal((M, P)))
    adam = Adam.start(parameters, n_penalized=WEIGHTS, penalties=PenaltyTensors(l1, l2))
    path = []
    for count in range(1, steps + 1):
        adam.step_(parameters, gradients(parameters, count), lr=lr / count, count=count)
        path.append(parameters.clone())
    return path


def torch_walk(l2: float, *, steps: int, lr: float = 0.05) -> list[torch.Tensor]:
    """The same with torch.optim.Adam.

    Its `weight_decay` adds weight_decay·w to the gradient. That is the gradient of l2·Σw² for
    weight_decay = 2·l2. (AdamW's weight_decay is no L2 penalty: it never meets the moments.)
    """
    start = torch.tensor(np.random.default_rng(99).standard_normal((M, P)))
    weights, biases = (part.clone().requires_grad_() for part in (start[:, :WEIGHTS], start[:, WEIGHTS:]))
    groups = [{"params": [weights], "weight_decay": 2 * l2}, {"params": [biases], "weight_decay": 0.0}]
    optimizer = torch.optim.Adam(groups, lr=lr)
    path = []
    for count in range(1, steps + 1):
        for group in optimizer.param_groups:
            group["lr"] = lr / count
        whole = gradients(torch.cat([weights, biases], 1).detach(), count)
        weights.grad, biases.grad = whole[:, :WEIGHTS].clone(), whole[:, WEIGHTS:].clone()
        optimizer.step()
        path.append(torch.cat([weights, biases], 1).detach())
    return path


@pytest.mark.parametrize("l2", [0.0, 0.01, 1.0, 100.0])
def test_every_step_is_torchs(l2: float) -> None:
    mine = walk(torch.zeros(M).double(), torch.full((M,), l2).double(), steps=40)
    for count, (own, theirs) in enumerate(zip(mine, torch_walk(l2, steps=40), strict=True), start=1):
        torch.testing.assert_close(own, theirs, rtol=1e-10, atol=1e-12, msg=f"step {count}")


def test_zero_strength_is_an_update_without_any_penalty_bit_for_bit() -> None:
    """The same update written out with no penalty in it."""
    rng = np.random.default_rng(0)
    parameters = torch.tensor(rng.standard_normal((M, P)), dtype=torch.float32)
    plain, mean, square = parameters.clone(), torch.zeros(M, P), torch.zeros(M, P)
    none = PenaltyTensors(torch.zeros(M), torch.zeros(M))
    adam = Adam.start(parameters, n_penalized=WEIGHTS, penalties=none)
    for count in range(1, 30):
        gradient = torch.tensor(rng.standard_normal((M, P)), dtype=torch.float32)
        mean.lerp_(gradient, 1 - 0.9)
        square.mul_(0.999).addcmul_(gradient, gradient, value=1 - 0.999)
        root = (1 - 0.999**count) ** 0.5
        plain.addcdiv_(mean, square.sqrt().add_(1e-8 * root), value=-0.01 * root / (1 - 0.9**count))
        adam.step_(parameters, gradient.clone(), lr=0.01, count=count)
        assert parameters.numpy().tobytes() == plain.numpy().tobytes(), count


def test_each_model_has_its_own_strength() -> None:
    strengths = [0.0, 0.1, 10.0]
    mine = walk(torch.zeros(M).double(), torch.tensor(strengths, dtype=torch.float64), steps=20)[-1]
    for model, l2 in enumerate(strengths):
        torch.testing.assert_close(mine[model], torch_walk(l2, steps=20)[-1][model], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(("l1", "l2"), [(0.5, 0.0), (0.0, 0.5), (0.5, 0.5), (1e9, 0.0), (0.0, 1e9)])
def test_biases_are_not_penalized(l1: float, l2: float) -> None:
    free = walk(torch.zeros(M).double(), torch.zeros(M).double(), steps=20)[-1]
    held = walk(torch.full((M,), l1).double(), torch.full((M,), l2).double(), steps=20)[-1]
    assert torch.equal(free[:, WEIGHTS:], held[:, WEIGHTS:])
    assert not (free[:, :WEIGHTS] == held[:, :WEIGHTS]).any()


def test_the_threshold_is_each_weights_own_step_times_l1() -> None:
    """At the first step √v̂ = |g + l1·sign(w)|, so the step is lr over it and the threshold l1 steps."""
    start = torch.tensor(np.random.default_rng(99).standard_normal((M, P)))
    g, w = gradients(start, 1)[:, :WEIGHTS], start[:, :WEIGHTS]
    lr, l1 = 0.5, 3.0
    eta = lr / ((g + l1 * w.sign()).abs() + 1e-8)
    moved = w - eta * g
    wanted = moved.sign() * (moved.abs() - l1 * eta).clamp_min(0)
    got = walk(torch.full((M,), l1).double(), torch.zeros(M).double(), steps=1, lr=lr)[0][:, :WEIGHTS]
    torch.testing.assert_close(got, wanted, rtol=1e-9, atol=1e-12)
    assert (got[wanted == 0] == 0).all()
    assert 0 < int((got == 0).sum()) < got.numel()


@pytest.mark.parametrize("l1", [0.1, 3.0, 100.0])
def test_no_first_step_moves_a_weight_by_more_than_the_rate(l1: float) -> None:
    """However strong L1 is: weights of small slope must not be gone before the network has learned."""
    start = torch.tensor(np.random.default_rng(99).standard_normal((M, P)))[:, :WEIGHTS]
    got = walk(torch.full((M,), l1).double(), torch.zeros(M).double(), steps=1, lr=0.05)[0][:, :WEIGHTS]
    assert float((got - start).abs().max()) <= 0.05 * (1 + 1e-6)
