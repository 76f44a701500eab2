"""Files: loaded exactly, or refused with the line and the remedy; never silently wrong."""

import gzip
import io
import os
from pathlib import Path
from threading import Thread
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from regchoose.errors import DataError
from regchoose.records.answers import Prompt
from regchoose.settings.options import Settings
from regchoose.table import file_set
from regchoose.table.csv.read import read
from regchoose.table.csv.source import decode
from regchoose.table.file_bytes import check_unchanged, read_bytes, zstd
from regchoose.table.file_set import classify
from regchoose.table.load import load, read_held
from regchoose.table.raw_table import RawTable
from tests.table.pollution.families import Polluted, around_the_table
from tests.table.writing import csv_of, error_of, nobody, numbers, text_of, write

ROWS = numbers(40)
TEXT = csv_of(ROWS)

BYTES: list[tuple[str, bytes]] = [
    ("plain", TEXT.encode()),
    ("byte order mark", b"\xef\xbb\xbf" + TEXT.encode()),
    ("UTF-16 with a mark", TEXT.encode("utf-16")),
    ("UTF-16, big end first", b"\xfe\xff" + TEXT.encode("utf-16-be")),
    ("UTF-32 with a mark", TEXT.encode("utf-32")),
    ("gzip", gzip.compress(TEXT.encode())),
    ("gzip of two members", gzip.compress(TEXT[:100].encode()) + gzip.compress(TEXT[100:].encode())),
    ("gzip of UTF-16", gzip.compress(TEXT.encode("utf-16"))),
    ("zstandard", zstd.compress(TEXT.encode())),
    ("zstandard of two frames", zstd.compress(TEXT[:100].encode()) + zstd.compress(TEXT[100:].encode())),
    ("CRLF", TEXT.replace("\n", "\r\n").encode()),
    ("CR", TEXT.replace("\n", "\r").encode()),
    ("no final line end", TEXT.rstrip("\n").encode()),
    ("blank lines at the end", TEXT.encode() + b"\n\n  \n"),
]


@pytest.mark.parametrize("content", [case[1] for case in BYTES], ids=[case[0] for case in BYTES])
def test_bytes_of_many_kinds_hold_the_same_table(tmp_path: Path, content: bytes) -> None:
    assert text_of(write(tmp_path, content)) == ROWS


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.txt", "a.csv.gz", "a.gz", "a.data", "a"])
def test_a_file_is_what_it_holds_whatever_its_name(tmp_path: Path, name: str) -> None:
    assert text_of(write(tmp_path, TEXT, name)) == ROWS


