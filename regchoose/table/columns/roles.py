"""What each column is for: rules look at all rows, and the first that applies gives the role and says why."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from regchoose.errors import PhraseLike, setting
from regchoose.records.table import Role
from regchoose.settings.options import Settings
from regchoose.table.cell_values import (
    BOOLEANS,
    CODE_NAME,
    DATE,
    HEXADECIMAL,
    ID_NAME,
    INDEX_NAME,
    INTEGER,
    LEADING_ZERO,
    PHONE,
    QUANTITY_NAME,
    is_date,
    is_large_integer,
)
from regchoose.table.columns.dates import parse_dates
from regchoose.table.columns.facts import Facts

FEWEST = 8  # rows below which "unique in each row" and "rising from row to row" say nothing
NESTED = "nested "  # before a type of lists, parts or bytes
YEARS = 1500, 2100  # between which integers that rise may be years
DENSE = 2  # times their number is the range of integers that number rows, of which some have been taken out
FEWEST_CODES = 3  # two are a category and a number alike
SOME_LEVELS, MOST_LEVELS, LEVEL_SHARE = 20, 1000, 1 / 3  # beyond these a category is free text


@dataclass(frozen=True)
class Ruling:
    """What a column is for."""

    role: Role
    type: str  # integer, number, text, boolean, date
    why: PhraseLike


def _why_no_numbers(facts: Facts) -> str:
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


def _nested(facts: Facts) -> Ruling | None:
    if facts.kind.startswith(NESTED):
        return Ruling("text", "nested", f"its type is {facts.kind.removeprefix(NESTED)}")
    return None


def _empty(facts: Facts) -> Ruling | None:
    return None if facts.texts else Ruling("empty", "text", "every cell is missing")


def _constant(facts: Facts) -> Ruling | None:
    finite = facts.numbers[np.isfinite(facts.numbers)]
    if len(facts.texts) == 1 and facts.missing.any():
        type_ = "number" if facts.all_numbers else "text"
        return Ruling(
            "category", type_, f"only {facts.texts[0][:40]!r}, or missing, which counts as another value"
        )
    alike = len(facts.texts) == 1 or (facts.all_numbers and bool((finite[1:] == finite[:-1]).all()))
    if not alike:
        return None
    type_ = "number" if facts.all_numbers else "text"
    rest = ", or missing" if facts.missing.any() else ", or infinite" if len(facts.texts) > 1 else ""
    return Ruling("constant", type_, f"every cell is {facts.texts[0][:40]!r}{rest}")


def _date(facts: Facts) -> Ruling | None:
    if facts.kind == "date" or (facts.kind != "text" and all(map(is_date, facts.texts))):
        period = facts.kind != "date" and not all(DATE.fullmatch(text) for text in facts.texts)
        # What looks like a month or a quarter may be something else: then it is none.
        if not period or parse_dates(facts.texts) is not None:
            return Ruling("date", "date", f"dates or times, as {facts.texts[0]!r}")
    return None


def _index(facts: Facts) -> Ruling | None:
    if facts.all_integers and INDEX_NAME.fullmatch(facts.name):
        return Ruling("id", "integer", "the index of a pandas DataFrame")
    return None


def _number_id(facts: Facts) -> Ruling | None:
    n_rows = len(facts.codes)
    unique = facts.all_integers and not facts.missing.any() and len(facts.texts) == n_rows
    if not unique or len(set(facts.numbers.tolist())) < n_rows:
        return None
    if facts.is_index and n_rows >= FEWEST:
        return Ruling("id", "integer", "another integer in every row, in a first column without a name")
    if ID_NAME.fullmatch(facts.name):
        return Ruling("id", "integer", "another integer in every row, and the name of an id")
    way = _way(facts)
    if way and not _may_be_quantity(facts):
        return Ruling("id", "integer", f"another integer in every row, {way} from row to row")
    return None


def _way(facts: Facts) -> str:
    """Say whether numbers rise or fall from row to row; nothing where they do neither."""
    if len(facts.codes) < FEWEST or facts.missing.any():
        return ""
    steps = np.diff(facts.row_numbers)
    return "rising" if (steps > 0).all() else "falling" if (steps < 0).all() else ""


def _may_be_quantity(facts: Facts) -> bool:
    """Say whether integers may be more than the numbers of the rows: years, or with gaps, as populations."""
    low, high = facts.numbers.min(), facts.numbers.max()
    are_years = low >= YEARS[0] and high <= YEARS[1]
    is_dense = high - low < DENSE * len(facts.texts)
    return are_years or not is_dense or QUANTITY_NAME.fullmatch(facts.name) is not None


def _code(facts: Facts) -> Ruling | None:
    """Take integers for a category where the name says that they are codes, as zip codes are."""
    if not CODE_NAME.fullmatch(facts.name) or len(facts.texts) < FEWEST_CODES:
        return None
    if not facts.all_integers or not all(map(INTEGER.fullmatch, facts.texts)):
        return None
    if _free_text(facts) is not None:
        return Ruling("text", "integer", f"{len(facts.texts):,} different codes by its name, too many to use")
    return Ruling("category", "integer", f"{len(facts.texts):,} different codes, by its name")


def _number(facts: Facts) -> Ruling | None:
    if not facts.all_numbers:
        return None
    type_, what = ("integer", "an integer") if facts.all_integers else ("number", "a number")
    rest = f" with the unit {facts.unit!r}" if facts.unit else ""
    rest += " or missing" if facts.missing.any() else ""
    unique = facts.all_integers and len(facts.texts) == len(facts.codes)
    way = _way(facts) if unique else ""
    doubt = f", {way} from row to row: leave it out if it numbers the rows" if way else ""
    return Ruling("numeric", type_, f"every cell is {what}{rest}{doubt}")


def _boolean(facts: Facts) -> Ruling | None:
    levels = {text.casefold() for text in facts.texts}
    if len(levels) == 2 and any(levels <= pair for pair in BOOLEANS):
        return Ruling("category", "boolean", f"only {' and '.join(sorted(levels))}")
    return None


def _text_id(facts: Facts) -> Ruling | None:
    n_rows = len(facts.codes)
    if facts.present < FEWEST or len(facts.texts) < facts.present:
        return None
    why = _why_no_numbers(facts)
    if why or (facts.present == n_rows and ID_NAME.fullmatch(facts.name)):
        return Ruling("id", "text", f"another code in every row; {why or 'the name of an id'}")
    if all(HEXADECIMAL.fullmatch(text) for text in facts.texts):
        return Ruling("id", "text", "another UUID or hash in every row")
    return Ruling("text", "text", "another text in every row")


def _free_text(facts: Facts) -> Ruling | None:
    levels = len(facts.texts)
    if levels > MOST_LEVELS or (levels > SOME_LEVELS and levels > LEVEL_SHARE * facts.present):
        return Ruling("text", "text", f"{levels:,} different texts in {facts.present:,} cells")
    return None


def _category(facts: Facts) -> Ruling:
    why = _why_no_numbers(facts)
    return Ruling("category", "text", f"{len(facts.texts)} different texts" + (f"; {why}" if why else ""))


RULES: tuple[Callable[[Facts], Ruling | None], ...] = (
    _nested,
    _empty,
    _constant,
    _date,
    _index,
    _number_id,
    _code,
    _number,
    _boolean,
    _text_id,
    _free_text,
    _category,
)


def rule(facts: Facts, settings: Settings) -> Ruling:
    """Return the role, type and reason of a column: what the user asks for, else by the first rule."""
    name = facts.name
    if name in settings.exclude:
        return Ruling("excluded", "number" if facts.all_numbers else "text", "by " + setting("exclude"))
    found = next(ruling for ruling in (one(facts) for one in RULES) if ruling is not None)
    if name in settings.keep:
        if found.role in ("numeric", "category", "empty", "constant"):
            return found
        role: Role = "numeric" if found.type == "integer" else "category"
        return Ruling(role, found.type, "by " + setting("keep") + ", although " + found.why)
    if name == settings.group:
        return Ruling("group", found.type, "by " + setting("group"))
    if name == settings.time:
        return Ruling("time", found.type, "by " + setting("time"))
    return found
