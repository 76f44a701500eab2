"""The bytes of a file: opened, unpacked within a limit, and the same at the end as at the beginning."""

import gzip
import os
import stat
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, cast

from regchoose.errors import DataError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

__all__ = ["check_unchanged", "compression_of", "open_text", "read_beginning", "read_bytes", "zstd"]

STDIN = "-"
MAX_BYTES = 2**30  # of text, decompressed: the table is held in memory, at several times its text
CHUNK = 2**20  # bytes decompressed at a time
SPELLED = {"gzip": "gzip", "zstd": "zstandard"}
COMPRESSIONS = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}  # first bytes, and what they mean


def compression_of(start: bytes) -> str | None:
    """Say how a file is compressed, by its first bytes."""
    return next((name for mark, name in COMPRESSIONS.items() if start.startswith(mark)), None)


@dataclass(frozen=True)
class FileBytes:
    """The bytes of a text, unpacked."""

    path: str
    data: bytes
    compression: str | None
    whole: bool = True  # or the beginning alone, which may end in the middle of a character


def read_bytes(path: str, *, limit: int = MAX_BYTES) -> FileBytes:
    """Read a file once, decompressing gzip and zstandard, up to `limit` bytes of text.

    Raises
    ------
    DataError
        E307 for a damaged compressed file or too much text, E311 for a file that changes meanwhile.
    """
    data = sys.stdin.buffer.read(limit + 1) if path == STDIN else _read_unchanged(path, limit)
    compression = compression_of(data)
    if compression is not None:
        with _unpacking(BytesIO(data), path, compression) as text:
            data = _read_at_most(text, limit)
    if len(data) > limit:
        raise _too_large_error(path, limit)
    return FileBytes(path, data, compression)


def read_beginning(path: str, n_bytes: int, *, compression: str | None) -> FileBytes:
    """Read the first bytes of a file's text; E307 for damaged ones."""
    with open_text(path, compression) as (text, _):
        start = text.read(n_bytes)
        return FileBytes(path, start, compression, whole=not text.read(1))


def _read_at_most(text: BinaryIO, limit: int) -> bytes:
    """Read all bytes, or one chunk more than the limit at most."""
    parts: list[bytes] = []
    size = 0
    while size <= limit and (part := text.read(CHUNK)):
        parts.append(part)
        size += len(part)
    return b"".join(parts)


def _read_unchanged(path: str, limit: int) -> bytes:
    with Path(path).open("rb") as file:
        before = os.fstat(file.fileno())
        if before.st_size > limit:
            raise _too_large_error(path, limit)
        data = file.read(limit + 1)
    check_unchanged(path, before)
    return data


def _too_large_error(path: str, limit: int) -> DataError:
    return DataError(
        "E307",
        f"{path} holds more than {limit:,} bytes of text, which is the limit",
        fix="give fewer rows: a random part of the file's lines will do",
    )


@contextmanager
def open_text(file: str, compression: str | None) -> Iterator[tuple[BinaryIO, BinaryIO]]:
    """Open a file for its text's bytes, and for those on the disk, whose position says how far it is.

    Raises
    ------
    DataError
        E307, while reading, for damaged bytes.
    """
    with Path(file).open("rb") as raw:
        if compression is None:
            yield raw, raw
            return
        with _unpacking(raw, file, compression) as text:
            yield text, raw


@contextmanager
def _unpacking(raw: BinaryIO, file: str, compression: str) -> Iterator[BinaryIO]:
    try:
        with gzip.open(raw) if compression == "gzip" else zstd.open(raw) as text:
            yield cast(BinaryIO, text)
    except EOFError:
        raise _damaged_error(f"{file} ends in the middle of its {SPELLED[compression]} stream") from None
    except (gzip.BadGzipFile, zlib.error, zstd.ZstdError) as error:
        raise _damaged_error(f"{file} is a damaged {SPELLED[compression]} file ({error})") from None


def _damaged_error(what: str) -> DataError:
    return DataError("E307", what, fix="fetch or compress it again")


def check_unchanged(path: str, before: os.stat_result) -> None:
    """Raise E311 where size or time of a file are not what they were."""
    try:
        after: os.stat_result | None = Path(path).stat()
    except OSError:
        after = None
    if after is None or (
        stat.S_ISREG(before.st_mode)
        and (before.st_size, before.st_mtime_ns, before.st_ino)
        != (after.st_size, after.st_mtime_ns, after.st_ino)
    ):
        raise DataError("E311", f"{path} changed while it was read", fix="run again once it is complete")
