"""The dialect of a text: delimiter and quotes. What is read must be clear, or is asked."""

import csv
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

from regchoose.errors import DataError, UsageError, one_of, setting
from regchoose.records.answers import Ask, Prompt
from regchoose.settings.options import Settings
from regchoose.table.cell_values import states_number
from regchoose.table.csv.grammar import CsvLayout, records, scan_records

NAMES: dict[str, str] = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar", " ": "space"}
STRONG = ",;\t|"
RARE = {
    ":": "colon",
    "^": "caret",
    "~": "tilde",
    "\x1f": "unit separator",
    "\x01": "control-A",
    "\xa7": "section sign",
}
SAMPLE = 2**20  # characters; what is found in them is verified on the whole file by whoever reads it
CELLS = 20_000  # looked at to see how clean a reading is
SPELLED = {"tab": "\t", "\\t": "\t", "space": " ", "comma": ",", "semicolon": ";", "pipe": "|"}
# Quotings in the order of their trial: doubled quotes are the standard (RFC 4180), backslashes are not.
QUOTINGS: tuple[tuple[str, bool, bool], ...] = tuple(
    (quote, escaped, spaced) for quote in "\"'" for escaped in (False, True) for spaced in (False, True)
)
_TWO_NUMBERS = re.compile(r"\s*[-+]?[0-9][0-9.,]*\s+[-+]?[0-9][0-9.,]*.*")


@dataclass(frozen=True)
class _Candidate:
    """One way to read the beginning of a file."""

    layout: CsvLayout
    valid: bool  # the quotes are in order
    width: int  # fields of most records
    share: float  # of the records that have that many
    clean: float  # share of cells that hold no other delimiter
    numeric: int  # columns of which every cell below the first row is a number
    first: tuple[str, ...]

    @property
    def fits(self) -> bool:
        """Whether every record has the same number of fields, at least two."""
        return self.valid and self.width > 1 and self.share == 1.0

    @property
    def summary(self) -> str:
        """The columns it gives and the first row, for people."""
        return f"{self.width} columns, first row {' · '.join(self.first)}"

    @property
    def score(self) -> float:
        """How far this candidate makes sense of the text."""
        return self.share * self.clean if self.width > 1 else 0.0


def name_delimiter(delimiter: str) -> str:
    """Return what people call a delimiter."""
    return {**NAMES, **RARE}.get(delimiter, repr(delimiter))


def find_dialect(text: str, settings: Settings, *, choose: Ask) -> tuple[CsvLayout, str]:
    """Find how fields are separated and enclosed.

    Returns
    -------
    CsvLayout, str
        The layout, and why it is taken, for people.

    Raises
    ------
    DataError
        E308 where two readings fit equally well and nobody can be asked.
    UsageError
        E202 for a `--delimiter` that is not one character.
    """
    cut = len(text) > SAMPLE
    sample = text[: max(text.rfind("\n", 0, SAMPLE), text.rfind("\r", 0, SAMPLE)) + 1] if cut else text
    sample = sample or text[:SAMPLE]
    if settings.delimiter is not None:
        candidate = _read(sample, _to_character(settings.delimiter), cut=cut)
        return candidate.layout, f"{_describe(candidate)} by --delimiter"
    candidates = [_read(sample, delimiter, cut=cut) for delimiter in NAMES]
    if all(candidate.width < 2 for candidate in candidates):
        # Nothing usual separates. A rare mark does where it alone gives every row the same number of fields.
        rare = [_read(sample, mark, cut=cut) for mark in RARE if mark in sample]
        candidates = [candidate for candidate in rare if candidate.fits] or candidates
    best, rival = _best(candidates)
    if rival is None:
        return best.layout, f"{_describe(best)}: {_why(best)}"
    return _ask(best, rival, choose=choose)


def _to_character(delimiter: str) -> str:
    character = SPELLED.get(delimiter.lower(), delimiter)
    if len(character) != 1 or character in "\r\n\"'\\\0" or character.isalnum():
        raise UsageError(
            "E202",
            setting(delimiter=delimiter) + " is not one character",
            fix=setting(delimiter=";") | setting(delimiter="\t"),
        )
    return character


def _read(sample: str, delimiter: str, *, cut: bool) -> _Candidate:
    """Read by the first quoting that gives all rows as many fields, else by the first in order."""
    possible = [
        _assess(sample, layout, valid=valid, end=end)
        for layout, valid, end in _quotings(sample, delimiter, cut=cut)
    ]
    return next((candidate for candidate in possible if candidate.fits), possible[0])


