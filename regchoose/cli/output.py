"""Where an answer goes: stdout, or a file that is either whole or not touched."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console, RenderableType

from regchoose.cli.ask import is_terminal
from regchoose.errors import ResourceError, UsageError
from regchoose.report.safe_text import fitting
from regchoose.report.terminal import as_text

LEAST, MOST = 20, 100  # columns


def width() -> int:
    """Return the columns to write for: those of the terminal within bounds, 80 elsewhere."""
    return max(LEAST, min(MOST, shutil.get_terminal_size((80, 24)).columns))


def show(answer: RenderableType) -> None:
    """Print an answer: coloured on a terminal, else plain, in ASCII where the encoding asks for it."""
    if is_terminal(sys.stdout) and os.environ.get("TERM") != "dumb" and speaks_unicode():
        Console(file=sys.stdout, width=width()).print(answer)
    else:
        sys.stdout.write(as_text(answer, width=width(), in_ascii=not speaks_unicode()))


def write(text: str) -> None:
    """Print text as it is, in ASCII where the encoding asks for it."""
    sys.stdout.write(fitting(text, sys.stdout.encoding))


def say(line: str) -> None:
    """Print a line to stderr."""
    sys.stderr.write(fitting(f"{line}\n", sys.stderr.encoding))


def speaks_unicode() -> bool:
    """Tell whether stdout takes our marks."""
    return (sys.stdout.encoding or "ascii").lower().startswith("utf")


def check_output(path: Path, *, data: Path, force: bool) -> None:
    """Refuse a file that cannot be written, before the work and not after it.

    Parameters
    ----------
    path : Path
        The output.
    data : Path
        The table, which is never overwritten.
    force : bool
        Whether another file may be.

    Raises
    ------
    UsageError
        E206 if it exists and `force` was not given, or is the table.
    ResourceError
        E402 if it cannot be written.
    """
    if os.path.lexists(path):
        if not path.is_file():
            raise ResourceError(
                "E402", "not a file that can be replaced", where=str(path), fix="-o with another name"
            )
        if data.exists() and path.samefile(data):
            raise UsageError(
                "E206", "the output is the table itself", where=str(path), fix="-o with another name"
            )
        if not force:
            raise UsageError(
                "E206", "the output file exists", where=str(path), fix="--force, or -o with another name"
            )
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise _unwritable(path, error) from error


def write_file(path: Path, text: str) -> None:
    """Write a file whole: a temporary one beside it, flushed to the disk, takes its place.

    Raises
    ------
    ResourceError
        E402 if it cannot be written; an older file is then as it was.
    """
    with replacing(path) as temporary:
        content = text.encode()
        try:
            temporary.write_bytes(content)
        except OSError as error:
            raise _unwritable(path, error, needs=len(content)) from error


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
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
        raise _unwritable(path, error) from error
    try:
        yield temporary
        try:
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
            temporary.chmod(0o666 & ~_umask())
            temporary.replace(path)
        except OSError as error:
            raise _unwritable(path, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _unwritable(path: Path, error: OSError, *, needs: int = 0) -> ResourceError:
    reason = error.strerror or str(error)
    return ResourceError(
        "E402",
        f"the output cannot be written: {reason}",
        where=str(path),
        detail=[f"it takes {needs:,} bytes"] if needs else [],
        fix="-o with another place",
    )