REFUSED: list[tuple[str, bytes, str, str, str]] = [
    ("empty", b"", "E301", "empty", ""),
    ("white space", b" \n\t\n \r\n", "E301", "empty", ""),
    ("a mark alone", b"\xef\xbb\xbf", "E301", "empty", ""),
    ("header only", b"a,b,c\n", "E302", "0 data rows", ""),
    (
        "Latin-1",
        "x,name\n1,Caf\u00e9\n2,Br\u00f6tchen\n".encode("latin-1"),
        "E304",
        "byte 12",
        "--encoding cp1252",
    ),
    ("NUL", b"x,y\n1,2\n3,\0\n", "E305", "line 3", "repair"),
    ("UTF-16 without a mark", TEXT.encode("utf-16-le"), "E305", "NUL", "--encoding utf-16-le"),
    ("UTF-16 the other way", TEXT.encode("utf-16-be"), "E305", "NUL", "--encoding utf-16-be"),
    ("cut gzip", gzip.compress(TEXT.encode())[:-20], "E307", "middle of its gzip stream", ""),
    ("damaged gzip", gzip.compress(TEXT.encode())[:30] + b"\xff" * 40, "E307", "damaged", ""),
    ("Excel", b"PK\x03\x04rest", "E209", "Excel", "export"),
    ("old Excel", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", "E209", "old Excel", "export"),
    ("PDF", b"%PDF-1.7\n", "E209", "PDF", "export"),
    ("cut zstandard", zstd.compress(TEXT.encode())[:-9], "E307", "middle of its zstandard", "again"),
    (
        "damaged zstandard",
        zstd.compress(TEXT.encode())[:20] + b"\xff" * 400,
        "E307",
        "damaged zstandard",
        "again",
    ),
    ("Excel in zstandard", zstd.compress(b"PK\x03\x04rest"), "E209", "Excel", "unpack"),
    ("Excel in gzip", gzip.compress(b"PK\x03\x04rest"), "E209", "Excel", "unpack"),
    ("HTML", b"<!DOCTYPE html><table>", "E306", "markup", "export"),
    ("JSON", b'[{"a": 1}]', "E306", "JSON", "export"),
    ("one column", b"a\n1\n2\n", "E205", "one column", "--delimiter"),
    ("another delimiter", b"a!b\nx!y\nz!w\n", "E205", "one column", "--delimiter"),
]


@pytest.mark.parametrize(
    ("content", "code", "said", "fix"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_bytes_that_are_refused(tmp_path: Path, content: bytes, code: str, said: str, fix: str) -> None:
    error = error_of(write(tmp_path, content))
    assert error.code == code
    assert said in error.message
    assert fix in error.fix


def test_latin_1_says_which_bytes_and_is_read_when_told(tmp_path: Path) -> None:
    path = write(tmp_path, "x,name\n1,Caf\u00e9\n2,Br\u00f6t\n".encode("latin-1"))
    error = error_of(path)
    assert "data.csv:2" in error.where
    assert "e9" in error.message
    assert "Caf\u00e9" in error.detail[0]
    assert text_of(path, Settings(encoding="cp1252"))[1] == ["1", "Caf\u00e9"]
    assert error_of(path, Settings(encoding="ascii")).code == "E304"
    assert error_of(path, Settings(encoding="latin-17")).code == "E202"
    assert error_of(path, Settings(encoding="base64")).code == "E202"


def test_utf_16_without_a_mark_is_read_when_told(tmp_path: Path) -> None:
    assert text_of(write(tmp_path, TEXT.encode("utf-16-le")), Settings(encoding="utf-16-le")) == ROWS


def test_a_missing_file_names_its_neighbour(tmp_path: Path) -> None:
    write(tmp_path, TEXT, "patients.csv")
    error = error_of(str(tmp_path / "patient.csv"))
    assert error.code == "E201"
    assert "patients.csv" in error.fix
    assert error_of(str(tmp_path / "no" / "such.csv")).code == "E201"
    assert error_of("a\0b.csv").code == "E201"


@pytest.mark.parametrize("name", ["t.json", "t.xml", "t.parquet"])
def test_other_kinds_of_file_are_refused(tmp_path: Path, name: str) -> None:
    assert error_of(write(tmp_path, TEXT, name)).code == "E209"


def test_a_folder_without_tables_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "{}", "t.json")
    assert error_of(str(tmp_path)).code == "E201"


def test_a_pipe_with_a_name_is_read_once(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = Thread(target=path.write_text, args=(TEXT,))
    writer.start()
    assert text_of(str(path)) == ROWS
    writer.join()


def test_a_pipe_is_opened_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Opened to be looked at and closed again, it would lose what the writer had written by then."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    opened, given = list[str](), Path.open

    def counted(self: Path, *arguments: Any, **further: Any) -> Any:
        opened.append(self.name)
        return given(self, *arguments, **further)

    writer = Thread(target=os.system, args=(f"printf 'a,b\\n1,2\\n' > '{path}'",))
    writer.start()
    monkeypatch.setattr(Path, "open", counted)
    assert text_of(str(path), Settings(header="yes")) == [["a", "b"], ["1", "2"]]
    writer.join()
    assert opened == ["pipe"]


def test_a_device_that_yields_nothing_is_empty() -> None:
    assert error_of(os.devnull).code == "E301"


def test_a_small_file_that_unpacks_to_much_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, gzip.compress(b"0," * 2_000_000), "bomb.csv.gz")
    with pytest.raises(DataError, match="more than 1,000,000 bytes") as caught:
        read_bytes(path, limit=1_000_000)
    assert caught.value.code == "E307"
    plain = write(tmp_path, TEXT)
    with pytest.raises(DataError, match="more than 10 bytes"):
        decode(read_bytes(plain, limit=10), Settings())


def test_a_file_that_changes_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, TEXT)
    before = os.stat(path)
    check_unchanged(path, before)
    write(tmp_path, TEXT + "1,2,0\n")
    with pytest.raises(DataError, match="changed while it was read") as caught:
        check_unchanged(path, before)
    assert caught.value.code == "E311"
    Path(path).unlink()
    with pytest.raises(DataError, match="changed"):
        check_unchanged(path, before)


# ---- rows of a wrong length ------------------------------------------------------------------------


def ragged(n_bad: int, row: str, n_rows: int = 400) -> str:
    rows = csv_of(numbers(n_rows)).splitlines()
    for place in range(n_bad):
        rows[10 + 7 * place] = row
    return "\n".join(rows) + "\n"


def test_a_ragged_row_is_named_counted_and_explained(tmp_path: Path) -> None:
    error = error_of(write(tmp_path, ragged(2, "1,Smith, J,0")))
    assert error.code == "E312"
    assert error.message == "row has 4 fields, the first row has 3"
    assert "data.csv:11 " in error.where
    assert "1,Smith, J,0" in error.where
    assert error.detail[0].startswith("2 such rows of 401 (first: 11, 18)")
    assert "unquoted delimiter" in error.detail[1]
    assert "--on-bad-rows skip" in error.fix


@pytest.mark.parametrize(
    ("content", "settings", "code"),
    [
        (ragged(2, "1,2,3,0"), Settings(on_bad_rows="skip"), None),
        (ragged(2, "1,2"), Settings(on_bad_rows="skip"), None),
        (ragged(2, "1,2"), Settings(on_bad_rows="pad"), None),
        (ragged(2, "1,2,3,0"), Settings(on_bad_rows="pad"), "E312"),
        (ragged(9, "1,2"), Settings(on_bad_rows="skip"), "E312"),
        (ragged(9, "1,2"), Settings(on_bad_rows="pad"), "E312"),
    ],
    ids=["skip long", "skip short", "pad short", "pad long", "skip too many", "pad too many"],
)
def test_ragged_rows_may_be_skipped_or_padded(
    tmp_path: Path, content: str, settings: Settings, code: str | None
) -> None:
    path = write(tmp_path, content)
    if code is not None:
        assert error_of(path, settings).code == code
        return
    raw = read(path, settings, choose=nobody)
    assert raw.n_rows == (400 if settings.on_bad_rows == "pad" else 398)
    assert "11, 18" in raw.warnings[0]
    assert (np.diff(raw.lines) > 0).all()
    if settings.on_bad_rows == "pad":
        assert [column[9] for column in raw.texts] == ["1", "2", ""]


# ---- what readers do wrong today -------------------------------------------------------------------

R_TABLE = [["c1", "a", "b"], ["1", "5", "x"], ["2", "6", "y"]]
TRAPS: list[tuple[str, str, str | list[list[str]]]] = [
    ("rows one longer than the header", "a,b\n1,2,3\n4,5,6\n7,8,9\n", "E312"),
    ("semicolon and decimal comma", "a;b\n1,5;2,5\n", [["a", "b"], ["1,5", "2,5"]]),
    (
        "zip codes and texts like NA",
        "zip,t,v\n01234,NA,1\n02345,null,2\n03456,None,3\n",
        [["zip", "t", "v"], ["01234", "NA", "1"], ["02345", "null", "2"], ["03456", "None", "3"]],
    ),
    ("a longer row early in a short file", "a,b\n1,2,3\n4,5\n6,7\n", "E312"),
    ("one ragged row at the end", "a,b\n" + "1,2\n" * 200 + "1,2,3\n", "E312"),
    ("an unclosed quote", 'a,b\n1,"x\n2,y\n', "E310"),
    ("an empty file", "", "E301"),
    ("inches within quotes", 'a,b\n1,"48"""\n2,"6"\n', [["a", "b"], ["1", '48"'], ["2", "6"]]),
    ("NUL within text", "a,b\n1,x\0y\n2,z\n", "E305"),
    ("a line above the header", "Report of 2020\na,b\n1,2\n3,4\n", "E312"),
    ("a line above, filled with commas", "Report,,\na,b,c\n1,2,x\n3,4,y\n5,6,z\n7,8,x\n", "E314"),
    ("two header rows", "a,b,c\ncm,kg,text\n1.5,2,x\n3,4.5,y\n5,6,z\n7,8,x\n", "E314"),
    ("two tables", "a,b\n1,2\n3,4\n\nc,d\n5,6\n7,8\n9,9\n", "E326"),
    ("the same header twice", "a,t\n1,x\n3,y\na,t\n5,x\n7,y\n", "E314"),
    ("all text, the same header twice", "a,t\nw,x\nv,y\na,t\nu,x\nr,y\n", "E309"),
    ("a comment among the rows", "a,t\nx,1\n# note,2\ny,3\nz,4\n", "E314"),
    (
        "a comment above",
        "# made by hand\na,b\n1,2\n3,4\n5,6\n",
        [["a", "b"], ["1", "2"], ["3", "4"], ["5", "6"]],
    ),
    (
        "names in a comment above",
        "# a,b\n1,2\n3,4\n5,6\n",
        [["# a", "b"], ["1", "2"], ["3", "4"], ["5", "6"]],
    ),
    ("a comment of as many fields above", "# x, y\na,b\n1,2\n3,4\n5,6\n7,8\n", "E314"),
    (
        "a row of data that begins so",
        "a,t\nx,1\n#2pac,2\ny,3\n",
        [["a", "t"], ["x", "1"], ["#2pac", "2"], ["y", "3"]],
    ),
    ("a row that was taken out", "a,t\nx,1\n#x,2\ny,3\nz,4\n", "E314"),
    ("a remark of as many fields", "a,t\nx,1\n#see,below\ny,3\nz,4\n", "E314"),
    ("row names of R", "a b\nr1 1 x\nr2 2 y\n", [["c1", "a", "b"], ["r1", "1", "x"], ["r2", "2", "y"]]),
    (
        "row numbers of R",
        '"a" "b"\n"1" 5 "x"\n"2" 6 "y"\n',
        [["c1", "a", "b"], ["1", "5", "x"], ["2", "6", "y"]],
    ),
    ("a total below", "t,v\nx,1\ny,3\nz,4\nTotal,8\n", "E314"),
    ("a total below numbers", "v,w\n1,1\n2,3\n3,4\nTotal,8\n", "E314"),
    ("a row in another language", "a,b\n" + "1,2\n3,4\n" * 50 + "x,2\n" * 2 + "1,2\n" * 9, "E326"),
]


@pytest.mark.parametrize(
    ("content", "outcome"), [case[1:] for case in TRAPS], ids=[case[0] for case in TRAPS]
)
def test_what_readers_do_wrong(tmp_path: Path, content: str, outcome: str | list[list[str]]) -> None:
    path = write(tmp_path, content)
    if isinstance(outcome, str):
        assert error_of(path, Settings(resources="no")).code == outcome
    else:
        assert text_of(path) == outcome


def test_quotes_and_backslashes_read_as_they_stand_are_said(tmp_path: Path) -> None:
    bare = read(write(tmp_path, 'a,b\n1,48"\n2,6"\n'), Settings(), choose=nobody)
    assert "read as characters like others" in bare.warnings[0]
    doubled = read(write(tmp_path, 'a,b\n1,"C:\\\\x"\n2,"y"\n'), Settings(), choose=nobody)
    assert doubled.texts[1][0] == "C:\\\\x"
    assert "doubled backslashes" in doubled.warnings[0]


# ---- the header ------------------------------------------------------------------------------------

HEADERS: list[tuple[str, str, bool | None]] = [
    ("text above numbers", "a,b\n1,x\n2,y\n", True),
    ("numbers alone", "1,2\n3,4\n5,6\n", False),
    ("mixed types alone", "M,1.5\nF,2.5\nM,3\n", False),
    ("missing above the index", ",a\n0,1.5\n1,2.5\n", True),
    ("text above dates", "day,t\n2020-01-01,x\n2020-01-02,y\n", True),
    ("dates alone", "2020-01-01,x\n2020-01-02,y\n", False),
    ("text above one time of day", "x,y z\nnew,12:30\n", None),
    ("text above booleans", "ok,t\nyes,x\nno,y\n", True),
    ("all text", "a,b\nx,y\nz,w\n", None),
    ("years above integers", "land,2019,2020\nx,1,2\ny,2,3\nz,1,2\n", None),
    ("years above numbers", "land,2019,2020\nx,1.5,2\ny,2.5,3\n" + "x,1,2\ny,2,1\n" * 6, None),
    ("three years above integers", "land,2018,2019,2020\nx,1,2,3\ny,2,3,8\nz,1,2,3\n", True),
    (
        "years above their like",
        "land,1998,1999,2000,2001\nx,2005,2010,1990,1\ny,1990,1995,1900,2\n",
        True,
    ),
    ("three years that may be data", "land,1998,1999,2000\nx,2005,2010,1990\ny,1990,1995,1900\n", False),
    ("texts that recur", "kind,colour\n" + "a,red\nb,blue\na,blue\n" * 20, True),
    (
        "texts that recur, and one that is rare",
        "z,mauve\n" + "a,red\nb,blue\na,blue\n" * 20 + "z,red\n",
        None,
    ),
    (
        "texts of which each is another",
        "name,text\n" + "".join(f"{chr(97 + i)}x,y{chr(98 + i)}\n" for i in range(20)),
        None,
    ),
    ("texts above codes", "name,code\n" + "".join(f"P{i},Q{i * 7}\n" for i in range(20)), True),
    ("few texts", "kind,colour\n" + "a,red\nb,blue\n", None),
    ("years beside texts that recur", "land,2018,2019,2020\n" + "x,1,2,3\ny,2,3,8\n" * 6, True),
    ("texts that recur, and row names", ",kind,colour\n" + "k,a,red\nl,b,blue\nm,a,blue\n" * 20, True),
    ("some of each", "a,1,2\n1,2,3\n4,5,6\n", None),
    ("one row of numbers", "1,2,3\n", False),
]


@pytest.mark.parametrize(("content", "header"), [case[1:] for case in HEADERS], ids=[c[0] for c in HEADERS])
def test_a_header_is_told_or_asked_about(tmp_path: Path, content: str, header: bool | None) -> None:
    path = write(tmp_path, content)
    if header is None:
        error = error_of(path)
        assert error.code == "E309"
        assert "--no-header" in error.fix

        def yes(prompt: Prompt) -> str | None:
            return {"--header": "yes"}.get(prompt.flag)

        assert read(path, Settings(), choose=yes).dialect.header
        assert not read(path, Settings(header="no"), choose=nobody).dialect.header
        return
    raw = read(path, Settings(), choose=nobody)
    assert raw.dialect.header == header
    if not header:
        assert raw.names[:2] == ("c1", "c2")
        assert "columns are c1 to" in raw.dialect.found


def test_header_names_are_made_unique_and_that_is_said(tmp_path: Path) -> None:
    raw = read(write(tmp_path, " a ,a,,b,b,b_2\n" + "1,2,3,4,5,6\n" * 3), Settings(), choose=nobody)
    assert raw.names == ("a", "a_2", "c3", "b", "b_3", "b_2")
    assert raw.duplicated == ("a", "b")
    assert "column 1: ' a ' is called 'a'" in raw.warnings[0]
    assert "column 3: '' is called 'c3'" in raw.warnings[0]


# ---- the decimal mark ------------------------------------------------------------------------------

DECIMALS: list[tuple[str, str, str | None]] = [
    ("comma", "a;b\n1,5;2\n2,25;3\n", ","),
    ("point", "a;b\n1.5;2\n2.25;3\n", "."),
    ("none", "a;b\n1;2\n2;3\n", "."),
    ("points group, comma is decimal", "a;b\n1.234,56;2\n2.345,5;3\n", ","),
    ("commas group, point is decimal", "a;b\n1,234.56;2\n2,345.5;3\n", "."),
    ("a leading zero tells", "a;b\n0.123;2\n1.234;3\n", "."),
    ("another column tells", "a;b\n1.234;2,5\n2.345;3\n", ","),
    ("three digits after a point", "a;b\n1.234;2\n2.345;3\n", None),
    ("three digits after a comma", "a;b\n1,234;2\n2,345;3\n", None),
    ("both", "a;b\n1,5;2.5\n2,5;3.5\n", None),
    ("quoted, comma-separated", 'a,b\n"1,5",2\n"2,5",3\n', ","),
]


@pytest.mark.parametrize(("content", "mark"), [case[1:] for case in DECIMALS], ids=[c[0] for c in DECIMALS])
def test_the_decimal_mark_is_told_or_asked_about(tmp_path: Path, content: str, mark: str | None) -> None:
    path = write(tmp_path, content)
    if mark is not None:
        assert read(path, Settings(), choose=nobody).dialect.decimal == mark
        return
    error = error_of(path)
    assert error.code == "E313"
    assert "--decimal" in error.fix
    assert read(path, Settings(decimal=","), choose=nobody).dialect.decimal == ","

    def comma(prompt: Prompt) -> str | None:
        return {"--decimal": ",", "--header": "yes"}.get(prompt.flag)

    assert read(path, Settings(), choose=comma).dialect.decimal == ","


# ---- Parquet ---------------------------------------------------------------------------------------


def parquet(path: Path, query: str) -> str:
    with duckdb.connect() as connection:
        connection.sql(query).write_parquet(str(path))
    return str(path)


def test_parquet_takes_types_from_its_schema(tmp_path: Path) -> None:
    query = (
        "SELECT i AS a, i / 7 AS b, i % 2 = 0 AS c, CASE WHEN i = 3 THEN NULL ELSE 'NA' END AS d, "
        "DATE '2020-01-01' + i::INT AS e FROM range(40) t(i)"
    )
    files = classify(parquet(tmp_path / "odd [1]*name.csv", query))
    raw = read_held(files, Settings(), choose=nobody)
    assert isinstance(raw, RawTable)
    assert raw.dialect.format == "parquet"
    assert raw.kinds == ("number", "number", "boolean", "text", "date")
    assert raw.texts[3].tolist()[2:5] == ["NA", None, "NA"]
    assert [float(text) for text in raw.texts[1]] == [i / 7 for i in range(40)]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("SELECT [1, 2] AS bad, i % 2 AS y FROM range(40) t(i)", "E209"),
        ("SELECT {'k': 1} AS bad, i % 2 AS y FROM range(40) t(i)", "E209"),
        ("SELECT 'x'::BLOB AS bad, i % 2 AS y FROM range(40) t(i)", "E209"),
        ("SELECT 1 AS x, 2 AS y WHERE false", "E302"),
    ],
)
def test_parquet_that_is_no_table(tmp_path: Path, query: str, code: str) -> None:
    error = error_of(parquet(tmp_path / "t.parquet", query))
    assert error.code == code
    if code == "E209":
        assert "'bad'" in error.message


