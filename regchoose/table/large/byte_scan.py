"""One pass over the bytes of a text file: where its records are, and faults that DuckDB would not notice.

A line end inside quotes does not end a record, and an empty line is not a record. DuckDB, which reads the
fields, must find the same number of records as this scan; otherwise quotes or line ends are not in order.
"""

import codecs
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from regchoose.errors import DataError, setting
from regchoose.records.words import Int
from regchoose.table.csv.grammar import records
from regchoose.table.csv.non_data_rows import (
    comment_error,
    is_comment,
    is_data,
    n_comments_allowed,
    repeated_header_error,
)
from regchoose.table.file_bytes import open_text
from regchoose.table.large.text_file import BEGINNING, FileHead

CHUNK = 2**22  # bytes read at a time, and more than a record may have
SLICE = 2**20  # bytes looked at together, so that what is said of them stays in the cache
MARK = b"\xef\xbb\xbf"  # of UTF-8, before the first record
LF, CR, NUL, ZERO = 10, 13, 0, np.uint8(ord("0"))
END = re.compile(rb"\r\n|\n|\r")


@dataclass(frozen=True)
class RecordBlock:
    """Whole records of a text.

    Attributes
    ----------
    text : bytes
    bytes : (b,) ndarray
        The same, as numbers.
    starts, ends : (n,) ndarray
        Where each record begins and ends in `text`; its line end is left out.
    breaks : ndarray
        Where lines end.
    line : int
        The line of the file, from 1, on which the block begins.
    """

    text: bytes
    bytes: NDArray[np.uint8]
    starts: Int
    ends: Int
    breaks: Int
    line: int

    def lines(self, places: Int) -> Int:
        """Return the lines of the file on which records begin."""
        found: Int = self.line + np.searchsorted(self.breaks, self.starts[places])
        return found


def read_blocks(
    file: str, head: FileHead, *, compression: str | None, advanced: Callable[[int], None]
) -> Iterator[RecordBlock]:
    """Yield the records of a UTF-8 file below its header.

    Parameters
    ----------
    file : str
    head : FileHead
        Its layout, and the line of its first record.
    compression : str or None
    advanced : callable
        Is told how many bytes of the file have been read.

    Raises
    ------
    DataError
        E305 for a NUL byte, E307 for a damaged compressed file, E310 for a record without end.
    """
    with open_text(file, compression) as (stream, raw), ThreadPoolExecutor(1) as ahead:
        rest, line = _skip_lines(stream, head.skip), head.skip + 1
        coming = ahead.submit(stream.read, CHUNK)
        while True:
            chunk = coming.result()
            advanced(raw.tell())
            if chunk:  # the next bytes are read, and unpacked, while these are looked at
                coming = ahead.submit(stream.read, CHUNK)
            block = _cut_block(rest + chunk, head, line=line, last=not chunk, file=file)
            yield block
            if not chunk:
                return
            used = int(block.breaks[-1]) + 1 if len(block.breaks) else 0
            if not used and len(block.text) > CHUNK:
                raise _endless_record_error(block, file)
            rest, line = block.text[used:], line + len(block.breaks)


def _endless_record_error(block: RecordBlock, file: str) -> DataError:
    start = block.text[:200].decode("utf-8", "replace").splitlines()[0][:60]
    return DataError(
        "E310",
        f"a record of more than {CHUNK:,} bytes begins here",
        where=f"{file}:{block.line}   text: {start}",
        detail=["cause: a quote opens and is never closed, or the file is no table"],
        fix=f"repair line {block.line}",
    )


def _skip_lines(stream: BinaryIO, skip: int) -> bytes:
    """Return the bytes below the lines that are skipped, as far as they have been read."""
    start = stream.read(CHUNK)
    start = start.removeprefix(MARK)
    at = 0
    for _ in range(skip):
        found = END.search(start, at)
        assert found is not None, "the head of the file has been read from fewer bytes"
        at = found.end()
    return start[at:]


def _cut_block(text: bytes, head: FileHead, *, line: int, last: bool, file: str) -> RecordBlock:
    """Cut a text into records; the last is left out where more text may follow it."""
    numbers = np.frombuffer(text, dtype=np.uint8)
    if b"\0" in text:
        at = line + len(END.findall(text, 0, text.index(b"\0")))
        raise DataError(
            "E305", "a NUL byte", where=f"{file}:{at}", fix="repair the file: text has no NUL bytes"
        )
    breaks = _line_ends(text, numbers, last=last)
    stops = breaks[_are_outside_quotes(text, head, breaks)]
    if last and len(text) and (not len(stops) or stops[-1] < len(text) - 1):
        stops = np.append(stops, len(text))  # the last line has no end
    elif not last and len(stops):
        breaks = breaks[: np.searchsorted(breaks, stops[-1]) + 1]
    elif not last:
        breaks = breaks[:0]
    starts = np.concatenate([[0], stops[:-1] + 1]).astype(np.int64)[: len(stops)]
    before = np.maximum(stops - 1, 0)
    ends = stops - ((numbers[before] == CR) & (stops > starts)) if len(text) else stops
    whole = starts < ends
    return RecordBlock(text, numbers, starts[whole], ends[whole], breaks, line)


def _line_ends(text: bytes, numbers: NDArray[np.uint8], *, last: bool) -> Int:
    """Return where lines end: at LF, or at a CR that no LF follows."""
    ends = np.flatnonzero(numbers == LF)
    if b"\r" not in text:
        return ends
    returns = np.flatnonzero(numbers == CR)
    if not last and len(returns) and returns[-1] == len(numbers) - 1:
        returns = returns[:-1]  # an LF may follow
    alone = returns[
        (returns == len(numbers) - 1) | (numbers[np.minimum(returns + 1, len(numbers) - 1)] != LF)
    ]
    return np.sort(np.concatenate([ends, alone])) if len(alone) else ends


