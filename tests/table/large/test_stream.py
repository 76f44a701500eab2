"""Large tables: the same rows whatever the threads, files and chunks; read as small ones are, or refused."""

import gzip
import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from regchoose.errors import RegchooseError, UsageError
from regchoose.records.table import Table
from regchoose.settings import options
from regchoose.settings.options import Settings
from regchoose.subsample.draw import draw_subsample
from regchoose.subsample.moments import to_coordinates
from regchoose.table import file_set
from regchoose.table.csv.read import read
from regchoose.table.file_bytes import zstd
from regchoose.table.file_set import classify, ignore_progress
from regchoose.table.large import column_stats, held_rows
from regchoose.table.large.held_rows import draw_held_rows, n_held_rows
from regchoose.table.large.row_sampling import PRIME, row_hash, row_hash_sql, smallest_hashes
from regchoose.table.large.stream import Stream, streaming
from regchoose.table.load import load
from regchoose.table.raw_table import RawTable
from tests.table.writing import nobody, text_of, write

HEADER = "n,skew,gap,cat,note,y"


def lines(count: int, *, seed: int = 0) -> list[str]:
    rng = np.random.default_rng(seed)
    n, skew = rng.normal(size=count), np.exp(rng.normal(size=count))
    gap = np.where(rng.random(count) < 0.1, np.nan, rng.integers(0, 50, count))
    cat = rng.choice(["a", "b", "c d"], count, p=[0.6, 0.3, 0.1])
    y = np.where(n + rng.normal(size=count) > 2, "yes", "no")
    return [
        f"{n[i]:.4f},{skew[i]:.3f},{'' if np.isnan(gap[i]) else int(gap[i])},{cat[i]},the same,{y[i]}"
        for i in range(count)
    ]


PACKED: dict[str, Callable[[str], bytes]] = {
    "plain": str.encode,
    "gzip": lambda text: gzip.compress(text.encode()),
    "zstd": lambda text: zstd.compress(text.encode()),
    "utf-16": lambda text: text.removeprefix("\ufeff").encode("utf-16"),
}


