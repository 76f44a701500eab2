"""The beginning of a large file, read as a small one: its dialect, header and decimal mark."""

from dataclasses import dataclass, replace

from regchoose.errors import DataError
from regchoose.settings.options import Settings
from regchoose.table.compression import opened
from regchoose.table.csv.dialect import Choose
from regchoose.table.csv.read import read_source
from regchoose.table.csv.scan import Layout
from regchoose.table.raw_table import RawTable
from regchoose.table.source import to_source

BEGINNING = 2**18  # bytes


@dataclass(frozen=True)
class Head:
    """How a file is written, and its first rows."""

    raw: RawTable
    layout: Layout

    @property
    def skip(self) -> int:
        """Lines above the first row of data."""
        return int(self.raw.lines[0]) - 1


def read_head(file: str, settings: Settings, *, compression: str | None, choose: Choose) -> Head:
    """Read the beginning of a text file with the reader of small ones.

    Raises
    ------
    RegchooseError
        What that reader raises; E308 for a layout that is not read in large files.
    """
    with opened(file, compression) as (stream, _):
        start = stream.read(BEGINNING)
        whole = not stream.read(1)
    source = to_source(file, start, settings, compression=compression, cut=not whole)
    if not whole:
        source = replace(source, text=_whole_records(source.text))
    raw, layout = read_source(source, replace(settings, on_bad_rows="error"), choose=choose)
    if layout.aligned or layout.spaced:
        raise DataError(
            "E308",
            "fields are separated by runs of spaces, or spaces stand before quotes",
            where=file,
            detail=["such files are read up to 64 MB"],
            fix="write the file again with one delimiter and no spaces around quotes",
        )
    return Head(raw, layout)


def _whole_records(text: str) -> str:
    """Cut a text after its last line at which no quotes are open."""
    at = len(text)
    while (at := max(text.rfind("\n", 0, at), text.rfind("\r", 0, at))) > 0:
        if text.count('"', 0, at) % 2 == 0:
            return text[: at + 1]
    return text
