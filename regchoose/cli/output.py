"""Where an answer goes: stdout, or a file that is either whole or not touched."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console, RenderableType

from regchoose.errors import ResourceError, UsageError, setting
from regchoose.report.safe_text import fit_encoding, is_terminal

LEAST, MOST = 20, 100  # columns
TABLES = (".csv", ".parquet")  # what a command writes and a folder of tables is made of
STDOUT = "-"  # in the place of a file's name
USUAL_BYTES = 100_000  # of a result or report of a small table: most take half of it, none much more


def width() -> int:
    """Return the columns to write for: those of the terminal within bounds, 80 elsewhere."""
    return max(LEAST, min(MOST, shutil.get_terminal_size((80, 24)).columns))


def show(answer: RenderableType) -> None:
    """Print an answer: coloured on a terminal, else plain, in ASCII where the encoding asks for it."""
    if is_terminal(sys.stdout) and os.environ.get("TERM") != "dumb" and speaks_unicode():
        Console(file=sys.stdout, width=width()).print(answer, crop=False)
    else:
        from regchoose.report.terminal import capture_text  # late: the documents come with it

        sys.stdout.write(capture_text(answer, width=width(), in_ascii=not speaks_unicode()))


def write(text: str) -> None:
    """Print text as it is, in ASCII where the encoding asks for it."""
    sys.stdout.write(fit_encoding(text, sys.stdout.encoding))


def say(line: str) -> None:
    """Print a line to stderr."""
    sys.stderr.write(fit_encoding(f"{line}\n", sys.stderr.encoding))


def speaks_unicode() -> bool:
    """Tell whether stdout takes our marks."""
    return (sys.stdout.encoding or "ascii").lower().startswith("utf")


def check_output(path: Path, *, data: Path, force: bool, option: str = "-o", needs: int = 0) -> None:
    """Refuse a file that cannot be written, before the work and not after it.

    Parameters
    ----------
    path : Path
        The output.
    data : Path
        The table, which is never overwritten.
    force : bool
        Whether another file may be.
    option : str
        The flag that names it.
    needs : int
        Bytes that there must be room for.

    Raises
    ------
    UsageError
        E202 if it is "-"; E206 if it exists and `force` was not given, is the table, or would be one of a
        folder of tables.
    ResourceError
        E402 if it cannot be written.
    """
    another = f"{option} with another name"
    if str(path) == STDOUT:
        raise UsageError(
            "E202",
            f"{option} {STDOUT} asks for standard output, and what {option} writes goes to a file",
            where=option,
            fix=f"{option} with the name of a file",
        )
    beside = data.is_dir() and path.parent.is_dir() and path.parent.samefile(data)
    if beside and path.suffix.lower() in TABLES:
        raise UsageError(
            "E206",
            "the output would lie among DATA, and be read as a table of it from then on",
            where=str(path),
            fix=f"{option} with another folder",
        )
    if _exists(path, option=option):
        if not path.is_file():
            raise ResourceError("E402", "not a file that can be replaced", where=str(path), fix=another)
        if data.exists() and path.samefile(data):
            raise UsageError("E206", "the output is the table itself", where=str(path), fix=another)
        if not force:
            fix = setting(force=True) + f", or {another}"
            raise UsageError("E206", "the output file exists", where=str(path), fix=fix)
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent) as file:
            file.write(bytes(needs))
            file.flush()
            os.fsync(file.fileno())  # before that, some file systems have not looked for room
    except OSError as error:
        raise _unwritable(path, error, option=option, needs=needs) from error


def _exists(path: Path, *, option: str) -> bool:
    """Tell whether anything has this name, even a link to nowhere."""
    try:
        path.lstat()
    except FileNotFoundError:
        return False
    except (OSError, ValueError) as error:  # too long a name, a file in the place of a folder, a zero byte
        raise _unwritable(path, error, option=option) from error
    return True


def write_file(path: Path, text: str, *, option: str = "-o") -> None:
    """Write a file whole: a temporary one beside it, flushed to the disk, takes its place.

    Parameters
    ----------
    option : str
        The flag that names it.

    Raises
    ------
    ResourceError
        E402 if it cannot be written; an older file is then as it was.
    """
    with replacing(path, option=option) as temporary:
        content = text.encode()
        try:
            temporary.write_bytes(content)
        except OSError as error:
            raise _unwritable(path, error, option=option, needs=len(content)) from error


@contextmanager
def replacing(path: Path, *, option: str = "-o") -> Iterator[Path]:
    """Give a temporary file beside `path`; where no error comes, it is flushed and takes its place.

    Raises
    ------
    ResourceError
        E402 if it cannot be made or put there; an older file is then as it was.
    """
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name[:40]}.", delete=False) as file:
            temporary = Path(file.name)
    except OSError as error:
        raise _unwritable(path, error, option=option) from error
    try:
        yield temporary
        try:
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
            temporary.chmod(0o666 & ~_umask())
            temporary.replace(path)
        except OSError as error:
            raise _unwritable(path, error, option=option) from error
    finally:
        temporary.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _unwritable(path: Path, error: OSError | ValueError, *, option: str, needs: int = 0) -> ResourceError:
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return ResourceError(
        "E402",
        f"the output cannot be written: {reason}",
        where=str(path),
        detail=[f"it takes about {needs:,} bytes"] if needs else [],
        fix=f"{option} with another place, or free some space",
    )
