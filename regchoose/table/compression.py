"""Compressed text: opened for its bytes, whichever way it was packed."""

import gzip
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, cast

from regchoose.errors import DataError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

__all__ = ["opened", "packing_of", "unpacked", "zstd"]

MARKS = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}  # first bytes, and what they mean
CHUNK = 2**20  # bytes
NAMES = {"gzip": "gzip", "zstd": "zstandard"}


def packing_of(start: bytes) -> str | None:
    """Say how a file is compressed, by its first bytes."""
    return next((name for mark, name in MARKS.items() if start.startswith(mark)), None)


@contextmanager
def opened(file: str, compression: str | None) -> Iterator[tuple[BinaryIO, BinaryIO]]:
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


def unpacked(file: str, data: bytes, *, compression: str, limit: int) -> bytes:
    """Return the text's bytes, at most about `limit` of them and one chunk.

    Raises
    ------
    DataError
        E307 for damaged bytes.
    """
    parts: list[bytes] = []
    size = 0
    with _unpacking(BytesIO(data), file, compression) as text:
        while size <= limit and (part := text.read(CHUNK)):
            parts.append(part)
            size += len(part)
    return b"".join(parts)


@contextmanager
def _unpacking(raw: BinaryIO, file: str, compression: str) -> Iterator[BinaryIO]:
    try:
        with gzip.open(raw) if compression == "gzip" else zstd.open(raw) as text:
            yield cast(BinaryIO, text)
    except EOFError:
        raise _damaged(f"{file} ends in the middle of its {NAMES[compression]} stream") from None
    except (gzip.BadGzipFile, zlib.error, zstd.ZstdError) as error:
        raise _damaged(f"{file} is a damaged {NAMES[compression]} file ({error})") from None


def _damaged(what: str) -> DataError:
    return DataError("E307", what, fix="fetch or compress it again")
