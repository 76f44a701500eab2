"""Equal keys only where everything is equal."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from regchoose.cache import fingerprint
from regchoose.settings.options import Settings

CHANGES: list[dict[str, Any]] = [
    {"seed": 1},
    {"strengths": 5},
    {"target": "b"},
    {"network": "linear"},
    {"device": "cuda"},
    {"budget": "1m"},
    {"decide": "best"},
]
KEPT: list[dict[str, Any]] = [{"jobs": 3}, {"json": True}, {"output": "r.json"}, {"quiet": True}]


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    Path("a.csv").write_text("a,b\n1,2\n")
    return "a.csv"


def key(table: str, settings: Settings | None = None, *given: str, attended: bool = False) -> str | None:
    chosen = settings or Settings()
    return fingerprint.answer_key(table, chosen, given=frozenset(given), attended=attended, environ={})


def test_the_same_run_has_the_same_key(table: str) -> None:
    first = key(table)
    os.utime(table, (1, 1))  # the bytes count, not the clock
    assert key(table) == first
    assert [key(table, replace(Settings(), **change)) == first for change in KEPT] == [True] * len(KEPT)


def test_each_change_of_a_setting_changes_the_key(table: str) -> None:
    keys = {key(table), *(key(table, replace(Settings(), **change)) for change in CHANGES)}
    assert len(keys) == 1 + len(CHANGES)


def test_who_answers_changes_the_key(table: str) -> None:
    assert len({key(table), key(table, None, "sparse"), key(table, attended=True)}) == 3
    assert key(table, None, "jobs") == key(table)


def test_other_rows_under_the_same_name_change_it(table: str) -> None:
    first = key(table)
    Path(table).write_text("a,b\n1,3\n")
    assert key(table) != first


def test_of_a_large_file_size_and_time_tell(table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fingerprint, "HASHED_BELOW", 4)
    first = key(table)
    os.utime(table, (1, 1))
    assert key(table) != first


def test_a_folder_and_a_pattern_mean_all_their_files(table: str) -> None:
    folder, pattern = key("."), key("*.csv")
    assert None not in (folder, pattern)
    Path("b.csv").write_text("a,b\n1,2\n")
    assert key(".") != folder
    assert key("*.csv") != pattern


@pytest.mark.parametrize("data", ["-", "none.csv", "*.parquet", "a\0b", "/dev/null"])
def test_without_files_there_is_no_key(table: str, data: str) -> None:
    assert key(data) is None


def test_a_network_of_the_users_own_has_no_key(table: str) -> None:
    assert key(table, replace(Settings(), network="net.py:Net")) is None


def test_other_code_has_another_mark(tmp_path: Path) -> None:
    (tmp_path / "room").mkdir()
    (tmp_path / "room" / "a.py").write_text("one = 1\n")
    (tmp_path / "b.py").write_text("two = 2\n")
    whole, room = fingerprint.code_fingerprint(tmp_path), fingerprint.code_fingerprint(tmp_path, ["room"])
    (tmp_path / "b.py").write_text("two = 3\n")
    assert fingerprint.code_fingerprint(tmp_path) != whole
    assert fingerprint.code_fingerprint(tmp_path, ["room"]) == room
    (tmp_path / "room" / "a.py").rename(tmp_path / "room" / "c.py")
    assert fingerprint.code_fingerprint(tmp_path, ["room"]) != room


def test_another_release_of_a_library_has_another_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    first = fingerprint.engine_fingerprint()
    monkeypatch.setattr(fingerprint, "version", lambda name: f"{name} of tomorrow")
    assert fingerprint.engine_fingerprint() != first


def test_the_machines_mark_knows_which_accelerators_may_be_used() -> None:
    assert fingerprint.machine_fingerprint({}) != fingerprint.machine_fingerprint(
        {"CUDA_VISIBLE_DEVICES": ""}
    )
