"""Grids, the choice on the inner losses, and the move to another size."""

import numpy as np
import pytest
from sklearn.linear_model import Lasso, LogisticRegression

from regchoose.experiment.choice import (
    Choice,
    best_third,
    choose,
    choose_at_end,
    count_models,
    race_stops,
    score_points,
)
from regchoose.experiment.design import Layout
from regchoose.experiment.grid import alpha_max, at_edge, beyond, grid_order, make_grid
from regchoose.records.experiment import Penalties
from regchoose.records.words import Arm, Task

ALPHAS = (0.1, 0.5, 0.9)


def grid_of(arm: Arm, **fixed: tuple[float | None, float | None]) -> Penalties:
    return make_grid(arm, top=1.0, strengths=9, alphas=ALPHAS, **fixed)


def test_grids_are_points() -> None:
    none, l1, l2, both = (grid_of(arm) for arm in ("none", "l1", "l2", "elastic_net"))
    assert (len(none), len(l1), len(l2), len(both)) == (1, 9, 9, 27)
    assert (none.l1[0], none.l2[0]) == (0, 0)
    assert not l1.l2.any()
    assert not l2.l1.any()
    assert l1.l1 == pytest.approx(l2.l2)
    for value in (0.001, 0.01, 0.1, 1):  # the article's strengths are in range
        assert l1.l1.min() <= value <= l1.l1.max()
        assert np.isclose(l1.l1, value).any()


def test_elastic_net_mixes_as_the_article_does() -> None:
    both = grid_of("elastic_net")
    strength, alpha = both.l1 + both.l2, both.l2 / (both.l1 + both.l2)
    assert sorted(set(np.round(alpha, 9))) == sorted(ALPHAS)
    assert strength.max() == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("arm", "fixed", "points"),
    [
        ("l1", (0.03, None), [(0.03, 0)]),
        ("l2", (None, 0.02), [(0, 0.02)]),
        ("elastic_net", (0.03, 0.02), [(0.03, 0.02)]),
    ],
)
def test_strengths_of_the_user_are_not_tuned(
    arm: Arm, fixed: tuple[float | None, float | None], points: list[tuple[float, float]]
) -> None:
    grid = grid_of(arm, fixed=fixed)
    assert list(zip(grid.l1, grid.l2, strict=True)) == points


def test_one_fixed_strength_leaves_the_other_to_be_tuned() -> None:
    grid = grid_of("elastic_net", fixed=(0.03, None))
    assert set(grid.l1) == {0.03}
    assert len(set(grid.l2)) == 9


@pytest.mark.parametrize("task", ["regression", "binary", "multiclass"])
def test_the_strongest_strength_is_the_least_that_empties_the_linear_model(task: Task) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(120, 6))
    score = x[:, 0] - x[:, 1] + rng.normal(size=120)
    y = {"regression": (score - score.mean()) / score.std(), "binary": (score > 0) * 1.0}.get(
        task, np.digitize(score, (-1, 1)) * 1.0
    )
    top = alpha_max(task, x, y)
    for factor, empty in ((1.001, True), (0.9, False)):
        if task == "regression":  # scikit-learn halves the squared error
            coefficients = Lasso(alpha=factor * top / 2).fit(x, y).coef_
        else:
            weak = LogisticRegression(
                C=1 / (factor * top * len(y)), l1_ratio=1, solver="saga", max_iter=10_000, tol=1e-8
            )
            coefficients = weak.fit(x, y).coef_
        assert (np.abs(coefficients).max() < 1e-5) == empty


def losses_of_three() -> np.ndarray:
    """Three points in four cells, at four checkpoints; the third is the best at the third checkpoint."""
    losses = np.full((4, 3, 4), 0.9)
    losses[:, 1] = (0.5, 0.5, 0.6, 0.7)
    losses[:, 2] = (0.6, 0.5, 0.4, 0.5)
    return losses


ALL = np.ones((4, 3), dtype=bool)


def test_choice_is_over_points_and_checkpoints() -> None:
    criterion = score_points(losses_of_three(), ALL)
    assert choose(criterion) == Choice(2, 2)
    criterion[2] = 0.8
    assert choose(criterion) == Choice(1, 0)
    assert choose_at_end(criterion) == Choice(1, 3)


def test_the_criterion_is_a_smooth_mean_plus_one_standard_error() -> None:
    losses = np.exp(np.random.default_rng(0).normal(size=(6, 2, 5)))
    place = np.arange(5)
    for checkpoint in range(5):
        weights = np.exp(-0.5 * (place - checkpoint) ** 2)
        smooth = np.exp((np.log(losses) * weights).sum(2) / weights.sum())
        error = losses[:, :, checkpoint].std(0, ddof=1) / np.sqrt(6)
        expected = smooth.mean(0) + error
        assert score_points(losses, ALL[:1].repeat(6, 0)[:, :2])[:, checkpoint] == pytest.approx(expected)


