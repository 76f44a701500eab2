"""Cells that are odd in their column: a text among numbers, or a text that is not read as it stands."""

import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from regchoose.errors import DataError, PhraseLike, UsageError, Word, setting
from regchoose.records.table import Column
from regchoose.records.words import count_of
from regchoose.table.cell_values import clean
from regchoose.table.columns.facts import CODE_NA, Facts
from regchoose.table.raw_table import RawTable

FEW = 0.05  # texts among numbers, up to this share (or a single one), are faults rather than categories
FAR_TIMES, MOST_FAR = 20, 3  # as far from the median as all others is a mistake; and how many values may be
FEWEST_VALUES = 10  # different ones, from which on that can be told
EDGE = 3  # rows at the top and at the bottom in which a text among numbers is a heading, units or a total


def odd_texts_error(
    name: str,
    texts: Sequence[str],
    *,
    n_texts: int,
    n_numbers: int,
    n_present: int,
    where: str,
    is_target: bool = False,
) -> DataError:
    """Return E326 for texts that stand in a column of numbers.

    Parameters
    ----------
    texts : sequence of str
        The different texts, the first in the file first.
    n_texts, n_numbers, n_present : int
        Cells that hold one of them, that hold a number, and that hold anything.
    where : str
        The file and line of the first.
    is_target : bool
        Whether it is the column to predict.
    """
    first = texts[0]
    missing = Word(first) if re.fullmatch(r"[\w.-]+", first) else first  # whole, or the flag would not work
    return DataError(
        "E326",
        f"column {name!r} holds {first[:40]!r} among {n_numbers:,} numbers",
        where=where,
        detail=[
            f"{count_of(n_texts, 'such cell')} of {n_present:,}: "
            f"{', '.join(repr(text[:20]) for text in texts[:4])}",
            "cause: a text that means missing, a second header row, units or totals, or another decimal mark",
        ],
        fix=setting(na=[missing], drop_missing_target=True) | "another " + setting("target")
        if is_target
        else setting(na=[missing]) | setting(exclude=[name]) | setting(keep=[name]) + " (as a category)",
        mark=first[:20],
    )


def refuse_odd_cells(
    facts: Facts, raw: RawTable, *, as_target: bool = False, as_classes: bool = False
) -> None:
    """Raise an error for cells that a column cannot be learned from.

    Parameters
    ----------
    as_classes : bool
        Whether a few texts among numbers are classes like these.

    Raises
    ------
    UsageError
        E209 for lists, parts or bytes.
    DataError
        E326 where a few texts stand in a column of numbers, naming the first.
    """
    kind, _, type_ = facts.kind.partition(" ")
    if kind == "nested":
        raise UsageError(
            "E209",
            f"column {facts.name!r} is of type {type_}, and numbers, text, booleans or dates were wanted",
            where=raw.path,
            fix=setting(exclude=[facts.name]) | "write the file with one column for each of its parts",
        )
    is_text = np.isnan(facts.numbers)
    n_texts, n_present = int(facts.counts[is_text].sum()), facts.present
    n_numbers = n_present - n_texts
    if as_classes or not n_texts or n_numbers <= n_texts:
        return
    texts = [text for text, flag in zip(facts.texts, is_text, strict=True) if flag]
    rows = np.flatnonzero(facts.cells.where(set(texts).__contains__))
    at_edge = bool(((rows < EDGE) | (rows >= raw.n_rows - EDGE)).all())
    if n_numbers < EDGE or not (at_edge or n_texts <= max(1, FEW * n_present)):
        return
    raise odd_texts_error(
        facts.name,
        texts,
        n_texts=n_texts,
        n_numbers=n_numbers,
        n_present=n_present,
        where=raw.show(rows[0], raw.names.index(facts.name)),
        is_target=as_target,
    )


