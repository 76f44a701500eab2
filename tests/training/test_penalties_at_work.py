"""Laws that every penalty obeys in training, whatever the task."""

import numpy as np
import pytest

from regchoose.records.experiment import Penalties
from regchoose.records.words import Float, Task
from regchoose.training.block import BlockResult
from regchoose.training.train import train
from tests.training.problems import TASKS, block_result, cell, points, training

NONE = (0.0, 0.0)
KINDS = {"l1": (1.0, 0.0), "l2": (0.0, 1.0), "both": (0.5, 0.5)}
# Models of one block share matrix products, whose last digit depends on a model's place in memory.
ROUNDING = 2e-4


def result(
    task: Task, penalties: Penalties, *, hidden: tuple[int, ...] = (6,), epochs: int = 30
) -> BlockResult:
    return block_result(training(task, hidden=hidden, epochs=epochs), [cell(task)], penalties)


def along(kind: str, strengths: list[float]) -> Penalties:
    l1, l2 = KINDS[kind]
    return points(*[(l1 * s, l2 * s) for s in strengths])


def norms(weights: Float) -> Float:
    """Σ|w| and Σw² of each model of the first cell: (2, m)."""
    return np.stack([np.abs(weights[0]).sum(1), np.square(weights[0]).sum(1)])


@pytest.mark.parametrize("task", TASKS)
def test_zero_strength_is_the_baseline_bit_for_bit(task: Task) -> None:
    """In the same place its bits are the baseline's, whatever penalties stand beside it."""
    baseline = result(task, points(NONE, NONE, NONE), hidden=(16, 16))
    among = result(task, points((0.1, 0), NONE, (0, 0.1)), hidden=(16, 16))
    assert among.weights[0, 1].tobytes() == baseline.weights[0, 1].tobytes()
    assert among.losses["test"][0, 1].tobytes() == baseline.losses["test"][0, 1].tobytes()
    assert (among.weights[0, [0, 2]] != baseline.weights[0, [0, 2]]).any(1).all()


@pytest.mark.parametrize("task", ["regression", "multiclass"])
def test_places_of_a_block_are_equal_bit_for_bit(task: Task) -> None:
    """Rows of whole cache lines are rounded alike wherever they lie."""
    cells = [cell(task, n=64, d=16)]
    twins = block_result(
        training(task, hidden=(16, 16), n=64, batch=16, d=16), cells, points(NONE, NONE, NONE)
    )
    assert len({twins.weights[0, place].tobytes() for place in range(3)}) == 1


@pytest.mark.parametrize("task", TASKS)
def test_zero_strength_is_the_baseline(task: Task) -> None:
    """Wherever it stands: among other penalties, at other places of the block, in another block."""
    cells = [cell(task, seed=seed) for seed in range(2)]
    baseline = train(training(task), cells, points(NONE))
    among = train(training(task), cells, points((0.1, 0), NONE, (0, 0.1), (0.1, 0.1), NONE))
    for name, losses in baseline.losses.items():
        for place in (1, 4):
            np.testing.assert_allclose(among.losses[name][:, place], losses[:, 0], rtol=ROUNDING)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_strength_moves_the_weights(task: Task, kind: str) -> None:
    weights = result(task, along(kind, [0.0, 0.01, 0.1])).weights[0]
    for model in (1, 2):
        assert np.median(np.abs(weights[model] - weights[0])) > 1e-4
        assert (weights[model] != weights[0]).mean() > 0.9


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_norms_fall_as_the_strength_grows(task: Task, kind: str) -> None:
    sizes = norms(result(task, along(kind, [0.0, 0.003, 0.01, 0.03])).weights)
    assert (np.diff(sizes, axis=1) < 0).all(), sizes


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("hidden", [(), (6,), (5, 4, 3)], ids=str)
def test_a_huge_strength_leaves_no_weight(task: Task, hidden: tuple[int, ...]) -> None:
    huge = result(task, points((1e9, 0), (1e9, 1e9), (0, 1e9)), hidden=hidden, epochs=60)
    assert (huge.weights[0, :2] == 0).all()
    assert (huge.nonzero_share[0, :2, -1] == 0).all()
    assert (huge.nonzero_inputs[0, :2, -1] == 0).all()
    assert np.abs(huge.weights[0, 2]).max() < 1e-2
    assert not huge.failed.any()


