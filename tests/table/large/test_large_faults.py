"""Large tables: damage far below the rows that are looked at, and options that need all rows."""

import io
from collections.abc import Callable
from csv import QUOTE_ALL, writer
from pathlib import Path

import numpy as np
import pytest

from regchoose.settings import options
from regchoose.settings.options import Settings
from regchoose.subsample.moments import to_coordinates
from regchoose.table import file_set
from regchoose.table.csv.read import read
from regchoose.table.large import byte_scan, held_rows, text_file
from regchoose.table.load import PassProgress, load_with_progress
from tests.table.large.test_stream import PACKED, csv, held, lines, refused, table_of
from tests.table.writing import nobody, write

LAST = 1_199
DATED = "x,when,who,y"


@pytest.fixture(autouse=True)
def _tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_set, "LARGE", 0)
    monkeypatch.setattr(held_rows, "LEAST", 400)
    monkeypatch.setattr(held_rows, "TIMES", 1)
    monkeypatch.setattr(options, "FIRST_ROWS", 100)
    monkeypatch.setattr(text_file, "BEGINNING", 2**14)


def spoiled(line: str, place: int = 1_100) -> str:
    every = lines(LAST + 1)
    every[place] = line
    return csv(every)


@pytest.mark.parametrize("packing", ["plain", "gzip", "zstd", "utf-16"])
@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("1,2,3,a,the same,no,", "E312"),
        ('1,2,3,"a,the same,no', "E310"),
        ("abc,2,3,a,the same,no", "E326"),
    ],
)
def test_damage_is_found_however_the_file_is_packed(
    tmp_path: Path, packing: str, line: str, code: str
) -> None:
    assert refused(write(tmp_path, PACKED[packing](spoiled(line)))).code == code


@pytest.mark.parametrize(
    ("line", "place", "said"),
    [
        ("n,skew,gap,cat,note,y", 1_100, "header stands here again"),
        ("# more,2,3,a,the same,no", 1_100, "comment"),
        ("#more,2,3,a,the same,no", 1_100, "comment"),
        ("1,2,3,Total,the same,no", LAST, "'Total' in the last row alone"),
        ("1.5,,7,,,", LAST, "4 empty cells"),
    ],
)
def test_rows_that_are_no_data(tmp_path: Path, line: str, place: int, said: str) -> None:
    error = refused(write(tmp_path, spoiled(line, place)))
    assert (error.code, said in error.message) == ("E314", True)
    assert error.where.endswith(f":{place + 2}")


def test_quotes_inside_a_bare_field_are_not_passed_over(tmp_path: Path) -> None:
    every = lines(LAST + 1)
    every[3] = '1,2,3,"a",the same,no'
    every[1_100] = '1,2,3,5" wide,the same,no'
    every[1_150] = '1,2,3,6" wide,the same,no'
    error = refused(write(tmp_path, csv(every)))
    assert error.code == "E310"
    assert "quotes inside quotes doubled" in error.fix


def test_lines_above_the_table_and_blank_lines_count(tmp_path: Path) -> None:
    every = lines(LAST + 1)
    every[1_100] = "\nabc,2,3,a,the same,no"
    path = write(tmp_path, "A title\n" + csv(every))
    error = refused(path, Settings(skip_rows=1))
    assert (error.code, error.where) == ("E326", f"{path}:1104")


def test_what_the_rows_held_do_not_show_of_a_column_is_said(tmp_path: Path) -> None:
    """Two words for missing, of which rows are held, are no news; a third text is."""
    rng = np.random.default_rng(0)
    every = [f"{x:.3f},{('NA', 'None')[i % 2]},{i % 2}" for i, x in enumerate(rng.normal(size=LAST + 1))]
    told = "column 'b' is empty in the rows looked at"
    path = write(tmp_path, "\n".join(["a,b,y", *every, ""]))
    assert not any(told in warning for warning in table_of(path).warnings)
    every[1_100] = "1.5,New,1"
    path = write(tmp_path, "\n".join(["a,b,y", *every, ""]))
    assert f"{told}; others hold 'New'" in table_of(path).warnings


def dated(when: Callable[[int], str], rows: int = 2_000) -> str:
    rng = np.random.default_rng(0)
    body = [
        f"{x:.3f},{when(i)},p{i // 4},{'ab'[i % 2]}" for i, x in enumerate(rng.normal(size=rows).tolist())
    ]
    return "\n".join([DATED, *body, ""])


def day(i: int) -> str:
    return f"20{10 + i % 10}-0{1 + i % 9}-{10 + i % 17}"


def test_dates_are_expanded_as_in_small_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, dated(day))
    bare = Settings(exclude=("who",))
    table = table_of(path, bare)
    monkeypatch.setattr(file_set, "LARGE", 2**40)
    small = table_of(path, bare)
    assert [column.name for column in table.used] == [column.name for column in small.used]
    assert table.whole is not None
    assert table.n_rows < table.n_all == small.n_rows
    assert "when.month" in [column.name for column in table.used]
    gap = np.abs(to_coordinates(table).moments.mean - to_coordinates(small).moments.mean)
    assert gap.max() < 0.1
    assert len(gap) == len(table.whole.mean) == 6