def check_cells(
    facts: Facts, raw: RawTable, column: Column, *, asked: bool, lenient: bool
) -> tuple[Column, list[PhraseLike]]:
    """Warn of cells that are not read as they stand, or perhaps should be; and of numbers far from others.

    Odd cells are refused, as by `refuse_odd_cells`, unless an option asks for the column as it is; or, where
    the table is only looked at, the column is left out.
    """
    said: list[PhraseLike] = []
    try:
        if not asked:
            refuse_odd_cells(facts, raw)
    except (DataError, UsageError) as error:
        if not lenient:
            raise
        said.append(f"{error.message}, and is left out; {error.fix}")
        type_ = column.type if column.type == "nested" else "text"
        column = replace(column, role="text", type=type_, why=f"left out: {error.message}")
    respelled = _respelled(facts) if column.role in ("numeric", "category") else ""
    doubtful = _doubtful(facts) if column.role not in ("numeric", "excluded") else ""
    said += [f"column {facts.name!r}: " + odd for odd in (respelled, doubtful) if odd]
    return column, said + (warn_of_far_cells(facts, raw) if column.role == "numeric" else [])


def warn_of_far_cells(facts: Facts, raw: RawTable) -> list[PhraseLike]:
    """Name the row of one to three values that lie much farther from the median than all others do.

    They are likely to be mistyped, or to mean missing, as -999 does. It is the different values that are
    compared, so that a code for missing is found however often it stands there.
    """
    known = np.flatnonzero(np.isfinite(facts.numbers))
    if len(known) < FEWEST_VALUES:
        return []
    numbers = facts.numbers[known]
    median = float(np.median(np.repeat(numbers, facts.counts[known])))
    away = np.abs(numbers / 2 - median / 2)  # halves, so that nothing overflows
    order = np.argsort(-away, kind="stable")
    nearest = away[order[1 : MOST_FAR + 1]]
    rest = nearest <= FAR_TIMES * np.median(away)  # numbers that span decades are far from each other anyway
    gaps = np.flatnonzero((away[order[:MOST_FAR]] >= FAR_TIMES * nearest) & (nearest > 0) & rest)
    if not len(gaps):
        return []
    count = int(gaps[0]) + 1
    texts = [facts.texts[place] for place in known[order[:count]].tolist()]
    cells = facts.cells.where(set(texts).__contains__)
    n_cells, times = int(cells.sum()), away[order[count - 1]] / away[order[count]]
    said = ", ".join(text[:20] for text in texts)
    far = f"{times:,.0f} times as far from the median as any other value"
    where = raw.where(int(np.flatnonzero(cells)[0]))
    cell = f"{where} holds {said}" if n_cells == 1 else f"{n_cells:,} cells hold {said}, first {where}"
    remedy = setting(na=[Word(text) for text in texts])
    return [f"column {facts.name!r}: {cell}, {far}; repair it, or, where it means missing, " + remedy]


def _respelled(facts: Facts) -> str:
    """Say which cells are read in another spelling: other spaces, Unicode forms or digits."""
    if not facts.cells.respelled and "".join(facts.texts).isascii():  # nearly all, found out at once
        return ""
    stated = zip(facts.texts, facts.numbers.tolist(), strict=True)
    digits = [text for text, number in stated if not text.isascii() and not math.isnan(number)]
    odd = facts.cells.respelled or tuple(digits)
    if not odd or facts.kind == "text":
        return ""
    read = unicodedata.normalize("NFKC" if facts.all_numbers else "NFC", clean(odd[0]))
    return f"{len(odd):,} different texts are read otherwise: {odd[0]!a} as {read!a}"


def _doubtful(facts: Facts) -> PhraseLike:
    """Say which texts are read as missing and may be somebody's category, as the NA of Namibia."""
    words = facts.doubtful
    if not facts.texts and len({word.casefold() for word in words}) < 2:
        return ""
    if CODE_NA in facts.texts and not facts.kind:
        return "'NA' is taken for a code like the others, not for missing"
    counts = dict(zip(facts.cells.texts.tolist(), facts.cells.counts().tolist(), strict=True))
    found, remedy = [f"{word!r} ({counts[word]:,})" for word in words], setting(na_none=True)
    if not facts.texts:  # two words for missing, or two values: the cells do not tell
        return f"{' and '.join(found)} are read as missing, and nothing else is there; as values: " + remedy
    return f"{', '.join(found)} is read as missing, and may be a category there: " + remedy if found else ""
