"""The study of the subsample, at toy sizes; how long anything takes is not asserted."""

from pathlib import Path

import numpy as np
import pytest

from regchoose.subsample.draw import draw_subsample
from tests.benchmarks.bench_sample import QUICK, prove_family
from tests.benchmarks.bench_sample_child import main
from tests.benchmarks.large_columns import NUMERIC
from tests.benchmarks.large_tables import FAMILIES, family, largest_smd, write_large

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", FAMILIES)
def test_every_hard_limit_holds_or_the_answer_is_no_with_its_rule(name: str) -> None:
    drawn = draw_subsample(family(name, 3_000), size=600, folds=5, seed=0)
    assert drawn.reason
    assert drawn.matched or not drawn.reason.startswith("600 of")
    assert all(check.ok for check in drawn.checks) or not drawn.matched


def test_the_largest_difference_is_well_under_that_of_random_rows() -> None:
    table = family("mixed", 3_000)
    rng = np.random.default_rng(0)
    ours = [largest_smd(table, draw_subsample(table, size=600, folds=5, seed=seed).rows) for seed in range(5)]
    plain = [largest_smd(table, rng.choice(3_000, 600, replace=False)) for _ in range(50)]
    assert np.median(ours) <= 0.65 * np.median(plain)


def test_strata_keep_their_share() -> None:
    found = prove_family("rare class", QUICK)
    assert found["class_share_gap"] == 0
    assert found["unexplained"] == 0 or found["no"] > 0
    assert np.isfinite(found["error_difference"])


@pytest.mark.parametrize("who", ["scan", "sample"])
def test_a_measurement_gives_seconds_and_memory(
    who: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "large.csv"
    write_large(path, 1_500)
    header = path.read_text(encoding="utf-8").splitlines()[0].split(",")
    assert len(header) == 20
    assert set(NUMERIC) < set(header)
    main(who, str(path))
    assert "peak_mb" in capsys.readouterr().out
