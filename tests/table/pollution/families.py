"""The families of pollution of the Pollock benchmark (Vitagliano et al., VLDB 2023), and more.

Every file comes with what a careful person would read in it: the rows, or nothing where the file does not
say, and the flags with which it does.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

from regchoose.settings.options import Settings
from tests.table.pollution.clean import HEADER, Dialect, Rows, clean_table

PLAIN = Dialect()
SIMPLE = ["dry", "wet", "windy", "calm", "see p. 4"]  # texts that any dialect can hold


@dataclass(frozen=True)
class Polluted:
    """A file, and what it says.

    Parameters
    ----------
    truth : list of rows, optional
        The header and the rows that the file holds; None where it does not say, so it must be refused.
    must : bool
        Whether it must load without hints; otherwise it may be refused, but never be read as another table.
    flags : Settings, optional
        What a person would add, and `flagged`, what must then load exactly.
    """

    family: str
    name: str
    content: bytes
    truth: Rows | None
    must: bool = False
    flags: Settings | None = None
    flagged: Rows | None = None


def every_file() -> Iterator[Polluted]:
    """Yield the whole corpus."""
    yield from ragged()
    yield from stray_quotes()
    yield from other_delimiter_in_a_row()
    yield from dialects()
    yield from line_ends()
    yield from headers()
    yield from around_the_table()
    yield from several_tables()
    yield from little()
    yield from encodings()
    yield from values()


def ragged() -> Iterator[Polluted]:
    """One delimiter too many or too few, at every row and column."""
    rows = clean_table()
    lines = [PLAIN.line(row) for row in rows]
    skip = Settings(on_bad_rows="skip")
    for place, row in enumerate(rows):
        without = [*rows[:place], *rows[place + 1 :]] if place else None
        cells = [PLAIN.cell(text) for text in row]
        for column in range(len(row)):
            more = ",".join([*cells[:column], "", *cells[column:]])
            yield _line("extra delimiter", lines, place, more, column=column, flags=skip, flagged=without)
            if column:
                less = ",".join(
                    [*cells[: column - 1], cells[column - 1] + cells[column], *cells[column + 1 :]]
                )
                if '"' not in cells[column - 1] + cells[column]:
                    yield _line(
                        "missing delimiter", lines, place, less, column=column, flags=skip, flagged=without
                    )


def _line(
    family: str,
    lines: list[str],
    place: int,
    line: str,
    *,
    column: int,
    flags: Settings | None = None,
    flagged: Rows | None = None,
) -> Polluted:
    content = PLAIN.join([*lines[:place], line, *lines[place + 1 :]]).encode()
    known = flags if flagged is not None else None
    return Polluted(family, f"row {place} column {column}", content, None, False, known, flagged)


def stray_quotes() -> Iterator[Polluted]:
    """One quote too many, in front of, within and behind every cell."""
    rows = clean_table()
    lines = [PLAIN.line(row) for row in rows]
    for place, row in enumerate(rows):
        for column, text in enumerate(row):
            cells = [PLAIN.cell(cell) for cell in row]
            middle = len(cells[column]) // 2
            for at in sorted({0, middle, len(cells[column])}):
                if text or at == 0:
                    dirty = cells[column][:at] + '"' + cells[column][at:]
                    line = ",".join([*cells[:column], dirty, *cells[column + 1 :]])
                    yield replace(
                        _line("stray quote", lines, place, line, column=column),
                        name=f"row {place} column {column} at {at}",
                    )


def other_delimiter_in_a_row() -> Iterator[Polluted]:
    """One row is separated otherwise."""
    rows = clean_table(notes=SIMPLE)
    lines = [PLAIN.line(row) for row in rows]
    for place, other in product(range(len(rows)), (";", "\t", "|")):
        line = Dialect(delimiter=other).line(rows[place])
        without = [*rows[:place], *rows[place + 1 :]] if place else None
        yield _line(
            "one row with another delimiter",
            lines,
            place,
            line,
            column=0,
            flags=Settings(on_bad_rows="skip"),
            flagged=without,
        )


def dialects() -> Iterator[Polluted]:
    """Odd, but the same all through the file: it says what it is."""
    table = clean_table()
    simple = clean_table(notes=SIMPLE)
    for delimiter, quote, escape, always in product(
        (",", ";", "\t", " ", "|", ", "), "\"'", ("", "\\"), (False, True)
    ):
        rows = [[cell.replace("\n", " ") for cell in row] for row in table]
        own = Dialect(delimiter, quote, escape, always=always)
        name = f"{delimiter!r} {quote} {escape or 'doubled'} {'all' if always else 'few'} enclosed"
        yield Polluted("dialects", name, own.dump(rows).encode(), rows, must=True)
    for delimiter in (",", ";", "\t", "|", ":", "^", "~"):
        rows = [[cell.replace(" ", "_") for cell in row] for row in simple]
        own = Dialect(delimiter, quote="")
        common = delimiter in ",;\t|"
        yield Polluted(
            "dialects",
            f"{delimiter!r} nothing enclosed",
            own.dump(rows).encode(),
            rows,
            common,
            Settings(delimiter=delimiter),
            rows,
        )


def line_ends() -> Iterator[Polluted]:
    """Every kind of line end, mixed ones too; none or several at the end; line ends within quotes."""
    rows = clean_table()
    quoted = clean_table(notes=["one\ntwo", "one", "", "three\n\nfour"])
    for ends in (("\n",), ("\r",), ("\r\n",), ("\n", "\r\n"), ("\n", "\r\n", "\r")):
        for final in (0, 1, 2, 3):
            own = Dialect(ends=ends, final=final)
            name = f"{' '.join(map(repr, ends))} {final} final"
            yield Polluted("line endings", name, own.dump(rows).encode(), rows, must=True)
            if final < 2:
                yield Polluted(
                    "line endings", f"{name}, quoted", own.dump(quoted).encode(), quoted, must=True
                )


def headers() -> Iterator[Polluted]:
    """None, one, several, or one with names that repeat or lack."""
    rows = clean_table()
    body = rows[1:]
    bare = PLAIN.dump(body).encode()
    named = [[f"c{place + 1}" for place in range(len(HEADER))], *body]
    yield Polluted("headers", "none", bare, named, True, Settings(header="no"), named)
    units = ["", "code", "mm", "", "", "", "", "", ""]
    upper = ["Place", "Place", "Size", "Size", "Text", "Time", "Time", "Id", "Target"]
    for name, second in (("units", units), ("groups above", upper)):
        both = [second, HEADER] if name == "groups above" else [HEADER, second]
        joined = [" ".join(filter(None, pair)) for pair in zip(*both, strict=True)]
        yield Polluted(
            "headers",
            name,
            PLAIN.dump([*both, *body]).encode(),
            None,
            False,
            Settings(header_rows=2),
            [joined, *body],
        )
    three = [upper, HEADER, units]
    joined = [" ".join(filter(None, names)) for names in zip(*three, strict=True)]
    yield Polluted(
        "headers",
        "three rows",
        PLAIN.dump([*three, *body]).encode(),
        None,
        False,
        Settings(header_rows=3),
        [joined, *body],
    )


def around_the_table() -> Iterator[Polluted]:
    """Lines above and below the table that do not belong to it."""
    rows = clean_table()
    table = PLAIN.dump(rows)
    above = {
        "title": "Readings of the spring\n",
        "title and blank line": "Readings of the spring\n\n",
        "three lines": "Readings\nSource: our own\nUnits: mm\n",
        "comment": "# made on a Monday, by hand\n",
        "two comments": "# one\n# two\n",
        "title padded": "Readings,,,,,,,,\n",
        "title padded, blank": "Readings,,,,,,,,\n,,,,,,,,\n",
        "key and value": "author,Smith\ndate,2021-03-04\n",
    }
    for name, text in above.items():
        # Lines that begin so, and a title that a blank row parts, are skipped, and that is said.
        remark = text.startswith("#") or name in ("title and blank line", "title padded, blank")
        yield Polluted(
            "text above or below the table",
            f"above: {name}",
            (text + table).encode(),
            rows if remark else None,
            remark,
            Settings(skip_rows=text.count("\n")),
            rows,
        )
    for blank in ("\n", "\n\n", " \n"):
        yield Polluted(
            "text above or below the table",
            f"blank above {blank!r}",
            (blank + table).encode(),
            rows,
            must=False,
        )
    below = {
        "total": "Total,,,12345,,,,,\n",
        "source": "Source: our own\n",
        "blank and source": "\nSource: our own\n",
        "sum alone": ",,1620.5,9000,,,,,\n",
        "comment": "# end\n",
    }
    for name, text in below.items():
        yield Polluted("text above or below the table", f"below: {name}", (table + text).encode(), None)
    lines = table.splitlines(keepends=True)
    for place in (1, 2, 40, 80):
        middle = "".join([*lines[:place], "# a remark\n", *lines[place:]])
        yield Polluted("text above or below the table", f"comment before row {place}", middle.encode(), None)
        yield Polluted(
            "text above or below the table",
            f"blank before row {place}",
            "".join([*lines[:place], "\n", *lines[place:]]).encode(),
            rows,
        )


def several_tables() -> Iterator[Polluted]:
    """A second table below, with the same, fewer or more columns."""
    rows = clean_table()
    table = PLAIN.dump(rows)
    seconds = {
        "same": rows,
        "fewer": [row[:5] for row in rows],
        "more": [[*row, "x"] for row in rows],
        "other names": [[f"b{i}" for i in range(9)], *rows[1:]],
    }
    for (name, second), gap in product(seconds.items(), ("", "\n", "\n\n")):
        yield Polluted(
            "several tables in a file",
            f"{name}, gap {len(gap)}",
            (table + gap + PLAIN.dump(second)).encode(),
            None,
        )


def little() -> Iterator[Polluted]:
    """Empty, a header alone, one row."""
    rows = clean_table()
    for name, content in (
        ("empty", b""),
        ("blank", b"\n\n"),
        ("spaces", b"  \n"),
        ("mark alone", b"\xef\xbb\xbf"),
    ):
        yield Polluted("hardly any data", name, content, None)
    yield Polluted("hardly any data", "header only", PLAIN.dump(rows[:1]).encode(), None)
    yield Polluted("hardly any data", "one row", PLAIN.dump(rows[:2]).encode(), rows[:2])
    yield Polluted("hardly any data", "two rows", PLAIN.dump(rows[:3]).encode(), rows[:3])


def encodings() -> Iterator[Polluted]:
    """Byte order marks, wide and western encodings, NUL bytes."""
    rows = clean_table(notes=["Zürich", "naïve", "東京", "plain", "Ωmega"])
    western = clean_table(notes=["Zürich", "naïve", "plain"])
    text = PLAIN.dump(rows)
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-32"):
        yield Polluted("encodings", encoding, text.encode(encoding), rows, must=True)
    for encoding in ("utf-16-le", "utf-16-be"):
        yield Polluted(
            "encodings",
            f"{encoding} without a mark",
            text.encode(encoding),
            rows,
            False,
            Settings(encoding=encoding),
            rows,
        )
    for encoding in ("cp1252", "latin-1", "mac-roman"):
        content = PLAIN.dump(western).encode(encoding)
        yield Polluted("encodings", encoding, content, None, False, Settings(encoding=encoding), western)
    table = clean_table()
    for place in (0, 1, 40, 80):
        lines = [PLAIN.line(row) for row in table]
        lines[place] = lines[place].replace(",", ",\0", 1)
        yield Polluted("encodings", f"NUL in row {place}", PLAIN.join(lines).encode(), None)
    yield Polluted("encodings", "bytes that are no UTF-8", text.encode() + b"\xff\xfe,1\n", None)


def values() -> Iterator[Polluted]:
    """Cells that readers like to change."""
    base = clean_table(notes=SIMPLE)
    changes = {
        "NA as a category": (0, ["NA", "north", "south"]),
        "null as a category": (0, ["null", "None", "nan"]),
        "huge numbers": (2, ["1e400", "-1e400", "12.5"]),
        "odd numbers": (2, ["4e492493924924", "0x1F", "1_000"]),
        "signs": (2, ["+1.5", "-0", "−3"]),
        "leading zeros": (3, ["007", "000", "0123"]),
        "formulas": (4, ["=1+1", "@x", "+cmd"]),
        "spaces kept": (4, [" padded ", "tail ", " head"]),
        "markup": (4, ["<script>", "{{7*7}}", "[bold]"]),
    }
    for name, (column, texts) in changes.items():
        rows = [list(row) for row in base]
        for place, row in enumerate(rows[1:]):
            row[column] = texts[place % len(texts)]
        yield Polluted("values", name, PLAIN.dump(rows).encode(), rows, must=True)
    three = [
        [f"{cell}5" if place == 2 and "." in cell else cell for place, cell in enumerate(row)] for row in base
    ]
    yield Polluted("values", "three decimals", PLAIN.dump(three).encode(), three, must=True)
    quoted = Dialect(always=True).dump(three).encode()
    yield Polluted("values", "three decimals, enclosed", quoted, three, must=True)
    other = Dialect(";").dump(three).encode()
    yield Polluted("values", "three decimals and ';'", other, three, False, Settings(decimal="."), three)
    comma = [
        [cell.replace(".", ",") if place == 2 else cell for place, cell in enumerate(row)] for row in base
    ]
    for delimiter in (";", "\t", "|"):
        own = Dialect(delimiter)
        yield Polluted(
            "values", f"decimal commas and {delimiter!r}", own.dump(comma).encode(), comma, must=True
        )
    yield Polluted("values", "decimal commas, enclosed", PLAIN.dump(comma).encode(), comma, must=True)