def csv(rows: list[str], end: str = "\n") -> str:
    return end.join([HEADER, *rows, ""])


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take every file for a large one, of which few rows are held."""
    monkeypatch.setattr(file_set, "LARGE", 0)
    monkeypatch.setattr(held_rows, "LEAST", 400)
    monkeypatch.setattr(held_rows, "TIMES", 1)
    monkeypatch.setattr(options, "FIRST_ROWS", 100)


def held(path: str, settings: Settings | None = None, *, threads: int = 0) -> RawTable:
    found = classify(path)
    assert found.is_large
    with streaming(
        found, settings or Settings(), choose=nobody, advanced=ignore_progress, threads=threads
    ) as stream:
        return draw_held_rows(stream).raw


def rows_of(raw: RawTable) -> list[list[str]]:
    return [list(row) for row in zip(*raw.texts, strict=True)]


def table_of(path: str, settings: Settings | None = None) -> Table:
    return load(path, settings or Settings(), choose=nobody)


def refused(path: str, settings: Settings | None = None) -> RegchooseError:
    with pytest.raises(RegchooseError) as caught:
        table_of(path, settings)
    return caught.value


def test_hashes_are_even_and_the_same_in_both_languages() -> None:
    rows = np.arange(50_000)
    mine = row_hash(rows, seed=7)
    with duckdb.connect() as connection:
        theirs = connection.execute(row_hash_sql("range(50000) t(v)", seed=7)).fetchnumpy()
    np.testing.assert_array_equal(theirs["x"], mine)
    np.testing.assert_array_equal(theirs["r"], rows)
    counts = np.bincount(mine * 20 // (PRIME + 1), minlength=20)
    assert ((counts - 2_500) ** 2 / 2_500).sum() < 43.8  # chi-squared of 19 degrees, 0.1 %
    assert abs(np.corrcoef(mine[1:], mine[:-1])[0, 1]) < 0.02
    assert abs(np.corrcoef(mine, row_hash(rows, seed=8))[0, 1]) < 0.02


def test_the_smallest_of_two_parts_smallest_are_those_of_the_whole() -> None:
    rows = np.arange(1_000)
    hashes = row_hash(rows, seed=1)
    both = np.concatenate(
        [
            smallest_hashes(hashes[:300], rows[:300], count=50),
            300 + smallest_hashes(hashes[300:], rows[300:], count=50),
        ]
    )
    merged = both[smallest_hashes(hashes[both], rows[both], count=50)]
    np.testing.assert_array_equal(merged, smallest_hashes(hashes, rows, count=50))


@pytest.mark.usefixtures("tiny")
def test_the_same_rows_whatever_threads_and_files(tmp_path: Path) -> None:
    every = lines(14_000)
    one = write(tmp_path, csv(every))
    folder = tmp_path / "parts"
    folder.mkdir()
    for place, (start, end) in enumerate([(0, 7), (7, 11_000), (11_000, 14_000)]):
        write(folder, csv(every[start:end]), f"{place}.csv")
    (tmp_path / "packed.csv.gz").write_bytes(gzip.compress(csv(every).encode()))
    first = held(one, threads=1)
    assert first.n_rows == 400
    found = [f"{HEADER}\n", *every]
    assert [",".join(row) for row in rows_of(first)] == [found[line - 1] for line in first.lines]
    assert rows_of(first) != rows_of(held(one, Settings(seed=1)))
    for path in (one, str(folder), str(folder / "*.csv"), str(tmp_path / "packed.csv.gz")):
        for threads in (1, 3):
            assert rows_of(held(path, threads=threads)) == rows_of(first), (path, threads)


@pytest.mark.usefixtures("tiny")
def test_all_rows_are_counted_exactly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, csv(lines(5_000)))
    table = table_of(path)
    assert (table.n_rows, table.n_all) == (400, 5_000)
    assert table.whole is not None
    low, width = table.whole.low, table.whole.width
    monkeypatch.setattr(file_set, "LARGE", 2**40)
    small = table_of(path)
    np.testing.assert_array_equal(table.whole.classes, np.bincount(small.target.astype(int)))
    cat = [column.name for column in small.used].index("cat")
    np.testing.assert_array_equal(table.whole.levels[0][:-1], np.bincount(small.features[:, cat].astype(int)))
    units = (np.clip(small.features[:, :3] / 4, low, low + width) - low) / width
    np.testing.assert_allclose(table.whole.mean, np.nanmean(units, axis=0), atol=1e-8)
    np.testing.assert_allclose(table.whole.m2 / table.whole.count, np.nanvar(units, axis=0), atol=1e-8)
    assert [(c.name, c.role, c.missing) for c in table.columns] == [
        (c.name, c.role, c.missing) for c in small.columns
    ]


@pytest.mark.usefixtures("tiny")
def test_a_subsample_of_a_large_table_stands_for_all_rows(tmp_path: Path) -> None:
    whole = table_of(write(tmp_path, csv(lines(8_000))))
    drawn = draw_subsample(whole, size=200, folds=5, seed=0)
    assert drawn.of == 8_000
    assert len(drawn.rows) == 200
    assert whole.whole is not None
    share = whole.whole.classes / 8_000
    np.testing.assert_allclose(np.bincount(whole.target[drawn.rows].astype(int)) / 200, share, atol=1 / 200)
    at = to_coordinates(whole)
    np.testing.assert_allclose(at.moments.mean, whole.whole.mean)
    assert at.n_all == 8_000


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize(
    "content",
    [
        "a,b\n1,x\n2,y\n3,z\n",
        "a,b\r\n1,x\r\n2,y\r\n3,z\r\n",
        "a;b\n1,5;x\n2,5;y\n3,5;z",
        'a\tb\n1\t"x\ty"\n2\t"p""q"\n3\tz\n',
        "\ufeffa,b\n1,x\n2,y\n3,z\n",
        'a,b\n1,"x\ny"\n2,y\n3,z\n',
        "a,b\n1,\n2,\n3,\n4,w\n",
        "a,b\n1,x\n\n2,y\n3,NA\n",
        'a,b\n1,"x,\ny"\n2,\n3,z\n',
        "a,b\r1,x\r2,y\r3,z\r",
        "a,b\r1,x\r2,y\r3,z",
        "1,x\n2,y\n3,z\n4,z\n",
        "\ufeff1,x\n2,y\n3,z\n4,z\n",
        'a,b\n1,"x\\"y\\\\"\n2,"p\nq"\n3,"\\"\n"\n',
        "a;b\n1;'x;\ny'\n2;'it''s'\n3;'z'\n",
        "title\n\na,b\n1,x\n2,y\n3,z\n",
        "# made by hand\n\na,b\nx,1\n#y,2\nz,3\n",
        "made by hand\n\na,b,c\nx,1,4\ny,2,5\nz,3,6\n",
        "made by hand;;\n;;\na;b;c\nx;1;4\ny;2;5\nz;3;6\n",
        'a,b\n"r1",1,x\n"r2",2,y\n"r3",3,z\n',
    ],
)
@pytest.mark.parametrize("packing", ["plain", "gzip", "zstd", "utf-16"])
def test_both_readers_agree(
    tmp_path: Path, content: str, packing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Settings(
        skip_rows=2 * content.startswith("title"),
        header="no" if content.strip("\ufeff")[0] == "1" else "auto",
    )
    path = write(tmp_path, PACKED[packing](content))
    found = held(path, asked)
    monkeypatch.setattr(file_set, "LARGE", 2**40)
    names = [list(found.names)] if found.dialect.header else []
    assert [*names, *rows_of(found)] == text_of(path, asked)
    assert found.lines.tolist() == read(path, asked, choose=nobody).lines.tolist()
    assert not classify(path).is_large


def spoiled(place: int, line: str) -> str:
    every = lines(12_000)
    every[place] = line
    return csv(every)


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("1,2,3,a,the same", "E312"),
        ("1,2,3,a,the same,no,4", "E312"),
        ("1,2,3,a,the same,no,", "E312"),
        ('1,2,3,"a"b,the same,no', "E310"),
        ("1,2,3,a\0b,the same,no", "E305"),
        ("abc,2,3,a,the same,no", "E326"),
        ("007,2,3,a,the same,no", "E326"),
        ("1,2,3,a,the same,perhaps", "E324"),
        ("1,2,3,a,the same,", "E322"),
    ],
)
def test_damage_far_below_is_refused_with_its_line(tmp_path: Path, line: str, code: str) -> None:
    error = refused(write(tmp_path, spoiled(11_000, line)))
    assert error.code == code
    if code not in ("E324", "E322") and not line.endswith("no,") and '"' not in line:
        assert ":11002" in error.where
    assert error.fix


@pytest.mark.usefixtures("tiny")
def test_bad_rows_are_skipped_where_that_is_asked_for(tmp_path: Path) -> None:
    path = write(tmp_path, spoiled(11_000, "1,2,3"))
    table = table_of(path, replace(Settings(), on_bad_rows="skip"))
    assert table.n_all == 11_999
    assert "lines 11002" in table.warnings[0]


@pytest.mark.usefixtures("tiny")
def test_columns_are_compared_by_name(tmp_path: Path) -> None:
    write(tmp_path, "x,y\n" + "1.5,no\n2.5,yes\n" * 50, "1.csv")
    write(tmp_path, "y,x\n" + "no,3.5\nyes,4.5\n" * 50, "2.csv")
    table = table_of(str(tmp_path))
    assert table.n_all == 200
    assert set(table.features[:, 0]) == {1.5, 2.5, 3.5, 4.5}
    write(tmp_path, "x,z\n1,2\n", "3.csv")
    error = refused(str(tmp_path))
    assert (error.code, Path(error.where).name) == ("E315", "3.csv")
    assert error.detail[1] == f"2 tables by their columns, as 2 by {tmp_path}/[12].csv; 1 by {tmp_path}/3.csv"
    assert table_of(shlex.split(error.fix)[0]).n_all == 200


@pytest.mark.usefixtures("tiny")
def test_the_tables_of_a_folder_are_told_apart_by_their_columns(tmp_path: Path) -> None:
    for place in range(12):
        write(tmp_path, "x,y\n" + "1.5,no\n2.5,yes\n" * 50, f"day-{place}.csv")
    for place in range(3):
        write(tmp_path, "x,z,t\n1,2,3\n", f"site-{place}.csv")
    error = refused(str(tmp_path))
    assert error.fix == f"'{tmp_path}/day-*.csv' as DATA   or   '{tmp_path}/site-*.csv' as DATA"
    assert table_of(shlex.split(error.fix)[0]).n_all == 1200
    assert "'z' is only here" in error.detail[0]


@pytest.mark.usefixtures("tiny")
def test_parquet_files_are_one_table(tmp_path: Path) -> None:
    source = write(tmp_path, csv(lines(6_000)))
    folder = tmp_path / "parts"
    folder.mkdir()
    with duckdb.connect() as connection:
        for place in range(2):
            target = folder / f"{place}.parquet"
            connection.execute(
                f"COPY (SELECT * FROM read_csv('{source}') LIMIT 3000 OFFSET {3000 * place}) TO '{target}'"
            )
    table = table_of(str(folder))
    assert table.n_all == 6_000
    assert table.whole is not None
    of_text = table_of(source).whole
    assert of_text is not None
    np.testing.assert_array_equal(table.whole.classes, of_text.classes)
    np.testing.assert_allclose(table.whole.mean, of_text.mean, atol=1e-8)


def test_a_folder_without_tables_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        classify(str(tmp_path))
    assert caught.value.code == "E201"


@pytest.mark.usefixtures("tiny")
def test_units_are_stripped_of_all_rows(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    way, price = rng.integers(0, 5000, 3000), rng.normal(0, 3000, 3000).round(2)
    rows = [f'"{a:,} km","${b:,}",{i % 2}' for i, (a, b) in enumerate(zip(way, price, strict=True))]
    table = load(write(tmp_path, "\n".join(["way,price,y", *rows, ""])), Settings(), choose=nobody)
    assert table.whole is not None
    assert [column.unit for column in table.columns] == ["km", "$", ""]
    assert table.whole.count.tolist() == [3000, 3000]
    low, width = table.whole.low, table.whole.width
    units = (np.clip(np.column_stack([way, price]) / 4, low, low + width) - low) / width
    np.testing.assert_allclose(table.whole.mean, units.mean(axis=0), atol=1e-8)
    rows[1500] = "12 mi,$5,1"
    with pytest.raises(RegchooseError, match="column 'way' holds '12 mi' among 2,999 numbers"):
        load(write(tmp_path, "\n".join(["way,price,y", *rows, ""])), Settings(), choose=nobody)


@pytest.mark.parametrize(
    ("further", "at_once"),
    [
        ([], True),
        (["inf,-Infinity,,a,the same,no", "1e400,+5,.5,a,the same,no", "0,-0,0.5,a,the same,no"], True),
        (["1,2,NA,a,the same,no", "1, 3,4 ,b,the same,yes"], False),  # a word that means missing
        (["1,2,3,02,the same,no"], False),  # may be a code where numbers stand
    ],
)
@pytest.mark.parametrize("quoted", [False, True])
def test_numbers_are_the_same_read_at_once_or_from_texts(
    tiny: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    further: list[str],
    at_once: bool,
    quoted: bool,
) -> None:
    every = [*lines(5_000), *further, *lines(1_000, seed=1)]
    if quoted:
        every = [",".join(f'"{cell}"' for cell in line.split(",")) for line in every]
    path = write(tmp_path, csv(every))
    read_at_once = list[bool]()
    scan = Stream.totals_with_numbers

    def noted(*args: Any, **further: Any) -> Any:
        found = scan(*args, **further)
        read_at_once.append(found is not None)
        return found

    monkeypatch.setattr(Stream, "totals_with_numbers", noted)
    table = table_of(path)
    assert any(read_at_once) == at_once
    monkeypatch.setattr(column_stats, "_is_plain", lambda *_: False)
    other = table_of(path)
    assert table.whole is not None
    assert other.whole is not None
    for name, value in vars(table.whole).items():
        np.testing.assert_equal(value, getattr(other.whole, name))
    assert (table.columns, table.warnings) == (other.columns, other.warnings)


@pytest.mark.parametrize("line", ["1,007,3,a,the same,no", "1,2,08,a,the same,no"])
@pytest.mark.parametrize("quoted", [False, True])
def test_a_padded_number_far_below_is_no_number(tiny: None, tmp_path: Path, line: str, quoted: bool) -> None:
    every = [*lines(5_000), line]
    every += lines(1_000, seed=1)
    if quoted:
        every = [",".join(f'"{cell}"' for cell in one.split(",")) for one in every]
    assert refused(write(tmp_path, csv(every))).code == "E326"


@pytest.mark.parametrize(
    ("rows", "width", "held", "to_match"),
    [(5_000, 20, 200_000, 50_000), (20_000, 20, 400_000, 100_000), (5_000, 2_000, 10_000, 10_000)],
)
def test_how_many_rows_are_held(rows: int, width: int, held: int, to_match: int) -> None:
    """Fewer where one subsample alone is drawn; never more cells than fit."""
    found = [n_held_rows(Settings(rows=rows), width, only) for only in (False, True)]
    assert found == [held, to_match]
