"""Whether the first row names the columns, and whether every other row is data."""

from collections import Counter
from collections.abc import Sequence
from typing import Literal

from regchoose.errors import DataError, setting
from regchoose.records.answers import Ask, Prompt
from regchoose.settings.options import Settings
from regchoose.table.cell_values import (
    BOOLEANS,
    INTEGER,
    LEADING_ZERO,
    clean,
    find_unit,
    is_date,
    is_missing,
    ordinary_numbers,
    strip_unit,
    to_number,
)
from regchoose.table.raw_table import Text

LOOKED_AT = 5000  # rows below the first; text further down a column of numbers is an error later on
ODD = 2  # cells that may be no numbers in a column of numbers, or a fifth: a second header row, units, totals
Vote = Literal["like", "unlike", "odd", "far", ""]


def has_header(
    columns: Sequence[Text], settings: Settings, *, mark: str, path: str, choose: Ask
) -> tuple[bool, str]:
    """Decide whether the first row is a header.

    Returns
    -------
    bool, str
        The decision, and why.

    Raises
    ------
    DataError
        E309 where the rows do not tell and nobody can be asked.
    """
    if settings.header_rows > 1:
        return True, f"{settings.header_rows} rows by --header-rows"
    if settings.header != "auto":
        return settings.header == "yes", f"by --header {settings.header}"
    first = [clean(column[0] or "") for column in columns]
    if len(columns[0]) == 1:
        alone = all(to_number(cell, mark) is None for cell in first)
        return alone, f"the only row is {'text' if alone else 'partly numbers'}"
    votes = Counter(
        _vote(cell, _body(column, settings), mark=mark) for cell, column in zip(first, columns, strict=True)
    )
    if votes["unlike"] and not votes["like"]:
        return True, "the first row is text above columns of numbers, dates or booleans"
    if votes["like"] > votes["far"] and not votes["unlike"] and not votes["odd"]:
        return False, "the first row is typed like the rows below it"
    return _ask(first, votes, path=path, choose=choose)


def _body(column: Text, settings: Settings) -> list[str]:
    cells = [clean(text) for text in column[1 : 1 + LOOKED_AT]]
    return [cell for cell in cells if not is_missing(cell, settings)]


def _vote(first: str, body: list[str], *, mark: str) -> Vote:
    """Compare the first cell of a column with those below it: of the same type, of another, or only unusual.

    A number far from those below it ("far") may be a year that names the column.
    """
    if is_missing(first, Settings()) or not body:
        return ""
    if unit := find_unit(body):
        first, body = strip_unit(first, unit), [strip_unit(cell, unit) for cell in body]
    if LEADING_ZERO.fullmatch(first) and all(map(INTEGER.fullmatch, body)):
        return "like"  # codes, such as zip codes
    numbers = ordinary_numbers(body, mark)
    if numbers is None:
        numbers = [number for number in (to_number(cell, mark) for cell in body) if number is not None]
    others = len(body) - len(numbers)
    if len(numbers) > others and others <= max(ODD, len(body) // 5):
        return _vote_on_number(to_number(first, mark), numbers)
    if all(map(is_date, body)):
        return "like" if is_date(first) else "unlike" if len(body) > 1 else ""
    levels = {cell.casefold() for cell in body}
    if any(levels <= pair for pair in BOOLEANS) and len(body) > 1:
        return "like" if first.casefold() in levels else "unlike"
    counts = Counter(body)
    # A value seen once, above a column in which every value recurs, may well be the column's name.
    recurs = len(body) >= 10 and min(counts.values()) > 1
    return "odd" if recurs and first not in counts else ""


def _vote_on_number(first: float | None, numbers: list[float]) -> Vote:
    if first is None:
        return "unlike"
    low, high = min(numbers), max(numbers)
    within = 2 * low - high <= first <= 2 * high - low
    return "like" if within or not first.is_integer() else "far"


def _ask(first: list[str], votes: Counter[Vote], *, path: str, choose: Ask) -> tuple[bool, str]:
    if len(first) == 1:
        return True, "one column alone, which is no table to learn from"
    shown = " · ".join(cell[:20] for cell in first[:6])
    if votes.keys() - {""}:
        unlike = votes["unlike"] + votes["odd"] + votes["far"]
        why = f"{votes['like']} of its cells are typed like the rows below, {unlike} not"
    else:
        why = "all columns are text"
    answer = choose(
        Prompt(
            flag="--header",
            text=f"Does the first row name the columns?  {shown}",
            choices={"yes": "it holds names", "no": "it is data"},
            default="yes",
            why=f"The rows do not tell: {why}.",
        )
    )
    if answer in ("yes", "no"):
        return answer == "yes", "as answered"
    raise DataError(
        "E309",
        f"it cannot be told whether the first row is a header: {why}",
        where=f"{path}:1   {shown}",
        fix=setting(header="no") | setting(header="yes"),
    )
