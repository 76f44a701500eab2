"""Grids, the choice on the inner losses, and the move to another size."""

import numpy as np
import pytest
from sklearn.linear_model import Lasso, LogisticRegression

from regchoose.experiment.choice import (
    Choice,
    best_third,
    choose,
    choose_at_end,
    count_tuned_models,
    mean_inner_loss,
    race_stops,
)
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


def inner_losses() -> np.ndarray:
    losses = np.full((4, 3, 2), 0.9)
    losses[:, 1] = (0.5, 0.7)
    losses[:, 2] = (0.6, 0.4)
    return losses


def test_choice_is_pooled_over_cells_and_checkpoints() -> None:
    good = np.ones((4, 3), dtype=bool)
    mean = mean_inner_loss(inner_losses(), good, tried=good)
    assert choose(mean) == Choice(2, 1)
    mean[2] = 0.8
    assert choose(mean) == Choice(1, 0)
    assert choose_at_end(mean) == Choice(1, 1)


def test_failed_and_untried_models_do_not_count() -> None:
    good = np.ones((4, 3), dtype=bool)
    losses = inner_losses()
    losses[1, 2] = np.nan
    good[1, 2] = False
    tried = np.ones((4, 3), dtype=bool)
    assert choose(mean_inner_loss(losses, good, tried=tried)) == Choice(2, 1)
    good[:2, 2] = False
    assert np.isinf(mean_inner_loss(losses, good, tried=tried)[2]).all()


def test_a_third_goes_on_and_never_fewer_than_three() -> None:
    mean = np.arange(12.0)[::-1].reshape(12, 1)
    assert list(best_third(mean)) == [8, 9, 10, 11]
    assert list(best_third(mean[:5])) == [2, 3, 4]
    assert list(best_third(mean[:1])) == [0]


def test_a_point_stands_for_its_best_checkpoint() -> None:
    mean = np.array([[5.0, 5.0], [1.0, 9.0], [6.0, 6.0], [9.0, 2.0], [3.0, 3.0], [np.inf, np.inf]])
    assert list(best_third(mean)) == [1, 3, 4]


@pytest.mark.parametrize(
    ("cells", "rows", "found"),
    [
        (10, 20, (5, 10)),  # few rows: a whole repeat judges before anything is dropped
        (5, 20, (5,)),
        (10, 150, (4, 10)),
        (5, 150, (5,)),
        (10, 320, (2, 4, 10)),
        (5, 320, (2, 5)),
        (15, 320, (2, 4, 8, 15)),
    ],
)
def test_points_are_dropped_once_enough_rows_have_judged(
    cells: int, rows: int, found: tuple[int, ...]
) -> None:
    assert race_stops(cells, folds=5, rows=rows) == found


def test_models_are_counted_as_they_are_trained() -> None:
    assert count_tuned_models(27, (2, 4, 10)) == 27 * 2 + 9 * 2 + 3 * 6
    assert count_tuned_models(4, (10,)) == 40


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