@pytest.mark.parametrize("large", [False, True])
def test_a_column_that_cannot_be_used_may_be_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, large: bool
) -> None:
    query = (
        "SELECT i * 7 % 13 / 3 AS x, [i, 2] AS list, NULL AS nothing, i * 3 % 7 / 2 AS y FROM range(40) t(i)"
    )
    path = parquet(tmp_path / "t.parquet", query)
    if large:
        monkeypatch.setattr(file_set, "LARGE", 0)
    error = error_of(path)
    assert (error.code, error.fix.partition("   or")[0]) == ("E209", "--exclude 'list'")
    table = load(path, Settings(exclude=("list",)), choose=nobody)
    assert [column.role for column in table.columns] == ["numeric", "excluded", "empty", "target"]
    shown = load(path, Settings(), choose=nobody, on_unusable="show")
    assert [column.role for column in shown.columns] == ["numeric", "text", "empty", "target"]
    assert error_of(path, Settings(target="list")).code == "E209"


@pytest.mark.parametrize("large", [False, True])
def test_names_are_those_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, large: bool) -> None:
    """DuckDB tells no capitals from small letters, and would call the second `X_1`."""
    frame = pd.DataFrame(
        {"x": np.arange(40) % 7 / 2, "X": np.arange(40) % 5, "": 1.5, "y": np.arange(40) % 2}
    )
    frame.to_parquet(tmp_path / "t.parquet")
    if large:
        monkeypatch.setattr(file_set, "LARGE", 0)
    table = load(str(tmp_path / "t.parquet"), Settings(), choose=nobody)
    assert [column.name for column in table.columns] == ["x", "X", "c3", "y"]
    np.testing.assert_array_equal(table.features, frame[["x", "X"]].to_numpy())


