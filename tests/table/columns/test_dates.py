"""Dates: read in one order or left out, and expanded to numbers."""

from pathlib import Path

import numpy as np
import pytest

from regchoose.records.table import Table
from regchoose.settings.options import DateOrder, Settings
from regchoose.table.columns.dates import is_ambiguous_date, parse_dates
from regchoose.table.load import load
from tests.table.columns.test_roles import N, column_of, cycle, with_column
from tests.table.writing import nobody

DAY = 86_400.0
READ: list[tuple[str, list[str], list[float]]] = [
    ("ISO", ["1970-01-02", "1970-01-03"], [DAY, 2 * DAY]),
    ("ISO with zones", ["1970-01-01T10:00:00Z", "1970-01-01T10:00:00+02:00"], [36_000, 28_800]),
    ("ISO with a clock", ["1970-01-01 00:00:01.5", "1970-01-01 1:00"], [1.5, 3600]),
    ("days first, beyond doubt", ["31/12/1969", "02/01/1970"], [-DAY, DAY]),
    ("months first, beyond doubt", ["12/31/1969", "01/02/1970"], [-DAY, DAY]),
    ("two digits", ["31/12/99", "01/01/00"], [946_598_400, 946_684_800]),
    ("both orders agree", ["01/01/1970", "02/02/1970"], [0, 32 * DAY]),
    ("points", ["2.1.1970", "1.2.1970"], [DAY, 31 * DAY]),
    ("year first", ["1970/01/02", "1970/02/01"], [DAY, 31 * DAY]),
    ("names", ["2 Jan 1970", "1 Feb 1970"], [DAY, 31 * DAY]),
    ("names first", ["January 2, 1970", "February 1, 1970"], [DAY, 31 * DAY]),
    ("months", ["1970-01", "1970-02"], [0, 31 * DAY]),
    ("months, then years", ["01/1970", "2/1970"], [0, 31 * DAY]),
    ("months with names", ["Jan-70", "Feb-70"], [0, 31 * DAY]),
    ("months with long names", ["January 1970", "February 1970"], [0, 31 * DAY]),
    ("years, then months with names", ["1970-Jan", "1970-Feb"], [0, 31 * DAY]),
    ("quarters", ["1970Q1", "1970-Q2"], [0, 90 * DAY]),
    ("quarters, then years", ["Q1 1970", "Q2-1970"], [0, 90 * DAY]),
    ("weeks", ["1970-W02", "1970-W03"], [4 * DAY, 11 * DAY]),
    ("weeks without a hyphen", ["1970W02", "1970W03"], [4 * DAY, 11 * DAY]),
    ("days in one number", ["19700102", "19700201"], [DAY, 31 * DAY]),
    ("clocks", ["01:00", "23:30"], [3600, 84_600]),
    ("far years", ["0001-01-01", "9999-12-31"], [-62_135_596_800, 253_402_214_400]),
]


@pytest.mark.parametrize(("texts", "seconds"), [case[1:] for case in READ], ids=[case[0] for case in READ])
def test_dates_are_moments(texts: list[str], seconds: list[float]) -> None:
    moments = parse_dates(texts)
    assert moments is not None
    assert moments.seconds.tolist() == seconds


def test_dates_that_two_orders_read_differently_are_none() -> None:
    assert parse_dates(["01/02/2021", "03/04/2021"]) is None
    assert is_ambiguous_date(["01/02/2021", "03/04/2021"])
    assert is_ambiguous_date(["01-02-2021", "03-04-2021"])
    assert not is_ambiguous_date(["31/12/2021", "03/04/2021"])
    assert parse_dates(["2021-13-45", "2021-01-01"]) is None
    assert parse_dates(["3 Feb 2020", "14-Mar-21"]) is None


@pytest.mark.parametrize(("prefer", "first"), [("dmy", 31 * DAY), ("mdy", DAY)])
def test_an_order_may_be_preferred_and_never_bends_what_is_clear(prefer: DateOrder, first: float) -> None:
    read = parse_dates(["01/02/1970", "01/03/1970"], prefer=prefer)
    assert read is not None
    assert read.seconds[0] == first
    clear = parse_dates(["01/31/1970", "01/02/1970"], prefer="dmy")
    assert clear is not None
    assert clear.seconds.tolist() == [30 * DAY, DAY]


NO_DATES: list[tuple[str, list[str]]] = [
    ("seasons", [f"{year}-{(year + 1) % 100:02}" for year in range(2001, 2012)]),
    ("codes with the name of a month", ["mar-1b", "dec-02"]),
    ("other words", ["marble-12", "mayor-07"]),
    ("numbers that are no days", ["20010107", "20011301"]),
]


@pytest.mark.parametrize("texts", [case[1] for case in NO_DATES], ids=[case[0] for case in NO_DATES])
def test_what_only_looks_like_months_keeps_its_meaning(tmp_path: Path, texts: list[str]) -> None:
    column, _ = column_of(with_column(tmp_path, cycle(*texts)))
    assert column.role in ("category", "numeric")


def features_of(table: Table) -> dict[str, list[float]]:
    return {column.name: table.features[:, j].tolist() for j, column in enumerate(table.used)}


def test_a_date_gives_what_differs_between_rows(tmp_path: Path) -> None:
    cells = [f"2020-{1 + i % 12:02d}-0{1 + i % 9}" for i in range(N)]
    cells[3] = ""
    table = load(with_column(tmp_path, cells, name="when"), Settings(), choose=nobody)
    found = features_of(table)
    assert {name for name in found if name.startswith("when.")} == {
        "when.month",
        "when.day",
        "when.weekday",
        "when.elapsed",
    }
    assert found["when.month"][:3] == [1, 2, 3]
    assert np.isnan(found["when.month"][3])
    assert found["when.weekday"][0] == 2, "1 January 2020 was a Wednesday"
    assert found["when.elapsed"][0] == 0
    assert "gives month, day, weekday, elapsed" in table.columns[2].why
    assert any("--time 'when'" in warning for warning in table.warnings)


def test_a_part_never_takes_the_name_of_a_column(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    rows = "".join(f"2020-01-{1 + i % 28:02d},{i}.5,{i % 2}\n" for i in range(N))
    path.write_text("d,d.day,y\n" + rows)
    names = [column.name for column in load(str(path), Settings(), choose=nobody).columns]
    assert names == ["d", "d.day", "y", "d.day_2", "d.weekday", "d.elapsed"]


def test_ambiguous_dates_are_left_out_and_said(tmp_path: Path) -> None:
    path = with_column(tmp_path, cycle("01/02/2021", "03/04/2021"), name="when")
    table = load(path, Settings(), choose=nobody)
    assert "day and month cannot be told apart" in table.columns[2].why
    assert any("day and month cannot be told apart" in warning for warning in table.warnings)
    assert table.features.shape == (N, 2)
    assert any("--date-order dmy   or   --date-order mdy reads it" in warning for warning in table.warnings)
    read = load(path, Settings(date_order="mdy"), choose=nobody)
    assert "read as m/d/Y: gives month, day, weekday, elapsed" in read.columns[2].why
    assert not any("told apart" in warning for warning in read.warnings)
    kept = load(path, Settings(keep=("when",)), choose=nobody)
    assert kept.columns[2].role == "category"
