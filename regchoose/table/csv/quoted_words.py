"""Words for missing that stand in quotes, where a file quotes its texts alone: there they are texts.

R's `write.csv` writes the class "NA" in quotes and a missing value bare. Where all cells are in quotes, or
only those that need them, quotes say nothing.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from regchoose.errors import PhraseLike, Word, setting
from regchoose.settings.options import Settings
from regchoose.table.cell_values import DOUBTFUL, clean, is_missing, to_number
from regchoose.table.csv.grammar import CsvLayout, mark_quoted, records
from regchoose.table.raw_table import RawTable

MARK = "\0"  # which no text file holds, before a cell that stood in quotes
MOST_TEXTS = 1000  # different ones of a column that are looked at, beside the words


@dataclass
class _Texts:
    """The different texts of a column, cleaned."""

    quoted: set[str] = field(default_factory=set)
    bare: set[str] = field(default_factory=set)

    def add(self, cell: str) -> None:
        """Take a cell, marked if it stood in quotes."""
        text = clean(cell.removeprefix(MARK))
        texts = self.quoted if cell.startswith(MARK) else self.bare
        if len(texts) < MOST_TEXTS or _is_word(text):
            texts.add(text)


def find_quoted_words(
    raw: RawTable, text: str, layout: CsvLayout, settings: Settings
) -> Mapping[str, Collection[str]]:
    """Return of each column the words for missing that are texts, as they stand in quotes.

    In such a column all texts are in quotes, and the file holds bare numbers or gaps beside them. A word that
    stands there without quotes too keeps its meaning, since a model could not tell the two apart in other
    files; and so does one that stands in quotes among numbers, where it can only mean missing.
    `text` is the file below its preamble, of which `raw` was read.
    """
    if settings.na_none or layout.quote is None or not _may_have_words(text, layout.quote):
        return {}
    columns = _gather_texts(raw, text, layout)
    mark = raw.dialect.decimal

    def has_number(cells: Collection[str]) -> bool:
        return any(to_number(cell, mark) is not None for cell in cells)

    def has_text(cells: Collection[str]) -> bool:
        return any(not is_missing(cell, settings) and to_number(cell, mark) is None for cell in cells)

    regular = {name: texts for name, texts in columns.items() if not has_text(texts.bare)}
    if not any(texts.bare for texts in regular.values()):
        return {}
    of_text = {name: texts for name, texts in regular.items() if has_text(texts.quoted)}
    of_numbers = [texts for name, texts in regular.items() if name not in of_text and has_number(texts.bare)]
    marks = set[str]().union(*(texts.quoted for texts in of_numbers))
    found = {
        name: sorted(filter(_is_word, texts.quoted - texts.bare - marks - set(settings.na)))
        for name, texts in of_text.items()
        if name not in settings.exclude
    }
    return {name: words for name, words in found.items() if words}


def warn_of_quoted_words(raw: RawTable) -> list[PhraseLike]:
    """Say which words are read as texts, and how they are read as missing."""
    found = raw.words
    if not found:
        return []
    listed = "; ".join(f"{', '.join(map(repr, words))} in column {name!r}" for name, words in found.items())
    every = sorted({word for words in found.values() for word in words})
    return [
        f"in quotes, as the other texts are, a word is a text and not a missing value: {listed}; where it "
        "means missing: " + setting(na=[Word(word) for word in every])
    ]


def _is_word(text: str) -> bool:
    return text.casefold() in DOUBTFUL


def _may_have_words(text: str, quote: str) -> bool:
    """Say whether such a word stands between quotes anywhere: in most files none does."""
    words = "|".join(sorted(DOUBTFUL))
    return re.search(rf"{quote}\s*(?:{words})\s*{quote}", text, re.IGNORECASE) is not None


def _gather_texts(raw: RawTable, text: str, layout: CsvLayout) -> dict[str, _Texts]:
    """Return the texts of each column, below the header and in rows of the right length."""
    columns = {name: _Texts() for name in raw.names}
    first = int(raw.lines[0]) - raw.dialect.skipped
    for line, row in records(mark_quoted(text, layout, mark=MARK), layout):
        if line >= first and len(row) == len(columns):
            for texts, cell in zip(columns.values(), row, strict=True):
                texts.add(cell)
    return columns