def test_an_index_of_pandas_is_no_column(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": np.arange(60) % 7 / 2, "y": np.arange(60) % 2}).sample(
        frac=0.8, random_state=0
    )
    frame.to_parquet(tmp_path / "t.parquet")
    table = load(str(tmp_path / "t.parquet"), Settings(), choose=nobody)
    assert [(column.name, column.role) for column in table.columns] == [
        ("x", "numeric"),
        ("y", "target"),
        ("__index_level_0__", "id"),
    ]


def test_folders_named_by_a_value_are_one_table(tmp_path: Path) -> None:
    for land in ("de", "fr"):
        (tmp_path / "all" / f"land={land}").mkdir(parents=True)
        query = "SELECT i * 7 % 13 / 3 AS x, i % 2 AS y FROM range(20) t(i)"
        parquet(tmp_path / "all" / f"land={land}" / "0.parquet", query)
    table = load(str(tmp_path / "all"), Settings(), choose=nobody)
    assert table.n_all == 40
    assert {column.name: column.levels for column in table.columns}["land"] == ("de", "fr")


def test_damaged_parquet(tmp_path: Path) -> None:
    assert error_of(write(tmp_path, b"PAR1nothing else", "t.parquet")).code == "E306"


ABOVE = [file for file in around_the_table() if file.name.startswith("above") and not file.must]


