"""The cells: who trains, who chooses, who judges."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regchoose.experiment.design import (
    Layout,
    count_repeats,
    forward_cells,
    make_cells,
    make_layout,
    make_sets,
)
from regchoose.records.experiment import Cell
from regchoose.records.words import Float, Int, Task


def target_of(task: Task, n: int) -> Float:
    rng = np.random.default_rng(3)
    if task == "regression":
        return rng.normal(size=n)
    return (np.arange(n) % (2 if task == "binary" else 4)).astype(np.float64)


def cells_of(task: Task, n: int, *, groups: Int | None = None, seed: int = 0) -> tuple[Cell, ...]:
    own = np.arange(n) if groups is None else groups
    return make_cells(target_of(task, n), task, folds=5, repeats=3, seed=seed, groups=own)


@pytest.mark.parametrize("task", ["regression", "binary", "multiclass"])
def test_cells_partition_the_rows(task: Task) -> None:
    n = 103
    cells = cells_of(task, n)
    assert len(cells) == 15
    for cell in cells:
        assert sorted([*cell.train, *cell.test]) == list(range(n))
    for repeat in range(3):
        tested = np.concatenate([cell.test for cell in cells[5 * repeat : 5 * repeat + 5]])
        assert sorted(tested) == list(range(n))


def test_each_cell_has_a_seed_of_its_own() -> None:
    seeds = {cell.seed for cell in cells_of("binary", 60)}
    assert len(seeds) == 15


def test_the_seed_decides_everything() -> None:
    one, same, other = (cells_of("binary", 60, seed=seed) for seed in (1, 1, 2))
    assert all(np.array_equal(a.test, b.test) for a, b in zip(one, same, strict=True))
    assert any(not np.array_equal(a.test, b.test) for a, b in zip(one, other, strict=True))


def test_classes_are_spread_evenly() -> None:
    target = np.repeat([0.0, 1.0], [80, 20])
    cells = make_cells(target, "binary", folds=5, repeats=2, seed=0, groups=np.arange(100))
    assert {int(target[cell.test].sum()) for cell in cells} == {4}


def test_a_numeric_target_is_spread_evenly() -> None:
    target = np.random.default_rng(0).lognormal(size=200)
    cells = make_cells(target, "regression", folds=5, repeats=1, seed=0, groups=np.arange(200))
    top = target >= np.quantile(target, 0.9)
    assert {int(top[cell.test].sum()) for cell in cells} == {4}


@given(st.lists(st.integers(0, 40), min_size=80, max_size=120), st.integers(0, 5))
@settings(max_examples=25, deadline=None)
def test_copies_of_a_row_stay_together(groups: list[int], seed: int) -> None:
    numbers = np.concatenate([np.arange(40), groups])
    target = np.random.default_rng(seed).normal(size=len(numbers))
    for cell in make_cells(target, "regression", folds=5, repeats=1, seed=seed, groups=numbers):
        assert not set(numbers[cell.train]) & set(numbers[cell.test])


def test_a_class_too_rare_to_spread_is_no_obstacle() -> None:
    target = np.array([0.0] * 30 + [1.0] * 28 + [2.0] * 2)
    cells = make_cells(target, "multiclass", folds=5, repeats=1, seed=0, groups=np.arange(60))
    assert sum(len(cell.test) for cell in cells) == 60


def test_earlier_rows_train_and_later_ones_judge() -> None:
    time = np.random.default_rng(0).permutation(203).astype(float)
    cells = forward_cells(time, folds=5, repeats=2, seed=0)
    assert len(cells) == 10
    for cell in cells:
        assert time[cell.train].max() < time[cell.test].min()
        assert len(cell.train) == len(cells[0].train)
        assert len(cell.test) == 20
    judged = np.concatenate([cell.test for cell in cells[:5]])
    assert sorted(time[judged]) == sorted(time)[103:], "the later half is judged once"
    assert len({cell.seed for cell in cells}) == 10
    assert [cell.test.tolist() for cell in cells[:5]] == [cell.test.tolist() for cell in cells[5:]]


def test_groups_that_are_judged_do_not_train_even_earlier() -> None:
    groups = np.arange(200) % 90
    for cell in forward_cells(np.arange(200.0), folds=5, repeats=1, seed=0, groups=groups):
        assert not set(groups[cell.train]) & set(groups[cell.test])
        assert len(cell.train)


@pytest.mark.parametrize(
    ("n_rows", "exchangeable", "layout"),
    [
        (400, True, Layout(400)),
        (44_999, True, Layout(4_000, 5, 10_000)),
        (24_999, True, Layout(4_000)),
        (25_000, True, Layout(4_000, 5, 5_000)),
        (45_000, True, Layout(4_000, 10, 5_000)),
        (10**6, True, Layout(4_000, 10, 10_000)),
        (10**6, False, Layout(4_000)),
    ],
)
def test_disjoint_sets_where_rows_are_plenty(n_rows: int, *, exchangeable: bool, layout: Layout) -> None:
    assert make_layout(n_rows, rows=4_000, exchangeable=exchangeable) == layout
    assert layout.drawn <= n_rows


@pytest.mark.parametrize(
    ("rows", "most", "repeats"),
    [(200, 5, 5), (600, 5, 5), (800, 5, 4), (1_000, 5, 3), (20_000, 5, 3), (4_000, 2, 2), (4_000, 10, 6)],
)
def test_many_rows_need_fewer_repeats(rows: int, most: int, repeats: int) -> None:
    assert count_repeats(rows, most) == repeats


@pytest.mark.parametrize("task", ["regression", "multiclass"])
def test_disjoint_sets_are_disjoint_and_stratified(task: Task) -> None:
    rng = np.random.default_rng(2)
    n = 800
    target = rng.normal(size=n) if task == "regression" else rng.choice(3, n, p=(0.7, 0.2, 0.1)).astype(float)
    copies = np.where(np.arange(n) < 40, 0, np.arange(n))
    layout = Layout(100, 5, 300)
    cells = make_sets(target, task, layout, seed=0, groups=copies)
    assert len(cells) == 5
    sets = [*(cell.train for cell in cells), cells[0].test]
    assert np.sort(np.concatenate(sets)).tolist() == list(range(n))
    assert all((cell.test == cells[0].test).all() for cell in cells)
    assert sum(0 in own for own in sets) == 1
    assert sum(bool(np.isin(own, np.arange(40)).any()) for own in sets) == 1  # copies stay together
    for own in sets[:-1]:
        assert abs(len(own) - 100) <= 40
        if task == "multiclass":
            assert (target[own] == 2).mean() == pytest.approx(0.1, abs=0.04)
        else:
            assert target[own].mean() == pytest.approx(target.mean(), abs=0.12)
    assert len({cell.seed for cell in cells}) == 5
