"""Kill runs with -9 at random moments, resume them, and hold them to a run that nobody killed.

`python -m tests.durability.kill --times 100` takes some twenty minutes on two cores. Each run has a cache of
its own. It is killed at a moment drawn from the processor time that an unbroken run takes, started again by
the same command, killed again at another moment, until it ends before its moment comes. Then its JSON,
without `seconds` and `execution`, must have the same bytes as the unbroken run's; each block that was once in
the journal must still be there, unwritten since; and the file of the result must have been the old one or the
new one all the time.
"""

import argparse
import random
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice, pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.durability.killed import OLD, Attempt, Due, Place, attempt, found, lasting, lost, trained_again
from tests.run.test_walk_chart import write

KNOWN = re.compile(r"blocks of models were in the cache|^Answered from the cache")
STAGES = {
    "before the first line": "",
    "drawing the sample": "begin  subsample",
    "training": "begin  learning rate",
    "after the last arm": "(audit)   45 models",
}


@dataclass(frozen=True)
class Unbroken:
    """What a run comes to that nobody kills."""

    attempt: Attempt
    result: bytes


@dataclass(frozen=True)
class Story:
    """One run: all its attempts, and what is wrong with what it came to."""

    attempts: Sequence[Attempt]
    faults: Sequence[str]
    left: int  # temporary files that killed runs left

    @property
    def kills(self) -> int:
        """How often it was killed."""
        return sum(attempt.killed for attempt in self.attempts)


def unbroken(place: Place) -> Unbroken:
    """Let a run end."""
    done = attempt(place, due=lambda _said, _seconds: False)
    return Unbroken(done, lasting(place.result))


def told(place: Place, wanted: Unbroken, *, moments: Iterator[Due]) -> Story:
    """Start a run until it ends before the next moment of killing it, or there is none left."""
    place.folder.mkdir()
    place.result.write_text(OLD, encoding="utf-8")
    attempts: list[Attempt] = []
    faults: list[str] = []
    while not attempts or attempts[-1].killed:
        attempts.append(attempt(place, due=next(moments, lambda _said, _seconds: False)))
        if place.result.read_text(encoding="utf-8") != OLD and lasting(place.result) != wanted.result:
            faults.append("the file of the result was neither the old one nor the new one")
    if lasting(place.result) != wanted.result:
        faults.append("another result")
    faults += of_the_journal(attempts, wanted)
    return Story(attempts, faults, len(list(place.folder.glob(".result.json.*"))))


def of_the_journal(attempts: Sequence[Attempt], wanted: Unbroken) -> Iterator[str]:
    """Say what is wrong with what the journal held after each attempt."""
    if count := lost(attempts):
        yield f"{count} blocks lost"
    if count := trained_again(attempts):
        yield f"{count} blocks trained again"
    last = attempts[-1]
    if last.rows.keys() != wanted.attempt.rows.keys():
        yield "other blocks than those of the unbroken run"
    for before, after in pairwise(attempts):
        answered = "Answered from the cache" in after.said
        ended = not after.killed and bool(before.rows) and not answered
        known = found(after)
        if known != len(before.rows) and (ended or known is not None):
            yield f"{known} of the {len(before.rows)} blocks that were there were found"
    of_it = [line for line in last.said.splitlines() if line.startswith("The cache ")]
    if len(of_it) > 1 or any(not KNOWN.search(line) for line in of_it):
        yield f"the journal: {of_it[0]}"


def stage(killed: Attempt) -> str:
    """Say how far an attempt had come."""
    return [name for name, sign in STAGES.items() if sign in killed.said][-1]


def main(arguments: Sequence[str]) -> int:
    """Kill so many times; print the counts; return 1 if anything was wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.durability.kill", description=__doc__)
    parser.add_argument("--times", type=int, default=100, help="kills in all")
    parser.add_argument("--seed", type=int, default=0, help="of the random moments")
    parser.add_argument("--epochs", type=int, default=100, help="of each training")
    asked = parser.parse_args(arguments)
    stories: list[Story] = []
    # Ctrl-C ends it with the counts so far.
    with TemporaryDirectory(prefix="regchoose-kill-") as folder, suppress(KeyboardInterrupt):
        for story in _stories(
            Path(folder), random.Random(asked.seed), times=asked.times, epochs=asked.epochs
        ):
            stories.append(story)
            held = ", ".join(f"{len(one.rows)} ({stage(one)})" for one in story.attempts if one.killed)
            _tell(f"run {len(stories)}: blocks in its journal when killed: {held}", *story.faults)
    _summarize(stories)
    return int(any(story.faults for story in stories))


def _stories(folder: Path, rng: random.Random, *, times: int, epochs: int) -> Iterator[Story]:
    place = Place(folder / "unbroken", write(folder, "regression"), epochs=epochs)
    wanted = unbroken(place)
    seconds = wanted.attempt.seconds
    _tell(f"an unbroken run: {len(wanted.attempt.rows)} blocks, {seconds:.1f} s of processor time")
    kills = number = 0
    while kills < times:
        number += 1
        own = replace(place, folder=folder / f"run{number}")
        story = told(own, wanted, moments=islice(_moments(rng, seconds), times - kills))
        kills += story.kills
        yield story


def _moments(rng: random.Random, seconds: float) -> Iterator[Due]:
    while True:
        yield _after(rng.uniform(0, seconds))


def _after(moment: float) -> Due:
    return lambda _said, seconds: seconds >= moment


def _tell(*words: str) -> None:
    sys.stdout.write(f"{'; '.join(words)}\n")
    sys.stdout.flush()


def _summarize(stories: Sequence[Story]) -> None:
    killed = [attempt for story in stories for attempt in story.attempts if attempt.killed]
    stages = Counter(map(stage, killed))
    _tell(f"{len(killed)} kills of {len(stories)} runs")
    for name in STAGES:
        _tell(f"  {stages[name]:4} {name}")
    _tell(f"{sum(len(story.attempts[-1].rows) for story in stories)} blocks in the journals at the end")
    _tell(f"{sum(lost(story.attempts) for story in stories)} blocks lost")
    _tell(f"{sum(trained_again(story.attempts) for story in stories)} blocks trained again once stored")
    _tell(f"{sum(bool(story.faults) for story in stories)} runs with a fault")
    _tell(f"{sum(story.left for story in stories)} temporary files left beside a result")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
