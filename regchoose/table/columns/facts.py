"""What all the cells of one column say, before it is decided what the column is for."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regchoose.records.words import Float, Int
from regchoose.settings.options import Settings
from regchoose.table.cell_values import (
    LEADING_ZERO,
    PHONE,
    find_unit,
    is_large_integer,
    is_missing,
    ordinary_numbers,
    strip_unit,
    to_number,
)
from regchoose.table.raw_table import Cells, RawTable


@dataclass(frozen=True)
class Facts:
    """The cells of one column, read as numbers where they are numbers.

    They are gathered once, and everything that is said of the column follows from them.

    Attributes
    ----------
    name : str
    kind : str
        Of a typed file: number, text, boolean or date; else "".
    cells : Cells
    texts : tuple of str (t,)
        The different texts that are not missing.
    counts : (t,) ndarray
        How often each of them stands in the column.
    numbers : (t,) ndarray
        The number that each of them states, infinities included; NaN where it states none.
    codes : (n,) ndarray
        Which of `texts` stands in each row; −1 where it is missing.
    """

    name: str
    kind: str
    cells: Cells
    texts: tuple[str, ...]
    counts: Int
    numbers: Float
    codes: Int
    unit: str = ""  # that every cell states with its number, as $ or km
    is_index: bool = False  # whether it is the first column and has no name

    @property
    def missing(self) -> NDArray[np.bool_]:
        """Which rows (n,) have no value."""
        return self.codes < 0

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
        """Spread one value for each of `texts` (t,) over the rows (n,); missing cells are NaN."""
        spread: Float = np.append(values, math.nan)[self.codes]
        return spread


def gather_facts(raw: RawTable, place: int, settings: Settings) -> Facts:
    """Gather the facts of the column at `place`."""
    name, kind, mark = raw.names[place], raw.kinds[place], raw.dialect.decimal
    cells = raw.columns[place].clean()
    stated = tuple(cells.texts.tolist())
    # A typed file has nulls: there the text "NA" is a text.
    typed = kind == "text"
    ordinary = None if typed or settings.na else ordinary_numbers([t for t in stated if t], mark)
    known = np.ones(len(cells.texts) + 1, dtype=bool)
    known[-1] = False  # code −1, a null, is the last
    if ordinary is None:
        known[:-1] = [
            not (text in settings.na if typed else is_missing(text, settings.na)) for text in stated
        ]
    elif len(ordinary) < len(cells.texts):
        known[stated.index("")] = False  # the empty text alone is missing
    places = np.flatnonzero(known)
    texts = tuple(stated[place] for place in places.tolist()) if len(places) < len(stated) else stated
    unit = find_unit(texts) if not kind and ordinary is None else ""
    bare = tuple(strip_unit(text, unit) for text in texts) if unit else texts
    return Facts(
        name=name,
        kind=kind,
        cells=cells,
        texts=texts,
        counts=cells.counts()[places],
        numbers=_numbers(bare, kind, mark) if ordinary is None else np.array(ordinary, dtype=np.float64),
        codes=np.where(known, np.cumsum(known) - 1, -1)[cells.codes],
        unit=unit,
        is_index=name == raw.index,
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


def to_levels(facts: Facts, *, boolean: bool = False) -> tuple[Float, tuple[str, ...]]:
    """Return the code of each row (n,), NaN for missing, and the levels, sorted.

    The levels of a boolean do not depend on case.
    """
    labels = dict[str, str]()
    for text in sorted(facts.texts):
        labels.setdefault(text.casefold() if boolean else text, text)
    levels = tuple(sorted(labels.values()))
    place = {level: float(code) for code, level in enumerate(levels)}
    codes = [place[labels[text.casefold() if boolean else text]] for text in facts.texts]
    return facts.by_row(np.array(codes)), levels
