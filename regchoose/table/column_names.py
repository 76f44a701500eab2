"""The names of the columns: those of a header, made unique."""

from collections import Counter
from collections.abc import Sequence

from regchoose.table.cell_values import clean
from regchoose.table.raw_table import Text


def join_names(cells: Text) -> str:
    """Join what several header rows say of one column; a single one stands as it is."""
    return str(cells[0]) if len(cells) == 1 else " ".join(filter(None, map(clean, cells)))


def name_columns(cells: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Make unique names of a header row.

    Returns
    -------
    names, duplicated, warnings : tuples of str
        One name a column; the names that the header holds more than once; what was renamed.
    """
    cleaned = [clean(cell) for cell in cells]
    counts = Counter(cleaned)
    taken, names, renamed = set(cleaned), list[str](), list[str]()
    seen: set[str] = set()
    for place, (raw, name) in enumerate(zip(cells, cleaned, strict=True), 1):
        unique = name or f"c{place}"
        number = 1
        while unique in seen or (unique != name and unique in taken):
            number += 1
            unique = f"{name or f'c{place}'}_{number}"
        seen.add(unique)
        names.append(unique)
        if unique != raw:
            renamed.append(f"column {place}: {raw!r} is called {unique!r}")
    shown = (*renamed[:5], *([f"and {len(renamed) - 5} more"] if len(renamed) > 5 else []))
    warnings = (f"header names were changed: {'; '.join(shown)}",) if renamed else ()
    duplicated = tuple(name for name, count in counts.items() if name and count > 1)
    return tuple(names), duplicated, warnings
