"""What each column is for: rules look at all rows, and the first that applies gives the role and says why."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from regchoose.errors import DataError, Phrase, PhraseLike, setting
from regchoose.records.table import Column, Role
from regchoose.records.words import Float
from regchoose.settings.options import Settings
from regchoose.table.cell_values import BOOLEANS, DATE, HEXADECIMAL, ID_NAME
from regchoose.table.columns.date_parts import expanded
from regchoose.table.columns.facts import (
    Facts,
    doubtful_warning,
    facts_of,
    refuse_odd_texts,
    respelled_warning,
    why_no_numbers,
)
from regchoose.table.columns.hints import overlooked
from regchoose.table.raw_table import RawTable

FEWEST = 8  # rows below which "unique in each row" and "rising from row to row" say nothing
SOME_LEVELS, MOST_LEVELS, LEVEL_SHARE = 20, 1000, 1 / 3  # beyond these a category is free text
ANOTHER_TARGET = "another " + setting("target")
Ruling = tuple[Role, str, PhraseLike]  # role, type, why


@dataclass(frozen=True)
class Features:
    """The columns of a table with their roles, and the matrix of those that are used."""

    columns: tuple[Column, ...]
    values: Float  # (n, p)
    warnings: tuple[PhraseLike, ...]


def _empty(facts: Facts) -> Ruling | None:
    return None if facts.texts else ("empty", "text", "every cell is missing")


def _constant(facts: Facts) -> Ruling | None:
    finite = facts.numbers[np.isfinite(facts.numbers)]
    alike = len(facts.texts) == 1 or (facts.all_numbers and bool((finite[1:] == finite[:-1]).all()))
    if not alike:
        return None
    type_ = "number" if facts.all_numbers else "text"
    rest = ", or missing" if facts.missing.any() else ", or infinite" if len(facts.texts) > 1 else ""
    return "constant", type_, f"every cell is {facts.texts[0][:40]!r}{rest}"


def _date(facts: Facts) -> Ruling | None:
    if facts.kind == "date" or (facts.kind != "text" and all(DATE.fullmatch(text) for text in facts.texts)):
        return "date", "date", f"dates or times, as {facts.texts[0]!r}"
    return None


def _number_id(facts: Facts) -> Ruling | None:
    n_rows = len(facts.missing)
    unique = facts.all_integers and not facts.missing.any() and len(facts.texts) == n_rows
    if not unique or len(set(facts.numbers.tolist())) < n_rows:
        return None
    if ID_NAME.fullmatch(facts.name):
        return "id", "integer", "another integer in every row, and the name of an id"
    steps = np.diff(facts.by_row(facts.numbers))
    if n_rows >= FEWEST and ((steps > 0).all() or (steps < 0).all()):
        way = "rising" if steps[0] > 0 else "falling"
        return "id", "integer", f"another integer in every row, {way} from row to row"
    return None


def _number(facts: Facts) -> Ruling | None:
    if not facts.all_numbers:
        return None
    type_ = "integer" if facts.all_integers else "number"
    return (
        "numeric",
        type_,
        f"every cell is {'an integer' if type_ == 'integer' else 'a number'}"
        + (" or missing" if facts.missing.any() else ""),
    )


def _boolean(facts: Facts) -> Ruling | None:
    levels = {text.casefold() for text in facts.texts}
    if len(levels) == 2 and any(levels <= pair for pair in BOOLEANS):
        return "category", "boolean", f"only {' and '.join(sorted(levels))}"
    return None


def _text_id(facts: Facts) -> Ruling | None:
    n_rows = len(facts.missing)
    if facts.present < FEWEST or len(facts.texts) < facts.present:
        return None
    why = why_no_numbers(facts)
    if why or (facts.present == n_rows and ID_NAME.fullmatch(facts.name)):
        return "id", "text", f"another code in every row; {why or 'the name of an id'}"
    if all(HEXADECIMAL.fullmatch(text) for text in facts.texts):
        return "id", "text", "another UUID or hash in every row"
    return "text", "text", "another text in every row"


def _free_text(facts: Facts) -> Ruling | None:
    levels = len(facts.texts)
    if levels > MOST_LEVELS or (levels > SOME_LEVELS and levels > LEVEL_SHARE * facts.present):
        return "text", "text", f"{levels:,} different texts in {facts.present:,} cells"
    return None


def _category(facts: Facts) -> Ruling:
    why = why_no_numbers(facts)
    return "category", "text", f"{len(facts.texts)} different texts" + (f"; {why}" if why else "")


RULES: tuple[Callable[[Facts], Ruling | None], ...] = (
    _empty,
    _constant,
    _date,
    _number_id,
    _number,
    _boolean,
    _text_id,
    _free_text,
    _category,
)


def rule(facts: Facts, settings: Settings) -> Ruling:
    """Return the role, type and reason of a column by the first rule that applies."""
    if facts.name in settings.exclude:
        return "excluded", "number" if facts.all_numbers else "text", "by " + setting("exclude")
    role, type_, why = next(found for found in (one(facts) for one in RULES) if found is not None)
    if facts.name in (settings.group, settings.time) and facts.name not in settings.keep:
        named: Role = "group" if facts.name == settings.group else "time"
        return named, type_, "by " + setting(named)
    if facts.name not in settings.keep or role in ("numeric", "category", "empty", "constant"):
        return role, type_, why
    if type_ == "integer":
        return "numeric", type_, "by " + setting("keep") + ", although " + why
    return "category", type_, "by " + setting("keep") + ", although " + why


def to_features(raw: RawTable, target: int, settings: Settings) -> Features:
    """Give every column its role, and turn those that are used to numbers.

    Parameters
    ----------
    raw : RawTable
        The table as text.
    target : int
        The place of the target, whose column is left out here.
    settings : Settings
        Of which `exclude`, `keep`, `group`, `time` and `na` matter.

    Returns
    -------
    Features
        The columns of the file; of dates year, month, and so on become columns at the end.

    Raises
    ------
    DataError
        E326 for a few texts in a column of numbers, E325 where no column can be used.
    """
    columns: list[Column] = []
    used: list[Float] = []
    warnings: list[PhraseLike] = []
    known: dict[bytes, str] = {}
    dates: list[int] = []
    for place in range(len(raw.names)):
        if place == target:
            columns.append(Column(raw.names[place], "target", "", ""))  # whoever called knows its type
            continue
        column, values, said = _one(raw, place, settings)
        warnings += said
        if values is not None:
            digest = hashlib.blake2b(values.tobytes() + repr(column.levels).encode()).digest()
            if digest in known:
                column = replace(column, role="duplicate", why=f"a copy of {known[digest]!r}", levels=())
            else:
                known[digest] = column.name
                used.append(values)
        columns.append(column)
        if column.role == "date":
            dates.append(place)
    for place in dates:
        columns[place], further = expanded(facts_of(raw, place, settings), columns[place], taken=raw.names)
        columns += [column for column, _ in further]
        used += [values for _, values in further]
    warnings += [columns[place].why for place in dates if "cannot be told apart" in columns[place].why]
    warnings += overlooked(raw, columns, target=target, settings=settings)
    if not used:
        raise _nothing_left(raw, columns)
    return Features(tuple(columns), np.column_stack(used), tuple(warnings))


def _one(raw: RawTable, place: int, settings: Settings) -> tuple[Column, Float | None, list[str]]:
    """Return a column, its values where it is used, and warnings."""
    facts = facts_of(raw, place, settings)
    if facts.name not in (*settings.exclude, *settings.keep):
        refuse_odd_texts(facts, raw)
    role, type_, why = rule(facts, settings)
    missing = int(facts.missing.sum())
    why = Phrase.of(why).words(python=raw.dialect.in_memory)
    column = Column(facts.name, role, type_, why, missing=missing)
    respelled = respelled_warning(facts) if role in ("numeric", "category") else None
    warnings = [respelled] if respelled else []
    if role == "numeric":
        values = facts.by_row(facts.numbers)
        infinite = np.isinf(values)
        if infinite.any():
            warnings.append(
                f"column {facts.name!r}: {int(infinite.sum()):,} infinite cells are taken as missing"
            )
            values = np.where(infinite, np.nan, values)
            return replace(column, missing=missing + int(infinite.sum())), values, warnings
        return column, values, warnings
    doubtful = doubtful_warning(facts)
    warnings += [doubtful] if doubtful and role != "excluded" else []
    if role != "category":
        return column, None, warnings
    codes, levels = to_levels(facts, boolean=type_ == "boolean")
    return replace(column, levels=levels), codes, warnings


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


def _nothing_left(raw: RawTable, columns: list[Column]) -> DataError:
    others = [column for column in columns if column.role != "target"]
    listed = "; ".join(f"{column.name!r}: {column.role} ({column.why})" for column in others[:6])
    kept = next((column.name for column in others if column.role in ("id", "text", "date")), None)
    return DataError(
        "E325",
        f"none of the {len(others)} columns beside the target can be used",
        where=raw.path,
        detail=[listed],
        fix=setting(keep=[kept]) | ANOTHER_TARGET if kept else ANOTHER_TARGET + ", or a table with features",
    )
