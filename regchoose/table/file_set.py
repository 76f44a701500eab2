"""Which files a path means (one, a folder's or a pattern's), and what kind of file each of them is."""

import difflib
import errno
import glob
import os
import shlex
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from regchoose.errors import UsageError, shell_command
from regchoose.records.table import IMAGE_ENDINGS
from regchoose.table.file_bytes import STDIN, compression_of

LARGE = 64 * 2**20  # bytes of text from which a file is streamed rather than held
GROWTH = 5  # bytes of text in a compressed byte, about
PACKED = (".gz", ".zst")
ENDINGS = (".csv", ".tsv", ".txt", ".parquet")


def ignore_progress(_bytes: int) -> None:
    """Hear how far a pass is, and do nothing."""


@dataclass(frozen=True)
class FileSet:
    """What a path means: the files of one table, in order of their names, or images.

    Attributes
    ----------
    path : str
        What was asked for.
    files : tuple of str
    kind : str
        "arrays" is an .npz file, of images or of numbers; "images" a folder of them.
    compression : str or None
        Of the text.
    sizes : tuple of int
        Bytes on the disk.
    is_large : bool
        Whether the table is streamed rather than held.
    """

    path: str
    files: tuple[str, ...]
    kind: Literal["csv", "parquet", "arrays", "images"]
    compression: str | None = None
    sizes: tuple[int, ...] = ()
    is_large: bool = False

    @property
    def are_images(self) -> bool:
        """Whether these are images, or arrays, which may be some."""
        return self.kind in ("arrays", "images")

    @property
    def n_bytes(self) -> int:
        """Bytes on the disk, all files together."""
        return sum(self.sizes)

    @property
    def text_bytes(self) -> int:
        """Bytes of text, estimated where they are compressed."""
        return self.n_bytes * (1 if self.compression is None and self.kind == "csv" else GROWTH)


def classify(path: str) -> FileSet:
    """Find out what a path means, by the names of files and their first bytes.

    Raises
    ------
    UsageError
        E201 where there is no file, or no table in a folder or pattern; E209 for a kind of file that is not
        read, or files of several kinds.
    """
    here = Path(path)
    if path == STDIN:
        return FileSet(path, (path,), "csv")
    if is_arrays(path) or _is_image_folder(here):
        return FileSet(path, (path,), "arrays" if is_arrays(path) else "images")
    files = _files(here, path)
    (kind, compression), *others = {_look_at(file) for file in files}
    if others:
        raise UsageError(
            "E209", f"{path} holds files of several kinds", fix="a pattern that names one kind, as '*.csv'"
        )
    found = FileSet(path, files, kind, compression, tuple(os.stat(file).st_size for file in files))
    held = files == (path,) and (not here.is_file() or found.text_bytes < LARGE)
    return replace(found, is_large=not held)


def _files(here: Path, path: str) -> tuple[str, ...]:
    """Return the files in order: of a folder or pattern, or the one that the path names."""
    if here.is_dir():
        found = [str(file) for file in here.iterdir() if file.is_file() and _is_table(file)]
        found = found or [str(file) for file in here.glob("*=*/**/*") if file.is_file() and _is_table(file)]
    elif any(mark in path for mark in "*?[") and not here.exists():
        found = [file for file in glob.glob(path, recursive=True) if Path(file).is_file()]
    else:
        return (path,)
    if not found:
        raise UsageError(
            "E201",
            f"there is no table in {path!r}",
            fix=f"name files or their folder; {KINDS}; images lie in a subfolder for each class",
        )
    return tuple(sorted(found))


def _is_table(file: Path) -> bool:
    """Tell by its name whether a file is a table."""
    name = file.name.lower()
    for ending in PACKED:
        name = name.removesuffix(ending)
    return name.endswith(ENDINGS) and not name.startswith((".", "_"))


# ---- images ---------------------------------------------------------------------------------------------


def is_arrays(path: str) -> bool:
    """Tell whether a path is called .npz."""
    return path.lower().endswith(".npz")


