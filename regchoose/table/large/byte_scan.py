"""What only the bytes of a text tell: its records, NUL bytes, delimiters at line ends; and rows drawn."""

import codecs
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from regchoose.errors import DataError, setting
from regchoose.records.words import Int
from regchoose.table.compression import opened
from regchoose.table.csv.non_data_rows import comment, few, header_again, is_comment
from regchoose.table.large.head import BEGINNING, Head
from regchoose.table.large.record_offsets import CHUNK, END, Block, blocks
from regchoose.table.large.row_hash import Harvest

HASH = ord("#")


@dataclass(frozen=True)
class Bytes:
    """Counts over the rows of data.

    Attributes
    ----------
    records : int
        Rows, of whatever length.
    open_ends : int
        Those that end in a delimiter.
    last, last_line : str, int
        The last row as it stands, and its line.
    end : bytes
        What ends the first line: LF, CRLF or CR.
    """

    records: int
    open_ends: int
    last: str
    last_line: int
    end: bytes


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
    again = b"\n" + head.layout.delimiter.join(head.raw.names).encode()
    records = ends = comments = first_comment = last_line = 0
    last, line_end = b"", b""
    for block in blocks(file, head, compression=compression, advanced=advanced):
        _check_quotes(block, head, named)
        harvest.offer(block)
        records += len(block.starts)
        ends += _open_ends(block, mark)
        if head.raw.dialect.header and (at := _whole_line(block, again)) is not None:
            raise header_again(at, named)
        hashes = _comments(block, head)
        if len(hashes):
            first_comment = first_comment or int(block.lines(hashes[:1])[0])
            comments += len(hashes)
        if len(block.starts):
            line_end = line_end or _end_of_first(block)
            last = block.text[block.starts[-1] : block.ends[-1]]
            last_line = int(block.lines(np.array([-1]))[0])
    if 0 < comments <= few(records):
        raise comment(first_comment, named, count=comments)
    return Bytes(records, ends, last.decode("utf-8", "replace"), last_line, line_end or b"\n")


def _comments(block: Block, head: Head) -> Int:
    """Return which of the block's rows look like comments."""
    delimiter = head.layout.delimiter
    found = [
        row
        for row in np.flatnonzero(block.bytes[block.starts] == HASH).tolist()
        if is_comment(
            block.text[block.starts[row] : block.ends[row]].decode("utf-8", "replace").partition(delimiter)[0]
        )
    ]
    return np.array(found, dtype=np.int64)


def _end_of_first(block: Block) -> bytes:
    end = int(block.ends[0])
    found = END.match(block.text, end)
    return found.group() if found else b""


def _whole_line(block: Block, text: bytes) -> int | None:
    """Return the line of the file, below the block's first, that begins as `text` and ends with it."""
    at = block.text.find(text)
    if at < 0 or block.text[at + len(text) : at + len(text) + 1] not in (b"", b"\r", b"\n"):
        return None
    return int(block.line + np.searchsorted(block.breaks, at + 1))


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
                    "E304",
                    f"bytes are not {encoding}",
                    where=f"{file}:{at}",
                    fix="another " + setting("encoding"),
                ) from None
            copy.write(text)
            line += text.count("\n")
            if not chunk:
                return str(target)