@pytest.mark.parametrize("task", TASKS)
def test_a_huge_strength_leaves_the_biases_free(task: Task) -> None:
    """Without weights, what the biases can still learn is the mean or the class shares."""
    data = cell(task)
    plan = training(task, epochs=60, lr=0.05)
    loss = block_result(plan, [data], points((1e9, 0))).losses["train"][0, 0, -1]
    shares = np.bincount(data.y.astype(int)) / len(data.y) if task != "regression" else None
    wanted = data.y.var() if shares is None else -(shares * np.log(shares)).sum()
    assert loss == pytest.approx(wanted, rel=0.02)


@pytest.mark.parametrize("task", TASKS)
def test_elastic_net_ends_at_l1_and_l2(task: Task) -> None:
    """The points (s·(1 − alpha), s·alpha) of alpha 0 and 1 are L1 and L2."""
    s = 0.03
    mixes = points(*[(s * (1 - alpha), s * alpha) for alpha in (0.0, 0.5, 1.0)])
    mixed = result(task, mixes)
    for model, point in ((0, (s, 0.0)), (2, (0.0, s))):
        alone = result(task, points(point))
        for name, losses in alone.losses.items():
            np.testing.assert_allclose(mixed.losses[name][:, model], losses[:, 0], rtol=ROUNDING)


@pytest.mark.parametrize("task", TASKS)
def test_a_model_alone_is_the_model_in_a_batch(task: Task) -> None:
    penalties = points(NONE, (0.05, 0), (0, 0.05), (0.02, 0.02))
    cells = [cell(task, seed=seed) for seed in range(3)]
    batch = train(training(task, epochs=4), cells, penalties)
    for c in range(3):
        for m in range(len(penalties)):
            one = Penalties(penalties.l1[m : m + 1], penalties.l2[m : m + 1])
            alone = train(training(task, epochs=4), cells[c : c + 1], one)
            for name, losses in alone.losses.items():
                np.testing.assert_allclose(batch.losses[name][c, m], losses[0, 0], rtol=ROUNDING)


@pytest.mark.parametrize("task", TASKS)
def test_l1_gives_exact_zeros_and_l2_none(task: Task) -> None:
    trained = result(task, points(NONE, (0.03, 0), (0, 0.03)), epochs=60)
    zeros = (trained.weights[0] == 0).mean(1)
    assert zeros[1] > 0.2
    assert zeros[0] == zeros[2] == 0
    np.testing.assert_allclose(trained.nonzero_share[0, :, -1], 1 - zeros, atol=1e-6)
    first_layer = trained.weights[0].reshape(3, -1)[:, : 6 * 4].reshape(3, 6, 4)
    assert trained.nonzero_inputs[0, :, -1].tolist() == (first_layer != 0).any(1).sum(1).tolist()


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize(("hidden", "share"), [((), 0.01), ((6,), 0.3)], ids=["convex", "hidden layer"])
def test_training_ends_near_a_stationary_point(task: Task, hidden: tuple[int, ...], share: float) -> None:
    """Zero weights have |∂loss| ≤ l1, and the slope at the others balances the penalty, up to a share of it.

    With a hidden layer the loss has kinks, and a minimum on a kink has no slope that balances.
    """
    penalties = points((0.05, 0), (0, 0.05), (0.05, 0.05))
    starts, ends = (
        block_result(training(task, hidden=hidden, epochs=epochs, batch=60, lr=0.03), [cell(task)], penalties)
        for epochs in (1, 600)
    )
    assert (ends.stationarity < share * 0.05).all(), ends.stationarity
    assert (ends.stationarity < 0.2 * starts.stationarity).all()
    assert (ends.weights[0, 0] == 0).any()
