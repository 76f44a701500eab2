"""The 22 files of the Pollock benchmark that are damaged as a whole, of a table of our own.

The benchmark's table is an order book: dates with the day first, times, prices in dollars, texts that hold
delimiters, apostrophes and quotes, some of its columns enclosed throughout, and a last column without a
value.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from tests.table.pollution.clean import Dialect, Rows

HEADER = ["DATE", "TIME", "Qty", "PRODUCTID", "Price", "ProductType", "ProductDescription", "URL", "Comments"]
ENCLOSED = (6, 7)  # columns that are enclosed in every row
TYPES = ["Men's Scarf", 'Table, Round 48"', "Hat", "Tent, Two-Person", 'Rope, 5" Thick', "Women's  Socks"]
WORDS = [
    "warm",
    "light",
    "made of wool, mostly",
    "rain or shine",
    "the 'classic' one",
    "for 50% less",
    "soft",
]


@dataclass(frozen=True)
class Case:
    """A file, and the table that it holds; None where it holds none or several."""

    name: str
    content: bytes
    truth: Rows | None


def order_book(n_rows: int = 83) -> Rows:
    """Return a header and rows."""
    draw = np.random.default_rng(0)
    rows = [
        [
            (date(2018, 1, 28) + timedelta(days=2 * i)).strftime("%d/%m/%Y"),
            f"{i // 4:02d}:{i % 4 * 15:02d}",
            str(draw.integers(0, 34)),
            f"{draw.choice(['MG', 'RI', 'CC'])}-{draw.integers(1000, 9999)}",
            f"${draw.uniform(1, 99):.2f}",
            TYPES[draw.integers(len(TYPES))],
            f"Item {i} is {WORDS[draw.integers(len(WORDS))]}, {WORDS[draw.integers(len(WORDS))]}.",
            f"https://www.example.com/product/{i:04d}.html",
            "",
        ]
        for i in range(n_rows)
    ]
    return [HEADER, *rows]


def dumped(rows: Rows, dialect: Dialect) -> bytes:
    """Write a table as the benchmark does: two columns are enclosed throughout."""
    always = replace(dialect, always=True)
    lines = [
        dialect.delimiter.join(
            (always if text and place in ENCLOSED else dialect).cell(text) for place, text in enumerate(row)
        )
        for row in rows
    ]
    return dialect.join(lines).encode()


def file_level() -> list[Case]:
    """Return the files, by their names in the benchmark."""
    rows = order_book()
    usual = Dialect(ends=("\r\n",))
    padded = [""] * (len(HEADER) - 1)
    named = [[f"c{place + 1}" for place in range(len(HEADER))], *rows[1:]]
    tables: dict[str, tuple[Rows, Dialect, Rows | None]] = {
        "no_trailing_newline": (rows, replace(usual, final=0), rows),
        "double_trailing_newline": (rows, replace(usual, final=2), rows),
        "no_header": (rows[1:], usual, named),
        "header_multirow_2": ([HEADER, *rows], usual, None),
        "header_multirow_3": ([HEADER, HEADER, *rows], usual, None),
        "preamble": ([["PREAMBLE", *padded], ["", *padded], *rows], usual, rows),
        "multitable_less": ([*rows, *(row[:-1] for row in rows)], usual, None),
        "multitable_more": ([*rows, *([*row, "col1"[: 4 * (row is HEADER)]] for row in rows)], usual, None),
        "multitable_same": ([*rows, *rows], usual, None),
        "header_only": (rows[:1], usual, None),
        "one_data_row": (rows[:2], usual, rows[:2]),
        "field_delimiter_0x20": (rows, replace(usual, delimiter=" "), rows),
        "field_delimiter_0x2C_0x20": (rows, replace(usual, delimiter=", "), rows),
        "field_delimiter_0x3B": (rows, replace(usual, delimiter=";"), rows),
        "field_delimiter_0x9": (rows, replace(usual, delimiter="\t"), rows),
        "quotation_char_0x27": (rows, replace(usual, quote="'"), rows),
        "escape_char_0x5C": (rows, replace(usual, escape="\\"), rows),
        "record_delimiter_0xA": (rows, replace(usual, ends=("\n",)), rows),
        "record_delimiter_0xD": (rows, replace(usual, ends=("\r",)), rows),
    }
    unescaped = dumped(rows, usual).replace(b'""', b'"')
    return [
        Case("source", dumped(rows, usual), rows),
        Case("no_payload", b"", None),
        Case("escape_char_0x00", unescaped, None),
        *(Case(name, dumped(own, dialect), truth) for name, (own, dialect, truth) in tables.items()),
    ]
