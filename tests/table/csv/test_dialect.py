"""Dialects: found, stated, or asked for; and every table comes back exactly or is refused."""

import csv
import io
from pathlib import Path
from typing import Literal

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regchoose.errors import RegchooseError
from regchoose.records.answers import Prompt
from regchoose.settings.options import Settings
from regchoose.table.csv.dialect import find_dialect
from regchoose.table.csv.grammar import CsvLayout, line_of, records, scan_records
from regchoose.table.csv.read import read
from tests.table.writing import csv_of, error_of, nobody, numbers, text_of, write

FOUND: list[tuple[str, str, list[list[str]]]] = [
    ("comma", "a,b\n1,x\n2,y\n", [["a", "b"], ["1", "x"], ["2", "y"]]),
    ("semicolon", "a;b\n1;x\n2;y\n", [["a", "b"], ["1", "x"], ["2", "y"]]),
    ("tab", "a\tb\n1\tx y\n2\ty z\n", [["a", "b"], ["1", "x y"], ["2", "y z"]]),
    ("bar", "a|b\n1|x\n2|y\n", [["a", "b"], ["1", "x"], ["2", "y"]]),
    ("space", "a b\n1 x\n2 y\n", [["a", "b"], ["1", "x"], ["2", "y"]]),
    ("aligned spaces", "  a   b\n  1   2\n 10  20\n", [["a", "b"], ["1", "2"], ["10", "20"]]),
    ("semicolon and decimal comma", "a;b\n1,5;2,5\n2,25;3\n", [["a", "b"], ["1,5", "2,5"], ["2,25", "3"]]),
    ("the same without a header", "1,5;2,5\n2,25;3,5\n", [["1,5", "2,5"], ["2,25", "3,5"]]),
    ("spaces and decimal comma", "1,5 2,5\n2,25 3,5\n", [["1,5", "2,5"], ["2,25", "3,5"]]),
    ("bars inside", "n,g\n1,a|b\n2,c|d\n", [["n", "g"], ["1", "a|b"], ["2", "c|d"]]),
    ("comma and space, quoted", 'a, b\n1, "x, y"\n2, "z"\n', [["a", "b"], ["1", "x, y"], ["2", "z"]]),
    ("single quotes", "a,b\n1,'x, y'\n2,'it''s'\n", [["a", "b"], ["1", "x, y"], ["2", "it's"]]),
    ("apostrophes", "a,b\n1,it's\n2,'tis\n", [["a", "b"], ["1", "it's"], ["2", "'tis"]]),
    ("backslashes", 'a,b\n1,"x \\"y\\", z"\n2,"w"\n', [["a", "b"], ["1", 'x "y", z'], ["2", "w"]]),
    ("doubled quotes", 'a,b\n1,"x ""y"", z"\n2,w\n', [["a", "b"], ["1", 'x "y", z'], ["2", "w"]]),
    ("a quoted line end", 'a,b\n1,"x\r\ny"\n2,w\n', [["a", "b"], ["1", "x\r\ny"], ["2", "w"]]),
    ("inches, nothing quoted", 'a,b\n1,48"\n2,6"\n', [["a", "b"], ["1", '48"'], ["2", '6"']]),
    ("carriage returns", "a,b\r1,x\r2,y\r", [["a", "b"], ["1", "x"], ["2", "y"]]),
    ("mixed line ends", "a,b\r\n1,x\n2,y\r3,z", [["a", "b"], ["1", "x"], ["2", "y"], ["3", "z"]]),
    ("two final line ends", "a,b\n1,x\n2,y\n\n", [["a", "b"], ["1", "x"], ["2", "y"]]),
    (
        "line separators are text",
        "a,b\n1,x\u2028y\n2,y\x0cz\n",
        [["a", "b"], ["1", "x\u2028y"], ["2", "y\x0cz"]],
    ),
    ("empty last fields", "a,b,c\n1,,\n2,3,\n", [["a", "b", "c"], ["1", "", ""], ["2", "3", ""]]),
]


@pytest.mark.parametrize(("content", "rows"), [case[1:] for case in FOUND], ids=[case[0] for case in FOUND])
def test_a_dialect_is_found(tmp_path: Path, content: str, rows: list[list[str]]) -> None:
    assert text_of(write(tmp_path, content)) == rows


def test_what_was_found_is_stated(tmp_path: Path) -> None:
    raw = read(write(tmp_path, 'a;b\n"1,5";2\n"2,5";3\n'), Settings(), choose=nobody)
    assert (raw.dialect.delimiter, raw.dialect.quote, raw.dialect.decimal) == (";", '"', ",")
    assert "semicolon-separated" in raw.dialect.found
    assert "every row then has 2 fields" in raw.dialect.found
    assert "decimal comma, as in 1,5" in raw.dialect.found
    assert "first row is text above columns of numbers" in raw.dialect.found


