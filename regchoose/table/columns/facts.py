"""What all the cells of one column say, before it is decided what the column is for."""

import math
import re
import unicodedata
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regchoose.errors import DataError, Word, setting
from regchoose.records.words import Float, Int
from regchoose.settings.options import Settings
from regchoose.table.cell_values import (
    DOUBTFUL,
    INTEGER,
    LEADING_ZERO,
    PHONE,
    clean,
    is_large_integer,
    is_missing,
    ordinary_numbers,
    to_number,
)
from regchoose.table.cells import Cells, to_cells
from regchoose.table.raw_table import RawTable

FEW = 0.05  # texts among numbers, up to this share (or a single one), are faults rather than categories
EDGE = 3  # rows at the top and at the bottom in which a text among numbers is a heading, units or a total


@dataclass(frozen=True)
class Facts:
    """A column's cells, read as numbers where they are numbers."""

    name: str
    kind: str  # of a typed file, else ""
    cells: Cells
    missing: NDArray[np.bool_]  # (n,)
    texts: tuple[str, ...]  # the different texts that are not missing
    places: Int  # of `texts` among those of `cells`
    counts: Int  # how often each of `texts` stands
    numbers: Float  # the number each of `texts` states, infinities included; NaN where it states none

    @property
    def present(self) -> int:
        """Cells that are not missing."""
        return int(self.counts.sum())

    @property
    def all_numbers(self) -> bool:
        """Whether every cell that is not missing is a number."""
        return bool(self.texts) and not np.isnan(self.numbers).any()

    @property
    def all_integers(self) -> bool:
        """Whether all numbers are whole, however they are written."""
        finite = self.numbers[np.isfinite(self.numbers)]
        return self.all_numbers and bool((finite == np.floor(finite)).all())

    def by_row(self, values: Float) -> Float:
        """Spread one value for each of `texts` over the rows (n,); missing cells are NaN."""
        spread = np.full(len(self.cells.texts) + 1, math.nan)
        spread[self.places] = values
        values_of_rows: Float = spread[self.cells.codes]
        return values_of_rows


def facts_of(raw: RawTable, place: int, settings: Settings) -> Facts:
    """Gather the facts of the column at `place`."""
    name, kind, mark = raw.names[place], raw.kinds[place], raw.dialect.decimal
    cells = to_cells(raw.columns[place])
    # A typed file has nulls: there the text "NA" is a text.
    typed = kind == "text"
    ordinary = None if typed or settings.na else ordinary_numbers([t for t in cells.texts if t], mark)
    if ordinary is not None:  # the empty text alone is missing
        absent = [cells.texts.index("")] if len(ordinary) < len(cells.texts) else []
    else:
        absent = [
            place
            for place, text in enumerate(cells.texts)
            if (text in settings.na if typed else is_missing(text, settings.na))
        ]
    known = np.ones(len(cells.texts) + 1, dtype=bool)
    known[[*absent, -1]] = False  # code −1, a null, is the last
    missing, places = ~known[cells.codes], np.flatnonzero(known)
    texts = tuple(cells.texts[place] for place in places.tolist()) if absent else cells.texts
    return Facts(
        name=name,
        kind=kind,
        cells=cells,
        missing=missing,
        texts=texts,
        places=places,
        counts=cells.counts()[places],
        numbers=_numbers(texts, kind, mark) if ordinary is None else np.array(ordinary, dtype=np.float64),
    )


def _numbers(texts: tuple[str, ...], kind: str, mark: str) -> Float:
    """Return the number of each text, or none at all where one is a code: a zip code, a large integer."""
    none = np.full(len(texts), math.nan)
    if not kind and texts and all(PHONE.fullmatch(text) for text in texts):
        return none
    if kind == "text" or any(LEADING_ZERO.fullmatch(text) or is_large_integer(text) for text in texts):
        return none
    found = (to_number(text, mark) for text in texts)
    return np.array([math.nan if number is None else number for number in found], dtype=np.float64)


def why_no_numbers(facts: Facts) -> str:
    """Say why a column that looks like numbers is text: padding zeros, or too large; else an empty text."""
    if facts.kind == "text" or not all(INTEGER.fullmatch(text) for text in facts.texts):
        return ""
    if all(PHONE.fullmatch(text) for text in facts.texts):
        return f"a plus and many digits, as in {facts.texts[0]}, are telephone numbers"
    padded = next((text for text in facts.texts if LEADING_ZERO.fullmatch(text)), None)
    if padded is not None:
        return f"leading zeros, as in {padded}, belong to codes"
    large = next((text for text in facts.texts if is_large_integer(text)), None)
    return f"integers beyond 2^53, as {large}, are no exact numbers" if large else ""


def refuse_odd_texts(facts: Facts, raw: RawTable) -> None:
    """Raise E326 where a few texts stand in a column of numbers, naming the first."""
    is_text = np.isnan(facts.numbers)
    texts, present = int(facts.counts[is_text].sum()), facts.present
    numbers = present - texts
    if not texts or numbers <= texts:
        return
    odd = [text for text, flag in zip(facts.texts, is_text, strict=True) if flag]
    rows = np.flatnonzero(facts.cells.where(set(odd).__contains__))
    at_edge = bool(((rows < EDGE) | (rows >= len(facts.missing) - EDGE)).all()) and numbers >= EDGE
    if not (at_edge or (numbers >= EDGE and texts <= max(1, FEW * present))):
        return
    first = facts.cells.texts[int(facts.cells.codes[rows[0]])]
    listed = ", ".join(repr(text[:20]) for text in odd[:4])
    line = int(raw.lines[rows[0]])
    missing = Word(first) if re.fullmatch(r"[\w.-]+", first) else first[:30]
    raise DataError(
        "E326",
        f"column {facts.name!r} holds {first[:40]!r} among {numbers:,} numbers",
        where=f"{raw.path}:{line}",
        detail=[
            f"{texts:,} such cells of {present:,}: {listed}",
            "cause: a text that means missing, a second header row, units or totals, or another decimal mark",
        ],
        fix=setting(na=[missing])
        | setting(exclude=[facts.name])
        | setting(keep=[facts.name]) + " (as a category)",
    )


def respelled_warning(facts: Facts) -> str | None:
    """Warn of cells that are read in another spelling: other spaces, Unicode forms or digits."""
    stated = zip(facts.texts, facts.numbers.tolist(), strict=True)
    digits = [text for text, number in stated if not text.isascii() and not math.isnan(number)]
    odd = facts.cells.respelled or tuple(digits)
    if not odd or facts.kind == "text":
        return None
    read = unicodedata.normalize("NFKC" if facts.all_numbers else "NFC", clean(odd[0]))
    return f"column {facts.name!r}: {len(odd):,} different texts are read otherwise: {odd[0]!a} as {read!a}"


def doubtful_warning(facts: Facts) -> str | None:
    """Warn of texts read as missing that may be somebody's category, as the NA of Namibia."""
    if facts.kind == "text" or not facts.texts or not np.isnan(facts.numbers).any():
        return None
    counts = facts.cells.counts()
    found = [
        f"{text!r} ({count:,})"
        for text, count in zip(facts.cells.texts, counts, strict=True)
        if text.casefold() in DOUBTFUL
    ]
    if not found:
        return None
    return f"column {facts.name!r}: {', '.join(found)} is read as missing, and may be a category there"
