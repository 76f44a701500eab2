"""Columns: what each is taken for, by all of its rows."""

import uuid
from pathlib import Path

import numpy as np
import pytest

from regchoose.encoding.input_plan import plan_inputs
from regchoose.records.table import Column, Table
from regchoose.settings.options import Settings
from regchoose.table.cell_values import BOOLEANS, clean, is_missing, mark_evidence, to_number
from regchoose.table.load import load
from tests.table.writing import csv_of, error_of, nobody, numbers, write

N = 40


def with_column(folder: Path, cells: list[str], *, name: str = "v") -> str:
    """Write the table x, z, `name`, y; cells are quoted where they must be."""
    rows = numbers(N)
    quoted = [f'"{cell}"' if set(cell) & set(",\n") else cell for cell in (name, *cells)]
    return write(folder, csv_of([[*row[:2], cell, row[2]] for row, cell in zip(rows, quoted, strict=True)]))


def column_of(path: str, settings: Settings | None = None, *, place: int = 2) -> tuple[Column, Table]:
    table = load(path, settings or Settings(), choose=nobody)
    return table.columns[place], table


def cycle(*cells: str) -> list[str]:
    return [cells[i % len(cells)] for i in range(N)]


def shuffled(cells: list[str]) -> list[str]:
    return [cells[i] for i in np.random.default_rng(1).permutation(len(cells))]