def _are_outside_quotes(text: bytes, head: FileHead, breaks: Int) -> NDArray[np.bool_]:
    """Say of line ends whether they lie outside of quotes; the text begins outside."""
    quote = (head.layout.quote or "").encode()
    if not quote or quote not in text:
        return np.ones(len(breaks), dtype=bool)
    if head.layout.escaped:
        text = text.replace(b"\\\\", b"  ").replace(b"\\" + quote, b"  ")
    quotes = np.flatnonzero(np.frombuffer(text, dtype=np.uint8) == quote[0])
    outside: NDArray[np.bool_] = np.searchsorted(quotes, breaks) % 2 == 0
    return outside


HASH = ord("#")


@dataclass(frozen=True)
class ByteCounts:
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
    padded : bool
        Whether a field may begin with a zero and another digit, as 007 does.
    """

    records: int
    open_ends: int
    last: str
    last_line: int
    end: bytes
    padded: bool


def scan_bytes(
    file: str,
    head: FileHead,
    *,
    compression: str | None,
    on_block: Callable[[RecordBlock], None],
    shown_name: str,
    advanced: Callable[[int], None],
) -> ByteCounts:
    """Scan all bytes of a UTF-8 file, and give each block of its records to `on_block`.

    Parameters
    ----------
    on_block : callable
        Is given each block of records, in their order.
    shown_name : str
        What the user calls the file, of which `file` may be a copy.

    Raises
    ------
    DataError
        E305 for a NUL byte, E307 for a damaged compressed file, E310 for quotes that the beginning of the
        file did not show, with their lines.
    """
    mark = np.frombuffer(head.layout.delimiter.encode(), dtype=np.uint8)
    again = b"\n" + head.layout.delimiter.join(head.raw.names).encode()
    records = ends = comments = first_comment = last_line = 0
    last, line_end, padded = b"", b"", False
    for block in read_blocks(file, head, compression=compression, advanced=advanced):
        _check_quotes(block, head, shown_name)
        on_block(block)
        records += len(block.starts)
        ends += _count_open_ends(block, mark)
        padded = padded or _may_hold_padded(block, head)
        if head.raw.dialect.header and (at := _find_line(block, again)) is not None:
            raise repeated_header_error(at, shown_name)
        hashes = _find_comments(block, head)
        if len(hashes):
            first_comment = first_comment or int(block.lines(hashes[:1])[0])
            comments += len(hashes)
        if len(block.starts):
            line_end = line_end or _end_of_first(block)
            last = block.text[block.starts[-1] : block.ends[-1]]
            last_line = int(block.lines(np.array([-1]))[0])
    if 0 < comments <= n_comments_allowed(records):
        raise comment_error(first_comment, shown_name, count=comments)
    return ByteCounts(records, ends, last.decode("utf-8", "replace"), last_line, line_end or b"\n", padded)


def _find_comments(block: RecordBlock, head: FileHead) -> Int:
    """Return which of the block's rows look like comments."""
    delimiter = head.layout.delimiter
    found = []
    for row in np.flatnonzero(block.bytes[block.starts] == HASH).tolist():
        text = block.text[block.starts[row] : block.ends[row]].decode("utf-8", "replace")
        _, fields = next(records(text, head.layout), (0, [text]))
        whole = len(fields) == len(head.raw.names)
        if is_comment(text.partition(delimiter)[0]) and not (whole and is_data(fields, head.numbers)):
            found.append(row)
    return np.array(found, dtype=np.int64)


def _end_of_first(block: RecordBlock) -> bytes:
    end = int(block.ends[0])
    found = END.match(block.text, end)
    return found.group() if found else b""


def _find_line(block: RecordBlock, text: bytes) -> int | None:
    """Return the line of the file, below the block's first, that begins as `text` and ends with it."""
    at = block.text.find(text)
    if at < 0 or block.text[at + len(text) : at + len(text) + 1] not in (b"", b"\r", b"\n"):
        return None
    return int(block.line + np.searchsorted(block.breaks, at + 1))


def _count_open_ends(block: RecordBlock, mark: np.ndarray[tuple[int], np.dtype[np.uint8]]) -> int:
    """Count the records that end in the delimiter."""
    long_enough = block.ends - block.starts >= len(mark)
    at: Int = block.ends[long_enough]
    open_ = np.ones(len(at), dtype=bool)
    for place, byte in enumerate(mark[::-1], 1):
        open_ &= block.bytes[at - place] == byte
    return int(open_.sum())


def _may_hold_padded(block: RecordBlock, head: FileHead) -> bool:
    """Say whether a zero and another digit stand behind a delimiter, a quote, or the start of a record."""
    numbers, quote = block.bytes, (head.layout.quote or "").encode()
    starts = block.starts[block.starts < len(numbers) - 1]
    if ((numbers[starts] == ZERO) & (numbers[starts + 1] - ZERO < 10)).any():
        return True
    quoted = bool(quote) and quote in block.text
    for start in range(0, len(numbers), SLICE):
        part = numbers[start : start + SLICE + 2]
        before = part[:-2] == head.layout.delimiter.encode()[-1]
        if quoted:
            before |= part[:-2] == quote[0]
        before &= part[1:-1] == ZERO
        before &= part[2:] - ZERO < 10
        if before.any():
            return True
    return False


def _check_quotes(block: RecordBlock, head: FileHead, file: str) -> None:
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
        open_text(file, compression) as (stream, _),
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
