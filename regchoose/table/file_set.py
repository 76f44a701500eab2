"""Which files a path means: one, those of a folder, or those a pattern names; and how large they are."""

import glob
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from regchoose.errors import UsageError
from regchoose.table.compression import packing_of
from regchoose.table.source import KINDS, check_path

LARGE = 64 * 2**20  # bytes of text from which a file is streamed rather than held
GROWTH = 5  # bytes of text in a compressed byte, about
PACKED = (".gz", ".zst")
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
    sizes : tuple of int
        Bytes on the disk.
    """

    path: str
    files: tuple[str, ...]
    kind: Literal["csv", "parquet"]
    compression: str | None
    sizes: tuple[int, ...]

    @property
    def n_bytes(self) -> int:
        """Bytes on the disk, all files together."""
        return sum(self.sizes)

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
    formats, packed = {check_path(file) for file in files}, {packing_of(_start(file)) for file in files}
    if len(formats) > 1 or len(packed) > 1:
        raise UsageError(
            "E209", f"{path} holds files of several kinds", fix="a pattern that names one kind, as '*.csv'"
        )
    sizes = tuple(os.stat(file).st_size for file in files)
    parts = Parts(path, files, "parquet" if formats.pop() else "csv", packed.pop(), sizes)
    return None if files == (path,) and parts.text_bytes < LARGE else parts


def _start(file: str) -> bytes:
    with Path(file).open("rb") as stream:
        return stream.read(4)


def _files(here: Path, path: str) -> tuple[str, ...]:
    """Return the files in order; none where the path is left to the reader of single files."""
    if here.is_file():
        return (path,)
    if here.is_dir():
        found = [str(file) for file in here.iterdir() if file.is_file() and is_table(file)]
    elif any(mark in path for mark in "*?["):
        found = [file for file in glob.glob(path, recursive=True) if Path(file).is_file()]
    else:
        return ()
    if not found:
        raise UsageError(
            "E201",
            f"there is no table in {path!r}",
            fix=f"name files or their folder; {KINDS}; images lie in a subfolder for each class",
        )
    return tuple(sorted(found))


def is_table(file: Path) -> bool:
    """Tell by its name whether a file is a table."""
    name = file.name.lower()
    for ending in PACKED:
        name = name.removesuffix(ending)
    return name.endswith(ENDINGS) and not name.startswith((".", "_"))
