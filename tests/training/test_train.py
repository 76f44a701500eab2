"""Blocks, threads, checkpoints, failures and stopping."""

import threading
from collections.abc import Callable
from dataclasses import replace
from itertools import count

import numpy as np
import pytest
import torch

from regchoose.records.words import Task
from regchoose.training import block_size, serialization
from regchoose.training.block import (
    MOST_WEIGHTS,
    Block,
    BlockResult,
    Stopped,
    captured_weights,
)
from regchoose.training.block_training import train_block
from regchoose.training.loss import row_loss
from regchoose.training.schedule import Schedule, make_schedule
from regchoose.training.train import seconds_a_model, train
from tests.training.problems import CPU, TASKS, arrays_of, block_result, cell, points, training

PENALTIES = points((0, 0), (0.05, 0), (0, 0.05))
NETWORKS: list[tuple[int, ...] | None] = [(6,), (), (5, 4), None]


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A block for every cell."""
    monkeypatch.setattr(block_size, "models_a_block", lambda *_, **__: 3)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("hidden", NETWORKS, ids=str)
@pytest.mark.parametrize("task", TASKS)
def test_neither_a_second_run_nor_jobs_change_a_byte(task: Task, hidden: tuple[int, ...] | None) -> None:
    cells = [cell(task, seed=seed) for seed in range(3)]
    first, again, two_jobs = (
        train(training(task, hidden=hidden, jobs=jobs), cells, PENALTIES) for jobs in (1, 1, 2)
    )
    assert arrays_of(first) == arrays_of(again) == arrays_of(two_jobs)


def test_another_seed_gives_another_start_and_order() -> None:
    data = cell("regression")
    losses = [
        train(training("regression"), [c], PENALTIES).losses["test"] for c in (data, replace(data, seed=1))
    ]
    assert not (losses[0] == losses[1]).any()


@pytest.mark.parametrize("hidden", NETWORKS, ids=str)
@pytest.mark.parametrize("task", TASKS)
def test_shapes_and_checkpoints(task: Task, hidden: tuple[int, ...] | None) -> None:
    trained = train(training(task, hidden=hidden), [cell(task, seed=s) for s in range(2)], PENALTIES)
    t = len(trained.checkpoints)
    assert set(trained.losses) - {"errors"} == {"train", "test"}
    assert ("errors" in trained.losses) == (task == "multiclass")
    for part in (*trained.losses.values(), trained.nonzero_share, trained.nonzero_inputs):
        assert part.shape == (2, 3, t)
        assert np.isfinite(part).all()
    assert trained.stationarity.shape == trained.failed.shape == (2, 3)
    assert set(trained.captured) == {"row", "weights"}
    if hidden is not None:
        assert (trained.losses["train"][:, 0, -1] < trained.losses["train"][:, 0, 0]).all()


@pytest.mark.parametrize("n_rows", [1, 20, 100, 130, 1000, 4000])
@pytest.mark.parametrize(
    ("epochs", "least_steps", "batch"), [(60, 600, 128), (1, 0, 128), (1, 37, 1), (5, 0, 9999)]
)
def test_schedule(n_rows: int, epochs: int, least_steps: int, batch: int) -> None:
    schedule = make_schedule(n_rows, epochs=epochs, least_steps=least_steps, batch=batch, lr=0.01)
    steps, rows = schedule.steps(n_rows)
    assert steps * schedule.epochs >= least_steps
    assert schedule.epochs >= epochs
    assert schedule.epochs == epochs or steps * (schedule.epochs - 1) < least_steps, "longer than asked for"
    assert 1 <= rows <= 1.5 * batch
    assert n_rows - steps < steps * rows <= n_rows
    checkpoints = schedule.checkpoints
    assert checkpoints[0] == 1
    assert checkpoints[-1] == schedule.epochs
    assert (np.diff(checkpoints) > 0).all()


def test_row_counts_that_differ_leave_no_trace_of_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
    """The steps do not depend on who shares a block: 191 / 128 is one step an epoch, 192 / 128 two."""
    cells = [cell("regression", n=n, seed=seed) for seed, n in enumerate((192, 191, 192))]
    schedule = Schedule(6, 128, 0.01, np.array([6]))
    losses = []
    for models in (1, 99):
        monkeypatch.setattr(block_size, "models_a_block", lambda *_, of=models, **__: of)
        losses.append(
            train(replace(training("regression"), schedule=schedule), cells, PENALTIES).losses["test"]
        )
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-4)


@pytest.mark.parametrize("models", [1, 5, 8, 40])
def test_a_plan_comes_to_the_same_bytes_however_it_is_cut(
    models: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cells and penalties are cut: neither order nor digits follow from it."""
    monkeypatch.setattr(block_size, "models_a_block", lambda *_, **__: models)
    trained_blocks = list[Block]()

    def noting(block: Block, device: torch.device, *, stop: Callable[[], bool]) -> BlockResult:
        trained_blocks.append(block)
        return train_block(block, device, stop=stop)

    monkeypatch.setattr(serialization, "train_block", noting)
    cells = [cell("regression", seed=seed) for seed in range(3)]
    penalties = points(*[(0.01 * i, 0.02 * i) for i in range(13)])
    cut = train(training("regression"), cells, penalties)
    assert max(block.n_models for block in trained_blocks) <= max(models, len(penalties))
    assert sum(block.n_models for block in trained_blocks) == 3 * 13
    assert len(trained_blocks) > 1
    monkeypatch.undo()
    assert arrays_of(cut) == arrays_of(train(training("regression"), cells, penalties))


