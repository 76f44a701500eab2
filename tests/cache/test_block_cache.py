"""What is stored comes back as it was; whatever happens to the file, a run goes on."""

import io
import pickle
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from regchoose.cache.block_cache import Cache
from regchoose.cache.fingerprint import combine
from regchoose.cache.store import APPLICATION_ID, SCHEMA, Entry
from tests.cache.make_store import ARRAYS, DOCUMENT, ENGINE, NOTE, place

Open = Callable[..., Cache]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "journal.sqlite"


@pytest.fixture
def open_cache(file: Path) -> Iterator[Open]:
    """Open the cache as a run does; all are closed at the end."""
    opened: list[Cache] = []
    ticks = count(1_000)

    def open_(*, engine: str = ENGINE, fresh: bool = False, at: Path = file) -> Cache:
        opened.append(Cache(at, engine=engine, fresh=fresh, now=lambda: float(next(ticks))))
        return opened[-1]

    yield open_
    for one in opened:
        one.close()


def same(found: object) -> bool:
    assert isinstance(found, tuple)
    arrays, note = found
    assert note == NOTE
    assert list(arrays) == list(ARRAYS)
    return all(
        arrays[name].dtype == array.dtype and arrays[name].tobytes() == array.tobytes()
        for name, array in ARRAYS.items()
    )


def stored(open_cache: Open) -> None:
    one = open_cache()
    one.keep_block("a block", ARRAYS, NOTE)
    one.keep_answer("an answer", '{"ok": true}', {"path": "a.csv"})
    one.close()


def test_what_is_stored_comes_back_in_another_run(open_cache: Open) -> None:
    stored(open_cache)
    again = open_cache()
    assert same(again.block("a block"))
    assert again.answer("an answer") == {"ok": True}
    assert again.block("another") is None
    assert again.answer("another") is None
    assert (again.n_found, again.n_stored, again.notes) == (1, 0, [])


def test_of_other_code_nothing_is_known(open_cache: Open) -> None:
    stored(open_cache)
    assert open_cache(engine="a later one").block("a block") is None


def test_fresh_ignores_what_is_stored_and_stores_anew(open_cache: Open) -> None:
    stored(open_cache)
    fresh = open_cache(fresh=True)
    assert fresh.block("a block") is None
    assert fresh.answer("an answer") is None
    fresh.keep_block("a block", ARRAYS, "another note")
    fresh.close()
    known = open_cache().block("a block")
    assert known is not None
    assert known[1] == "another note"


def test_a_store_of_each_schema_opens(open_cache: Open, tmp_path: Path) -> None:
    for schema in range(1, SCHEMA + 1):
        copy = tmp_path / "old" / f"{schema}.sqlite"
        copy.parent.mkdir(exist_ok=True)
        shutil.copy(place(schema), copy)
        one = open_cache(at=copy)
        assert one.notes == []
        assert same(one.block("a block"))
        assert one.answer("an answer") == DOCUMENT


# ---- damage ------------------------------------------------------------------------------------------


def as_text(file: Path) -> None:
    file.write_text("this is no database, whatever its name says\n" * 200)


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def cut_short(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:60])


