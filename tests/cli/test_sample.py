"""`sample`: the file it writes, the proof beside it, and what it refuses."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import duckdb
import numpy as np
import pytest

from regchoose.library.draw_rows import draw_rows
from regchoose.library.extract import classify, extract
from regchoose.settings.options import Settings
from regchoose.table import file_set
from tests.cli.conftest import Shell, clean_environment

FORMULAS = ["=1+1", "+cmd", "-2+3", "@sum", "plain", "-", "-5"]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    rows = [f"{x:.3f},{FORMULAS[i % len(FORMULAS)]},{i % 2}" for i, x in enumerate(rng.normal(size=700))]
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["x,said,y", *rows, ""]), encoding="utf-8")
    return path


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_it_writes_rows_of_the_table_and_the_proof(shell: Shell, table: Path) -> None:
    done = shell("sample", "t.csv", "--rows", "350", "-o", "s.csv", "--json")
    assert done.returncode == 0
    found = json.loads(done.stdout)
    assert (found["ok"], found["subsample"]["rows"], found["subsample"]["of"]) == (True, 350, 700)
    assert {check["check"] for check in found["subsample"]["checks"]} >= {
        "standardized mean difference",
        "total variation",
    }
    drawn, whole = read(table.parent / "s.csv"), read(table)
    known = {row["x"] for row in whole}
    assert len(drawn) == 350
    assert {row["x"] for row in drawn} <= known
    assert sum(row["y"] == "1" for row in drawn) == 175
    assert shell("sample", "t.csv", "--rows", "350", "-o", "again.csv").returncode == 0
    assert (table.parent / "again.csv").read_bytes() == (table.parent / "s.csv").read_bytes()


@pytest.mark.usefixtures("table")
def test_the_proof_is_a_table(shell: Shell) -> None:
    shown = " ".join(shell("sample", "t.csv", "--rows", "350", "-o", "s.csv").stdout.split())
    assert "Does it match the whole table? yes 350 of 700 rows" in shown
    assert "standardized mean difference" in shown
    assert "400 cells that a spreadsheet would run" not in shown
    assert "now begin with an apostrophe" in shown


def test_text_that_a_spreadsheet_would_run_is_protected_and_numbers_are_not(
    shell: Shell, table: Path
) -> None:
    shell("sample", "t.csv", "--rows", "all", "-o", "s.csv")
    found = read(table.parent / "s.csv")
    assert [row["said"] for row in found[:7]] == ["'=1+1", "'+cmd", "'-2+3", "'@sum", "plain", "-", "-5"]
    assert [row["x"] for row in found] == [row["x"] for row in read(table)]
    assert min(float(row["x"]) for row in found) < 0


def test_dates_are_written_as_they_stand_and_not_their_parts(shell: Shell, tmp_path: Path) -> None:
    rows = [f"2021-{1 + i % 12:02}-{1 + i % 28:02},{i * i % 97},{i * i % 89 / 7}" for i in range(200)]
    (tmp_path / "dated.csv").write_text("\n".join(["day,x,y", *rows, ""]), encoding="utf-8")
    for name in ("s.csv", "s.parquet"):
        assert shell("sample", "dated.csv", "--rows", "100", "-o", name).returncode == 0
    drawn = read(tmp_path / "s.csv")
    assert set(drawn[0]) == {"day", "x", "y"}
    assert {row["day"] for row in drawn} <= {row[:10] for row in rows}


@pytest.mark.parametrize("rows", ["all", "100"])
@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_every_column_is_written_in_its_order_and_no_target_is_needed(
    shell: Shell, tmp_path: Path, rows: str, ending: str
) -> None:
    """Dates, an empty column, ids, a text among numbers, a constant last column: as they stand."""
    body = [f"k{i},2021-03-{1 + i % 28:02},,{'oops' if i == 77 else i * i % 97},7" for i in range(200)]
    (tmp_path / "odd.csv").write_text("\n".join(["id,day,empty,x,y", *body, ""]), encoding="utf-8")
    done = shell("sample", "odd.csv", "--rows", rows, "-o", f"s.{ending}")
    assert done.returncode == 0, done.stderr
    with duckdb.connect() as connection:
        found = connection.execute(f"SELECT * FROM '{tmp_path / f's.{ending}'}'")
        assert [name for name, *_ in found.description] == ["id", "day", "empty", "x", "y"]
        drawn = [["" if cell is None else str(cell) for cell in row] for row in found.fetchall()]
    assert len(drawn) == (200 if rows == "all" else 100)
    whole = [line.split(",") for line in body]
    assert all(row in whole for row in drawn)
    assert drawn == whole or rows != "all"


def test_a_parquet_file_has_numbers_where_all_cells_are(shell: Shell, tmp_path: Path) -> None:
    cells = [["1", "1.5", "1,234", "007", "NA", "12345678901234567890", "x"]]
    cells += [
        ["-2", "-0.12345678901234567", "5", "010", "3", "1", ""],
        ["NA", "1e3", "-5.5", "1", "4", "2", "9"],
    ] * 10
    with (tmp_path / "kinds.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["whole", "real", "grouped", "code", "gap", "long", "mixed"], *cells])
    assert shell("sample", "kinds.csv", "--rows", "all", "-o", "s.parquet").returncode == 0
    with duckdb.connect() as connection:
        found = connection.execute(f"SELECT * FROM '{tmp_path / 's.parquet'}'")
        types = {name: str(type_) for name, type_, *_ in found.description}
        first = found.fetchall()[:3]
    assert first[0] == (1, 1.5, 1234.0, "007", None, "12345678901234567890", "x")
    assert first[1:] == [
        (-2, -0.12345678901234567, 5.0, "010", 3, "1", None),
        (None, 1000.0, -5.5, "1", 4, "2", "9"),
    ]
    assert set(types) == {"whole", "real", "grouped", "code", "gap", "long", "mixed"}


def test_all_rows_of_a_table_in_a_numpy_file_are_written(shell: Shell, tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(60, 3))
    np.savez(tmp_path / "t.npz", X=x, y=x[:, 0])
    assert shell("sample", "t.npz", "--rows", "all", "-o", "s.csv").returncode == 0
    assert len(read(tmp_path / "s.csv")) == 60


def test_parquet_keeps_numbers_as_numbers(shell: Shell, table: Path) -> None:
    shell("sample", "t.csv", "--rows", "all", "-o", "s.parquet")
    with duckdb.connect() as connection:
        rows = connection.execute(f"SELECT x, said, y FROM '{table.parent / 's.parquet'}'").fetchall()
    assert [(row[0], row[1]) for row in rows[:2]] == [
        (float(read(table)[i]["x"]), FORMULAS[i]) for i in (0, 1)
    ]
    assert isinstance(rows[0][2], int)


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([], "E207"),
        (["-o", "s.xlsx"], "E209"),
        (["-o", "t.csv"], "E206"),
        (["-o", "there.csv"], "E206"),
        (["-o", "none/s.csv"], "E402"),
        (["-o", "s.csv", "--target", "z"], "E204"),
    ],
)
def test_what_cannot_be_written_is_refused(
    shell: Shell, tmp_path: Path, arguments: list[str], code: str
) -> None:
    (tmp_path / "there.csv").write_text("mine", encoding="utf-8")
    before = sorted(tmp_path.iterdir())
    assert f"error[{code}]" in shell("sample", "t.csv", *arguments).stderr
    assert sorted(tmp_path.iterdir()) == before
    assert (tmp_path / "there.csv").read_text(encoding="utf-8") == "mine"


@pytest.mark.usefixtures("table")
def test_an_output_is_replaced_where_that_is_asked_for(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("old", encoding="utf-8")
    assert shell("sample", "t.csv", "--rows", "350", "-o", "s.csv", "--force").returncode == 0
    assert len(read(tmp_path / "s.csv")) == 350


def test_a_large_table_is_written_whole(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_set, "LARGE", 0)
    target = table.parent / "all.csv"
    heard: list[int] = []
    drawn, _, protected = extract(
        classify(str(table)),
        Settings(),
        everything=True,
        target=target,
        form="csv",
        ask=lambda _: None,
        advanced=heard.append,
        draw=draw_rows,
    )
    assert (drawn.of, protected) == (700, 400)
    assert [row["x"] for row in read(target)] == [row["x"] for row in read(table)]


LIMITED = """
import resource, sys
from regchoose.cli.app import main

resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, 2_000))
sys.exit(main())
"""


@pytest.mark.slow
def test_where_there_is_no_room_the_old_file_stays(table: Path) -> None:
    old = table.parent / "s.csv"
    old.write_text("old", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, "sample", "t.csv", "--rows", "all", "-o", "s.csv", "--force", "-q"],
        capture_output=True,
        text=True,
        cwd=table.parent,
        env=clean_environment(),
        timeout=60,
        check=False,
    )
    assert done.returncode == 4
    assert done.stderr.splitlines() == [
        "error[E402]: the output cannot be written: File too large",
        "  --> s.csv",
        f"  it takes about {table.stat().st_size:,} bytes, as the table does",
        "  fix:   -o with another place, or free some space",
    ]
    assert old.read_text(encoding="utf-8") == "old"
    assert sorted(file.name for file in table.parent.iterdir()) == ["s.csv", "t.csv"]