@pytest.mark.parametrize("task", TASKS)
def test_losses_of_rows_have_the_recorded_mean(task: Task) -> None:
    trained = train(training(task), [cell(task, seed=seed) for seed in range(2)], PENALTIES)
    for c, losses in enumerate(trained.captured["row"]):
        assert losses.shape == (3, len(trained.checkpoints), 30)
        np.testing.assert_allclose(losses.mean(2), trained.losses["test"][c], rtol=1e-5)


@pytest.mark.parametrize("hidden", [(6,), None])
@pytest.mark.parametrize("task", TASKS)
def test_drawn_outputs_and_weights_are_those_of_each_checkpoint(
    task: Task, hidden: tuple[int, ...] | None
) -> None:
    cells = [cell(task, seed=seed) for seed in range(2)]
    cells = [replace(data, drawn=data.eval_sets["test"][0][:7]) for data in cells]
    trained = train(training(task, hidden=hidden), cells, PENALTIES)
    for c, data in enumerate(cells):
        drawn, y = trained.captured["drawn"][c], torch.tensor(data.eval_sets["test"][1][:7])
        for checkpoint in range(len(trained.checkpoints)):
            loss = row_loss(task, torch.tensor(drawn[:, checkpoint]), y.expand(3, -1)).numpy()
            recorded = trained.captured["row"][c][:, checkpoint, :7]
            np.testing.assert_allclose(loss, recorded, rtol=1e-4, atol=1e-5)
        nonzero = (trained.captured["weights"][c] != 0).mean(2)
        np.testing.assert_allclose(nonzero, trained.nonzero_share[c], rtol=1e-6)


def test_errors_are_counted_where_there_are_several_classes() -> None:
    data = cell("multiclass")
    data = replace(data, drawn=data.eval_sets["test"][0])
    trained = train(training("multiclass"), [data], PENALTIES)
    wrong = trained.captured["drawn"][0].argmax(2) != data.eval_sets["test"][1]
    np.testing.assert_allclose(trained.losses["errors"][0], wrong.mean(2))


def test_of_a_cell_that_is_not_watched_only_test_rows_are_recorded() -> None:
    data = replace(cell("regression"), watched=False, drawn=cell("regression").x[:3])
    trained = train(training("regression"), [data], PENALTIES)
    assert set(trained.losses) == {"test"}
    assert set(trained.captured) == {"row"}


def test_of_many_weights_some_are_kept_evenly() -> None:
    few, many = captured_weights(123), captured_weights(7 * MOST_WEIGHTS + 5)
    assert few.tolist() == list(range(123))
    assert len(many) == MOST_WEIGHTS
    assert set(np.diff(many)) == {7, 8}


def test_a_model_that_diverges_is_marked_and_its_neighbours_are_untouched() -> None:
    cells = [cell("regression", seed=seed) for seed in range(3)]
    huge = {name: (x, y * 1e30) for name, (x, y) in cells[1].eval_sets.items()}
    wild = replace(cells[1], y=cells[1].y * 1e30, eval_sets=huge)
    calm, mixed = (
        block_result(training("regression"), [cells[0], middle, cells[2]], PENALTIES)
        for middle in (cells[1], wild)
    )
    assert mixed.failed.tolist() == [[False] * 3, [True] * 3, [False] * 3]
    assert not calm.failed.any()
    for c in (0, 2):
        assert calm.weights[c].tobytes() == mixed.weights[c].tobytes()
        for name, losses in calm.losses.items():
            assert losses[c].tobytes() == mixed.losses[name][c].tobytes()
        assert calm.stationarity[c].tobytes() == mixed.stationarity[c].tobytes()


def test_one_diverging_model_of_a_cell_leaves_the_others_alone() -> None:
    data = [cell("regression")]
    mixed = block_result(training("regression"), data, points((0, 0), (0, np.inf), (0.05, 0)))
    calm = block_result(training("regression"), data, points((0, 0), (0, 0.1), (0.05, 0)))
    assert mixed.failed.tolist() == [[False, True, False]]
    for m in (0, 2):
        assert calm.weights[0, m].tobytes() == mixed.weights[0, m].tobytes()


@pytest.mark.parametrize("hidden", [(6,), None], ids=["mlp", "linear"])
def test_stop_raises_stopped(hidden: tuple[int, ...] | None) -> None:
    plan, data = training("regression", hidden=hidden), cell("regression")
    block = Block([data], PENALTIES, "regression", plan.network, plan.schedule)
    with pytest.raises(Stopped):
        train_block(block, CPU, stop=lambda: True)


