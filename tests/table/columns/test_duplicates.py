"""Groups of identical rows."""

import numpy as np

from regchoose.table.columns.duplicates import group_duplicates, warn_of_duplicates
from tests.table.tables import mixed, table


def test_rows_alike_share_a_group_and_missing_equals_missing() -> None:
    other_nan = np.frombuffer(np.array([0x7FF8000000000001], dtype=np.uint64).tobytes())[0]
    x = np.array([[1.0, 0.0], [2.0, np.nan], [1.0, -0.0], [2.0, other_nan], [np.nan, 2.0], [1.0, 0.0]])
    groups = group_duplicates(table(x, np.arange(6.0)), np.arange(6))
    np.testing.assert_array_equal(groups, [0, 1, 0, 1, 2, 0])


def test_groups_are_those_of_a_dictionary() -> None:
    x = np.random.default_rng(0).integers(0, 3, size=(500, 4)).astype(float)
    rows = np.random.default_rng(1).permutation(500)[:300]
    seen: dict[tuple[float, ...], int] = {}
    want = [seen.setdefault(tuple(x[row]), len(seen)) for row in rows]
    np.testing.assert_array_equal(group_duplicates(table(x, np.zeros(500)), rows), want)


def test_the_table_is_left_as_it_was() -> None:
    x = np.array([[-0.0], [np.nan]])
    whole = table(x.copy(), np.zeros(2))
    group_duplicates(whole, np.arange(2))
    assert whole.features.tobytes() == x.tobytes()


def test_rows_that_recur_are_said_and_so_are_targets_that_differ() -> None:
    x = np.random.default_rng(0).normal(size=(50, 3))
    x[3, 1] = np.nan
    twice = np.vstack([x, x[:10]])
    target = (np.arange(60) % 2).astype(np.float64)
    target[50:] = target[:10]
    (said,) = warn_of_duplicates(table(twice, target, task="binary"))
    assert said == "20 of 60 rows have the same features as another row, and stay on one side of each split"
    target[54:] = 1 - target[4:10]
    (said,) = warn_of_duplicates(table(twice, target, task="binary"))
    assert said.endswith("; 6 of them have another target than most rows like them")
    many = np.vstack([np.tile(x[:1], (30, 1)), x])
    odd = np.zeros(80)
    odd[:7] = 1
    (said,) = warn_of_duplicates(table(many, odd, task="binary"))
    assert said.endswith("; 7 of them have another target than most rows like them")
    assert warn_of_duplicates(mixed(60)) == ()
    assert warn_of_duplicates(table(twice[:, :2].round(), target)) == ()
