"""Two runs at once on one cache; and runs on other numbers of threads and jobs."""

import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from tests.durability.kill import Unbroken, unbroken
from tests.durability.killed import PATIENCE, Place, blocks, lasting

pytestmark = pytest.mark.slow

COUNTED = """
import os, sys
from regchoose.cli.app import main
from regchoose.cache.block_cache import Cache

keep = Cache.keep_block

def counted(self, key, arrays, note):
    with open(os.environ["TRAINED"], "a", encoding="utf-8") as file:
        file.write(f"{key}\\n")
    keep(self, key, arrays, note)

Cache.keep_block = counted
sys.exit(main())
"""


def test_two_runs_on_one_cache_both_end_and_say_the_same(
    place: Place, wanted: Unbroken, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "journal.sqlite").write_text("no journal " * 1000, encoding="utf-8")  # one of them puts it aside
    both = [replace(place, folder=tmp_path / name, jobs=1) for name in ("one", "other")]
    processes = [start(one, cache=cache) for one in both]
    said = [process.communicate(timeout=PATIENCE)[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], said
    assert [lasting(one.result) for one in both] == [wanted.result] * 2
    notes = [line for text in said for line in text.splitlines() if "the cache" in line.lower()]
    aside, *others = sorted(notes, key=lambda line: "could not be read" not in line)
    assert aside.endswith("journal.sqlite.corrupt-1, and a new one is begun.")
    assert all(" blocks of models were in the cache" in line for line in others), others
    trained = [Counter((one.folder / "trained.txt").read_text(encoding="utf-8").split()) for one in both]
    assert all(set(times.values()) == {1} for times in trained)  # so at most twice in all
    assert len(trained[0] | trained[1]) == len(blocks(cache / "journal.sqlite"))


def start(place: Place, *, cache: Path) -> "subprocess.Popen[str]":
    place.folder.mkdir()
    return subprocess.Popen(
        [sys.executable, "-c", COUNTED, *place.command[3:], "--cache-dir", str(cache)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        cwd=place.folder,
        env={**place.environ, "TRAINED": str(place.folder / "trained.txt")},
    )


def test_threads_and_jobs_change_nothing(place: Place, wanted: Unbroken, elsewhere: Path) -> None:
    assert (place.threads, place.jobs) == (2, 2)
    assert unbroken(replace(place, folder=elsewhere, threads=1, jobs=1)).result == wanted.result