def test_stop_is_asked_every_epoch() -> None:
    plan, data = training("regression"), cell("regression")
    block = Block([data], PENALTIES, "regression", plan.network, plan.schedule)
    asked = count()
    train_block(block, CPU, stop=lambda: next(asked) < 0)
    assert next(asked) == plan.schedule.epochs


@pytest.fixture
def two_threads() -> None:
    torch.set_num_threads(2)


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize("fails", [False, True])
def test_the_number_of_threads_is_put_back(*, fails: bool) -> None:
    inside = []

    def advanced(_: int) -> None:
        inside.append(torch.get_num_threads())
        if fails:
            raise ValueError

    try:
        train(training("regression"), [cell("regression")], PENALTIES, advanced=advanced)
    except ValueError:
        assert fails
    after = torch.get_num_threads()
    torch.set_num_threads(1)
    assert (inside, after) == ([1], 2)


@pytest.mark.usefixtures("small_blocks")
def test_advanced_counts_models() -> None:
    seen: list[int] = []
    cells = [cell("regression", seed=seed) for seed in range(4)]
    train(training("regression", epochs=1, jobs=2), cells, PENALTIES, advanced=seen.append)
    assert seen == [3, 6, 9, 12]


@pytest.mark.usefixtures("small_blocks")
def test_an_interrupt_ends_the_running_blocks_and_starts_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """One block is short; the others would take minutes."""
    stopped: list[int] = []

    def by_length(block: Block, device: torch.device, *, stop: Callable[[], bool]) -> BlockResult:
        seed = block.cells[0].seed
        epochs = 1 if seed == 0 else 200_000
        schedule = replace(block.schedule, epochs=epochs, checkpoints=np.array([epochs]))
        try:
            return train_block(replace(block, schedule=schedule), device, stop=stop)
        except Stopped:
            stopped.append(seed)
            raise

    def interrupted(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(serialization, "train_block", by_length)
    with pytest.raises(KeyboardInterrupt):
        train(
            training("regression", jobs=2),
            [cell("regression", seed=seed) for seed in range(6)],
            PENALTIES,
            advanced=interrupted,
        )
    assert 1 in stopped
    assert len(stopped) <= 2, "a block was begun that should have been cancelled"
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("block")]


@pytest.mark.parametrize("hidden", [(6,), None], ids=["mlp", "linear"])
@pytest.mark.parametrize("jobs", [1, 2])
def test_estimated_seconds_are_of_the_whole_schedule(hidden: tuple[int, ...] | None, jobs: int) -> None:
    """By a clock on which every stretch takes 8 s: 3 penalties, and as many cells as jobs."""
    ticks = count(0, 8)
    plan = training("regression", hidden=hidden, epochs=70, jobs=jobs)  # four steps an epoch, about 30 timed
    seconds = seconds_a_model(plan, [cell("regression")], PENALTIES, clock=lambda: float(next(ticks)))
    timed = 8 if hidden else 70
    assert seconds == pytest.approx(8 * 70 / timed / (3 * jobs))


def test_a_model_that_fails_is_retried_at_a_tenth_of_the_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rates beyond single precision end in no number; a tenth of one that just fails does not."""
    rates: list[float] = []

    def fails_above_one(block: Block, device: torch.device, *, stop: Callable[[], bool]) -> BlockResult:
        rates.append(block.schedule.lr)
        result = train_block(block, device, stop=stop)
        strong = block.penalties.l1 > 0.05
        return replace(result, failed=result.failed | (strong & (block.schedule.lr > 1e-3)))

    monkeypatch.setattr(serialization, "train_block", fails_above_one)
    penalties = points((0, 0), (0.1, 0), (0.01, 0))
    cells = [cell("regression", seed=seed) for seed in range(2)]
    mended = train(training("regression", lr=0.01), cells, penalties)
    assert sorted(set(rates)) == [0.001, 0.01]
    assert not mended.failed.any()
    calm = train(training("regression", lr=0.001), cells, points((0.1, 0)))
    np.testing.assert_allclose(mended.losses["test"][:, 1], calm.losses["test"][:, 0], rtol=1e-4)
    for name in ("row", "weights"):
        again, at_once = mended.captured[name][1][1], calm.captured[name][1][0]
        np.testing.assert_allclose(again, at_once, rtol=1e-3, atol=1e-4)


def test_a_stopped_training_is_the_same_up_to_there() -> None:
    cells = [cell("binary", seed=seed) for seed in range(2)]
    whole = training("binary")
    for place in (0, 1, len(whole.checkpoints) - 1):
        stop = whole.schedule.checkpoints[[place]]
        stopped = train(replace(whole, schedule=replace(whole.schedule, checkpoints=stop)), cells, PENALTIES)
        assert stopped.checkpoints.tolist() == [whole.checkpoints[place]]
        expected = train(whole, cells, PENALTIES).losses["test"][:, :, place]
        assert (stopped.losses["test"][:, :, 0] == expected).all()