def _is_image_folder(here: Path) -> bool:
    """Tell whether a path is a folder without tables in which a subfolder holds an image."""
    try:
        if not here.is_dir() or any(_is_surely_table(file) for file in here.iterdir()):
            return False
        return any(is_image(name) for folder in class_folders(here)[0] for _, name in walk_files(folder))
    except OSError:  # whoever reads tables says what is wrong with it
        return False


def _is_surely_table(file: Path) -> bool:
    """Tell whether a file is a table by its name; a .txt beside images is more often about them."""
    return _is_table(file) and ".txt" not in file.suffixes and file.is_file()


def class_folders(here: Path) -> tuple[list[Path], list[str]]:
    """Return the folders of classes in order of their names, and the names of linked folders."""
    found = sorted(folder for folder in here.iterdir() if folder.is_dir() and not _is_hidden(folder.name))
    return (
        [folder for folder in found if not folder.is_symlink()],
        [path_to_text(Path(folder.name)) for folder in found if folder.is_symlink()],
    )


def walk_files(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield place and name of each file; links to folders are not followed, so no circle can be walked."""
    for place, below, names in os.walk(folder):
        below[:] = [name for name in below if not _is_hidden(name)]
        yield from ((place, name) for name in names if not _is_hidden(name))


def _is_hidden(name: str) -> bool:
    return name.startswith((".", "_"))


def is_image(name: str) -> bool:
    """Tell by its name whether a file is an image."""
    return name.lower().endswith(IMAGE_ENDINGS)


def path_to_text(file: Path) -> str:
    """Return a path as text, whatever its bytes."""
    return os.fsencode(file).decode("utf-8", "backslashreplace")


# ---- one file -------------------------------------------------------------------------------------------

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


def kind_of_file(start: bytes) -> str | None:
    """Say what a file that is no text is, by its first bytes."""
    return next((what for magic, what in MAGIC if start.startswith(magic)), None)


# Endings of text that is no table.
OTHER_TEXT = {".json", ".jsonl", ".ndjson", ".xml", ".html", ".htm", ".arff", ".yaml", ".yml", ".toml", ".md"}


LFS_POINTER = b"version https://git-lfs.github.com/spec/"
KINDS = "csv, tsv, txt, each also as .gz or .zst, and parquet files are read"


def _look_at(file: str) -> tuple[Literal["csv", "parquet"], str | None]:
    """Return what kind a file is, and how it is compressed; raise what `classify` raises of one file."""
    here = Path(file)
    try:
        start = _first_bytes(here)
    except (OSError, ValueError) as error:
        raise UsageError("E201", f"cannot open {file!r}: {_reason(error)}", fix=_nearest(here)) from None
    if start.startswith(b"PAR1"):
        return "parquet", None
    if start.startswith(LFS_POINTER):
        said = f"{file} is a pointer of Git LFS: the table itself was not fetched"
        raise UsageError("E209", said, fix="git lfs pull")
    kind = kind_of_file(start)
    if kind is not None:
        raise UsageError(
            "E209", f"{file} is {kind}, and a table as text was wanted", fix=f"export it: {KINDS}"
        )
    if b'"ok"' in start and b'"schema_version"' in start:
        report = shell_command(f"report {shlex.quote(file)}")
        raise UsageError("E209", f"{file} is a result of regchoose, and a table was wanted", fix=report)
    if here.suffix.lower() in OTHER_TEXT:
        raise UsageError("E209", f"{file}: {here.suffix} files are not read", fix=f"convert it: {KINDS}")
    if here.suffix.lower() == ".parquet" and start:
        raise UsageError("E209", f"{file} is called parquet but is none", fix="rename it, or repair the file")
    return "csv", compression_of(start)


def _first_bytes(path: Path) -> bytes:
    """Return a file's first bytes. A pipe is not opened: its writer would take that for the reader."""
    if stat.S_ISREG(path.stat().st_mode):
        with path.open("rb") as file:
            return file.read(64)
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
