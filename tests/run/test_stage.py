"""A doubtful verdict is looked at again, on more rows."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from regchoose.records.answers import Prompt
from regchoose.run.walk_chart import recommend_regularizer
from regchoose.settings import options
from regchoose.settings.options import Settings
from regchoose.statistics.decide import FIRM, FIRM_BETWEEN
from tests.run.test_walk_chart import QUICK, Diary, nobody

pytestmark = pytest.mark.slow

SETTINGS = replace(QUICK, network="linear", folds=3, subsample="yes")  # so few rows match no table


@pytest.fixture(scope="module", autouse=True)
def few_rows() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(options, "FIRST_ROWS", 60)
        yield


@pytest.fixture(scope="module")
def doubtful(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of 400 rows on which L1 and L2 are close, and few rows cannot tell."""
    rng = np.random.default_rng(4)
    x = rng.normal(size=(400, 12)).round(3)
    y = (x @ rng.normal(size=12) * 0.3 + rng.normal(size=400)).round(3)
    lines = [
        ",".join([*(f"x{j}" for j in range(12)), "y"]),
        *(",".join(map(str, row)) for row in np.c_[x, y]),
    ]
    path = tmp_path_factory.mktemp("tables") / "doubtful.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def run(path: Path, settings: Settings = SETTINGS, *, tick: float = 0.1) -> tuple[Any, Diary, list[str]]:
    diary, asked = Diary(), []
    diary.done = _Forgetful()

    def ask(prompt: Prompt) -> str | None:
        asked.append(prompt.flag)
        return nobody(prompt)

    ticks: Iterator[int] = count()
    result = recommend_regularizer(
        str(path),
        settings,
        given=frozenset({"subsample"}),
        ask=ask,
        listener=diary,
        clock=lambda: next(ticks) * tick,
    )
    return result, diary, asked


class _Forgetful(dict[str, int]):
    """Each look counts its models anew."""

    def get(self, key: str, default: int = 0) -> int:  # type: ignore[override]  # only called so
        return default


@pytest.fixture(scope="module")
def looked(doubtful: Path) -> tuple[Any, Diary, list[str]]:
    return run(doubtful)


def test_doubt_brings_more_rows_and_each_look_is_shown(looked: tuple[Any, Diary, list[str]]) -> None:
    result, diary, asked = looked
    assert result.design is not None
    seen = result.design.looks
    assert [look.rows for look in seen] == [60, 120, 240][: len(seen)]
    assert len(seen) > 1
    assert all(look.certainty == "undecided" for look in seen[:-1])
    assert seen[-1].safe == result.recommendation.safe
    assert result.audit is not None
    assert any(f"In {len(seen)} stages: 60 rows undecided" in line for line in result.audit.sentences)
    assert sum("the next stage" in note for note in diary.notes) == len(seen) - 1
    assert len(asked) == len(set(asked))  # nobody is asked twice
    assert result.design.firm_from == (FIRM if seen[-1].rows == 240 else FIRM_BETWEEN)
    assert result.subsample is not None
    assert result.subsample.rows == seen[-1].rows


def test_the_end_of_looking_has_a_reason(doubtful: Path) -> None:
    fixed, _, _ = run(doubtful, replace(SETTINGS, rows=60))
    assert fixed.design is not None
    assert len(fixed.design.looks) == 1
    assert fixed.design.firm_from == FIRM
    assert fixed.recommendation.certainty == "undecided"
    assert fixed.design.ended == "--rows fixes the rows"
    assert fixed.audit is not None
    assert "Undecided on 60 rows; --rows fixes the rows." in fixed.audit.sentences


def test_the_budget_bounds_the_looks_and_the_audit(doubtful: Path) -> None:
    one, _, _ = run(doubtful, replace(SETTINGS, budget="30s"), tick=1.0)
    assert one.design is not None
    assert one.design.ended == "the budget does not allow more"
    assert len(one.design.looks) == 1
    late, _, _ = run(doubtful, replace(SETTINGS, budget="10s", resources="yes"), tick=5.0)
    assert late.audit is not None
    assert any("budget was used up" in sentence for sentence in late.audit.sentences)


def test_looking_again_is_the_same_each_time(doubtful: Path, looked: tuple[Any, Diary, list[str]]) -> None:
    (first, *_), (second, *_) = looked, run(doubtful)
    assert first.design == second.design
    assert first.recommendation == second.recommendation


def test_it_is_said_where_the_gain_is_heading(doubtful: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(options, "FIRST_ROWS", 190)
    settings = replace(SETTINGS, strengths=7, decide="best")
    result, diary, _ = run(doubtful, replace(settings, budget="1h"))
    assert result.recommendation.regularizer != "none"
    found = result.recommendation.full_size
    assert found.rows == 400
    sizes = [size.rows for size in found.measured]
    assert sizes[2] == result.recommendation.subsample_size.rows
    assert np.array(sizes) / sizes[2] == pytest.approx([0.25, 0.5, 1], abs=0.03)
    assert found.measured[2].gain == result.recommendation.gain.value
    assert found.sentence in result.audit.sentences
    assert "growth" in diary.steps
    early, _, _ = run(doubtful, replace(settings, budget="10s", resources="yes"), tick=1.0)
    assert early.recommendation.full_size is None
