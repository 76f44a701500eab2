"""From bytes to text, decoded strictly; and the lines of a text."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from regchoose.errors import DataError, UsageError, setting
from regchoose.settings.options import Settings
from regchoose.table.file_bytes import FileBytes
from regchoose.table.file_set import KINDS, kind_of_file

BLANK = "\ufeff \t\r\n\v\f"
LINE = re.compile(r"[^\r\n]*+(?:\r\n|\n|\r)|[^\r\n]++")
MARKUP = ("<!doctype", "<html", "<?xml", '[{"', '{"')
# The marks that may open a text, longest first, with the encoding that reads them.
MARKS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True)
class Source:
    """The text of a file, and how its bytes were decoded."""

    path: str
    text: str
    encoding: str
    compression: str | None
    note: str  # for people: encoding and byte order mark
    skipped: int = 0  # lines of the file above the text


def split_lines(text: str) -> Iterator[str]:
    """Yield lines with their ends; unlike `str.splitlines` only CR, LF and CRLF end one."""
    return (match.group() for match in LINE.finditer(text))


def decode(file: FileBytes, settings: Settings) -> Source:
    """Decode a text; of a beginning, up to its last whole record.

    Raises
    ------
    DataError
        E301 empty, E304 not in the encoding, E305 NUL bytes, E306 markup.
    UsageError
        E202 for an encoding that does not exist, E209 for a compressed file of another kind.
    """
    path, data = file.path, file.data
    kind = "a Parquet file" if data.startswith(b"PAR1") else kind_of_file(data)
    if kind is not None:
        raise UsageError("E209", f"{path} holds {kind}", fix=f"unpack it: {KINDS}")
    encoding, note = _encoding(data, settings)
    if not file.whole:
        data = _cut_to_characters(data, encoding)
    text = _decode(path, data, encoding=encoding, stated=settings.encoding is not None)
    if not text.strip(BLANK):
        raise DataError("E301", f"{path} is empty: no header and no rows", fix="give a file with a table")
    _refuse_nul(path, text, encoding)
    if text[:200].lstrip().lower().startswith(MARKUP):
        raise DataError("E306", f"{path} holds markup or JSON, not a table", fix=f"export it: {KINDS}")
    whole = Source(path, text.removeprefix("\ufeff"), encoding, file.compression, note)
    below = without_lines_above(whole, settings.skip_rows) if settings.skip_rows else whole
    return below if file.whole else replace(below, text=_cut_to_records(below.text))


def without_lines_above(source: Source, count: int, *, said: str = "") -> Source:
    """Leave out the first lines, as `--skip-rows` asks; `said` is what they are like."""
    above = list(islice(split_lines(source.text), count))
    rest = source.text[sum(map(len, above)) :]
    if not rest.strip(BLANK):
        raise DataError(
            "E301",
            setting(skip_rows=count)
            + f" leaves nothing of {source.path}, which has "
            + f"{sum(1 for _ in split_lines(source.text)):,} lines",
            fix="a smaller " + setting("skip_rows"),
        )
    return replace(source, text=rest, note=f"{source.note}; {count} lines{said} skipped", skipped=count)


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


def _cut_to_characters(data: bytes, encoding: str) -> bytes:
    """Leave out the bytes of a character that is cut at the end."""
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    decoder.decode(data)
    return data[: len(data) - len(decoder.getstate()[0])]


def _cut_to_records(text: str) -> str:
    """Cut a text after its last line at which no quotes are open."""
    at = len(text)
    while (at := max(text.rfind("\n", 0, at), text.rfind("\r", 0, at))) > 0:
        if text.count('"', 0, at) % 2 == 0:
            return text[: at + 1]
    return text


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