@pytest.mark.parametrize("file", ABOVE, ids=[file.name for file in ABOVE])
def test_lines_above_are_refused_with_the_flag_that_helps(tmp_path: Path, file: Polluted) -> None:
    assert file.flags
    path = write(tmp_path, file.content)
    assert f"--skip-rows {file.flags.skip_rows} " in f"{error_of(path).fix} "
    assert [list(read(path, file.flags, choose=nobody).names)] == (file.flagged or [])[:1]


@pytest.mark.parametrize("title", ["Readings of 2021\n\n", "Readings of 2021,,\r\n,,\r\n  \r\n"])
def test_a_title_that_a_blank_row_parts_is_skipped_and_said(tmp_path: Path, title: str) -> None:
    path = write(tmp_path, title + csv_of(numbers()))
    raw = read(path, Settings(), choose=nobody)
    assert list(raw.names) == ["x", "z", "y"]
    assert raw.lines[0] == title.count("\n") + 2
    assert f"{title.count(chr(10))} lines of a title skipped" in raw.dialect.found


def test_what_may_be_a_header_is_no_title(tmp_path: Path) -> None:
    spaced = write(tmp_path, "a b c\n\n1 2 3\n4 5 6\n7 8 9\n")
    assert list(read(spaced, Settings(), choose=nobody).names) == ["a", "b", "c"]
    for text in ("x\n\ny,z\n1,2\n3,4\n", "one,two\n\nx,y,z\n1,2,3\n4,5,6\n"):
        assert error_of(write(tmp_path, text)).code == "E312"