def scrambled(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[100:4000] = bytes(range(256)) * 15 + bytes(60)
    file.write_bytes(content)


def of_another_program(file: Path) -> None:
    file.unlink()
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE entries (key TEXT)")
    connection.close()


def newer(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA + 1}")
    connection.close()


def without_its_table(file: Path) -> None:
    file.unlink()
    with sqlite3.connect(file) as connection:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {SCHEMA}")
        connection.execute("CREATE TABLE entries (key TEXT)")
    connection.close()


DAMAGES: dict[Callable[[Path], None], str] = {
    as_text: "corrupt",
    cut: "corrupt",
    cut_short: "corrupt",
    scrambled: "corrupt",
    of_another_program: "foreign",
    newer: "newer",
    without_its_table: "corrupt",
}


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_what_cannot_be_read_is_put_aside_and_begun_anew(
    damage: Callable[[Path], None], open_cache: Open, file: Path
) -> None:
    stored(open_cache)
    damage(file)
    before = file.read_bytes()
    one = open_cache()
    aside = file.with_name(f"journal.sqlite.{DAMAGES[damage]}-1")
    assert aside.read_bytes() == before
    assert [str(aside) in note for note in one.notes] == [True]
    assert one.block("a block") is None
    one.keep_block("a block", ARRAYS, NOTE)
    one.close()
    again = open_cache()
    assert same(again.block("a block"))
    assert again.notes == []


def test_a_second_damaged_file_gets_a_name_of_its_own(open_cache: Open, file: Path) -> None:
    for number in (1, 2):
        stored(open_cache)
        as_text(file)
        open_cache().close()
        assert file.with_name(f"journal.sqlite.corrupt-{number}").exists()


def test_damage_found_while_it_is_used_is_put_aside_too(open_cache: Open, file: Path) -> None:
    one = open_cache()
    for number in range(50):
        one.keep_block(f"block {number}", ARRAYS, NOTE)
    one.close()
    content = file.read_bytes()
    page = 4096
    file.write_bytes(content[: 3 * page] + b"\xff" * (len(content) - 3 * page))
    again = open_cache()
    assert [again.block(f"block {number}") for number in range(50)].count(None) > 0
    again.keep_block("a block", ARRAYS, NOTE)
    assert same(again.block("a block"))
    assert file.with_name("journal.sqlite.corrupt-1").exists()


def test_the_log_of_a_run_that_was_killed_is_read(open_cache: Open, file: Path, tmp_path: Path) -> None:
    one = open_cache()
    one.keep_block("a block", ARRAYS, NOTE)
    for side in ("", "-wal"):  # as they lie there while it runs; closing it would write all into one file
        shutil.copy(file.with_name(file.name + side), tmp_path / f"killed.sqlite{side}")
    again = open_cache(at=tmp_path / "killed.sqlite")
    assert same(again.block("a block"))
    assert again.notes == []


def test_a_log_of_something_else_does_no_harm(open_cache: Open, file: Path) -> None:
    stored(open_cache)
    file.with_name("journal.sqlite-wal").write_bytes(b"left over" * 1000)
    one = open_cache()
    assert same(one.block("a block"))
    assert one.notes == []


def test_a_value_that_was_changed_is_unknown(open_cache: Open, file: Path) -> None:
    stored(open_cache)
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE entries SET about = replace(about, 'note', 'nota')")
    connection.close()
    one = open_cache()
    assert one.block("a block") is None
    assert one.notes == []


# ---- what lies in it is never run ------------------------------------------------------------------


class Evil:
    """Leaves a trace where it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.trace,))


def test_nothing_is_unpickled(open_cache: Open, file: Path, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    evil = Evil(trace)
    planted = io.BytesIO()
    np.savez(planted, failed=np.array([evil], dtype=object))
    one = open_cache()
    for key, value in (("pickle", pickle.dumps(evil)), ("array", planted.getvalue())):
        entry = Entry('{"note": ""}', value)
        row = (combine(ENGINE, key), "block", entry.about, entry.value, entry.digest, 0.0)
        with sqlite3.connect(file) as connection:
            connection.execute("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?)", row)
        connection.close()
        assert one.block(key) is None
    assert not trace.exists()
    pickle.loads(pickle.dumps(evil))
    assert trace.exists()  # so the trap was a trap


# ---- places that cannot be used --------------------------------------------------------------------


def test_without_a_place_to_write_a_run_goes_on_with_one_note(open_cache: Open, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where a folder is wanted")
    (tmp_path / "folder" / "journal.sqlite").mkdir(parents=True)
    for at in (tmp_path / "taken" / "journal.sqlite", tmp_path / "folder" / "journal.sqlite"):
        one = open_cache(at=at)
        one.keep_block("a block", ARRAYS, NOTE)
        assert one.block("a block") is None
        assert one.contents().blocks == 0
        assert len(one.notes) == 1
        assert str(at) in one.notes[0]
        assert "--cache-dir" in one.notes[0]


FULL = """
import resource, sys
from pathlib import Path
import numpy as np
from regchoose.cache.block_cache import Cache

resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
cache = Cache(Path(sys.argv[1]), engine="", fresh=False, now=lambda: 0.0)
for number in range(9):
    cache.keep_block(str(number), {"failed": np.zeros(10_000)}, "")
cache.close()
print(len(cache.notes), *cache.notes)
"""


def test_a_full_place_ends_the_cache_and_not_the_run(file: Path, open_cache: Open) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(file)], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.startswith("1 Nothing is kept for another run")
    assert done.stderr == ""
    one = open_cache()  # what was stored before is whole
    assert one.notes == []


def test_a_file_that_may_not_be_written_ends_it_too(
    open_cache: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = open_cache()

    def refuse(*_: object) -> None:
        raise sqlite3.OperationalError("attempt to write a readonly database")

    monkeypatch.setattr("regchoose.cache.block_cache.used_bytes", refuse)
    assert one.contents().bytes == 0
    assert "attempt to write a readonly database" in one.notes[0]
    assert one.block("a block") is None
    assert len(one.notes) == 1


# ---- several runs at once --------------------------------------------------------------------------


def test_runs_that_open_and_write_at_once_lose_nothing(file: Path, open_cache: Open) -> None:
    notes: list[str] = []

    def work(name: int) -> None:
        one = Cache(file, engine=ENGINE, fresh=False, now=lambda: 0.0)
        for number in range(20):
            one.keep_block(f"{name} {number}", ARRAYS, NOTE)
            one.keep_block(f"both {number}", ARRAYS, NOTE)
        one.close()
        notes.extend(one.notes)

    threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert notes == []
    assert open_cache().contents().blocks == 4 * 20 + 20


# ---- its size --------------------------------------------------------------------------------------


def test_beyond_the_largest_size_the_longest_unused_go_first(open_cache: Open) -> None:
    one = open_cache()
    for number in range(10):
        one.keep_block(str(number), {"failed": np.full(10_000, number)}, NOTE)
    one.close()
    later = open_cache()
    assert later.block("0") is not None  # used again, so it is not the oldest any more
    later.close(largest=500_000)
    left = open_cache()
    known = [number for number in range(10) if left.block(str(number)) is not None]
    assert known[0] == 0
    assert known[1:] == list(range(11 - len(known), 10))
    assert 3 < len(known) < 8
    assert left.contents().bytes <= 500_000


def test_clearing_forgets_everything_and_removes_what_was_put_aside(open_cache: Open, file: Path) -> None:
    stored(open_cache)
    as_text(file)
    stored(open_cache)
    one = open_cache()
    assert one.contents().blocks == 1
    assert [about for _, about in one.contents().answers] == [{"path": "a.csv"}]
    one.clear()
    assert (one.contents().blocks, one.contents().answers) == (0, ())
    one.close()
    assert {path.name for path in file.parent.iterdir()} == {"journal.sqlite", "journal.sqlite.lock"}


FILLED = """
import resource, sys
from pathlib import Path
import numpy as np
from regchoose.cache.block_cache import Cache

cache = Cache(Path(sys.argv[1]), engine="", fresh=False, now=lambda: 0.0)
for number in range(9):
    cache.keep_block(str(number), {"failed": np.zeros(10_000)}, "")
cache.close()
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
cache = Cache(Path(sys.argv[1]), engine="", fresh=False, now=lambda: 0.0)
cache.clear()
left = sum(file.stat().st_size for file in Path(sys.argv[1]).parent.iterdir())
print(cache.notes, cache.contents().blocks, left)
"""


def test_clearing_makes_room_where_there_is_none(file: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FILLED, str(file)], capture_output=True, text=True, timeout=60, check=True
    )
    notes, blocks, n_bytes = done.stdout.rsplit(maxsplit=2)
    assert (notes, blocks) == ("[]", "0")
    assert int(n_bytes) < 100_000
