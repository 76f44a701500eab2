"""Bytes that claim to be a table: read exactly, or refused with an error of ours."""

import csv
import gzip
import io
from collections import Counter
from typing import Any, Literal

from hypothesis import strategies as st

from regchoose.errors import RegchooseError
from regchoose.settings.options import Settings
from regchoose.table.csv.read import read
from regchoose.table.load import load
from tests.fuzz.target import Target, empty_folder, helps
from tests.table.writing import nobody, write

NAMES = ("t.csv", "t.tsv", "t.txt", "t.csv.gz", "t.csv.zst", "t.parquet", "t")
ENCODINGS = ("utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "utf-32")
CELL = st.one_of(
    st.integers(-9999, 9999).map(str),
    st.floats(allow_nan=False).map(str),
    st.sampled_from(["NA", "", "-", "?", "yes", "no", "0123", "1e400", "inf", "TRUE", "#x", "Total", "'tis"]),
    st.sampled_from(["12:30", "2020-02-30", "31/12/99", "1.234", "1,234", "1 234"]),
    st.sampled_from(['say "x"', "a,b", "a;b", "\t", "x\ny", "\r", " pad ", "\\", "'", '"', "é", "\x1b[31m"]),
    st.text(max_size=8),
)
SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "target": st.sampled_from(["y", "c1", "x", "\0"]),
        "task": st.sampled_from(["classification", "regression"]),
        "header": st.sampled_from(["yes", "no"]),
        "delimiter": st.sampled_from([",", ";", "tab", "a", '"', "::"]),
        "encoding": st.sampled_from(["utf-8", "cp1252", "utf-16", "utf-16-le", "utf-7", "idna", "hex", "x"]),
        "skip_rows": st.integers(0, 4),
        "header_rows": st.integers(1, 3),
        "decimal": st.sampled_from([".", ","]),
        "na": st.sampled_from([("0",), ("yes", "no")]),
        "min_class": st.integers(0, 9),
        "group": st.sampled_from(["c1", "x"]),
        "time": st.sampled_from(["c1", "x"]),
        "on_bad_rows": st.sampled_from(["skip", "pad"]),
        "drop_missing_target": st.just(True),
        "resources": st.sampled_from(["no", "yes"]),
    },
)


@st.composite
def _tables(draw: st.DrawFn) -> bytes:
    """A table as text, often with a slip in it."""
    width = draw(st.integers(1, 4))
    rows = draw(st.lists(st.lists(CELL, min_size=width, max_size=width), min_size=1, max_size=30))
    rows = rows * draw(st.sampled_from([1, 1, 1, 4]))
    if draw(st.booleans()):
        rows.insert(0, [*"xzwv"[: width - 1], "y"])
    out = io.StringIO()
    quoting: Literal[0, 1] = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    end = draw(st.sampled_from(["\n", "\n", "\r\n", "\r"]))
    delimiter, quote = draw(st.sampled_from(",;\t|")), draw(st.sampled_from('""\''))
    writer = csv.writer(out, delimiter=delimiter, quotechar=quote, lineterminator=end, quoting=quoting)
    writer.writerows(rows)
    return _with_slips(draw, out.getvalue().encode(draw(st.sampled_from(ENCODINGS)), "replace"))


def _with_slips(draw: st.DrawFn, content: bytes) -> bytes:
    """Leave out, put in, double or move a piece."""
    for _ in range(draw(st.sampled_from([0, 0, 1, 1, 3]))):
        at, to = sorted(draw(st.tuples(*[st.integers(0, len(content))] * 2)))
        piece = content[at:to][:40]
        new = draw(st.one_of(st.just(b""), st.just(piece * 2), st.binary(max_size=4), st.sampled_from(SLIPS)))
        content = content[:at] + new + content[at + len(piece) :]
    return content


SLIPS = (b'"', b"'", b",", b";", b"\n", b"\r", b"\0", b"\xff", b"\xe9", b"\\", b"#", b"\xef\xbb\xbf", b" ")
CONTENTS = st.one_of(
    _tables(),
    st.binary(max_size=300),
    st.text(max_size=300).map(lambda text: text.encode("utf-8", "surrogatepass")),
    _tables().map(gzip.compress),
    st.tuples(_tables().map(gzip.compress), st.integers(1, 30)).map(lambda pair: pair[0][: -pair[1]]),
    st.binary(max_size=60).map(lambda noise: b"PAR1" + noise + b"PAR1"),
    st.binary(max_size=60).map(lambda noise: b"\x28\xb5\x2f\xfd" + noise),
)


def _any_bytes(given: tuple[bytes, str, dict[str, Any]]) -> None:
    content, name, settings = given
    with empty_folder() as folder:
        try:
            load(write(folder, content, name), Settings(**settings), choose=nobody)
        except RegchooseError as error:
            helps(error)


def _nothing_lost(content: bytes) -> None:
    """Compare characters: no reader of ours knows which belong where, but all must be there."""
    with empty_folder() as folder:
        path = write(folder, content)
        try:
            raw = read(path, Settings(header="no"), choose=nobody)
        except RegchooseError:
            return
    cells = Counter("".join(cell for column in raw.texts for cell in column))
    there = Counter(content.decode(raw.dialect.encoding or "utf-8").removeprefix("\ufeff"))
    marks = {raw.dialect.delimiter, raw.dialect.quote, "\\", "\r", "\n", " "}
    assert {c: n for c, n in cells.items() if c not in marks} == {
        c: n for c, n in there.items() if c not in marks and c is not None
    }
    assert raw.n_rows <= content.count(b"\n") + content.count(b"\r") + 1


WORDS = st.sampled_from(
    ["red", "green", "deep blue", "O'Brien", "Smith, J", "a; b", "x|y", "6 ft", 'the "x"']
)
NUMBER = st.one_of(st.integers(-9999, 9999).map(str), st.floats(-1e6, 1e6).map(lambda x: f"{x:.4f}"))
KIND = st.sampled_from([NUMBER, WORDS, st.sampled_from(["yes", "no"]), st.dates().map(str)])


@st.composite
def _ordinary(draw: st.DrawFn) -> tuple[list[list[str]], str, str, bool]:
    """Rows of columns of one kind each, and how they are written."""
    kinds = draw(st.lists(KIND, min_size=2, max_size=5))
    rows = draw(st.lists(st.tuples(*kinds).map(list), min_size=3, max_size=12))
    rows.insert(0, [f"name {place}" for place in range(len(kinds))])
    return rows, draw(st.sampled_from(",;\t|")), draw(st.sampled_from(["\n", "\r\n"])), draw(st.booleans())


def _comes_back(given: tuple[list[list[str]], str, str, bool]) -> None:
    rows, delimiter, end, every = given
    out = io.StringIO()
    quoting: Literal[0, 1] = csv.QUOTE_ALL if every else csv.QUOTE_MINIMAL
    csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows(rows)
    with empty_folder() as folder:
        try:
            raw = read(write(folder, out.getvalue()), Settings(), choose=nobody)
        except RegchooseError:
            return
    assert [list(raw.names), *map(list, zip(*(c.tolist() for c in raw.texts), strict=True))] == rows


TARGETS = {
    "any bytes as a table": Target(st.tuples(CONTENTS, st.sampled_from(NAMES), SETTINGS), _any_bytes, 150),
    "no character of a table is lost": Target(_tables(), _nothing_lost, 200),
    "an ordinary table comes back": Target(_ordinary(), _comes_back, 150),
}
