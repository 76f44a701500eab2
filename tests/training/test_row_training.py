"""Linear models on rows read in chunks: the optimum of the same rows held, to the last digits."""

import numpy as np
import pytest
import torch

from regchoose.records.experiment import Penalties
from regchoose.records.words import Float, Task
from regchoose.refit.train_final import mean_and_paired_error
from regchoose.training.convex_solver import LinearProblem, SolverRows, solve
from regchoose.training.loss import n_outputs
from regchoose.training.networks.linear import Linear, rows_to_matrix
from regchoose.training.penalty import PenaltyTensors
from regchoose.training.row_source import MemoryRows, RowBatches, RowPart, RowSource
from regchoose.training.row_training import RowTraining, TrainingState
from tests.training.problems import CPU, TASKS, points, rows

GRID = points((0.0, 0.01), (0.02, 0.0), (0.01, 0.01))


class Chunks:
    """Rows in chunks."""

    in_memory = False

    def __init__(self, x: Float, y: Float, *, size: int) -> None:
        self._x, self._y, self._size, self.n_inputs = x, y, size, x.shape[1]

    def count(self, part: RowPart) -> int:
        return len(self._y)

    def generator(self, seed: int) -> np.random.Generator:
        raise AssertionError("the solver draws nothing")

    def shuffled(self, part: RowPart, *, seed: int, epoch: int, batch: int) -> RowBatches:
        raise AssertionError("the solver has no batches")

    def in_order(self, part: RowPart) -> RowBatches:
        for start in range(0, len(self._y), self._size):
            yield self._x[start : start + self._size], self._y[start : start + self._size]


def training_on(task: Task, source: RowSource, penalties: Penalties = GRID) -> RowTraining:
    network = Linear(source.n_inputs, n_outputs(task, 3))
    return RowTraining(network, source, "all", task, penalties, None, 0, CPU)


def matrix(state: TrainingState, task: Task) -> Float:
    """Weights and intercepts: (m, k, d + 1)."""
    found: Float = rows_to_matrix(torch.as_tensor(state.parameters), n_outputs=n_outputs(task, 3)).numpy()
    return found


@pytest.mark.parametrize("task", TASKS)
def test_chunks_give_the_optimum_of_the_whole(task: Task) -> None:
    x, y = rows(task, 130, 4, seed=0)
    penalties = PenaltyTensors.of(GRID, device=CPU, dtype=torch.float64)
    problem = LinearProblem(task, SolverRows.of(x, y, device=CPU), n_outputs(task, 3), penalties)
    held = solve(problem).u.numpy()
    state = training_on(task, Chunks(x, y, size=17)).run()
    u = matrix(state, task)
    assert state.converged
    np.testing.assert_allclose(u, held, atol=1e-6)  # of several classes, a shift of all intercepts is free
    np.testing.assert_array_equal(u[:, :, :-1] == 0, held[:, :, :-1] == 0)
    chunks = list(training_on(task, Chunks(x, y, size=40)).losses(state, "all"))
    losses, errors = mean_and_paired_error(chunks, base=1)
    np.testing.assert_allclose(losses, problem.loss(torch.as_tensor(u).flatten(1)).numpy(), rtol=1e-12)
    # The standard error of a mean of paired differences.
    apart = np.hstack(chunks) - np.hstack(chunks)[1]
    np.testing.assert_allclose(errors, apart.std(1) / np.sqrt(len(y)), rtol=1e-9)


@pytest.mark.parametrize("task", TASKS)
def test_rows_in_memory_give_the_bits_of_a_cell(task: Task) -> None:
    x, y = rows(task, 130, 4, seed=0)
    penalties = PenaltyTensors.of(GRID, device=CPU, dtype=torch.float64)
    held = solve(
        LinearProblem(task, SolverRows.of(x, y, device=CPU), n_outputs(task, 3), penalties)
    ).u.numpy()
    np.testing.assert_array_equal(matrix(training_on(task, MemoryRows(x, y)).run(), task), held)


@pytest.mark.parametrize("task", TASKS)
def test_the_steps_go_on_from_any_of_them_to_the_same_bits(task: Task) -> None:
    x, y = rows(task, 130, 4, seed=1)
    training, steps = training_on(task, Chunks(x, y, size=50)), list[TrainingState]()
    end = training.run(reached=steps.append)
    assert steps
    for step in steps:
        again = training.run(TrainingState.from_arrays(step.epoch, step.arrays()))
        np.testing.assert_array_equal(again.parameters, end.parameters)


def test_separable_classes_without_a_penalty_are_said_to_have_no_optimum() -> None:
    x = np.linspace(-1, 1, 40)[:, None]
    none = Penalties(np.zeros(1), np.zeros(1))
    chunks = Chunks(x, (x[:, 0] > 0).astype(float), size=9)
    assert not training_on("binary", chunks, none).run().converged