ROLES: list[tuple[str, str, list[str], str, str, str]] = [
    # what, column name, cells, role, type, a part of the reason
    ("integers", "v", cycle("3", "1", "2"), "numeric", "integer", "integer"),
    ("decimal numbers", "v", [f"{i / 7:.5f}" for i in range(N)], "numeric", "number", "number"),
    ("unique, rising decimal numbers", "v", [f"{i}.5" for i in range(N)], "numeric", "number", "number"),
    ("unique integers in no order", "v", shuffled([str(i) for i in range(N)]), "numeric", "integer", ""),
    ("signs and exponents", "v", cycle("+1", "-2.5e-3", ".5", "5.", "1E5"), "numeric", "number", ""),
    ("zero and one", "v", cycle("0", "1", "1"), "numeric", "integer", ""),
    ("numbers of very different size", "v", cycle("1e-300", "1e300", "0"), "numeric", "number", ""),
    ("thousands grouped", "v", cycle("1,234.5", "12.5", "999.5"), "numeric", "number", ""),
    ("full-width digits", "v", cycle("１２", "13", "14"), "numeric", "integer", ""),
    ("a minus sign as printed", "v", cycle("\u22125", "13", "14"), "numeric", "integer", ""),
    ("non-breaking spaces", "v", cycle("\u00a012", "13 ", "14"), "numeric", "integer", ""),
    ("rising integers", "v", [str(i) for i in range(N)], "id", "integer", "rising"),
    ("falling integers", "v", [str(-i) for i in range(N)], "id", "integer", "falling"),
    ("a name of an id", "patient_id", shuffled([str(i) for i in range(N)]), "id", "integer", "name of an id"),
    ("camel-case id", "patientId", shuffled([str(i) for i in range(N)]), "id", "integer", "name of an id"),
    ("an id name that is not unique", "id", cycle("1", "2", "3"), "numeric", "integer", ""),
    ("rows that were taken out", "v", [str(i + i // 3) for i in range(N)], "id", "integer", "rising"),
    ("consecutive years", "v", [str(1980 + i) for i in range(N)], "numeric", "integer", "rising"),
    ("a time that rises", "time", [str(i) for i in range(N)], "numeric", "integer", "rising"),
    ("a population", "v", [str(3_929_214 + i**3 * 977) for i in range(N)], "numeric", "integer", "rising"),
    ("epoch seconds", "v", [str(1_600_000_000 + 3600 * i) for i in range(N)], "numeric", "integer", "rising"),
    ("days in one", "v", [f"200101{1 + i % 28:02}" for i in range(N)], "date", "date", "year, month and day"),
    ("an index of pandas", "Unnamed: 0", cycle("0", "1", "2"), "id", "integer", "index of a pandas"),
    ("another index", "level_0", shuffled([str(i) for i in range(N)]), "id", "integer", "name of an id"),
    ("zip codes by name", "zip_code", cycle("10115", "94110", "60601"), "category", "integer", "by its name"),
    ("provider ids", "Provider ID", cycle("10115", "94110", "60601"), "category", "integer", "by its name"),
    ("too many codes", "storeId", cycle(*map(str, range(30))), "text", "integer", "too many to use"),
    ("a code of two", "group_id", cycle("1", "2"), "numeric", "integer", ""),
    ("a word that ends in id", "paid", cycle("1", "2", "3"), "numeric", "integer", ""),
    ("dollars", "v", cycle("$74.69", "$1,234.50", "-$3"), "numeric", "number", "with the unit '$'"),
    ("per cent", "v", cycle("12 %", "7.5 %", "100%"), "numeric", "number", "with the unit '%'"),
    ("kilometres", "v", cycle("1,234 km", "12 km", "7km"), "numeric", "integer", "with the unit 'km'"),
    ("two units", "v", cycle("12 km", "7 mi"), "category", "text", "2 different texts"),
    ("a unit now and then", "v", cycle("12 km", "7", "8"), "category", "text", "3 different texts"),
    ("letters that are no unit", "v", cycle("101A", "102A", "7A"), "category", "text", "3 different texts"),
    ("UUIDs", "v", [str(uuid.UUID(int=i * 7919)) for i in range(N)], "id", "text", "UUID"),
    ("hashes", "v", [f"{i * 7919:032x}" for i in range(N)], "id", "text", "hash"),
    ("codes called id", "id", [f"P{i}" for i in range(N)], "id", "text", "name of an id"),
    ("integers beyond 2^53", "v", shuffled([str(2**60 + i) for i in range(N)]), "id", "text", "2^53"),
    ("large integers that recur", "v", cycle(str(2**60), str(2**60 + 1)), "category", "text", "2^53"),
    ("zip codes", "v", cycle("01234", "98765", "10115"), "category", "text", "leading zeros"),
    (
        "mostly without leading zeros",
        "v",
        [*cycle("12345", "98765")[:-1], "01234"],
        "category",
        "text",
        "01234",
    ),
    ("underscores", "v", cycle("1_000", "2_000", "3_000"), "category", "text", "3 different texts"),
    ("hexadecimal", "v", cycle("0x1F", "0x2F"), "category", "text", ""),
    ("words", "v", cycle("red", "green", "blue"), "category", "text", "3 different texts"),
    (
        "free text",
        "v",
        [f"he said {i} things" for i in range(N)],
        "text",
        "text",
        "another text in every row",
    ),
    ("many texts", "v", cycle(*(f"w{i}" for i in range(30))), "text", "text", "30 different texts"),
    ("one value", "v", cycle("7"), "constant", "number", "every cell is '7'"),
    ("one value in two spellings", "v", cycle("7", "7.0"), "constant", "number", ""),
    ("one value or missing", "v", cycle("7", ""), "category", "number", "or missing, which counts"),
    ("one word or none", "v", cycle("none", "none", "yes"), "category", "text", "only 'yes', or missing"),
    ("one number or infinite", "v", cycle("7", "inf"), "constant", "number", "or infinite"),
    ("one word", "v", cycle("x"), "constant", "text", "every cell is 'x'"),
    ("nothing", "v", cycle("", "NA", "?", "-"), "empty", "text", "every cell is missing"),
    ("ISO dates", "v", [f"2020-01-{1 + i % 28:02d}" for i in range(N)], "date", "date", "dates"),
    ("ISO times", "v", cycle("2020-01-01T10:00:00Z", "0001-01-01 23:59:59.5+02:00"), "date", "date", ""),
    ("dates with slashes", "v", cycle("31/12/99", "1/2/2003"), "date", "date", ""),
    ("dates with points", "v", cycle("31.12.1999", "1.2.2003"), "date", "date", ""),
    ("dates with names", "v", cycle("3 Feb 2020", "14-Mar-21"), "date", "date", ""),
    ("a copy of x", "v", [row[0] for row in numbers(N)[1:]], "duplicate", "number", "copy of 'x'"),
]


@pytest.mark.parametrize(
    ("name", "cells", "role", "type_", "why"), [case[1:] for case in ROLES], ids=[case[0] for case in ROLES]
)
def test_roles(tmp_path: Path, name: str, cells: list[str], role: str, type_: str, why: str) -> None:
    column, table = column_of(with_column(tmp_path, cells, name=name))
    assert (column.role, column.type) == (role, type_), column.why
    assert why in column.why
    parts = sum(other.name.startswith(f"{name}.") for other in table.columns)
    assert table.features.shape == (N, 2 + column.used + parts)
    assert (parts > 0) == (column.role == "date" and "gives" in column.why)
    assert table.features.dtype == np.float64


@pytest.mark.parametrize("pair", [sorted(pair) for pair in BOOLEANS], ids="/".join)
def test_booleans_in_many_spellings(tmp_path: Path, pair: list[str]) -> None:
    no, yes = pair
    column, table = column_of(with_column(tmp_path, cycle(no, yes.upper(), yes, "")))
    assert (column.role, column.type) == ("category", "boolean")
    assert len(column.levels) == 2
    assert column.missing == N // 4
    assert np.unique(table.features[:, 2]).tolist()[:2] == [0.0, 1.0]


def test_values_are_exact_and_missing_is_nan(tmp_path: Path) -> None:
    column, table = column_of(with_column(tmp_path, cycle("0.1", "n/a", "1e22", "-3")))
    assert column.missing == N // 4
    np.testing.assert_array_equal(table.features[:4, 2], [0.1, np.nan, 1e22, -3.0])


def test_levels_are_normalized_and_sorted(tmp_path: Path) -> None:
    column, table = column_of(with_column(tmp_path, cycle("e\u0301", " \u00e9\u00a0", "b", "")))
    assert column.levels == ("b", "\u00e9")
    np.testing.assert_array_equal(table.features[:4, 2], [1.0, 1.0, 0.0, np.nan])


def test_decimal_commas_become_numbers(tmp_path: Path) -> None:
    rows = [["a", "b", "y"], *([f"{i},5", f"1.{i:03d},25", str(i % 2)] for i in range(N))]
    table = load(write(tmp_path, csv_of(rows, ";")), Settings(), choose=nobody)
    assert table.dialect.decimal == ","
    np.testing.assert_array_equal(table.features[3], [3.5, 1003.25])


@pytest.mark.parametrize("text", ["inf", "-Infinity", "1e400", "4e492493924924"])
def test_infinite_cells_are_missing_and_counted(tmp_path: Path, text: str) -> None:
    column, table = column_of(with_column(tmp_path, [text, *cycle("1", "2", "3")[1:]]))
    assert column.role == "numeric"
    assert column.missing == 1
    assert np.isnan(table.features[0, 2])
    assert any("1 infinite cells are taken as missing" in warning for warning in table.warnings)


def test_a_category_called_na_is_warned_of(tmp_path: Path) -> None:
    _, table = column_of(with_column(tmp_path, cycle("DE", "NA", "FR")))
    assert any("'NA' (13) is read as missing" in warning for warning in table.warnings)
    _, table = column_of(with_column(tmp_path, cycle("1", "NA", "2")))
    assert table.warnings == ()


def test_further_texts_may_mean_missing(tmp_path: Path) -> None:
    path = with_column(tmp_path, [*cycle("1.5", "2.5", "3")[:-1], "unknown"])
    error = error_of(path)
    assert error.code == "E326"
    column, _ = column_of(path, Settings(na=("unknown",)))
    assert (column.role, column.missing) == ("numeric", 1)


def test_a_text_among_numbers_is_named_with_its_row(tmp_path: Path) -> None:
    cells = cycle("1.5", "2.5", "3")
    cells[20] = "abc"
    path = with_column(tmp_path, cells)
    error = error_of(path)
    assert error.code == "E326"
    assert error.message == "column 'v' holds 'abc' among 39 numbers"
    assert "data.csv:22   cells: " in error.where
    assert error.where.index(error.mark) > error.where.index("cells")
    assert "--na abc" in error.fix
    assert "--exclude 'v'" in error.fix
    column, _ = column_of(path, Settings(keep=("v",)))
    assert column.role == "category"
    column, _ = column_of(path, Settings(exclude=("v",)))
    assert column.role == "excluded"


@pytest.mark.slow
def test_a_text_far_down_is_found(tmp_path: Path) -> None:
    rows = [["a", "y"], *([f"{i % 97}.5", str(i % 2)] for i in range(60_000))]
    rows[59_000][0] = "abc"  # beyond the records that are made columns together
    error = error_of(write(tmp_path, csv_of(rows)))
    assert error.code == "E326"
    assert ":59001   cells: abc, 1" in error.where


@pytest.mark.parametrize(
    ("cells", "role", "why"),
    [
        ([str(i) for i in range(N)], "numeric", "by --keep, although another integer"),
        ([f"w{i}" for i in range(N)], "category", "by --keep, although another text"),
        ([f"2020-01-{1 + i % 28:02d}" for i in range(N)], "category", "by --keep, although dates"),
        (cycle("7"), "constant", "every cell is '7'"),
    ],
    ids=["id", "text", "date", "constant"],
)
def test_keep_uses_what_would_be_left_out(tmp_path: Path, cells: list[str], role: str, why: str) -> None:
    column, _ = column_of(with_column(tmp_path, cells), Settings(keep=("v",)))
    assert column.role == role
    assert column.why.startswith(why)


@pytest.mark.parametrize("option", ["keep", "exclude"])
def test_an_unknown_column_is_named_with_the_nearest(tmp_path: Path, option: str) -> None:
    settings = Settings(keep=("weigth",)) if option == "keep" else Settings(exclude=("weigth",))
    error = error_of(with_column(tmp_path, cycle("1", "2"), name="weight"), settings)
    assert error.code == "E208"
    assert error.fix == f"--{option} 'weight'"


def test_no_column_left_lists_why(tmp_path: Path) -> None:
    rows = [["id", "k", "y"], *([str(i), "7", str(i % 2)] for i in range(N))]
    error = error_of(write(tmp_path, csv_of(rows)))
    assert error.code == "E325"
    assert "'id': id" in error.detail[0]
    assert "'k': constant" in error.detail[0]
    assert error.fix.startswith("--keep 'id'")


NUMBERS: list[tuple[str, float | None, float | None, str]] = [
    ("12", 12, 12, ""),
    ("1.5", 1.5, None, "."),
    ("1,5", None, 1.5, ","),
    ("1.234", 1.234, 1234, "?"),
    ("1,234", 1234, 1.234, "?"),
    ("0,123", None, 0.123, ","),
    ("1.234.567,8", None, 1234567.8, ","),
    ("1,23,456", None, None, "x"),
    ("12e3", 12e3, 12e3, ""),
    ("1e", None, None, "x"),
    ("0x10", None, None, "x"),
    ("1_000", None, None, "x"),
    ("007", None, None, "x"),
    ("0", 0, 0, ""),
    ("-0.5", -0.5, None, "."),
    ("٣", None, None, "x"),
    ("1 000", None, None, "x"),
]


@pytest.mark.parametrize(("text", "point", "comma", "evidence"), NUMBERS)
def test_numbers(text: str, point: float | None, comma: float | None, evidence: str) -> None:
    assert to_number(text, ".") == point
    assert to_number(text, ",") == comma
    assert mark_evidence(text) == evidence


def test_missing_texts() -> None:
    assert all(
        is_missing(text, Settings()) for text in ("", "NA", "n/a", "NaN", "null", "None", "?", "-", "#N/A")
    )
    assert not any(is_missing(text, Settings()) for text in ("0", "no", "nah", "x"))
    assert is_missing("x", Settings(na=("x",)))
    none = Settings(na_none=True, na=("x",))
    assert [is_missing(text, none) for text in ("", "NA", "?", "x")] == [True, False, False, True]
    assert clean("\ufeff a\u00a0") == "a"


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (cycle("caf\u00e9", "cafe\u0301", "tea"), "'cafe\\u0301' as 'caf\\xe9'"),
        ([f"\u00a0{i}.5" for i in range(N)], "'\\xa00.5' as '0.5'"),
        (cycle("\uff11", "\uff12", "3"), "2 different texts are read otherwise: '\\uff11' as '1'"),
        (cycle("caf\u00e9", " tea ", "mate"), ""),
    ],
    ids=["Unicode forms", "hard spaces", "wide digits", "nothing odd"],
)
def test_other_spellings_are_read_alike_and_said(tmp_path: Path, cells: list[str], said: str) -> None:
    path = with_column(tmp_path, cells)
    found = [line for line in column_of(path)[1].warnings if "read otherwise" in line]
    assert len(found) == bool(said)
    assert not said or said in found[0]


def test_telephone_numbers_are_codes(tmp_path: Path) -> None:
    column, _ = column_of(with_column(tmp_path, cycle("+493012345", "+493012346", "+4366012347")))
    assert (column.role, "telephone" in column.why) == ("category", True)
    signed, _ = column_of(with_column(tmp_path, cycle("+1234", "+1.5", "-3")))
    assert signed.role == "numeric"


def test_a_first_column_without_a_name_may_be_an_index(tmp_path: Path) -> None:
    """`to_csv` of rows once sorted by class gives the class away, though no name says what it is."""
    order = np.random.default_rng(0).permutation(N).tolist()
    rows = [[str(place), *row] for place, row in zip(order, numbers(N)[1:], strict=True)]
    path = write(tmp_path, csv_of([["", "x", "z", "y"], *rows]))
    column, _ = column_of(path, place=0)
    assert column.role == "id"
    assert column.why == "another integer in every row, in a first column without a name"
    named = write(tmp_path, csv_of([["c1", "x", "z", "y"], *rows]), name="named.csv")
    assert column_of(named, place=0)[0].role == "numeric"
    repeated = write(tmp_path, csv_of([["", "x", "z", "y"], *rows[:20], *rows]), name="repeated.csv")
    assert column_of(repeated, place=0)[0].role == "numeric"


CODES = ["AF", "DE", "FR", "NA", "US", "ZA"]


def test_the_code_na_among_codes_is_a_level(tmp_path: Path) -> None:
    column, table = column_of(with_column(tmp_path, cycle(*CODES)))
    assert (column.levels, column.missing) == (tuple(CODES), 0)
    assert any("'NA' is taken for a code like the others" in warning for warning in table.warnings)
    states, table = column_of(with_column(tmp_path, cycle("CA", "NY", "TX", "NA")))
    assert (states.levels, states.missing) == (("CA", "NY", "TX"), 10)
    assert any("'NA' (10) is read as missing" in warning for warning in table.warnings)


def test_built_in_words_may_be_words(tmp_path: Path) -> None:
    path = with_column(tmp_path, cycle("None", "Partial", "Full", ""))
    column, table = column_of(path)
    assert (column.levels, column.missing) == (("Full", "Partial"), 20)
    assert any("may be a category there: --na-none" in warning for warning in table.warnings)
    column, table = column_of(path, Settings(na_none=True))
    assert (column.levels, column.missing) == (("Full", "None", "Partial"), 10)
    assert table.warnings == ()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("None", "NA"), "'None' (20) and 'NA' (20) are read as missing, and nothing else is there"),
        (("NULL", "null"), ""),
        (("", "NA"), ""),
    ],
)
def test_two_words_for_missing_may_be_two_values(tmp_path: Path, words: tuple[str, str], said: str) -> None:
    path = with_column(tmp_path, cycle(*words))
    column, table = column_of(path)
    assert (column.role, column.missing) == ("empty", 40)
    found = [warning for warning in table.warnings if "read as missing" in warning]
    assert [said in warning and warning.endswith("--na-none") for warning in found] == [True] * bool(said)
    if said:
        column, table = column_of(path, Settings(na_none=True))
        assert (column.role, column.levels) == ("category", tuple(sorted(words)))
        assert not any("read as missing" in warning for warning in table.warnings)


def test_a_value_or_nothing_is_two_values(tmp_path: Path) -> None:
    column, table = column_of(with_column(tmp_path, cycle("none", "none", "yes")))
    assert (column.role, column.levels, column.missing) == ("category", ("yes",), 27)
    inputs = plan_inputs(table)
    assert inputs.input_names == ("x", "z", "v=missing")