AMBIGUOUS = "a;b,c;d\ne;f,g;h\n"


def test_two_readings_are_asked_about_or_refused(tmp_path: Path) -> None:
    path = write(tmp_path, AMBIGUOUS)
    error = error_of(path)
    assert error.code == "E308"
    assert "--delimiter" in error.fix
    asked: list[Prompt] = []

    def semicolon(prompt: Prompt) -> str | None:
        asked.append(prompt)
        return {"--delimiter": ";", "--header": "no"}.get(prompt.flag)

    raw = read(path, Settings(), choose=semicolon)
    assert [column[0] for column in raw.texts] == ["a", "b,c", "d"]
    assert set(asked[0].choices) == {",", ";"}
    assert text_of(path, Settings(delimiter=",", header="no"))[0] == ["a;b", "c;d"]
    asked.clear()
    below = read(write(tmp_path, f"# a remark\n{AMBIGUOUS}"), Settings(), choose=semicolon)
    assert [column[0] for column in below.texts] == ["a", "b,c", "d"]
    assert [prompt.flag for prompt in asked] == ["--delimiter", "--header"]  # each once


@pytest.mark.parametrize(("flag", "character"), [("tab", "\t"), ("\\t", "\t"), (":", ":"), ("space", " ")])
def test_the_flag_overrides(tmp_path: Path, flag: str, character: str) -> None:
    rows = numbers(5)
    path = write(tmp_path, csv_of(rows, character))
    assert text_of(path, Settings(delimiter=flag)) == rows


@pytest.mark.parametrize("flag", ["", ",,", '"', "\n", "a"])
def test_a_flag_that_is_no_delimiter_is_refused(tmp_path: Path, flag: str) -> None:
    assert error_of(write(tmp_path, csv_of(numbers())), Settings(delimiter=flag)).code == "E202"


BROKEN = [
    ("unclosed", 'a,b\n1,x\n2,"y\n3,z\n', 3, "never closed"),
    ("unclosed in the last row", 'a,b\n1,"x"\n2,y\n3,"z', 4, "never closed"),
    ("text after a quoted field", 'a,b\n1,"x"y\n2,z\n', 2, "none may stand"),
    ("a bare quote beside quoted fields", 'a,b\n1,"x, y"\n2,z"w\n3,"v"\n', 3, "none may stand"),
    ("unclosed and closed below", 'a,b\n1,"x\n2,y\n3,"z"\n', 2, "none may stand"),
    ("after a quoted line end", 'a,b\n1,"x\ny"\n2,"z\n', 4, "never closed"),
]


@pytest.mark.parametrize(
    ("content", "line", "said"), [case[1:] for case in BROKEN], ids=[c[0] for c in BROKEN]
)
def test_a_broken_quote_is_named_with_its_line(tmp_path: Path, content: str, line: int, said: str) -> None:
    error = error_of(write(tmp_path, content))
    assert error.code == "E310"
    assert f"data.csv:{line} " in error.where
    assert said in error.message


@pytest.mark.slow
def test_a_quote_that_never_closes_is_found_in_a_long_file(tmp_path: Path) -> None:
    rows = numbers(60_000)
    rows[30_000][1] = '"oops'
    error = error_of(write(tmp_path, csv_of(rows)))
    assert error.code == "E310"
    assert "data.csv:30001 " in error.where


def test_a_field_beyond_reason_is_refused(tmp_path: Path) -> None:
    assert error_of(write(tmp_path, 'a,b\n1,"' + "x" * 200_000 + '"\n2,y\n')).code == "E310"


@pytest.mark.slow
def test_a_long_sample_may_end_within_quotes(tmp_path: Path) -> None:
    rows = [["a", "b"], *([str(i), "line\n" * 30] for i in range(10_000))]
    content = "".join(f'{a},"{b}"\n' for a, b in rows)
    assert text_of(write(tmp_path, content)) == rows


def test_lines_are_those_of_the_file(tmp_path: Path) -> None:
    raw = read(write(tmp_path, 'a,b\n1,"x\ny"\n\n2,z\n'), Settings(), choose=nobody)
    assert raw.lines.tolist() == [2, 5]
    assert line_of("a\r\nb\rc\nd", 7) == 4


