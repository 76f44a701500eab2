"""What all the cells of one column say, before it is decided what the column is for."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from regchoose.records.words import Float, Int
from regchoose.settings.options import Settings
from regchoose.table.cell_values import (
    CODE,
    DOUBTFUL,
    LEADING_ZERO,
    PHONE,
    STATES,
    find_unit,
    is_large_integer,
    is_missing,
    ordinary_numbers,
    strip_unit,
    to_number,
)
from regchoose.table.raw_table import Cells, RawTable

CODE_NA, FEWEST_CODES = "NA", 3  # other codes of two letters among which NA is one


@dataclass(frozen=True)
class Facts:
    """The cells of one column, read as numbers where they are numbers.

    They are gathered once, and everything that is said of the column follows from them.

    Attributes
    ----------
    name : str
    kind : str
        Of a typed file: number, text, boolean or date; "str" of a column of str in memory, which is read as
        that of a file, but a word is a word; else "".
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

    @cached_property
    def missing(self) -> NDArray[np.bool_]:
        """Which rows (n,) have no value."""
        return self.codes < 0

    @cached_property
    def present(self) -> int:
        """Cells that are not missing."""
        return int(self.counts.sum())

    @cached_property
    def all_numbers(self) -> bool:
        """Whether every cell that is not missing is a number."""
        return bool(self.texts) and not np.isnan(self.numbers).any()

    @cached_property
    def all_integers(self) -> bool:
        """Whether all numbers are whole, however they are written."""
        finite = self.numbers[np.isfinite(self.numbers)]
        return self.all_numbers and bool((finite == np.floor(finite)).all())

    @cached_property
    def doubtful(self) -> tuple[str, ...]:
        """Words that are read as missing, and may be values where the others are no numbers."""
        if self.kind or self.all_numbers:
            return ()
        known = set(self.texts)
        return tuple(
            text for text in self.cells.texts.tolist() if text.casefold() in DOUBTFUL and text not in known
        )

    @cached_property
    def row_numbers(self) -> Float:
        """The number of each row (n,); NaN where it is missing or none."""
        return self.by_row(self.numbers)

    def by_row(self, values: Float) -> Float:
        """Spread one value for each of `texts` (t,) over the rows (n,); missing cells are NaN."""
        spread: Float = np.append(values, math.nan)[self.codes]
        return spread


def gather_facts(
    raw: RawTable, place: int, settings: Settings, *, levels: Collection[str] | None = None
) -> Facts:
    """Gather the facts of the column at `place`; `levels`, where they are known, do not mean missing."""
    name, kind, mark = raw.names[place], raw.kinds[place], raw.dialect.decimal
    cells = raw.columns[place].clean()
    stated = tuple(cells.texts.tolist())
    ordinary = None if kind == "text" or settings.na else ordinary_numbers([t for t in stated if t], mark)
    known = np.ones(len(cells.texts) + 1, dtype=bool)
    known[-1] = False  # code −1, a null, is the last
    if ordinary is None:
        words = raw.words.get(name, ())
        missing = _are_missing(stated, kind, settings, levels=levels, words=words)
        known[:-1] = [not flag for flag in missing]
    elif len(ordinary) < len(cells.texts):
        known[stated.index("")] = False  # the empty text alone is missing
    places = np.flatnonzero(known)
    texts = tuple(stated[place] for place in places.tolist()) if len(places) < len(stated) else stated
    unit = find_unit(texts) if kind in ("", "str") and ordinary is None else ""
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


def _are_missing(
    texts: Sequence[str],
    kind: str,
    settings: Settings,
    *,
    levels: Collection[str] | None,
    words: Collection[str],
) -> list[bool]:
    """Say which of the different texts of a column mean missing; `words` are texts, unless `--na` says so."""
    if kind == "text":  # a typed file has nulls: there the text "NA" is a text
        return [text in settings.na for text in texts]
    if kind == "str":
        settings = replace(settings, na_none=True)
    kept = set(words) - set(settings.na)
    missing = [is_missing(text, settings) and text not in kept for text in texts]
    if levels is None:
        levels = (CODE_NA,) if _is_code(texts, missing) else ()
    return [flag and text not in levels for flag, text in zip(missing, texts, strict=True)]


def _is_code(texts: Sequence[str], missing: Sequence[bool]) -> bool:
    """Say whether NA is a code among others of two letters: Namibia, or North America; but no state."""
    others = {text for text, flag in zip(texts, missing, strict=True) if not flag}
    is_coded = CODE_NA in texts and len(others) >= FEWEST_CODES and all(map(CODE.fullmatch, others))
    return is_coded and not others <= STATES


def _numbers(texts: tuple[str, ...], kind: str, mark: str) -> Float:
    """Return the number of each text, or none at all where one is a code: a zip code, a large integer."""
    none = np.full(len(texts), math.nan)
    if kind in ("", "str") and texts and all(PHONE.fullmatch(text) for text in texts):
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