def _assess(sample: str, layout: CsvLayout, *, valid: bool, end: int) -> _Candidate:
    delimiter = layout.delimiter
    # With broken quotes the records are counted as if there were none, to see which delimiter was meant.
    shown = layout if valid else CsvLayout(delimiter)
    rows = _rows(sample[:end], shown)
    if valid and not layout.spaced and delimiter != " " and _all_spaced(rows):
        return _assess(sample, replace(layout, spaced=True), valid=valid, end=end)
    width, count = Counter(map(len, rows)).most_common(1)[0] if rows else (0, 0)
    if width == 1 and sum(len(row) > 1 for row in rows) > len(rows) / 2:
        width, count = Counter(len(row) for row in rows if len(row) > 1).most_common(1)[0]
    cells = [cell for row in rows[: max(1, CELLS // max(width, 1))] for cell in row]
    dirty = sum(_holds_another(cell, delimiter) for cell in cells)
    return _Candidate(
        layout,
        valid,
        width,
        count / len(rows) if rows else 0.0,
        1 - dirty / len(cells) if cells else 0.0,
        _numeric_columns(rows[1:1000], width),
        tuple(rows[0][:4]) if rows else (),
    )


def _all_spaced(rows: list[list[str]]) -> bool:
    """Say whether a space follows every delimiter: then it belongs to the separation."""
    behind = [cell for row in rows for cell in row[1:]]
    return bool(behind) and all(cell.startswith(" ") for cell in behind)


def _rows(sample: str, layout: CsvLayout) -> list[list[str]]:
    rows: list[list[str]] = []
    # A field too long for the csv module ends the sample here, and is an error once the file is read.
    with suppress(csv.Error):
        rows.extend(row for _, row in records(sample, layout) if any(cell.strip() for cell in row))
    return rows


def _numeric_columns(rows: list[list[str]], width: int) -> int:
    columns = zip(*(row for row in rows if len(row) == width), strict=True)
    return sum(all(states_number(cell.strip()) for cell in cells) for cells in columns)


def _quotings(sample: str, delimiter: str, *, cut: bool) -> Iterator[tuple[CsvLayout, bool, int]]:
    """Yield each possible layout, whether its quotes are in order, and where the last whole record ends."""
    bare = CsvLayout(delimiter)
    opening = re.compile(rf"""(?:\A|[\r\n{re.escape(delimiter)}]) *(["'])""")
    opened = {match.group(1) for match in opening.finditer(sample)} if re.search("[\"']", sample) else set()
    found = False
    for quote, escaped, spaced in QUOTINGS:
        if quote in opened and not (spaced and delimiter == " "):
            layout = replace(bare, quote=quote, escaped=escaped, spaced=spaced)
            reached = scan_records(sample, layout)
            if reached.broken is None:
                found = True
                yield layout, True, len(sample)
            elif cut and reached.unclosed:  # the sample ends within a quoted field
                found = True
                yield layout, True, _start_of_record(sample, reached.broken)
    if not found:
        # An apostrophe may open a word; a double quote that opens a field and makes no sense is a fault.
        fault = '"' in opened
        yield (replace(bare, quote='"'), False, len(sample)) if fault else (bare, True, len(sample))


def _start_of_record(sample: str, position: int) -> int:
    return max(sample.rfind("\n", 0, position), sample.rfind("\r", 0, position)) + 1


def _holds_another(cell: str, delimiter: str) -> bool:
    """Say whether a cell looks like several: it holds another delimiter, and is no number."""
    if any(mark in cell for mark in STRONG if mark != delimiter):
        return not states_number(cell.strip())
    return delimiter != " " and _TWO_NUMBERS.fullmatch(cell) is not None


def _best(candidates: list[_Candidate]) -> tuple[_Candidate, _Candidate | None]:
    """Return the best candidate, and another that fits as well."""
    strong = [candidate for candidate in candidates if candidate.layout.delimiter != " "]
    if any(candidate.score >= 0.25 for candidate in strong):
        # Spaces stand in most texts: they separate only where nothing else does, where all is then clean, or
        # where quotes are in order by them alone.
        alone = not any(candidate.fits for candidate in strong)
        candidates = [
            r
            for r in candidates
            if r in strong or (r.fits and (r.clean == 1.0 or (alone and r.layout.quote is not None)))
        ]
    ranked = sorted(candidates, key=lambda r: (r.score * (1.5 if r.fits else 1.0), r.fits), reverse=True)
    best = ranked[0]
    if best.score == 0.0 or (best.width > 1 and best.share < 0.2):
        broken = next((r for r in strong if not r.valid), None)
        return broken or candidates[0], None
    rival = next((r for r in ranked[1:] if r.fits), None)
    if not best.fits or rival is None or best.clean == 1.0 > rival.clean:
        return best, None
    return best, None if best.numeric and not rival.numeric else rival


def _describe(candidate: _Candidate) -> str:
    name = name_delimiter(candidate.layout.delimiter)
    layout = candidate.layout
    if layout.quote is None:
        return f"{name}-separated, nothing quoted"
    inside = "backslash before a quote inside" if layout.escaped else "quotes inside doubled"
    return f"{name}-separated, quoted by {layout.quote} ({inside})"


def _why(candidate: _Candidate) -> str:
    if candidate.width < 2:
        return "no delimiter was found"
    if candidate.fits:
        return f"every row then has {candidate.width} fields"
    return f"most rows then have {candidate.width} fields"


def _ask(best: _Candidate, rival: _Candidate, *, choose: Ask) -> tuple[CsvLayout, str]:
    both = {candidate.layout.delimiter: candidate for candidate in (best, rival)}
    answer = choose(
        Prompt(
            flag="--delimiter",
            text="What separates the fields of this file?",
            choices={
                mark: f"{name_delimiter(mark)}: {candidate.summary}" for mark, candidate in both.items()
            },
            default=best.layout.delimiter,
            why="Both readings give every row the same number of fields.",
        )
    )
    if answer in both:
        return both[answer].layout, f"{_describe(both[answer])} as answered"

    raise DataError(
        "E308",
        f"fields may end at {' or at '.join(name_delimiter(mark) for mark in both)}: both fit every row",
        detail=[f"{name_delimiter(mark)}: {candidate.summary}" for mark, candidate in both.items()],
        fix=one_of([setting(delimiter=mark) for mark in both]),
    )