def test_a_lucky_checkpoint_does_not_win() -> None:
    """One dip between two poor neighbours loses to an even valley."""
    losses = np.full((4, 3, 9), 0.9)
    losses[:, 1, 4] = 0.39
    losses[:, 2, 3:6] = 0.4
    assert choose(score_points(losses, ALL)) == Choice(2, 4)


def test_failed_and_untried_models_do_not_count() -> None:
    losses, tried = losses_of_three(), ALL.copy()
    losses[1, 2] = np.nan
    assert choose(score_points(losses, tried)) == Choice(2, 2)
    tried[1, 2] = False
    losses[1, 2] = 0.0
    assert choose(score_points(losses, tried)) == Choice(2, 2)
    losses[:2, 2], tried[1, 2] = np.nan, True
    assert np.isinf(score_points(losses, tried)[2]).all()


def test_a_third_goes_on_and_never_fewer_than_three() -> None:
    criterion = np.arange(12.0)[::-1]
    assert list(best_third(criterion)) == [8, 9, 10, 11]
    assert list(best_third(criterion[:5])) == [2, 3, 4]
    assert list(best_third(criterion[:1])) == [0]


@pytest.mark.parametrize(
    ("layout", "cells", "stops"),
    [
        (Layout(442), 25, (5, 10, 25)),
        (Layout(442), 50, (5, 10, 50)),
        (Layout(442), 10, (5, 10)),
        (Layout(442), 5, (5,)),
        (Layout(1_000), 15, (3, 6, 15)),
        (Layout(4_000), 15, (2, 4, 15)),
        (Layout(4_000, 10, 5_000), 10, (2, 4, 10)),
        (Layout(4_000, 5, 5_000), 5, (2, 4, 5)),
    ],
)
def test_points_are_dropped_after_the_first_cells(layout: Layout, cells: int, stops: tuple[int, ...]) -> None:
    assert race_stops(layout, cells=cells, folds=5) == stops


def test_models_are_counted_as_they_are_trained() -> None:
    assert count_models(27, (5, 10, 25)) == 27 * 5 + 9 * 5 + 3 * 15
    assert count_models(4, (10,)) == 40
    assert sum(count_models(points, (5, 10, 25)) for points in (1, 9, 9, 27)) == 460


def test_edges_are_told() -> None:
    l1, both = grid_of("l1"), grid_of("elastic_net")
    assert [at_edge(l1, point) for point in (0, 4, 8)] == ["strongest", "", "weakest"]
    assert at_edge(both, int(np.argmax(both.l1))) == "strongest"
    assert at_edge(grid_of("none"), 0) == ""


@pytest.mark.parametrize(("share", "l1"), [(0.2, 0.5), (0.9, 0.25)])
def test_strengths_move_with_the_number_of_rows(share: float, l1: float) -> None:
    one = Penalties.single(1.0, 1.0)
    moved, same = (one.at_rows(n, trained_on=100, nonzero_share=share) for n in (400, 100))
    assert (moved.l1[0], moved.l2[0]) == (l1, 0.25)
    assert (same.l1[0], same.l2[0]) == (1, 1)


def test_subset_keeps_the_order_asked_for() -> None:
    grid = grid_of("l1")[np.array([3, 0])]
    assert grid.l1 == pytest.approx((10**-1.5, 1.0))


def test_beyond_an_edge_the_steps_go_on() -> None:
    grid = grid_of("l1")  # half a decade a step
    assert beyond(grid, 0, most_l1=np.inf).l1 == pytest.approx([10**0.5, 10])
    assert beyond(grid, 8, most_l1=np.inf).l1 == pytest.approx([1e-4 / 10**0.5, 1e-5])
    assert beyond(grid, 0, most_l1=5.0).l1 == pytest.approx([10**0.5])
    assert len(beyond(grid, 4, most_l1=np.inf)) == 0
    assert len(beyond(grid_of("none"), 0, most_l1=np.inf)) == 0


def test_beyond_an_edge_the_mix_stays() -> None:
    grid = grid_of("elastic_net")
    further = beyond(grid, 9, most_l1=np.inf)  # the alpha_max of the second mix
    assert further.l2 / (further.l1 + further.l2) == pytest.approx(0.5)
    both = grid.join(further)
    order = grid_order(both)
    assert sorted(order.tolist()) == list(range(29))
    assert order[9:11].tolist() == [28, 27]
    assert (grid_order(grid) == np.arange(27)).all()
