"""Where the records of a text lie, told from its bytes: blocks of whole records, one after the other.

A line end within quotes ends no record, and an empty line is none. DuckDB, which reads the fields, must
find as many records as are found here; otherwise quotes or line ends are not in order.
"""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from regchoose.errors import DataError
from regchoose.records.words import Int
from regchoose.table.compression import opened
from regchoose.table.large.head import Head

CHUNK = 2**24  # bytes read at a time, and more than a record may have
MARK = b"\xef\xbb\xbf"  # of UTF-8, before the first record
LF, CR, NUL = 10, 13, 0
END = re.compile(rb"\r\n|\n|\r")


@dataclass(frozen=True)
class Block:
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


def blocks(
    file: str, head: Head, *, compression: str | None, advanced: Callable[[int], None]
) -> Iterator[Block]:
    """Yield the records of a UTF-8 file below its header.

    Parameters
    ----------
    file : str
    head : Head
        Its layout, and the line of its first record.
    compression : str or None
    advanced : callable
        Is told how many bytes of the file have been read.

    Raises
    ------
    DataError
        E305 for a NUL byte, E307 for a damaged compressed file, E310 for a record without end.
    """
    with opened(file, compression) as (stream, raw), ThreadPoolExecutor(1) as ahead:
        rest, line = _below(stream, head.skip), head.skip + 1
        coming = ahead.submit(stream.read, CHUNK)
        while True:
            chunk = coming.result()
            advanced(raw.tell())
            if chunk:  # the next bytes are read, and unpacked, while these are looked at
                coming = ahead.submit(stream.read, CHUNK)
            block = _block(rest + chunk, head, line=line, last=not chunk, file=file)
            yield block
            if not chunk:
                return
            used = int(block.breaks[-1]) + 1 if len(block.breaks) else 0
            if not used and len(block.text) > CHUNK:
                raise _endless(block, file)
            rest, line = block.text[used:], line + len(block.breaks)


def _endless(block: Block, file: str) -> DataError:
    start = block.text[:200].decode("utf-8", "replace").splitlines()[0][:60]
    return DataError(
        "E310",
        f"a record of more than {CHUNK:,} bytes begins here",
        where=f"{file}:{block.line}   text: {start}",
        detail=["cause: a quote opens and is never closed, or the file is no table"],
        fix=f"repair line {block.line}",
    )


def _below(stream: BinaryIO, skip: int) -> bytes:
    """Return the bytes below the lines that are skipped, as far as they have been read."""
    start = stream.read(CHUNK)
    start = start.removeprefix(MARK)
    at = 0
    for _ in range(skip):
        found = END.search(start, at)
        assert found is not None, "the head of the file has been read from fewer bytes"
        at = found.end()
    return start[at:]


def _block(text: bytes, head: Head, *, line: int, last: bool, file: str) -> Block:
    """Cut a text into records; the last is left out where more text may follow it."""
    numbers = np.frombuffer(text, dtype=np.uint8)
    if b"\0" in text:
        at = line + len(END.findall(text, 0, text.index(b"\0")))
        raise DataError(
            "E305", "a NUL byte", where=f"{file}:{at}", fix="repair the file: text has no NUL bytes"
        )
    breaks = _line_ends(text, numbers, last=last)
    stops = breaks[_outside(text, head, breaks)]
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
    return Block(text, numbers, starts[whole], ends[whole], breaks, line)


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


def _outside(text: bytes, head: Head, breaks: Int) -> NDArray[np.bool_]:
    """Say of line ends whether they lie outside of quotes; the text begins outside."""
    quote = (head.layout.quote or "").encode()
    if not quote or quote not in text:
        return np.ones(len(breaks), dtype=bool)
    if head.layout.escaped:
        text = text.replace(b"\\\\", b"  ").replace(b"\\" + quote, b"  ")
    quotes = np.flatnonzero(np.frombuffer(text, dtype=np.uint8) == quote[0])
    outside: NDArray[np.bool_] = np.searchsorted(quotes, breaks) % 2 == 0
    return outside