def test_lines_stay_those_of_the_file_where_some_are_skipped(tmp_path: Path) -> None:
    path = write(tmp_path, "a title\n\nx,y\n1,2\n3,4\n5\n")
    error = error_of(path, Settings(skip_rows=2))
    assert (error.code, error.where.split("   ")[0]) == ("E312", f"{path}:6")
    path = write(tmp_path, 'a title\nx,y\n1,2\n3,"4\n')
    assert f"{path}:4 " in error_of(path, Settings(skip_rows=1)).where


def test_skipping_all_lines_is_refused(tmp_path: Path) -> None:
    error = error_of(write(tmp_path, "x,y\n1,2\n"), Settings(skip_rows=5))
    assert error.code == "E301"
    assert "which has 2 lines" in error.message


def test_several_header_rows_are_joined(tmp_path: Path) -> None:
    path = write(tmp_path, "size,,kind\nmm,kg,\n1.5,2,x\n3,4.5,y\n5,6,z\n7,8,x\n9,1,y\n")
    assert "--header-rows 2" in error_of(path).fix
    raw = read(path, Settings(header_rows=2), choose=nobody)
    assert raw.names == ("size mm", "kg", "kind")
    assert raw.lines.tolist() == [3, 4, 5, 6, 7]
    assert "2 rows by --header-rows" in raw.dialect.found
    assert error_of(write(tmp_path, "a,b\n1,2\n"), Settings(header_rows=2)).code == "E302"


