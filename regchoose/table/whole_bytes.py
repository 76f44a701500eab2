"""What only the bytes of a text tell: its records, NUL bytes, delimiters at line ends; and rows drawn."""

import codecs
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from regchoose.errors import DataError
from regchoose.records import Int
from regchoose.table.blocks import CHUNK, Block, blocks
from regchoose.table.head import BEGINNING, Head
from regchoose.table.lottery import Harvest
from regchoose.table.packed import opened


@dataclass(frozen=True)
class Bytes:
    """Counts over the rows of data.

    Attributes
    ----------
    records : int
        Rows, of whatever length.
    open_ends : int
        Those that end in a delimiter.
    """

    records: int
    open_ends: int


def whole_bytes(
    file: str,
    head: Head,
    *,
    compression: str | None,
    harvest: Harvest,
    named: str,
    advanced: Callable[[int], None],
) -> Bytes:
    """Look at all bytes of a UTF-8 file, and offer its rows to the harvest.

    Parameters
    ----------
    named : str
        The file's name for people, where it is a copy.

    Raises
    ------
    DataError
        E305 for a NUL byte, E307 for a damaged compressed file, E310 for quotes that the beginning of the
        file did not show, with their lines.
    """
    mark = np.frombuffer(head.layout.delimiter.encode(), dtype=np.uint8)
    records = ends = 0
    for block in blocks(file, head, compression=compression, advanced=advanced):
        _check_quotes(block, head, named)
        harvest.offer(block)
        records += len(block.starts)
        ends += _open_ends(block, mark)
    return Bytes(records, ends)


def _open_ends(block: Block, mark: np.ndarray[tuple[int], np.dtype[np.uint8]]) -> int:
    """Count the records that end in the delimiter."""
    long_enough = block.ends - block.starts >= len(mark)
    at: Int = block.ends[long_enough]
    open_ = np.ones(len(at), dtype=bool)
    for place, byte in enumerate(mark[::-1], 1):
        open_ &= block.bytes[at - place] == byte
    return int(open_.sum())


def _check_quotes(block: Block, head: Head, file: str) -> None:
    """Raise E310 where quotes stand that the beginning of the file did not show."""
    quote, loose = head.layout.quote, head.layout.delimiter.encode() + b' "'
    at = block.text.find(b'"') if quote is None else block.text.find(loose) if quote == '"' else -1
    if at < 0:
        return
    what = "a space before a quote stands" if quote else "a quote stands"
    raise DataError(
        "E310",
        f"{what} here, and the first {BEGINNING:,} bytes of the file have none",
        where=f"{file}:{block.line + int(np.searchsorted(block.breaks, at))}",
        fix="write the file again, with fields enclosed in quotes from its first rows on",
    )


def to_utf8(file: str, target: Path, *, encoding: str, compression: str | None) -> str:
    """Write the text again in UTF-8; return the copy's path.

    Raises
    ------
    DataError
        E304 with the line at which the bytes are not in the encoding.
    """
    decoder: codecs.IncrementalDecoder = codecs.getincrementaldecoder(encoding)()
    line = 1
    with (
        opened(file, compression) as (stream, _),
        target.open("w", encoding="utf-8", newline="") as copy,
    ):
        while True:
            chunk = stream.read(CHUNK)
            try:
                text = decoder.decode(chunk, not chunk)
            except UnicodeDecodeError as error:
                at = line + error.object.count(b"\n", 0, error.start)
                raise DataError(
                    "E304", f"bytes are not {encoding}", where=f"{file}:{at}", fix="another --encoding"
                ) from None
            copy.write(text)
            line += text.count("\n")
            if not chunk:
                return str(target)
