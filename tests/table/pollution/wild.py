"""Random tables in random dialects with random pollutions: files that nobody has seen.

`python -m tests.table.pollution.wild 0 5000` reads files 0 to 4,999 and prints those read
silently wrong, and the sound ones that are refused. What it
finds becomes a case in `families` or a test of its own.
"""

import sys
from collections import Counter

import numpy as np

from tests.table.pollution.clean import Dialect, Rows
from tests.table.pollution.families import Polluted
from tests.table.pollution.score import scored

WORDS = [
    "red",
    "green",
    "deep blue",
    "O'Brien",
    "Smith, J",
    "a; b",
    "x|y",
    "6 ft",
    'the "old"',
    "",
    "NA",
    "ok",
]
PLAIN_WORDS = ["red", "green", "blue", "grey", "ok"]


def wild(seed: int) -> Polluted:
    """Make file number `seed`: the rows it holds are known, or it holds none that one could know."""
    draw = np.random.default_rng(seed)
    rows, dialect = _table(draw), _dialect(draw)
    lines = [dialect.line(row) for row in rows]
    kind = str(draw.choice(["none", "cell", "line", "lines", "cut"], p=[0.3, 0.2, 0.2, 0.2, 0.1]))
    size = f"{len(rows) - 1} × {len(rows[0])}"
    name = f"{seed}: {size}, {dialect.delimiter!r} {dialect.quote}{dialect.escape}, {kind}"
    if kind == "none":
        return Polluted("wild", name, _encoded(dialect.join(lines), draw), rows)
    polluted = _polluted(lines, dialect, draw, kind=kind)
    content = dialect.join(polluted)
    if content == dialect.join(lines):
        return Polluted("wild", name, content.encode(), rows)
    remark = polluted[0].startswith("#")  # above the table: it is skipped
    return Polluted("wild", name, content.encode(), rows if remark else None)


def _table(draw: np.random.Generator) -> Rows:
    n, d = int(draw.integers(4, 40)), int(draw.integers(2, 8))
    kinds = draw.choice(["integer", "decimal", "word", "plain", "code", "flag", "blank"], d)
    kinds[0 if draw.random() < 0.5 else -1] = "decimal"
    columns = [[_cell(str(kind), draw) for _ in range(n)] for kind in kinds]
    names = [f"{'abcdefgh'[place]}{kind[:3]}" for place, kind in enumerate(kinds)]
    return [names, *map(list, zip(*columns, strict=True))]


def _cell(kind: str, draw: np.random.Generator) -> str:
    if kind == "integer":
        return str(draw.integers(-20, 300))
    if kind == "decimal":
        return f"{draw.normal(0, 10):.2f}"
    if kind == "code":
        return f"{draw.integers(0, 9999):05d}"
    if kind == "flag":
        return str(draw.choice(["yes", "no"]))
    if kind == "blank":
        return "" if draw.random() < 0.7 else str(draw.integers(5))
    return str(draw.choice(WORDS if kind == "word" else PLAIN_WORDS))


def _dialect(draw: np.random.Generator) -> Dialect:
    return Dialect(
        delimiter=str(draw.choice([",", ";", "\t", "|", " ", ", "], p=[0.4, 0.2, 0.15, 0.1, 0.05, 0.1])),
        quote=str(draw.choice(['"', "'"], p=[0.85, 0.15])),
        escape=str(draw.choice(["", "\\"], p=[0.85, 0.15])),
        ends=(str(draw.choice(["\n", "\r\n", "\r"], p=[0.6, 0.3, 0.1])),),
        final=int(draw.integers(0, 3)),
        always=bool(draw.random() < 0.3),
    )


def _encoded(text: str, draw: np.random.Generator) -> bytes:
    return text.encode(str(draw.choice(["utf-8", "utf-8-sig", "utf-16"], p=[0.7, 0.2, 0.1])))


def _polluted(lines: list[str], dialect: Dialect, draw: np.random.Generator, *, kind: str) -> list[str]:
    """Spoil one place: what a row then holds, nobody can know."""
    place = int(draw.integers(len(lines)))
    line = lines[place]
    enclosed = any(dialect.quote in own for own in lines)
    if kind == "cell":
        at = int(draw.integers(len(line) + 1))
        # Where nothing is enclosed a quote is a character, and within quotes a delimiter is one.
        mark = dialect.quote if enclosed and draw.random() < 0.5 else dialect.delimiter
        # Further spaces in a table aligned by spaces say nothing.
        if mark == dialect.delimiter and (mark == " " or line[:at].count(dialect.quote) % 2):
            return lines
        return [*lines[:place], line[:at] + mark + line[at:], *lines[place + 1 :]]
    if kind == "line":
        other = str(draw.choice([",,,,", "Total", "# note", "some words, here", "-----", lines[0]]))
        return [*lines[:place], other, *lines[place:]]
    if kind == "lines":
        again = lines[: int(draw.integers(2, 5))]
        where = len(lines) if draw.random() < 0.5 else place
        return [*lines[:where], *again, *lines[where:]]
    # Cut before the last delimiter: a cut within the last cell leaves a row that nobody can tell from others.
    last = lines[-1]
    return [*lines[:-1], last[: int(draw.integers(1, max(2, last.rfind(dialect.delimiter))))]]


def main(first: int, last: int) -> None:
    """Read the files of a range of seeds and print what is silently wrong."""
    found = scored(wild(seed) for seed in range(first, last))
    total = Counter(f"{'sound' if one.file.truth else 'polluted'} {one.outcome}" for one in found)
    lines = [f"{name}: {count}" for name, count in sorted(total.items())]
    lines += [
        f"{one.outcome} · {one.file.name} · {one.said}"
        for one in found
        if one.outcome == "wrong" or (one.file.truth and one.outcome == "refused")
    ]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
