"""No polluted table is read silently wrong, and what could be read yesterday can be read today."""

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.table.pollution.families import Polluted, every_file
from tests.table.pollution.score import KEPT, Scored, counts, scored, thinned
from tests.table.pollution.wild import wild

SCORE = json.loads(KEPT.read_text(encoding="utf-8"))
MANY = 20  # files of a family: the quick tests read a sixth of them
LARGE = tuple(name for name, row in SCORE["thinned"].items() if row["files"] > MANY)


@pytest.fixture(scope="module")
def corpus() -> dict[str, list[Polluted]]:
    """The files of each family that a run reads."""
    families: dict[str, list[Polluted]] = {}
    for file in thinned(every_file()):
        families.setdefault(file.family, []).append(file)
    return families


def refuse_wrong_and_owed(found: Sequence[Scored]) -> None:
    """Nothing is silently wrong; what is unambiguous loads exactly, and flags do the rest."""
    said = [(one.file.family, one.file.name, one.said) for one in found]
    wrong = [line for line, one in zip(said, found, strict=True) if "wrong" in (one.outcome, one.flagged)]
    assert wrong == []
    assert [line for line, one in zip(said, found, strict=True) if one.owed] == []


@pytest.mark.parametrize(
    "family", [pytest.param(name, marks=[pytest.mark.slow] * (name in LARGE)) for name in SCORE["thinned"]]
)
def test_the_score_is_the_one_that_is_kept(family: str, corpus: dict[str, list[Polluted]]) -> None:
    """A better score is written down by `make score`; a lower one is a fault."""
    found = scored(corpus[family])
    refuse_wrong_and_owed(found)
    assert counts(found) == {family: SCORE["thinned"][family]}


@pytest.mark.parametrize("family", LARGE)
def test_some_files_of_a_large_family(family: str, corpus: dict[str, list[Polluted]]) -> None:
    refuse_wrong_and_owed(scored(corpus[family][::6]))


def test_each_family_is_scored(corpus: dict[str, list[Polluted]]) -> None:
    assert {*corpus} == {*SCORE["thinned"]} == {*SCORE["all"]}
    assert sum(row["wrong"] for row in SCORE["all"].values()) == 0


def test_the_score_sees_a_wrong_reading(corpus: dict[str, list[Polluted]]) -> None:
    """The judge is itself judged: rows that differ in one cell are wrong, not exact."""
    exact = corpus["line endings"][0]
    assert exact.truth
    other = [*exact.truth[:-1], [*exact.truth[-1][:-1], "7"]]
    assert [one.outcome for one in scored([exact, replace(exact, truth=other)])] == ["exact", "wrong"]


@pytest.mark.parametrize("seeds", [range(60), pytest.param(range(60, 300), marks=pytest.mark.slow)])
def test_random_files_are_read_exactly_or_refused(seeds: range) -> None:
    """A bounded search; `python -m tests.table.pollution.wild` is the long one."""
    found = scored(wild(seed) for seed in seeds)
    assert [one.file.name for one in found if one.outcome == "wrong"] == []
    assert [(one.file.name, one.said) for one in found if one.file.truth and one.outcome != "exact"] == []
    assert {one.outcome for one in found} == {"exact", "refused"}