def test_a_last_row_that_is_nearly_empty_is_refused(tmp_path: Path) -> None:
    rows = [
        ["a", "b", "c", "y"],
        *([f"{i}.5", "x", str(i), str(i % 2)] for i in range(9)),
        ["", "", "45", ""],
    ]
    error = error_of(write(tmp_path, csv_of(rows)))
    assert (error.code, error.where.rsplit(":", 1)[1]) == ("E314", "11")
    rows[4][1] = rows[4][0] = rows[4][3] = ""
    assert text_of(write(tmp_path, csv_of(rows))) == rows


def test_a_table_comes_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = numbers(30)
    for content in (csv_of(rows).encode(), gzip.compress(csv_of(rows).encode())):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))
        assert text_of("-") == rows
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"")))
    assert error_of("-").code == "E301"


def test_a_remedy_names_another_delimiter_only_where_the_file_has_it(tmp_path: Path) -> None:
    rows = [f"{i}{{0}}{i * 2}{{0}}{i % 3}" for i in range(40)]
    for delimiter, last, offered in ((",", "c", False), (",", "c; d", True), (";", "c", False)):
        path = tmp_path / "table.csv"
        lines = [f"a{{0}}b{{0}}{last}", *rows[:20], "1{0}2{0}3{0}4", *rows[20:]]
        path.write_text("\n".join(lines).format(delimiter), encoding="utf-8")
        with pytest.raises(DataError) as caught:
            read(str(path), Settings(delimiter=delimiter), choose=nobody)
        assert caught.value.code == "E312"
        assert ("--delimiter" in str(caught.value.fix)) is offered
