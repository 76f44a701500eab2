"""Files shared out among workers: what is found is what one reader of all files finds, to the last digit."""

from dataclasses import dataclass, fields
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from regchoose.errors import RegchooseError, ResourceError
from regchoose.records.table import Table, Whole
from regchoose.settings import options
from regchoose.settings.options import Settings
from regchoose.table.file_set import classify
from regchoose.table.large import distributed_scan, held_rows, text_file
from regchoose.table.large.distributed_scan import merge_counts, why_not_shared
from regchoose.table.load import load, load_with_progress
from regchoose.workers.threads import Threads
from regchoose.workers.wire_format import pack, unpack
from tests.table.large.test_stream import PACKED, csv, lines
from tests.table.writing import nobody

CREW = Threads(2)
CUTS = (0, 7, 1_100, 1_500)


@dataclass(frozen=True)
class Remote(Threads):
    """Threads that say they are on other machines, one of which sees other sizes of files."""

    is_remote: bool = True
    smaller_by: int = 0

    def ask_machines(self, remote_name: str, data: bytes = b"") -> dict[str, bytes]:
        answer = distributed_scan.file_sizes(data)
        said: list[int] = unpack(answer)[0]
        return {"tcp://a:1": answer, "tcp://b:1": pack([size - self.smaller_by for size in said])}


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold few rows of a table."""
    monkeypatch.setattr(held_rows, "LEAST", 400)
    monkeypatch.setattr(held_rows, "TIMES", 1)
    monkeypatch.setattr(options, "FIRST_ROWS", 100)
    monkeypatch.setattr(text_file, "BEGINNING", 2**14)


def folder_of(tmp_path: Path, rows: list[str], packing: str = "plain") -> str:
    folder = tmp_path / "parts"
    folder.mkdir()
    for place, (start, end) in enumerate(pairwise(CUTS)):
        data = PACKED[packing](csv(rows[start:end]))
        (folder / f"{place}.csv{'.gz' if packing == 'gzip' else ''}").write_bytes(data)
    return str(folder)


def as_parquet(folder: str, tmp_path: Path) -> str:
    target = tmp_path / "typed"
    target.mkdir()
    for file in sorted(Path(folder).iterdir()):
        duckdb.sql(f"COPY (FROM read_csv('{file}')) TO '{target / file.stem}.parquet'")
    return str(target)


def same(a: Any, b: Any) -> bool:
    if isinstance(a, Table | Whole):
        return all(same(getattr(a, field.name), getattr(b, field.name)) for field in fields(a))
    if isinstance(a, np.ndarray):
        return bool(a.dtype == b.dtype and a.tobytes() == b.tobytes())
    if isinstance(a, tuple):
        return len(a) == len(b) and all(same(one, other) for one, other in zip(a, b, strict=True))
    return bool(a == b)


@pytest.mark.parametrize("kind", ["plain", "gzip", "utf-16", "parquet", "dropped", "regression"])
def test_shared_files_give_the_same_table(kind: str, tmp_path: Path) -> None:
    rows = lines(1_500)
    settings = Settings(
        drop_missing_target=kind == "dropped", target="skew" if kind == "regression" else None
    )
    if kind == "dropped":
        rows = [row[: row.rindex(",") + 1] if place % 50 == 9 else row for place, row in enumerate(rows)]
    path = folder_of(tmp_path, rows, kind if kind in PACKED else "plain")
    if kind == "parquet":
        path = as_parquet(path, tmp_path)
    here, shared = (load(path, settings, choose=nobody, workers=workers) for workers in (None, CREW))
    assert here.whole is not None
    assert here.n_rows < here.n_all
    assert same(here, shared)


def test_where_hashes_are_uneven_all_are_gathered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder_of(tmp_path, lines(1_500))
    here = load(path, Settings(), choose=nobody)
    bounds = list[int]()
    gather = distributed_scan.run_on_files

    def noted(workers: Any, work: Any, orders: Any, **further: Any) -> Any:
        bounds.extend(order["bound"] for order in orders if "bound" in order)
        return gather(workers, work, orders, **further)

    monkeypatch.setattr(distributed_scan, "SURE", -15)  # fewer than are wanted
    monkeypatch.setattr(distributed_scan, "run_on_files", noted)
    assert same(here, load(path, Settings(), choose=nobody, workers=CREW))
    assert len(set(bounds)) == 2


@pytest.mark.parametrize(
    "line",
    [
        "1,2,3,a,the same,no,9",
        "abc,2,3,a,the same,no",
        '1,2,3,"a,the same,no',
        "1,2,3,a,the same,",
        "1,,,b,odd,maybe",
    ],
)
def test_faults_in_shared_files_are_told_alike(line: str, tmp_path: Path) -> None:
    rows = lines(1_500)
    rows[1_300] = line
    path = folder_of(tmp_path, rows)
    told = []
    for workers in (None, CREW):
        with pytest.raises(RegchooseError) as caught:
            load(path, Settings(), choose=nobody, workers=workers)
        told.append((caught.value.code, caught.value.message, caught.value.where, caught.value.detail))
    assert told[0] == told[1]


def test_rows_that_are_skipped_are_counted_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_file, "BEGINNING", 2**12)  # bad rows are refused there
    rows = lines(1_500)
    rows[1_400] = rows[900] = "1,2,3"
    path, settings = folder_of(tmp_path, rows), Settings(on_bad_rows="skip")
    here, shared = (load(path, settings, choose=nobody, workers=workers) for workers in (None, CREW))
    assert any("2 rows had a wrong number of fields" in warning for warning in here.warnings)
    assert same(here, shared)


# ---- who sees the files --------------------------------------------------------------------------


class Told:
    """Hears how far the reading is."""

    def __init__(self) -> None:
        self.total, self.done, self.notes = 0, list[int](), list[str]()

    def started(self, key: str, text: str, total: int) -> None:
        self.total = total

    def advanced(self, key: str, done: int) -> None:
        self.done.append(done)

    def finished(self, key: str, summary: str) -> None: ...

    def noted(self, text: str) -> None:
        self.notes.append(text)


@pytest.mark.parametrize(
    ("workers", "note", "passes"),
    [
        (Remote(2), "The 3 files are read by the workers.", 3),
        (Remote(2, smaller_by=1), "The 3 files are read here: the worker tcp://b:1 sees", 2),
        (CREW, "", 2),
    ],
)
def test_files_that_all_workers_see_are_shared_out(
    workers: Threads, note: str, passes: int, tmp_path: Path
) -> None:
    path, told = folder_of(tmp_path, lines(1_500)), Told()
    table = load_with_progress(path, Settings(), choose=nobody, listener=told, workers=workers)
    assert same(table, load(path, Settings(), choose=nobody))
    found = classify(path)
    assert told.total == passes * found.n_bytes
    assert max(told.done) <= told.total
    assert "".join(told.notes).startswith(note)
    if passes == 3:
        assert told.done[-1] == told.total


def test_a_file_that_a_worker_does_not_see_is_named(tmp_path: Path) -> None:
    path = folder_of(tmp_path, lines(1_500))
    found = classify(path)
    assert why_not_shared(Remote(2), found) == ""
    (Path(path) / "1.csv").unlink()
    assert "does not see" in why_not_shared(Remote(2), found)
    with pytest.raises(ResourceError, match=r"does not see .*1\.csv") as caught:
        distributed_scan.run_query(pack({"path": str(Path(path) / "1.csv")}))
    assert caught.value.code == "E405"


def test_terms_add_up_as_duckdb_does_it() -> None:
    """An oracle: DuckDB over both halves at once."""
    terms = {
        "n": "count(*)",
        "sum0": "sum(k)",
        "texts0": "histogram(t)",
        "same0": "[min(t), max(t)]",
    }
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE a (k BIGINT, t VARCHAR)")
        texts = ["b", "é", None, "𝄞", "\uffee", "b"]
        connection.executemany("INSERT INTO a VALUES (?, ?)", [(2**62, text) for text in texts])
        every = f"SELECT {', '.join(terms.values())} FROM a"
        (whole,) = connection.execute(every).fetchall()
        parts = [
            dict(zip(terms, connection.execute(f"{every} WHERE rowid {half}").fetchall()[0], strict=True))
            for half in ("< 3", ">= 3", "> 99")
        ]
    assert repr(merge_counts(parts)) == repr(dict(zip(terms, whole, strict=True)))
    assert merge_counts(parts)["sum0"] == 6 * 2**62
