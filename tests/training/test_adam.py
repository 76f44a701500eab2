"""The optimizer against torch.optim.Adam, step by step."""

import numpy as np
import pytest
import torch

from regchoose.training.adam import Adam, step_rates
from regchoose.training.penalty import PenaltyTensors
from regchoose.training.schedule import make_schedule
from tests.training.problems import stacked, step_rates_at

M, WEIGHTS, BIASES = 3, 6, 2
P = WEIGHTS + BIASES


def gradients(parameters: torch.Tensor, count: int) -> torch.Tensor:
    """Gradient (m, p) of a loss that moves with the step, as batches move it."""
    target = torch.tensor(np.random.default_rng(count).standard_normal(P))
    return 2 * (parameters - target)


def walk(l1: torch.Tensor, l2: torch.Tensor, *, steps: int, lr: float = 0.05) -> list[torch.Tensor]:
    """The parameters after each step."""
    start = torch.tensor(np.random.default_rng(99).standard_normal((M, P)))
    parameters = stacked(start, WEIGHTS)
    adam = Adam.start(parameters, PenaltyTensors(l1, l2))
    path = []
    for count in range(1, steps + 1):
        gradient = stacked(gradients(parameters.rows(), count), WEIGHTS)
        adam.step_(parameters, gradient, step_rates_at(lr / count, count, like=start))
        path.append(parameters.rows())
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
    """A model without a penalty takes the same steps beside penalized ones as beside others without."""
    rng = np.random.default_rng(0)
    start = torch.tensor(rng.standard_normal((M, P)), dtype=torch.float32)
    zero, some = torch.zeros(M), torch.tensor([0.0, *[0.3] * (M - 1)])
    alone, beside = stacked(start, WEIGHTS), stacked(start, WEIGHTS)
    adams = Adam.start(alone, PenaltyTensors(zero, zero)), Adam.start(beside, PenaltyTensors(some, some))
    for count in range(1, 30):
        gradient = torch.tensor(rng.standard_normal((M, P)), dtype=torch.float32)
        for adam, parameters in zip(adams, (alone, beside), strict=True):
            adam.step_(parameters, stacked(gradient, WEIGHTS), step_rates_at(0.01, count, like=start))
        first, second = alone.rows(), beside.rows()
        assert first[0].numpy().tobytes() == second[0].numpy().tobytes(), count
        assert not torch.equal(first[1, :WEIGHTS], second[1, :WEIGHTS])


def test_the_rates_of_a_schedule_are_those_of_its_steps() -> None:
    schedule = make_schedule(60, epochs=5, least_steps=0, batch=20, lr=0.01)
    rates = step_rates(schedule, 3)
    assert rates.shape == (15, 3)
    for step in (0, 7, 14):
        wanted = step_rates_at(schedule.rate(step, total=15), step + 1, like=torch.zeros(1).double())
        np.testing.assert_allclose(rates[step], wanted.numpy(), rtol=1e-12)


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
