"""No polluted table is read silently wrong, and what could be read yesterday can be read today."""

import json
from dataclasses import replace

import pytest

from tests.table.pollution.families import every_file
from tests.table.pollution.score import KEPT, Scored, counts, scored, thinned
from tests.table.pollution.wild import wild


@pytest.fixture(scope="module")
def found() -> list[Scored]:
    return scored(thinned(every_file()))


def test_nothing_is_silently_wrong(found: list[Scored]) -> None:
    wrong = [
        (one.file.family, one.file.name, one.said) for one in found if "wrong" in (one.outcome, one.flagged)
    ]
    assert wrong == []


def test_what_is_unambiguous_loads_exactly_and_flags_do_the_rest(found: list[Scored]) -> None:
    assert [(one.file.family, one.file.name, one.said) for one in found if one.owed] == []


def test_the_score_is_the_one_that_is_kept(found: list[Scored]) -> None:
    """A better score is written down by `make score`; a lower one is a fault."""
    kept = json.loads(KEPT.read_text(encoding="utf-8"))
    assert counts(found) == kept["thinned"]
    assert sum(row["wrong"] for row in kept["all"].values()) == 0


def test_the_score_sees_a_wrong_reading(found: list[Scored]) -> None:
    """The judge is itself judged: rows that differ in one cell are wrong, not exact."""
    exact = next(one.file for one in found if one.outcome == "exact" and one.file.truth)
    assert exact.truth
    other = [*exact.truth[:-1], [*exact.truth[-1][:-1], "7"]]
    (judged,) = scored([replace(exact, truth=other)])
    assert judged.outcome == "wrong"


def test_random_files_are_read_exactly_or_refused() -> None:
    """A bounded search; `python -m tests.table.pollution.wild` is the long one."""
    found = scored(wild(seed) for seed in range(300))
    assert [one.file.name for one in found if one.outcome == "wrong"] == []
    assert [(one.file.name, one.said) for one in found if one.file.truth and one.outcome != "exact"] == []
    assert {one.outcome for one in found} == {"exact", "refused"}
