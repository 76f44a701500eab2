"""What only the bytes of a text tell: NUL bytes, and delimiters at line ends. DuckDB passes over both."""

import codecs
import gzip
import zlib
from dataclasses import dataclass
from pathlib import Path

from regchoose.errors import DataError
from regchoose.table.head import Head, opened

CHUNK = 2**24


@dataclass(frozen=True)
class Bytes:
    """Counts over the rows of data.

    Attributes
    ----------
    open_ends : int
        Lines that end in a delimiter.
    quotes : bool
        Whether a double quote stands anywhere.
    loose_quotes : bool
        Whether spaces stand between a delimiter and a quote.
    """

    open_ends: int
    quotes: bool
    loose_quotes: bool


def whole_bytes(file: str, head: Head, *, compression: str | None) -> Bytes:
    """Look at all bytes of a UTF-8 file.

    Raises
    ------
    DataError
        E305 for a NUL byte, with its line; E307 for a damaged gzip file.
    """
    mark = head.layout.delimiter.encode()
    count, quotes, loose, last = 0, False, False, b""
    try:
        with opened(file, compression) as stream:
            for _ in range(head.skip):
                stream.readline()
            while chunk := stream.read(CHUNK):
                if b"\0" in chunk:
                    at = _line(file, chunk.index(b"\0") + stream.tell() - len(chunk), compression)
                    raise DataError(
                        "E305",
                        "a NUL byte",
                        where=f"{file}:{at}",
                        fix="repair the file: text has no NUL bytes",
                    )
                count += chunk.count(mark + b"\n") + (last == mark and chunk[:1] in b"\r\n")
                if b"\r" in chunk:
                    count += chunk.count(mark + b"\r")
                if b'"' in chunk:
                    quotes, loose = True, loose or mark + b' "' in last + chunk
                last = chunk[-1:]
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(
            "E307", f"{file} is a damaged gzip file ({error})", fix="fetch or compress it again"
        ) from None
    return Bytes(count + (last == mark), quotes, loose)


def _line(file: str, position: int, compression: str | None) -> int:
    """Return the line, from 1, in which a byte lies."""
    with opened(file, compression) as stream:
        return 1 + sum(
            stream.read(min(CHUNK, position - at)).count(b"\n") for at in range(0, position, CHUNK)
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
    with opened(file, compression) as stream, target.open("w", encoding="utf-8", newline="") as copy:
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
