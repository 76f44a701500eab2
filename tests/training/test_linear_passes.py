"""Linear models on rows read in chunks: the optimum of the same rows held, to the last digits."""

import numpy as np
import pytest
import torch

from regchoose.records.experiment import Penalties
from regchoose.records.words import Float, Task
from regchoose.training.linear import LinearProblem, solve
from regchoose.training.linear_passes import linear_losses, solve_passing
from regchoose.training.loss import n_outputs
from regchoose.training.paired_difference import compared
from regchoose.training.row_source import Pairs
from tests.training.problems import CPU, TASKS, points, rows

GRID = points((0.0, 0.01), (0.02, 0.0), (0.01, 0.01))


class Chunks:
    """Rows in chunks."""

    def __init__(self, x: Float, y: Float, *, size: int) -> None:
        self._x, self._y, self._size, self.n_inputs = x, y, size, x.shape[1]

    def count(self, *, every: bool) -> int:
        return len(self._y)

    def shuffled(self, *, seed: tuple[int, ...], batch: int, every: bool) -> Pairs:
        raise AssertionError("an exact method has no batches")

    def in_order(self, part: str) -> Pairs:
        for start in range(0, len(self._y), self._size):
            yield self._x[start : start + self._size], self._y[start : start + self._size]


def solved(
    task: Task, chunks: Chunks, *, start: Float | None = None, penalties: Penalties = GRID
) -> tuple[Float, list[Float], bool]:
    steps: list[Float] = []
    u, reached = solve_passing(
        chunks,
        "all",
        penalties,
        task=task,
        n_outputs=n_outputs(task, 3),
        device=CPU,
        start=start,
        moved_to=steps.append,
        passed=lambda: None,
    )
    return u, steps, reached


@pytest.mark.parametrize("task", TASKS)
def test_chunks_give_the_optimum_of_the_whole(task: Task) -> None:
    x, y = rows(task, 130, 4, seed=0)
    whole = torch.as_tensor(np.column_stack([x, np.ones(len(x))]))
    l1, l2 = torch.as_tensor(GRID.l1), torch.as_tensor(GRID.l2)
    held = solve(LinearProblem(task, whole, torch.as_tensor(y), n_outputs(task, 3), l1, l2)).u.numpy()
    u, _, reached = solved(task, Chunks(x, y, size=17))
    assert reached
    np.testing.assert_allclose(u, held, atol=1e-6)  # of several classes, a shift of all intercepts is free
    np.testing.assert_array_equal(u[:, :, :-1] == 0, held[:, :, :-1] == 0)
    problem = LinearProblem(task, whole, torch.as_tensor(y), n_outputs(task, 3), l1, l2)
    chunks = list(linear_losses(Chunks(x, y, size=40), "all", u, task=task, device=CPU))
    losses, errors = compared(chunks, base=1)
    np.testing.assert_allclose(losses, problem.loss(torch.as_tensor(u).flatten(1)).numpy(), rtol=1e-12)
    # The standard error of a mean of paired differences.
    apart = np.hstack(chunks) - np.hstack(chunks)[1]
    np.testing.assert_allclose(errors, apart.std(1) / np.sqrt(len(y)), rtol=1e-9)


@pytest.mark.parametrize("task", TASKS)
def test_the_steps_go_on_from_any_of_them_to_the_same_bits(task: Task) -> None:
    x, y = rows(task, 130, 4, seed=1)
    chunks = Chunks(x, y, size=50)
    u, steps, _ = solved(task, chunks)
    assert steps
    for step in steps:
        np.testing.assert_array_equal(solved(task, chunks, start=step)[0], u)


def test_separable_classes_without_a_penalty_are_said_to_have_no_optimum() -> None:
    x = np.linspace(-1, 1, 40)[:, None]
    none = Penalties(np.zeros(1), np.zeros(1))
    _, _, reached = solved("binary", Chunks(x, (x[:, 0] > 0).astype(float), size=9), penalties=none)
    assert not reached
