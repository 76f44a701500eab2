"""Words for missing in quotes: texts where a file quotes its texts alone, as R does."""

from pathlib import Path

import pytest

from regchoose.records.table import Table
from regchoose.settings.options import Settings
from regchoose.table.columns.facts import gather_facts
from regchoose.table.csv.quoted_words import MOST_TEXTS
from regchoose.table.csv.read import read
from regchoose.table.load import load
from tests.table.writing import error_of, nobody, write

N = 60
WORDS = "in quotes, as the other texts are, a word is a text and not a missing value: "


def file_of(folder: Path, *cells: str, x: str = "{i}.5", note: str = '"é"', name: str = "t.csv") -> str:
    """Write a table with a number, a text, and the cells in turn, all as they stand."""
    rows = [f"{x.format(i=i)},{note},{cells[i % len(cells)]}" for i in range(N)]
    return write(folder, "\n".join(['"x","note","y"', *rows, ""]), name=name)


def words_of(path: str, settings: Settings | None = None) -> dict[str, list[str]]:
    found = read(path, settings or Settings(), choose=nobody).words
    return {name: list(words) for name, words in found.items()}


def table_of(path: str, **settings: object) -> Table:
    return load(path, Settings(target="y", **settings), choose=nobody)  # type: ignore[arg-type]


def test_a_class_in_quotes_may_be_called_none(tmp_path: Path) -> None:
    """R quotes texts, and leaves numbers and NA bare."""
    path = file_of(tmp_path, '"None"', '"Partial"', '"Full"')
    table = table_of(path)
    assert table.classes == ("Full", "None", "Partial")
    said = [line for line in table.warnings if WORDS in line]
    assert said == [f"{WORDS}'None' in column 'y'; where it means missing: --na None"]
    error = error_of(path, Settings(target="y", na=("None",)))
    assert (error.code, "20 of 60 rows" in error.message) == ("E322", True)
    assert words_of(path, Settings(na=("None",))) == {}
    assert words_of(path, Settings(na_none=True)) == {}


def test_bare_words_are_missing_beside_them(tmp_path: Path) -> None:
    path = file_of(tmp_path, '"None"', '"a"', '"b"', "NA", x='"{i} kg"')
    table = table_of(path, drop_missing_target=True)
    assert (table.classes, table.n_rows) == (("None", "a", "b"), 45)


def test_a_level_in_quotes_may_be_called_null(tmp_path: Path) -> None:
    cells = ("NA", '"NULL"', '"b, c"')
    rows = [f"{cells[i % 3]},{i % 7}.5" for i in range(N)]
    path = write(tmp_path, "\n".join(['"v","y"', *rows, ""]))
    column = table_of(path).columns[0]
    assert (column.levels, column.missing) == (("NULL", "b, c"), 20)


@pytest.mark.parametrize(
    ("cells", "x", "note"),
    [
        (('"None"', '"a"', '"b"'), '"{i}.5"', '"é"'),
        (("None", '"a"', '"b"'), "{i}.5", '"é"'),
        (('"None"', '"a"', "b"), "{i}.5", '"é"'),
        (('"None"', '"None"', "NA"), "{i}.5", '"é"'),
        (('"None"', "None", '"a"', '"b"'), "{i}.5", '"é"'),
        (('"None"', '"a"', '"b"'), "{i}.5", '"None"'),
        (('"?"', '""', '"a"', '"b"'), "{i}.5", '"é"'),
        (('"NA"', "1.5"), "{i}.5", '"é"'),
    ],
    ids=[
        "all is quoted",
        "bare",
        "texts are bare too",
        "no other text",
        "bare too",
        "alone in a column",
        "marks and empty texts",
        "among numbers",
    ],
)
def test_quotes_that_say_nothing(
    tmp_path: Path, request: pytest.FixtureRequest, cells: tuple[str, ...], x: str, note: str
) -> None:
    found = words_of(file_of(tmp_path, *cells, x=x, note=note))
    alone = request.node.callspec.id == "alone in a column"
    assert found == ({"y": ["None"]} if alone else {})


def test_what_stands_in_quotes_among_numbers_is_how_the_file_writes_missing(tmp_path: Path) -> None:
    """`to_csv(na_rep="NA", quoting=QUOTE_NONNUMERIC)` quotes what is missing like a text."""
    numbers, texts = ('"NA"', "1", "2"), ('"NA"', '"a"', '"b"')
    rows = [f"{numbers[i % 3]},{texts[i % 3]}" for i in range(N)]
    assert words_of(write(tmp_path, "\n".join(['"x","y"', *rows, ""]))) == {}


def test_headers_preambles_and_long_or_broken_texts_do_not_matter(tmp_path: Path) -> None:
    long = 'a "" b,\n' * MOST_TEXTS
    rows = [f'{i},"{long if i == 3 else "b"}","{("none", "a")[i % 2]}"' for i in range(N)]
    above = "# made by hand\n# on a Monday\n"
    path = write(tmp_path, above + "\n".join(['"x","None","y"', *rows, ""]))
    assert words_of(path) == {"y": ["none"]}
    row_names = [f'"{i + 1}",{i}.5,"{("None", "a")[i % 2]}"' for i in range(N)]
    assert words_of(write(tmp_path, "\n".join(['"x","y"', *row_names, ""]), name="r.csv")) == {"y": ["None"]}


def test_other_layouts(tmp_path: Path) -> None:
    spaced = [f'{i}, "{("None", "a, b")[i % 2]}"' for i in range(N)]
    assert words_of(write(tmp_path, "\n".join(['"x", "y"', *spaced, ""]))) == {"y": ["None"]}
    cells = ('"None"', r'"say \"a\", then"')
    escaped = [f"{i},{cells[i % 2]}" for i in range(N)]
    assert words_of(write(tmp_path, "\n".join(['"x","y"', *escaped, ""]), name="e.csv")) == {"y": ["None"]}


def test_rows_taken_keep_the_words(tmp_path: Path) -> None:
    raw = read(file_of(tmp_path, '"None"', '"a"', '"b"'), Settings(), choose=nobody)
    some = raw.take(raw.lines < 20)
    assert gather_facts(some, 2, Settings()).texts == ("None", "a", "b")