def attempt(path: str, given_settings: Settings) -> list[list[str]] | str:
    """Return the rows of a file, or the code of the refusal."""
    try:
        return text_of(path, given_settings)
    except RegchooseError as error:
        return error.code


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)
WILD = st.sampled_from(
    ["1", "2.5", "-3", "", "NA", "x", 'q"q', "it's", "a,b", "c;d", "e\nf", "g\r\nh", " p ", "\t"]
)
DECK = st.lists(st.lists(st.one_of(WILD, TEXT), min_size=3, max_size=3), min_size=2, max_size=8)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=DECK,
    delimiter=st.sampled_from(",;\t|"),
    quote=st.sampled_from("\"'"),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    every=st.booleans(),
    final=st.booleans(),
)
def test_any_table_comes_back_or_is_refused(
    tmp_path: Path,
    rows: list[list[str]],
    delimiter: str,
    quote: str,
    end: str,
    encoding: str,
    every: bool,
    final: bool,
) -> None:
    """The delimiter is told; wildly quoted cells leave nothing else to be guessed but the quote."""
    out = io.StringIO()
    # The writer quotes a CR or LF only where its own line end holds it; bare, they end a line for any reader.
    every = every or any(mark in cell for row in rows for cell in row for mark in "\r\n")
    quoting: Literal[0, 1] = csv.QUOTE_ALL if every else csv.QUOTE_MINIMAL
    csv.writer(out, delimiter=delimiter, quotechar=quote, lineterminator=end, quoting=quoting).writerows(rows)
    content = out.getvalue() if final else out.getvalue().removesuffix(end)
    path = write(tmp_path, content.encode(encoding))
    outcome = attempt(path, Settings(delimiter=delimiter, header="no"))
    assert outcome in (rows, "E301", "E306", "E310", "E312", "E313", "E314")


CELL = st.one_of(
    st.integers(-9999, 9999).map(str),
    st.floats(-1e6, 1e6, allow_nan=False).map(lambda x: f"{x:.4f}"),
)
WORDS = st.sampled_from(["red", "green", "deep blue", "O'Brien", "Smith, J", "a; b", "x|y", "6 ft"])


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cells=st.lists(st.tuples(CELL, WORDS, CELL), min_size=3, max_size=12),
    delimiter=st.sampled_from(",;\t|"),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16-le", "utf-16-be"]),
    header=st.booleans(),
    every=st.booleans(),
)
def test_an_ordinary_table_comes_back_or_is_refused_with_nothing_told(
    tmp_path: Path,
    cells: list[tuple[str, str, str]],
    delimiter: str,
    end: str,
    encoding: str,
    header: bool,
    every: bool,
) -> None:
    rows = [list(row) for row in cells]  # no cell holds a line end
    if header:
        rows.insert(0, ["first", "second", "third"])
    out = io.StringIO()
    quoting: Literal[0, 1] = csv.QUOTE_ALL if every else csv.QUOTE_MINIMAL
    csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows(rows)
    mark = "\ufeff" if encoding.startswith("utf-16") else ""
    path = write(tmp_path, (mark + out.getvalue()).encode(encoding))
    outcome = attempt(path, Settings())
    assert outcome in (rows, "E308", "E309", "E310", "E313", "E314")
    if outcome == rows:
        assert read(path, Settings(), choose=nobody).dialect.header == header


@pytest.mark.parametrize("quote", ['"', "'"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_duckdb_reads_the_same_cells(tmp_path: Path, delimiter: str, quote: str) -> None:
    """An oracle that is not ours, given the dialect that we found."""
    rows = [["k", "text", "v"]]
    rows += [
        [
            str(i),
            ["plain", "with, comma", "with; semicolon", "two\nlines", f"say {quote}x{quote}"][i % 5],
            f"{i / 7:.3f}",
        ]
        for i in range(500)
    ]
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, quotechar=quote, lineterminator="\n").writerows(rows)
    path = write(tmp_path, out.getvalue())
    raw = read(path, Settings(), choose=nobody)
    with duckdb.connect() as connection:
        oracle = connection.read_csv(
            path,
            delimiter=raw.dialect.delimiter,
            quotechar=raw.dialect.quote,
            escapechar=raw.dialect.quote,
            header=False,
            skiprows=1,
            auto_detect=False,
            dtype={"k": "VARCHAR", "text": "VARCHAR", "v": "VARCHAR"},
            columns={"k": "VARCHAR", "text": "VARCHAR", "v": "VARCHAR"},
        ).fetchall()
    assert [tuple(row) for row in text_of(path)[1:]] == oracle


def test_the_grammar_counts_as_the_csv_module_does() -> None:
    text = 'a,b\n1,"x\ny"\n\n2,"z ""w"""\n'
    layout, _ = find_dialect(text, Settings(), choose=nobody)
    assert layout == CsvLayout(",", quote='"')
    assert scan_records(text, layout).records == len(list(records(text, layout))) == 4
