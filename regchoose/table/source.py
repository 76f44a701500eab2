"""From a path to text: bytes are read once, decompressed within a limit, decoded strictly."""

import codecs
import difflib
import errno
import os
import stat
import sys
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from regchoose.errors import DataError, UsageError, setting
from regchoose.settings.options import Settings
from regchoose.table.compression import packing_of, unpacked
from regchoose.table.csv.scan import LINE

MAX_BYTES = 2**30  # of text, decompressed: the table is held in memory, at several times its text
STDIN = "-"
BLANK = "\ufeff \t\r\n\v\f"

# First bytes of files that are no text. A file is what it holds, whatever its name says.
MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "an Excel or zip file"),
    (b"PK\x05\x06", "an empty zip file"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel file"),
    (b"%PDF", "a PDF file"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"BZh", "a bzip2 file"),
    (b"\xfd7zXZ\x00", "an xz file"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z file"),
    (b"Rar!", "a RAR file"),
    (b"\x93NUMPY", "a NumPy file"),
    (b"\x89HDF", "an HDF5 file"),
    (b"SQLite format 3\x00", "an SQLite file"),
    (b"\x80\x04\x95", "a pickle"),
    (b"ARROW1", "an Arrow file"),
    (b"\x7fELF", "a program"),
)
# Endings of text that is no table.
OTHER_TEXT = {".json", ".jsonl", ".ndjson", ".xml", ".html", ".htm", ".arff", ".yaml", ".yml", ".toml", ".md"}
MARKUP = ("<!doctype", "<html", "<?xml", '[{"', '{"')
# The marks that may open a text, longest first, with the encoding that reads them.
MARKS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
KINDS = "csv, tsv, txt, each also as .gz or .zst, and parquet files are read"


@dataclass(frozen=True)
class Source:
    """A file's text, and how it was got."""

    path: str
    text: str
    encoding: str
    compression: str | None
    said: str  # for people: encoding and byte order mark
    skipped: int = 0  # lines of the file above the text


def check_path(path: str) -> bool:
    """Say whether the file at `path` is Parquet; a kind that is not read is an error.

    Raises
    ------
    UsageError
        E201 for a path that cannot be opened, E209 for a folder or another kind of file.
    """
    if path == STDIN:
        return False
    here = Path(path)
    if here.is_dir():
        raise UsageError("E209", f"{path} is a folder, and a file was wanted", fix=f"name one file; {KINDS}")
    try:
        start = _start(here)
    except (OSError, ValueError) as error:
        raise UsageError("E201", f"cannot open {path!r}: {_reason(error)}", fix=_nearest(here)) from None
    if start.startswith(b"PAR1"):
        return True
    kind = next((what for magic, what in MAGIC if start.startswith(magic)), None)
    if kind is not None:
        raise UsageError(
            "E209", f"{path} is {kind}, and a table as text was wanted", fix=f"export it: {KINDS}"
        )
    if here.suffix.lower() in OTHER_TEXT:
        raise UsageError("E209", f"{path}: {here.suffix} files are not read", fix=f"convert it: {KINDS}")
    if here.suffix.lower() == ".parquet" and start:
        raise UsageError("E209", f"{path} is called parquet but is none", fix="rename it, or repair the file")
    return False


def _start(path: Path) -> bytes:
    """Return a file's first bytes. A pipe is not opened: its writer would take that for the reader."""
    if stat.S_ISREG(path.stat().st_mode):
        with path.open("rb") as file:
            return file.read(16)
    if not os.access(path, os.R_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    return b""


def _reason(error: OSError | ValueError) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)


def _nearest(path: Path) -> str:
    folder = path.parent
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return f"there is no folder {str(folder)!r} to look in"
    near = difflib.get_close_matches(path.name, names, n=1)
    return f"did you mean {str(folder / near[0])!r}?" if near else "check the name"


def read_bytes(path: str, *, limit: int = MAX_BYTES) -> tuple[bytes, str | None]:
    """Read a file once, decompressing gzip and zstandard.

    Parameters
    ----------
    path : str
        The file.
    limit : int, optional
        Most bytes of text, after decompression.

    Returns
    -------
    bytes, str or None
        The text's bytes, and the compression.

    Raises
    ------
    DataError
        E307 for a damaged compressed file or too much text, E311 for a file that changes meanwhile.
    """
    data = sys.stdin.buffer.read(limit + 1) if path == STDIN else _read_unchanged(path, limit)
    compression = packing_of(data)
    if compression is not None:
        data = unpacked(path, data, compression=compression, limit=limit)
    if len(data) > limit:
        raise _too_large(path, limit)
    return data, compression


def _read_unchanged(path: str, limit: int) -> bytes:
    with Path(path).open("rb") as file:
        before = os.fstat(file.fileno())
        if before.st_size > limit:
            raise _too_large(path, limit)
        data = file.read(limit + 1)
    check_unchanged(path, before)
    return data


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


def _too_large(path: str, limit: int) -> DataError:
    return DataError(
        "E307",
        f"{path} holds more than {limit:,} bytes of text, which is the limit",
        fix="give fewer rows: a random part of the file's lines will do",
    )


def read_text(path: str, settings: Settings, *, limit: int = MAX_BYTES) -> Source:
    """Read and decode a text file.

    Raises
    ------
    DataError
        E301 empty, E304 not in the encoding, E305 NUL bytes, E306 markup, and those of `read_bytes`.
    UsageError
        E202 for an encoding that does not exist, E209 for a compressed file of another kind.
    """
    data, compression = read_bytes(path, limit=limit)
    return to_source(path, data, settings, compression=compression)


def to_source(
    path: str, data: bytes, settings: Settings, *, compression: str | None, cut: bool = False
) -> Source:
    """Decode a text, or its beginning where it is cut anywhere; raise what `read_text` raises."""
    kind = next(
        (what for magic, what in (*MAGIC, (b"PAR1", "a Parquet file")) if data.startswith(magic)), None
    )
    if kind is not None:
        raise UsageError("E209", f"{path} holds {kind}", fix=f"unpack it: {KINDS}")
    encoding, said = _encoding(data, settings)
    if cut:
        data = _whole_characters(data, encoding)
    text = _decode(path, data, encoding=encoding, stated=settings.encoding is not None)
    if not text.strip(BLANK):
        raise DataError("E301", f"{path} is empty: no header and no rows", fix="give a file with a table")
    _refuse_nul(path, text, encoding)
    if text[:200].lstrip().lower().startswith(MARKUP):
        raise DataError("E306", f"{path} holds markup or JSON, not a table", fix=f"export it: {KINDS}")
    whole = Source(path, text.removeprefix("\ufeff"), encoding, compression, said)
    return _without_lines_above(whole, settings.skip_rows) if settings.skip_rows else whole


def _without_lines_above(source: Source, count: int) -> Source:
    """Leave out the first lines, as `--skip-rows` asks."""
    ends = [match.end() for match in islice(LINE.finditer(source.text), count)]
    rest = source.text[ends[-1] :] if len(ends) == count else ""
    if not rest.strip(BLANK):
        raise DataError(
            "E301",
            setting(skip_rows=count)
            + f" leaves nothing of {source.path}, which has "
            + f"{sum(1 for _ in LINE.finditer(source.text)):,} lines",
            fix="a smaller " + setting("skip_rows"),
        )
    return replace(source, text=rest, said=f"{source.said}; {count} lines skipped", skipped=count)


def _encoding(data: bytes, settings: Settings) -> tuple[str, str]:
    mark = next((name for bom, name in MARKS if data.startswith(bom)), None)
    if settings.encoding is None:
        return (mark, f"{mark.removesuffix('-sig')} by its byte order mark") if mark else ("utf-8", "utf-8")
    try:
        name = codecs.lookup(settings.encoding).name
        "".encode(name)  # some codecs map bytes to bytes
    except LookupError:
        raise UsageError(
            "E202",
            f"there is no text encoding {settings.encoding!r}",
            fix=setting(encoding="utf-8") + ", cp1252, utf-16-le, …",
        ) from None
    return name, f"{name} by {setting('encoding').shell}"


def _whole_characters(data: bytes, encoding: str) -> bytes:
    """Leave out the bytes of a character that is cut at the end."""
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    decoder.decode(data)
    return data[: len(data) - len(decoder.getstate()[0])]


def _decode(path: str, data: bytes, *, encoding: str, stated: bool) -> str:
    try:
        return data.decode(encoding)
    except UnicodeError as error:
        if not isinstance(error, UnicodeDecodeError):
            raise DataError("E304", f"the bytes are not {encoding}: {error}", where=path) from None
        start = error.start
        line = data.count(b"\n", 0, start) + data.count(b"\r", 0, start) - data.count(b"\r\n", 0, start) + 1
        shown = data[start : start + 4].hex(" ")
        western = data[max(0, start - 12) : start + 12].decode("cp1252", "replace").replace("\n", " ")
        raise DataError(
            "E304",
            f"byte {start:,} is not {encoding}: {shown}",
            where=f"{path}:{line}",
            detail=() if stated else (f"as cp1252 it reads: {western!r}",),
            fix="another " + setting("encoding")
            if stated
            else setting(encoding="cp1252") | "save the file as UTF-8",
        ) from None


def _refuse_nul(path: str, text: str, encoding: str) -> None:
    at = text.find("\0")
    if at < 0:
        return
    line = text.count("\n", 0, at) + 1
    wide = encoding == "utf-8" and text[:2000].count("\0") * 3 > len(text[:2000])
    big = wide and text[0] == "\0"
    raise DataError(
        "E305",
        f"a NUL byte at character {at - text.rfind(chr(10), 0, at):,} of line {line:,}",
        where=f"{path}:{line}",
        detail=("cause: every second byte is NUL, as in UTF-16 without a byte order mark",) if wide else (),
        fix=setting(encoding=f"utf-16-{'be' if big else 'le'}")
        if wide
        else "repair the file: text has no NUL bytes",
    )
