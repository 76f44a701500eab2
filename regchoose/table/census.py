"""What all rows of a large table are like, counted in one scan: exactly, whatever the threads.

Sums are of integers (units of 2⁻³⁰), and integers have one sum in any order; floating-point sums have not.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from regchoose.errors import DataError
from regchoose.records import Column, Float, Int, Table, Whole
from regchoose.table.encode import coding
from regchoose.table.moments import cuts
from regchoose.table.number_sql import BITS, Number, check_number, means_missing
from regchoose.table.rejects import rejects
from regchoose.table.stream import Stream
from regchoose.table.values import MISSING, clean, to_number
from regchoose.table.whole_bytes import Bytes

Counts = Mapping[str, int]


def with_whole(table: Table, stream: Stream, seen: Bytes | None) -> Table:
    """Return the table with what all its rows are like.

    Parameters
    ----------
    table : Table
        The rows held.
    stream : Stream
    seen : Bytes or None
        What the bytes of a text tell, with which DuckDB must agree.

    Raises
    ------
    DataError
        E304, E310, E312 for rows that cannot be read exactly, or have an empty field too many; E322, E324,
        E326 for a missing target, a class, or a text among numbers in rows that are not held.
    """
    numbers, categories = _numbers(table, stream), _categories(table)
    target = _place(table, table.target_name)
    counted = [*categories, *([target] if table.task != "regression" else [])]
    fixed = [j for j, column in enumerate(table.columns) if column.role in ("constant", "empty")]
    found = _scan(stream, _with_target(stream, target), numbers, counted=counted, fixed=fixed)
    skipped = _check_records(stream, seen, found)
    for number in numbers:
        check_number(stream, table.columns[number.place], number, found)
    said = [line for j in fixed if (line := _check_fixed(table.columns[j], found[f"same{j}"]))]
    levels = tuple(_levels(stream, table.columns[j], j, found[f"texts{j}"]) for j in categories)
    if table.task == "regression":
        classes = np.zeros(0, dtype=np.int64)
    else:
        classes = _classes(stream, table, found[f"texts{target}"])
    missing = _without_target(found, numbers, target, classes)
    if missing and not stream.settings.drop_missing_target:
        raise DataError(
            "E322",
            f"the target {table.target_name!r} is missing in {missing:,} of {found['n']:,} rows",
            where=stream.parts.path,
            fix="--drop-missing-target",
        )
    whole = _whole(numbers, found, levels=levels, classes=classes, missing=missing)
    columns = tuple(
        _recounted(column, j, found, levels=dict(zip(categories, levels, strict=True)))
        for j, column in enumerate(table.columns)
    )
    return replace(table, columns=columns, whole=whole, warnings=(*table.warnings, *skipped, *said))


def _with_target(stream: Stream, target: int) -> str:
    """Return the rows that count: all, or those with a target where others are to be dropped."""
    if not stream.settings.drop_missing_target:
        return stream.relation
    absent = ", ".join(f"'{text}'" for text in sorted(MISSING))
    further = "".join(f", '{text.replace(chr(39), chr(39) * 2)}'" for text in stream.settings.na)
    cell = f"trim(coalesce(c{target}, ''))"
    return (
        f"(SELECT * FROM {stream.relation} WHERE lower({cell}) NOT IN ({absent})"
        f" AND {cell} NOT IN (''{further}))"
    )


def _numbers(table: Table, stream: Stream) -> list[Number]:
    plan, places = coding(table), _used(table)
    values = table.features[:, plan.numbers]
    chosen = [places[j] for j in plan.numbers]
    if table.task == "regression":
        values = np.column_stack([values, table.target])
        chosen.append(_place(table, table.target_name))
    low, width = cuts(values)
    mark = stream.head.dialect.decimal
    return [
        Number(place, float(a), float(b), stream.is_grouped(place), mark)
        for place, a, b in zip(chosen, low, width, strict=True)
    ]


def _used(table: Table) -> list[int]:
    return [j for j, column in enumerate(table.columns) if column.used]


def _categories(table: Table) -> list[int]:
    places = _used(table)
    return [places[j] for j in coding(table).categories]


def _place(table: Table, name: str) -> int:
    return next(j for j, column in enumerate(table.columns) if column.name == name)


def _scan(
    stream: Stream, relation: str, numbers: Sequence[Number], *, counted: list[int], fixed: list[int]
) -> dict[str, Any]:
    """Count everything in one scan."""
    terms = {"n": "count(*)", "last": f"count(c{stream.width - 1})"}
    for number in numbers:
        j = number.place
        terms |= {
            f"present{j}": f"count(c{j})",
            f"cast{j}": f"count(v{j})",
            f"known{j}": f"count(k{j})",
            f"least{j}": f"min(v{j})",
            f"most{j}": f"max(v{j})",
            f"sum{j}": f"sum(k{j})",
            f"square{j}": f"sum(k{j} * k{j})",
            f"padded{j}": f"count_if(c{j} BETWEEN '00' AND '09~')",
        }
    terms |= {f"texts{j}": f"histogram(c{j})" for j in counted}
    terms |= {f"same{j}": f"[min(c{j}), max(c{j})]" for j in fixed}
    values = ", ".join(f"{number.value} AS v{number.place}" for number in numbers)
    units = ", ".join(
        f"CASE WHEN isfinite(v{number.place}) THEN {number.unit} END AS k{number.place}" for number in numbers
    )
    inner = f"SELECT *{', ' * bool(values)}{values} FROM {relation}"
    query = f"SELECT {', '.join(terms.values())} FROM (SELECT *{', ' * bool(units)}{units} FROM ({inner}))"
    (row,) = stream.run(query).fetchall()
    return dict(zip(terms, row, strict=True))


def _check_records(stream: Stream, seen: Bytes | None, found: Mapping[str, Any]) -> tuple[str, ...]:
    """Raise an error where DuckDB and the bytes disagree on the rows; return a warning of rows skipped."""
    if seen is None:
        return ()
    number, warnings = rejects(stream, rows=seen.records)
    n, last = found["n"], found["last"]
    if stream.settings.drop_missing_target:
        n, last = stream.run(
            f"SELECT count(*), count(c{stream.width - 1}) FROM {stream.relation}"
        ).fetchall()[0]
    if n + number != seen.records:
        raise DataError(
            "E310",
            f"two ways of reading the quotes give {n + number:,} and {seen.records:,} rows",
            where=stream.parts.path,
            detail=["cause: a quote inside a field that is not enclosed, or mixed line ends"],
            fix="write the file again, with fields enclosed in quotes and quotes inside them doubled",
        )
    if seen.open_ends > n - last:  # DuckDB passes over one empty field too many
        raise DataError(
            "E312",
            "lines end in a delimiter after their last field",
            where=stream.parts.path,
            detail=[f"{seen.open_ends:,} lines end so, and {n - last:,} rows have an empty last field"],
            fix="repair the file, or name the empty column in its header",
        )
    return warnings


def _check_fixed(column: Column, extremes: Sequence[str | None]) -> str:
    """Warn where a column is constant in the rows held, and not in all."""
    least, most = extremes
    if least == most:
        return ""
    return f"column {column.name!r} is {column.role} in the rows looked at; others hold {least!r} or {most!r}"


def _by_label(
    stream: Stream, place: int, counts: Counts, *, label: Callable[[str], str], labels: Sequence[str]
) -> tuple[Int, Int, Counts]:
    """Return the rows of each label, those without a value, and the texts that are none of the labels."""
    places = {name: j for j, name in enumerate(labels)}
    rows, strange = np.zeros(len(labels), dtype=np.int64), dict[str, int]()
    missing = 0
    for raw, count in counts.items():
        text = clean(raw)
        if means_missing(stream, text, place):
            missing += count
        elif (j := places.get(label(text))) is not None:
            rows[j] += count
        else:
            strange[text] = strange.get(text, 0) + count
    return rows, np.array([missing]), strange


def _levels(stream: Stream, column: Column, place: int, counts: Counts | None) -> Int:
    """Return the rows of each level of a category, and last those without one."""
    folded = {level.casefold(): level for level in column.levels} if column.type == "boolean" else {}
    rows, missing, _ = _by_label(
        stream,
        place,
        counts or {},
        label=lambda text: folded.get(text.casefold(), text),
        labels=column.levels,
    )
    return np.append(rows, missing)


def _classes(stream: Stream, table: Table, counts: Counts | None) -> Int:
    """Return the rows of each class."""
    mark = stream.head.dialect.decimal
    numeric = all(to_number(label, ".") is not None for label in table.classes)
    folded = {label.casefold(): label for label in table.classes}

    def label(text: str) -> str:
        number = to_number(text, mark) if numeric else None
        return folded.get(text.casefold(), text) if number is None else f"{number:.15g}"

    place = _place(table, table.target_name)
    rows, _, strange = _by_label(stream, place, counts or {}, label=label, labels=table.classes)
    if strange:
        rare = min(strange, key=lambda text: strange[text])
        raise DataError(
            "E324",
            f"class {rare[:40]!r} has {strange[rare]:,} of {sum((counts or {}).values()):,} rows",
            where=stream.parts.path,
            detail=[f"{len(strange)} classes are so rare that none of {table.n_rows:,} rows drawn has them"],
            fix="leave these rows out of the file, or merge the class with another",
        )
    return rows


def _without_target(found: Mapping[str, Any], numbers: Sequence[Number], target: int, classes: Int) -> int:
    """Return the rows whose target is missing."""
    known = int(classes.sum()) if len(classes) else int(found[f"known{target}"])
    return int(found["n"]) - known


def _whole(
    numbers: Sequence[Number],
    found: Mapping[str, Any],
    *,
    levels: tuple[Int, ...],
    classes: Int,
    missing: int,
) -> Whole:
    count = _floats(numbers, found, "known")
    mean, m2 = np.zeros(len(numbers)), np.zeros(len(numbers))
    for place, number in enumerate(numbers):
        n, total, square = (int(found[f"{key}{number.place}"] or 0) for key in ("known", "sum", "square"))
        if n:
            mean[place] = total / n / 2**BITS
            m2[place] = (square * n - total**2) / n / 4**BITS
    n_rows = int(found["n"])
    return Whole(
        n_rows=n_rows - missing,
        low=np.array([number.low for number in numbers]),
        width=np.array([number.width for number in numbers]),
        count=count,
        mean=mean,
        m2=m2,
        least=_floats(numbers, found, "least"),
        greatest=_floats(numbers, found, "most"),
        levels=levels,
        classes=classes,
    )


def _floats(numbers: Sequence[Number], found: Mapping[str, Any], key: str) -> Float:
    values = (found[f"{key}{number.place}"] for number in numbers)
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def _recounted(column: Column, place: int, found: Mapping[str, Any], *, levels: Mapping[int, Int]) -> Column:
    """Return a column with its missing cells counted over all rows."""
    if f"known{place}" in found and column.role != "target":
        return replace(column, missing=int(found["n"] - found[f"known{place}"]))
    if place in levels:
        return replace(column, missing=int(levels[place][-1]))
    return column