@pytest.mark.parametrize(
    ("settings", "flag"), [(Settings(group="who"), "--group"), (Settings(min_class=10), "--min-class")]
)
def test_what_needs_all_rows_is_refused_where_some_are_held(
    tmp_path: Path, settings: Settings, flag: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, dated(day))
    error = refused(path, settings)
    assert (error.code, error.message.split()[0]) == ("E202", flag)
    assert f"leave {flag} out" in error.fix
    monkeypatch.setattr(held_rows, "LEAST", 2_000)
    table = table_of(path, settings)
    assert table.whole is None
    assert table.n_all == 2_000
    assert (table.groups is not None) == (flag == "--group")


def test_time_orders_the_rows_held_and_may_not_be_missing_in_others(tmp_path: Path) -> None:
    table = table_of(write(tmp_path, dated(day)), Settings(time="when"))
    assert table.time is not None
    assert len(np.unique(table.time)) > 100
    gap = write(tmp_path, dated(lambda i: "NA" if i == 1_990 else day(i)), "gap.csv")
    error = refused(gap, Settings(time="when"))
    assert (error.code, error.where) == ("E328", f"{gap}:1992")


def test_rare_classes_of_files_held_whole_are_merged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_rows, "LEAST", 2_000)
    every = [line.replace("yes", "no") for line in lines(500)]
    for place in range(30):
        every[place] = every[place].removesuffix("no") + f"rare{place % 10}"
    write(tmp_path, csv(every[:200]), "1.csv")
    write(tmp_path, csv(every[200:]), "2.csv")
    table = table_of(str(tmp_path), Settings(min_class=10))
    assert table.classes == ("no", "other")
    assert np.bincount(table.target.astype(int)).tolist() == [470, 30]


def test_a_quote_that_never_closes_is_named_where_it_opens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(byte_scan, "CHUNK", 2_000)
    every = lines(LAST + 1)
    every[3] = '1,2,3,"a",the same,no'
    every[1_100] = '1,2,3,"a,the same,no'
    path = write(tmp_path, csv(every))
    error = refused(path)
    assert (error.code, error.where.split("   ")[0]) == ("E310", f"{path}:1102")
    assert "more than 2,000 bytes" in error.message


def test_line_ends_of_two_kinds_are_refused(tmp_path: Path) -> None:
    error = refused(write(tmp_path, 'a,b\r\n1,"x\ny"\r\n2,"y"\r\n3,z\r\n'))
    assert (error.code, "one kind of line end" in error.fix) == ("E310", True)


def test_a_line_end_of_another_kind_within_quotes_is_text(tmp_path: Path) -> None:
    every = ['1,2,3,"a\nb",same,no' if i % 50 == 9 else line for i, line in enumerate(lines(400))]
    path = write(tmp_path, csv(every, "\r\n"))
    small = read(path, Settings(), choose=nobody)
    assert [column.tolist() for column in held(path).texts] == [column.tolist() for column in small.texts]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_blocks_may_end_anywhere(tmp_path: Path, end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_rows, "LEAST", 400)
    every = [line if i % 7 else f'1,2,3,"a{end}b",same,no' for i, line in enumerate(lines(300))]
    path = write(tmp_path, csv(every, end))
    want = [column.tolist() for column in held(path).texts]
    for size in (997, 1_000, 4_096):
        monkeypatch.setattr(byte_scan, "CHUNK", size)
        assert [column.tolist() for column in held(path).texts] == want
    assert len(want[0]) == 300


def test_a_listener_hears_both_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[tuple[str, object]] = []

    class Ear:
        def started(self, key: str, text: str, total: int) -> None:
            heard.append(("started", total))

        def advanced(self, key: str, done: int) -> None:
            heard.append(("advanced", done))

        def finished(self, key: str, summary: str) -> None:
            heard.append(("finished", summary))

        def noted(self, text: str) -> None:
            heard.append(("noted", text))

    path = write(tmp_path, csv(lines(2_000)))
    size = Path(path).stat().st_size
    load_with_progress(path, Settings(), choose=nobody, listener=Ear())
    assert heard[0] == ("started", 2 * size)
    assert ("advanced", size) in heard
    assert heard[-1] == ("finished", "2,000 rows, of which 400 are held")
    heard.clear()
    monkeypatch.setattr(file_set, "LARGE", 2**40)
    load_with_progress(path, Settings(), choose=nobody, listener=Ear())
    assert heard == [("started", 0), ("finished", "2,000 rows")]


def test_a_second_pass_adds_to_the_first() -> None:
    told: list[int] = []
    passes = PassProgress(100, told.append)
    for done in (40, 100, 10, 60, 100):
        passes.advanced(done)
    assert told == [40, 100, 110, 160, 200]


HOSTILE = ['"; drop table parts; --', "a'b", "{{7*7}}", "=cmd|x", "x y", "%s", "$1", "tab\tle", "é\u202e"]


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_only_names_in_the_queries(name: str, tmp_path: Path) -> None:
    """Each stands once as a column and once as the target, in a file that has such a name too."""
    rng = np.random.default_rng(3)
    rows = [[f"{a:.3f}", f"{b:.3f}"] for a, b in rng.normal(size=(500, 2))]
    values = np.array([float(row[0]) for row in rows])
    for header in ([name, "y"], ["y", name]):
        out = io.StringIO()
        writer(out, quoting=QUOTE_ALL, lineterminator="\n").writerows([header, *rows])
        table = table_of(write(tmp_path, out.getvalue(), f"{name}.csv"), Settings(target=header[1]))
        assert table.whole is not None
        assert (table.n_all, [column.name for column in table.columns]) == (500, header)
        low, width = table.whole.low[0], table.whole.width[0]
        assert table.whole.mean[0] == pytest.approx(
            np.mean((np.clip(values / 4, low, low + width) - low) / width)
        )
