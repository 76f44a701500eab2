"""Which files a path means: one, those of a folder, or those a pattern names; and how large they are."""

import glob
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from regchoose.errors import UsageError
from regchoose.table.files import KINDS, check_path

LARGE = 64 * 2**20  # bytes of text from which a file is streamed rather than held
GROWTH = 5  # bytes of text in a compressed byte, about
PACKED = {".gz": "gzip", ".zst": "zstd"}
ENDINGS = (".csv", ".tsv", ".txt", ".parquet")


@dataclass(frozen=True)
class Parts:
    """The files of one table, in order of their names.

    Attributes
    ----------
    path : str
        What was asked for.
    files : tuple of str
    compression : str or None
        Of the text.
    n_bytes : int
        On the disk, all files together.
    """

    path: str
    files: tuple[str, ...]
    kind: Literal["csv", "parquet"]
    compression: str | None
    n_bytes: int

    @property
    def text_bytes(self) -> int:
        """Bytes of text, estimated where they are compressed."""
        return self.n_bytes * (1 if self.compression is None and self.kind == "csv" else GROWTH)


def large_parts(path: str) -> Parts | None:
    """Return the files of a table that is to be streamed; None for one small file.

    Raises
    ------
    UsageError
        E201 where a folder or pattern holds no table, E209 for files of several kinds.
    """
    here = Path(path)
    if path == "-" or (here.exists() and not here.is_dir() and not here.is_file()):
        return None
    files = _files(here, path)
    if not files:
        return None
    packed = {PACKED.get(Path(file).suffix.lower()) for file in files}
    formats = {check_path(file) if PACKED.get(Path(file).suffix.lower()) is None else False for file in files}
    if len(formats) > 1 or len(packed) > 1:
        raise UsageError(
            "E209", f"{path} holds files of several kinds", fix="a pattern that names one kind, as '*.csv'"
        )
    size = sum(os.stat(file).st_size for file in files)
    parts = Parts(path, files, "parquet" if formats.pop() else "csv", packed.pop(), size)
    alone = len(files) == 1 and not here.is_dir() and parts.compression != "zstd"
    return None if alone and parts.text_bytes < LARGE else parts


def _files(here: Path, path: str) -> tuple[str, ...]:
    """Return the files in order; none where the path is left to the reader of single files."""
    if here.is_file():
        return (path,)
    if here.is_dir():
        found = [str(file) for file in here.iterdir() if file.is_file() and _is_table(file)]
    elif any(mark in path for mark in "*?["):
        found = [file for file in glob.glob(path, recursive=True) if Path(file).is_file()]
    else:
        return ()
    if not found:
        raise UsageError("E201", f"there is no table in {path!r}", fix=f"name files or their folder; {KINDS}")
    return tuple(sorted(found))


def _is_table(file: Path) -> bool:
    name = file.name.lower()
    for ending in PACKED:
        name = name.removesuffix(ending)
    return name.endswith(ENDINGS) and not name.startswith((".", "_"))
