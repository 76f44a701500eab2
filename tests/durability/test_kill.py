"""The hundred kills of `python -m tests.durability.kill` in a shorter form; and that it would see a fault."""

import re
from dataclasses import replace

import pytest

from tests.durability.kill import Unbroken, of_the_journal, stage, told
from tests.durability.killed import Attempt, Due, Place, lost, trained_again

pytestmark = pytest.mark.slow

STORED = re.compile(r"^end    (none|Elastic Net)", re.MULTILINE)


def trained(arms: int) -> Due:
    """Kill when so many arms are trained."""
    return lambda said, _seconds: len(STORED.findall(said)) >= arms


def test_a_killed_run_comes_to_what_an_unbroken_one_does(place: Place, wanted: Unbroken) -> None:
    again = replace(place, folder=place.folder.with_name("killed"), jobs=1)
    story = told(again, wanted, moments=iter([trained(1), trained(2)]))
    assert story.faults == []
    assert story.kills == 2
    assert [stage(one) for one in story.attempts[:2]] == ["training", "training"]
    held = [len(one.rows) for one in story.attempts]
    assert 0 < held[0] < held[1] < held[2] == len(wanted.attempt.rows)


# ---- the measure itself ------------------------------------------------------------------------------


def of(rows: dict[str, tuple[int, float]], *, killed: bool = True, said: str = "") -> Attempt:
    return Attempt(killed, said, 1.0, rows)


FIRST = {"a": (1, 0.0), "b": (2, 0.0)}
FOUND = "2 of 3 blocks of models were in the cache"


def test_a_run_that_ended_its_walk_may_note_when_it_asked() -> None:
    asked = of({"a": (1, 2.0), "b": (2, 2.0)}, said="2 of 2 blocks of models were in the cache")
    assert trained_again([of(FIRST), asked]) == 0


@pytest.mark.parametrize(
    ("second", "n_lost", "n_again"),
    [
        ({**FIRST, "c": (3, 1.0)}, 0, 0),
        ({"b": (2, 0.0), "c": (3, 1.0)}, 1, 0),
        ({"a": (3, 1.0), "b": (2, 0.0)}, 0, 1),
        ({"a": (1, 0.0), "b": (2, 1.0)}, 0, 1),
    ],
)
def test_what_is_lost_or_trained_again_is_counted(
    second: dict[str, tuple[int, float]], n_lost: int, n_again: int
) -> None:
    attempts = [of(FIRST), of(second)]
    assert (lost(attempts), trained_again(attempts)) == (n_lost, n_again)


def test_the_last_run_must_have_found_what_was_there() -> None:
    whole = {**FIRST, "c": (3, 1.0)}
    wanted = Unbroken(of(whole, killed=False), b"")
    good = of(whole, killed=False, said=FOUND)
    assert list(of_the_journal([of(FIRST), good], wanted)) == []
    assert list(of_the_journal([of(FIRST), replace(good, said="Answered from the cache; …")], wanted)) == []
    for said in ("1 of 3 blocks of models were in the cache", "", f"{FOUND}\nThe cache was damaged"):
        assert list(of_the_journal([of(FIRST), replace(good, said=said)], wanted)), said
    assert list(of_the_journal([of(FIRST), of(FIRST, killed=False, said=FOUND)], wanted))
