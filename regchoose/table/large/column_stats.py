"""Statistics of the columns over all rows of a large table, in one scan: exact, whatever the threads.

Sums are of integers (units of 2⁻³⁰), and integers have one sum in any order; floating-point sums have not.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from regchoose.errors import DataError, setting
from regchoose.records.table import Column, Role, Table, Whole
from regchoose.records.words import Int
from regchoose.table.cell_values import clean, is_missing, missing_words, strip_unit, to_number
from regchoose.table.columns.group_and_time import missing_values_error
from regchoose.table.columns.odd_cells import odd_texts_error
from regchoose.table.columns.quantiles import find_cuts
from regchoose.table.large.duckdb_session import quote_text
from regchoose.table.large.held_rows import HeldTable
from regchoose.table.large.rejected_rows import check_reading
from regchoose.table.large.stream import TABLE, Stream

BITS = 30
SHOWN = 1000  # different odd texts of a column that are looked at
Counts = Mapping[str, int]  # text → rows


@dataclass(frozen=True)
class Number:
    """A numeric column as SQL: where it stands, and how it is mapped onto [0, 1]."""

    place: int
    low: float
    width: float
    grouped: bool
    mark: str
    affix: str  # a unit that stands with the number
    is_read: bool = False  # whether the reader gives the number itself

    @property
    def value(self) -> str:
        """The number that a cell states; of what DuckDB takes for one, infinities included."""
        text = f"c{self.place}"
        if self.is_read:
            return text
        if self.affix:
            text = f"replace(replace({text}, {quote_text(self.affix)}, ''), ' ', '')"
        if self.mark == ",":
            text = f"replace(replace({text}, '.', ''), ',', '.')"
        elif self.grouped:
            text = f"replace({text}, ',', '')"
        return f"TRY_CAST({text} AS DOUBLE)"

    @property
    def unit(self) -> str:
        """The value on [0, 1], in units of 2⁻³⁰."""
        value, scale = f"v{self.place}", 2**BITS / self.width if np.isfinite(self.width) else 0.0
        cut = f"least(greatest({value} * 0.25 - ({self.low!r}::DOUBLE), 0.0), {_finite(self.width)!r})"
        return f"CAST({cut} * {scale!r}::DOUBLE AS BIGINT)"


def _finite(width: float) -> float:
    return width if np.isfinite(width) else 0.0


def _means_missing(stream: Stream, text: str, place: int) -> bool:
    """Say whether a cleaned text of a column means missing; in typed files only nulls and `--na` do."""
    if stream.head.kinds[place] == "text":
        return text in stream.settings.na
    return is_missing(text, stream.settings)


def _check_number(
    stream: Stream, column: Column, number: Number, found: dict[str, Any], *, lenient: bool
) -> tuple[str, ...]:
    """Raise E326 where a column of numbers holds texts in rows that are not held; or warn of them."""
    j = number.place
    if found[f"present{j}"] == found[f"cast{j}"] and not found[f"padded{j}"]:
        return ()
    texts = stream.run(
        f"SELECT c, count(*), min(r) FROM (SELECT row_number() OVER () - 1 AS r, c{j} AS c,"
        f" {number.value} AS v FROM {stream.relation})"
        " WHERE c IS NOT NULL AND (v IS NULL OR c BETWEEN '00' AND '09~')"
        f" GROUP BY c ORDER BY 3 LIMIT {SHOWN}"
    ).fetchall()
    odd = [
        (clean(text), count, row)
        for text, count, row in texts
        if not _means_missing(stream, clean(text), j)
        and to_number(strip_unit(clean(text), number.affix), number.mark) is None
    ]
    if not odd or column.name in stream.settings.keep:
        return ()
    error = odd_texts_error(
        column.name,
        [text for text, _, _ in odd],
        n_texts=sum(count for _, count, _ in odd),
        n_numbers=found[f"known{j}"],
        n_present=found[f"present{j}"],
        where=stream.where(odd[0][2]),
    )
    if not lenient:
        raise error
    return (f"{error.message}, which are taken as missing here; {error.fix}",)


def add_column_stats(table: Table, stream: Stream, held: HeldTable, *, lenient: bool = False) -> Table:
    """Return the table with the statistics of all its rows.

    Parameters
    ----------
    table : Table
        The rows held.
    stream : Stream
    held : HeldTable
        Those rows as text, and what the bytes of a text tell, with which DuckDB must agree.
    lenient : bool
        Whether a text among numbers is a warning.

    Raises
    ------
    DataError
        E304, E310, E312 for rows that cannot be read exactly, or have an empty field too many; E322, E324,
        E326 for a missing target, a class, or a text among numbers in rows that are not held.
    """
    numbers, categories = _numbers(table, stream), _places(table, "category")
    target = _place(table, table.target_name)
    counted = [*categories, *([target] if table.classes and not table.unusable else [])]
    fixed = {j: held.raw.columns[j].texts.tolist() for j in _places(table, "constant", "empty")}
    in_file = [number for number in numbers if number.place < stream.width]
    plain = {number.place for number in in_file if _is_plain(table, stream, held, number)}
    relation = _with_target(stream, target)
    counts = _scan(stream, relation, in_file, plain=plain, counted=counted, fixed=fixed)
    n_rows = int(counts["n"])
    counts |= _estimate_date_parts(table, numbers, n_rows, stream.width)
    filtered = stream.settings.drop_missing_target
    skipped = check_reading(stream, held.counts, () if filtered else (n_rows, int(counts["last"])))
    odd = [
        warning
        for number in in_file
        for warning in _check_number(stream, table.columns[number.place], number, counts, lenient=lenient)
    ]
    varying = [warning for j in fixed if (warning := _warn_of_varying(table.columns[j], counts[f"same{j}"]))]
    levels = {j: _levels(stream, table.columns[j], j, counts[f"texts{j}"] or {}) for j in categories}
    classes = np.zeros(0, dtype=np.int64)
    if table.unusable:
        classes = np.array([n_rows])
    elif table.classes:
        classes = _classes(stream, table, target, counts[f"texts{target}"] or {})
    with_target = int(classes.sum()) if table.classes else int(counts[f"known{target}"])
    _check_missing(stream, table, n_rows, n_rows - with_target)
    whole = _whole(numbers, counts, n_rows=with_target, levels=tuple(levels.values()), classes=classes)
    missing = {number.place: n_rows - int(counts[f"known{number.place}"]) for number in numbers}
    missing |= {j: int(rows[-1]) for j, rows in levels.items()}
    if not table.unusable:
        missing.pop(target, None)
    columns = tuple(
        replace(column, missing=missing.get(j, column.missing)) for j, column in enumerate(table.columns)
    )
    return replace(table, columns=columns, whole=whole, warnings=(*table.warnings, *skipped, *odd, *varying))


def _is_plain(table: Table, stream: Stream, held: HeldTable, number: Number) -> bool:
    """Say whether a column of text is likely to hold plain numbers and empty cells alone.

    DuckDB reads 007 as 7, and here it is a code: where a field may be written so, all are read as text.
    """
    if stream.workers is not None or held.counts is None or held.counts.padded:
        return False
    if number.affix or number.mark != "." or number.grouped:
        return False
    column, cells = table.columns[number.place], held.raw.columns[number.place]
    if column.name == table.target_name and stream.settings.drop_missing_target:
        return False  # the text of the target says which rows count
    empty = np.flatnonzero(cells.texts == "")
    return column.missing == int(np.isin(cells.codes, empty).sum())


def _with_target(stream: Stream, target: int) -> str:
    """Return the rows that count: all, or those with a target where others are to be dropped."""
    if not stream.settings.drop_missing_target:
        return TABLE
    return f"(SELECT * FROM {TABLE} WHERE NOT {_is_missing_sql(stream, target)})"


def _is_missing_sql(stream: Stream, place: int) -> str:
    """Say in SQL whether a cell means missing."""
    cell = f"trim(coalesce(c{place}, ''))"
    further = "".join(f", {quote_text(text)}" for text in stream.settings.na)
    if stream.head.kinds[place]:  # a typed file: a null, or what --na says
        return f"(c{place} IS NULL OR {cell} IN (chr(0){further}))"
    absent = ", ".join(map(quote_text, sorted(missing_words(stream.settings))))
    return f"(lower({cell}) IN ({absent}) OR {cell} IN (''{further}))"


def _numbers(table: Table, stream: Stream) -> list[Number]:
    values, places = table.features[:, table.number_places], _places(table, "numeric")
    if table.task == "regression":
        values = np.column_stack([values, table.target])
        places.append(_place(table, table.target_name))
    low, width = find_cuts(values)
    mark, width_of_file = stream.head.dialect.decimal, stream.width
    return [
        Number(
            place,
            float(a),
            float(b),
            place < width_of_file and stream.is_grouped(place),
            mark,
            table.columns[place].unit,
        )
        for place, a, b in zip(places, low, width, strict=True)
    ]


def _estimate_date_parts(table: Table, numbers: Sequence[Number], n: int, width: int) -> dict[str, Any]:
    """Return what `_scan` counts for the parts of dates, which are not in the file: by the rows held."""
    found: dict[str, Any] = {}
    for number, values in zip(numbers, table.features[:, table.number_places].T, strict=False):
        if number.place < width:
            continue
        j, known = number.place, values[~np.isnan(values)]
        share = n / len(values)
        unit = np.clip(known / 4 - number.low, 0.0, number.width) / number.width
        found |= {
            f"known{j}": round(len(known) * share),
            f"sum{j}": round(float(unit.sum()) * share * 2**BITS),
            f"square{j}": round(float(np.square(unit).sum()) * share * 4**BITS),
        }
    return found


def _places(table: Table, *roles: Role) -> list[int]:
    return [j for j, column in enumerate(table.columns) if column.role in roles]


def _place(table: Table, name: str) -> int:
    return next(j for j, column in enumerate(table.columns) if column.name == name)


def _scan(
    stream: Stream,
    relation: str,
    numbers: Sequence[Number],
    *,
    plain: set[int],
    counted: list[int],
    fixed: Mapping[int, Sequence[str | None]],
) -> dict[str, Any]:
    """Count everything in one scan; in a second one where a cell at the `plain` places is no number.

    Of the columns that are `fixed` in the rows held, what is known of them is left out.
    """
    numbers = [replace(number, is_read=number.place in plain) for number in numbers]
    terms = {"n": "count(*)", "last": f"count(c{stream.width - 1})"}
    for number in numbers:
        j = number.place
        terms |= {
            f"present{j}": f"count(c{j})",
            f"cast{j}": f"count(v{j})",
            f"known{j}": f"count(k{j})",
            f"sum{j}": f"sum(k{j})",
            f"square{j}": f"sum(k{j} * k{j})",
            f"padded{j}": "0" if number.is_read else f"count_if(c{j} BETWEEN '00' AND '09~')",
        }
    terms |= {f"texts{j}": f"histogram(c{j})" for j in counted}
    terms |= {f"same{j}": _extremes_sql(j, texts) for j, texts in fixed.items()}
    values = ", ".join(f"{number.value} AS v{number.place}" for number in numbers)
    units = ", ".join(
        f"CASE WHEN isfinite(v{number.place}) THEN {number.unit} END AS k{number.place}" for number in numbers
    )
    inner = f"SELECT *{', ' * bool(values)}{values} FROM {relation}"
    counted_rows = f"(SELECT *{', ' * bool(units)}{units} FROM ({inner}))"
    if not plain:
        return stream.totals(terms, counted_rows)
    found = stream.totals_with_numbers(terms, counted_rows, places=plain)
    if found is not None:
        return found
    return _scan(stream, relation, numbers, plain=set(), counted=counted, fixed=fixed)


def _extremes_sql(place: int, texts: Sequence[str | None]) -> str:
    """Return in SQL the first and the last text of a column that is not among some."""
    known = ", ".join(quote_text(text) for text in texts if text is not None)
    others = f" FILTER (WHERE c{place} NOT IN ({known}))" if known else ""
    return f"[min(c{place}){others}, max(c{place}){others}]"


def _warn_of_varying(column: Column, extremes: Sequence[str | None]) -> str:
    """Warn where a column is constant in the rows held, and not in all."""
    found = " or ".join(repr(text) for text in dict.fromkeys(extremes) if text is not None)
    others = f"is {column.role} in the rows looked at; others hold {found}"
    return f"column {column.name!r} {others}" if found else ""


def _count_labels(
    stream: Stream, place: int, counts: Counts, *, label: Callable[[str], str], labels: Sequence[str]
) -> tuple[Int, Counts]:
    """Return the rows of each label and last those without a value, and the texts that are no label."""
    places = {name: j for j, name in enumerate(labels)}
    rows, others = np.zeros(len(labels) + 1, dtype=np.int64), Counter[str]()
    for cell, count in counts.items():
        text = clean(cell)
        if (j := places.get(label(text))) is not None:  # a level may be a word that means missing elsewhere
            rows[j] += count
        elif _means_missing(stream, text, place):
            rows[-1] += count
        else:
            others[text] += count
    return rows, others


def _levels(stream: Stream, column: Column, place: int, counts: Counts) -> Int:
    """Return the rows of each level of a category, and last those without one."""
    folded = {level.casefold(): level for level in column.levels} if column.type == "boolean" else {}
    rows, _ = _count_labels(
        stream,
        place,
        counts,
        label=lambda text: folded.get(text.casefold(), text),
        labels=column.levels,
    )
    return rows


def _classes(stream: Stream, table: Table, place: int, counts: Counts) -> Int:
    """Return the rows of each class; E324 for a class that no row held has."""
    mark = stream.head.dialect.decimal
    numeric = all(to_number(label, ".") is not None for label in table.classes)
    folded = {label.casefold(): label for label in table.classes}

    def label(text: str) -> str:
        number = to_number(strip_unit(text, table.columns[place].unit), mark) if numeric else None
        return folded.get(text.casefold(), text) if number is None else f"{number:.15g}"

    rows, others = _count_labels(stream, place, counts, label=label, labels=table.classes)
    if others:
        rare = min(others, key=lambda text: others[text])
        raise DataError(
            "E324",
            f"class {rare[:40]!r} has {others[rare]:,} of {sum(counts.values()):,} rows",
            where=stream.parts.path,
            detail=[f"{len(others)} classes are so rare that none of {table.n_rows:,} rows drawn has them"],
            fix="leave these rows out of the file, or merge the class with another",
        )
    return rows[:-1]


def _check_missing(stream: Stream, table: Table, n_rows: int, missing: int) -> None:
    """Raise E322 for rows without a target, E328 for rows without the time that orders them."""
    if missing and not stream.settings.drop_missing_target:
        raise DataError(
            "E322",
            f"the target {table.target_name!r} is missing in {missing:,} of {n_rows:,} rows",
            where=stream.parts.path,
            fix=setting(drop_missing_target=True),
        )
    time = stream.settings.time
    if time is None:
        return
    absent = _is_missing_sql(stream, _place(table, time))
    first, count = stream.run(
        f"SELECT min(r), count(*) FROM (SELECT row_number() OVER () - 1 AS r, {absent} AS gap"
        f" FROM {stream.relation}) WHERE gap"
    ).fetchall()[0]
    if count:
        raise missing_values_error(time, count, n_rows=n_rows, named_by="time", where=stream.where(first))


def _whole(
    numbers: Sequence[Number],
    counts: Mapping[str, Any],
    *,
    n_rows: int,
    levels: tuple[Int, ...],
    classes: Int,
) -> Whole:
    mean, m2 = np.zeros(len(numbers)), np.zeros(len(numbers))
    for place, number in enumerate(numbers):
        n, total, square = (int(counts[f"{key}{number.place}"] or 0) for key in ("known", "sum", "square"))
        if n:
            mean[place] = total / n / 2**BITS
            m2[place] = (square * n - total**2) / n / 4**BITS
    return Whole(
        n_rows=n_rows,
        low=np.array([number.low for number in numbers]),
        width=np.array([number.width for number in numbers]),
        count=np.array([counts[f"known{number.place}"] for number in numbers], dtype=np.float64),
        mean=mean,
        m2=m2,
        levels=levels,
        classes=classes,
    )
